"""The newest value of every series of every device: a slot of 12 octets each, side by side for each device.

Devices that have the same series (metric and instance) share one *shape*, the list of them: of a country's
routers there are a few. So what a slot holds is written once a shape, not once a series.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.columns import ragged
from collectors.sinks.shapes import NO_SHAPE, Shapes

_FORGET_S = 86_400
_SPARE = 100_000
_MOST_SERIES = 32_768  # of a device: an OLT with 6,000 ONTs has as many; one that invents names harms itself alone
_AT_ONCE = 20_000  # devices that move in one step


class Found(NamedTuple):
    """Newest values, columns of shape (n,); `at` is in whole UTC epoch seconds, 0 where none came."""

    device: NDArray[np.int64]
    instance: NDArray[np.int64]
    value: NDArray[np.float64]
    at: NDArray[np.uint32]


class Slots:
    """For one thread at a time."""

    def __init__(self, devices: int, spare: int = _SPARE, most: int = _MOST_SERIES) -> None:
        """Devices are numbers below `devices`; so many slots, and series of shapes, may lie unused; a device has at
        most so many series.
        """
        self.shapes = Shapes()
        self.refused = 0  # samples of series that were too many
        self._spare, self._most = spare, most
        self._tidy_at = spare  # series of shapes
        self._shape = np.full(devices, NO_SHAPE, np.int32)
        self._first = np.zeros(devices, np.int64)
        self._used = self._given_up = 0
        self._value = np.zeros(0)
        self._at = np.zeros(0, np.uint32)

    def take(
        self,
        device: NDArray[np.int32],
        code: NDArray[np.int64],
        value: NDArray[np.float64],
        at: NDArray[np.float64],
    ) -> None:
        """Samples, columns of shape (n,), `code` by shapes.codes; of a series that occurs twice the last counts.

        Where a device gets a series that it did not have, those of its own go that ended a day ago. Of one that has
        as many as it may have, others are refused.
        """
        place = self.shapes.places(self._shape[device], code)
        new = place < 0
        if new.any():
            self._admit(device[new], code[new], int(at.max()) - _FORGET_S)
            place = self.shapes.places(self._shape[device], code)
            if (refused := place < 0).any():
                self.refused += int(refused.sum())
                device, place, value, at = device[~refused], place[~refused], value[~refused], at[~refused]
        slot = self._first[device] + place
        self._value[slot] = value
        self._at[slot] = at

    def newest(self, metric: int, device: NDArray[np.int64]) -> Found:
        """All series of a metric that these devices have, by device."""
        of = self.shapes.of_metric(metric)
        shape = self._shape[device]
        count = of.counts[shape]
        row = ragged(of.starts[shape], count)
        owner = np.repeat(device, count)
        slot = self._first[owner] + of.place[row]
        return Found(owner, of.instance[row], self._value[slot], self._at[slot])

    def _admit(self, device: NDArray[np.int32], code: NDArray[np.int64], oldest: int) -> None:
        """New series, which may be told twice. Devices of one shape that get the same ones are moved as one."""
        if self._given_up > max(self._spare, self._used // 4):
            self._move_together()
        if self.shapes.rows > self._tidy_at:
            self._forget_shapes()
        order = np.lexsort((code, device))
        device, code = device[order], code[order]
        once = np.append(True, (np.diff(device) != 0) | (np.diff(code) != 0))
        device, code = device[once], code[once]
        starts = np.flatnonzero(np.append(True, np.diff(device) != 0))
        alike: dict[tuple[int, bytes], list[int]] = {}
        for one, some in zip(device[starts].tolist(), np.split(code, starts[1:]), strict=True):
            alike.setdefault((int(self._shape[one]), some.tobytes()), []).append(one)
        for (shape, added), members in alike.items():
            self._reshape(np.array(members), shape, np.frombuffer(added, np.int64), oldest)

    def _reshape(self, members: NDArray[np.int64], shape: int, added: NDArray[np.int64], oldest: int) -> None:
        had = self.shapes.series(shape)
        before = self._first[members, np.newaxis] + np.arange(len(had))
        kept = (self._at[before] >= oldest).any(axis=0)
        added = added[: max(0, self._most - int(kept.sum()))]
        if not len(added):
            return
        number = self.shapes.number(np.union1d(had[kept], added))
        series = len(self.shapes.series(number))
        self._make_room(len(members) * series)
        first = self._used + np.arange(len(members)) * series
        after = first[:, np.newaxis] + self.shapes.places(np.full(kept.sum(), number, np.int32), had[kept])
        self._value[after] = self._value[before[:, kept]]
        self._at[after] = self._at[before[:, kept]]
        self._shape[members], self._first[members] = number, first
        self._used += len(members) * series
        self._given_up += before.size

    def _forget_shapes(self) -> None:
        """Drop those that no device has any more: one that gets series again and again leaves them behind."""
        used = np.zeros(len(self.shapes), np.bool_)
        used[self._shape] = True
        self.shapes, number = self.shapes.only(used)
        self._shape = number[self._shape]
        self._tidy_at = 2 * self.shapes.rows + self._spare

    def _make_room(self, slots: int) -> None:
        needed = self._used + slots
        if needed > len(self._at):
            self._value, self._at = (_longer(held, needed + needed // 2) for held in (self._value, self._at))

    def _move_together(self) -> None:
        """Leave no slot between those in use. Takes some 30 ms for three million."""
        lengths = self.shapes.lengths(self._shape)
        first = np.cumsum(lengths) - lengths
        self._used, self._given_up = int(lengths.sum()), 0
        value, at = np.zeros(len(self._value)), np.zeros(len(self._at), np.uint32)
        for begin in range(0, len(first), _AT_ONCE):
            some = slice(begin, begin + _AT_ONCE)
            slot = ragged(self._first[some], lengths[some])
            to = int(first[begin])
            value[to : to + len(slot)], at[to : to + len(slot)] = self._value[slot], self._at[slot]
        self._first, self._value, self._at = first, value, at


def _longer(held: NDArray[Any], length: int) -> NDArray[Any]:
    made = np.zeros(length, held.dtype)  # memory that nobody has written to takes none
    made[: len(held)] = held
    return made
