"""Where a key stands among 270,000: by its CRC-32, in 2 us, from two Arrow columns that processes share."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from zlib import crc32

import numpy as np
import pyarrow as pa

from inventory.readers import numbers

HASH, PLACE = "#hash", "#place"
"""Names of the two columns: no kind has a column of such a name."""

Find = Callable[[str], int | None]
"""Key -> its place, None where it isn't there."""


def indexed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, whose first column holds different texts in order, and the columns by which `finder` finds them."""
    hashes = np.fromiter(map(_hash, batch.column(0).to_pylist()), dtype=np.uint32, count=len(batch))
    places = np.argsort(hashes, kind="stable").astype(np.int32)
    return batch.append_column(HASH, pa.array(hashes[places])).append_column(PLACE, pa.array(places))


def finder(batch: pa.RecordBatch, key_at: Callable[[int], str]) -> Find:
    """Finds a key in what `indexed` gave; `key_at` reads its first column."""
    hashes, places = numbers(batch.column(HASH)), numbers(batch.column(PLACE))

    def find(key: str) -> int | None:
        wanted = _hash(key)
        first = bisect_left(hashes, wanted)
        if first + 1 < len(hashes) and hashes[first + 1] == wanted:
            # Keys of one hash stand in their own order: also thousands that were made so are found quickly.
            last = bisect_right(hashes, wanted, first)
            first = bisect_left(range(last), key, first, last, key=lambda at: key_at(places[at]))
        found = places[first] if first < len(hashes) else None
        return found if found is not None and key_at(found) == key else None

    return find


def _hash(key: str) -> int:
    return crc32(key.encode("utf-8", "surrogatepass"))
