"""SNMPv3 messages (RFC 3412 section 6, RFC 3414 section 2.4) in columns: their frames, and what they begin with. Pure."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ber import INTEGER, OCTET_STRING, SEQUENCE, Cursor, Mask, Octets, Positions, windows
from collectors.volley.request import ID, value

_V3, _USM = 3, 3
_VERSION = bytes((INTEGER, 1, _V3))
_MODEL = bytes((INTEGER, 1, _USM))
_LARGEST = bytes((INTEGER, 2, 0x08, 0x00))  # 2048 octets, the inbox's LONGEST


class Layout(NamedTuple):
    """Octets of the fields of a message whose size differs from engine to engine."""

    engine: int
    boots: int
    seconds: int


class Frame(NamedTuple):
    """A message with holes, of which it has the places; those of `engine` are two, and `plain` is the scoped PDU's."""

    octets: bytes
    number: int  # msgID, four octets
    engine: tuple[int, int]
    boots: int
    seconds: int
    mac: int
    salt: int
    salt_size: int
    plain: int
    pdu: int
    request_id: int  # four octets


def frame(pdu: bytes, user: bytes, flags: int, sizes: tuple[int, int], layout: Layout) -> Frame:
    """A message around `pdu`, which begins with its request-id; `sizes` are those of signature and salt."""
    mac, salt = sizes
    engine = value(OCTET_STRING, bytes(layout.engine))
    scoped = value(SEQUENCE, engine + value(OCTET_STRING, b"") + pdu)
    data = value(OCTET_STRING, scoped) if salt else scoped
    rear = value(OCTET_STRING, bytes(mac)) + value(OCTET_STRING, bytes(salt))
    front = engine + value(INTEGER, bytes(layout.boots)) + value(INTEGER, bytes(layout.seconds))
    usm = value(OCTET_STRING, value(SEQUENCE, front + value(OCTET_STRING, user) + rear))
    settings = _LARGEST + bytes((OCTET_STRING, 1, flags)) + _MODEL
    message = value(SEQUENCE, _VERSION + value(SEQUENCE, ID + settings) + usm + data)
    behind_front = len(message) - len(data) - len(rear) - len(value(OCTET_STRING, user))
    boots = behind_front - layout.seconds - 2 - layout.boots
    return Frame(
        message,
        number=len(message) - len(data) - len(usm) - len(settings) - 4,
        engine=(boots - 2 - layout.engine, len(message) - len(pdu) - 2 - layout.engine),
        boots=boots,
        seconds=behind_front - layout.seconds,
        mac=len(message) - len(data) - salt - 2 - mac,
        salt=len(message) - len(data) - salt,
        salt_size=salt,
        plain=len(message) - len(scoped),
        pdu=len(message) - len(pdu),
        request_id=len(message) - len(pdu) + pdu.index(ID) + 2,
    )


def whole_size(number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Octets of whole numbers below 2^31 as an INTEGER."""
    return 1 + (number >= 0x80).astype(np.int64) + (number >= 0x8000) + (number >= 0x80_0000)


@dataclass(frozen=True, slots=True)
class SecuredHeads:
    """What n messages begin with: columns of shape (n,). `good`: the rest of it says something."""

    good: Mask
    number: NDArray[np.int64]  # msgID
    flags: NDArray[np.uint8]
    engine: Positions
    engine_size: NDArray[np.int64]
    boots: NDArray[np.int64]
    seconds: NDArray[np.int64]
    user: Positions
    user_size: NDArray[np.int64]
    mac: Positions
    mac_size: NDArray[np.int64]
    salt: Positions
    salt_size: NDArray[np.int64]
    data: Cursor  # at the tag of the scoped PDU or of what was made of it

    def only(self, rows: Mask) -> "SecuredHeads":
        """Those of the messages at `rows`."""
        columns = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "data"}
        return SecuredHeads(**columns, data=self.data.only(np.flatnonzero(rows)))


def secured_heads(octets: Octets, at: Positions, end: Positions) -> SecuredHeads:
    """Of the packets that begin at `at` and end before `end`."""
    cursor = Cursor(octets, at, end)
    cursor.enter(SEQUENCE)
    cursor.good &= cursor.small() == _V3
    cursor.enter(SEQUENCE)
    number = cursor.number()
    cursor.number()
    flags_at, flags_size = _text(cursor)
    cursor.good &= (flags_size == 1) & (cursor.small() == _USM)
    cursor.enter(OCTET_STRING)
    cursor.enter(SEQUENCE)
    engine, engine_size = _text(cursor)
    boots, seconds = cursor.number(), cursor.number()
    (user, user_size), (mac, mac_size), (salt, salt_size) = _text(cursor), _text(cursor), _text(cursor)
    cursor.good &= (number >= 0) & (boots >= 0) & (seconds >= 0)
    return SecuredHeads(
        cursor.good, number, octets[flags_at], engine, engine_size, boots, seconds,
        user, user_size, mac, mac_size, salt, salt_size, cursor,
    )  # fmt: skip


def _text(cursor: Cursor) -> tuple[Positions, NDArray[np.int64]]:
    """(where an OCTET STRING begins, its size), and go behind it."""
    size = cursor.enter(OCTET_STRING)
    at = cursor.at
    cursor.skip(size)
    return at, size


def same_octets(octets: Octets, at: Positions, size: NDArray[np.int64], wanted: Octets) -> Mask:
    """Which rows of `wanted`, shape (n, widest), are the first `size` octets at `at` and 0 behind them."""
    widest = wanted.shape[1]
    behind = np.arange(widest) >= size[:, None]
    same: Mask = ((windows(octets, widest)[at] == wanted) | (behind & (wanted == 0))).all(axis=1) & (size <= widest)
    return same
