"""`probe` over recordings of real devices: its figures are the recording's own, and the peer's."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.snmp.backend import SnmpBackend, Target
from collectors.snmp.open import open_backend
from inventory.model import Role
from tests.probed import Device, probed, told_by
from tests.replay import replay

ADMIN = {1: "up", 2: "down", 3: "testing"}
OPER = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}
IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
WHAT = {
    "apc-smx750-nmc2": ("apc-ups", Role.UPS, "APC"),
    "brother-mfc-l2710dw": ("printer", Role.PRINTER, "Brother"),
    "canon-lbp6670": ("printer", Role.PRINTER, "Canon"),
    "cisco-ios-c3560": ("switch", Role.SWITCH, "Cisco"),
    "cisco-isr4321": ("generic-router", Role.ROUTER, "Cisco"),
    "delta-minuteman-e1500": ("ups", Role.UPS, "Delta"),
    "dlink-des3526": ("switch", Role.SWITCH, "D-Link"),
    "hp-laserjet-m252dw": ("printer", Role.PRINTER, "HP"),
    "huawei-ar169f": ("generic-router", Role.ROUTER, "Huawei"),
    "huawei-smartax-ma5603t": ("generic-olt", Role.OLT, "Huawei"),
    "huawei-smartax-ont-tables": ("generic-olt", Role.OLT, "Huawei"),
    "juniper-srx240h": ("juniper-junos", Role.ROUTER, "Juniper"),
    "linux-hr-only": ("host", Role.PC, "net-snmp"),
    "mikrotik-rb750gr3": ("mikrotik-routeros", Role.ROUTER, "MikroTik"),
    "mikrotik-rblhgr-lte": ("mikrotik-routeros", Role.ROUTER, "MikroTik"),
    "mikrotik-routeros-6.40": ("mikrotik-routeros", Role.ROUTER, "MikroTik"),
    "nokia-7705-sar8": ("nokia-sros", Role.ROUTER, "Nokia"),
    "ubiquiti-litebeam5ac-gen2": ("ubiquiti-radio", Role.RADIO, "Ubiquiti"),
    "upsmib-cs141-3phase": ("ups", Role.UPS, "Multimatic"),
    "upsmib-huawei-ups2000": ("ups", Role.UPS, "Huawei"),
    "windows-server-2019": ("host", Role.PC, "Microsoft"),
    "windows-xp": ("host", Role.PC, "Microsoft"),
    "zebra-label-printer": ("printer", Role.PRINTER, "Zebra"),
    "zte-zxa10-c320": ("zte-olt", Role.OLT, "ZTE"),
}

OVER_UDP = {
    "gufo": ("apc-smx750-nmc2", "brother-mfc-l2710dw", "cisco-isr4321", "huawei-smartax-ont-tables", "mikrotik-rblhgr-lte", "odd-empty"),
    "pysnmp": ("odd-latin1-sysdescr", "tplink-sg2008"),
}  # fmt: skip
"""Recordings that are read over a socket too; the others in memory only, which tells the same in a hundredth of the time."""


@pytest.fixture(scope="module")
def devices(recordings: Path) -> dict[str, Device]:
    return probed(recordings)


def test_every_recording_is_read_without_a_complaint_of_ours(devices: dict[str, Device]) -> None:
    assert len(devices) > 60
    for device in devices.values():
        assert device.told["reached"] is True
        json.dumps(device.told, allow_nan=False)


def test_what_a_device_is(devices: dict[str, Device]) -> None:
    found = {name: tuple(devices[name].told.get(key) for key in ("profile", "role", "vendor")) for name in WHAT}
    assert found == WHAT


def test_the_system_group_is_the_recordings(devices: dict[str, Device]) -> None:
    checked = 0
    for name, device in devices.items():
        ticks, system = device.at("1.3.6.1.2.1.1.3.0"), device.object("system")
        if isinstance(ticks, int):
            assert system["uptime_s"] == ticks / 100, name
            checked += 1
        said = device.at("1.3.6.1.2.1.1.2.0")
        assert system.get("object_id") == (said or None), name
    assert checked > 40


def test_interfaces_are_the_recordings(devices: dict[str, Device]) -> None:
    checked = 0
    for name, device in devices.items():
        for row in device.list("interfaces"):
            assert _figures(device, row["index"]).items() <= row.items(), (name, row)
            checked += 1
    assert checked > 900


def _figures(device: Device, index: int) -> dict[str, Any]:
    """What the recording holds of one interface, taken from it independently."""

    def whole(*oids: str) -> int | None:
        return next((value for oid in oids if isinstance(value := device.at(f"{oid}.{index}"), int)), None)

    megabits, bits = whole(f"{IFX}.15"), whole(f"{IF}.5")
    figures = {
        "admin": ADMIN.get(whole(f"{IF}.7") or 0),
        "oper": OPER.get(whole(f"{IF}.8") or 0),
        "in_octets": whole(f"{IFX}.6", f"{IF}.10"),
        "out_octets": whole(f"{IFX}.10", f"{IF}.16"),
        "in_errors": whole(f"{IF}.14"),
        "out_errors": whole(f"{IF}.20"),
        "in_discards": whole(f"{IF}.13"),
        "out_discards": whole(f"{IF}.19"),
        "speed_bps": megabits * 1_000_000 if megabits else bits if bits != 2**32 - 1 else None,
    }
    return {key: value for key, value in figures.items() if value is not None and (key, value) != ("speed_bps", 0)}


def test_interfaces_agree_with_the_peers(devices: dict[str, Device]) -> None:
    """Status and octets of the ports that both list: each leaves some out.

    For the airFiber the peer puts figures of the radio's own MIB in the place of IF-MIB's.
    """
    checked = 0
    for name in devices.keys() - {"ubiquiti-airfiber-v4"}:
        device = devices[name]
        ours = {row["index"]: row for row in device.list("interfaces")}
        for port in device.expected.get("ports", ()):
            row = ours.get(port["ifIndex"])
            if row is None:
                continue
            for their_key, key in (("ifOperStatus", "oper"), ("ifAdminStatus", "admin")):
                if port.get(their_key) and row.get(key):
                    assert row[key] == port[their_key], (name, port)
            for their_key, key in (("ifInOctets", "in_octets"), ("ifOutOctets", "out_octets")):
                if port.get("counters", {}).get(their_key) is not None and key in row:
                    assert row[key] == port["counters"][their_key], (name, port)
                    checked += 1
    assert checked > 800


def test_what_is_absent_is_said(devices: dict[str, Device]) -> None:
    absent = {name: {row["what"] for row in device.list("errors")} for name, device in devices.items()}
    assert "ifXTable" in absent["tplink-jetstream-noifx"]
    assert "ifXTable" not in absent["huawei-ar169f"]
    assert {"ifTable", "ifXTable"} <= absent["fiberhome-an5516-01"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("upsmib-cs141-3phase", {"on_battery": False, "charge_percent": 100, "runtime_s": 544 * 60.0, "load_percent": 2, "input_voltage": 233}),
        ("upsmib-huawei-ups2000", {"on_battery": False, "charge_percent": 100, "load_percent": 27, "input_voltage": 233}),
        ("delta-minuteman-e1500", {"on_battery": False, "charge_percent": 100, "runtime_s": 22 * 60.0, "load_percent": 79, "input_voltage": 121}),
        ("eaton-5px3000", {"on_battery": False, "charge_percent": 100, "runtime_s": 43 * 60.0, "load_percent": 59, "input_voltage": 229}),
        ("cet-tsi-inverter-on-battery", {"on_battery": False, "input_voltage": 238}),  # fed from DC, its mains are there
        ("eltek-smartpack2-touch", {"on_battery": False, "runtime_s": 12000 * 60.0, "input_voltage": 248}),
        ("linux-ups-nut", {"on_battery": True, "charge_percent": 100, "runtime_s": 2280, "load_percent": 17, "input_voltage": 252}),
        ("apc-battery-low", {"on_battery": False, "charge_percent": 75, "runtime_s": 39925.0}),
        ("upsmib-fragment-zero", {"input_voltage": 0}),
    ],
)  # fmt: skip
def test_ups(devices: dict[str, Device], name: str, expected: dict[str, Any]) -> None:
    assert expected.items() <= devices[name].object("ups").items()


def test_figures_that_a_ups_does_not_tell_are_absent(devices: dict[str, Device]) -> None:
    """4294967295 minutes is "not known"; Delta's 2360 is in tenths of a volt; NULL is nothing."""
    assert "runtime_s" not in devices["upsmib-huawei-ups2000"].object("ups")
    assert devices["delta-rfc1628-string"].object("ups")["input_voltage"] == 236
    lines = [row["name"] for row in devices["delta-rfc1628-string"].list("sensors") if row["class"] == "voltage"]
    assert lines == ["Input line 1", "Output line 1", "Bypass line 1", "Battery"]


