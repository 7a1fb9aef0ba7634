"""Polls of several GETs, of which some are answered and others have still to be asked. Columns, no objects a device."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.columns import ReadValues, nothing_read, read_together


class Came(NamedTuple):
    """What GETs of n devices brought; columns of shape (n,), no device twice.

    `at`: when it was asked first, UTC epoch seconds; `took_s`: how long its answers took, all together. `read.poll`
    is a position in these columns.
    """

    device: NDArray[np.int32]
    at: NDArray[np.float64]
    took_s: NDArray[np.float64]
    read: ReadValues

    def only(self, chosen: NDArray[np.bool_]) -> "Came":
        """Those of them that are `chosen`, shape (n,)."""
        read = self.read.only(chosen[self.read.poll])
        read = read._replace(poll=(np.cumsum(chosen) - 1)[read.poll])
        return Came(self.device[chosen], self.at[chosen], self.took_s[chosen], read)

    def told_by(self, chosen: NDArray[np.bool_]) -> "Came":
        """The same polls, but only what those of them told that are `chosen`, shape (n,)."""
        return self._replace(read=self.read.only(chosen[self.read.poll]))


_NOTHING = Came(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), nothing_read())


class Begun:
    """What came so far, for at most `devices` devices."""

    def __init__(self, devices: int) -> None:
        self._chosen = np.zeros(devices, np.bool_)  # for a moment: those that are looked for
        self._place = np.zeros(devices, np.int64)  # likewise: where each is
        self._held = _NOTHING

    def __len__(self) -> int:
        return len(self._held.device)

    def add(self, came: Came) -> None:
        """These polls go on."""
        joined = self.joined(came)
        self._held = _together(self._held, joined)

    def joined(self, came: Came) -> Came:
        """`came` with what the same polls brought before, which is no longer held."""
        before = self.take(came.device)
        if not len(before.device):
            return came
        self._place[came.device] = np.arange(len(came.device))
        place = self._place[before.device]
        at, took_s = came.at.copy(), came.took_s.copy()
        at[place] = before.at
        took_s[place] += before.took_s
        return Came(
            came.device, at, took_s, read_together([before.read._replace(poll=place[before.read.poll]), came.read])
        )

    def take(self, device: NDArray[np.int32]) -> Came:
        """What is held of these devices, shape (n,), and is no longer; nothing of the others."""
        if not len(self):
            return _NOTHING
        self._chosen[device] = True
        mine = self._chosen[self._held.device]
        self._chosen[device] = False
        if not mine.any():
            return _NOTHING
        taken, self._held = self._held.only(mine), self._held.only(~mine)
        return taken


def _together(some: Came, more: Came) -> Came:
    behind = more.read._replace(poll=more.read.poll + len(some.device))
    return Came(
        np.concatenate([some.device, more.device]),
        np.concatenate([some.at, more.at]),
        np.concatenate([some.took_s, more.took_s]),
        read_together([some.read, behind]),
    )
