"""Many small files of an hour become one sorted file, and figures that outlive it.

Each sample is written three times: in a segment; with some thirty segments while its hour runs, so
that neither readers nor the hour's end find hundreds of files; and with its hour. The last pass makes
the 5-minute figures of the hour as well.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from storage.damage import Damage, UnreadableError
from storage.figures import five_minutes
from storage.ledger import Ledger, read_ledger, write_ledger
from storage.merge import Source, merged
from storage.segments import HOURS, SCHEMAS, Segment, file_schema, in_force, parse, stored
from storage.shelves import forget, gather
from storage.staged import GROUP, MIDDLE_GROUP, SMALL_GROUP, Staged

_SETTLE = timedelta(minutes=2)  # after the end of an hour, for polls that were still under way
_KEEP = timedelta(minutes=1)  # readers that listed the folder before the switch may still open the old files
_FAN = 32  # segments that are merged while their hour runs


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept how long: rows `raw`, 5-minute figures of `metrics` for `figures`, their daily ones for ever.

    No clock is trusted alone: as many of the newest days that hold rows, and months that hold figures, stay however
    old they look.
    """

    raw: timedelta = timedelta(days=14)
    figures: timedelta = timedelta(days=396)
    metrics: tuple[str, ...] = ()

    @property
    def days(self) -> int:
        """The newest days with rows that stay: what `raw` before any moment reaches into."""
        return self.raw.days + 1

    @property
    def months(self) -> int:
        return -(-self.figures // timedelta(days=30))


def compact(folder: Path, now: datetime, keep: Keep | None = None, damage: Damage | None = None) -> int:
    """Compact every hour that is over, make its figures, remove what is too old or replaced. Returns files merged.

    Only the folder's writer calls this. It may be killed at any moment and called again: no row
    is lost or doubled. What cannot be read is told to `damage`, and the rest is done.
    """
    keep, damage = keep or Keep(), damage or Damage()
    ledger = read_ledger(folder)
    if ledger.metrics != keep.metrics:
        ledger = Ledger(keep.metrics)
    _expire(folder, now, keep, ledger, damage)
    done, before = 0, len(damage.aside)
    for kind in SCHEMAS:
        _remove_replaced(folder, kind, now, damage)
        done += _merge_segments(folder, kind, damage)
        done += _close_hours(folder, kind, now, ledger, damage)
    forget(folder, now - keep.figures, keep.months, damage)
    gather(folder, now, damage)
    _make_again(folder, damage.aside[before:])
    return done


def _expire(folder: Path, now: datetime, keep: Keep, ledger: Ledger, damage: Damage) -> None:
    """Remove hours that are too old, if nothing more is to be made of them.

    A clock that is ahead would have everything be too old: so the newest days that hold something stay.
    """
    oldest = now - keep.raw
    for kind in SCHEMAS:
        everything = stored(folder, kind)
        newest = sorted({segment.day for segment in everything})[-keep.days :]
        for segment in everything:
            if segment.end > oldest or segment.day in newest:
                continue
            if not _makes_figures(kind, ledger) or segment.number in ledger.hours:
                with damage.skipping(segment.path.parent):
                    segment.path.unlink()
                with suppress(OSError):  # other hours are left
                    segment.path.parent.rmdir()


def _makes_figures(kind: str, ledger: Ledger) -> bool:
    return kind == "samples" and bool(ledger.metrics)


def _remove_replaced(folder: Path, kind: str, now: datetime, damage: Damage) -> None:
    segments = stored(folder, kind)
    live = set(in_force(segments))
    for segment in segments:
        with damage.skipping(segment.path.parent):
            if segment not in live and _settled(segment, live, now):
                segment.path.unlink()


def _settled(old: Segment, live: set[Segment], now: datetime) -> bool:
    """Whether the file that stands for `old` has been there long enough."""
    newer = next(segment for segment in live if segment.start == old.start and segment.covers(old))
    return now.timestamp() - newer.path.stat().st_mtime > _KEEP.total_seconds()


def _hours(folder: Path, kind: str) -> Iterator[list[Segment]]:
    """The files in force of each hour."""
    for _, hour in groupby(sorted(in_force(stored(folder, kind))), key=lambda segment: segment.start):
        yield list(hour)


def _merge_segments(folder: Path, kind: str, damage: Damage) -> int:
    """Every `_FAN` segments of an hour become one file."""
    done = 0
    for hour in _hours(folder, kind):
        for some in _neighbours(hour):
            with damage.skipping(some[0].path.parent):
                _merge_readable(folder, kind, some, damage, group=MIDDLE_GROUP)
                done += 1
    return done


def _neighbours(hour: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    """`_FAN` segments each, none with a file between them that is not one of them.

    What is made of segments stands for all numbers from the first to the last. A file between them stays where the
    disk refused them once, and gave them after those behind them were merged.
    """
    for compacted, run in groupby(hour, key=lambda segment: segment.compacted):
        small = [] if compacted else list(run)
        for start in range(0, len(small) - _FAN + 1, _FAN):
            yield small[start : start + _FAN]


def _close_hours(folder: Path, kind: str, now: datetime, ledger: Ledger, damage: Damage) -> int:
    """Every hour that is over becomes one file."""
    done = 0
    for hour in _hours(folder, kind):
        last = max(segment.last for segment in hour)
        figures = ledger.metrics if kind == "samples" and not ledger.has(hour[0].number, last) else ()
        if hour[0].end + _SETTLE <= now and (len(hour) > 1 or figures):
            with damage.skipping(hour[0].path.parent):
                _merge_readable(folder, kind, hour, damage, figures, group=GROUP)
                done += len(hour) > 1
                if figures:
                    ledger = ledger.with_hour(hour[0].number, last)
                    write_ledger(folder, ledger)
    return done


def _merge_readable(
    folder: Path, kind: str, segments: Sequence[Segment], damage: Damage, metrics: Sequence[str] = (), *, group: int
) -> None:
    """`_merge` of those that can be read."""
    while segments:
        try:
            _merge(folder, kind, segments, metrics, group=group)
            break
        except UnreadableError as error:
            gone = damage.put_aside(error)
            segments = [one for one in segments if one.path != gone]


def _make_again(folder: Path, aside: Sequence[Path]) -> None:
    """Figures of an hour that were put aside are made anew if its samples are still there."""
    lost = {hour.number for path in aside if folder / HOURS in path.parents and (hour := parse(path))}
    if lost:
        write_ledger(folder, read_ledger(folder).without(lost))


def _merge(folder: Path, kind: str, segments: Sequence[Segment], metrics: Sequence[str] = (), *, group: int) -> None:
    """One file of several, and figures of `metrics`, each where there is something to do."""
    first, last = min(one.first for one in segments), max(one.last for one in segments)
    path = segments[0].path.with_name(f"{segments[0].hour:02d}-{first:012d}-{last:012d}.parquet")
    with ExitStack() as opened:
        sources = [opened.enter_context(Source(segment.path, kind)) for segment in segments]
        files: list[tuple[Staged, Callable[[pa.RecordBatch], pa.RecordBatch]]] = []
        if metrics:
            figures = Staged(folder / HOURS / path.parent.name / path.name, file_schema(HOURS), SMALL_GROUP)
            files.append((opened.enter_context(figures), lambda rows: five_minutes(rows, metrics, file_schema(HOURS))))
        if len(segments) > 1:
            files.append((opened.enter_context(Staged(path, file_schema(kind), group)), lambda rows: rows))
        for rows in merged(sources):
            for file, made_of in files:
                file.add(made_of(rows))
        for file, _ in files:
            file.finish()
        for file, _ in files:
            file.publish()
