"""BER (X.690) read from many packets at once: each step moves a cursor in every packet. Pure.

Everything that is not exactly as SNMP wants it makes a packet `good` no longer; what follows in it is
then not read. No index leaves the octets, whatever a packet says of its lengths.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SEQUENCE = 0x30
INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
SLACK = 160
"""Octets that must follow the last packet: what is expected is read before it is known to be inside."""

_MOST_LENGTH_OCTETS = 4

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
        """(tag, length of the contents), and go to the contents; 0, 0 where there is no good header."""
        tag = self.octets[self.at]
        length, taken, well = _lengths(self.octets, self.at + 1)
        self.at = self.at + 1 + taken
        self.good &= well & (self.at + length <= self.end)
        self.at = np.minimum(self.at, self.end)
        return np.where(self.good, tag, np.uint8(0)), np.where(self.good, length, 0)

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
        here = sliding_window_view(self.octets, 8 * wanted.shape[1])[self.at].view(np.uint64)
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
        value, fits = whole_numbers(self.octets, self.at, length, np.ones(len(length), np.bool_))
        self.skip(length)
        return np.where(self.good & fits & (length <= 4), value.view(np.int64), -1)


def _lengths(octets: Octets, at: Positions) -> tuple[Positions, Positions | int, Mask | bool]:
    """(lengths that stand at `at`, how many octets each takes, which are well-formed): X.690 section 8.1.3."""
    first = octets[at]
    length = first.astype(np.int64)
    long = first >= 0x80
    return _long_lengths(octets, at, length, long) if long.any() else (length, 1, True)


def _long_lengths(octets: Octets, at: Positions, first: Positions, long: Mask) -> tuple[Positions, Positions, Mask]:
    """The same where some have the long form; the indefinite form is none that SNMP allows."""
    more = np.where(long, first & 0x7F, 0)
    well = ~long | ((more >= 1) & (more <= _MOST_LENGTH_OCTETS))
    more = np.where(well, more, 0)
    length = np.where(long, 0, first)
    for step in range(_MOST_LENGTH_OCTETS):
        further = (length << 8) | octets[at + 1 + step]
        length = np.where(step < more, further, length)
    return length, 1 + more, well


def whole_numbers(octets: Octets, at: Positions, length: Positions, signed: Mask) -> tuple[NDArray[np.uint64], Mask]:
    """(the last 64 bits of the integers at `at`, whether each is a number of 64 bits).

    Two's complement where `signed`. A Counter64 above 2^63 has a ninth octet, which is 0. At least 8
    octets must lie before each value's end; a message's head does.
    """
    value = sliding_window_view(octets, 8)[at + length - 8].view(">u8")[:, 0].astype(np.uint64)
    unused = (64 - 8 * np.clip(length, 1, 8)).astype(np.uint64)
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
