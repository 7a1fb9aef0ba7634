"""Lists of series that devices have in common, each written once, and found again in columns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_SHAPE = 0
"""The shape without any series."""

_METRIC, _SHAPE = 24, 34  # the lowest bit of each in a key: shape, metric, instance


class OfMetric(NamedTuple):
    """The series of one metric: of shape n those in rows `starts[n]` to `starts[n] + counts[n]` of the two other columns."""

    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    place: NDArray[np.int64]  # in the shape
    instance: NDArray[np.int64]


def codes(metric: NDArray[np.int16], instance: NDArray[np.int32]) -> NDArray[np.int64]:
    """A number for each metric (below 1024) and instance (below 2^24)."""
    return metric.astype(np.int64) << _METRIC | instance


class Shapes:
    """Shapes are numbered as they come; one never changes. None goes by itself: `only` makes a new collection."""

    def __init__(self) -> None:
        self._number: dict[bytes, int] = {b"": NO_SHAPE}
        self._keys = np.zeros(64, np.int64)  # sorted as far as they are in use: shape, then code
        self._starts = np.zeros(64, np.int64)  # of shape n its rows are starts[n]:starts[n + 1]
        self._by_metric: dict[int, OfMetric] = {}
        self._sorted_at = -1  # how many shapes `_by_metric` speaks of

    def __len__(self) -> int:
        return len(self._number)

    def number(self, series: NDArray[np.int64]) -> int:
        """The shape of these codes, which are sorted and all different."""
        written = series.tobytes()
        if written not in self._number:
            self._add(series)
            self._number[written] = len(self._number)
        return self._number[written]

    def only(self, used: NDArray[np.bool_]) -> tuple["Shapes", NDArray[np.int32]]:
        """Those that are `used`, shape (shapes,), and which number there each of these has now."""
        kept, number = Shapes(), np.full(len(self), NO_SHAPE, np.int32)
        for shape in np.flatnonzero(used).tolist():
            number[shape] = kept.number(self.series(shape))
        return kept, number

    def series(self, shape: int) -> NDArray[np.int64]:
        """The codes of a shape, sorted."""
        return self._keys[self._starts[shape] : self._starts[shape + 1]] & (1 << _SHAPE) - 1

    def lengths(self, shape: NDArray[np.int32]) -> NDArray[np.int64]:
        return self._starts[shape + 1] - self._starts[shape]

    def places(self, shape: NDArray[np.int32], code: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which series of its shape each code is, -1 where the shape doesn't have it; all of shape (n,)."""
        keys = self._keys[: self.rows]
        key = shape.astype(np.int64) << _SHAPE | code
        at = np.searchsorted(keys, key)
        found = np.append(keys, -1)[at] == key
        return np.where(found, at - self._starts[shape], -1)

    def metrics(self) -> list[int]:
        """All metrics that any shape has, in their order."""
        self._sort()
        return sorted(self._by_metric)

    def of_metric(self, metric: int) -> OfMetric:
        """Nothing for a metric that no shape has any more."""
        self._sort()
        none, nowhere = np.zeros(0, np.int64), np.zeros(len(self), np.int64)
        return self._by_metric.get(metric) or OfMetric(nowhere, nowhere, none, none)

    @property
    def rows(self) -> int:
        """Series of all shapes together."""
        return int(self._starts[len(self)])

    def _add(self, series: NDArray[np.int64]) -> None:
        shape, begin = len(self), self.rows
        end = begin + len(series)
        if shape + 2 > len(self._starts):
            self._starts = np.append(self._starts, np.zeros_like(self._starts))
        if end > len(self._keys):
            self._keys = np.append(self._keys, np.zeros(max(len(self._keys), len(series)), np.int64))
        self._starts[shape + 1] = end
        self._keys[begin:end] = shape << _SHAPE | series

    def _sort(self) -> None:
        if self._sorted_at == len(self):
            return
        keys = self._keys[: self.rows]
        metric, shape = keys >> _METRIC & (1 << _SHAPE - _METRIC) - 1, keys >> _SHAPE
        place = np.arange(len(keys)) - self._starts[shape]
        order = np.argsort(metric, kind="stable")
        found, begin = np.unique(metric[order], return_index=True)
        ends = [*begin[1:].tolist(), len(order)]  # one too many where there is no series
        self._by_metric = {}
        for number, first, end in zip(found.tolist(), begin.tolist(), ends, strict=False):
            rows = order[first:end]
            count = np.bincount(shape[rows], minlength=len(self))
            instance = keys[rows] & (1 << _METRIC) - 1
            self._by_metric[number] = OfMetric(np.cumsum(count) - count, count, place[rows], instance)
        self._sorted_at = len(self)
