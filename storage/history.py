"""Reading the history: DuckDB over the Parquet files, also while another process writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from storage.segments import SCHEMAS, in_force, stored
from storage.types import to_millis

_TRIES = 3
_Parameters = dict[str, str | int]

_SERIES = """
SELECT epoch_ms("at") // $step * $step AS step, min(value) AS low, avg(value) AS mean, max(value) AS high, count(*) AS count
FROM history
WHERE device = $device AND metric = $metric AND instance = $instance
  AND "at" >= make_timestamptz($start * 1000) AND "at" < make_timestamptz($end * 1000)
GROUP BY step ORDER BY step
"""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric in steps. All of shape (steps with values,).

    `at` is the start of the step in UTC epoch milliseconds, a whole multiple of the step.
    """

    at: NDArray[np.int64]
    low: NDArray[np.float64]
    mean: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]


def series(
    folder: Path, device: str, metric: str, instance: str, *, start: datetime, end: datetime, step: timedelta
) -> Series:
    """Values in [start, end) of one metric of one instance ("" for a scalar), by step of at least 1 ms."""
    parameters: _Parameters = {"device": device, "metric": metric, "instance": instance}
    parameters |= {"start": to_millis(start), "end": to_millis(end), "step": step // timedelta(milliseconds=1)}
    found = _query("samples", lambda: _files(folder, "samples", start, end), _SERIES, parameters)
    return Series(found["step"], found["low"], found["mean"], found["high"], found["count"])


def octets(folder: Path) -> int:
    """What the history takes on disk."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def _files(folder: Path, kind: str, start: datetime, end: datetime) -> list[str]:
    found = stored(folder, kind, start.astimezone(UTC).date(), end.astimezone(UTC).date())
    return [str(one.path) for one in in_force(found) if one.start < end and one.end > start]


def _query(kind: str, choose: Callable[[], list[str]], sql: str, parameters: _Parameters) -> dict[str, Any]:
    """Arrays by column, from the files that `choose` lists.

    A file that compaction removed after it was listed means listing again.
    """
    tries = 0
    while True:
        paths = choose()
        try:
            with duckdb.connect(config={"threads": 1}) as database:
                rows = database.read_parquet(paths) if paths else database.from_arrow(SCHEMAS[kind].empty_table())
                rows.create_view("history")
                return database.execute(sql, parameters).fetchnumpy()
        except duckdb.IOException:
            tries += 1
            if tries == _TRIES:
                raise
