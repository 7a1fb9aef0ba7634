"""Whether a packet is a response as RFC 3416 and X.690 write it, before a library decodes it. Pure.

The libraries are more forgiving than SNMP may be: gufo wraps an object's name and a counter that are too long for
32 or 64 bits, takes the values of an answer that reports an error, and panics; pysnmp takes any PDU for an answer.
What a device sends otherwise than it should would so become a value of an object that it never spoke of.
"""

from typing import Final

INTEGER, OCTETS, NAME, SEQUENCE, _RESPONSE = 0x02, 0x04, 0x06, 0x30, 0xA2
_WHOLE: Final = frozenset({INTEGER, 0x41, 0x42, 0x43, 0x46})  # Counter32, Gauge32, TimeTicks, Counter64: RFC 2578
_OTHERS: Final = frozenset(
    {OCTETS, 0x05, 0x40, 0x44, 0x80, 0x81, 0x82}
)  # NULL, IpAddress, Opaque, three kinds of absence
_OPAQUE, _COUNTER64 = 0x44, 0x46
_IN_OPAQUE: Final = b"\x9f\x76"  # before the length of a Counter64 in one, as net-snmp writes it
_LENGTH_OCTETS = 4
_HIGHEST_ARC = (1 << 32) - 1  # RFC 2578 section 3.5
_WIDEST = 8  # octets of an integer; a Counter64 above 2^63 has a ninth, which is 0
SECURED = 3


class MalformedError(Exception):
    """The packet is no response; the text says why."""


def error_status(datagram: bytes) -> int:
    """The error-status of a response of SNMPv1 or SNMPv2c; 0 for SNMPv3, which may be encrypted. Raises MalformedError.

    Octets behind the message are no fault: some agents pad.
    """
    at, end = enter(datagram, 0, len(datagram), SEQUENCE)
    version, at = number(datagram, at, end)
    if version == SECURED:
        enter(datagram, at, end, SEQUENCE)
        return 0
    _, at = enter(datagram, at, end, OCTETS)
    at, end = enter(datagram, at, end, _RESPONSE)
    _, at = number(datagram, at, end)
    status, at = number(datagram, at, end)
    _, at = number(datagram, at, end)
    check_bindings(datagram, at, end)
    return status


def without_counter64(datagram: bytes) -> bytes:
    """A response of SNMPv1 in which each Counter64, which some agents tell there too, is wrapped in an Opaque, as net-snmp
    does it; others as they are.

    SNMPv1 has no such type (RFC 2576 section 4.1.2.1): a decoder would refuse the whole answer. Raises MalformedError.
    """
    start, end = enter(datagram, 0, len(datagram), SEQUENCE)
    version, at = number(datagram, start, end)
    if version or _COUNTER64 not in datagram:
        return datagram
    _, pdu = enter(datagram, at, end, OCTETS)
    first, end = enter(datagram, pdu, end, _RESPONSE)
    at = first
    for _ in ("request-id", "error-status", "error-index"):
        _, at = number(datagram, at, end)
    bindings = _written(SEQUENCE, _wrapped(datagram, *enter(datagram, at, end, SEQUENCE)))
    return _written(SEQUENCE, datagram[start:pdu] + _written(_RESPONSE, datagram[first:at] + bindings))


def _wrapped(octets: bytes, at: int, end: int) -> bytes:
    """The bindings between `at` and `end`."""
    told = bytearray()
    while at < end:
        first, after = enter(octets, at, end, SEQUENCE)
        _, value = enter(octets, first, after, NAME)
        if octets[value] == _COUNTER64:
            start, stop = enter(octets, value, after, _COUNTER64)
            wrapped = _written(_OPAQUE, _IN_OPAQUE + bytes([stop - start]) + octets[start:stop])
            told += _written(SEQUENCE, octets[first:value] + wrapped)
        else:
            told += octets[at:after]
        at = after
    return bytes(told)


