"""The last reading of every polled counter, in columns: what rates are taken against, and what shows another port."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.metrics import NUMBER
from collectors.rates import increases, jumped

_SPEED = NUMBER["ifSpeed"]
_OPER_STATUS = NUMBER["ifOperStatus"]


class Readings(NamedTuple):
    """Values just read, each of shape (n,). `item` holds their records of collectors.columns.ITEM."""

    slot: NDArray[np.int64]
    whole: NDArray[np.uint64]
    value: NDArray[np.float64]
    item: NDArray[np.void]
    clock: NDArray[np.float64]  # seconds on a clock that only runs forward
    longest_s: NDArray[np.float64]  # longest time since the reading before
    restarted: NDArray[np.bool_]  # the device booted in between


class Memory:
    """Slots for counters, speeds and statuses of ports: 20 octets each. A device holds as many in a row as its plan has of them.

    All begins as zeros, for which the kernel gives no memory until they are written.
    """

    def __init__(self) -> None:
        self._whole = np.zeros(1024, np.uint64)
        self._clock = np.zeros(1024)  # of the reading, and a second: 0 is for what was not read yet
        self._speed = np.zeros(1024, np.float32)  # bit/s, at the slot of a port's ifSpeed; 0: not known
        self._end = 0
        self._free: dict[int, list[int]] = {}

    def take(self, length: int) -> int:
        """The first of `length` empty slots."""
        if self._free.get(length):
            return self._free[length].pop()
        start = self._end
        self._end += length
        while self._end > len(self._whole):
            self._double()
        return start

    def take_many(self, count: int, length: int) -> NDArray[np.int64]:
        """The first of `length` empty slots for each of `count` devices."""
        first = self.take(count * length) if count * length else 0
        return first + length * np.arange(count)

    def free(self, start: int, length: int) -> None:
        """Empty these slots; somebody else may get them."""
        self._clock[start : start + length] = 0.0
        self._speed[start : start + length] = 0.0
        self._free.setdefault(length, []).append(start)

    def rates(self, read: Readings) -> NDArray[np.float64]:
        """The rate of each counter in `read` (NaN for the rest), and remember these readings."""
        speeds = read.item["metric"] == _SPEED
        self._speed[read.slot[speeds]] = np.maximum(read.value[speeds], 0.0)
        rate = np.full(len(read.slot), np.nan)
        counts = np.flatnonzero((read.item["rate"] >= 0) & ~read.restarted)
        rate[counts] = self._increases(read, counts) * read.item["factor"][counts]
        self._whole[read.slot] = read.whole
        self._clock[read.slot] = read.clock + 1.0
        return rate

    def doubts(
        self, slot: NDArray[np.int64], whole: NDArray[np.uint64], item: NDArray[np.void], clock: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Which values just read, as in Readings, one would not expect of the port that was there before.

        Its counter jumped, or its operational status changed. Nothing is remembered.
        """
        before, since = self._whole[slot], self._clock[slot]
        doubted: NDArray[np.bool_] = (item["metric"] == _OPER_STATUS) & (before != whole) & (since > 0)
        at = np.flatnonzero((item["rate"] >= 0) & (since > 0))
        speed = self._speed[slot[at] + item["speed"][at]]
        doubted[at] = jumped(
            before=before[at],
            after=whole[at],
            elapsed_s=clock[at] + 1.0 - since[at],
            bits=item["bits"][at],
            fastest=np.where(speed > 0, speed, np.inf) / item["least_bits"][at],
        )
        return doubted

    def _increases(self, read: Readings, at: NDArray[np.int64]) -> NDArray[np.float64]:
        item, slot = np.take(read.item, at), read.slot[at]
        clock, speed = self._clock[slot], self._speed[slot + item["speed"]]
        return increases(
            before=self._whole[slot],
            after=read.whole[at],
            elapsed_s=np.where(clock > 0, read.clock[at] + 1.0 - clock, np.nan),
            bits=item["bits"],
            fastest=np.where(speed > 0, speed, np.inf) / item["least_bits"],
            longest_s=read.longest_s[at],
        )

    def _double(self) -> None:
        for name in ("_whole", "_clock", "_speed"):
            before = getattr(self, name)
            after = np.zeros(2 * len(before), before.dtype)
            after[: len(before)] = before
            setattr(self, name, after)
