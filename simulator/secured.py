"""SNMPv3 messages (RFC 3412 section 6, RFC 3414 section 2.4), read and written by hand."""

from dataclasses import dataclass

from simulator import ber
from simulator.message import V3

AUTH, PRIV, REPORTABLE = 1, 2, 4  # msgFlags
_USM = 3  # msgSecurityModel
_NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Secured:
    """A v3 message with its USM parameters; `data` is an encrypted PDU or a plain scoped one's content."""

    number: int  # msgID
    largest: int  # msgMaxSize
    flags: int
    engine: bytes
    boots: int
    seconds: int
    user: bytes
    salt: bytes
    signature: bytes
    unsigned: bytes  # the whole message with zeros for the signature
    data: bytes


def is_v3(data: bytes) -> bool:
    """Whether this is a SEQUENCE that begins with the INTEGER 3; raises IndexError for less than that."""
    at = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    return data[at : at + 3] == b"\x02\x01\x03"


def parse(message: bytes) -> Secured:
    """Raises ValueError for anything that isn't a well-formed v3 message with USM parameters."""
    body, _, _ = _inside(message, 0, ber.SEQUENCE)
    version, at = ber.read_integer(message, body)
    header, _, after = _inside(message, at, ber.SEQUENCE)
    number, at = ber.read_integer(message, header)
    largest, at = ber.read_integer(message, at)
    flags, at = ber.read(message, at, ber.OCTETS)
    model, _ = ber.read_integer(message, at)
    if version != V3 or model != _USM or len(flags) != 1 or not 0 <= number <= _NUMBER_MAX or largest < 484:
        raise ValueError("not a message of SNMPv3 with USM")
    if flags[0] & (AUTH | PRIV) == PRIV:
        raise ValueError("privacy without authentication")  # RFC 3412 section 7.2
    parameters, _, after = _inside(message, after, ber.OCTETS)
    fields, _, _ = _inside(message, parameters, ber.SEQUENCE)
    engine, at = ber.read(message, fields, ber.OCTETS)
    boots, at = ber.read_integer(message, at)
    seconds, at = ber.read_integer(message, at)
    if min(boots, seconds) < 0:
        raise ValueError("a time before the first boot")
    user, at = ber.read(message, at, ber.OCTETS)
    signed, end, at = _inside(message, at, ber.OCTETS)
    salt, _ = ber.read(message, at, ber.OCTETS)
    data, _ = ber.read(message, after, ber.OCTETS if flags[0] & PRIV else ber.SEQUENCE)
    unsigned = message[:signed] + bytes(end - signed) + message[end:]
    return Secured(
        number, largest, flags[0], engine, boots, seconds, user, salt, message[signed:end], unsigned, data
    )  # fmt: skip


def _inside(data: bytes, at: int, tag: int) -> tuple[int, int, int]:
    """Start and end of the content of the element at `at`, and where the next one begins."""
    found, start, end = ber.read_header(data, at)
    if found != tag:
        raise ValueError(f"tag 0x{found:02x} where 0x{tag:02x} belongs")
    return start, end, end


def scoped(data: bytes) -> tuple[bytes, bytes, bytes]:
    """contextEngineID, contextName and PDU of a scoped PDU's content; raises ValueError for anything else."""
    engine, at = ber.read(data, 0, ber.OCTETS)
    name, at = ber.read(data, at, ber.OCTETS)
    _, _, end = ber.read_header(data, at)
    return engine, name, data[at:end]


def build(answered: Secured, flags: int, parameters: bytes, data: bytes) -> bytes:
    """A message in answer to another; `parameters` are USM's, `data` an encoded scoped or encrypted PDU."""
    header = ber.integer(answered.number) + ber.integer(0xFFE3) + ber.tlv(ber.OCTETS, bytes((flags,)))
    return ber.tlv(
        ber.SEQUENCE,
        ber.integer(V3)
        + ber.tlv(ber.SEQUENCE, header + ber.integer(_USM))
        + ber.tlv(ber.OCTETS, ber.tlv(ber.SEQUENCE, parameters))
        + data,
    )
