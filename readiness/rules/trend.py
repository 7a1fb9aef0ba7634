"""Whether a figure falls, and when it will have fallen too far. Pure, for many series at once.

The line through a series of days is Theil and Sen's: its slope is the median of the slopes of all pairs of days, which
a few bad days do not move. Its interval is Sen's, from the variance of Kendall's S without correction for ties (Sen
1968; Gilbert, Statistical Methods for Environmental Pollution Monitoring, 1987, 16.4.2), which is too wide where days
are equal, never too narrow. Days that depend on one another (a week of rain) are taken as independent: LEAST_FALL
keeps small swings of that sort from being told.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Codes = NDArray[np.int8]

ONE_IN = 1000
"""Of series without any trend that are looked at, at most one in so many is told to fall."""
_Z = 3.0902323061678132  # of the normal distribution: beyond it lies one in ONE_IN
LEAST_DAYS = 10
"""Days with figures below which nothing is said."""
OLDEST_DAYS = 7
"""Where the newest figure is older, nothing is said: nobody knows what became of it."""
_NEWEST = 5  # figures that tell where it stands: a repair shows at once, one bad day doesn't
_TOGETHER = 256  # series whose pairs of days are in memory at once: 8 MB for 90 days


class Verdict(StrEnum):
    """The gravest first."""

    BEYOND = "beyond"  # it is at the limit already
    FALLING = "falling"  # the whole interval of its slope is below 0, it fell by at least LEAST_FALL, and is still low
    STEADY = "steady"
    NOT_ENOUGH = "not_enough"  # too few days to say anything, or none lately


VERDICTS = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Fall:
    """A line through each of n series, all of shape (n,); NaN where there is none.

    `level` is where its newest figures lie, on the last day with one, `slope` the change a day with its bounds.
    `days_left` from today until it reaches the limit, at the slope's lower and upper bound: infinite where it never does.
    """

    days: Counts
    level: Floats
    slope: Floats
    slope_low: Floats
    slope_high: Floats
    days_left: Floats
    days_left_low: Floats
    days_left_high: Floats
    verdict: Codes  # positions in VERDICTS


def table(series: Counts, day: Counts, value: Floats, *, count: int, days: int) -> Floats:
    """(series, day, value) in any order -> values of shape (count, days), NaN where there is none.

    Of several values of one series and day the mean counts.
    """
    place = series * days + day
    number = np.bincount(place, minlength=count * days)
    total = np.bincount(place, value, count * days)
    mean = np.divide(total, number, out=np.full(count * days, np.nan), where=number > 0)
    found: Floats = mean.reshape(count, days)
    return found


def falls(values: Floats, *, limit: float, least_fall: float) -> Fall:
    """The line through each row of `values`, shape (n, days), NaN for a day without; the last column is today.

    Falling is said of what also fell by `least_fall` from the first day with a figure to the last, along its line, and
    whose newest figures lie below its first ones by half of that: what was repaired falls no more.
    """
    days = (~np.isnan(values)).sum(axis=1)
    lots = [values[first : first + _TOGETHER] for first in range(0, len(values), _TOGETHER)]
    slopes = [_sens(lot) for lot in lots]
    slope, low, high = np.concatenate([*slopes, np.empty((0, 3))]).T
    began, level = _end(values[:, ::-1], -slope), _end(values, slope)
    first, age = _last(values[:, ::-1]), _last(values)
    enough = (days >= LEAST_DAYS) & (age <= OLDEST_DAYS)
    fell = -slope * np.maximum(values.shape[1] - 1 - age - first, 0)
    falling = enough & (high < 0) & (fell >= least_fall) & (began - level >= least_fall / 2)
    cases = [~enough, level <= limit, falling]
    codes = [np.int8(VERDICTS.index(each)) for each in (Verdict.NOT_ENOUGH, Verdict.BEYOND, Verdict.FALLING)]
    verdict = np.select(cases, codes, np.int8(VERDICTS.index(Verdict.STEADY))).astype(np.int8)
    left, soonest, latest = (_days_left(level, each, limit, age) for each in (slope, low, high))
    return Fall(days, level, slope, low, high, left, soonest, latest, verdict)


def _sens(values: Floats) -> Floats:
    """Slope and its bounds, shape (n, 3), of rows of values."""
    first, second = np.triu_indices(values.shape[1], 1)
    pairs = np.sort((values[:, second] - values[:, first]) / (second - first), axis=1)  # NaN goes last
    known = (~np.isnan(values)).sum(axis=1)
    number = known * (known - 1) // 2
    spread = _Z * np.sqrt(known * (known - 1) * (2 * known + 5) / 18)
    low = np.floor((number - spread) / 2).astype(np.int64) - 1
    high = np.ceil((number + spread) / 2).astype(np.int64)
    middle = (_at(pairs, (number - 1) // 2, number, np.nan) + _at(pairs, number // 2, number, np.nan)) / 2
    found = np.stack([middle, _at(pairs, low, number, -np.inf), _at(pairs, high, number, np.inf)], axis=1)
    found[known < LEAST_DAYS] = np.nan
    return found


def _at(pairs: Floats, place: Counts, number: Counts, otherwise: float) -> Floats:
    """The value at a place of each sorted row, `otherwise` where the row has none there."""
    there = (place >= 0) & (place < number)
    if not pairs.shape[1]:
        return np.full(len(pairs), otherwise)
    found = np.take_along_axis(pairs, np.where(there, place, 0)[:, None], axis=1)[:, 0]
    return np.where(there, found, otherwise)


def _last(values: Floats) -> Counts:
    """How many days after the last with a figure each row ends; all of them where there is none."""
    known = ~np.isnan(values[:, ::-1])
    found: Counts = np.where(known.any(axis=1), np.argmax(known, axis=1), values.shape[1])
    return found


def _end(values: Floats, slope: Floats) -> Floats:
    """Where the newest figures lie: their median, carried along the slope to the last day with one."""
    found = np.full(len(values), np.nan)
    some = np.flatnonzero(~np.isnan(slope))
    if len(some):
        known = ~np.isnan(values[some])
        newest = known & (known[:, ::-1].cumsum(axis=1)[:, ::-1] <= _NEWEST)
        back = np.arange(values.shape[1]) - (values.shape[1] - 1 - _last(values[some]))[:, None]
        found[some] = np.nanmedian(np.where(newest, values[some] - slope[some, None] * back, np.nan), axis=1)
    return found


def _days_left(level: Floats, slope: Floats, limit: float, age: Counts) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(slope < 0, (limit - level) / slope - age, np.inf)
    return np.where(np.isnan(slope), np.nan, np.maximum(left, 0.0))
