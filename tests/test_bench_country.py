"""`bench country` in its quick form: that it works and judges rightly over kill -9 too; its times are no measure here."""

import pytest

from bench.country import run
from bench.places import POINTS


@pytest.mark.skipif(not POINTS.is_dir(), reason="../shared/data/points is absent")
def test_bench_country_quick() -> None:
    found = run(quick=True)
    assert found["faults_found"] == found["faults"] > 0
    assert found["false_down"] == found["false_degraded"] == found["false_unknown"] == 0
    assert found["start_false_down"] == found["start_false_degraded"] == found["start_false_unknown"] == 0
    assert found["transitions_invented"] == found["transitions_lost"] == 0
    assert found["polls"] > 0
    assert found["restart_s"] > 0
    assert found["fast_polls"] > 0
