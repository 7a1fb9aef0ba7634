"""The last reading of sysUpTime of every device, in columns: how a reboot is noticed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.rates import rebooted

_UNKNOWN = -1


class Boots:
    """By device number: sysUpTime in hundredths of a second, and when it was read on the forward clock."""

    def __init__(self, devices: int) -> None:
        self._ticks = np.full(devices, _UNKNOWN, np.int64)
        self._clock = np.zeros(devices)

    def anew(
        self, device: NDArray[np.integer[Any]], ticks: NDArray[np.int64], clock: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Which devices booted since they were read last; all of shape (n,), `ticks` negative where one didn't say."""
        before = self._ticks[device]
        told = (before >= 0) & (ticks >= 0)
        answer: NDArray[np.bool_] = told & rebooted(before, ticks, clock - self._clock[device])
        return answer

    def remember(self, device: NDArray[np.integer[Any]], ticks: NDArray[np.int64], clock: NDArray[np.float64]) -> None:
        """Keep these readings, of shape (n,); those that don't say change nothing."""
        said = ticks >= 0
        self._ticks[device[said]], self._clock[device[said]] = ticks[said], clock[said]

    def all(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(sysUpTime, -1 where it is not known; when it was read): copies, by device number."""
        return self._ticks.copy(), self._clock.copy()
