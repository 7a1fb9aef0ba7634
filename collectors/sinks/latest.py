"""The newest value of every series, in columns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_FORGET_S = 86_400.0


class Latest(NamedTuple):
    """All of shape (n,). As a table: ordered by metric, then device, then instance, and keys are unique.

    key = metric << 48 | device << 24 | instance.
    """

    key: NDArray[np.int64]
    value: NDArray[np.float64]
    at: NDArray[np.float64]

    @property
    def metric(self) -> NDArray[np.int64]:
        return self.key >> 48

    @property
    def device(self) -> NDArray[np.int64]:
        return self.key >> 24 & 0xFF_FFFF

    @property
    def instance(self) -> NDArray[np.int64]:
        return self.key & 0xFF_FFFF

    def chosen(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Latest":
        return Latest(self.key[rows], self.value[rows], self.at[rows])


EMPTY = Latest(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def keys(metric: NDArray[np.int16], device: NDArray[np.int32], instance: NDArray[np.int32]) -> NDArray[np.int64]:
    return metric.astype(np.int64) << 48 | device.astype(np.int64) << 24 | instance.astype(np.int64)


def updated(latest: Latest, new: Latest, now: float) -> Latest:
    """`latest` with `new`, in any order: values of known series change in place, new series make a new table."""
    new = new.chosen(np.argsort(new.key, kind="stable"))  # merging two runs in order costs a fraction
    at = np.searchsorted(latest.key, new.key)
    known = np.zeros(len(new.key), np.bool_)
    inside = at < len(latest.key)
    known[inside] = latest.key[at[inside]] == new.key[inside]
    latest.value[at[known]] = new.value[known]
    latest.at[at[known]] = new.at[known]
    if known.all():
        return latest
    return _merged(latest, new.chosen(~known), now - _FORGET_S)


def _merged(old: Latest, new: Latest, oldest: float) -> Latest:
    """Both without series that ended before `oldest`; of a key that occurs twice the last counts."""
    key = np.concatenate([old.key, new.key])
    at = np.concatenate([old.at, new.at])
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    last = np.append(ordered[1:] != ordered[:-1], True) & (at[order] >= oldest)
    kept = order[last]
    return Latest(key[kept], np.concatenate([old.value, new.value])[kept], at[kept])
