"""Exact split of a period into what was seen in it. Pure.

A history is the status at some early moment and the changes after it, in the order of time. The
parts of a split always add up to the period, and splits of neighbouring periods add up to the
split of both: times are whole microseconds and nothing is rounded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class Spell:
    """[start, end) in one status."""

    status: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One day of Indian time; the parts add up to what of the day lies in the asked period."""

    day: date
    parts: dict[str, timedelta]


def spells(initial: str, changes: Sequence[tuple[datetime, str]], start: datetime, end: datetime) -> Iterator[Spell]:
    """The spells that fill [start, end), none of them empty. `initial` holds before the first change."""
    status, since = initial, start
    for at, after in changes:
        if at >= end:
            break
        if at > since:
            yield Spell(status, since, at)
            since = at
        status = after
    if since < end:
        yield Spell(status, since, end)


def proved(
    pieces: Iterable[Spell], spans: Sequence[tuple[datetime, datetime]], unknown: str, works: str
) -> Iterator[tuple[datetime, str]]:
    """The changes that make up `pieces`, with `works` instead of `unknown` inside a span; spans are in order and apart."""
    for piece in pieces:
        yield piece.start, piece.status
        for start, end in spans if piece.status == unknown else ():
            if start < piece.end and end > piece.start:
                yield max(start, piece.start), works
                yield min(end, piece.end), unknown


def split(
    initial: str, changes: Sequence[tuple[datetime, str]], start: datetime, end: datetime
) -> dict[str, timedelta]:
    """How long each status held in [start, end)."""
    parts: dict[str, timedelta] = {}
    for spell in spells(initial, changes, start, end):
        parts[spell.status] = parts.get(spell.status, timedelta()) + (spell.end - spell.start)
    return parts


def midnight(day: date) -> datetime:
    """The moment in UTC at which `day` begins in India."""
    return datetime.combine(day, time(), INDIA).astimezone(UTC)


def last_day(end: datetime) -> date:
    """The last day in India of a period that ends before `end`."""
    return (end.astimezone(INDIA) - timedelta(milliseconds=1)).date()


def strip(initial: str, changes: Sequence[tuple[datetime, str]], days: int, now: datetime) -> tuple[Day, ...]:
    """The last `days` days of Indian time, oldest first; the last one ends at `now`."""
    today = now.astimezone(INDIA).date()
    wanted = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    return tuple(
        Day(day, split(initial, changes, midnight(day), min(midnight(day + timedelta(days=1)), now))) for day in wanted
    )
