"""Kinds that share a sysObjectID's branch or net-snmp's, told apart by their words and objects; rows typed from MIBs."""

import pytest

from collectors.recognise import profile_of
from collectors.snmp.backend import Value
from tests.probed import PROFILES
from tests.test_other_makers import sensors, told

_E = "1.3.6.1.4.1."
_IOS = "Cisco IOS Software, {} Software ({}), Version 15.4(3)M3, RELEASE SOFTWARE (fc2)"

KINDS = [
    (_IOS.format("C2900", "C2900-UNIVERSALK9-M"), "9.1.1045", "router"),
    (_IOS.format("C2951", "C2951-UNIVERSALK9-M"), "9.1.1044", "router"),
    (_IOS.format("C3900", "C3900-UNIVERSALK9-M"), "9.1.1042", "router"),
    (_IOS.format("3800", "C3845-ADVENTERPRISEK9-M"), "9.1.544", "router"),
    (_IOS.format("3700", "C3745-IS-M"), "9.1.436", "router"),
    (_IOS.format("3600", "C3640-IK9O3S-M"), "9.1.110", "router"),
    (_IOS.format("C2960S", "C2960S-UNIVERSALK9-M"), "9.1.1208", "switch"),
    (_IOS.format("C2900XL", "C2900XL-C3H2S-M"), "9.1.184", "switch"),
    (_IOS.format("C2950", "C2950-I6K2L2Q4-M"), "9.1.324", "switch"),
    (_IOS.format("C3560E", "C3560E-UNIVERSALK9-M"), "9.1.797", "switch"),
    (_IOS.format("C3750", "C3750-IPSERVICESK9-M"), "9.1.516", "switch"),
    (_IOS.format("ME340x", "ME340x-METROIPACCESSK9-M"), "9.1.736", "switch"),
    ("BDCOM(tm) P3310C Software, Version 10.1.0E Build 31898", "3320.1.268.0", "olt"),
    ("BDCOM(tm) GP3600-08 Software, Version 10.1.0F Build 60213", "3320.1.413.0", "olt"),
    ("BDCOM(tm) S2528-B Software, Version 2.2.0B", "3320.1.227.0", "switch"),
    ("Raisecom ISCOM6860 GPON OLT ROAP", "8886.6.250", "olt"),
    ("ISCOM2924GF-4GE/4C-AC  ROS_4.15", "8886.6.141", "switch"),
    ("ZXCTN 6180H Software, Version: V5.00.10", "3902.3.100.6003", "router"),
    ("ZXR10 2842-SR Version V2.8.23", "3902.3.100.173", "switch"),
    ("Linux DD-WRT 4.9.198 #1 SMP mips", "8072.3.2.10", "router"),
    ("TJ1400P PTN Tejas Networks", "8255.1.2", "router"),
    ("Cradlepoint IBR600B", "20992.1.36", "router"),
    ("Pepwave MAX BR1", "27662.200", "router"),
]


@pytest.mark.parametrize(("description", "object_id", "role"), KINDS, ids=[kind[0][:60] for kind in KINDS])
def test_a_kind_is_told_by_its_words(description: str, object_id: str, role: str) -> None:
    found = profile_of(PROFILES, _E + object_id, description)
    assert found is not None
    assert found.role == role


MAKERS: dict[str, tuple[str, str, dict[str, Value], tuple[str | None, ...], dict[str, float]]] = {
    "teltonika of old": (
        "8072.3.2.10",
        "Linux Teltonika-RUT230 3.18.44 mips",
        {
            "48690.1.5.0": b"1101000001",
            "48690.1.7.0": b"RUT230",
            "48690.2.1.0": b"not inserted",
            "48690.2.4.0": b"-81",
            "48690.2.9.0": b"365",
            "48690.2.14.0": b"RUT2XX_R_00.01.13",
        },
        ("teltonika", "router", "Teltonika", "RUT230", "RUT2XX_R_00.01.13"),
        {"signal Mobile": -81, "temperature Modem": 36.5, "state SIM": 1},
    ),
    "teltonika of today": (
        "48690",
        "Linux RUT955 5.4",
        {
            "48690.1.1.0": b"1100000002",
            "48690.1.2.0": b"RUT955",
            "48690.1.6.0": b"RUT9_R_00.07.02",
            "48690.2.2.1.12.1": -67,
            "48690.2.2.1.15.1": b"Connected",
            "48690.2.2.1.17.1": 410,
            "48690.2.2.1.19.1": b"11.5",
        },
        ("teltonika", "router", "Teltonika", "RUT955", "RUT9_R_00.07.02"),
        {"signal Modem 1": -67, "temperature Modem 1": 41, "snr Modem 1": 11.5, "state Modem 1 connection": 0},
    ),
    "sinetica": (
        "13891.101",
        "Sinetica UPSController. Versions: App. 6.04.03,   OS 6.3,   Btldr 1.06,   H/w ZBBNC2 Rev 1",
        {
            "13891.101.2.1.0": 2,
            "13891.101.2.5.0": 2730,
            "13891.101.3.3.1.3.1": 2311,
            "13891.101.4.1.0": 5,
            "13891.101.4.4.1.5.1": 39,
        },
        ("ups", "ups", "Sinetica", "ZBBNC2", "6.04.03"),
        {"voltage Battery": 273, "voltage Input line 1": 231.1, "state Output source": 5, "load Output line 1": 39},
    ),
    "ict": (
        "39145.10",
        "ICT Distribution Panel",
        {
            "39145.10.1.0": b"ICT180S-12BRC",
            "39145.10.4.0": b"2.10",
            "39145.10.6.0": b"53.5",
            "39145.10.7.0": b"4.2",
            "39145.10.8.1.3.0": b"1.5",
            "39145.10.8.1.4.0": 2,
        },
        ("ict-panel", None, "ICT", "ICT180S-12BRC", "2.10"),
        {"voltage System": 53.5, "current System": 4.2, "current Output 0": 1.5, "state Fuse 0": 2},
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
async def test_who_it_is_and_what_it_feels(maker: str) -> None:
    object_id, description, rows, facts, felt = MAKERS[maker]
    device = await told(_E + object_id, description, rows)
    assert tuple(device.get(name) for name in ("profile", "role", "vendor", "model", "os_version")) == facts
    assert sensors(device).items() >= felt.items()


async def test_a_load_that_no_ups_can_have_is_absent() -> None:
    device = await told(f"{_E}534.1", "", {"1.3.6.1.2.1.33.1.4.1.0": 5, "1.3.6.1.2.1.33.1.4.4.1.5.1": 255})
    assert "load Output line 1" not in sensors(device)
    assert "load_percent" not in device["ups"]
