"""How long devices took to answer their polls, from the history."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from storage.segments import in_force, stored

_TRIES = 3
# An approximate quantile is right to about a hundredth here, and holds no list of every poll of a day.
_TAKEN = """
SELECT device, count(*), count(*) FILTER (reached),
  approx_quantile(took_ms, 0.5) FILTER (reached), approx_quantile(took_ms, 0.95) FILTER (reached)
FROM read_parquet($files)
WHERE epoch_ms("at") >= $start AND epoch_ms("at") < $end
GROUP BY device ORDER BY device
"""


class Taken(NamedTuple):
    """Polls of a device; the times are of those that were answered, None where none was."""

    device: str
    polls: int
    answered: int
    median_ms: float | None
    p95_ms: float | None


def taken(folder: Path, start: datetime, end: datetime) -> Sequence[Taken]:
    """Of each device with a poll that began in [start, end), in the order of their names.

    Raises duckdb.Error where a file is damaged.
    """
    for _ in range(_TRIES - 1):
        try:
            return _asked(folder, start, end)
        except duckdb.IOException:  # compaction removed a file after it was listed
            continue
    return _asked(folder, start, end)


def _asked(folder: Path, start: datetime, end: datetime) -> Sequence[Taken]:
    live = in_force(stored(folder, "polls", start.date(), end.date()))
    files = [str(one.path) for one in live if one.start < end and one.end > start]
    if not files:
        return ()
    span = {"start": round(start.timestamp() * 1000), "end": round(end.timestamp() * 1000)}
    with duckdb.connect(config={"threads": 1}) as database:
        return [Taken(*row) for row in database.execute(_TAKEN, {"files": files, **span}).fetchall()]
