"""Opening hours: the part of OpenStreetMap's `opening_hours` that kendras need. Pure.

Rules are separated by ";", and a later one replaces an earlier one for its days:
`Mo-Sa 10:00-17:00`, `Mo-Fr 09:30-13:00,14:00-17:30; Sa 10:00-14:00; Su off`, `24/7`.
`PH`, weeks, months and spans over midnight are not part of it: holidays are days of their own (holidays.py).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


class HoursError(ValueError):
    """The text is not of this subset; the message says which part."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Per weekday from Monday, (opens, closes) in minutes after midnight, in Indian time.

    On `holidays`, in order and each once, it is closed.
    """

    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays: tuple[date, ...] = ()

    def opened_at(self, now: datetime) -> datetime | None:
        """When the span that contains `now` began; None while closed."""
        local = now.astimezone(INDIA)
        if local.date() in self.holidays:
            return None
        minute = local.hour * 60 + local.minute
        for opens, closes in self.week[local.weekday()]:
            if opens <= minute < closes:
                return local.replace(hour=opens // 60, minute=opens % 60, second=0, microsecond=0)
        return None

    def opens_after(self, now: datetime) -> datetime | None:
        """When the first span that begins after `now` begins; None where none does within a fortnight."""
        local = now.astimezone(INDIA)
        for later in range(15):
            day = (local + timedelta(days=later)).replace(hour=0, minute=0, second=0, microsecond=0)
            spans = () if day.date() in self.holidays else self.week[day.weekday()]
            begins = [day + timedelta(minutes=opens) for opens, _ in spans]
            if found := [begin for begin in begins if begin > local]:
                return found[0]
        return None


def parse_hours(text: str) -> Hours:
    """The hours that `text` states. Raises HoursError."""
    week: list[tuple[tuple[int, int], ...]] = [()] * 7
    for rule in text.split(";"):
        days, spans = _rule(rule.strip())
        for day in days:
            week[day] = spans
    return Hours(tuple(week))


def _rule(rule: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    if rule == "24/7":
        return tuple(range(7)), ((0, 24 * 60),)
    days, _, times = rule.rpartition(" ")
    spans = () if times == "off" else tuple(_span(part) for part in times.split(","))
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise HoursError(f"{times!r}: spans overlap or are out of order")
    return _days(days.strip()), spans


def _span(text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise HoursError(f"{text!r} is not of the form HH:MM-HH:MM")
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    opens, closes = hour * 60 + minute, end_hour * 60 + end_minute
    if max(minute, end_minute) > 59 or not opens < closes <= 24 * 60:
        raise HoursError(f"{text!r} does not end after it begins on the same day")
    return opens, closes


def _days(text: str) -> tuple[int, ...]:
    if not text:
        return tuple(range(7))
    return tuple(day for part in text.split(",") for day in _day_range(part))


def _day_range(text: str) -> tuple[int, ...]:
    first, _, last = text.partition("-")
    try:
        start, end = _DAYS.index(first), _DAYS.index(last or first)
    except ValueError as error:
        raise HoursError(f"{text!r} is not a day or range of days (Mo Tu We Th Fr Sa Su)") from error
    length = (end - start) % 7 + 1  # Fr-Mo goes over the end of the week
    return tuple((start + step) % 7 for step in range(length))
