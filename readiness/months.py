"""Transitions of any length of time as one Arrow table: what reports and availability are computed from.

Closed months lie in Parquet files, the rest and what came late in the database. readiness/archive.py
writes the files and says what holds between the two; a row that is in both counts once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from inventory.scope import Scope
from readiness.model import Status, SubjectKind
from readiness.recent import newest_before, stored
from readiness.sequence import SCHEMA, WORDS, among, begins, in_order, last_of_each, numbers, since, together
from readiness.subjects import names_in
from readiness.tables import transition
from storage.engine import snapshot
from storage.monthly import MonthFile, Where, months_in, open_month
from storage.types import to_millis

FOLDER = "transitions"
"""Name of the folder of the closed months in settings.storage.history."""

_EVERYTHING = Scope()
_FEW = 500


def transitions_in(
    engine: Engine,
    folder: Path,
    start: datetime,
    end: datetime,
    *,
    kinds: Collection[SubjectKind],
    scope: Scope = _EVERYTHING,
    subjects: Collection[str] | None = None,
    schema: pa.Schema = SCHEMA,
) -> pa.Table:
    """Transitions with `at` in [start, end) of the subjects in scope (and among `subjects`).

    `schema` is sequence.SCHEMA, or sequence.COMPLETE for reasons and evidence too.

    Sorted by (subject_kind, subject, at, id), words by their letters. The first row of each
    subject is what it was at `start`: its last transition before it, or unknown with id 0. A
    subject without any transition before `end` is missing: it was unknown throughout. A row whose
    from_status is its to_status tells of another layer, and may be dated after a recovery that was
    told later: who needs the status alone drops such rows. `folder` is settings.storage.history.
    Raises MonthMissingError.
    """
    few = sorted(subjects) if subjects is not None and len(subjects) <= _FEW else None
    conditions = [transition.c.subject_kind.in_(sorted(kinds))]
    conditions += [] if few is None else [transition.c.subject.in_(few)]
    # The database first: what is removed from it meanwhile was in a file before.
    with snapshot(engine) as connection:
        tops = {file.month: file.top for file in opened(folder, start, end)}
        names = _wanted(connection, kinds, scope, subjects)
        before = newest_before(connection, start, conditions, schema=schema)
        inside = stored(connection, start, end, conditions, tops=tops, schema=schema)
    files = opened(folder, start, end)
    where = Where("subject_kind", sorted(kinds)) if few is None else Where("subject", few)
    closed = [_restricted(file.read(schema.names, where), names) for file in files]
    early = [_restricted(before, names), *_carried(files, closed, start)]
    late = inside.filter(~in_files(inside, files))
    parts = [*_months(files, closed, start, end), _restricted(late, names)]
    return _joined(early, parts, start, schema)


def closed_in(folder: Path, start: datetime, end: datetime, kind: SubjectKind, subjects: Collection[str]) -> pa.Table:
    """The same of some subjects by the files alone, for who knows that nothing of [start, end) is told in the database only.

    Reads little more than these subjects' rows if their names lie together. Raises MonthMissingError.
    """
    files, some = opened(folder, start, end), sorted(subjects)
    where = Where("subject", some)
    closed = [_restricted(file.read(SCHEMA.names, where), {kind: some}) for file in files]
    return _joined(_carried(files, closed, start), _months(files, closed, start, end), start, SCHEMA)


def _months(files: Sequence[MonthFile], closed: Sequence[pa.Table], start: datetime, end: datetime) -> list[pa.Table]:
    """What of the closed months lies in [start, end)."""
    return [
        rows.filter(since(rows, max(start, file.month.start)) & ~since(rows, end))
        for file, rows in zip(files, closed, strict=True)
    ]


def _joined(early: Sequence[pa.Table], parts: Sequence[pa.Table], start: datetime, schema: pa.Schema) -> pa.Table:
    """The parts behind what each subject was before them."""
    before = last_of_each(in_order(together(early, schema)))
    return _with_unknown(in_order(together([before, *parts], schema)), start)


def opened(folder: Path, start: datetime, end: datetime) -> list[MonthFile]:
    """The closed months that touch [start, end), in order."""
    months = months_in(folder / FOLDER)
    return [open_month(folder / FOLDER, month, WORDS) for month in months if month.start < end and month.end > start]


def _wanted(
    connection: Connection, kinds: Collection[SubjectKind], scope: Scope, subjects: Collection[str] | None
) -> dict[SubjectKind, Sequence[str] | None]:
    """The names that are asked for, by kind; None for all of them."""
    names = names_in(connection, scope)
    if subjects is None:
        return {kind: names.get(kind) for kind in kinds}
    chosen = frozenset(subjects)
    return {kind: sorted(chosen.intersection(names[kind])) if kind in names else sorted(chosen) for kind in kinds}


def _restricted(rows: pa.Table, names: dict[SubjectKind, Sequence[str] | None]) -> pa.Table:
    whole = rows.unify_dictionaries().combine_chunks()
    wanted = np.zeros(whole.num_rows, np.bool_)
    for kind, some in names.items():
        of_kind = among(whole, "subject_kind", [kind])
        wanted |= of_kind if some is None else of_kind & among(whole, "subject", some)
    return whole if wanted.all() else whole.filter(wanted)


def _carried(files: Sequence[MonthFile], closed: Sequence[pa.Table], start: datetime) -> list[pa.Table]:
    """What held at `start` by the file of its month. Of an earlier start the database knows all there is."""
    if not files or files[0].month.start > start:
        return []
    return [last_of_each(closed[0].filter(~since(closed[0], start)))]


def in_files(rows: pa.Table, files: Sequence[MonthFile]) -> NDArray[np.bool_]:
    """Whether a row of the database is in the file of its month as well."""
    found = np.zeros(rows.num_rows, np.bool_)
    for file in files:
        found |= since(rows, file.month.start) & ~since(rows, file.month.end) & (numbers(rows, "id") <= file.top)
    return found


def _with_unknown(rows: pa.Table, start: datetime) -> pa.Table:
    """The rows, in order, with one that says unknown at `start` before each subject that had none by then."""
    new = rows.filter(begins(rows) & since(rows, start))
    return rows if not new.num_rows else in_order(together([_unknown(new, start), rows], rows.schema))


def _unknown(first: pa.Table, start: datetime) -> pa.Table:
    """For each of the rows one that says unknown at `start`."""
    told: dict[str, str | int] = {
        "at": to_millis(start), "id": 0, "from_status": Status.UNKNOWN.value, "to_status": Status.UNKNOWN.value,
        "layer": "", "recorded_at": to_millis(start), "reason": "", "evidence": "[]",
    }  # fmt: skip
    columns = [
        pa.repeat(told[field.name], first.num_rows).cast(field.type) if field.name in told else first[field.name]
        for field in first.schema
    ]
    return pa.table(columns, first.schema)
