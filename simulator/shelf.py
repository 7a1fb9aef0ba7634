"""Answers that are given again and again, in columns: octets with holes, and how each hole's number grows.

One row is one device's answer to one request. Giving many rows takes a few steps over all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.answer import Kept
from simulator.traffic import CLOCK, Moment

_WAYS = 4  # answers kept for a device: what is read each minute, each five minutes, each hour
_HOLE = 8  # octets that are written for a number; those before it stay as they are
_SHAPES = ((256, 8), (384, 12), (512, 18), (768, 30), (1480, 60))  # octets and numbers that a row has room for
_BANK = 24  # bits of a place that are its row
# Values that take just so many octets: [low, high). None takes 0; 9 stands for an unsigned 32-bit one of 5 octets.
_LOW = np.array([0, 0, *(1 << 8 * n - 9 for n in range(2, 9)), 1 << 31])
_HIGH = np.array([1, *(1 << 8 * n - 1 for n in range(1, 8)), 2**63 - 1, 1 << 32])

Places = NDArray[np.int32]


@dataclass(slots=True)
class _Bank:
    """Rows of one shape, room for `capacity`; what isn't used takes no memory."""

    width: int
    numbers: int
    capacity: int
    used: int = 0
    free: list[int] = field(default_factory=list)
    octets: NDArray[np.uint8] = field(init=False)
    size: NDArray[np.int16] = field(init=False)
    id_end: NDArray[np.int16] = field(init=False)
    end: NDArray[np.int16] = field(init=False)  # of each number's octets
    taken: NDArray[np.uint8] = field(init=False)  # octets of each number, an index of _LOW and _HIGH
    level: NDArray[np.int16] = field(init=False)
    course: NDArray[np.float64] = field(init=False)  # scale, start, base

    def __post_init__(self) -> None:
        rows, numbers = self.capacity, self.numbers
        self.octets = np.empty((rows, self.width), np.uint8)
        self.size, self.id_end = np.empty(rows, np.int16), np.empty(rows, np.int16)
        self.end, self.level = np.empty((rows, numbers), np.int16), np.empty((rows, numbers), np.int16)
        self.taken = np.empty((rows, numbers), np.uint8)
        self.course = np.empty((rows, 3, numbers))

    def keep(self, kept: Kept) -> int:
        """The row that `kept` has from now on."""
        row = self.free.pop() if self.free else self._next()
        self.octets[row, : len(kept.octets)] = np.frombuffer(kept.octets, np.uint8)
        self.size[row], self.id_end[row] = len(kept.octets), kept.id_end
        count = len(kept.lines)
        # Numbers that aren't there: 0, written behind the answer.
        self.end[row], self.taken[row], self.level[row], self.course[row] = self.width, 0, CLOCK, 0.0
        for column, values in ((self.end, 0), (self.taken, 1), (self.level, 2)):
            column[row, :count] = [line[values] for line in kept.lines]
        self.course[row, :, :count] = np.array([line[3:] for line in kept.lines]).T
        return row

    def give(
        self, rows: NDArray[np.int64], identifiers: NDArray[np.uint32], at: Moment
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
        """(octets of shape (n, width), their size, whether every number has kept its octets)."""
        made = self.octets[rows]
        course = self.course[rows]
        # The same steps in the same order as Answer.give: the same doubles.
        values = (course[:, 2] + course[:, 0] * (at.column[self.level[rows]] - course[:, 1])).astype(np.int64)
        taken = self.taken[rows]
        fits: NDArray[np.bool_] = np.all((values >= _LOW[taken]) & (values < _HIGH[taken]), axis=1)
        start = np.arange(len(rows)) * self.width
        _write(made, start[:, None] + self.end[rows] - _HOLE, values)
        _write(made, start + self.id_end[rows] - _HOLE, identifiers)
        return made, self.size[rows].astype(np.int64), fits

    def _next(self) -> int:
        if self.used == self.capacity:
            self._grow()
        self.used += 1
        return self.used - 1

    def _grow(self) -> None:
        for name in ("octets", "size", "id_end", "end", "taken", "level", "course"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.empty_like(column)]))
        self.capacity *= 2


def _write(
    octets: NDArray[np.uint8], places: NDArray[np.int64], values: NDArray[np.int64] | NDArray[np.uint32]
) -> None:
    """Put the values into the last of the _HOLE octets at `places`: what stands there is 0."""
    windows = np.ndarray((octets.size - _HOLE + 1,), ">u8", octets, strides=(1,))
    windows[places] = windows[places] | values.astype(np.uint64)


class Shelf:
    """What `devices` devices said to known requests."""

    def __init__(self, devices: int) -> None:
        self._banks = [_Bank(width, numbers, max(devices, 64)) for width, numbers in _SHAPES]
        self._request = np.full((devices, _WAYS), -1, np.int32)
        self._place = np.zeros((devices, _WAYS), np.int32)
        self._turn = np.zeros(devices, np.uint8)

    def find(self, device: NDArray[np.int64], request: NDArray[np.int32]) -> Places:
        """Where the answers to these exchanges are kept, -1 where they aren't; -1 stands for no device or request."""
        same = (self._request[device] == request[:, None]) & (request[:, None] >= 0) & (device[:, None] >= 0)
        place = self._place[device, same.argmax(axis=1)]
        return np.where(same.any(axis=1), place, np.int32(-1))

    def keep(self, device: int, request: int, kept: Kept) -> None:
        """Keep an answer in the place of what the device said to that request before, or of the oldest."""
        bank = next((n for n, each in enumerate(self._banks) if _holds(each, kept)), None)
        if bank is None:
            return
        way = self._way(device, request)
        self._drop(device, way)
        self._place[device, way] = bank << _BANK | self._banks[bank].keep(kept)
        self._request[device, way] = request

    def give(
        self, places: Places, identifiers: NDArray[np.uint32], at: Moment
    ) -> list[tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]]:
        """For each shape: which of `places` have it, and their octets, sizes, and whether they may be sent."""
        bank_of, row = places >> _BANK, (places & (1 << _BANK) - 1).astype(np.int64)
        found = []
        for number in np.flatnonzero(np.bincount(bank_of)).tolist():
            some = np.flatnonzero(bank_of == number)
            found.append((some, *self._banks[number].give(row[some], identifiers[some], at)))
        return found

    def forget(self, devices: Collection[int]) -> None:
        """Keep nothing of what these said: they would say something else now."""
        for device in devices:
            for way in range(_WAYS):
                self._drop(device, way)

    def _way(self, device: int, request: int) -> int:
        for way, each in enumerate(self._request[device].tolist()):
            if each in {request, -1}:
                return way
        self._turn[device] = (self._turn[device] + 1) % _WAYS
        return int(self._turn[device])

    def _drop(self, device: int, way: int) -> None:
        if self._request[device, way] >= 0:
            place = int(self._place[device, way])
            self._banks[place >> _BANK].free.append(place & (1 << _BANK) - 1)
            self._request[device, way] = -1


def _holds(bank: _Bank, kept: Kept) -> bool:
    return len(kept.octets) + _HOLE <= bank.width and len(kept.lines) <= bank.numbers
