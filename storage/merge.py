"""Sorted files of the history as one sorted stream, in little memory.

Every row group is read once. What of it lies beyond the range of devices that is being merged waits
for its turn, so at most one group of each file is in memory beside the range itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from storage.damage import UnreadableError, reading
from storage.rows import concatenated, in_order
from storage.segments import file_schema

AT_ONCE = 98_304
"""Rows of a range of devices: more take longer, for a processor's caches, and memory."""
END = 1 << 31
"""Beyond every device's number."""

T = TypeVar("T")
Choose = Callable[[pa.Table], pa.Table]


class Source:
    """One sorted file, read from its start on. Everything raises UnreadableError where it is damaged."""

    def __init__(self, path: Path, kind: str, choose: Choose | None = None) -> None:
        """`choose` gives those rows of a group that count."""
        self._path = path
        self._choose = choose
        self._next = 0
        self._waiting: pa.Table | None = None
        with reading(path):
            self._file = _opened(path, kind)
            groups = [self._file.metadata.row_group(n) for n in range(self._file.num_row_groups)]
            bounds = [(group.column(0).statistics, group.num_rows) for group in groups]
        if any(bound is None or not bound.has_min_max for bound, _ in bounds):
            raise UnreadableError(path, "its devices' numbers have no bounds")
        self._low = np.array([bound.min for bound, _ in bounds], np.int64)
        self.highest = max((bound.max for bound, _ in bounds), default=0)
        self._rows = np.array([rows for _, rows in bounds], np.int64)

    def told(self, read: Callable[[Mapping[bytes, bytes]], T]) -> T:
        """What `read` makes of the footer's own entries."""
        with reading(self._path):
            return read(self._file.metadata.metadata or {})

    def ahead(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First number and rows of each group not read yet, both of shape (groups,)."""
        return self._low[self._next :], self._rows[self._next :]

    def below(self, cut: int) -> Iterator[pa.Table]:
        """The rows not given yet whose number is lower than `cut`."""
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            yield self._cut(waiting, cut)
        while self._waiting is None and self._next < len(self._low) and self._low[self._next] < cut:
            with reading(self._path):
                group = self._file.read_row_group(self._next, use_threads=False)
            self._next += 1
            yield self._cut(self._choose(group) if self._choose else group, cut)

    def _cut(self, rows: pa.Table, cut: int) -> pa.Table:
        many = int(np.searchsorted(rows["number"].to_numpy(), cut))
        self._waiting = rows.slice(many) if many < len(rows) else None
        return rows.slice(0, many)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()


def _opened(path: Path, kind: str) -> pq.ParquetFile:
    schema = file_schema(kind)
    texts = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    file = pq.ParquetFile(path, read_dictionary=texts)
    if file.schema_arrow.names != schema.names:
        file.close()
        raise UnreadableError(path, f"its columns are {', '.join(file.schema_arrow.names)}")
    return file


def merged(sources: Sequence[Source], upto: int = END, at_once: int | None = None) -> Iterator[pa.RecordBatch]:
    """What `sources` still have below the number `upto`, sorted, in batches that share no device."""
    for cut in _cuts(sources, upto, at_once or AT_ONCE):
        parts = [part for source in sources for part in source.below(cut) if len(part)]
        if parts:
            yield in_order(concatenated(parts))


def _cuts(sources: Sequence[Source], upto: int, at_once: int) -> Iterator[int]:
    """Numbers between which some `at_once` rows lie, then `upto`."""
    ahead = [source.ahead() for source in sources]
    low = np.concatenate([low for low, _ in ahead])
    rows = np.concatenate([rows for _, rows in ahead])
    order = np.argsort(low, kind="stable")
    before = np.cumsum(rows[order]) // at_once
    starts: NDArray[np.int64] = low[order][1:][np.diff(before) > 0]
    yield from (int(cut) for cut in np.unique(starts) if cut < upto)
    yield upto
