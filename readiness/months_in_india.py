"""Months as people in India count them: reports are asked by days of India, files are by months of UTC."""

from datetime import date, datetime

from readiness.rules.uptime import midnight
from storage.monthly import Month


def starts(month: Month) -> datetime:
    """The moment at which the month begins in India."""
    return midnight(date(month.year, month.month, 1))


def months_within(start: datetime, end: datetime) -> list[Month]:
    """The months that lie wholly within [start, end), in order."""
    month, found = Month.of(start), []
    while starts(month.next) <= end:
        found += [month] if starts(month) >= start else []
        month = month.next
    return found
