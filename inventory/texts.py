"""Finding texts in columns of texts."""

from bisect import bisect_left

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def texts(found: pa.Array) -> pa.StringArray:
    """A column as plain texts; also one that is all null, or written as a dictionary."""
    return found.cast(pa.string())


def positions(wanted: pa.StringArray, among: pa.StringArray) -> NDArray[np.int32]:
    """Where each of `wanted` stands in `among`, -1 where it doesn't; null stands nowhere."""
    found = pc.index_in(wanted, value_set=among, skip_nulls=True)
    return np.array(pc.fill_null(found, -1), np.int32)


class Index:
    """The place of each text in a column of different texts: four octets a text, and some microseconds a question."""

    def __init__(self, column: pa.StringArray) -> None:
        self._order = np.array(pc.sort_indices(column), np.int32)
        self._sorted = column.take(pa.array(self._order))

    def get(self, text: str) -> int | None:
        at = bisect_left(range(len(self._order)), text, key=lambda n: str(self._sorted[n]))
        return int(self._order[at]) if at < len(self._order) and self._sorted[at].as_py() == text else None
