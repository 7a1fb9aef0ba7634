"""The benchmark of the ways to speak SNMP works; its figures are not tested."""

from bench.snmp import run


def test_bench_snmp_quick() -> None:
    found = run(quick=True)
    for way in ("volley", "gufo", "pysnmp"):
        for version in ("v2c", "v3"):
            assert found[f"{way}_{version}_devices_per_second"] > 0
            assert found[f"{way}_{version}_cpu_us_per_device"] > 0
        assert found[f"{way}_v3_to_v2c_cpu"] > 0
