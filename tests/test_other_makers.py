"""Makers of whom no recording is here: rows typed from their MIBs with figures of our own, and what is told of them.

That an object means what its MIB says no test here can prove; that it is asked for and scaled as the MIB says, these do.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from collectors.instances import bits_of
from collectors.profile import Bits
from collectors.recognise import SYS_DESCR, SYS_OBJECT_ID, profile_of, yields
from collectors.snmp.backend import Target, Value
from tests.probed import PROFILES, told_by
from tests.recorded import Recorded

_E = "1.3.6.1.4.1."
_NET_SNMP = f"{_E}8072.3.2.10"
_LTU_KERNEL = "Linux 4.4.0 #1 SMP PREEMPT RT Mon Jan 1 2018 armv7l"


async def told(kind: str, description: str, rows: Mapping[str, Value]) -> dict[str, Any]:
    """What `probe` says of a device; a row that doesn't begin with 1 is below the enterprises."""
    has: dict[str, Value] = {SYS_DESCR: description.encode(), SYS_OBJECT_ID: kind}
    has |= {oid if oid.startswith("1.") else _E + oid: value for oid, value in rows.items()}
    return await told_by(Recorded(dict(sorted(has.items(), key=_numbers))), Target("a"))


def _numbers(row: tuple[str, Value]) -> tuple[int, ...]:
    return tuple(map(int, row[0].split(".")))


def sensors(device: Mapping[str, Any]) -> dict[str, float]:
    """Class and name -> value."""
    return {f"{one['class']} {one['name']}": one["value"] for one in device.get("sensors", [])}


