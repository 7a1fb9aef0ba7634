"""Many small files of an hour become one sorted file."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa

from storage.segments import ORDER, SCHEMAS, SPILL, Segment, in_force, store, stored

_SETTLE = timedelta(minutes=2)  # after the end of an hour, for polls that were still under way
_KEEP = timedelta(minutes=1)  # readers that listed the folder before the switch may still open the old files
_ROWS = 131_072
_MEMORY = "1GB"


def compact(folder: Path, now: datetime) -> int:
    """Compact every hour that is over; remove files that a compacted one stands for. Returns files written.

    Only the folder's writer calls this. It may be killed at any moment and called again: no row
    is lost or doubled.
    """
    return sum(_compact_kind(folder, kind, now) for kind in SCHEMAS)


def _compact_kind(folder: Path, kind: str, now: datetime) -> int:
    segments = stored(folder, kind)
    live = set(in_force(segments))
    for segment in segments:
        if segment not in live and _settled(segment, live, now):
            segment.path.unlink()
    finished = [segment for segment in sorted(live) if segment.end + _SETTLE <= now]
    hours = [list(hour) for _, hour in groupby(finished, key=lambda segment: segment.start)]
    several = [hour for hour in hours if len(hour) > 1]
    for hour in several:
        _merge(kind, hour, folder / SPILL)
    return len(several)


def _settled(old: Segment, live: set[Segment], now: datetime) -> bool:
    """Whether the file that stands for `old` has been there long enough."""
    newer = next(segment for segment in live if segment.start == old.start and segment.covers(old))
    return now.timestamp() - newer.path.stat().st_mtime > _KEEP.total_seconds()


def _merge(kind: str, hour: list[Segment], spill: Path) -> None:
    first, last = min(one.first for one in hour), max(one.last for one in hour)
    path = hour[0].path.with_name(f"{hour[0].hour:02d}-{first:012d}-{last:012d}.parquet")
    store(path, kind, _sorted_rows(kind, [str(one.path) for one in hour], spill))


def _sorted_rows(kind: str, paths: list[str], spill: Path) -> Iterator[pa.RecordBatch]:
    limits: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": _MEMORY,
        "temp_directory": str(spill),
    }
    with duckdb.connect(config=limits) as database:
        database.execute("SET TimeZone = 'UTC'")
        rows = database.read_parquet(paths).order(", ".join(f'"{column}"' for column in ORDER[kind]))
        yield from rows.to_arrow_reader(_ROWS)