def counter64_in(opaque: bytes) -> int | None:
    """The Counter64 that is wrapped in an Opaque of these octets; None where none is."""
    number = opaque.removeprefix(_IN_OPAQUE)
    fits = len(number) < len(opaque) and 0 < len(number) - 1 <= _WIDEST + 1 and number[0] == len(number) - 1
    return int.from_bytes(number[1:]) if fits else None


def _written(kind: int, octets: bytes) -> bytes:
    """X.690 section 8.1.3: a length below 128 is one octet."""
    size = len(octets)
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([kind, *([size] if size < 0x80 else [0x80 + len(length), *length])]) + octets


def check_bindings(octets: bytes, at: int, end: int) -> None:
    """Raise MalformedError where the list at `at` is none of objects and values that SNMP has."""
    at, end = enter(octets, at, end, SEQUENCE)
    while at < end:
        first, at = enter(octets, at, end, SEQUENCE)
        _binding(octets, first, at)


def message_number(datagram: bytes) -> int:
    """What ties an answer to its request: the request-id of SNMPv1 and SNMPv2c, the msgID of SNMPv3. Raises MalformedError."""
    at, end = enter(datagram, 0, len(datagram), SEQUENCE)
    version, at = number(datagram, at, end)
    if version == SECURED:
        at, end = enter(datagram, at, end, SEQUENCE)
    else:
        _, at = enter(datagram, at, end, OCTETS)
        _, at, end = header(datagram, at, end)
    found, _ = number(datagram, at, end)
    return found


def _binding(octets: bytes, at: int, end: int) -> None:
    first, at = enter(octets, at, end, NAME)
    if first == at:
        raise MalformedError("an object without a name")
    _name(octets, first, at)
    tag, first, at = header(octets, at, end)
    if tag in _WHOLE:
        _whole(octets, first, at)
    elif tag == NAME:
        _name(octets, first, at)
    elif tag not in _OTHERS:
        raise MalformedError(f"a value of type {tag:#04x}")
    if at != end:
        raise MalformedError("more than a value in a binding")


def header(octets: bytes, at: int, end: int) -> tuple[int, int, int]:
    """(tag, where the contents begin, where they end) of the value at `at`."""
    if at + 2 > end:
        raise MalformedError("cut off")
    size, start = octets[at + 1], at + 2
    if size >= 0x80:
        more = size & 0x7F
        if not 0 < more <= _LENGTH_OCTETS:
            raise MalformedError("a length of no definite form")
        size, start = int.from_bytes(octets[start : start + more]), start + more
    if start + size > end:
        raise MalformedError("a value longer than what holds it")
    return octets[at], start, start + size


def enter(octets: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """(where the contents begin, where they end) of the value at `at`, which must have this tag."""
    found, start, stop = header(octets, at, end)
    if found != tag:
        raise MalformedError(f"type {found:#04x} where {tag:#04x} belongs")
    return start, stop


def number(octets: bytes, at: int, end: int) -> tuple[int, int]:
    """(an INTEGER of 32 bits, where it ends)."""
    start, stop = enter(octets, at, end, INTEGER)
    value = int.from_bytes(octets[start:stop], signed=True)
    if start == stop or not -(1 << 31) <= value < 1 << 31:
        raise MalformedError("a number that isn't one of 32 bits")
    return value, stop


def _whole(octets: bytes, start: int, stop: int) -> None:
    size = stop - start
    if not size or size > _WIDEST + 1 or (size == _WIDEST + 1 and octets[start]):
        raise MalformedError("an integer that isn't one of 64 bits")


def _name(octets: bytes, start: int, stop: int) -> None:
    """Arcs of 32 bits each, the last one whole; an empty name is some agents' word for none."""
    if start == stop:
        return
    if octets[stop - 1] & 0x80:
        raise MalformedError("a name that breaks off")
    arc = 0
    for octet in octets[start:stop]:
        arc = arc << 7 | octet & 0x7F
        if arc > _HIGHEST_ARC:
            raise MalformedError("an arc of more than 32 bits")
        if octet < 0x80:
            arc = 0
