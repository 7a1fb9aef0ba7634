"""The benchmark of the history works: nothing is lost, everything that is asked for is found."""

from bench import history


def test_bench_history_quick() -> None:
    found = history.run(quick=True)
    assert found["samples"] == 40 * 60 * history.SAMPLES
    assert found["samples_lost"] == 0
    assert found["figures_made"] == 40 * 4 * 12
    assert found["district_day_steps"] == 2 * 1440
    assert found["year_of_one_device_steps"] in {28 * 288, 29 * 288, 30 * 288, 31 * 288}
    assert 0 < found["octets_per_sample"] < 4