def test_supplies_agree_with_the_peers(devices: dict[str, Device]) -> None:
    checked = 0
    for device in devices.values():
        ours = {row["name"]: row.get("percent") for row in device.object("printer").get("supplies", ())}
        for supply in device.expected.get("printer_supplies", ()):
            percent = ours.get(supply["supply_descr"])
            if percent is not None and supply.get("supply_capacity") == 100 and supply["supply_type"] != "input":
                assert percent == supply["supply_current"]
                checked += 1
    assert checked > 20


def test_a_supply_that_only_says_some_is_named_without_a_percentage(devices: dict[str, Device]) -> None:
    supplies = {row["name"]: row.get("percent") for row in devices["brother-mfc-l2710dw"].object("printer")["supplies"]}
    assert None in supplies.values()
    assert any(percent == pytest.approx(100 * 11501 / 12000) for percent in supplies.values())


def test_hosts_agree_with_the_peers(devices: dict[str, Device]) -> None:
    server = devices["windows-server-2019"]
    host = server.object("host")
    disk, memory = server.expected["storage"][0], server.expected["mempools"][1]
    assert host["cpu_percent"] == sum(one["processor_usage"] for one in server.expected["processors"]) / 4
    assert host["memory_total"] == memory["mempool_total"]
    assert host["memory_used"] == memory["mempool_used"]
    assert {"total": disk["storage_size"], "used": disk["storage_used"]}.items() <= host["disks"][0].items()


