"""BER (X.690) read from many packets at once: each step moves a cursor in every packet. Pure.

Everything that is not exactly as SNMP wants it makes a packet `good` no longer; what follows in it is
then not read. No index leaves the octets, whatever a packet says of its lengths.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEQUENCE = 0x30
INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
SLACK = 256
"""Octets that must follow a packet: what is expected is read before it is known to be inside."""

# By the first octet of a length: whether it is one that SNMP allows (the indefinite form is none), the length
# itself in the short form, how many octets follow in the long form, which bits of four octets those aren't.
_FIRST = np.arange(256)
_WELL = (_FIRST < 0x80) | ((_FIRST > 0x80) & (_FIRST <= 0x84))
_SHORT = np.where(_FIRST < 0x80, _FIRST, 0)
_MORE = np.where(_WELL & (_FIRST > 0x80), _FIRST - 0x80, 0)
_UNUSED_BITS = 32 - 8 * _MORE

Octets = NDArray[np.uint8]
Words = NDArray[np.uint64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Cursor:
    """A place in each of n packets that lie in `octets`; all columns of shape (n,).

    `end` is behind the packet's last octet, and `octets` go on for at least SLACK behind that.
    """

    octets: Octets
    at: Positions
    end: Positions
    good: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.good = self.at < self.end

    def only(self, rows: Positions | slice) -> "Cursor":
        """The cursors at `rows`, with what is known of them."""
        part = Cursor(self.octets, self.at[rows], self.end[rows])
        part.good &= self.good[rows]
        return part

    def header(self) -> tuple[Octets, Positions]:
        """(tag, length of the contents: 0 where there is no good header), and go to the contents."""
        tag = self.octets[self.at]
        length, taken, well = _lengths(self.octets, self.at + 1)
        self.at = self.at + (1 + taken)
        self.good &= self.at + length <= self.end
        if well is not True:
            self.good &= well
        self.at = np.minimum(self.at, self.end)
        return tag, length * self.good

    def enter(self, tag: int) -> Positions:
        """Go into a value that must have this tag; its length."""
        found, length = self.header()
        self.good &= found == tag
        return length

    def skip(self, length: Positions) -> None:
        self.at = np.minimum(self.at + length, self.end)

    def pass_over(self, rows: slice) -> None:
        """Go behind the elements at which the cursors in `rows` stand, whatever they are."""
        length, taken, _ = _lengths(self.octets, self.at[rows] + 1)
        self.at[rows] = np.minimum(self.at[rows] + 1 + taken + length, self.end[rows])

    def expect(self, wanted: Words, counted: Words, size: Positions) -> None:
        """Pass over octets that must be `wanted`, shape (n, words) of 8 octets, in the bits that `counted` has.

        `size`, shape (n,), is how many octets that are; at most SLACK.
        """
        here = windows(self.octets, 8 * wanted.shape[1])[self.at].view(np.uint64)
        unlike = np.zeros(len(size), np.uint64)
        for word in range(wanted.shape[1]):  # faster than to reduce rows of so few
            unlike |= (here[:, word] & counted[:, word]) ^ wanted[:, word]
        self.good &= (unlike == 0) & (self.at + size <= self.end)
        self.skip(size)

    def small(self) -> NDArray[np.int64]:
        """A whole INTEGER of one octet, as version and error-status are; -1 where it is another."""
        length = self.enter(INTEGER)
        value = self.octets[self.at].astype(np.int64)
        self.skip(length)
        return np.where(self.good & (length == 1) & (value < 0x80), value, -1)

    def number(self) -> NDArray[np.int64]:
        """A whole INTEGER of up to four octets that isn't negative; -1 where it is another."""
        length = self.enter(INTEGER)
        fits = self.good & (length >= 1) & (length <= 4)
        value = _numbers_at(self.octets, ">i4")[self.at].astype(np.int64) >> np.where(fits, 32 - 8 * length, 0)
        self.skip(length)
        return np.where(fits & (value >= 0), value, -1)


def _lengths(octets: Octets, at: Positions) -> tuple[Positions, Positions | int, Mask | bool]:
    """(lengths that stand at `at`, how many octets each takes, which are well-formed): X.690 section 8.1.3."""
    first = octets[at]
    if not (first >= 0x80).any():
        return first.astype(np.int64), 1, True
    following = _numbers_at(octets, ">u4")[at + 1].astype(np.int64)
    return (following >> _UNUSED_BITS[first]) + _SHORT[first], 1 + _MORE[first], _WELL[first]


def windows(octets: Octets, size: int) -> Octets:
    """Every `size` octets that follow one another, shape (n, size): a view, to be read or written at places.

    (NumPy's sliding_window_view, which asks more of its caller, takes fifteen times as long to make.)
    """
    return np.ndarray((len(octets) - size + 1, size), np.uint8, octets, strides=(1, 1))


def _numbers_at(octets: Octets, kind: str) -> NDArray[Any]:
    """The number of this kind that begins at each octet: a view."""
    size = np.dtype(kind).itemsize
    return np.ndarray((len(octets) - size + 1,), kind, octets, strides=(1,))


def whole_numbers(octets: Octets, at: Positions, length: Positions, signed: Mask) -> tuple[NDArray[np.uint64], Mask]:
    """(the last 64 bits of the integers at `at`, whether each is a number of 64 bits).

    Two's complement where `signed`. A Counter64 above 2^63 has a ninth octet, which is 0. At least 8
    octets must lie before each value's end; a message's head does.
    """
    value = _numbers_at(octets, ">u8")[at + length - 8].astype(np.uint64)
    unused = (64 - 8 * np.minimum(np.maximum(length, 1), 8)).astype(np.uint64)
    value <<= unused
    number = np.where(signed, (value.view(np.int64) >> unused.view(np.int64)).view(np.uint64), value >> unused)
    fits = (length >= 1) & (length <= 8)
    if (length == 9).any():
        fits |= (length == 9) & (octets[at] == 0)
    return number, fits


def counted_bits(size: NDArray[np.int64], words: int) -> Words:
    """Masks for `expect`: the first `size` octets of `words` words; shape (*size.shape, words)."""
    octets = np.where(np.arange(8 * words) < size[..., None], 0xFF, 0).astype(np.uint8)
    return np.ascontiguousarray(octets).view(np.uint64)
