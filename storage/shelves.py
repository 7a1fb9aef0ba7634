"""5-minute and daily figures of whole months, in files of some devices each.

LEVEL/SHELF/YYYY-MM-VERSION.parquet holds a month of the devices whose numbers divided by SHELF_SIZE
are SHELF; of several versions the highest counts. Files are never changed. A file's footer says which
hours are in it, and up to which sequence each: a file of an hour's own figures that knows more takes
the place of that hour's rows here. So figures may be gathered again after a crash at any moment.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from storage.damage import Damage, UnreadableError
from storage.figures import days
from storage.merge import END, Choose, Source, merged
from storage.monthly import Month, month_named
from storage.rows import concatenated, in_order
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


def forget(folder: Path, oldest: datetime, newest_months: int, damage: Damage) -> None:
    """Remove 5-minute figures of months that were over at `oldest`, but of the newest months that have any; days stay."""
    everything = [one for shelf in (folder / FIVE).glob("[0-9]*") for one in _versions(shelf)]
    staying = sorted({one.month for one in everything})[-newest_months:]
    for one in everything:
        if one.month.end <= oldest and one.month not in staying:
            with damage.skipping(one.path.parent):
                one.path.unlink()


def gather(folder: Path, now: datetime, damage: Damage) -> int:
    """Put the figures of hours into the files of their months, once there are many. Returns months written."""
    by_month: dict[Month, list[Segment]] = {}
    everything = stored(folder, HOURS)
    for hour in in_force(everything):
        by_month.setdefault(Month.of(hour.start), []).append(hour)
    due = {month: hours for month, hours in by_month.items() if len(hours) >= _GATHER or month.end + _LATE <= now}
    for month, hours in due.items():
        with damage.skipping(folder / FIVE):
            gathered = _gather_readable(folder, month, hours, damage)
            # A file that another one stands for goes first: left alone it would be in force again.
            for old in [
                *(one for hour in gathered for one in everything if hour.start == one.start and hour.covers(one)),
                *gathered,
            ]:
                old.path.unlink()
    return len(due)


def _gather_readable(folder: Path, month: Month, hours: Sequence[Segment], damage: Damage) -> Sequence[Segment]:
    """The hours that were gathered: those that can be read."""
    while hours:
        try:
            _gather_month(folder, month, hours)
            break
        except UnreadableError as error:  # a figure that was gathered already is in its place, and stays there
            gone = damage.put_aside(error)
            hours = [hour for hour in hours if hour.path != gone]
    return hours


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
            known = old[0].told(hours_in) if old else {}
            write_shelf(folder, shelf, month, chain([first], rows), known | dict(hours))


def write_shelf(
    folder: Path, shelf: int, month: Month, rows: Iterable[pa.RecordBatch], hours: Mapping[int, int]
) -> None:
    """Put 5-minute figures, in batches that share no device, in the place of those of the shelf's month; days follow.

    `hours`: those that `rows` tell, with the sequence of each. Days that tell of others too, as after 5-minute figures
    were removed or lost, are added to.
    """
    before = [
        one for level in (FIVE, DAILY) for one in _versions(folder / level / f"{shelf:06d}") if one.month == month
    ]
    version = max((one.version for one in before), default=0) + 1
    name = f"{shelf:06d}/{month}-{version:06d}.parquet"
    with (
        _Days(newest(folder, DAILY, shelf).get(month), hours) as known,
        Staged(folder / DAILY / name, file_schema(HOURS), _GROUP) as daily,
        Staged(folder / FIVE / name, file_schema(HOURS), _GROUP) as five,
    ):
        for figures in rows:
            five.add(figures)
            daily.add(known.with_those_of(figures))
        daily.add(known.rest())
        daily.finish(_stating(known.hours | dict(hours)))
        five.finish(_stating(hours))
        daily.publish()
        five.publish()
    for old in before:
        old.path.unlink()


def _stating(hours: Mapping[int, int]) -> dict[bytes, bytes]:
    return {_HOURS_IN: json.dumps(dict(hours)).encode()}


class _Days:
    """Stored figures of the days of a shelf's month that have to stay; none where `hours` are all that they tell of."""

    def __init__(self, stored: Version | None, hours: Mapping[int, int]) -> None:
        self._source = Source(stored.path, HOURS) if stored else None
        self.hours = self._source.told(hours_in) if self._source else {}
        if self._source and self.hours.keys() <= hours.keys():
            self._source.close()
            self._source, self.hours = None, {}
        self._others = _without(self.hours)

    def with_those_of(self, figures: pa.RecordBatch) -> pa.RecordBatch:
        """The days of 5-minute `figures`, and those that were stored, up to the last of their devices."""
        return self._upto(int(figures.column("number")[-1].as_py()) + 1, figures)

    def rest(self) -> pa.RecordBatch:
        """The stored days of the other devices."""
        return self._upto(END, pa.RecordBatch.from_pylist([], file_schema(HOURS)))

    def _upto(self, number: int, figures: pa.RecordBatch) -> pa.RecordBatch:
        if not self._source:
            return days(figures)
        added = self._others(pa.Table.from_batches([figures]))
        return days(in_order(concatenated([added, *self._source.below(number)])))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._source:
            self._source.close()


def _without(hours: Mapping[int, int]) -> Choose:
    """Of rows those of other hours than `hours`."""
    numbers = np.array(list(hours))

    def others(rows: pa.Table) -> pa.Table:
        return rows.filter(pa.array(np.isin(hours_of(rows), numbers, invert=True)))

    return others


def _versions(shelf: Path) -> Iterator[Version]:
    for path in shelf.glob("[0-9]*.parquet"):
        name, _, version = path.stem.rpartition("-")
        month = month_named(name)
        if month and version.isdecimal():
            yield Version(month, int(version), path)
