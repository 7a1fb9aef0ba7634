"""A bounded queue on disk that is read at two places: its newest segment, and the backlog before it."""

import fcntl
import threading
from collections import deque
from pathlib import Path
from typing import TextIO

import structlog

from collectors.sinks.segment import Portion, Segment
from storage.segments import FolderInUseError

_SEGMENT_BYTES = 4 << 20
_LIVE_S = 15.0  # what waits longer than this belongs to the backlog
_LEAST_SEGMENTS = 8  # of a full queue: making room costs an eighth of it at most
_SUFFIX = ".spool"

_log = structlog.get_logger()


class Spool:
    """The only user of its folder; several threads may call it.

    Opening it takes a lock (FolderInUseError where another process holds it), finds what was not
    delivered and cuts off what a killed process left half-written. When the bound is reached the
    oldest segment goes.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._held = _hold(folder)
        self._folder = folder
        self.most_bytes = most_bytes
        self._segment_bytes = min(_SEGMENT_BYTES, most_bytes // _LEAST_SEGMENTS)
        self._lock = threading.Lock()
        self._older = deque(_found(folder))
        self._newest: Segment | None = None
        self._number = max((int(path.stem) for path in _paths(folder)), default=0)
        self.dropped = 0  # samples: to make room, or damaged on disk

    def append(self, body: bytes, samples: int, closed_at: float) -> None:
        """Store one record; on disk when this returns. OSError: it is not stored."""
        with self._lock:
            self._make_room(len(body))
            self._open(closed_at).append(body, samples, closed_at)

    def live(self, most_samples: int) -> Portion | None:
        """The first undelivered records of the newest segment; None where there are none."""
        with self._lock:
            if self._newest is None or self._newest.finished:
                return None
            portion = self._newest.first(most_samples)
            if portion is None:
                self._lost(self._newest, "damaged on disk")
                self._newest = None
            return portion

    def backlog(self, most_samples: int) -> Portion | None:
        """The first undelivered records of the segments before the newest: the oldest, if none was put off.

        OSError: the disk refuses these, and the next call goes to others.
        """
        with self._lock:
            while self._older:
                try:
                    portion = self._older[0].first(most_samples)
                except OSError:
                    self._older.rotate(-1)
                    raise
                if portion is not None:
                    return portion
                self._lost(self._older.popleft(), "damaged on disk")
            return None

    def delivered(self, portion: Portion) -> None:
        """`portion` need not be kept any more. One that was dropped meanwhile has been counted as dropped."""
        with self._lock:
            segment = self._segment(portion.segment)
            if segment is None:
                return
            segment.take(portion)
            if segment.finished and segment is not self._newest:
                self._older.remove(segment)
                segment.path.unlink()

    def put_off(self, portion: Portion) -> None:
        """Let the other segments of the backlog go before that of `portion`."""
        with self._lock:
            if self._older and self._older[0].number == portion.segment:
                self._older.rotate(-1)

    def close(self) -> None:
        with self._lock:
            if self._newest is not None and self._newest.finished:
                self._newest.path.unlink()
            self._held.close()

    @property
    def samples(self) -> int:
        """Not delivered yet."""
        return sum(segment.samples for segment in self._all())

    @property
    def octets(self) -> int:
        """On disk."""
        return sum(segment.end for segment in self._all())

    @property
    def closed_at(self) -> float | None:
        """When the oldest batch was closed that is not delivered."""
        return min((segment.closed_at for segment in self._all() if not segment.finished), default=None)

    def _all(self) -> list[Segment]:
        return [*self._older, self._newest] if self._newest else list(self._older)

    def _segment(self, number: int) -> Segment | None:
        return next((segment for segment in self._all() if segment.number == number), None)

    def _open(self, now: float) -> Segment:
        """The newest segment; a new one where there is none, it is full or what it holds has waited for long."""
        newest = self._newest
        if newest is not None and (newest.end >= self._segment_bytes or _waits(newest, now)):
            self._retire(newest)
            newest = None
        if newest is None:
            self._number += 1
            newest = self._newest = Segment.create(self._folder / f"{self._number:012d}{_SUFFIX}")
        return newest

    def _retire(self, newest: Segment) -> None:
        self._newest = None
        if newest.finished:
            newest.path.unlink()
        else:
            self._older.append(newest)

    def _make_room(self, octets: int) -> None:
        while self._older and self.octets + octets > self.most_bytes:
            oldest = min(self._older, key=lambda segment: segment.number)
            self._older.remove(oldest)
            self._lost(oldest, "no room")

    def _lost(self, segment: Segment, why: str) -> None:
        self.dropped += segment.samples
        segment.path.unlink()
        _log.error("samples spooled for InfluxDB are dropped", why=why, samples=segment.samples, all=self.dropped)


def _waits(segment: Segment, now: float) -> bool:
    return not segment.finished and now - segment.closed_at > _LIVE_S


def _hold(folder: Path) -> TextIO:
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise FolderInUseError(f"{folder} is written by another process") from error
    return lock


def _found(folder: Path) -> list[Segment]:
    """What an earlier process left, oldest first; files with nothing to deliver are removed, what the disk refuses stays."""
    paths, segments = _paths(folder), list[Segment]()
    for path in paths:
        try:
            segment = _taken_up(path, torn=path is paths[-1])
        except OSError as error:
            _log.error("samples spooled for InfluxDB cannot be read", file=str(path), error=str(error))
        else:
            segments += [segment] if segment else []
    return segments


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal())


def _taken_up(path: Path, *, torn: bool) -> Segment | None:
    size = path.stat().st_size
    segment = Segment.found(path, torn=torn)
    end = segment.end if segment else 0
    if end < size:
        _log.warning("spool: the end of a file was cut off", file=path.name, octets=size - end)
    if segment is None or segment.finished:
        path.unlink()
        return None
    return segment
