"""An SNMP agent that lies in every way a packet can: generated answers, seeded, none of which may be believed.

Everything here is encoded by hand, for pysnmp's encoder refuses to write most of it.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache

COMMUNITY = b"secret"
POISON = 66_066_066
"""What every lie says; no honest answer has it."""

COLUMN = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10)
_GET, _NEXT, _RESPONSE, _BULK = 0xA0, 0xA1, 0xA2, 0xA5
Oid = tuple[int, ...]
Row = tuple[Oid, int]


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, length and value (X.690)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def integer(value: int, tag: int = 0x02) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def arcs(oid: Oid) -> bytes:
    """The contents of an OBJECT IDENTIFIER; arcs may be longer than 32 bits."""
    content = bytearray((oid[0] * 40 + oid[1],))
    for arc in oid[2:]:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return bytes(content)


def binding(oid: Oid, value: bytes) -> bytes:
    return tlv(0x30, tlv(0x06, arcs(oid)) + value)


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    version: int
    kind: int
    request_id: int
    community: bytes
    oids: tuple[Oid, ...]
    repetitions: int


def parts(content: bytes) -> list[tuple[int, bytes]]:
    """The values that stand one after another in `content`."""
    found, at = [], 0
    while at < len(content):
        tag, size, at = content[at], content[at + 1], at + 2
        if size & 0x80:
            more = size & 0x7F
            size, at = int.from_bytes(content[at : at + more]), at + more
        found.append((tag, content[at : at + size]))
        at += size
    return found


def oid_of(content: bytes) -> Oid:
    found, arc = [content[0] // 40, content[0] % 40], 0
    for octet in content[1:]:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            found.append(arc)
            arc = 0
    return tuple(found)


def read(datagram: bytes) -> Asked:
    """A request of SNMPv1 or SNMPv2c that one of our backends sent."""
    ((_, message),) = parts(datagram)
    (_, version), (_, community), (kind, pdu) = parts(message)
    (_, number), _, (_, repetitions), (_, bindings) = parts(pdu)
    oids = tuple(oid_of(parts(each)[0][1]) for _, each in parts(bindings))
    more = int.from_bytes(repetitions) if kind == _BULK else 1
    return Asked(int.from_bytes(version), kind, int.from_bytes(number, signed=True), community, oids, more)


def response(asked: Asked, bindings: Sequence[bytes], **otherwise: int | bytes) -> bytes:
    """The answer to `asked`, but for what is said `otherwise`: version, community, kind, number, status, index."""
    number = otherwise.get("number", asked.request_id)
    pdu = (number if isinstance(number, bytes) else integer(number)) + b"".join(
        integer(int(otherwise.get(name, 0))) for name in ("status", "index")
    )
    community = otherwise.get("community", asked.community)
    return tlv(
        0x30,
        integer(int(otherwise.get("version", asked.version)))
        + tlv(0x04, community if isinstance(community, bytes) else b"")
        + tlv(int(otherwise.get("kind", _RESPONSE)), pdu + tlv(0x30, b"".join(bindings))),
    )


def poisoned(asked: Asked) -> list[bytes]:
    """What was asked for, with POISON for each value."""
    oids = asked.oids if asked.kind == _GET else [(*COLUMN, 1), (*COLUMN, 2)]
    return [binding(oid, integer(POISON)) for oid in oids]


Lie = Callable[[Asked, random.Random], bytes]


def _another_number(asked: Asked, luck: random.Random) -> bytes:
    others = (
        asked.request_id + luck.choice((-1, 1, 1 << 16, 1 << 20)),
        luck.randrange(-(1 << 31), 1 << 31),
        -asked.request_id,
        0,
        asked.request_id + (1 << 32),  # the same in 32 bits
        asked.request_id + (1 << 64),
        luck.getrandbits(200),
        b"",
        b"\x05\x00",
        b"\x04\x02no",
    )
    number = luck.choice(others)
    return response(asked, poisoned(asked), number=1 if number == asked.request_id else number)


def _another_community(asked: Asked, luck: random.Random) -> bytes:
    others = (b"", b"public", asked.community[:-1], asked.community + b"\0", asked.community.upper(), b"x" * 300)
    return response(asked, poisoned(asked), community=luck.choice(others))


def _another_version(asked: Asked, luck: random.Random) -> bytes:
    return response(asked, poisoned(asked), version=luck.choice((-1, 1 - asked.version, 3, 4, 127, 255, 1 << 31)))


def _another_kind(asked: Asked, luck: random.Random) -> bytes:
    """A request, a trap, a report, or no PDU at all, in place of a response."""
    return response(
        asked, poisoned(asked), kind=luck.choice((0xA0, 0xA1, 0xA3, 0xA5, 0xA6, 0xA7, 0xA8, 0xAF, 0x30, 0x04))
    )


def _cut(asked: Asked, luck: random.Random) -> bytes:
    whole = response(asked, poisoned(asked))
    return whole[: luck.randrange(1, len(whole))]


def _long_length(asked: Asked, luck: random.Random) -> bytes:
    """The outermost length says more than there is, is indefinite, or is no length."""
    whole = response(asked, poisoned(asked))
    start = 2 if whole[1] < 0x80 else 2 + (whole[1] & 0x7F)
    length = luck.choice(
        (b"\x84\x7f\xff\xff\xff", b"\x88" + b"\xff" * 8, b"\xff", b"\xfe" + b"\0" * 9, b"\x83\x01\x00\x00")
    )
    return whole[:1] + length + whole[start:]


def _nested(_: Asked, luck: random.Random) -> bytes:
    """Values within values, deeper than a decoder that calls itself can go."""
    return _deep(luck.choice((0x30, 0xA2, 0x24)), luck.choice((50, 400, 2000)))


@cache
def _deep(tag: int, times: int) -> bytes:
    content = b""
    for _ in range(times):
        content = tlv(tag, content)
    return content


def _nested_value(asked: Asked, luck: random.Random) -> bytes:
    return response(asked, [binding(oid, _nested(asked, luck)) for oid in asked.oids[:1]], number=asked.request_id ^ 1)


def _noise(_: Asked, luck: random.Random) -> bytes:
    return luck.randbytes(luck.choice((1, 2, 3, 7, 60, 600, 9000)))


def _run(_: Asked, luck: random.Random) -> bytes:
    """One octet many times over."""
    return bytes((luck.choice((0x00, 0x30, 0x80, 0xFF, 0x04, 0x1F)),)) * luck.choice((1, 2, 128, 1400, 30_000))


NO_ANSWERS: tuple[Lie, ...] = (
    _another_number, _another_community, _another_version, _another_kind, _cut, _long_length, _nested, _nested_value,
    _noise, _run,
)  # fmt: skip
"""None of these answers the request: the right answer may follow, and counts."""


def _other_objects(asked: Asked, luck: random.Random) -> bytes:
    def other(oid: Oid) -> Oid:
        return luck.choice((
            (*oid, 0), oid[:-1], (*oid[:-1], oid[-1] + 1000), (*oid[:-1], oid[-1] + (1 << 32)),
            (*oid[:-1], oid[-1] + (1 << 64)), (*oid[:5], oid[5] + 1, *oid[6:]), (0, 0), (2, 39, *oid[2:]),
        ))  # fmt: skip

    return response(asked, [binding(other(oid), integer(POISON)) for oid in asked.oids] * luck.choice((1, 1, 40)))


def _refusal(asked: Asked, luck: random.Random) -> bytes:
    status, index = luck.choice((1, 2, 3, 5, 13, 16, 18, 19, 255, -1, 1 << 31)), luck.choice((0, 1, 2, 99, -1, 1 << 33))
    return response(asked, [binding(oid, integer(POISON)) for oid in asked.oids], status=status, index=index)


def _no_values(asked: Asked, luck: random.Random) -> bytes:
    """Values of no type, or that none of SNMP's types may have."""
    values = (
        b"\x05\x00", b"\x80\x00", b"\x81\x00", b"\x82\x00", b"\x02\x00", b"\x41\x00", b"\x46\x0b" + b"\x01" * 11,
        b"\x09\x03\x80\xfb\x05", b"\x1f\x82\x01\x00", b"\x40\x03\x01\x02\x03", b"\x06\x01\x80", b"\x06\x00", b"\x30\x00",
        b"\x24\x80\x04\x01x\x00\x00", b"\x44\x07\x9f\x78\x04\x7f\xc0\x00\x00", b"\x47\x01\x01", b"",
    )  # fmt: skip
    return response(asked, [binding(oid, luck.choice(values)) for oid in asked.oids])


