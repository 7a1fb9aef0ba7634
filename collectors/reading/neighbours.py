"""LLDP-MIB (IEEE 802.1AB) and CISCO-CDP-MIB: who is at the other end. Pure."""

from collections.abc import Iterator

from collectors.instances import Walked
from collectors.reading.model import Neighbour
from collectors.snmp.backend import Value
from collectors.text import text

_REMOTE, _LOCAL = "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.3.7.1"
_CHASSIS_KIND, _CHASSIS, _PORT_KIND, _PORT, _SYSTEM = (f"{_REMOTE}.{column}" for column in (4, 5, 6, 7, 9))
_LOCAL_PORT = f"{_LOCAL}.3"

LLDP = (_CHASSIS_KIND, _CHASSIS, _PORT_KIND, _PORT, _SYSTEM, _LOCAL_PORT)
_CDP = "1.3.6.1.4.1.9.9.23.1.2.1.1"
_CDP_DEVICE, _CDP_PORT = f"{_CDP}.6", f"{_CDP}.7"
_IF_NAME, _IF_DESCR = "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.2.2.1.2"
CDP = (_CDP_DEVICE, _CDP_PORT)
"""cdpCacheDeviceId and cdpCacheDevicePort, indexed by ifIndex . number."""
_CHASSIS_MAC, _PORT_MAC = 4, 3  # LldpChassisIdSubtype, LldpPortIdSubtype


def neighbours(walked: Walked) -> tuple[Neighbour, ...]:
    """Those that LLDP tells, and of CDP's the ones that LLDP doesn't."""
    told = tuple(_by_lldp(walked))
    names = {neighbour.system_name for neighbour in told}
    return (*told, *(neighbour for neighbour in _by_cdp(walked) if neighbour.system_name not in names))


def _by_cdp(walked: Walked) -> Iterator[Neighbour]:
    for index, device in walked.get(_CDP_DEVICE, {}).items():
        port = index.partition(".")[0]
        local = (_identifier(walked.get(column, {}).get(port), mac=False) for column in (_IF_NAME, _IF_DESCR))
        yield Neighbour(
            local_port=next(filter(None, local), port),
            port_id=_identifier(walked.get(_CDP_PORT, {}).get(index), mac=False),
            system_name=_identifier(device, mac=True),
        )


def _by_lldp(walked: Walked) -> Iterator[Neighbour]:
    """A row for each neighbour; its index is time mark . local port . number."""
    indices = dict.fromkeys(index for column in (_CHASSIS, _PORT, _SYSTEM) for index in walked.get(column, {}))
    yield from (_neighbour(index, walked) for index in indices)


def _neighbour(index: str, walked: Walked) -> Neighbour:
    def raw(column: str) -> Value | None:
        return walked.get(column, {}).get(index)

    return Neighbour(
        local_port=_local_port(index, walked),
        chassis_id=_identifier(raw(_CHASSIS), raw(_CHASSIS_KIND) == _CHASSIS_MAC),
        port_id=_identifier(raw(_PORT), raw(_PORT_KIND) == _PORT_MAC),
        system_name=_identifier(raw(_SYSTEM), mac=False),
    )


def _local_port(index: str, walked: Walked) -> str | None:
    """The local port's own identifier, else its number; some agents leave it out of the index."""
    arcs = index.split(".")
    if len(arcs) != 3:
        return None
    return _identifier(walked.get(_LOCAL_PORT, {}).get(arcs[1]), mac=False) or arcs[1]


def _identifier(value: Value | None, mac: bool) -> str | None:
    if not isinstance(value, bytes) or not value:
        return None
    return value.hex(":") if mac and len(value) == 6 else text(value) or None
