"""Traffic whose counters are a pure function of time: log-normal steps under a daily curve.

A pattern's level grows by 3600 x 24 a day. Within an hour it grows in 10 s steps, drawn
log-normal and correlated over minutes; each hour takes another of 512 drawn hours. A counter is
its scale (octets a second on average) times that level, so it never falls and is never stored.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.ber import COUNTER64

PATTERNS = 512
CLOCK = PATTERNS  # the place of the time among the levels
_RANGES = {COUNTER64: 2**64}
STEPS = 360
_IST_S = 19_800  # the daily curve follows Indian Standard Time
# Share of a day's traffic in each hour: offices and kendras from 10 to 17, homes in the evening.
_DAY = (2, 1.5, 1, 1, 1, 1.5, 2.5, 3.5, 4.5, 6, 7, 7, 6.5, 5.5, 6, 6, 5.5, 5, 5, 5.5, 5.5, 5, 4, 3)


@dataclass(frozen=True, slots=True)
class Moment:
    """Every pattern's level at one time, and at CLOCK the time itself; made once for many answers."""

    now: float  # UTC epoch seconds
    levels: list[float]
    column: NDArray[np.float64]  # the levels once more


class Line(NamedTuple):
    """A number that follows a level: int(base + scale x (level - start)), modulo its type's range."""

    tag: int
    level: int  # a pattern, or CLOCK
    scale: float
    start: float
    base: float = 0.0

    def at(self, moment: Moment) -> int:
        return int(self.base + self.scale * (moment.levels[self.level] - self.start)) % _RANGES.get(self.tag, 2**32)


def moment(now: float) -> Moment:
    start, gain, hour, step, part = _position(now)
    before, after = _hours()[:, step], _hours()[:, step + 1]
    levels = start + gain * (before + part * (after - before))
    column = np.append(np.roll(levels, -_shift(hour)), now)
    return Moment(now, column.tolist(), column)


def level_at(pattern: int, now: float) -> float:
    """What `moment(now).levels[pattern]` is, without the others."""
    if pattern == CLOCK:
        return now
    start, gain, hour, step, part = _position(now)
    drawn = _hours()[(pattern + _shift(hour)) % PATTERNS]
    before, after = float(drawn[step]), float(drawn[step + 1])
    return start + gain * (before + part * (after - before))


@lru_cache(maxsize=64)  # a device's counters all begin at its boot
def _position(now: float) -> tuple[float, float, int, int, float]:
    """Level at the hour's start, its growth in the hour, the hour, and how far in: step and part of it."""
    hour, within = divmod(now + _IST_S, 3600.0)
    step, part = divmod(within / 10.0, 1.0)
    day, hour_of_day = divmod(int(hour), 24)
    start = 86_400.0 * (day + _before_hour()[hour_of_day])
    gain = 86_400.0 * (_before_hour()[hour_of_day + 1] - _before_hour()[hour_of_day])
    return start, gain, int(hour), int(step), part


def _shift(hour: int) -> int:
    return (hour * 2_654_435_761 >> 7) % PATTERNS


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

    __slots__ = ("_base", "_running", "_scale", "_start", "_usual", "pattern")

    def __init__(self, pattern: int, scale: float, since: float) -> None:
        self.pattern = pattern
        self._scale = scale
        self._usual: tuple[int, float] | None = None  # pattern and scale while it runs at a rate
        self._start = level_at(pattern, since)
        self._base = 0.0
        self._running = True

    def line(self, tag: int, per: float = 1.0) -> Line:
        """The octets, or one of every `per` of them, as they grow until the next change here."""
        scale = self._scale if self._running else 0.0
        return Line(tag, self.pattern, scale / per, self._start, self._base / per)

    def halt(self, at: Moment) -> None:
        if self._running:
            self._base += self._scale * (at.levels[self.pattern] - self._start)
            self._running = False

    def resume(self, at: Moment) -> None:
        if not self._running:
            self._start = at.levels[self.pattern]
            self._running = True

    def restart(self, at: Moment) -> None:
        """Count from 0 again, as after a boot."""
        self._start, self._base = at.levels[self.pattern], 0.0

    def run_at(self, rate: float, at: Moment) -> None:
        """Count `rate` a second whatever the hour, until `run_freely`."""
        if self._usual is None:
            self._usual = self.pattern, self._scale
        self._turn(CLOCK, rate, at)

    def run_freely(self, at: Moment) -> None:
        if self._usual is not None:
            self._turn(*self._usual, at)
            self._usual = None

    def _turn(self, pattern: int, scale: float, at: Moment) -> None:
        if self._running:
            self._base += self._scale * (at.levels[self.pattern] - self._start)
        self.pattern, self._scale, self._start = pattern, scale, at.levels[pattern]
