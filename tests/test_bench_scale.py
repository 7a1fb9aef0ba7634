"""The benches of the whole product in their quick form: that they work and find what they look for, not how fast."""

import pytest

from bench import country, observe, state
from bench.places import POINTS

pytestmark = pytest.mark.server


def test_bench_observe_quick() -> None:
    found = observe.run(quick=True)
    assert found["answered"] > 0
    assert found["samples_lost"] == 0
    assert found["devices_per_second"] > 0
    assert found["cpu_us_per_device"] > 0


@pytest.mark.skipif(not POINTS.is_dir(), reason="../shared/data/points is absent")
def test_bench_country_quick() -> None:
    found = country.run(quick=True)
    assert found["faults_found"] == found["faults"] > 0
    assert found["false_down"] == found["transitions_invented"] == found["transitions_lost"] == 0
    assert found["restart_s"] > 0
    assert found["fast_polls"] > 0


@pytest.mark.skipif(not POINTS.is_dir(), reason="../shared/data/points is absent")
def test_bench_state_quick() -> None:
    found = state.run(quick=True)
    assert found["polls"] > 0
    assert found["pss_mb"] > 0
