"""`bench readiness` in its quick form: that the columns say what the rule says, not how long they take."""

import pytest

from bench.places import POINTS
from bench.readiness import run


@pytest.mark.skipif(not POINTS.is_dir(), reason="../shared/data/points is absent")
def test_bench_readiness_quick() -> None:
    found = run(quick=True)
    assert found["checked"] >= 2_000
    assert found["wrong"] == 0
    assert found["changes"] > 10
    assert found["different_needs"] < found["services"] == 100
