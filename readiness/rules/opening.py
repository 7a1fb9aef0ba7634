"""How much of a time a site was open, for many times at once. Pure."""

from datetime import UTC, datetime, time

import numpy as np

from inventory.hours import INDIA, Hours
from readiness.rules.spells import Millis


def _millis(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1000)


_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_WEEK = 7 * _DAY
_MONDAY_MS = _millis(datetime(2001, 1, 1, tzinfo=INDIA))  # India has kept one offset since 1945: a week is a week


def open_ms(hours: Hours, start: Millis, end: Millis) -> Millis:
    """How many milliseconds of each [start, end) lie in the opening hours, and on no holiday."""
    return _opened(hours, end) - _opened(hours, start)


def _opened(hours: Hours, at: Millis) -> Millis:
    """Open time from a Monday long ago to each moment, less what would have been open on holidays since long before."""
    opened = _before(hours, at)
    if not hours.holidays:
        return opened
    days = np.array([_millis(datetime.combine(day, time(), INDIA)) for day in hours.holidays], np.int64)
    first = _before(hours, days)
    over = np.concatenate([np.zeros(1, np.int64), np.cumsum(_before(hours, days + _DAY) - first)])
    begun = np.searchsorted(days, at, side="right")  # holidays that have begun, the last of them perhaps not over
    last = np.maximum(begun - 1, 0)
    today = _before(hours, np.minimum(at, days[last] + _DAY)) - first[last]
    closed: Millis = np.where(begun > 0, over[last] + today, 0)
    return opened - closed


def _before(hours: Hours, at: Millis) -> Millis:
    """Time that the week holds open from a Monday long ago to each moment; negative for what lies before it."""
    opens, closes = (
        np.array(
            [day * _DAY + span[side] * _MINUTE for day, spans in enumerate(hours.week) for span in spans], np.int64
        )
        for side in (0, 1)
    )
    weeks, rest = np.divmod(at - _MONDAY_MS, _WEEK)
    ended = np.concatenate([np.zeros(1, np.int64), np.cumsum(closes - opens)])
    begun = np.searchsorted(opens, rest, side="right")  # spans of this week that have begun
    unfinished = np.maximum(np.append(closes, 0)[begun - 1] - rest, 0)
    opened: Millis = weeks * ended[-1] + ended[begun] - np.where(begun > 0, unfinished, 0)
    return opened
