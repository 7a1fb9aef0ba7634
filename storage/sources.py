"""Which files answer a question: samples, 5-minute figures or those of days, each hour from one of them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import structlog

from storage.damage import UnreadableError, reading
from storage.figures import DAY, FIVE_MINUTES
from storage.ledger import read_ledger
from storage.pick import Asked, Part
from storage.segments import HOURS, Segment, in_force, stored
from storage.shelves import DAILY, FIVE, SHELF_SIZE, Version, hours_in, is_daily, newest

_log = structlog.get_logger()
_MANY_DAYS = timedelta(days=62)
"""From here on steps of whole days are read from daily figures."""


_Told = tuple[set[int], pq.FileMetaData | None]
"""The hours that a file of figures tells, and its footer where it was read."""


def chosen(folder: Path, asked: Asked) -> Iterator[Part]:
    """Files, and what of them counts; no value is in two of them."""
    samples = _between(folder, "samples", asked)
    exact = {segment.number for segment in samples} if asked.step % FIVE_MINUTES else set()
    has_figures = set(asked.metrics) <= set(read_ledger(folder).metrics)
    figured: dict[int, set[int]] = {}
    for shelf in np.unique(asked.numbers // SHELF_SIZE).tolist():
        on_shelf = _on_shelf(folder, asked, shelf) if has_figures else {}
        figured[shelf] = {hour for hours, _ in on_shelf.values() for hour in hours} - exact
        numbers = asked.numbers[asked.numbers // SHELF_SIZE == shelf]
        for path, (hours, footer) in on_shelf.items():
            yield Part(path, numbers, None if is_daily(path) else frozenset(hours & figured[shelf]), footer)
    for segment in samples:
        without = [shelf for shelf, hours in figured.items() if segment.number not in hours]
        numbers = asked.numbers[np.isin(asked.numbers // SHELF_SIZE, without)]
        if len(numbers):
            yield Part(segment.path, numbers)


def _between(folder: Path, kind: str, asked: Asked) -> list[Segment]:
    found = stored(folder, kind, asked.start.astimezone(UTC).date(), asked.end.astimezone(UTC).date())
    return [one for one in in_force(found) if one.start < asked.end and one.end > asked.start]


def _on_shelf(folder: Path, asked: Asked, shelf: int) -> dict[Path, _Told]:
    """Files of figures of a shelf's devices, and the hours that each of them tells."""
    fresh = {hour.number: hour for hour in _between(folder, HOURS, asked)}
    found: dict[Path, _Told] = {}
    five, daily = newest(folder, FIVE, shelf), newest(folder, DAILY, shelf)
    for month in sorted({*five, *daily}):
        if month.start < asked.end and month.end > asked.start:
            found |= _of_month(asked, five.get(month), daily.get(month), fresh)
    told = {hour for hours, _ in found.values() for hour in hours}
    return found | {hour.path: ({number}, None) for number, hour in fresh.items() if number not in told}


def _of_month(
    asked: Asked, five: Version | None, daily: Version | None, fresh: Mapping[int, Segment]
) -> dict[Path, _Told]:
    by_day = not asked.step % DAY and asked.end - asked.start >= _MANY_DAYS
    file = daily if daily and (by_day or not five) else five
    if not file:
        return {}
    try:
        with reading(file.path):
            footer = pq.read_metadata(file.path)
            hours = hours_in(footer.metadata)
    except UnreadableError as error:
        _log.error("history file unreadable", file=str(error.path), error=error.reason)
        return {}
    newer = {hour for hour, last in hours.items() if hour in fresh and fresh[hour].last > last}
    if newer and file == daily and five:
        return _of_month(asked, five, None, fresh)  # an hour can't be taken out of a day
    return {file.path: (hours.keys() - newer, footer)}