def _nothing(asked: Asked, luck: random.Random) -> bytes:
    return response(asked, luck.choice(([], [b"\x30\x00"], [b"\x05\x00"], [tlv(0x30, tlv(0x06, b"") + b"\x05\x00")])))


BAD_ANSWERS: tuple[Lie, ...] = (_other_objects, _refusal, _no_values, _nothing)
"""These do answer the request, with nothing that may be kept as a number."""


def mangled(octets: bytes, luck: random.Random) -> bytes:
    """`octets` with a few of them changed, cut off or put in."""
    changed = bytearray(octets)
    for _ in range(luck.randint(1, 4)):
        place = luck.randrange(len(changed))
        match luck.randrange(4):
            case 0:
                changed[place:place] = luck.randbytes(luck.randint(1, 5))
            case 1:
                del changed[place + 1 :]
            case _:
                changed[place] = luck.randrange(256)
    return bytes(changed)


def honestly(asked: Asked, luck: random.Random) -> bytes:
    """Stands for the honest answer, mangled: nobody can see that a value was changed."""
    raise NotImplementedError


Table = Callable[[int], int | None]
"""The last arc of the row that an agent says to follow the one with this last arc; None: there is none."""


def ends_at(rows: int) -> Table:
    return lambda last: last + 1 if last < rows else None


