"""Figures of steps: lowest, mean and highest value, and how many values there were.

On disk they are 32-bit numbers, rounded to 11 (mean: 0.05 %) or 8 (low and high: 0.4 %) significant bits:
what is beyond doesn't compress, and says nothing of traffic or light over 5 minutes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from storage.rows import integers, series_of

FIVE_MINUTES = timedelta(minutes=5)
DAY = timedelta(days=1)
_MEAN_BITS, _BOUND_BITS = 10, 7


@dataclass(frozen=True, slots=True)
class Columns:
    """Figures of n steps, all of shape (n,)."""

    low: NDArray[np.float64]
    mean: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]


def columns_of(rows: pa.RecordBatch) -> Columns:
    """Of samples, each of which is a step of its own, or of figures."""
    if "value" in rows.schema.names:
        value = rows.column("value").to_numpy()
        return Columns(value, value, value, np.ones(len(value), np.int64))
    low, mean, high = (rows.column(name).to_numpy().astype(np.float64, copy=False) for name in ("low", "mean", "high"))
    return Columns(low, mean, high, integers(rows, "count").astype(np.int64, copy=False))


def by_step(rows: pa.RecordBatch, step: timedelta) -> pa.RecordBatch:
    """Samples or figures in order become those of steps, in order: each begins at a whole multiple of `step`."""
    width = step // timedelta(milliseconds=1)
    at = integers(rows, "at") // width
    starts = _starts([at, *(integers(rows, name) for name in ("number", *series_of(rows)))])
    figures = columns_of(rows)
    if len(starts) < rows.num_rows:
        figures, rows = _reduced(figures, starts), rows.take(pa.array(starts))
    keys = [name for name in ("number", "device", "metric", "instance") if name in rows.schema.names]
    return pa.RecordBatch.from_pydict(
        {
            "at": pa.array(at[starts] * width, pa.int64()).cast(pa.timestamp("ms", "UTC")),
            **{name: rows.column(name) for name in keys},
            "low": figures.low,
            "mean": figures.mean,
            "high": figures.high,
            "count": figures.count,
        }
    )


def five_minutes(samples: pa.RecordBatch, metrics: Collection[str], schema: pa.Schema) -> pa.RecordBatch:
    """What `schema` keeps of the samples of `metrics`, which are in order."""
    metric = samples.column("metric")
    wanted = pc.is_in(metric.dictionary, value_set=pa.array(metrics, pa.string())).to_numpy(zero_copy_only=False)
    return kept(by_step(samples.filter(pa.array(wanted[metric.indices.to_numpy()])), FIVE_MINUTES), schema)


def days(figures: pa.RecordBatch) -> pa.RecordBatch:
    """5-minute figures in order become those of days of UTC."""
    return kept(by_step(figures, DAY), figures.schema)


def _starts(columns: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Where a row differs from the one before it."""
    differs = np.ones(len(columns[0]), np.bool_)
    differs[1:] = False
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(differs)


def _reduced(each: Columns, starts: NDArray[np.int64]) -> Columns:
    count = np.add.reduceat(each.count, starts)
    mean = np.add.reduceat(each.mean * each.count, starts) / count
    return Columns(np.minimum.reduceat(each.low, starts), mean, np.maximum.reduceat(each.high, starts), count)


def kept(figures: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Figures as `schema` has them, with the bits that are worth their room."""
    bits = {"low": _BOUND_BITS, "mean": _MEAN_BITS, "high": _BOUND_BITS}
    columns = {name: figures.column(name) for name in schema.names}
    short = {name: pa.array(rounded(columns[name].to_numpy().astype(np.float32), bits[name])) for name in bits}
    return pa.RecordBatch.from_pydict(columns | short, schema=schema)


def rounded(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """`values` to the nearest number of `bits` significant bits after the first."""
    cut = np.uint32(23 - bits)
    half = np.uint32(1) << (cut - np.uint32(1))
    return (((values.view(np.uint32) + half) >> cut) << cut).view(np.float32)
