"""Answers to GETs, read in columns: one step an object, over all packets at once. Pure."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ber import (
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Cursor,
    Mask,
    Octets,
    Positions,
    whole_numbers,
)
from collectors.volley.request import Templates

T = TypeVar("T", bound=np.generic)

_RESPONSE = 0xA2
_SIGN = np.uint64(2**63)
_V2C = 1

_BAD, _SIGNED, _UNSIGNED, _ABSENT, _TEXT, _NAME = range(6)
_KIND = np.full(256, _BAD, np.uint8)
_KIND[INTEGER] = _SIGNED
_KIND[[0x41, 0x42, 0x43, 0x46]] = _UNSIGNED  # Counter32, Gauge32, TimeTicks, Counter64: RFC 2578 section 7.1
_KIND[[0x05, 0x80, 0x81, 0x82]] = _ABSENT  # NULL, noSuchObject, noSuchInstance, endOfMibView: RFC 3416 section 3
_KIND[0x40] = _ABSENT  # an address is no number
_KIND[OBJECT_IDENTIFIER] = _NAME
_KIND[[OCTET_STRING, 0x44]] = _TEXT  # and Opaque


@dataclass(frozen=True, slots=True)
class Heads:
    """What n packets begin with. `request_id` is -1 where a packet is no SNMPv2c response with an id of ours."""

    request_id: NDArray[np.int64]
    community: Positions  # where its tag stands
    body: Cursor  # behind the request-id


@dataclass(frozen=True, slots=True)
class Bodies:
    """The values of n answers, in the order in which they were asked for.

    `good`, shape (n,): the packet answers just what its template asks, without an error. The others of
    shape (n, most objects): `present`, whether there is an integer; `whole`, that in two's complement;
    `negative`, its sign. `texts` and `names`: contents of OCTET STRINGs and of OBJECT IDENTIFIERs, by (answer, object).
    """

    good: Mask
    whole: NDArray[np.uint64]
    negative: Mask
    present: Mask
    texts: dict[tuple[int, int], bytes]
    names: dict[tuple[int, int], bytes]


def heads(octets: Octets, at: Positions, size: Positions) -> Heads:
    """The heads of the packets that begin at `at`, shape (n,), and are `size` long."""
    whole = Cursor(octets, at, at + size)
    whole.enter(SEQUENCE)
    whole.good &= whole.small() == _V2C
    rows = np.flatnonzero(whole.good)
    cursor, community, request_id = whole.only(rows), whole.at.copy(), np.full(len(at), -1)
    cursor.skip(cursor.enter(OCTET_STRING))
    cursor.enter(_RESPONSE)
    cursor.good &= cursor.enter(INTEGER) == 4
    found, _ = whole_numbers(octets, cursor.at, np.full(len(rows), 4), np.zeros(len(rows), np.bool_))
    cursor.skip(np.full(len(rows), 4))
    request_id[rows] = np.where(cursor.good, found.astype(np.int64), -1)
    whole.at[rows], whole.good[rows] = cursor.at, cursor.good
    return Heads(request_id, community, whole)


def authentic(found: Heads, rows: Positions, templates: Templates, number: Positions) -> Mask:
    """Which of the packets at `rows` bear the community of the templates `number`; both shape (n,)."""
    head = Cursor(found.body.octets, found.community[rows], found.body.end[rows])
    head.expect(templates.community[number], templates.community_bits[number], templates.community_size[number])
    return head.good


def bodies(found: Heads, rows: Positions, templates: Templates, number: Positions) -> Bodies:
    """The values of the packets at `rows` of `found`, which answer the templates `number`; both shape (n,).

    Templates that ask more stand before those that ask less.
    """
    cursor = found.body.only(rows)
    cursor.good &= cursor.small() == 0
    cursor.skip(cursor.enter(INTEGER))
    length = cursor.enter(SEQUENCE)
    cursor.end = cursor.at + length
    asked, cells = _cells(cursor, templates.count[number])
    cursor.good &= cursor.at == cursor.end
    return _values(cursor, asked, cells, templates, number)


def _cells(cursor: Cursor, count: Positions) -> tuple[Mask, Positions]:
    """Go through the variable bindings, `count`, which falls, in each packet; (which there are, where each begins).

    Both of shape (most objects, n).
    """
    asked = np.arange(int(count.max(initial=0)))[:, None] < count
    begins = np.empty(asked.shape, np.int64)
    for step, going in enumerate(asked.sum(axis=1).tolist()):
        begins[step] = cursor.at
        cursor.pass_over(slice(going))
    return asked, begins


def _values(cursor: Cursor, asked: Mask, begins: Positions, templates: Templates, number: Positions) -> Bodies:
    column, row = np.nonzero(asked)
    cells = Cursor(cursor.octets, begins[column, row], cursor.end[row])
    length = cells.enter(SEQUENCE)
    cells.end = np.minimum(cells.at + length, cells.end)
    cells.expect(*templates.names(number[row], column))
    tag, length = cells.header()
    kind = _KIND[tag]
    whole, fits = whole_numbers(cursor.octets, cells.at, length, kind == _SIGNED)
    counts = (kind == _SIGNED) | (kind == _UNSIGNED)
    well = cells.good & (cells.at + length == cells.end) & (kind != _BAD) & (fits | ~counts)
    cursor.good[row[~well]] = False
    text, name = (np.flatnonzero((kind == one) & cursor.good[row]) for one in (_TEXT, _NAME))
    return Bodies(
        cursor.good,
        _spread(whole, asked),
        _spread((kind == _SIGNED) & (whole >= _SIGN), asked),
        _spread(counts, asked) & cursor.good[:, None],
        _contents(cells, length, text, row, column),
        _contents(cells, length, name, row, column),
    )


def _contents(
    cells: Cursor, length: Positions, chosen: Positions, row: Positions, column: Positions
) -> dict[tuple[int, int], bytes]:
    """The octets of the `chosen` cells, by (row, column)."""
    whole, at = cells.octets.data, cells.at[chosen]
    contents = [bytes(whole[begin:end]) for begin, end in zip(at.tolist(), (at + length[chosen]).tolist(), strict=True)]
    return dict(zip(zip(row[chosen].tolist(), column[chosen].tolist(), strict=True), contents, strict=True))


def dotted(contents: bytes) -> str:
    """The OBJECT IDENTIFIER of which these are the contents (X.690 section 8.19); empty for no good one."""
    if not contents or contents[-1] & 0x80:
        return ""
    parts, part = list[int](), 0
    for octet in contents:
        part = part << 7 | octet & 0x7F
        if not octet & 0x80:
            parts.append(part)
            part = 0
    first = min(parts[0] // 40, 2)
    return ".".join(map(str, (first, parts[0] - 40 * first, *parts[1:])))


def _spread(found: NDArray[T], asked: Mask) -> NDArray[T]:
    """What stands at the cells that were asked, as columns of shape (n, most objects), 0 elsewhere."""
    if asked.all():
        return found.reshape(asked.shape).T
    spread = np.zeros(asked.shape, found.dtype)
    spread[asked] = found
    return spread.T
