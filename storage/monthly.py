"""Rows of whole months, a Parquet file each: FOLDER/YYYY-MM.parquet, in UTC, replaced as a whole.

A file's own footer is its manifest: the number of rows, and `top`, the highest number of a row
that was there when it was written. What is in a file and what the file says of itself can't
come apart in a crash.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from storage.atomic import replacing, sync_folder

_TOP = b"pahunch.top"
_ROW_GROUP = 131_072


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
    """One file by its footer. It stays readable as it was, also while another takes its place."""

    month: Month
    top: int
    file: pq.ParquetFile

    @property
    def rows(self) -> int:
        return int(self.file.metadata.num_rows)

    def read(self, columns: Sequence[str], where: "Where | None" = None) -> pa.Table:
        """The row groups that may hold what `where` asks for."""
        groups = [n for n in range(self.file.num_row_groups) if where is None or where.may_be_in(self.file, n)]
        return self.file.read_row_groups(groups, columns=list(columns))


@dataclass(frozen=True, slots=True)
class Where:
    """A column of text has one of these values. Rows are sorted, so most row groups needn't be read for few."""

    column: str
    values: Collection[str]

    def may_be_in(self, file: pq.ParquetFile, group: int) -> bool:
        position = file.schema_arrow.get_field_index(self.column)
        found = file.metadata.row_group(group).column(position).statistics
        return found is None or not found.has_min_max or any(found.min <= value <= found.max for value in self.values)


def months_in(folder: Path) -> list[Month]:
    """The months that `folder` holds, in order and without a gap. Raises MonthMissingError."""
    months = sorted(Month(int(path.stem[:4]), int(path.stem[5:])) for path in folder.glob("[0-9]*-[0-9]*.parquet"))
    for month, following in pairwise(months):
        if month.next != following:
            raise MonthMissingError(f"{_path(folder, month.next)} is missing: restore it from a backup")
    return months


def open_month(folder: Path, month: Month, words: Sequence[str] = ()) -> MonthFile:
    """`words` are columns of few different texts, which are then read as dictionaries."""
    file = pq.ParquetFile(_path(folder, month), read_dictionary=list(words))
    return MonthFile(month, int(file.metadata.metadata[_TOP]), file)


def write_month(folder: Path, month: Month, rows: pa.Table, top: int) -> None:
    """Put `rows`, sorted, in the place of the month's file; it is on disk when this returns."""
    if not folder.exists():
        folder.mkdir(parents=True)
        sync_folder(folder.parent)
    with (
        replacing(_path(folder, month)) as file,
        _writer(file, rows.schema) as writer,
    ):
        writer.write_table(rows, _ROW_GROUP)
        writer.add_key_value_metadata({_TOP: str(top)})


def _writer(file: BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    # Times and numbers that differ from row to row: as dictionaries they take as much room, and four times as long to read.
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    encodings = {field.name: "DELTA_BINARY_PACKED" for field in schema if field.name not in words}
    return pq.ParquetWriter(
        file, schema, compression="zstd", compression_level=1, use_dictionary=words, column_encoding=encodings
    )


def _path(folder: Path, month: Month) -> Path:
    return folder / f"{month}.parquet"
