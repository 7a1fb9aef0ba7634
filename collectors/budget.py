"""Read budgets: how often a device may be asked for an object, also over restarts of ours. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.columns import ragged

GENTLE_S = 900.0  # budgets up to this may be read out of turn for a reason: they spare effort, not the device
_SHORT_S = 300.0  # budgets that `hasten` passes over
_APART_S = 20.0  # but not more often than this
_WAITS_S = 900.0  # from this on a fresh start of ours reads nothing out of turn: it would be all of it at once
_FIRST = 1024

MOST_READS = 31
"""Bits that `due` has for a device."""

Reads = tuple[tuple[str, float], ...]
"""Name and budget in seconds of everything that a device is asked for."""


class Budgets:
    """When each costly object of each device may be read again.

    Time is cut into slots of the budget's length, placed by a hash of the device's name: at most
    one read a slot, so a collector that restarts again and again reads no oftener.

    `place`, shape (devices,): in [0, 1), where a device's slots begin; `interval_s` between its polls.
    A device's reads lie in a row from `_first`, 16 octets each.
    """

    def __init__(self, place: NDArray[np.float64], interval_s: NDArray[np.float64]) -> None:
        self._place, self._interval_s = place, interval_s
        self._reads: list[Reads] = [()] * len(place)
        self._first = np.zeros(len(place), np.int32)
        self.count = np.zeros(len(place), np.int16)
        self._next = np.full(_FIRST, np.inf)  # UTC epoch seconds; inf: never asked for
        self._every_s = np.zeros(_FIRST)
        self._end = 0
        self._free: dict[int, list[int]] = {}
        self._hastened_at: dict[int, float] = {}

    def keep(self, device: int, reads: Reads) -> None:
        """The device is asked for `reads` from now on; what was among those before keeps its time."""
        before = self._reads[device]
        if before is reads:
            return
        start, count = int(self._first[device]), len(before)
        times = {name: self._next[start + at] for at, (name, _) in enumerate(before)}
        if count:
            self._free.setdefault(count, []).append(start)
        start = self._room_for(len(reads))
        self._next[start : start + len(reads)] = [times.get(name, np.inf) for name, _ in reads]
        self._every_s[start : start + len(reads)] = [every_s for _, every_s in reads]
        self._reads[device], self._first[device], self.count[device] = reads, start, len(reads)

    def keep_many(self, devices: NDArray[np.integer[Any]], reads: Reads) -> None:
        """Devices that were asked for nothing before, shape (n,), are asked for `reads`."""
        count = len(reads)
        start = self._room_for(len(devices) * count)
        row = slice(start, start + len(devices) * count)
        self._next[row] = np.inf
        self._every_s[row] = np.tile([every_s for _, every_s in reads], len(devices))
        self._first[devices] = start + count * np.arange(len(devices))
        self.count[devices] = count
        for device in devices.tolist():
            self._reads[device] = reads

    def due(self, devices: NDArray[np.integer[Any]], now: float) -> NDArray[np.int64]:
        """What may be read at `now` (UTC epoch seconds) of devices of shape (n,), and counts as read: bit k its read k.

        Every device has at least one read and at most MOST_READS.
        """
        count = self.count[devices].astype(np.int64)
        due = self._take(devices, count, now)
        starts = np.cumsum(count) - count
        bits = due.astype(np.int64) << (np.arange(len(due)) - np.repeat(starts, count))
        told: NDArray[np.int64] = np.bitwise_or.reduceat(bits, starts) if len(devices) else bits
        return told

    def due_of(self, device: int, now: float) -> frozenset[str]:
        """The same for one device, by name, however many reads it has."""
        due = self._take(np.array([device]), self.count[device : device + 1].astype(np.int64), now)
        return frozenset(name for (name, _), wanted in zip(self._reads[device], due.tolist(), strict=True) if wanted)

    def _take(self, devices: NDArray[np.integer[Any]], count: NDArray[np.int64], now: float) -> NDArray[np.bool_]:
        """Whether each of the devices' reads, one device's after another's, may be read at `now`; it counts as read."""
        at = ragged(self._first[devices].astype(np.int64), count)
        owner = np.repeat(devices, count)
        every_s, until, interval_s = self._every_s[at], self._next[at], self._interval_s[owner]
        new = until - now > 2 * every_s  # or the clock was set back
        first = np.where(every_s < _WAITS_S, now, self._slot_after(owner, every_s, np.full(len(at), now)))
        until = np.where(new, first, until)
        often = every_s <= interval_s
        due: NDArray[np.bool_] = often | (now >= until)
        # A read a little late in its slot must not push the next one a whole slot further.
        following = self._slot_after(owner, every_s, now + every_s - 2 * interval_s)
        self._next[at] = np.where(often, np.inf, np.where(due, following, until))
        return due

    def names(self, device: int, due: int) -> frozenset[str]:
        """The names behind the bits of `due`."""
        return named(self._reads[device], due)

    def hasten(self, device: int, now: float) -> bool:
        """Bring forward what has a short budget; whether that is due at once, or a moment after the last such read."""
        last = self._hastened_at.get(device, float("-inf"))
        at = now if now < last else max(now, last + _APART_S)
        row = slice(int(self._first[device]), int(self._first[device]) + int(self.count[device]))
        short = (self._every_s[row] <= _SHORT_S) & np.isfinite(self._next[row])
        self._next[row] = np.where(short, np.minimum(self._next[row], at), self._next[row])
        if at == now:
            self._hastened_at[device] = now
        return at == now

    def bring_forward(self, devices: NDArray[np.integer[Any]]) -> None:
        """The last read of each of these, shape (n,), is due at its next poll."""
        self._next[self._first[devices] + self.count[devices] - 1] = 0.0

    def last(self, devices: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """The last read alone of each of these, as bits of `due`."""
        bits: NDArray[np.int64] = np.int64(1) << (self.count[devices].astype(np.int64) - 1)
        return bits

    def _slot_after(
        self, owner: NDArray[np.integer[Any]], every_s: NDArray[np.float64], at: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        length = np.maximum(every_s, 1e-9)
        offset = self._place[owner] * length
        after: NDArray[np.float64] = offset + (np.floor((at - offset) / length) + 1) * length
        return after

    def _room_for(self, count: int) -> int:
        if self._free.get(count):
            return self._free[count].pop()
        start, self._end = self._end, self._end + count
        while self._end > len(self._next):
            self._next = np.concatenate([self._next, np.full(len(self._next), np.inf)])
            self._every_s = np.concatenate([self._every_s, np.zeros(len(self._every_s))])
        return start


def named(reads: Sequence[tuple[str, float]], due: int) -> frozenset[str]:
    """The names of the `reads` whose bit is set."""
    return frozenset(name for at, (name, _) in enumerate(reads) if due >> at & 1)
