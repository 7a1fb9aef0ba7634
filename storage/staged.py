"""Files of the history under way: on disk under a temporary name until they are published.

Rows lie by number, metric, instance, at: a series lies together, and its times repeat from metric to
metric. Measured on an hour of 1,500 routers with log-normal traffic, octets a sample: times plain 1.48
(zstd finds that they repeat), as differences 1.70, as a dictionary 1.67; values plain 1.52, as a
dictionary 2.08. A row that repeats the value before it takes next to nothing, so none is left out.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from storage.atomic import TEMPORARY, sync_folder
from storage.rows import pieces

SMALL_GROUP = 16_384  # rows; of files that will be merged soon: merging holds one group of each file
MIDDLE_GROUP = 49_152
GROUP = 98_304
_SPLIT = frozenset({"value", "took_ms", "low", "mean", "high"})
_LEVEL = 1  # of zstd: 3 saves 3 % and takes a quarter longer


class Staged:
    """A file that takes rows, is finished, and then published by one rename. Left without that, it is removed."""

    def __init__(self, path: Path, schema: pa.Schema, group: int = GROUP) -> None:
        _make_folder(path.parent)
        self.path = path
        self._temporary = path.with_name(TEMPORARY + path.name)
        self._group = group
        self._file = self._temporary.open("wb")
        self._writer = _writer(self._file, schema)

    def add(self, rows: pa.RecordBatch) -> None:
        """Append sorted rows. A row group always holds some: without rows it would have no bounds."""
        for piece in pieces(rows, self._group) if rows.num_rows else ():
            self._writer.write_batch(piece)

    def finish(self, metadata: Mapping[bytes, bytes] | None = None) -> None:
        """All rows, and in the footer `metadata`, are on disk when this returns."""
        if metadata:
            self._writer.add_key_value_metadata(metadata)
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def publish(self) -> int:
        """Returns its octets."""
        octets = self._temporary.stat().st_size
        self._temporary.rename(self.path)
        sync_folder(self.path.parent)
        return octets

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk refuses the end too
            self._writer.close()
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _writer(file: object, schema: pa.Schema) -> pq.ParquetWriter:
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=words,
        column_encoding={field.name: _encoding(field, schema) for field in schema if field.name not in words},
        write_statistics=["number"],  # nobody prunes by the others, and those of texts take 60 ns a row
        store_schema=False,
    )


def _encoding(field: pa.Field, schema: pa.Schema) -> str:
    if field.name in _SPLIT:
        return "BYTE_STREAM_SPLIT"
    # Steps follow one another at the same distance; times of polls don't.
    return "DELTA_BINARY_PACKED" if field.name == "at" and "mean" in schema.names else "PLAIN"
