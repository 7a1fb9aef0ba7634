"""The stored inventory as one file of Arrow columns beside the store, which processes map and so share.

It is a copy: made where it is missing, made anew where it is not what it should be, and never asked
about anything but the import that it is of. Layout: an Arrow IPC stream a table, in the order of
TABLES, then the SHA-256 of `identity` and all that.
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from inventory.stored import TABLES, Batches, is_laid_out, schema_of
from storage.atomic import TEMPORARY, replacing

VERSION = 1
"""Raised with the layout, and by a migration that changes rows of the inventory without an import."""
_DIGEST = hashlib.sha256().digest_size
_READ = 1 << 20  # octets at a time


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The file of one import of one store; `stem` is how the names of all files of that store begin."""

    stem: Path
    number: int  # of the import
    made_of: str  # what no other import of this or another store shares

    @property
    def identity(self) -> bytes:
        schemas = "".join(str(schema_of(name)) for name in TABLES)
        return f"{VERSION} {self.number} {self.made_of} {schemas}".encode()

    @property
    def path(self) -> Path:
        told = hashlib.sha256(self.identity).hexdigest()[:12]
        return self.stem.with_name(f"{self.stem.name}-{self.number}-{told}.arrow")


def mapped(snapshot: Snapshot) -> Batches | None:
    """The columns of the file, mapped into memory; None where it isn't there or is damaged."""
    try:
        if not _whole(snapshot):
            return None
        with pa.memory_map(str(snapshot.path)) as file:
            found = {name: _next(file) for name in TABLES}
    except (OSError, ValueError, pa.ArrowException):
        return None
    return found if all(is_laid_out(name, batch) for name, batch in found.items()) else None


def _whole(snapshot: Snapshot) -> bool:
    """Read, not mapped: what is only read here counts for no process' memory."""
    with snapshot.path.open("rb") as file:
        octets = max(snapshot.path.stat().st_size - _DIGEST, 0)
        found = hashlib.sha256(snapshot.identity)
        while octets and (part := file.read(min(octets, _READ))):
            found.update(part)
            octets -= len(part)
        return file.read() == found.digest()


def _next(file: pa.NativeFile) -> pa.RecordBatch:
    with pa.ipc.open_stream(file) as stream:
        (batch,) = stream  # read to its end: behind it the next one begins
        return batch


def make(snapshot: Snapshot, fetch: Callable[[str], pa.RecordBatch]) -> None:
    """Write the file from what `fetch` gives for each of TABLES, a table at a time; raises OSError."""
    with replacing(snapshot.path) as file:
        digest = hashlib.sha256(snapshot.identity)
        for name in TABLES:
            digest.update(_write(file, fetch(name)))
        file.write(digest.digest())
    pa.default_memory_pool().release_unused()  # 100 MB for a country


def _write(file: BinaryIO, batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    octets = sink.getvalue()
    file.write(octets)
    return octets


def sweep(snapshot: Snapshot) -> None:
    """Remove the files of other imports and unfinished ones; who has one mapped keeps it."""
    folder, name = snapshot.stem.parent, snapshot.stem.name
    files = f"{escape(name)}-*.arrow"
    for path in (*folder.glob(files), *folder.glob(TEMPORARY + files)):
        if path != snapshot.path:
            path.unlink(missing_ok=True)


@contextmanager
def one_maker(stem: Path) -> Iterator[None]:
    """Wait until nobody else makes a file of this store: roles that start together make it once. Raises OSError."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    with stem.with_name(f"{stem.name}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
