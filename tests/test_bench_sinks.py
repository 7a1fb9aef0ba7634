"""The benchmarks of the sinks work and lose nothing; their speed is not tested."""

from bench import exposition, influx


def test_bench_influx_quick() -> None:
    found = influx.run(quick=True)
    assert found["samples"] == 15_000
    assert found["samples_lost"] == 0
    assert found["cpu_us_per_sample_accepted"] > 0


def test_bench_exposition_quick() -> None:
    found = exposition.run(quick=True)
    assert found["series"] == 200 * 26
    assert found["octets"] > 200 * 26 * 50
    assert found["country_series"] == 2_000 * 13
    assert found["country_cpu_us_per_poll"] > 0
