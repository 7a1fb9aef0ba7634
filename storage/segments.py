"""Files of the history: KIND/DAY/HH-SEQUENCE.parquet, each written once and never changed.

A compacted file is called HH-FIRST-LAST.parquet and stands for every file of that hour whose
sequence lies in FIRST..LAST. So one rename makes the switch, and a crash at any moment leaves
either the old files or the new one in force.
"""

import fcntl
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from storage.atomic import TEMPORARY
from storage.numbers import Numbers
from storage.rows import NUMBER, TEXT, coded, in_order, integers, only_own_texts
from storage.staged import SMALL_GROUP, Staged

_HOUR_MS = 3_600_000
_DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(r"([01][0-9]|2[0-3])-([0-9]+)(?:-([0-9]+))?")

_AT = ("at", pa.timestamp("ms", "UTC"))
_SERIES = [("device", pa.string()), ("metric", pa.string()), ("instance", pa.string())]
SAMPLES = pa.schema([_AT, *_SERIES, ("value", pa.float64())])
POLLS = pa.schema(
    [
        _AT,
        ("device", pa.string()),
        ("took_ms", pa.float32()),
        ("reached", pa.bool_()),
        ("reason", pa.string()),  # empty where the poll did not fail
        ("burst_sent", pa.int8()),
        ("burst_answered", pa.int8()),
    ]
)
FIGURES = pa.schema(
    [_AT, *_SERIES, ("low", pa.float32()), ("mean", pa.float32()), ("high", pa.float32()), ("count", pa.int32())]
)
"""Of a step that begins at `at`: 5 minutes, or a day of UTC."""
SCHEMAS = {"samples": SAMPLES, "polls": POLLS}
"""What is observed, by kind. Files have the device's number (storage/numbers.py) before these columns."""
HOURS = "figures"
"""Kind of the 5-minute figures of single hours; storage/shelves.py gathers them."""
_ALL = {**SCHEMAS, HOURS: FIGURES}
FOLDERS = (*_ALL, "five", "daily", "devices")
"""Everything that is here because devices are observed."""


class FolderInUseError(Exception):
    """Another process writes this history folder."""


class FolderLayoutError(Exception):
    """The folder's files name devices that have no numbers; the message says what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One file of the history by what its name says."""

    day: date
    hour: int
    first: int
    last: int
    path: Path

    @property
    def start(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, self.hour, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=1)

    @property
    def number(self) -> int:
        """Of its hour, counted from the epoch."""
        return int(self.start.timestamp()) // 3600

    @property
    def compacted(self) -> bool:
        return self.last > self.first

    def covers(self, other: Self) -> bool:
        """Whether this file stands for `other` of the same hour."""
        return self != other and self.first <= other.first and other.last <= self.last


def stored(folder: Path, kind: str, first: date = date.min, last: date = date.max) -> list[Segment]:
    """The files of `kind` from day `first` to `last`, also those that a compacted one stands for."""
    days = [day for day in (folder / kind).glob("*") if f"{first}" <= day.name <= f"{last}"]
    return sorted(segment for day in days for path in day.glob("*.parquet") if (segment := parse(path)))


def in_force(segments: list[Segment]) -> list[Segment]:
    """Those of `segments` that no other one stands for: together they hold each row once."""
    live: list[Segment] = []
    for one in sorted(segments, key=lambda one: (one.start, one.first, -one.last)):
        if not (live and live[-1].start == one.start and live[-1].covers(one)):
            live.append(one)
    return live


class Writer:
    """The only writer of a history folder.

    Opening it takes a lock (FolderInUseError where another process holds it) and removes what a
    killed writer left half-written. FolderLayoutError: the folder is of a version that numbered no devices.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for kind in _ALL:
            (folder / kind).mkdir(parents=True, exist_ok=True)
        self._lock = (folder / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise FolderInUseError(f"{folder} is written by another process") from error
        for left in folder.rglob(f"{TEMPORARY}*"):
            left.unlink()
        self.numbers = Numbers(folder)
        self._sequence = max((segment.last for kind in _ALL for segment in stored(folder, kind)), default=0)
        if self._sequence and not len(self.numbers):
            self.close()
            raise FolderLayoutError(
                f"{folder} holds samples, but devices/ gives their devices no numbers: it was written before version 0.1, "
                "or devices/ was lost. Put devices/ back from a backup, or move samples/, polls/ and figures/ away; "
                "transitions/ stays where it is"
            )

    def write(self, tables: Mapping[str, pa.Table]) -> int:
        """Store rows by kind, of any order; on disk when this returns. Returns octets.

        A column `number` says what `numbers` says of the devices; without it, that is looked up.
        OSError: nothing of it is stored.
        """
        with ExitStack() as undone:
            staged = []
            for kind, rows in tables.items():
                for path, of_hour in self._by_hour(kind, rows):
                    file = undone.enter_context(Staged(path, file_schema(kind), SMALL_GROUP))
                    file.add(in_order(of_hour))
                    file.finish()
                    staged.append(file)
            return _published(staged)

    def close(self) -> None:
        self._lock.close()

    def _by_hour(self, kind: str, rows: pa.Table) -> Iterator[tuple[Path, pa.RecordBatch]]:
        """The rows of each hour, with the path of their file to be."""
        numbered = self._numbered(kind, coded(rows))
        hours = hours_of(numbered)
        for hour in np.unique(hours):
            self._sequence += 1
            start = datetime.fromtimestamp(int(hour) * 3600, UTC)
            name = f"{start:%Y-%m-%d/%H}-{self._sequence:012d}.parquet"
            yield self.folder / kind / name, numbered.filter(pa.array(hours == hour))

    def _numbered(self, kind: str, rows: pa.RecordBatch) -> pa.RecordBatch:
        rows = only_own_texts(rows)  # a batch names every device there is
        if "number" not in rows.schema.names:
            device = rows.column("device")
            rows = rows.append_column("number", pa.array(self.numbers.of(device.dictionary)).take(device.indices))
        schema = file_schema(kind)
        return pa.RecordBatch.from_arrays([rows.column(field.name).cast(field.type) for field in schema], schema=schema)


def _published(staged: Sequence[Staged]) -> int:
    """Their octets. Where one is refused none of them stays: whoever wrote them writes all of them again."""
    try:
        return sum(file.publish() for file in staged)
    except OSError:
        for file in staged:
            with suppress(OSError):
                file.path.unlink(missing_ok=True)
        raise


def hours_of(rows: pa.RecordBatch | pa.Table) -> NDArray[np.int64]:
    """The hour of each row, counted from the epoch; shape (rows,)."""
    return integers(rows, "at") // _HOUR_MS


def file_schema(kind: str) -> pa.Schema:
    """Of the rows in a file of `kind`, texts as codes."""
    fields = [f.with_type(TEXT) if pa.types.is_string(f.type) else f for f in _ALL[kind]]
    return pa.schema([NUMBER, *fields])


def parse(path: Path) -> Segment | None:
    """What the name of `path` says; None for a name that isn't ours."""
    name = _NAME.fullmatch(path.stem)
    if not name or not _DAY.fullmatch(path.parent.name):
        return None
    hour, first, last = name.groups()
    try:
        return Segment(date.fromisoformat(path.parent.name), int(hour), int(first), int(last or first), path)
    except ValueError:  # no such day
        return None
