"""Traffic whose counters are a pure function of time: log-normal steps under a daily curve.

A pattern's level grows by 3600 x 24 a day. Within an hour it grows in 10 s steps, drawn
log-normal and correlated over minutes; each hour takes another of 512 drawn hours. A counter is
its scale (octets a second on average) times that level, so it never falls and is never stored.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

PATTERNS = 512
STEPS = 360
_IST_S = 19_800  # the daily curve follows Indian Standard Time
# Share of a day's traffic in each hour: offices and kendras from 10 to 17, homes in the evening.
_DAY = (2, 1.5, 1, 1, 1, 1.5, 2.5, 3.5, 4.5, 6, 7, 7, 6.5, 5.5, 6, 6, 5.5, 5, 5, 5.5, 5.5, 5, 4, 3)


@dataclass(frozen=True, slots=True)
class Moment:
    """Every pattern's level at one time; made once for many answers."""

    now: float  # UTC epoch seconds
    levels: list[float]
    shift: int

    def level(self, pattern: int) -> float:
        return self.levels[(pattern + self.shift) % PATTERNS]


def moment(now: float) -> Moment:
    hour, within = divmod(now + _IST_S, 3600.0)
    step, part = divmod(within / 10.0, 1.0)
    grown = _hours()[:, int(step)] + part * (_hours()[:, int(step) + 1] - _hours()[:, int(step)])
    day, hour_of_day = divmod(int(hour), 24)
    start = 86_400.0 * (day + _before_hour()[hour_of_day])
    gain = 86_400.0 * (_before_hour()[hour_of_day + 1] - _before_hour()[hour_of_day])
    return Moment(now, (start + gain * grown).tolist(), int(hour) * 2_654_435_761 >> 7)


@cache
def _before_hour() -> tuple[float, ...]:
    """25 shares of the day's traffic that came before each full hour."""
    return (0.0, *(np.cumsum(_DAY) / np.sum(_DAY)).tolist())


@cache
def _hours() -> NDArray[np.float64]:
    """512 drawn hours as shares of the hour's traffic: (PATTERNS, STEPS + 1), from 0 to 1."""
    random = np.random.default_rng(1)
    noise = random.normal(0.0, 1.0, (PATTERNS, STEPS))
    keep = 0.97  # of the deviation from one step to the next: five minutes' memory
    walk = np.empty_like(noise)
    walk[:, 0] = noise[:, 0]
    for step in range(1, STEPS):
        walk[:, step] = keep * walk[:, step - 1] + np.sqrt(1 - keep**2) * noise[:, step]
    steps = np.exp(0.8 * walk)
    grown = np.concatenate([np.zeros((PATTERNS, 1)), np.cumsum(steps, axis=1)], axis=1)
    return np.asarray(grown / grown[:, -1:])


class Counter:
    """Octets in one direction of a port: 0 at boot, standing still while the port is down."""

    __slots__ = ("_from", "_running", "_scale", "_start", "pattern")

    def __init__(self, pattern: int, scale: float, since: Moment) -> None:
        self.pattern = pattern
        self._scale = scale
        self._start = since.level(pattern)
        self._from = 0
        self._running = True

    def __call__(self, at: Moment) -> int:
        if not self._running:
            return self._from
        level = at.levels[(self.pattern + at.shift) % PATTERNS]
        return self._from + int(self._scale * (level - self._start))

    def halt(self, at: Moment) -> None:
        self._from = self(at)
        self._running = False

    def resume(self, at: Moment) -> None:
        if not self._running:
            self._start = at.level(self.pattern)
            self._running = True

    def restart(self, at: Moment) -> None:
        """Count from 0 again, as after a boot."""
        self._start, self._from = at.level(self.pattern), 0
