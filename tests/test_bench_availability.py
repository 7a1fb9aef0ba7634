"""The benchmark of the availability report works, and both stores tell the same."""

import pytest

from bench.availability import run


@pytest.mark.server
def test_rows_add_up_and_both_stores_tell_the_same() -> None:
    figures = run(quick=True)
    assert figures["rows_that_add_up"] == figures["rows"] == figures["sites"]
    assert figures["same_on_both"]
    assert figures["months_closed"] > 0
    assert figures["transitions"] > 20 * figures["sites"] * figures["months"]
