"""Rows of whole months, a Parquet file each: FOLDER/YYYY-MM.parquet, in UTC, replaced as a whole.

A file's own footer is its manifest: the number of rows, and `top`, the highest number of a row
that was there when it was written. What is in a file and what the file says of itself can't
come apart in a crash.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from storage.atomic import replacing, sync_folder
from storage.damage import UnreadableError, reading

SUMS = "sums"
"""Name of the folder of the history whose months are made of the others again when they are gone: no backup has it."""

_TOP, _TOLD, _APART = "top", "told.", "apart"
_PREFIX = "pahunch."
_ROW_GROUP = 131_072
_NAME = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")


class MonthMissingError(Exception):
    """Between the months of a folder one is missing; the message names its file."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month of UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        utc = moment.astimezone(UTC)
        return cls(utc.year, utc.month)

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.next.start

    @property
    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True)
class MonthFile:
    """One file by its footer. It stays readable as it was, also while another takes its place.

    Reading raises UnreadableError where it is damaged.
    """

    month: Month
    top: int
    path: Path
    file: pq.ParquetFile

    @property
    def rows(self) -> int:
        return int(self.file.metadata.num_rows)

    def told(self, name: str) -> int | None:
        """A number that whoever wrote the file left in it; None where there is none of that name."""
        return _number(self.file, _TOLD + name)

    def apart(self, columns: Sequence[str]) -> pa.Table:
        """The rows that stand apart from the others."""
        sizes = [self.file.metadata.row_group(n).num_rows for n in range(self.file.num_row_groups)]
        before = accumulate(sizes, initial=0)
        wanted = [
            n for n, rows in zip(range(len(sizes)), before, strict=False) if rows < (_number(self.file, _APART) or 0)
        ]
        return self._read(wanted, columns)

    def read(self, columns: Sequence[str], where: "Where | None" = None) -> pa.Table:
        """The row groups that may hold what `where` asks for."""
        with reading(self.path):
            groups = [n for n in range(self.file.num_row_groups) if where is None or where.may_be_in(self.file, n)]
        return self._read(groups, columns)

    def _read(self, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
        if missing := set(columns).difference(self.file.schema_arrow.names):
            raise UnreadableError(self.path, f"it has no column {', '.join(sorted(missing))}")
        with reading(self.path):
            return self.file.read_row_groups(groups, columns=list(columns))


@dataclass(frozen=True, slots=True)
class Where:
    """A column of text has one of these values, in order. Rows are sorted: most row groups needn't be read for few."""

    column: str
    values: Sequence[str]

    def may_be_in(self, file: pq.ParquetFile, group: int) -> bool:
        position = file.schema_arrow.get_field_index(self.column)
        if position < 0:
            raise ValueError(f"it has no column {self.column}")
        found = file.metadata.row_group(group).column(position).statistics
        if found is None or not found.has_min_max:
            return True
        first = bisect_left(self.values, found.min)
        return first < len(self.values) and self.values[first] <= found.max


def month_named(text: str) -> Month | None:
    """The month that `text`, as YYYY-MM, names."""
    return Month(int(text[:4]), int(text[5:])) if _NAME.fullmatch(text) else None


def months_in(folder: Path) -> list[Month]:
    """The months that `folder` holds, in order and without a gap; names of others are nobody's. Raises MonthMissingError."""
    months = sorted(month for path in folder.glob("*.parquet") if (month := month_named(path.stem)))
    for month, following in pairwise(months):
        if month.next != following:
            raise MonthMissingError(f"{month_path(folder, month.next)} is missing: restore it from a backup")
    return months


def open_month(folder: Path, month: Month, words: Sequence[str] = ()) -> MonthFile:
    """`words` are columns of few different texts, which are then read as dictionaries.

    Raises UnreadableError where the file is damaged or was not written by `write_month`, OSError where it is missing.
    """
    path = month_path(folder, month)
    with reading(path):
        file = pq.ParquetFile(path, read_dictionary=list(words), page_checksum_verification=True)
        top = _number(file, _TOP)
    if top is None:
        raise UnreadableError(path, "its footer does not say up to which number of a row it knows")
    return MonthFile(month, top, path, file)


def _number(file: pq.ParquetFile, name: str) -> int | None:
    found = (file.metadata.metadata or {}).get(f"{_PREFIX}{name}".encode())
    return None if found is None else int(found)


def write_month(
    folder: Path,
    month: Month,
    rows: pa.Table,
    top: int,
    *,
    apart: pa.Table | None = None,
    told: Mapping[str, int] | None = None,
) -> None:
    """Put `rows`, sorted, in the place of the month's file; it is on disk when this returns.

    `apart` are further rows, which can be read without the others; `told` are numbers to be left in the file.
    """
    if not folder.exists():
        folder.mkdir(parents=True)
        sync_folder(folder.parent)
    with (
        replacing(month_path(folder, month)) as file,
        _writer(file, rows.schema) as writer,
    ):
        first = 0 if apart is None else apart.num_rows
        if apart is not None and first:
            writer.write_table(apart, _ROW_GROUP)
        writer.write_table(rows, _ROW_GROUP)
        numbers = {_TOP: top, _APART: first} | {_TOLD + name: number for name, number in (told or {}).items()}
        writer.add_key_value_metadata({f"{_PREFIX}{name}": str(number) for name, number in numbers.items()})


def _writer(file: BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    # Times and numbers that differ from row to row: as dictionaries they take as much room, and four times as long to read.
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    encodings = {field.name: "DELTA_BINARY_PACKED" for field in schema if field.name not in words}
    return pq.ParquetWriter(
        file, schema, compression="zstd", compression_level=1, use_dictionary=words, column_encoding=encodings,
        write_page_checksum=True,
    )  # fmt: skip


def month_path(folder: Path, month: Month) -> Path:
    """Where the month's file is, or would be."""
    return folder / f"{month}.parquet"
