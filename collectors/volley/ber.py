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
_COUNTED = np.where(np.arange(SLACK) < np.arange(SLACK + 1)[:, None], 0xFF, 0).astype(np.uint8)  # by size

Octets = NDArray[np.uint8]
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
        first = self.octets[self.at + 1]
        length = first.astype(np.int64)
        self.at = self.at + 2
        if (first >= 0x80).any():
            length = self._long_length(first, length)
        self.good &= self.at + length <= self.end
        self.at = np.minimum(self.at, self.end)
        return np.where(self.good, tag, np.uint8(0)), np.where(self.good, length, 0)

    def enter(self, tag: int) -> Positions:
        """Go into a value that must have this tag; its length."""
        found, length = self.header()
        self.good &= found == tag
        return length

    def skip(self, length: Positions) -> None:
        self.at = np.minimum(self.at + length, self.end)

    def expect(self, wanted: Octets, size: Positions) -> None:
        """Pass over octets that must be `wanted`, shape (n, widest), of which `size` count in each row.

        `wanted` is 0 behind those, and at most SLACK wide.
        """
        width = wanted.shape[1]
        counted = _COUNTED[size, :width]
        same = (sliding_window_view(self.octets, width)[self.at] & counted) == wanted
        self.good &= same.all(axis=1) & (self.at + size <= self.end)
        self.skip(size)

    def small(self) -> NDArray[np.int64]:
        """A whole INTEGER of one octet, as version and error-status are; -1 where it is another."""
        length = self.enter(INTEGER)
        value = self.octets[self.at].astype(np.int64)
        self.skip(length)
        return np.where(self.good & (length == 1) & (value < 0x80), value, -1)

    def _long_length(self, first: Octets, length: Positions) -> Positions:
        """Lengths in the long form (X.690 section 8.1.3.5); the indefinite form is none that SNMP allows."""
        long = first >= 0x80
        more = np.where(long, first & 0x7F, 0).astype(np.int64)
        self.good &= ~long | ((more >= 1) & (more <= _MOST_LENGTH_OCTETS))
        more = np.where(self.good, more, 0)
        length = np.where(long, 0, length)
        for step in range(_MOST_LENGTH_OCTETS):
            further = (length << 8) | self.octets[self.at + step]
            length = np.where(step < more, further, length)
        self.at = self.at + more
        return length


def whole_numbers(octets: Octets, at: Positions, length: Positions, signed: Mask) -> tuple[NDArray[np.uint64], Mask]:
    """(the last 64 bits of the integers at `at`, whether each is a number of 64 bits).

    Two's complement where `signed`. A Counter64 above 2^63 has a ninth octet, which is 0. At least 8
    octets must lie before each value's end; a message's head does.
    """
    end = at + length
    value = sliding_window_view(octets, 8)[end - 8].view(">u8")[:, 0].astype(np.uint64)
    unused = (64 - 8 * np.clip(length, 1, 8)).astype(np.uint64)
    arithmetic = ((value << unused).view(np.int64) >> unused.view(np.int64)).view(np.uint64)
    logical = (value << unused) >> unused
    fits = (length >= 1) & ((length <= 8) | ((length == 9) & (octets[at] == 0)))
    return np.where(signed, arithmetic, logical), fits
