"""GET requests as templates: the octets of a message (of SNMPv3: its PDU) with a hole for its request-id. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ber import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Words, counted_bits
from collectors.volley.roomy import roomy

WIDEST = 1400
"""Octets of the longest request; longer ones would be sent in fragments."""

_WIDEST_NAME = 0x7F + 2  # an object's name or a community whose length takes one octet
_GET_REQUEST = 0xA0
ID = bytes((INTEGER, 4, 0, 0, 0, 0))
_NO_ERROR = bytes((INTEGER, 1, 0, INTEGER, 1, 0))
_V2C = bytes((INTEGER, 1, 1))
_NULL = bytes((0x05, 0))

MOST_AROUND = 224
"""Octets of an SNMPv3 message around its PDU, at most: two engine ids, a user's name, a signature, a salt."""

NO_USER = -1

FIRST_ID, LAST_ID = 0x0100_0000, 0x7FFF_FFFF
"""Request-ids between these take four octets in BER, so that the hole never changes its size."""


class Template(NamedTuple):
    """`octets` of a request, `hole` the place of its request-id's four octets, `objects` each object's name in BER.

    Of SNMPv3 the octets are the PDU alone; what is around it differs from engine to engine. `user` is
    then the number of who asks.
    """

    octets: bytes
    hole: int
    community: bytes
    objects: tuple[bytes, ...]
    user: int = NO_USER

    @property
    def fits(self) -> bool:
        """Whether it goes in one datagram, and its names into the columns."""
        widest = WIDEST if self.user == NO_USER else WIDEST - MOST_AROUND
        return len(self.octets) <= widest and all(len(n) <= _WIDEST_NAME for n in (self.community, *self.objects))


def template(community: str, oids: Sequence[str]) -> Template:
    """A GET of `oids` by SNMPv2c (RFC 3416 section 3); it may be longer than WIDEST."""
    name = value(OCTET_STRING, community.encode())
    objects = tuple(object_name(oid) for oid in oids)
    message = value(SEQUENCE, _V2C + name + get_request(objects))
    return Template(message, message.index(ID, 5 + len(name)) + 2, name, objects)


def secured_template(user: int, oids: Sequence[str]) -> Template:
    """The same by SNMPv3."""
    objects = tuple(object_name(oid) for oid in oids)
    pdu = get_request(objects)
    return Template(pdu, pdu.index(ID) + 2, b"", objects, user)


def get_request(objects: Sequence[bytes]) -> bytes:
    """The PDU; its request-id is 0 for now."""
    bindings = value(SEQUENCE, b"".join(value(SEQUENCE, oid + _NULL) for oid in objects))
    return value(_GET_REQUEST, ID + _NO_ERROR + bindings)


def object_name(oid: str) -> bytes:
    """An OBJECT IDENTIFIER with tag and length (X.690 section 8.19)."""
    first, second, *rest = map(int, oid.split("."))
    return value(OBJECT_IDENTIFIER, b"".join(_base_128(part) for part in (40 * first + second, *rest)))


def _base_128(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))


def value(tag: int, contents: bytes) -> bytes:
    """Contents with tag and length."""
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + contents


class Templates:
    """Templates by number, as the columns that sending and reading take. `count` is how many objects each asks.

    Numbers begin at 0; that of a template that was forgotten is the next one's.
    """

    def __init__(self) -> None:
        self.octets = np.zeros((0, 0), np.uint8)  # (templates, widest)
        self.size = np.zeros(0, np.int64)
        self.hole = np.zeros(0, np.int64)
        self.community = np.zeros((0, 1), np.uint64)  # (templates, words), with tag and length
        self.community_bits = np.zeros((0, 1), np.uint64)  # which of them count
        self.community_size = np.zeros(0, np.int64)
        self._name = np.zeros((0, 0, 2, 1), np.uint64)  # (templates, objects, name and which bits count, words)
        self._name_size = np.zeros((0, 0), np.int64)  # with tag and length
        self.count = np.zeros(0, np.int64)
        self.user = np.zeros(0, np.int64)  # NO_USER: by community
        self._end = 0
        self._free: list[int] = []

    @classmethod
    def of(cls, made: Iterable[Template]) -> "Templates":
        """Those of `made` in their order."""
        templates = cls()
        for one in made:
            templates.add(one)
        return templates

    def __len__(self) -> int:
        return self._end - len(self._free)

    def add(self, one: Template) -> int:
        """Its number."""
        if self._free:
            number = self._free.pop()
        else:
            number, self._end = self._end, self._end + 1
        names = [_words(name) for name in one.objects]
        community = _words(one.community)
        self._make_room(len(one.octets), len(community), len(names), max(map(len, names), default=1))
        self.octets[number] = 0
        self.octets[number, : len(one.octets)] = np.frombuffer(one.octets, np.uint8)
        self.community[number] = 0
        self.community[number, : len(community)] = community
        self.community_bits[number] = counted_bits(np.array(len(one.community)), self.community.shape[1])
        self._name[number], self._name_size[number] = 0, 0
        for column, name in enumerate(names):
            self._name[number, column, 0, : len(name)] = name
        sizes = np.array([len(name) for name in one.objects], np.int64)
        self._name_size[number, : len(sizes)] = sizes
        self._name[number, : len(sizes), 1] = counted_bits(sizes, self._name.shape[3])
        self.size[number], self.hole[number] = len(one.octets), one.hole
        self.community_size[number], self.count[number] = len(one.community), len(names)
        self.user[number] = one.user
        return number

    def forget(self, number: int) -> None:
        """Nothing that was asked by it is still waited for."""
        self._free.append(number)

    def _make_room(self, octets: int, community: int, objects: int, words: int) -> None:
        rows = self._end
        self.octets = roomy(self.octets, rows, octets)
        self.community = roomy(self.community, rows, community)
        self.community_bits = roomy(self.community_bits, rows, community)
        self._name = roomy(self._name, rows, objects, 2, words)
        self._name_size = roomy(self._name_size, rows, objects)
        for name in ("size", "hole", "community_size", "count", "user"):
            setattr(self, name, roomy(getattr(self, name), rows))

    def names(self, number: NDArray[np.int64], column: NDArray[np.int64]) -> tuple[Words, Words, NDArray[np.int64]]:
        """(names, which bits of them count, their sizes) of the objects at (number, column), both of shape (n,)."""
        _, most, _, words = self._name.shape
        cell = number * most + column
        found = np.take(self._name.reshape(-1, 2, words), cell, axis=0)
        return found[:, 0], found[:, 1], self._name_size.reshape(-1)[cell]

    def messages(self, number: NDArray[np.int64], request_id: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Requests of the templates `number`, shape (n,), with their ids: octets of shape (n, widest)."""
        made = self.octets[number]
        hole = self.hole[number][:, None] + np.arange(4)
        made[np.arange(len(number))[:, None], hole] = request_id.astype(">u4").view(np.uint8).reshape(-1, 4)
        return made


def _words(octets: bytes) -> Words:
    """As words of 8 octets, zeros behind them; at least one."""
    return np.frombuffer(octets.ljust(max(8, -(-len(octets) // 8) * 8), b"\0"), np.uint64)
