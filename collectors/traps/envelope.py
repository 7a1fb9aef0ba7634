"""What a notification says of itself before anything is decoded or believed. Pure."""

import socket
from typing import NamedTuple

from collectors.snmp.shape import (
    NAME,
    OCTETS,
    SECURED,
    SEQUENCE,
    MalformedError,
    check_bindings,
    enter,
    header,
    number,
)

_V1, _V2C = 0, 1
_TRAP_V1, _INFORM, _TRAP = 0xA4, 0xA6, 0xA7  # RFC 3416 section 3, RFC 1157 section 4.1.6
_IP_ADDRESS, _TIMETICKS = 0x40, 0x43


class Envelope(NamedTuple):
    """`agent`: a v1 trap's own word for who sent it, dotted; `engine`: the authoritative one of SNMPv3."""

    version: int  # 0, 1 or 3, as on the wire
    community: bytes = b""
    agent: str = ""
    engine: bytes = b""


def envelope(datagram: bytes) -> Envelope:
    """Of a trap, an inform, or any message of SNMPv3, which may be encrypted. Raises MalformedError for others."""
    at, end = enter(datagram, 0, len(datagram), SEQUENCE)
    version, at = number(datagram, at, end)
    if version == SECURED:
        return Envelope(version, engine=_engine(datagram, at, end))
    first, at = enter(datagram, at, end, OCTETS)
    community = datagram[first:at]
    kind, at, end = header(datagram, at, end)
    if version == _V1 and kind == _TRAP_V1:
        return Envelope(version, community, _agent(datagram, at, end))
    if version != _V2C or kind not in (_TRAP, _INFORM):
        raise MalformedError("no notification")
    for _ in range(3):  # request-id, error-status, error-index
        _, at = number(datagram, at, end)
    check_bindings(datagram, at, end)
    return Envelope(version, community)


def _agent(octets: bytes, at: int, end: int) -> str:
    _, at = enter(octets, at, end, NAME)
    first, at = enter(octets, at, end, _IP_ADDRESS)
    if at - first != 4:
        raise MalformedError("an address that isn't one of IPv4")
    agent = socket.inet_ntoa(octets[first:at])
    for _ in range(2):  # generic-trap, specific-trap
        _, at = number(octets, at, end)
    _, at = enter(octets, at, end, _TIMETICKS)
    check_bindings(octets, at, end)
    return agent


def _engine(octets: bytes, at: int, end: int) -> bytes:
    """msgAuthoritativeEngineID (RFC 3414 section 2.4)."""
    _, at = enter(octets, at, end, SEQUENCE)
    at, end = enter(octets, at, end, OCTETS)
    at, end = enter(octets, at, end, SEQUENCE)
    first, at = enter(octets, at, end, OCTETS)
    return octets[first:at]