def circle(period: int) -> Table:
    """The same object for ever, A-B-A, and longer ones."""
    return lambda last: last % period + 1


def backwards(last: int) -> int:
    return max(0, 1000 - last)


SHORT = ends_at(7)
LOOPS: tuple[Table, ...] = (circle(1), circle(2), circle(3), circle(40), backwards)
ENDLESS: tuple[Table, ...] = (ends_at(1 << 31), ends_at(1_000_000))


@dataclass
class Hostile(asyncio.DatagramProtocol):
    """Tells lies before each of its honest answers; those come again later.

    An honest value of a GET is 1000 x the number of the request that asked for it, plus the object's last arc: so one
    that is out of date can be told. A row of the table is its own number.
    """

    luck: random.Random
    lies: Sequence[Lie] = ()
    burst: int = 30
    follows: Table = SHORT
    sent: int = 0  # packets that aren't the honest answer to a request
    asked: int = 0
    strangers: list[asyncio.DatagramTransport] = field(default_factory=list)
    transport: asyncio.DatagramTransport = field(init=False)
    port: int = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # asyncio's own stub
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = read(data)
        self.asked += 1
        good = response(asked, [binding(oid, integer(value)) for oid, value in self.answer(asked)])
        if self.lies:
            for _ in range(self.burst):
                self._lie(asked, good, addr)
        self._send(good, addr)
        later = self.luck.choice((0.0, 0.003, 0.05))  # into the time of a later request
        asyncio.get_running_loop().call_later(later, self._send, good, addr)
        self.sent += 1 if self.follows not in ENDLESS and self.follows not in LOOPS else 2

    def answer(self, asked: Asked) -> list[Row]:
        if asked.kind == _GET:
            return [(oid, self.asked * 1000 + oid[-1]) for oid in asked.oids]
        rows: list[Row] = []
        last: int | None = asked.oids[0][len(COLUMN)] if len(asked.oids[0]) > len(COLUMN) else 0
        while last is not None and len(rows) < asked.repetitions:
            last = self.follows(last)
            rows.append(((*COLUMN, last), last) if last is not None else ((*COLUMN[:-1], COLUMN[-1] + 1, 1), POISON))
        return rows

    def _lie(self, asked: Asked, good: bytes, addr: tuple[str, int]) -> None:
        """One lie; now and then what would be an answer comes from somewhere else."""
        self.sent += 1
        if self.lies is NO_ANSWERS and self.luck.random() < 0.1:
            self.luck.choice(self.strangers).sendto(response(asked, poisoned(asked)), addr)
            return
        lie = self.luck.choice(self.lies)
        self._send(mangled(good, self.luck) if lie is honestly else lie(asked, self.luck), addr)

    def _send(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(data, addr)


@asynccontextmanager
async def hostile(agent: Hostile) -> AsyncIterator[Hostile]:
    """`agent` at a port of 127.0.0.1, its strangers at another and at the same one of 127.0.0.2."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: agent, local_addr=("127.0.0.1", 0))
    for address in (("127.0.0.1", 0), ("127.0.0.2", agent.port)):
        stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=address)
        agent.strangers.append(stranger)
    try:
        yield agent
    finally:
        for each in (transport, *agent.strangers):
            each.close()
