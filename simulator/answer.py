"""From a request to an encoded answer that can be given again with little work.

An Answer keeps the encoded response in pieces, cut where its request-id and its moving numbers
lie; giving it again fills these in and joins. Where a number outgrew its octets, all is encoded anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from simulator import ber, message
from simulator.ber import Oid
from simulator.message import Error, Pdu, Request
from simulator.traffic import Line, Moment
from simulator.view import Cell, Moving, View

MOST_REPETITIONS = 1000
_ID = 1
_SPARE = 64  # octets of a response outside its varbinds and community


class _Gap(NamedTuple):
    """The piece that a Line fills, the values that have just so many octets, and the line."""

    place: int
    octets: int
    low: int
    high: int
    level: int
    scale: float
    start: float
    base: float


class Kept(NamedTuple):
    """An answer without calls: octets with zeros in its holes, where its request-id ends, and its numbers.

    Of each: where it ends, how many octets it takes (9: five of an unsigned 32-bit number), level, scale, start, base.
    """

    octets: bytes
    id_end: int
    lines: Sequence[tuple[int, int, int, float, float, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    pieces: list[bytes]  # the one at _ID is the request-id's
    lines: tuple[_Gap, ...]
    others: tuple[tuple[int, int, Moving], ...]  # piece, octets, what goes there

    def give(self, identifier: bytes, at: Moment) -> bytes | None:
        """The response to the request with this request-id; None where a number no longer fits."""
        out, levels = self.pieces.copy(), at.levels
        out[_ID] = identifier
        # Written out without calls: this loop is most of what an answer costs.
        for place, octets, low, high, level, scale, start, base in self.lines:
            value = int(base + scale * (levels[level] - start))
            if not low <= value < high:
                return None
            out[place] = value.to_bytes(octets, "big")
        for place, octets, moving in self.others:
            value = moving.read(at)
            if ber.width(value) != octets:
                return None
            out[place] = value.to_bytes(octets, "big", signed=True)
        return b"".join(out)

    def kept(self, id_octets: int) -> Kept | None:
        """None where it isn't of numbers that grow by themselves, two at least: a poll's answer is."""
        if self.others or len(self.lines) < 2 or any(gap.octets > 8 for gap in self.lines):
            return None
        out = self.pieces.copy()
        out[_ID] = bytes(id_octets)
        for gap in self.lines:
            out[gap.place] = bytes(gap.octets)
        ends = list(accumulate(map(len, out)))
        lines = [
            (ends[gap.place], 9 if gap.octets == 5 and gap.high == 2**32 else gap.octets, gap.level, *gap[5:])
            for gap in self.lines
        ]
        return Kept(b"".join(out), ends[_ID], lines)


def prepare(request: Request, view: View, at: Moment, largest: int) -> Answer:
    """The answer to `request`, of at most `largest` octets (a GETBULK's is cut, others are tooBig)."""
    if request.pdu is Pdu.SET:
        status = Error.NO_SUCH_NAME if request.version == message.V1 else Error.NOT_WRITABLE
        return _refuse(request, status, 1 if request.oids else 0)
    room = largest - _SPARE - len(request.community)
    if request.pdu is Pdu.GETBULK:
        return _encode(request, _up_to(room, _bulk(request, view)), at)
    found = list(_get(request, view) if request.pdu is Pdu.GET else _next(request, view))
    if request.version == message.V1:
        for index, (_, cell) in enumerate(found, start=1):
            if _is_missing(cell) or _is_counter64(cell):
                return _refuse(request, Error.NO_SUCH_NAME, index)
    if sum(_octets(oid, cell) for oid, cell in found) > room:
        return _refuse(request, Error.TOO_BIG, 0)
    return _encode(request, found, at)


def _get(request: Request, view: View) -> Iterator[tuple[Oid, Cell]]:
    return ((oid, view.get(oid)) for oid in request.oids)


def _next(request: Request, view: View) -> Iterator[tuple[Oid, Cell]]:
    return (_after(request, view, oid) for oid in request.oids)


def _after(request: Request, view: View, oid: Oid) -> tuple[Oid, Cell]:
    # A v1 manager doesn't know Counter64: RFC 3584 section 4.2.2.1 has the agent step over it.
    v1 = request.version == message.V1
    found = (each for each in view.follow(oid) if not (v1 and _is_counter64(each[1])))
    return next(found, (oid, ber.END_OF_MIB_VIEW))


def _bulk(request: Request, view: View) -> Iterator[tuple[Oid, Cell]]:
    for oid in request.oids[: request.first]:
        yield _after(request, view, oid)
    columns = [_without_end(view, oid) for oid in request.oids[request.first :]]
    for _ in range(min(request.second, MOST_REPETITIONS) if columns else 0):
        row = [next(column) for column in columns]
        yield from row
        if all(cell == ber.END_OF_MIB_VIEW for _, cell in row):
            return


def _without_end(view: View, oid: Oid) -> Iterator[tuple[Oid, Cell]]:
    """The objects after `oid`, and behind the last one its name with endOfMibView again and again (RFC 3416 4.2.3)."""
    for each in view.follow(oid):
        oid = each[0]
        yield each
    while True:
        yield oid, ber.END_OF_MIB_VIEW


def _up_to(room: int, found: Iterable[tuple[Oid, Cell]]) -> Iterator[tuple[Oid, Cell]]:
    for oid, cell in found:
        room -= _octets(oid, cell)
        if room < 0:
            return
        yield oid, cell


def _octets(oid: Oid, cell: Cell) -> int:
    """An upper bound of a varbind's octets."""
    return len(ber.oid_content(oid)) + 8 + (len(cell) if isinstance(cell, bytes) else 11)


def _is_missing(cell: Cell) -> bool:
    return cell in {ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW}


def _is_counter64(cell: Cell) -> bool:
    return (cell[0] if isinstance(cell, bytes) else cell.tag) == ber.COUNTER64


def _refuse(request: Request, status: Error, index: int) -> Answer:
    repeated = b"" if status is Error.TOO_BIG and request.version != message.V1 else request.varbinds
    whole, at_id, _ = message.frame(request, status, index, repeated)
    return Answer(_cut(whole, [(at_id, request.id_octets)]), (), ())


def _encode(request: Request, found: Iterable[tuple[Oid, Cell]], at: Moment) -> Answer:
    varbinds = bytearray()
    gaps: list[tuple[int, int, Line | Moving]] = []
    for oid, cell in found:
        value = cell if isinstance(cell, bytes) else ber.integer(_read(cell, at), cell.tag)
        varbinds += ber.tlv(ber.SEQUENCE, ber.object_id(oid) + value)
        if not isinstance(cell, bytes):
            gaps.append((len(varbinds) - len(value) + 2, len(value) - 2, cell))
    whole, at_id, start = message.frame(request, Error.NONE, 0, bytes(varbinds))
    placed = [(2 * n + 3, octets, cell) for n, (_, octets, cell) in enumerate(gaps)]
    return Answer(
        _cut(whole, [(at_id, request.id_octets), *((start + offset, octets) for offset, octets, _ in gaps)]),
        tuple(_gap(place, octets, cell, at) for place, octets, cell in placed if isinstance(cell, Line)),
        tuple((place, octets, cell) for place, octets, cell in placed if isinstance(cell, Moving)),
    )


def _cut(whole: bytes, gaps: Iterable[tuple[int, int]]) -> list[bytes]:
    """`whole` in pieces: every second one is a gap (offset, octets) that is to be filled."""
    pieces, at = [], 0
    for offset, octets in gaps:
        pieces += [whole[at:offset], b""]
        at = offset + octets
    return [*pieces, whole[at:]]


def _read(cell: Line | Moving, at: Moment) -> int:
    return cell.at(at) if isinstance(cell, Line) else cell.read(at)


def _gap(place: int, octets: int, line: Line, at: Moment) -> _Gap:
    # What the number has wrapped so far goes into the base; the next wrap leaves [low, high).
    unwrapped = int(line.base + line.scale * (at.levels[line.level] - line.start))
    return _Gap(
        place,
        octets,
        low=1 << 8 * octets - 9 if octets > 1 else 0,
        high=min(1 << 8 * octets - 1, 2**64 if line.tag == ber.COUNTER64 else 2**32),
        level=line.level,
        scale=line.scale,
        start=line.start,
        base=line.base - (unwrapped - line.at(at)),
    )
