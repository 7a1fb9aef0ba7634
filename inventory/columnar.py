"""Inventory records as Arrow columns: a field of many, or whole batches of a kind."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from operator import attrgetter
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.cells import Value
from inventory.lookup import indexed
from inventory.records import Records

R = TypeVar("R")

_WORDS = 4096  # most different values of a column that is kept as numbers of words


def column(records: Mapping[str, R], field: str) -> pa.Array:
    """`field` of every record in the mapping's order, shape (n,); None is null, an enum is its text.

    Without making records where they are kept as columns. "names.en" is a part of a field.
    """
    if isinstance(records, Records):
        return records.column(field)
    return pa.array(list(map(attrgetter(field), records.values())))


def keys(records: Mapping[str, R]) -> pa.StringArray:
    """The keys, in the mapping's order."""
    if isinstance(records, Records):
        return records.batch.column(0)
    return pa.array(records, pa.string())


def at_rows(records: Mapping[str, R], rows: NDArray[np.integer]) -> Iterator[R]:
    """The records in those places of the mapping's order, in ascending order of the places."""
    if isinstance(records, Records):
        return records.at_all(rows)
    wanted = np.zeros(len(records), dtype=np.bool_)
    wanted[rows] = True
    return compress(records.values(), wanted)


def rows_with(records: Mapping[str, R], field: str, values: pa.Array) -> NDArray[np.int64]:
    """Places of the records whose text in `field` is one of `values`."""
    return np.flatnonzero(pc.is_in(column(records, field).cast(pa.string()), value_set=values).to_numpy(False))


def packed(
    schema: pa.Schema, parts: Iterable[Sequence[Sequence[Value | bytes]]], encoded: Collection[str] = ()
) -> pa.RecordBatch:
    """Rows, some thousand a part, as one batch in the order of its first column, the key.

    Columns of few different values, and those of `encoded`, become numbers of words.
    """
    batches = [_batch(schema, part) for part in parts if part]
    table = pa.Table.from_batches(batches, schema)
    batches.clear()  # half of the memory
    table = table.take(pc.sort_indices(table.column(0)))
    columns = [table.column(0).combine_chunks()]
    for field, values in zip(list(schema)[1:], table.columns[1:], strict=True):
        columns.append(_in_words(values.combine_chunks(), always=field.name in encoded))
    return indexed(pa.RecordBatch.from_arrays(columns, schema.names))


def _batch(schema: pa.Schema, rows: Sequence[Sequence[Value | bytes]]) -> pa.RecordBatch:
    cells = zip(schema, zip(*rows, strict=True), strict=True)
    return pa.RecordBatch.from_arrays([pa.array(values, field.type) for field, values in cells], schema=schema)


def _in_words(values: pa.Array, *, always: bool) -> pa.Array:
    if values.type == pa.binary():
        return values
    found = values.dictionary_encode(null_encoding="encode")
    words = len(found.dictionary)
    if words > _WORDS and not always:
        return values
    numbers = pa.int8() if words <= 1 << 7 else pa.int16() if words <= 1 << 15 else pa.int32()
    return pa.DictionaryArray.from_arrays(found.indices.cast(numbers), found.dictionary)
