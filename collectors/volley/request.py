"""GET requests as templates: the octets of a message (of SNMPv3: its PDU) with a hole for its request-id. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ber import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Words, counted_bits

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


@dataclass(slots=True)
class Templates:
    """Templates by number, as the columns that sending and reading take. `count` is how many objects each asks."""

    octets: NDArray[np.uint8]  # (templates, widest)
    size: NDArray[np.int64]
    hole: NDArray[np.int64]
    community: Words  # (templates, words), with tag and length
    community_bits: Words  # which of them count
    community_size: NDArray[np.int64]
    name: Words  # (templates * most objects, words for the names with tag and length, as many for their bits)
    name_size: NDArray[np.int64]  # (templates, most objects)
    count: NDArray[np.int64]
    user: NDArray[np.int64]  # NO_USER: by community

    @classmethod
    def of(cls, made: Sequence[Template]) -> "Templates":
        most = max((len(one.objects) for one in made), default=0)
        community = _matrix([one.community for one in made], 8).view(np.uint64)
        community_size = np.array([len(one.community) for one in made], np.int64)
        name_size = np.array([[len(name) for name in _padded(one.objects, most)] for one in made], np.int64)
        names = _matrix([name for one in made for name in _padded(one.objects, most)], 8).view(np.uint64)
        return cls(
            octets=_matrix([one.octets for one in made]),
            size=np.array([len(one.octets) for one in made], np.int64),
            hole=np.array([one.hole for one in made], np.int64),
            community=community,
            community_bits=counted_bits(community_size, community.shape[1]),
            community_size=community_size,
            name=np.concatenate([names, counted_bits(name_size.reshape(-1), names.shape[1])], axis=1),
            name_size=name_size,
            count=np.array([len(one.objects) for one in made], np.int64),
            user=np.array([one.user for one in made], np.int64),
        )

    def names(self, number: NDArray[np.int64], column: NDArray[np.int64]) -> tuple[Words, Words, NDArray[np.int64]]:
        """(names, which bits of them count, their sizes) of the objects at (number, column), both of shape (n,)."""
        cell = number * self.name_size.shape[1] + column
        found = np.take(self.name, cell, axis=0)
        words = found.shape[1] // 2
        return found[:, :words], found[:, words:], self.name_size.reshape(-1)[cell]

    def messages(self, number: NDArray[np.int64], request_id: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Requests of the templates `number`, shape (n,), with their ids: octets of shape (n, widest)."""
        made = self.octets[number]
        hole = self.hole[number][:, None] + np.arange(4)
        made[np.arange(len(number))[:, None], hole] = request_id.astype(">u4").view(np.uint8).reshape(-1, 4)
        return made


def _padded(names: Sequence[bytes], most: int) -> list[bytes]:
    return [*names, *[b""] * (most - len(names))]


def _matrix(rows: Sequence[bytes], step: int = 1) -> NDArray[np.uint8]:
    """Rows as wide as the longest, in steps of so many octets."""
    widest = -(-max(map(len, rows), default=0) // step) * step
    flat = b"".join(row.ljust(widest, b"\0") for row in rows)
    return np.frombuffer(flat, np.uint8).reshape(len(rows), widest)
