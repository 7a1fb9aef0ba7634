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


def places(names: Sequence[str]) -> NDArray[np.float64]:
    """The place of each name in every interval, from a stable hash: in [0, 1), shape (n,)."""
    digests = b"".join([blake2b(name.encode(), digest_size=8).digest() for name in names])
    return np.frombuffer(digests, ">u8").astype(np.float64) / 2**64


def phase(name: str, interval_s: float) -> float:
    """The place of `name` in its interval, in seconds."""
    return float(places([name])[0]) * interval_s


@dataclass(frozen=True, slots=True)
class Due:
    devices: NDArray[np.int64]  # positions of the devices to poll now
    missed: int  # polls whose time passed without being taken


class Schedule:
    """Polls due at (place + k) x interval, k whole. Any clock in seconds that only runs forward will do.

    `place` in [0, 1) and `interval_s`, both of shape (n,).
    """

    def __init__(self, place: NDArray[np.float64], interval_s: NDArray[np.float64], now: float) -> None:
        self._rounds = [
            _Round(place, np.flatnonzero(interval_s == interval), float(interval), now)
            for interval in np.unique(interval_s)
        ]

    def take(self, now: float) -> Due:
        """The polls due by `now`; each is taken or missed once. A pause brings no burst after it."""
        due = [one.take(now) for one in self._rounds]
        devices = [one.devices for one in due if len(one.devices)]
        return Due(np.concatenate(devices or [np.zeros(0, np.int64)]), sum(one.missed for one in due))


class _Round:
    """Devices of one interval in the order of their turns: what is due lies between two searches, not in a scan."""

    def __init__(self, place: NDArray[np.float64], devices: NDArray[np.int64], interval_s: float, now: float) -> None:
        order = np.argsort(place[devices], kind="stable")
        self._devices = devices[order]
        self._phase = place[self._devices] * interval_s
        self._interval_s = interval_s
        self._taken = self._turn(now)

    def take(self, now: float) -> Due:
        before, self._taken = self._taken, max(self._taken, self._turn(now))
        grace_s = min(_GRACE_S, self._interval_s / 2)
        fresh = np.arange(max(before, self._turn(now - grace_s)), self._taken)
        return Due(self._devices[fresh % len(self._devices)], self._taken - before - len(fresh))

    def _turn(self, now: float) -> int:
        """How many turns there were by `now`, counted from the clock's zero."""
        rounds = int(now // self._interval_s)
        within = now - rounds * self._interval_s
        return rounds * len(self._devices) + int(np.searchsorted(self._phase, within, "right"))
