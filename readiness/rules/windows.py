"""The windows that a contract measures: months, quarters and financial years of India. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from readiness.rules.contract import Window

_INDIA = ZoneInfo("Asia/Kolkata")
_MONTHS = {Window.MONTH: 1, Window.QUARTER: 3, Window.YEAR: 12}
_APRIL = 4  # in which India's financial year begins


@dataclass(frozen=True, slots=True)
class Stretch:
    """[start, end) of a window in milliseconds; `whole` where all of the window lies in the period."""

    first: date
    start: int
    end: int
    whole: bool


def stretches(start: datetime, end: datetime, window: Window) -> tuple[Stretch, ...]:
    """The windows that fill [start, end), the first and the last perhaps in part."""
    return tuple(_filling(_millis(start), _millis(end), start.astimezone(_INDIA).date(), _MONTHS[window]))


def _filling(start: int, end: int, day: date, months: int) -> Iterator[Stretch]:
    first = _beginning(day, months)
    while (begins := _midnight(first)) < end:
        following = _later(first, months)
        ends = _midnight(following)
        if ends > start:
            yield Stretch(first, max(begins, start), min(ends, end), start <= begins and ends <= end)
        first = following


def _beginning(day: date, months: int) -> date:
    """The first day of the window that holds `day`."""
    back = (day.month - _APRIL) % months
    return _later(day.replace(day=1), -back)


def _later(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _midnight(day: date) -> int:
    return _millis(datetime.combine(day, time(), _INDIA))


def _millis(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1000)
