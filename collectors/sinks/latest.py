"""The newest value of every series, in columns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.model import Batch

_FORGET_S = 86_400.0


class Latest(NamedTuple):
    """All of shape (n,), ordered by metric, then device, then instance; keys are unique.

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

    def chosen(self, rows: NDArray[np.bool_] | slice) -> "Latest":
        return Latest(self.key[rows], self.value[rows], self.at[rows])


EMPTY = Latest(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def updated(latest: Latest, batch: Batch) -> Latest:
    """`latest` with the samples of `batch`: values of known series change in place, new series make a new table."""
    key = (
        batch.sample_metric.astype(np.int64) << 48
        | batch.sample_device.astype(np.int64) << 24
        | batch.sample_instance.astype(np.int64)
    )
    at = np.searchsorted(latest.key, key)
    known = np.zeros(len(key), np.bool_)
    inside = at < len(latest.key)
    known[inside] = latest.key[at[inside]] == key[inside]
    latest.value[at[known]] = batch.sample_value[known]
    latest.at[at[known]] = batch.sample_at[known]
    if known.all():
        return latest
    new = Latest(key[~known], batch.sample_value[~known], batch.sample_at[~known])
    return _merged(latest, new, batch.closed_at - _FORGET_S)


def _merged(old: Latest, new: Latest, oldest: float) -> Latest:
    """Both tables without series that ended before `oldest`; of a key that occurs twice the last counts."""
    key = np.concatenate([old.key, new.key])
    at = np.concatenate([old.at, new.at])
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    last = np.append(ordered[1:] != ordered[:-1], True) & (at[order] >= oldest)
    kept = order[last]
    return Latest(key[kept], np.concatenate([old.value, new.value])[kept], at[kept])
