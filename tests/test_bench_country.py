"""`bench country` in its quick form: that it works over kill -9 too; what it finds on a busy machine is no measure."""

import pytest

from bench.country import run
from bench.places import POINTS


@pytest.mark.skipif(not POINTS.is_dir(), reason="../shared/data/points is absent")
def test_bench_country_quick() -> None:
    found = run(quick=True)
    assert found["faults"] >= found["faults_found"] > 0
    assert found["polls"] > 0
    assert found["restart_s"] > 0
    assert found["fast_polls"] > 0
