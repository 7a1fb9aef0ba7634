"""One device, as discovery sees it: what it is, whom it names as its neighbours, and which addresses it knows."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.discovery.stations import BY_VLAN, COLUMNS, PLAIN, arp, heard, own
from collectors.instances import Walked
from collectors.model import Failure
from collectors.plan import IF_NAME
from collectors.profile import Profile
from collectors.read import walk_columns
from collectors.reading.model import Neighbour
from collectors.reading.neighbours import CDP, LLDP, neighbours
from collectors.recognise import IF_DESCR, gentle, recognise
from collectors.snmp.backend import SnmpBackend, Target, Value

_CHASSIS = "1.0.8802.1.1.2.1.3.2"  # LLDP-MIB::lldpLocChassisId
_LLDP_ADDRESS = "1.0.8802.1.1.2.1.4.2.1.3"  # lldpRemManAddrIfSubtype, whose index ends with the address
_CDP_ADDRESS = "1.3.6.1.4.1.9.9.23.1.2.1.1.4"  # CISCO-CDP-MIB::cdpCacheAddress
_OWN = "1.3.6.1.2.1.4.20.1.1"  # IP-MIB::ipAdEntAddr
_WANTED = (*LLDP, *CDP, IF_NAME, IF_DESCR, _CHASSIS, _LLDP_ADDRESS, _CDP_ADDRESS, _OWN, *COLUMNS, BY_VLAN)
_IPV4 = 1  # IANA's address family, in the index of _LLDP_ADDRESS


@dataclass(frozen=True, slots=True)
class Seen:
    """`hints`: addresses that it told, by how it knows them: lldp, cdp or arp. `chassis` as neighbours call it.

    `own`: addresses of its own ports, `macs` their MACs and which port bears them. `arp`: (address, MAC) of whom it
    has talked to; `heard`: (port, MACs) of its forwarding tables: stations.py.
    """

    address: str
    name: str
    description: str
    object_id: str
    profile: str
    role: str
    chassis: str = ""
    neighbours: tuple[Neighbour, ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    own: tuple[str, ...] = ()
    macs: tuple[tuple[bytes, str], ...] = ()
    arp: tuple[tuple[str, bytes], ...] = ()
    heard: tuple[tuple[str, bytes], ...] = ()


async def look(backend: SnmpBackend, target: Target, catalogue: Mapping[str, Profile]) -> Seen | Failure:
    """Recognise a device and read its neighbours; what it doesn't tell of these is left out."""
    found = await recognise(backend, target, catalogue)
    if isinstance(found, Failure):
        return found
    walked = await _walked(backend, gentle(target, found.profile))
    return Seen(
        address=target.address,
        name=found.system.name,
        description=found.system.description,
        object_id=found.system.object_id,
        profile=found.profile.name,
        role=found.profile.role,
        chassis=next((_chassis(value) for value in walked.get(_CHASSIS, {}).values()), ""),
        neighbours=neighbours(walked),
        hints=tuple(dict.fromkeys(hints(walked))),
        own=tuple(value for value in walked.get(_OWN, {}).values() if isinstance(value, str)),
        macs=own(walked),
        arp=tuple(dict.fromkeys(arp(walked))),
        heard=heard(walked),
    )


async def _walked(backend: SnmpBackend, target: Target) -> Walked:
    """The table by VLAN holds what the plain one does: this one is for bridges that have no other.

    A table that is longer than a walk may be is left out whole: half of one proves nothing.
    """
    walked, _ = await walk_columns(backend, target, _WANTED)
    more, _ = await walk_columns(backend, target, () if walked.get(BY_VLAN) else (PLAIN,))
    return {**walked, **more}


def hints(walked: Walked) -> Iterator[tuple[str, str]]:
    """(how it is known, IPv4 address) of each address that the columns hold."""
    for index in walked.get(_LLDP_ADDRESS, {}):
        arcs = index.split(".")  # time mark, local port, number, family, length, address
        if arcs[3:5] == [str(_IPV4), "4"]:
            yield "lldp", ".".join(arcs[5:9])
    for value in walked.get(_CDP_ADDRESS, {}).values():
        if isinstance(value, bytes) and len(value) == 4:
            yield "cdp", socket.inet_ntoa(value)
    for address, _ in arp(walked):
        yield "arp", address


def _chassis(value: Value) -> str:
    return value.hex(":") if isinstance(value, bytes) and len(value) == 6 else _plain(value)


def _plain(value: Value) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
