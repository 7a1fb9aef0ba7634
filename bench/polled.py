"""What the history tells of the polls themselves: complete in their interval, and how long after a restart they began."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from storage.segments import in_force, stored

_IN_TIME = """
SELECT count(*), sum(polls), sum(least(polls, $rounds)), sum(answered)
FROM (
  SELECT device, count(*) AS polls, count(*) FILTER (reached) AS answered
  FROM polls
  WHERE epoch_ms("at") >= $start AND epoch_ms("at") < $end AND took_ms <= $interval
  GROUP BY device
)
"""
_FIRST = 'SELECT min(epoch_ms("at")) FROM polls WHERE reached AND epoch_ms("at") > $start'


_KEPT = """
SELECT count(*), count(*) FILTER (NOT EXISTS (SELECT 1 FROM samples s WHERE s.device = p.device AND s."at" = p."at"))
FROM polls p
WHERE reached
"""


class Polled(NamedTuple):
    """Polls that began in a span and ended within one interval; `in_time`: of those that were due, at most one a round."""

    devices: int
    polls: int
    in_time: int
    answered: int


def polled(history: Path, start: float, rounds: int, interval_s: float) -> Polled:
    """The polls of `rounds` intervals from `start`, UTC epoch seconds."""
    end = start + rounds * interval_s
    span = {"start": round(start * 1000), "end": round(end * 1000)}
    row = _asked(history, start, _IN_TIME, {**span, "rounds": rounds, "interval": interval_s * 1000})
    return Polled(*(int(value or 0) for value in row))


def first_answer(history: Path, start: float) -> float | None:
    """When the first answered poll after `start` began, UTC epoch seconds."""
    (found,) = _asked(history, start, _FIRST, {"start": round(start * 1000)})
    return None if found is None else found / 1000


class Kept(NamedTuple):
    """Answered polls that a history holds, and those of them without a sample."""

    answered: int
    empty: int


def kept(history: Path) -> Kept:
    answered, empty = _asked(history, 0.0, _KEPT, {})
    return Kept(int(answered or 0), int(empty or 0))


def _asked(history: Path, start: float, query: str, parameters: dict[str, float]) -> tuple[float | None, ...]:
    day = datetime.fromtimestamp(start, UTC).date()
    with duckdb.connect(config={"threads": 1}) as database:
        for kind in ("polls", "samples"):
            files = [str(one.path) for one in in_force(stored(history, kind, day))]
            database.read_parquet(files).create_view(kind)
        row = database.execute(query, parameters).fetchone()
    return row or ()
