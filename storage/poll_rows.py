"""Single polls out of the history: what was asked of a few devices, and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.damage import UnreadableError, reading
from storage.numbers import numbers_of
from storage.segments import POLLS, in_force, stored

_COLUMNS = POLLS.names


@dataclass(frozen=True, slots=True)
class PollRow:
    """`reason` is empty where the poll did not fail; a burst of 0 probes is none."""

    device: str
    at: datetime
    took_ms: float
    reached: bool
    reason: str
    burst_sent: int
    burst_answered: int


def polls(folder: Path, devices: Sequence[str], start: datetime, end: datetime) -> list[PollRow]:
    """The polls of these devices that began in [start, end), in their order; none where the history is younger.

    A file that can't be read, or that compaction removed meanwhile, is left out.
    """
    numbers = numbers_of(folder, devices).tolist()
    segments = stored(folder, "polls", start.date(), end.date())
    live = [one.path for one in in_force(segments) if one.start < end and one.end > start]
    wanted = (pc.field("number").isin(numbers)) & (pc.field("at") >= start) & (pc.field("at") < end)
    rows = [row for path in live if numbers for row in _read(path, wanted)]
    return sorted(rows, key=lambda row: (row.at, row.device))


def _read(path: Path, wanted: pc.Expression) -> list[PollRow]:
    try:
        with reading(path):
            table: pa.Table = pq.read_table(path, columns=_COLUMNS, filters=wanted, use_threads=False)
    except (UnreadableError, FileNotFoundError):
        return []
    return [PollRow(**row) for row in table.select([*PollRow.__dataclass_fields__]).to_pylist()]
