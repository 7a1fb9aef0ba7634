"""The last reading of sysUpTime of every device, in columns: how a reboot is noticed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.rates import rebooted

_UNKNOWN = -1
_ODD = 3  # "reboots" in a row with an up-time that did not fall: it stands still, or counts something else


class Boots:
    """By device number: sysUpTime in hundredths of a second, and when it was read on the forward clock.

    An up-time that is no clock tells of a reboot by falling only: else its device would be recognised at every poll.
    """

    def __init__(self, devices: int) -> None:
        self._ticks = np.full(devices, _UNKNOWN, np.int64)
        self._clock = np.zeros(devices)
        self._odd = np.zeros(devices, np.int8)

    def anew(
        self, device: NDArray[np.integer[Any]], ticks: NDArray[np.int64], clock: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Which devices booted since they were read last; all of shape (n,), `ticks` negative where one didn't say."""
        believed = (self._odd[device] < _ODD) | (ticks < self._ticks[device])
        answer: NDArray[np.bool_] = self._jumped(device, ticks, clock) & believed
        return answer

    def remember(self, device: NDArray[np.integer[Any]], ticks: NDArray[np.int64], clock: NDArray[np.float64]) -> None:
        """Keep these readings, of shape (n,); those that don't say change nothing."""
        said = ticks >= 0
        device, ticks, clock = device[said], ticks[said], clock[said]
        jumped = self._jumped(device, ticks, clock)
        odd = jumped & (ticks >= self._ticks[device])
        self._odd[device] = np.where(jumped, np.minimum(self._odd[device] + odd, _ODD), 0)
        self._ticks[device], self._clock[device] = ticks, clock

    def _jumped(
        self, device: NDArray[np.integer[Any]], ticks: NDArray[np.int64], clock: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        before = self._ticks[device]
        told = (before >= 0) & (ticks >= 0)
        answer: NDArray[np.bool_] = told & rebooted(before, ticks, clock - self._clock[device])
        return answer

    def all(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(sysUpTime, -1 where it is not known; when it was read): copies, by device number."""
        return self._ticks.copy(), self._clock.copy()