def onts(device: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {one["index"]: (one.get("state"), one.get("rx_dbm")) for one in device.get("onts", [])}


_VRP = "2011.5.25.31.1.1.3.1"  # hwOpticalModuleInfoEntry


def _entity(number: int, name: bytes) -> dict[str, Value]:
    return {f"1.3.6.1.2.1.47.1.1.1.1.7.{number}": name}


# kind (sysObjectID behind the enterprises), sysDescr, rows, (profile, vendor, model, version), some of its sensors
_MAKERS: dict[str, tuple[str, str, dict[str, Value], tuple[str | None, ...], dict[str, float]]] = {
    "canopy": (
        "161.19.250.256",
        "CANOPY 16.1.1 SM-DES",
        {
            "161.19.3.3.1.35.0": 41,
            "161.19.3.2.2.21.0": -63,
            "161.19.3.3.1.6.0": b"5.7GHz MIMO OFDM - Subscriber Module",
        },
        ("cambium-pmp", "Cambium", "PMP 450", "16.1.1"),
        {"temperature Radio": 41, "signal Downlink": -63},
    ),
    "radwin": (
        "4458.20.5",
        "Wireless Link",
        {"4458.1000.1.5.9.1.0": -58, "4458.1000.1.5.16.0": 5785, "4458.1000.1.5.29.0": 7300},
        ("radwin", "RADWIN", None, None),
        {"signal Radio rx": -58, "frequency Radio": 5.785e9, "distance Link": 7300},
    ),
    "ray2, whose frequencies are kHz": (
        "33555.4",
        "RAy2",
        {"33555.1.1.4.3.0": 512, "33555.1.2.1.4.0": 17_728_000, "33555.1.3.2.1.0": -487, "33555.1.3.2.2.0": 301},
        ("racom", "Racom", None, None),
        {"voltage Unit": 51.2, "frequency Radio tx": 17.728e9, "signal Radio rx": -48.7, "snr Radio": 30.1},
    ),
    "freemile 60": (
        "7571.100.1.1.12",
        "Linux",
        {
            "7571.100.1.1.12.3.1.0": b"FreeMile 60",
            "7571.100.1.1.12.3.4.0": b"1.2.3",
            "7571.100.1.1.12.2.6.1.6.1": -57,
            "7571.100.1.1.12.2.6.1.13.1": 480,
        },
        ("saf", "SAF Tehnika", "FreeMile 60", "1.2.3"),
        {"signal Peer 1": -57, "distance Peer 1": 480},
    ),
    "horizon": (
        "7262.2.2",
        "Horizon Compact",
        {"7262.2.2.5.1.2.4.0": -412, "7262.2.2.5.1.3.2.0": 155},
        ("dragonwave", "DragonWave", "Horizon", None),
        {"signal Radio rx": -41.2, "dbm Radio tx": 15.5},
    ),
    "airFiber LTU, which calls itself net-snmp": (
        "8072.3.2.10",
        _LTU_KERNEL,
        {
            "41112.1.10.1.2.2.0": 5_640_000,
            "41112.1.10.1.3.2.0": b"LTU-Rocket",
            "41112.1.10.1.3.4.0": b"AFLTU.v2.1.0.cafe",
        },
        ("ubiquiti-ltu", "Ubiquiti", "LTU-Rocket", "2.1.0.cafe"),
        {},
    ),
    "huawei, hundredths of a dBm and milliamperes": (
        "2011.2.23.291",
        "Huawei Versatile Routing Platform Software VRP (R) software, Version 5.170 (S5735 V200R019C10SPC500)",
        _entity(5, b"XGE0/0/1")
        | {f"{_VRP}.7.5": 31, f"{_VRP}.8.5": -612, f"{_VRP}.9.5": -218, f"{_VRP}.8.6": -1, f"{_VRP}.9.6": 0},
        ("switch", "Huawei", "S5735", "5.170 (V200R019C10SPC500)"),
        {"current XGE0/0/1": 0.031, "dbm XGE0/0/1 rx": -6.12, "dbm XGE0/0/1 tx": -2.18},
    ),
    "huawei, microwatts and microamperes": (
        "2011.2.23.95",
        "S5300 Huawei Versatile Routing Platform Software VRP (R) Software, Version 5.130 (S5300 V200R003C00SPC300)",
        _entity(5, b"GE0/0/1") | {f"{_VRP}.7.5": 6400, f"{_VRP}.8.5": 100, f"{_VRP}.9.5": 500},
        ("switch", "Huawei", "S5300", "5.130 (V200R003C00SPC300)"),
        {"current GE0/0/1": 0.0064, "dbm GE0/0/1 rx": -10, "dbm GE0/0/1 tx": -3.01},
    ),
    "raisecom": (
        "8886.23.191",
        "ROS_.RAX711-C.1.(null)",
        {
            "1.3.6.1.2.1.2.2.1.2.7": b"te1/1/1",
            "8886.60.18.1.2.2.1.1.2.7.4": -8120,
            "8886.60.18.1.2.2.1.1.12.7.4": 1,
            "8886.60.18.1.2.2.1.1.2.8.4": -30000,
            "8886.60.18.1.2.2.1.1.12.8.4": 2,
            "8886.60.131.1.1.1.0": b"ROS_6.3.0",
            "8886.60.131.1.1.6.0": b"RAX711-C P100",
        },
        ("switch", "Raisecom", "RAX711-C", "6.3.0"),
        {"dbm te1/1/1 rx": -8.12},
    ),
    "omniswitch, a lane": (
        "6486.801.1.1.2.1.10.1.1",
        "Alcatel-Lucent Enterprise OS6900-X20 8.4.1.170.R03 GA, March 01, 2018.",
        {"1.3.6.1.2.1.31.1.1.1.1.1001": b"1/1/1", "6486.801.1.2.1.5.1.1.2.6.1.22.1001.1": -4300},
        ("switch", "Alcatel-Lucent Enterprise", "OS6900-X20", "8.4.1.170.R03"),
        {"dbm 1/1/1 lane 1 rx": -4.3},
    ),
    "zxr10": (
        "3902.3.600.1.1.505",
        "ZXR10 2850-24TM, ZTE ZXR10 Software Version: 2850&LV2.06.01",
        {"3902.3.3.1.1.12.1": 17},
        ("switch", "ZTE", "ZXR10 2850-24TM", "2.06.01"),
        {"percent CPU 1": 17},
    ),
    "extreme": (
        "1916.2.168",
        "ExtremeXOS (X440-24t-10G) version 16.2.5.4 16.2.5.4-patch1-29 by release-manager",
        {"1916.1.1.1.8.0": 44, "1916.1.1.1.40.1.0": 51_300, "1916.1.1.1.40.2.0": -3},
        ("switch", "Extreme Networks", "X440-24t-10G", "16.2.5.4"),
        {"temperature System": 44, "power Consumption": 51.3},
    ),
    "aruba cx": (
        "47196.4.1.1.1.100",
        "Aruba JL659A FL.10.06.0010",
        {
            "47196.4.1.1.3.11.3.1.1.7.1.1": 41_250,
            "47196.4.1.1.3.11.5.1.1.10.1.1": 4,
            "47196.4.1.1.3.15.1.1.2.0": b"chain",
        },
        ("switch", "Aruba", "JL659A", "FL.10.06.0010"),
        {"temperature Sensor 1.1": 41.25, "state Fan 1.1": 4, "state Stack": 2},
    ),
    "hirschmann": (
        "248.11.2.1.5",
        "Hirschmann GREYHOUND",
        {"248.11.10.1.5.1.0": 39, "248.11.11.1.1.1.1.2.1": 2},
        ("switch", "Hirschmann", "GREYHOUND", None),
        {"temperature System": 39, "state Power supply 1": 2},
    ),
    "zyxel": (
        "890.1.15",
        "XGS4600-32",
        {"890.1.15.3.26.1.3.1.3.1": 3312, "890.1.15.3.26.1.1.1.3.2": 4300},
        ("switch", "Zyxel", "XGS4600-32", None),
        {"voltage Supply 1": 3.312, "fanspeed Fan 2": 4300},
    ),
    "ruckus icx, whose optics are texts": (
        "1991.1.3.54",
        "Ruckus Wireless, Inc. ICX7250-24, IronWare Version 08.0.92eT213 Compiled",
        {
            "1.3.6.1.2.1.31.1.1.1.1.5": b"ethernet1/1/5",
            "1991.1.1.2.1.11.0": b"08.0.92eT213",
            "1991.1.1.3.3.6.1.1.5": b"  41.2500 C: Normal",
            "1991.1.1.3.3.6.1.3.5": b" -007.4150 dBm: Normal",
            "1991.1.1.3.3.6.1.4.5": b"   7.2460 mA: Normal",
            "1991.1.1.2.13.3.1.4.1.1.1": b"Sensor A",
            "1991.1.1.2.13.3.1.5.1.1.1": 95,
        },
        ("switch", "Ruckus", "ICX7250-24", "08.0.92eT213"),
        {
            "temperature ethernet1/1/5": 41.25,
            "dbm ethernet1/1/5 rx": -7.415,
            "current ethernet1/1/5": 0.007246,
            "temperature Sensor A of unit 1": 47.5,
        },
    ),
    "cisco small business": (
        "9.6.1.1004.1",
        "CBS350-24P-4G 24-Port Gigabit PoE Managed Switch",
        {
            "9.6.1.101.53.14.1.2.1": b"3.1.0.57",
            "9.6.1.101.53.14.1.11.1": b"CBS350-24P-4G",
            "9.6.1.101.83.1.1.1.3.67109185": 1,
            "9.6.1.101.53.15.1.10.1": 49,
            "9.6.1.101.108.1.1.5.1.3": 6400,
        },
        ("switch", "Cisco", "CBS350-24P-4G", "3.1.0.57"),
        {"state Fan 67109185": 1, "temperature Unit 1": 49, "power PoE 1.3": 6.4},
    ),
    "eltex": (
        "35265.1.83",
        "MES2324 28-port",
        {"89.53.14.1.2.1": b"4.0.14.2", "89.53.14.1.11.1": b"MES2324B", "89.53.15.1.9.1": 1, "89.53.15.1.10.1": 38},
        ("switch", "Eltex", "MES2324B", "4.0.14.2"),
        {"temperature Unit 1": 38},
    ),
    "eltex, of five fans": (
        "35265.1.83",
        "MES2324 28-port",
        {"89.53.14.1.2.1": b"4.0.10.1", "89.53.14.1.11.1": b"MES2324B", "89.53.15.1.9.1": 37, "89.53.15.1.10.1": 1},
        ("switch", "Eltex", "MES2324B", "4.0.10.1"),
        {"temperature Unit 1": 37},
    ),
    "dell": (
        "674.10895.3100",
        "Dell EMC Networking N1148T-ON, 6.6.3.10",
        {"674.10895.3000.1.2.100.1.0": b"N1148T-ON", "674.10895.3000.1.2.100.4.0": b"6.6.3.10"},
        ("switch", "Dell", "N1148T-ON", "6.6.3.10"),
        {},
    ),
    "force10": (
        "6027.1.3.20",
        "Dell Networking OS Application Software Version: 9.14(2.4) Series: S4048-ON",
        {"6027.3.26.1.3.4.1.13.1": 36, "6027.3.26.1.4.6.1.4.1.1.1": 2},
        ("switch", "Dell", "S4048-ON", "9.14(2.4)"),
        {"temperature Unit 1": 36, "state Power supply 1.1.1": 2},
    ),
    "alliedware plus": (
        "207.1.14.88",
        "Allied Telesis router/switch, Software (AlliedWare Plus) Version 5.5.0-1.3",
        {
            "1.3.6.1.2.1.31.1.1.1.1.5009": b"port1.0.9",
            "207.8.4.4.3.28.1.1.1.3.5009.1": 33_250,
            "207.8.4.4.3.28.1.5.1.3.5009.1": 1000,
        },
        ("switch", "Allied Telesis", None, "5.5.0-1.3"),
        {"temperature port1.0.9 channel 1": 33.25, "dbm port1.0.9 channel 1 rx": -10},
    ),
    "netgear modules": (
        "4526.100.11.30",
        "M4300-52G ProSAFE 48-port 1G, 12.0.4.9, 1.0.0.7",
        {
            "1.3.6.1.2.1.31.1.1.1.1.51": b"1/0/51",
            "4526.10.43.1.18.1.2.51": 385,
            "4526.10.43.1.18.1.4.51": 57,
            "4526.10.43.1.18.1.6.51": -5321,
        },
        ("switch", "Netgear", "M4300-52G", "12.0.4.9"),
        {"temperature 1/0/51": 38.5, "current 1/0/51": 0.0057, "dbm 1/0/51 rx": -5.321},
    ),
    "netgear modules, of older firmware": (
        "4526.100.11.30",
        "M4300-52G ProSAFE 48-port 1G, 11.0.0.28, 1.0.0.7",
        {"1.3.6.1.2.1.31.1.1.1.1.51": b"1/0/51", "4526.10.43.1.16.1.6.51": b"-5.321", "4526.10.43.1.16.1.5.51": b"0"},
        ("switch", "Netgear", "M4300-52G", "11.0.0.28"),
        {"dbm 1/0/51 rx": -5.321},
    ),
    "cnpilot": (
        "17713.22",
        "Cambium cnPilot E600 Access Point",
        {"17713.22.1.1.1.8.0": b"4.2.1-r4", "17713.22.1.1.1.14.0": 7, "17713.22.1.2.1.16.0": -96},
        ("radio", "Cambium", "E600", "4.2.1-r4"),
        {"count Clients": 7, "noise Radio 0": -96},
    ),
    "alfoplus": (
        "3373.1103",
        "SIAE Microelettronica ALFOplus80HD",
        {"3373.1103.39.2.1.12.1": -41, "3373.1103.39.2.1.2.1": 73_875_000, "3373.1103.15.4.1.17.1": 5_200_000},
        ("radio", "SIAE", "ALFOplus80HD", None),
        {"signal Radio rx": -41, "frequency Radio tx": 73.875e9, "rate Radio tx": 5.2e9},
    ),
    "harmony": (
        "7262.4.5.1.3",
        "Multiprotocol Agent running on QNX Neutrino",
        {"7262.4.5.12.203.1.1.5.2": -512, "7262.4.5.12.203.1.1.7.2": 301},
        ("dragonwave", "DragonWave", None, None),
        {"signal Radio 2 rx": -51.2, "snr Radio 2": 30.1},
    ),
    "aprisa": (
        "14817.7.1",
        "Aprisa XE",
        {"14817.7.3.1.2.51.6.0": -605, "14817.7.3.1.2.6.3.0": 2850},
        ("radio", "4RF", "Aprisa XE", None),
        {"signal Radio rx": -60.5, "snr Radio": 28.5},
    ),
    "mini-link": (
        "193.223.1",
        "MINI-LINK 6351",
        {
            "193.223.2.7.1.1.1.110101": -43,
            "193.223.2.7.1.1.10.110101": 72_125_000,
            "193.223.2.7.1.1.46.110101": 953_000,
        },
        ("radio", "Ericsson", "MINI-LINK 6351", None),
        {"signal Radio 110101 rx": -43, "frequency Radio 110101 tx": 72.125e9, "rate Radio 110101 tx": 953e6},
    ),
    "zyxel modules": (
        "890.1.15",
        "XS3800-28",
        {"890.1.15.3.84.1.2.1.6.25.1": 3650, "890.1.15.3.84.1.2.1.6.25.3": 612, "890.1.15.3.84.1.2.1.6.25.5": -734},
        ("switch", "Zyxel", "XS3800-28", None),
        {"temperature Port 25": 36.5, "current Port 25": 0.00612, "dbm Port 25 rx": -7.34},
    ),
    "fortigate": (
        "12356.101.1.641",
        "",
        {
            "1.3.6.1.2.1.47.1.1.1.1.13.1": b"FGT_60F",
            "12356.101.4.1.1.0": b"v7.2.5,build1517",
            "12356.101.4.9.2.1.2.1": b"ping-isp",
            "12356.101.4.9.2.1.4.1": 0,
            "12356.101.4.9.2.1.5.1": b"12.500",
            "12356.101.4.9.2.1.9.1": b"3.000",
        },
        ("fortinet", "Fortinet", "FortiGate 60F", "v7.2.5,build1517"),
        {
            "state Health check ping-isp": 0,
            "delay Latency of health check ping-isp": 0.0125,
            "loss Loss of health check ping-isp": 3,
        },
    ),
    "asa": (
        "9.1.2117",
        "Cisco Adaptive Security Appliance Version 9.8(2)",
        {"9.9.147.1.2.1.1.1.3.6": 9, "9.9.147.1.2.2.2.1.5.40.6": 812, "9.9.392.1.3.29.0": 4},
        ("generic-router", "Cisco", None, "9.8(2)"),
        {"state Hardware 6": 9, "count Connections": 812, "count LAN to LAN sessions": 4},
    ),
    "swos": (
        "14988.2",
        "CRS328-4C-20S-4S+ SwOS v2.13",
        {"14988.1.1.7.3.0": b"D7A00C000000", "14988.1.1.19.1.1.2.1": b"SFP1", "14988.1.1.19.1.1.10.1": -6_120},
        ("mikrotik-swos", "MikroTik", "CRS328-4C-20S-4S+", "2.13"),
        {"dbm SFP1 rx": -6.12},
    ),
    "ptp 500": (
        "17713.5",
        "Cambium PTP 500",
        {"17713.5.12.1.0": -571, "17713.5.20.3.0": 102_000},
        ("cambium-ptp", "Cambium", "PTP 500", None),
        {"signal Radio rx": -57.1, "rate Radio, both ways": 102e6},
    ),
    "zonedirector": (
        "25053.3.1.5.15",
        "Ruckus Wireless ZD1200",
        {
            "25053.1.2.1.1.1.1.9.0": b"ZD1200",
            "25053.1.2.1.1.1.1.18.0": b"10.1.2.0 build 306",
            "25053.1.2.1.1.1.15.1.0": 12,
        },
        ("radio", "Ruckus", "ZD1200", "10.1.2.0 build 306"),
        {"count Access points": 12},
    ),
    "eltex ltp": (
        "35265.1.22",
        "Linux AT-LTP4X 2.6.22.18 armv5tejl",
        {"35265.1.22.1.10.4.0": 385},
        ("olt", "Eltex", "AT-LTP4X", None),
        {"temperature Board": 38.5},
    ),
    "swos, with a cage that is empty": (
        "14988.2",
        "RB260GS",
        {"14988.1.1.19.1.1.2.6": b"SFP", "14988.1.1.19.1.1.6.6": 0, "14988.1.1.19.1.1.8.6": 0, "14988.1.1.3.8.0": 241},
        ("mikrotik-swos", "MikroTik", "RB260GS", None),
        {"voltage Supply": 24.1},
    ),
    "who tells its neighbours only": (
        "17713.24.1",
        "cnMatrix",
        {
            "1.0.8802.1.1.2.1.5.4795.1.2.4.0": b"5.1-r2",
            "1.0.8802.1.1.2.1.5.4795.1.2.5.0": b"W1",
            "1.0.8802.1.1.2.1.5.4795.1.2.7.0": b"EX2010-P",
        },
        ("switch", "Cambium", "EX2010-P", "5.1-r2"),
        {},
    ),
}


@pytest.mark.parametrize("maker", _MAKERS)
async def test_who_it_is_and_what_its_sensors_say(maker: str) -> None:
    kind, description, rows, who, say = _MAKERS[maker]
    device = await told(_E + kind, description, rows)
    assert tuple(device.get(key) for key in ("profile", "vendor", "model", "os_version")) == who
    assert sensors(device).items() >= say.items()


# kind, sysDescr, rows, ONTs by name: state and received power
_OLTS: dict[str, tuple[str, str, dict[str, Value], dict[str, tuple[Any, ...]]]] = {
    "dasan": (
        "6296.1.2.5.12",
        "V5812G NOS 6.07p1/00:00:5e:00:53:01",
        {
            "1.3.6.1.2.1.2.2.1.2.5": b"gpon5",
            "6296.101.23.3.1.1.2.5.1": 2,
            "6296.101.23.3.1.1.2.5.2": 1,
            "6296.101.23.3.1.1.16.5.1": -213,
        },
        {"gpon5:1": ("online", -21.3), "gpon5:2": ("offline", None)},
    ),
    "smartax, of a sysObjectID among the routers'": (
        "2011.2.80.8",
        "Huawei Integrated Access Software",
        {"2011.6.128.1.1.2.46.1.15.4194320384.7": 1, "2011.6.128.1.1.2.51.1.4.4194320384.7": -2011},
        {"0/2/0:7": ("online", -20.11)},
    ),
    "hioso": (
        "25355",
        "EPON OLT",
        {"25355.3.2.6.3.2.1.39.1.3.7": 1, "25355.3.2.6.3.2.1.39.1.3.8": 2, "25355.3.2.6.14.2.1.8.1.3.7": b"-19.50"},
        {"0/3:7": ("online", -19.5), "0/3:8": ("offline", None)},
    ),
    "axos, which speaks of ten thousandths of a milliwatt": (
        "6321.1.2.4",
        "Calix, E7-2, AXOS-R21.1.0",
        {"6321.1.2.4.2.6.1.1.2.9": b"1204", "6321.1.2.4.2.6.1.1.4.9": 1, "6321.1.2.4.2.6.1.1.6.9": 50},
        {"1204": ("online", -23.01)},
    ),
    "isam, whose ONTs are interfaces among others": (
        "637.61.1",
        "R6.5.02r NFXS-E",
        {
            # slot 1, PON 1, ONTs 1 and 2; of its last arc another kind than 7 is a port of an ONT
            f"1.3.6.1.2.1.2.2.1.8.{(2 << 25) | (7 << 22)}": 1,
            f"1.3.6.1.2.1.2.2.1.8.{(2 << 25) | (7 << 22) | (1 << 9)}": 2,
            f"1.3.6.1.2.1.2.2.1.8.{(2 << 25) | (5 << 22) | (1 << 9)}": 2,
            f"637.61.1.35.10.14.1.2.{(2 << 25) | (7 << 22)}": -10_500,
        },
        {"1/1/1/1:1": ("online", -21.0), "1/1/1/1:2": ("offline", None)},
    ),
    "fiberhome": (
        "5875.800.1001.11",
        "AN6000-17",
        {
            f"5875.800.3.10.1.1.11.{(1 << 25) | (4 << 19) | (9 << 8)}": 1,
            f"5875.800.3.9.3.3.1.6.{(1 << 25) | (4 << 19) | (9 << 8)}": -2217,
        },
        {"1/4:9": ("online", -22.17)},
    ),
}


@pytest.mark.parametrize(
    ("description", "is_one"),
    [
        ("Cisco Adaptive Security Appliance", ("router", "Cisco", None, None)),
        (
            "ZTE Ethernet Switch  ZXR10 5250-28TM-H, Version: V2.05.11B20",
            ("switch", "ZTE", "ZXR10 5250-28TM-H", "2.05.11B20"),
        ),
        ("Huawei Integrated Access Software", ("olt", "Huawei", None, None)),
    ],
)
async def test_who_tells_no_sys_object_id(description: str, is_one: tuple[str | None, ...]) -> None:
    device = await told_by(Recorded({SYS_DESCR: description.encode()}), Target("a"))
    assert tuple(device.get(key) for key in ("role", "vendor", "model", "os_version")) == is_one


async def test_a_sys_object_id_that_says_nothing_leaves_the_sys_descr() -> None:
    rows: dict[str, Value] = {"5454.1.80.3.14.2.0": -64, "5454.1.80.3.1.1.2.0": 17_725_000}
    device = await told("1.3", "Apex Lynx-2.0.4", rows)
    assert (device["profile"], device["vendor"], device["model"]) == ("trango", "Trango", "Apex Lynx")
    assert sensors(device) == {"signal Radio rx": -64, "frequency Radio tx": 17.725e9}


@pytest.mark.parametrize("maker", _OLTS)
async def test_the_onts_of_an_olt(maker: str) -> None:
    kind, description, rows, has = _OLTS[maker]
    assert onts(await told(_E + kind, description, rows)) == has


async def test_the_agent_of_net_snmp_is_told_by_what_it_has() -> None:
    """Without an object of the maker's, the sysObjectID decides as ever."""
    assert (await told(_NET_SNMP, _LTU_KERNEL, {}))["profile"] != "ubiquiti-ltu"


def test_nobody_is_asked_what_the_sys_object_id_tells() -> None:
    assert not yields(PROFILES["generic-router"], f"{_E}9.1.1")
    found = profile_of(PROFILES, _NET_SNMP, _LTU_KERNEL, "")
    assert found is not None
    assert yields(found, _NET_SNMP)
    assert found.name != "ubiquiti-ltu"


def test_a_row_counts_only_where_its_number_is_that() -> None:
    assert bits_of(Bits(arc=0, shift=4, bits=4, only=7), str(0x75)) == 7
    assert bits_of(Bits(arc=0, shift=4, bits=4, only=7), str(0x55)) is None
    assert bits_of(Bits(arc=0, shift=4, bits=4), str(0x55)) == 5


@pytest.mark.parametrize(
    ("kind", "description", "is_one"),
    [
        ("44641", "Vyatta VyOS 1.1.7", ("router", "VyOS", None, "1.1.7")),
        ("8072.3.2.10", "EdgeOS v1.10.0", ("router", "Ubiquiti", None, "1.10.0")),
        ("9.1.2117", "Cisco Adaptive Security Appliance Version 9.8(2)", ("router", "Cisco", None, "9.8(2)")),
        ("9.6.1.83.26.1", "SG350-26 26-Port Gigabit Managed Switch", ("switch", "Cisco", "SG350-26", None)),
        (
            "2011.2.88.5",
            "Huawei Versatile Routing Platform Software VRP (R) software, Version 8.180 (NE40E V800R010C10SPC500) HUAWEI NE40E-M2K",
            ("router", "Huawei", "NE40E-M2K", "8.180 (V800R010C10SPC500)"),
        ),
        ("14988.1", "RouterOS RB LHG 5nD", ("router", "MikroTik", "RB LHG 5nD", None)),
        ("14988.2", "CRS309-1G-8S+", ("switch", "MikroTik", "CRS309-1G-8S+", None)),
        ("6527.6.2.1.2.2.7", "TiMOS-B-8.0.R9 both/mpc ALCATEL SAS-M 7210", ("router", "Nokia", "SAS-M 7210", "8.0.R9")),
        ("3902.3.600.3.1.9", "ZTE ZXR10 M6000-5S", ("router", "ZTE", "ZXR10 M6000-5S", None)),
        ("43356.1.1.3", "Mimosa Networks", ("radio", "Mimosa", None, None)),
        ("17713.22.1.7", "XV3-8", ("radio", "Cambium", "XV3-8", None)),
        ("3373.1103", "SIAE Microelettronica ALFOplus2", ("radio", "SIAE", "ALFOplus2", None)),
        (
            "4526.100.11.30",
            "M4300-52G ProSAFE 48-port 1G, 12.0.4.9, 1.0.0.7",
            ("switch", "Netgear", "M4300-52G", "12.0.4.9"),
        ),
        ("890.1.15", "GS1920-48", ("switch", "Zyxel", "GS1920-48", None)),
        ("47196.4.1.1.1.51", "Aruba JL668A FL.10.06.0110", ("switch", "Aruba", "JL668A", "FL.10.06.0110")),
        (
            "11.2.3.7.11.181.18",
            "Aruba JL253A 2930F-24G-4SFP+ Switch, revision WC.16.08.0002, ROM WC.16.01.0006",
            ("switch", "HP", "2930F-24G-4SFP+", "WC.16.08.0002"),
        ),
        (
            "25506.1.1364",
            "H3C Comware Software, Version 7.1.064, Release 0707 H3C MSR56-60",
            ("router", "H3C", "H3C MSR56-60", "7.1.064 0707"),
        ),
        (
            "45.3.81",
            "Ethernet Routing Switch 4850GTS HW:10 FW:5.8.0.1 SW:v5.9.2",
            ("switch", "Nortel", "Ethernet Routing Switch 4850GTS", "5.9.2"),
        ),
        ("259.10.1.46", "ECS2100-28T", ("switch", "Edgecore", "ECS2100-28T", None)),
        (
            "30065.1.3011.7280",
            "Arista Networks EOS version 4.23.3M running on an Arista Networks DCS-7280SR-48C6",
            ("switch", "Arista", "DCS-7280SR-48C6", "4.23.3M"),
        ),
        ("674.10895.3060", "Dell EMC Networking N3024EP-ON, 6.5.4.3", ("switch", "Dell", "N3024EP-ON", "6.5.4.3")),
        ("8691.7.70", "MOXA EDS-G509", ("switch", "Moxa", "EDS-G509", None)),
        (
            "1991.1.3.54",
            "Ruckus Wireless, Inc. ICX7250-24, IronWare Version 08.0.92eT213 Compiled",
            ("switch", "Ruckus", "ICX7250-24", "08.0.92e"),
        ),
        ("8741.6", "SonicWALL TZ 400 (SonicOS Enhanced 6.5.4.4-44n)", ("router", "SonicWall", "TZ 400", "6.5.4.4-44n")),
        ("2011.2.169.3", "Huawei Integrated Access Software", ("olt", "Huawei", None, None)),
        ("2011.2.25.9", "Huawei RTN 950A", ("radio", "Huawei", "RTN 950A", None)),
        ("2011.2.321.14", "Huawei USG6305E V500R001", ("router", "Huawei", "USG6305E", None)),
        ("637.61.1", "7360 ISAM FX-4", ("olt", "Nokia", "7360 ISAM FX-4", None)),
        ("11898.2.4.6", "Proxim Tsunami MP-8100", ("radio", "Proxim", "Tsunami MP-8100", None)),
        ("25461.2.3.38", "Palo Alto Networks PA-850 series firewall", ("router", "Palo Alto Networks", "PA-850", None)),
    ],
)
async def test_who_it_is_by_what_every_agent_says(kind: str, description: str, is_one: tuple[str | None, ...]) -> None:
    """Many agents tell model and version by their sysDescr alone."""
    device = await told(_E + kind, description, {})
    assert tuple(device.get(key) for key in ("role", "vendor", "model", "os_version")) == is_one
