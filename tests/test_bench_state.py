"""`bench state` in its quick form: that it works, not how much it takes."""

import pytest

from bench.places import POINTS
from bench.state import run


@pytest.mark.skipif(not POINTS.is_dir(), reason="../shared/data/points is absent")
def test_bench_state_quick() -> None:
    found = run(quick=True)
    assert found["polls"] > 0
    assert found["pss_mb"] > 0
