"""The rows that are asked for, out of one file: groups that can't hold them are not read."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from storage.damage import reading
from storage.figures import by_step
from storage.rows import coded, integers
from storage.segments import hours_of
from storage.types import to_millis

_KEYS = ("number", "at", "metric", "instance")


@dataclass(frozen=True, slots=True)
class Asked:
    """Steps of `metrics` in [start, end), of devices by their `numbers`, ascending. `instance` None: of all."""

    numbers: NDArray[np.int32]
    metrics: tuple[str, ...]
    instance: str | None
    start: datetime
    end: datetime
    step: timedelta


@dataclass(frozen=True, slots=True)
class Part:
    """What of a file counts: the rows of these devices and, unless that is None, of these hours since the epoch."""

    path: Path
    numbers: NDArray[np.int32]
    hours: frozenset[int] | None = None
    metadata: pq.FileMetaData | None = None  # where it was read already


def read(part: Part, asked: Asked) -> Iterator[pa.RecordBatch]:
    """Figures by series and step, a batch a row group. Raises UnreadableError."""
    with reading(part.path):
        file = pq.ParquetFile(part.path, metadata=part.metadata, read_dictionary=["metric", "instance"])
    with file:
        names = [*_KEYS, *(name for name in ("value", "low", "mean", "high", "count") if name in file.schema.names)]
        for group in _groups(file.metadata, part.numbers):
            with reading(part.path):
                rows = coded(file.read_row_group(group, columns=names, use_threads=False))
            yield by_step(_wanted(rows, part, asked), asked.step)


def _groups(metadata: pq.FileMetaData, numbers: NDArray[np.int32]) -> Iterator[int]:
    """Row groups in which one of `numbers` may be. Groups are in the order of numbers, so most are not looked at."""

    def highest(group: int) -> int:
        return int(metadata.row_group(group).column(0).statistics.max)

    groups = range(metadata.num_row_groups)
    for group in groups[bisect_left(groups, int(numbers[0]), key=highest) :] if len(numbers) else ():
        low = int(metadata.row_group(group).column(0).statistics.min)
        if low > numbers[-1]:
            return
        at = int(np.searchsorted(numbers, low))
        if numbers[at] <= highest(group):
            yield group


def _wanted(rows: pa.RecordBatch, part: Part, asked: Asked) -> pa.RecordBatch:
    number = integers(rows, "number")
    first, end = np.searchsorted(number, [part.numbers[0], part.numbers[-1] + 1])
    rows = rows.slice(first, end - first)
    wanted = _one_of(rows.column("metric"), asked.metrics)
    if asked.instance is not None:
        wanted &= _one_of(rows.column("instance"), (asked.instance,))
    rows = rows.filter(pa.array(wanted))
    at = integers(rows, "at")
    wanted = (at >= to_millis(asked.start)) & (at < to_millis(asked.end))
    if len(part.numbers) <= part.numbers[-1] - part.numbers[0]:
        wanted &= np.isin(integers(rows, "number"), part.numbers)
    if part.hours is not None:
        wanted &= np.isin(hours_of(rows), np.array(sorted(part.hours), np.int64))
    return rows if wanted.all() else rows.filter(pa.array(wanted))


def _one_of(column: pa.DictionaryArray, texts: tuple[str, ...]) -> NDArray[np.bool_]:
    among = pc.is_in(column.dictionary, value_set=pa.array(texts, pa.string())).to_numpy(zero_copy_only=False)
    found: NDArray[np.bool_] = among[column.indices.to_numpy()]
    return found
