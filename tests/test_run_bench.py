"""The benchmark of observation works and loses nothing; its speed is not tested."""

from bench.observe import run


def test_bench_observe_quick() -> None:
    found = run(quick=True)
    assert found["samples_lost"] == 0
    assert found["answered"] > 0
    assert {"devices_per_second", "cpu_us_per_device", "polls", "samples"} <= found.keys()
