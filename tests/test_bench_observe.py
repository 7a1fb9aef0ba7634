"""`bench observe` in its quick form: that it works and loses nothing, not how fast."""

import pytest

from bench.observe import run


@pytest.mark.server
def test_bench_observe_quick() -> None:
    found = run(quick=True)
    assert found["answered"] > 0
    assert found["samples_lost"] == 0
    assert found["devices_per_second"] > 0
    assert found["cpu_us_per_device"] > 0
