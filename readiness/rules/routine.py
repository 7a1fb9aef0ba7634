"""What falls silent at the same hour every day: PCs that are switched off, feeders that are cut. Pure, no clocks.

Times are UTC epoch seconds; India has no summer time, so that the same hour of the day is a multiple of 24 hours.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

DAYS = 7
OFTEN = 3  # of these days: one that is switched off on three days is no chance any more, nor one fault
_DAY_S = 86400.0
_NEAR_S = 1200.0
_KEPT = DAYS + 1

Times = NDArray[np.float64]


def days_before(starts: Iterable[float], start: float) -> int:
    """On how many of the seven days before `start` one of `starts` lay within 20 minutes of the same hour."""
    back = [start - one for one in starts]
    days = {round(length / _DAY_S) for length in back if abs(length - round(length / _DAY_S) * _DAY_S) <= _NEAR_S}
    return len(days & set(range(1, DAYS + 1)))


class Routine:
    """The newest beginnings of silence of each device that carries nobody, and of lost mains of each feeder."""

    def __init__(self, ends: NDArray[np.bool_]) -> None:
        """`ends`: which devices carry nobody, by node."""
        self._row = np.where(ends, np.cumsum(ends) - 1, -1)
        self._silent: Times = np.zeros((int(ends.sum()), _KEPT))
        self._cuts: dict[str, list[float]] = {}

    def silent(self, node: int, start: float) -> None:
        row = int(self._row[node])
        if row >= 0:
            kept = self._silent[row]
            apart = np.abs(kept - start)
            # An outage whose start is told anew is the same one still; else the oldest makes place.
            kept[apart.argmin() if apart.min() <= _NEAR_S else kept.argmin()] = start

    def cut(self, feeder: str, start: float) -> None:
        kept = [one for one in self._cuts.get(feeder, ()) if abs(one - start) > _NEAR_S]
        self._cuts[feeder] = sorted([*kept, start])[-_KEPT:]

    def days_of(self, node: int, start: float) -> int:
        row = int(self._row[node])
        return days_before(self._silent[row].tolist(), start) if row >= 0 else 0

    def days_of_feeder(self, feeder: str, start: float) -> int:
        return days_before(self._cuts.get(feeder, ()), start)
