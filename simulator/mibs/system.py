"""SNMPv2-MIB's system group (RFC 3418), with what each kind of device says of itself."""

from functools import cache

from simulator import ber
from simulator.boxes import Box, draw
from simulator.mibs.values import columns, number
from simulator.view import Column

_HUAWEI_ROUTER = (
    "Huawei AR2220E Huawei Versatile Routing Platform Software VRP (R) software,"
    "Version 5.170 (AR2200 V200R009C00SPC500) Copyright (C) 2011-2018 Huawei Technologies Co., Ltd"
)
_WINDOWS = (
    "Hardware: Intel64 Family 6 Model 158 Stepping 10 AT/AT COMPATIBLE - "
    "Software: Windows Version 6.3 (Build 19045 Multiprocessor Free)"
)
_RADIOS = {"mikrotik": "mikrotik", "cambium": "epmp"}
_LINUX_SHARE = 0.2  # of the kendras' PCs
# role or manufacturer -> sysDescr, sysObjectID, sysServices
_SAYS = {
    "huawei router": (_HUAWEI_ROUTER, "1.3.6.1.4.1.2011.2.224.279", 78),
    "mikrotik router": ("RouterOS CCR2004-1G-12S+2XS", "1.3.6.1.4.1.14988.1", 78),
    "switch": ("Huawei S5735-L24T4S-A Huawei Versatile Routing Platform Software", "1.3.6.1.4.1.2011.2.23.755", 6),
    "olt": ("Huawei Integrated Access Software", "1.3.6.1.4.1.2011.2.123", 78),
    "ont": ("Huawei EchoLife ONT", "1.3.6.1.4.1.2011.2.80.8", 2),
    "airos radio": ("Linux 2.6.33 #1 mips", "1.3.6.1.4.1.10002.1", 72),
    "mikrotik radio": ("RouterOS LHG 5 ac", "1.3.6.1.4.1.14988.1", 78),
    "epmp radio": ("Cambium ePMP Force 200", "1.3.6.1.4.1.17713.21", 72),
    "ups": ("UPS network card, UPS-MIB agent V2.11", "1.3.6.1.2.1.33", 72),
    "solar": ("Linux solar-gateway 4.14.180 #0 mips", "1.3.6.1.4.1.8072.3.2.10", 72),
    "windows pc": (_WINDOWS, "1.3.6.1.4.1.311.1.1.3.1.1", 76),
    "linux pc": ("Linux {name} 6.1.0-25-amd64 #1 SMP Debian 6.1.106-3 x86_64", "1.3.6.1.4.1.8072.3.2.10", 72),
    "printer": ("HP ETHERNET MULTI-ENVIRONMENT,PID:HP LaserJet Pro M404dn", "1.3.6.1.4.1.11.2.3.9.1", 64),
    "camera": ("Linux camera 4.9.37 #1 armv7l", "1.3.6.1.4.1.39165.1", 72),
    "biometric": ("Linux terminal 3.10.14 #1 armv7l", "1.3.6.1.4.1.8072.3.2.10", 72),
}


def model_of(box: Box) -> str:
    """The key of `_SAYS` for this device."""
    role = str(box.device.role)
    if role == "router":
        return "mikrotik router" if box.device.manufacturer.lower() == "mikrotik" else "huawei router"
    if role == "radio":
        return f"{_RADIOS.get(box.device.manufacturer.lower(), 'airos')} radio"
    if role == "pc":
        linux = "linux" in box.device.device_type.lower() or draw(box.device.name, "os") < _LINUX_SHARE
        return "linux pc" if linux else "windows pc"
    return role


@cache
def _object_id(dotted: str) -> bytes:
    return ber.object_id(ber.parse_oid(dotted))


def _descr(box: Box) -> bytes:
    return ber.text(_SAYS[model_of(box)][0].replace("{name}", box.device.name))


SYSTEM: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.1",
    {
        1: _descr,
        2: lambda box: _object_id(_SAYS[model_of(box)][1]),
        3: lambda box: box.uptime(),
        4: lambda _: ber.text("noc@example.org"),
        5: lambda box: ber.text(box.device.name),
        6: lambda box: ber.text(box.site.names.en[:255]),
        7: lambda box: number(_SAYS[model_of(box)][2]),
    },
)
