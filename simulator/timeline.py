"""Simulated time: what is to happen happens in its order, as fast as whoever plays it goes on."""

import heapq
from collections.abc import Callable
from math import inf


class Timeline:
    """A clock for a `Director` that stands still between two calls of `go`. Times are UTC epoch seconds."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._alarms: list[tuple[float, int, Callable[[float], None]]] = []
        self._set = 0

    def now(self) -> float:
        return self._now

    def at(self, when: float, act: Callable[[float], None]) -> None:
        """Call `act(now)` at `when`, or as soon as time goes on where that is past."""
        heapq.heappush(self._alarms, (when, self._set, act))
        self._set += 1

    @property
    def next(self) -> float:
        """When something happens next; inf where nothing will."""
        return self._alarms[0][0] if self._alarms else inf

    def go(self, until: float) -> None:
        """Let everything happen that is due by `until`, each at its own time."""
        while self.next <= until:
            when, _, act = heapq.heappop(self._alarms)
            self._now = max(self._now, when)
            act(self._now)
        self._now = max(self._now, until)
