"""5-minute and daily figures of whole months, in files of some devices each.

LEVEL/SHELF/YYYY-MM-VERSION.parquet holds a month of the devices whose numbers divided by SHELF_SIZE
are SHELF; of several versions the highest counts. Files are never changed. A file's footer says which
hours are in it, and up to which sequence each: a file of an hour's own figures that knows more takes
the place of that hour's rows here. So figures may be gathered again after a crash at any moment.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.figures import days
from storage.merge import Choose, Source, merged
from storage.monthly import Month
from storage.segments import HOURS, Segment, file_schema, hours_of, in_force, stored
from storage.staged import Staged

FIVE, DAILY = "five", "daily"
SHELF_SIZE = 256
"""Devices: at 4 series each, a month of a shelf is 9 million rows, and its footer is read in 2 ms."""
_GROUP = 32_768  # rows: a month of one device's 4 series
_GATHER = 24  # hours that wait to be gathered: what a year's reader opens beside the months
_LATE = timedelta(days=1)
_HOURS_IN = b"pahunch.hours"


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """One file by what its name says."""

    month: Month
    version: int
    path: Path


def newest(folder: Path, level: str, shelf: int) -> dict[Month, Version]:
    """The files of a shelf that count, by month."""
    return {one.month: one for one in sorted(_versions(folder / level / f"{shelf:06d}"))}


def is_daily(path: Path) -> bool:
    return path.parts[-3] == DAILY


def hours_in(metadata: Mapping[bytes, bytes] | None) -> dict[int, int]:
    """Hour since the epoch -> sequence, of the figures in a file, by its footer."""
    stated: dict[str, int] = json.loads((metadata or {}).get(_HOURS_IN, b"{}"))
    return {int(hour): last for hour, last in stated.items()}


def forget(folder: Path, oldest: datetime) -> None:
    """Remove 5-minute figures of months that were over at `oldest`; those of days stay."""
    for shelf in (folder / FIVE).glob("[0-9]*"):
        for one in _versions(shelf):
            if one.month.end <= oldest:
                one.path.unlink()


def gather(folder: Path, now: datetime, oldest: datetime) -> int:
    """Put the figures of hours into the files of their months, once there are many. Returns months written.

    Hours of months that were over at `oldest` come too late: their 5-minute figures are gone.
    """
    by_month: dict[Month, list[Segment]] = {}
    everything = stored(folder, HOURS)
    for hour in in_force(everything):
        by_month.setdefault(Month.of(hour.start), []).append(hour)
    due = {month: hours for month, hours in by_month.items() if len(hours) >= _GATHER or month.end + _LATE <= now}
    for month, hours in due.items():
        if month.end > oldest:
            _gather_month(folder, month, hours)
        # A file that another one stands for goes first: left alone it would be in force again.
        for old in [
            *(one for hour in hours for one in everything if hour.start == one.start and hour.covers(one)),
            *hours,
        ]:
            old.path.unlink()
    return len(due)


def _gather_month(folder: Path, month: Month, hours: Sequence[Segment]) -> None:
    known = {hour.number: hour.last for hour in hours}
    with ExitStack() as opened:
        fresh = [opened.enter_context(Source(hour.path, HOURS)) for hour in hours]
        for shelf in range(max(source.highest for source in fresh) // SHELF_SIZE + 1):
            _gather_shelf(folder, shelf, month, fresh, known)


def _gather_shelf(folder: Path, shelf: int, month: Month, fresh: Sequence[Source], hours: Mapping[int, int]) -> None:
    """`fresh` have given what lies before this shelf, and have given this shelf when it returns."""
    before = newest(folder, FIVE, shelf).get(month)
    with ExitStack() as opened:
        old = [opened.enter_context(Source(before.path, HOURS, _without(hours)))] if before else []
        rows = merged([*fresh, *old], upto=(shelf + 1) * SHELF_SIZE)
        first = next(rows, None)
        if first is not None:
            known = hours_in(old[0].metadata) if old else {}
            write_shelf(folder, shelf, month, chain([first], rows), known | dict(hours))


def write_shelf(
    folder: Path, shelf: int, month: Month, rows: Iterable[pa.RecordBatch], hours: Mapping[int, int]
) -> None:
    """Put 5-minute figures, in batches that share no device, in the place of those of the shelf's month; days follow.

    `hours`: those that `rows` tell, with the sequence of each.
    """
    before = newest(folder, FIVE, shelf).get(month)
    name = f"{shelf:06d}/{month}-{before.version + 1 if before else 1:06d}.parquet"
    with (
        Staged(folder / DAILY / name, file_schema(HOURS), _GROUP) as daily,
        Staged(folder / FIVE / name, file_schema(HOURS), _GROUP) as five,
    ):
        for figures in rows:
            five.add(figures)
            daily.add(days(figures))
        stated = {_HOURS_IN: json.dumps(dict(hours)).encode()}
        daily.finish(stated)
        five.finish(stated)
        daily.publish()
        five.publish()
    if before:
        before.path.unlink()
        (folder / DAILY / before.path.relative_to(folder / FIVE)).unlink(missing_ok=True)


def _without(hours: Mapping[int, int]) -> Choose:
    """Of rows those of other hours than `hours`."""
    numbers = np.array(list(hours))

    def others(rows: pa.Table) -> pa.Table:
        return rows.filter(pa.array(np.isin(hours_of(rows), numbers, invert=True)))

    return others


def _versions(shelf: Path) -> Iterator[Version]:
    for path in shelf.glob("[0-9]*.parquet"):
        with suppress(ValueError):  # no name of ours
            year, month, version = (int(part) for part in path.stem.split("-"))
            yield Version(Month(year, month), version, path)
