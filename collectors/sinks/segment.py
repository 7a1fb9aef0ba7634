"""One file of the spool: 16 octets of header (a mark, the offset up to which it is delivered), then records.

Records, a head and a body each, are only ever appended, and are on disk when `append` returns. The
offset in the header is written without a sync: it survives the death of the process; after loss of
power some records are delivered once more.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

_MARK = b"pahspl1\n"
_HEADER = struct.Struct("<8sQ")
_CRC = struct.Struct("<I")  # of the rest of the head, and the body
_HEAD = struct.Struct("<IId")  # octets of the body, samples in it, when its batch was closed
_BODY = _CRC.size + _HEAD.size


class Portion(NamedTuple):
    """Records that follow one another, to be delivered at once."""

    segment: int
    end: int
    body: bytes
    samples: int
    closed_at: float  # of the oldest batch in it


class _Record(NamedTuple):
    end: int
    samples: int
    closed_at: float
    body: bytes  # empty where only heads are read


@dataclass(slots=True)
class Segment:
    path: Path
    taken: int  # offset of the first record that is not delivered
    end: int
    samples: int  # not delivered
    closed_at: float  # of the first batch that is not delivered; no meaning where all are

    @property
    def number(self) -> int:
        return int(self.path.stem)

    @property
    def finished(self) -> bool:
        return self.taken >= self.end

    @classmethod
    def create(cls, path: Path) -> Self:
        """OSError: there is no file."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            _write_all(descriptor, _HEADER.pack(_MARK, _HEADER.size))
            os.fsync(descriptor)
            _sync_folder(path.parent)
        except OSError:
            path.unlink()  # a disk that is full would get one with every batch
            raise
        finally:
            os.close(descriptor)
        return cls(path, _HEADER.size, _HEADER.size, 0, 0.0)

    @classmethod
    def found(cls, path: Path, *, torn: bool) -> Self | None:
        """What `path` holds; None where that is no segment. `torn`: its last record may be half-written, and is cut."""
        with path.open("r+b") as file:
            head = file.read(_HEADER.size)
            if len(head) < _HEADER.size or not head.startswith(_MARK):
                return None
            size = os.fstat(file.fileno()).st_size
            taken = min(max(_HEADER.unpack(head)[1], _HEADER.size), size)
            records = list(_records(file.fileno(), taken, size, bodies=torn))
            end = records[-1].end if records else taken
            file.truncate(end)
        return cls(path, taken, end, sum(one.samples for one in records), records[0].closed_at if records else 0.0)

    def append(self, body: bytes, samples: int, closed_at: float) -> None:
        """OSError: nothing is stored."""
        head = _HEAD.pack(len(body), samples, closed_at)
        record = _CRC.pack(zlib.crc32(body, zlib.crc32(head))) + head + body
        with self.path.open("r+b", buffering=0) as file:
            try:
                file.seek(self.end)
                _write_all(file.fileno(), record)
                os.fdatasync(file.fileno())
            except OSError:
                file.truncate(self.end)
                raise
        if self.finished:
            self.closed_at = closed_at
        self.samples += samples
        self.end += len(record)

    def first(self, most_samples: int) -> Portion | None:
        """The first records that are not delivered, one at least; None where they are damaged or there are none."""
        chosen: list[_Record] = []
        with self.path.open("rb") as file:
            for record in _records(file.fileno(), self.taken, self.end, bodies=True):
                if chosen and sum(one.samples for one in chosen) + record.samples > most_samples:
                    break
                chosen.append(record)
        if not chosen:
            return None
        return Portion(
            self.number,
            chosen[-1].end,
            b"".join(one.body for one in chosen),
            sum(one.samples for one in chosen),
            chosen[0].closed_at,
        )

    def take(self, portion: Portion) -> None:
        """`portion` is delivered."""
        with self.path.open("r+b", buffering=0) as file:
            file.write(_HEADER.pack(_MARK, portion.end))
            following = next(_records(file.fileno(), portion.end, self.end, bodies=False), None)
        self.taken = portion.end
        self.samples -= portion.samples
        self.closed_at = following.closed_at if following else 0.0


def _records(descriptor: int, start: int, end: int, *, bodies: bool) -> Iterator[_Record]:
    """The records from `start` on, up to the first that is not whole. Damage is seen only where `bodies` are read."""
    while start + _BODY <= end:
        raw = os.pread(descriptor, _BODY, start)
        if len(raw) < _BODY:
            return
        octets, samples, closed_at = _HEAD.unpack_from(raw, _CRC.size)
        stop = start + _BODY + octets
        if stop > end:
            return
        body = os.pread(descriptor, octets, start + _BODY) if bodies else b""
        if bodies and _CRC.unpack_from(raw)[0] != zlib.crc32(body, zlib.crc32(raw[_CRC.size :])):
            return
        yield _Record(stop, samples, closed_at, body)
        start = stop


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
