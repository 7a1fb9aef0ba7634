"""Rows of the history in memory: one sorted record batch, its texts as codes."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

TEXT = pa.dictionary(pa.int32(), pa.string())
NUMBER = pa.field("number", pa.int32())
_UNSIGNED_BITS = 63


def coded(rows: pa.Table) -> pa.RecordBatch:
    """`rows` in one piece, every text column as codes."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            rows = rows.set_column(place, field.name, pc.dictionary_encode(rows[field.name]))
    whole = rows.unify_dictionaries().combine_chunks()
    return pa.RecordBatch.from_arrays([_only_chunk(column) for column in whole.columns], schema=whole.schema)


def _only_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


def concatenated(parts: Sequence[pa.Table]) -> pa.RecordBatch:
    """The rows of `parts`, of which there is at least one and all have the same columns."""
    return coded(pa.concat_tables(parts))


def integers(rows: pa.RecordBatch | pa.Table, column: str) -> NDArray[np.signedinteger]:
    """A column of whole numbers or times; of a batch's text column its codes. Shape (n,)."""
    values = rows.column(column)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.DictionaryArray):
        values = values.indices
    elif pa.types.is_timestamp(values.type):
        values = values.view(pa.int64())
    whole: NDArray[np.signedinteger] = values.to_numpy(zero_copy_only=False)
    return whole


def in_order(rows: pa.RecordBatch) -> pa.RecordBatch:
    """`rows` by number, then series by series, then time. Texts but the device's tell series apart."""
    if not rows.num_rows:
        return rows
    series, size = _packed([integers(rows, name) for name in ("number", *series_of(rows))])
    at = integers(rows, "at")
    first, span = int(at.min()), int(np.ptp(at)) + 1
    if size * span < 1 << _UNSIGNED_BITS:
        # Runs that are in order already are merged by a stable sort; one integer sorts four times as fast as four columns.
        series *= span
        series += at
        series -= first
        order = np.argsort(series, kind="stable")
    else:
        order = np.lexsort((at, series))
    return rows.take(pa.array(order))


def series_of(rows: pa.RecordBatch) -> list[str]:
    """The columns that beside the device tell one series from another."""
    texts = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    return [name for name in texts if name in {"metric", "instance"}]


def pieces(rows: pa.RecordBatch, size: int) -> Iterator[pa.RecordBatch]:
    """`rows` in equal pieces of about `size`, each with those texts alone that occur in it."""
    bounds = np.linspace(0, rows.num_rows, max(1, round(rows.num_rows / size)) + 1).astype(int).tolist()
    for start, end in pairwise(bounds):
        yield only_own_texts(rows.slice(start, end - start))


def only_own_texts(rows: pa.RecordBatch) -> pa.RecordBatch:
    """`rows` without the texts that don't occur in them."""
    return pa.RecordBatch.from_arrays([_own_texts(column) for column in rows.columns], names=rows.schema.names)


def _own_texts(column: pa.Array) -> pa.Array:
    if not isinstance(column, pa.DictionaryArray):
        return column
    codes = column.indices.to_numpy()
    occurs = np.zeros(len(column.dictionary), np.bool_)
    occurs[codes] = True
    renumbered = np.cumsum(occurs, dtype=np.int32) - np.int32(1)
    return pa.DictionaryArray.from_arrays(renumbered[codes], column.dictionary.filter(pa.array(occurs)))


def _packed(columns: Sequence[NDArray[np.signedinteger]]) -> tuple[NDArray[np.int64], int]:
    """One integer a row that orders as `columns` do, and how many such integers there may be."""
    packed, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        low = int(column.min())
        span = int(column.max()) - low + 1
        packed *= span
        packed += column
        packed -= low
        size *= span
    return packed, size
