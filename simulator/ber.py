"""The part of the Basic Encoding Rules (X.690) that SNMP uses (RFC 3417 section 8)."""

from functools import lru_cache

Oid = tuple[int, ...]

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIMETICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46  # RFC 2578

NULL_VALUE = b"\x05\x00"
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = b"\x80\x00", b"\x81\x00", b"\x82\x00"  # RFC 3416


def length(count: int) -> bytes:
    """The length octets for a content of `count` octets, in their shortest form."""
    if count < 0x80:
        return bytes((count,))
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:  # nearly all of them
        return bytes((tag, len(content))) + content
    return bytes((tag,)) + length(len(content)) + content


def width(value: int) -> int:
    """Octets of the shortest two's complement form of `value`."""
    return (value if value >= 0 else ~value).bit_length() // 8 + 1


def integer(value: int, tag: int = INTEGER) -> bytes:
    """INTEGER and the unsigned types, which have the same content octets."""
    return tlv(tag, value.to_bytes(width(value), "big", signed=True))


def text(value: str) -> bytes:
    return tlv(OCTETS, value.encode())


@lru_cache(maxsize=1 << 14)  # the same objects are told of by every device
def oid_content(oid: Oid) -> bytes:
    """Content octets of an OBJECT IDENTIFIER of at least two arcs; raises ValueError otherwise."""
    if len(oid) < 2:
        raise ValueError(f"an object identifier has two arcs or more: {oid}")
    arcs = (oid[0] * 40 + oid[1], *oid[2:])
    if max(arcs) < 0x80:
        return bytes(arcs)
    return b"".join(map(_arc, arcs))


@lru_cache(maxsize=1 << 14)
def object_id(oid: Oid) -> bytes:
    return tlv(OBJECT_ID, oid_content(oid))


def _arc(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(value & 0x7F | 0x80)
    return bytes(reversed(octets))


def read_header(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of the element at `at`.

    Raises ValueError where it doesn't fit into `data` or its length is indefinite.
    """
    if at + 2 > len(data):
        raise ValueError("cut off inside a header")
    tag, count, start = data[at], data[at + 1], at + 2
    if count & 0x80:
        octets = count & 0x7F
        if not 1 <= octets <= 4 or start + octets > len(data):
            raise ValueError("bad length")
        count, start = int.from_bytes(data[start : start + octets], "big"), start + octets
    if start + count > len(data):
        raise ValueError("longer than the datagram")
    return tag, start, start + count


def read(data: bytes, at: int, tag: int) -> tuple[bytes, int]:
    """Content of the element at `at`, which must have `tag`, and where the next one begins."""
    found, start, end = read_header(data, at)
    if found != tag:
        raise ValueError(f"tag 0x{found:02x} where 0x{tag:02x} belongs")
    return data[start:end], end


def read_integer(data: bytes, at: int) -> tuple[int, int]:
    content, end = read(data, at, INTEGER)
    if not content or len(content) > 5:
        raise ValueError("bad integer")
    return int.from_bytes(content, "big", signed=True), end


def read_oid(content: bytes) -> Oid:
    """Arcs of an OBJECT IDENTIFIER's content; raises ValueError for a cut off or empty one."""
    if not content or content[-1] & 0x80:
        raise ValueError("bad object identifier")
    arcs = tuple(content) if content.isascii() else _read_arcs(content)
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - first * 40, *arcs[1:])


def _read_arcs(content: bytes) -> tuple[int, ...]:
    arcs, arc = [], 0
    for octet in content:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    return tuple(arcs)


def parse_oid(dotted: str) -> Oid:
    """Arcs of `1.3.6.1...`; raises ValueError for anything else."""
    return tuple(map(int, dotted.split(".")))
