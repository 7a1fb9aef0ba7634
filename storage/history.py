"""Reading the history, also while another process writes it: samples, or figures where these will do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import structlog
from numpy.typing import NDArray

from storage.damage import UnreadableError
from storage.figures import by_step, columns_of
from storage.numbers import names_of, numbers_of
from storage.pick import Asked, Part, read
from storage.rows import concatenated, in_order, integers
from storage.segments import FOLDERS, HOURS, file_schema
from storage.sources import chosen

_TRIES = 3
_log = structlog.get_logger()
_NONE = by_step(pa.RecordBatch.from_pylist([], file_schema(HOURS)), timedelta(days=1)).drop_columns(["device"])
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Series:
    """One metric in steps. All of shape (steps with values,).

    `at` is the start of the step in UTC epoch milliseconds, a whole multiple of the step.
    """

    at: NDArray[np.int64]
    low: NDArray[np.float64]
    mean: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Total:
    """A metric over many devices, in steps; both of shape (steps with values,). `at` as in Series."""

    at: NDArray[np.int64]
    value: NDArray[np.float64]


def series(
    folder: Path, device: str, metric: str, instance: str, *, start: datetime, end: datetime, step: timedelta
) -> Series:
    """Values in [start, end) of one metric of one instance ("" for a scalar), by step of at least 1 ms.

    Whole multiples of 5 minutes are read from figures where there are some, so is what is too old
    for samples; a step of these counts when it begins in [start, end).
    """
    asked = Asked(numbers_of(folder, [device]), (metric,), instance, start, end, step)
    rows = _steps(folder, asked)
    found = columns_of(rows)
    return Series(integers(rows, "at"), found.low, found.mean, found.high, found.count)


def totals(
    folder: Path, devices: Sequence[str], metrics: Sequence[str], *, start: datetime, end: datetime, step: timedelta
) -> dict[str, Total]:
    """For each metric the sum over all instances of all `devices` of their means in each step."""
    rows = _steps(folder, Asked(numbers_of(folder, devices), tuple(metrics), None, start, end, step))
    names = rows.column("metric").dictionary.to_pylist()
    metric, at, mean = integers(rows, "metric"), integers(rows, "at"), columns_of(rows).mean
    return {
        name: _summed(at[metric == names.index(name)], mean[metric == names.index(name)])
        if name in names
        else Total(at[:0], mean[:0])
        for name in metrics
    }


def figures(
    folder: Path, devices: Sequence[str], metrics: Sequence[str], *, start: datetime, end: datetime, step: timedelta
) -> pa.Table:
    """Figures of all instances of all `devices`: device, instance, at (start of the step), low, mean, high, count."""
    rows = _steps(folder, Asked(numbers_of(folder, devices), tuple(metrics), None, start, end, step))
    texts = {"device": names_of(folder, rows.column("number")), "instance": rows.column("instance").cast(pa.string())}
    return pa.table(texts | {name: rows.column(name) for name in ("at", "low", "mean", "high", "count")})


def octets(folder: Path) -> int:
    """What samples, polls and figures take on disk."""
    paths = (path for kind in FOLDERS for path in (folder / kind).glob("*/*.parquet"))
    return sum(path.stat().st_size for path in paths)


def _summed(at: NDArray[np.int64], value: NDArray[np.float64]) -> Total:
    steps, position = np.unique(at, return_inverse=True)
    return Total(steps, np.bincount(position, value, len(steps)).astype(np.float64))


def _steps(folder: Path, asked: Asked) -> pa.RecordBatch:
    """Figures by series and step, in order."""
    parts = _listed_again(lambda: [rows for part in chosen(folder, asked) for rows in _readable(part, asked)])
    return by_step(in_order(concatenated([pa.Table.from_batches([rows]) for rows in (_NONE, *parts)])), asked.step)


def _readable(part: Part, asked: Asked) -> Sequence[pa.RecordBatch]:
    """A damaged file leaves a gap, not a chart without anything; the folder's writer puts it aside."""
    try:
        return list(read(part, asked))
    except UnreadableError as error:
        _log.error("history file unreadable", file=str(error.path), error=error.reason)
        return []


def _listed_again(attempt: Callable[[], T]) -> T:
    """A file that compaction removed after it was listed means listing again."""
    for _ in range(_TRIES - 1):
        try:
            return attempt()
        except FileNotFoundError:
            continue
    return attempt()
