"""How much of a time a site was open, for many times at once. Pure."""

from datetime import UTC, datetime

import numpy as np

from inventory.hours import INDIA, Hours
from readiness.rules.spells import Millis

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_WEEK = 7 * _DAY
_MONDAY = datetime(2001, 1, 1, tzinfo=INDIA)  # India has kept one offset since 1945: a week is a week
_MONDAY_MS = (_MONDAY - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1000)


def open_ms(hours: Hours, start: Millis, end: Millis) -> Millis:
    """How many milliseconds of each [start, end) lie in the opening hours. Holidays are not known."""
    opens, closes = (
        np.array(
            [day * _DAY + span[side] * _MINUTE for day, spans in enumerate(hours.week) for span in spans], np.int64
        )
        for side in (0, 1)
    )
    return _before(opens, closes, end) - _before(opens, closes, start)


def _before(opens: Millis, closes: Millis, at: Millis) -> Millis:
    """Open time from a Monday long ago to each moment; negative for what lies before it."""
    weeks, rest = np.divmod(at - _MONDAY_MS, _WEEK)
    ended = np.concatenate([np.zeros(1, np.int64), np.cumsum(closes - opens)])
    begun = np.searchsorted(opens, rest, side="right")  # spans of this week that have begun
    unfinished = np.maximum(np.append(closes, 0)[begun - 1] - rest, 0)
    opened: Millis = weeks * ended[-1] + ended[begun] - np.where(begun > 0, unfinished, 0)
    return opened
