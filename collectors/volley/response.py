"""Answers to GETs, read in columns: one step an object, over all packets at once. Pure."""

from dataclasses import dataclass

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

_RESPONSE = 0xA2
_SIGN = np.uint64(2**63)
_V2C = 1

_BAD, _SIGNED, _UNSIGNED, _ABSENT, _TEXT = range(5)
_KIND = np.full(256, _BAD, np.uint8)
_KIND[INTEGER] = _SIGNED
_KIND[[0x41, 0x42, 0x43, 0x46]] = _UNSIGNED  # Counter32, Gauge32, TimeTicks, Counter64: RFC 2578 section 7.1
_KIND[[0x05, 0x80, 0x81, 0x82]] = _ABSENT  # NULL, noSuchObject, noSuchInstance, endOfMibView: RFC 3416 section 3
_KIND[[OBJECT_IDENTIFIER, 0x40]] = _ABSENT  # a name or an address is no number
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
    `negative`, its sign. `texts`: what is no integer, by (answer, object).
    """

    good: Mask
    whole: NDArray[np.uint64]
    negative: Mask
    present: Mask
    texts: dict[tuple[int, int], bytes]


def heads(octets: Octets, at: Positions, size: Positions) -> Heads:
    """The heads of the packets that begin at `at`, shape (n,), and are `size` long."""
    cursor = Cursor(octets, at, at + size)
    cursor.enter(SEQUENCE)
    cursor.good &= cursor.small() == _V2C
    community = cursor.at
    cursor.skip(cursor.enter(OCTET_STRING))
    cursor.enter(_RESPONSE)
    cursor.good &= cursor.enter(INTEGER) == 4
    request_id, _ = whole_numbers(octets, cursor.at, np.full(len(at), 4), np.zeros(len(at), np.bool_))
    cursor.skip(np.full(len(at), 4))
    return Heads(np.where(cursor.good, request_id.astype(np.int64), -1), community, cursor)


def authentic(found: Heads, rows: Positions, templates: Templates, number: Positions) -> Mask:
    """Which of the packets at `rows` bear the community of the templates `number`; both shape (n,)."""
    head = Cursor(found.body.octets, found.community[rows], found.body.end[rows])
    head.expect(templates.community[number], templates.community_size[number])
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
    places = _places(cursor, templates.count[number])
    cursor.good &= cursor.at == cursor.end
    return _values(cursor, places, templates, number)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where names (at their tag) and values (behind their length) stand: columns of shape (n, most objects)."""

    asked: Mask
    name: Positions
    value: Positions
    length: Positions
    tag: Octets


def _places(cursor: Cursor, count: Positions) -> _Places:
    """Go through the variable bindings; `count` falls."""
    shape = (int(count.max(initial=0)), len(count))
    name, value, length = (np.zeros(shape, np.int64) for _ in range(3))
    tag = np.zeros(shape, np.uint8)
    asked = np.arange(shape[0])[:, None] < count
    for step in range(shape[0]):
        going = slice(int(asked[step].sum()))
        part = cursor.only(going)
        part.enter(SEQUENCE)
        name[step, going] = part.at
        part.skip(part.enter(OBJECT_IDENTIFIER))
        tag[step, going], length[step, going] = part.header()
        value[step, going] = part.at
        part.skip(length[step, going])
        cursor.at[going], cursor.good[going] = part.at, part.good
    return _Places(asked.T, name.T, value.T, length.T, tag.T)


def _values(cursor: Cursor, places: _Places, templates: Templates, number: Positions) -> Bodies:
    row, column = np.nonzero(places.asked & cursor.good[:, None])
    names = Cursor(cursor.octets, places.name[row, column], cursor.end[row])
    names.expect(templates.name[number[row], column], templates.name_size[number[row], column])
    kind = _KIND[places.tag[row, column]]
    at, length = places.value[row, column], places.length[row, column]
    number_of, fits = whole_numbers(cursor.octets, at, length, kind == _SIGNED)
    counts = (kind == _SIGNED) | (kind == _UNSIGNED)
    cursor.good[row[~names.good | (kind == _BAD) | (counts & ~fits)]] = False
    whole = np.zeros(places.asked.shape, np.uint64)
    negative, present = np.zeros(places.asked.shape, np.bool_), np.zeros(places.asked.shape, np.bool_)
    whole[row, column], present[row, column] = number_of, counts
    negative[row, column] = (kind == _SIGNED) & (number_of >= _SIGN)
    texts = {
        (int(row[one]), int(column[one])): cursor.octets[at[one] : at[one] + length[one]].tobytes()
        for one in np.flatnonzero(kind == _TEXT)
    }
    return Bodies(cursor.good, whole, negative, present & cursor.good[:, None], texts)