def test_huawei_onts(devices: dict[str, Device]) -> None:
    """Scales as centreon asserts them; the recording has no run states."""
    assert devices["huawei-smartax-ont-tables"].told["onts"] == [
        {"index": "0/1/0:1", "name": "xDSL ANO 1", "serial": "ANON00000001", "rx_dbm": pytest.approx(-14.14)},
        {"index": "0/1/0:2", "name": "xDSL ANO 2", "serial": "ANON00000002", "rx_dbm": pytest.approx(-15.65)},
        {"index": "0/1/0:3", "name": "DSLAM ANO 3", "serial": "ANON00000003", "rx_dbm": pytest.approx(-14.64)},
    ]


def test_neighbours(devices: dict[str, Device]) -> None:
    found = devices["juniper-srx240h"].list("neighbours")
    assert {row["local_port"] for row in found} <= {"520", "525", "529", "530"}
    assert all({"chassis_id", "system_name"} <= row.keys() for row in found)


def test_nothing_that_a_device_says_breaks_a_terminal(devices: dict[str, Device]) -> None:
    for device in devices.values():
        printed = json.dumps(device.told, ensure_ascii=False)
        assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in printed)


@pytest.fixture(scope="module")
def served(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with replay(recordings / "snmp", tmp_path_factory.mktemp("replay")) as port:
        yield port


@pytest.fixture(params=OVER_UDP)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, SnmpBackend]]:
    opened = open_backend(request.param)
    yield request.param, opened
    await opened.close()


@pytest.mark.server
async def test_over_the_wire_both_backends_read_the_same(
    devices: dict[str, Device], served: int, backend: tuple[str, SnmpBackend]
) -> None:
    for name in OVER_UDP[backend[0]]:
        told = await told_by(backend[1], Target("127.0.0.1", served, 2, name, timeout_s=3.0))
        expected = {**devices[name].told, "address": f"127.0.0.1:{served}"}
        assert told == expected, name
