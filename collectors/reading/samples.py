"""From a reading's interfaces to samples by metric. Pure."""

from collections.abc import Mapping

from collectors.reading.interfaces import ADMIN, OPER
from collectors.reading.model import Interface, Reading

_COUNTERS = {
    "ifHCInOctets": "in_octets",
    "ifHCOutOctets": "out_octets",
    "ifInErrors": "in_errors",
    "ifOutErrors": "out_errors",
    "ifInDiscards": "in_discards",
    "ifOutDiscards": "out_discards",
    "ifSpeed": "speed_bps",
}
_ADMIN, _OPER = ({name: number for number, name in names.items()} for names in (ADMIN, OPER))


def samples_of(reading: Reading) -> dict[str, dict[str, int | float]]:
    """Metric -> instance -> value of what is in `reading` for every kind of device."""
    found: dict[str, dict[str, int | float]] = {}
    if reading.system and reading.system.uptime_s is not None:
        found["sysUpTime"] = {"": reading.system.uptime_s}
    for interface in reading.interfaces or ():
        for metric, value in _port(interface).items():
            if value is not None:
                found.setdefault(metric, {})[interface.name] = value
    return found


def _port(interface: Interface) -> Mapping[str, int | None]:
    return {
        "ifAdminStatus": _ADMIN.get(interface.admin or ""),
        "ifOperStatus": _OPER.get(interface.oper or ""),
        **{metric: getattr(interface, name) for metric, name in _COUNTERS.items()},
    }
