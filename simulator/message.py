"""SNMP v1 and v2c messages (RFC 1157, 1901) and the PDUs of all versions (RFC 3416), by hand.

A request is keyed by its octets without the request-id: polls of the same objects are one key.
"""

from dataclasses import dataclass
from enum import IntEnum

from simulator import ber
from simulator.ber import Oid


class Pdu(IntEnum):
    GET = 0xA0
    GETNEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GETBULK = 0xA5
    REPORT = 0xA8


class Error(IntEnum):
    """error-status (RFC 3416 section 3)."""

    NONE = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17


V1, V2C, V3 = 0, 1, 3


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What was asked, but for the request-id. Compared by identity: one object for one key.

    For GETBULK `first` is non-repeaters and `second` max-repetitions (negative ones count as 0).
    In v3 the community is empty and the whole is the PDU alone.
    """

    version: int
    community: bytes
    pdu: Pdu
    id_octets: int
    first: int
    second: int
    oids: tuple[Oid, ...]
    varbinds: bytes  # as received: an error answer repeats them
    largest: int = 0  # octets that the asker of a v3 PDU takes; 0: as many as a datagram holds


def locate_id(data: bytes) -> tuple[int, int]:
    """Start and end of the request-id's content octets, assuming a well-formed header.

    Of anything else it returns some positions or raises IndexError; `parse` decides.
    """
    at = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    at += 3  # version
    at += 2 + data[at + 1]  # community
    at += 2 if data[at + 1] < 0x80 else 2 + (data[at + 1] & 0x7F)
    return at + 2, at + 2 + data[at + 1]


def locate_pdu_id(pdu: bytes) -> tuple[int, int]:
    """The same of a PDU alone, as v3 has it."""
    at = 2 if pdu[1] < 0x80 else 2 + (pdu[1] & 0x7F)
    return at + 2, at + 2 + pdu[at + 1]


def parse(data: bytes) -> Request:
    """The request in one datagram; raises ValueError for what isn't a v1 or v2c request."""
    body, _ = ber.read(data, 0, ber.SEQUENCE)
    version, at = ber.read_integer(body, 0)
    if version not in {V1, V2C}:
        raise ValueError(f"version {version}")
    community, at = ber.read(body, at, ber.OCTETS)
    if len(community) > 0x7F:
        raise ValueError("community too long")  # `locate_id` relies on a short one
    return parse_pdu(body[at:], version, community)


def parse_pdu(data: bytes, version: int, community: bytes = b"", largest: int = 0) -> Request:
    """The request in one PDU; raises ValueError for what isn't one."""
    tag, start, end = ber.read_header(data, 0)
    pdu, body = Pdu(tag), data[start:end]
    if pdu in {Pdu.RESPONSE, Pdu.REPORT} or (pdu is Pdu.GETBULK and version == V1):
        raise ValueError(f"no request: {pdu!r}")
    identifier, at = ber.read(body, 0, ber.INTEGER)
    if not 1 <= len(identifier) <= 5:
        raise ValueError("bad request-id")
    first, at = ber.read_integer(body, at)
    second, at = ber.read_integer(body, at)
    varbinds, _ = ber.read(body, at, ber.SEQUENCE)
    return Request(
        version, community, pdu, len(identifier), max(first, 0), max(second, 0), _parse_varbinds(varbinds), varbinds,
        largest,
    )  # fmt: skip


def _parse_varbinds(data: bytes) -> tuple[Oid, ...]:
    oids, at = [], 0
    while at < len(data):
        varbind, at = ber.read(data, at, ber.SEQUENCE)
        name, _ = ber.read(varbind, 0, ber.OBJECT_ID)
        oids.append(ber.read_oid(name))
    return tuple(oids)


def frame(request: Request, status: Error, index: int, varbinds: bytes) -> tuple[bytes, int, int]:
    """A whole response with zeros for the request-id, where the request-id goes, where varbinds begin.

    In v3 a bare PDU: its message is signed, so none can be kept whole.
    """
    identifier = ber.tlv(ber.INTEGER, bytes(request.id_octets))
    fixed = identifier + ber.integer(status) + ber.integer(index)
    pdu = ber.tlv(Pdu.RESPONSE, fixed + ber.tlv(ber.SEQUENCE, varbinds))
    head = ber.integer(request.version) + ber.tlv(ber.OCTETS, request.community)
    whole = pdu if request.version == V3 else ber.tlv(ber.SEQUENCE, head + pdu)
    start = len(whole) - len(varbinds)
    at_id = start - len(ber.tlv(ber.SEQUENCE, varbinds)) + len(varbinds) - len(fixed) + 2
    return whole, at_id, start
