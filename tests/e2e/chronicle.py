"""The Parquet history of a killed product: a past that awaits compaction, and what must be true of every file."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from storage.segments import SCHEMAS, Writer, in_force, stored

_HOURS, _FILES, _ROWS = 3, 8, 5_000
OLD_DEVICE = "of old"
OLD_ROWS = _HOURS * _FILES * _ROWS


def seed(folder: Path, now: datetime) -> None:
    """Hours that are over, each in many files: the product compacts them as it starts."""
    writer = Writer(folder)
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    for back in range(2, 2 + _HOURS):
        for part in range(_FILES):
            writer.write({"samples": _rows(this_hour - timedelta(hours=back), part)})
    writer.close()


def _rows(hour: datetime, part: int) -> pa.Table:
    start = round(hour.timestamp() * 1000)
    at = start + np.arange(_ROWS) * _FILES + part
    columns = [
        pa.array(at, pa.timestamp("ms", "UTC")),
        pa.array([OLD_DEVICE] * _ROWS),
        pa.array(["sysUpTime"] * _ROWS),
        pa.array([""] * _ROWS),
        pa.array(at.astype(np.float64)),
    ]
    return pa.table(columns, schema=SCHEMAS["samples"])


def count(folder: Path) -> int:
    """Samples in all files in force, each read to its end."""
    paths = [str(one.path) for one in in_force(stored(folder, "samples"))]
    return int(_ask(paths, "SELECT count(value) FROM history")) if paths else 0


def complaints(folder: Path, begin: datetime, end: datetime) -> list[str]:
    """What is wrong with the history of a product that ran from `begin` to `end`."""
    span = (begin.timestamp(), end.timestamp())
    live = in_force(stored(folder, "samples"))
    samples = [str(one.path) for one in live]
    polls = [str(one.path) for one in in_force(stored(folder, "polls"))]
    figures = {
        "samples stored twice": _ask(samples, _TWICE.format('device, metric, instance, "at"')),
        "polls stored twice": _ask(polls, _TWICE.format('device, "at"')),
        "samples of another time": _ask(samples, f"{_OUTSIDE} AND device <> ?", *span, OLD_DEVICE),
        "polls of another time": _ask(polls, _OUTSIDE, *span),
        "samples without a number": _ask(samples, "SELECT count(*) FROM history WHERE value IS NULL OR isnan(value)"),
        "old samples lost or doubled": OLD_ROWS - _ask(samples, _OLD, OLD_DEVICE),
        "old samples changed": _ask(samples, f'{_OLD} AND value <> epoch_ms("at")', OLD_DEVICE),
        "half-written files": len(list(folder.rglob(".tmp-*"))),
        "hours not compacted": _HOURS - len([one for one in live if one.compacted and one.end < begin]),
    }
    return [f"{number} {what}" for what, number in figures.items() if number]


_TWICE = "SELECT count(*) FROM (SELECT 1 FROM history GROUP BY {} HAVING count(*) > 1)"
_OUTSIDE = 'SELECT count(*) FROM history WHERE epoch("at") NOT BETWEEN ? AND ?'
_OLD = "SELECT count(*) FROM history WHERE device = ?"


def _ask(paths: list[str], sql: str, *values: float | str) -> int:
    with duckdb.connect(config={"threads": 1}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.read_parquet(paths).create_view("history")
        (found,) = database.execute(sql, values).fetchall()
    return int(found[0])
