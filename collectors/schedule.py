"""When each device is polled: spread over its interval, the same place after every restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_GRACE_S = 1.0  # a poll that could not begin this long after its time is left out, not made up for


_LATE_S = 0.1
_LEAST_ROOM = 20


def room(before: float, late_s: float, most: int) -> float:
    """How many polls may be under way, by how late the event loop came back since `before`.

    A loop that cannot keep up reads answers too late and takes them for silence: fewer polls then,
    all answered, instead of many that time out. It grows back within some seconds.
    """
    if late_s > _LATE_S:
        return max(before * 0.8, min(_LEAST_ROOM, most))
    return min(before + most / 200, float(most))


def phase(name: str, interval_s: float) -> float:
    """The place of `name` in every interval: seconds in [0, interval_s), from a stable hash."""
    digest = blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * interval_s


@dataclass(frozen=True, slots=True)
class Due:
    devices: NDArray[np.int64]  # positions of the devices to poll now
    missed: int  # polls whose time passed without being taken


class Schedule:
    """Polls due at phase + k x interval, k whole. Any clock in seconds that runs evenly will do."""

    def __init__(self, names: Sequence[str], intervals_s: Sequence[float], now: float) -> None:
        self._interval = np.array(intervals_s, dtype=np.float64)
        self._phase = np.array([phase(n, i) for n, i in zip(names, intervals_s, strict=True)], dtype=np.float64)
        self._slot = np.floor((now - self._phase) / self._interval).astype(np.int64) + 1
        self._due = self._phase + self._slot * self._interval

    def take(self, now: float) -> Due:
        """The polls due by `now`; each is taken or missed once. A pause brings no burst after it."""
        late = np.flatnonzero(self._due <= now)
        interval = self._interval[late]
        latest = np.floor((now - self._phase[late]) / interval).astype(np.int64)
        latest = np.maximum(latest, self._slot[late])  # rounding may have put it one slot before
        behind_s = now - (self._phase[late] + latest * interval)
        fresh = behind_s < np.minimum(_GRACE_S, interval / 2)
        passed = latest - self._slot[late] + 1
        self._slot[late] += passed
        self._due[late] = self._phase[late] + self._slot[late] * interval
        return Due(late[fresh], int(passed.sum()) - int(fresh.sum()))
