"""Numbers that stand for what something was made of: equal for equal input, else different but for chance. Pure.

64 bits without a key: they tell that something changed, and hold nobody off who wants to be taken for another.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Digests = NDArray[np.uint64]

_STEP, _FIRST, _SECOND = (np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def mixed(*columns: NDArray[np.generic]) -> Digests:
    """One for each row of these columns of numbers; their order matters. At least one column, of shape (n,)."""
    found = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        found = _scattered(found + column.astype(np.int64, copy=False).view(np.uint64))
    return found


def of_texts(texts: pa.Array) -> Digests:
    """One for each text, by its octets (UTF-8), each weighted by a number that belongs to its place."""
    if not len(texts):
        return np.zeros(0, np.uint64)
    column = pc.fill_null(texts.cast(pa.string()), "")
    ends = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    octets = np.frombuffer(column.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    length, start = np.diff(ends).astype(np.int64), ends - ends[0]
    place = np.arange(len(octets)) - np.repeat(start[:-1], length)
    weighted = (octets.astype(np.uint64) + np.uint64(1)) * mixed(place)
    added = np.concatenate([np.zeros(1, np.uint64), np.cumsum(weighted)])
    return mixed((added[start[1:]] - added[start[:-1]]).view(np.int64), length)


def of_words(words: pa.ChunkedArray) -> Digests:
    """The same of a dictionary column in one piece."""
    column = words.combine_chunks()
    return of_texts(column.dictionary)[np.asarray(column.indices)] if len(column) else np.zeros(0, np.uint64)


def of_all(rows: Digests) -> int:
    """One for all rows, whatever their order; a signed number of 64 bits."""
    both = np.array([np.sum(rows, dtype=np.uint64), len(rows)], np.uint64)
    return int(mixed(both[:1], both[1:])[0].view(np.int64))


def by_group(group: NDArray[np.int64], rows: Digests, groups: int) -> Digests:
    """The same for each group of rows, 0 to `groups` - 1."""
    found = np.zeros(groups, np.uint64)
    np.add.at(found, group, rows)
    return mixed(found, np.bincount(group, minlength=groups))


def _scattered(values: Digests) -> Digests:
    """Numbers that differ little, far apart: the finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    values = values + _STEP
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    found: Digests = values ^ (values >> np.uint64(31))
    return found
