"""A number for each closed month that stands for all it is judged by: while that stays, its sums do.

Months are those of India, by which reports are asked; the files below are of months of UTC, of which each touches
two. What counts:
- the transitions: the files of both. What was told late and is in no file yet makes its month, and all later
  ones, unusable: readiness/archive.py puts it where it belongs within the hour.
- every outage of that time as it is told now, cut off at the month's end, and what is told of its root.
- what kendras proved of that time.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from readiness.late import first_late
from readiness.months import opened
from readiness.months_in_india import starts
from readiness.outage_months import SCHEMA, notes_in, query
from readiness.outage_notes import Inner, Notes, of_roots, of_rows, with_told
from readiness.proved import spans_in
from readiness.rules import availability, digests
from readiness.rules.digests import Digests
from readiness.rules.spells import Millis, Positions, runs
from readiness.sequence import numbers, together
from readiness.tables import outage, transition
from storage.bulk import fetch
from storage.monthly import Month, MonthFile
from storage.types import from_millis, to_millis

# What makes sums of what is stored: when it is changed they are made anew.
_MADE_BY = (
    "rules/availability.py", "rules/columns.py", "rules/digests.py", "rules/opening.py", "rules/spells.py",
    "rules/tallies.py", "blame.py", "carriers.py", "ledger.py", "months.py", "outage_months.py", "places.py", "proved.py",
    "recent.py", "sequence.py", "subjects.py",
)  # fmt: skip
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_LOT = 500

_Edges = NDArray[np.int64]  # begin and end of each month in milliseconds, shape (n, 2)


def evidence(connection: Connection, folder: Path, months: Sequence[Month]) -> dict[Month, int]:
    """A number for each of these months that is closed; the months in order. `connection` is a snapshot."""
    closed = _closed(connection, folder, months)
    if not closed:
        return {}
    edges = np.array([(to_millis(starts(month)), to_millis(starts(month.next))) for month in closed], np.int64)
    told = (_of_outages(connection, folder, list(closed), edges), _of_proofs(connection, edges))
    files = np.array(list(closed.values()), np.int64)
    rules = np.full(len(closed), _rules(), np.int64)
    found = digests.mixed(rules, files, *(each.view(np.int64) for each in told)).view(np.int64)
    return dict(zip(closed, found.tolist(), strict=True))


@cache
def _rules() -> int:
    """What the sums are made by, in this process."""
    texts = [(Path(__file__).parent / name).read_bytes() for name in _MADE_BY]
    names = [name.encode() for name in chain(availability.BUCKETS, availability.CAUSES, availability.PARTIES)]
    return int.from_bytes(sha256(b"\0".join([*texts, *names])).digest()[:8], signed=True)


def _closed(connection: Connection, folder: Path, months: Sequence[Month]) -> dict[Month, int]:
    """Those of the months that lie in files of which nothing is missing, with a number for these."""
    if not months:
        return {}
    # The snapshot begins with its first query. Files opened before it could lack what has left the database by then.
    connection.execute(select(func.max(transition.c.id))).scalar()
    files = {file.month: file for file in opened(folder, _EVER, months[-1].end)}
    kept = [month for month in months if month in files and (month.previous in files or month == min(files))]
    late = first_late(connection, folder, list(files.values())) if kept else None
    whole = [month for month in kept if late is None or to_millis(starts(month.next)) <= late]
    return {month: _of_files([files.get(month.previous), files[month]]) for month in whole}


def _of_files(files: Iterable[MonthFile | None]) -> int:
    """A file with other rows has another highest number, another count or another length."""
    told = [(file.top, file.rows, _octets(file)) if file else (0, 0, 0) for file in files]
    return digests.of_all(digests.mixed(*np.array(told, np.int64).T, np.arange(len(told))))


def _octets(file: MonthFile) -> int:
    groups = file.file.metadata
    return sum(groups.row_group(n).total_byte_size for n in range(groups.num_row_groups))


def _of_outages(connection: Connection, folder: Path, months: Sequence[Month], edges: _Edges) -> Digests:
    """What is told of the outages of each month, and of their roots."""
    notes = notes_in(connection, folder, from_millis(int(edges[0, 0])), from_millis(int(edges[-1, 1])))
    month, row = _touched(edges, notes.start, notes.end)
    until = np.minimum(notes.end[row], edges[month, 1])
    found = of_rows(notes.number[row], notes.told[row], until, _of_roots(connection, notes)[row])
    inner = [notes.inner.get(month, Inner(0, 0)) for month in months]
    added = np.array([each.added for each in inner], np.uint64)
    np.add.at(added, month, found)
    return digests.mixed(added, np.bincount(month, minlength=len(months)) + [each.rows for each in inner])


def _of_roots(connection: Connection, notes: Notes) -> Millis:
    """What is told of each outage's root; roots may lie outside of the months, or among those that were added up."""
    told, known = of_roots(notes.root, notes.number, notes.told)
    missing = np.unique(notes.root[~known]).tolist()
    lots = [missing[first : first + _LOT] for first in range(0, len(missing), _LOT)]
    stored = [fetch(connection, query(SCHEMA, outage.c.id.in_(lot)), SCHEMA) for lot in lots]
    others = with_told(together(stored, SCHEMA))
    found: Millis = np.where(known, told, of_roots(notes.root, numbers(others, "id"), numbers(others, "told"))[0])
    return found


def _of_proofs(connection: Connection, edges: _Edges) -> Digests:
    """What kendras proved of each month."""
    rows = spans_in(connection, from_millis(int(edges[0, 0])), from_millis(int(edges[-1, 1])))
    start, end, site = numbers(rows, "from_at"), numbers(rows, "to_at"), digests.of_texts(rows["site"].combine_chunks())
    month, row = _touched(edges, start, end)
    within = (np.maximum(start[row], edges[month, 0]), np.minimum(end[row], edges[month, 1]))
    return digests.by_group(month, digests.mixed(site[row], *within), len(edges))


def _touched(edges: _Edges, start: Millis, end: Millis) -> tuple[Positions, Positions]:
    """Each month that each row of [start, end) touches: a position among the months, and one among the rows."""
    first = np.searchsorted(edges[:, 1], start, side="right")
    count = np.maximum(np.searchsorted(edges[:, 0], end, side="left") - first, 0)
    return runs(first, count), np.repeat(np.arange(len(start)), count)
