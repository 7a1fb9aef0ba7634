"""Transitions of any length of time as one Arrow table: what reports and availability are computed from."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, and_, func, select, type_coerce

from inventory.scope import Scope
from readiness.model import Status, SubjectKind
from readiness.subjects import within
from readiness.tables import transition
from storage.types import to_millis

_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("subject_kind", _WORD),  # readiness.model.SubjectKind
        ("subject", _WORD),
        ("at", pa.timestamp("ms", "UTC")),  # when it happened, back-dated to the first failed poll
        ("id", pa.int64()),  # of the transition; 0 where none is stored before `start`
        ("from_status", _WORD),
        ("to_status", _WORD),  # villages: readiness.model.Readiness, else Status
        ("layer", _WORD),  # villages: first failing layer, else ""
    ]
)
_EVERYTHING = Scope()
_AT_ONCE = 65_536
_FEW = 500


def transitions_in(
    engine: Engine,
    folder: Path,  # noqa: ARG001 - of the closed months, which follow
    start: datetime,
    end: datetime,
    *,
    kinds: Collection[SubjectKind],
    scope: Scope = _EVERYTHING,
    subjects: Collection[str] | None = None,
) -> pa.Table:
    """Transitions with `at` in [start, end) of the subjects in scope (and among `subjects`), as SCHEMA says.

    Sorted by (subject_kind, subject, at, id), words by their letters. The first row of each
    subject is what it was at `start`: its last transition before it, or unknown with id 0. A
    subject without any transition before `end` is missing: it was unknown throughout. A row whose
    from_status is its to_status tells of another layer, and may be dated after a recovery that was
    told later: who needs the status alone drops such rows. `folder` is settings.storage.history.
    """
    conditions = [transition.c.subject_kind.in_(sorted(kinds)), within(transition, scope)]
    if subjects is not None and len(subjects) <= _FEW:
        conditions.append(transition.c.subject.in_(sorted(subjects)))
    with engine.connect() as connection:
        before = _rows(connection, _newest_before(start, conditions))
        inside = _rows(connection, and_(*conditions, transition.c.at >= start, transition.c.at < end))
    found = _together([before, inside])
    if subjects is not None:
        found = found.filter(pc.is_in(found["subject"], pa.array(sorted(subjects), pa.string())))
    return _from_start(_sorted(found), start)


def _newest_before(start: datetime, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """The condition on each subject's rows of its newest moment before `start`."""
    column = transition.c
    newest = (
        select(column.subject_kind, column.subject, func.max(column.at).label("at"))
        .where(*conditions, column.at < start)
        .group_by(column.subject_kind, column.subject)
        .subquery()
    )
    other = transition.alias()
    same = and_(
        other.c.subject_kind == newest.c.subject_kind, other.c.subject == newest.c.subject, other.c.at == newest.c.at
    )
    return column.id.in_(select(other.c.id).join(newest, same))


def _rows(connection: Connection, condition: ColumnElement[bool]) -> pa.Table:
    stored = {name: transition.c[name] for name in SCHEMA.names}
    columns = [type_coerce(column, BigInteger) if name == "at" else column for name, column in stored.items()]
    result = connection.execution_options(stream_results=True).execute(select(*columns).where(condition))
    return _together([_arrow(rows) for rows in result.partitions(_AT_ONCE)])


def _arrow(rows: Sequence[Sequence[object]]) -> pa.Table:
    columns = [
        pa.array(values, pa.string() if field.type == _WORD else pa.int64()).cast(field.type)
        for field, values in zip(SCHEMA, zip(*rows, strict=True), strict=True)
    ]
    return pa.table(columns, SCHEMA)


def _together(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables([SCHEMA.empty_table(), *tables]).unify_dictionaries().combine_chunks()


def _sorted(rows: pa.Table) -> pa.Table:
    order = np.lexsort(
        (_numbers(rows, "id"), _numbers(rows, "at"), _ranks(rows, "subject"), _ranks(rows, "subject_kind"))
    )
    return rows.take(order)


def _from_start(rows: pa.Table, start: datetime) -> pa.Table:
    """Sorted rows without what an earlier row of the same subject says before `start`, and with what was unknown."""
    begins = _begins(rows)
    early = _numbers(rows, "at") < to_millis(start)
    superseded = np.zeros(len(early), np.bool_)
    superseded[:-1] = early[1:] & ~begins[1:]
    unknown = _unknown_until(rows.filter(begins & ~early), start)
    found = rows.filter(~superseded)
    return _sorted(_together([found, unknown])) if unknown.num_rows else found


def _unknown_until(first: pa.Table, start: datetime) -> pa.Table:
    """For each of the rows one that says unknown at `start`."""
    length = first.num_rows
    told = {
        "at": pa.array(np.full(length, to_millis(start))), "id": pa.array(np.zeros(length, np.int64)),
        "from_status": pa.repeat(Status.UNKNOWN.value, length), "to_status": pa.repeat(Status.UNKNOWN.value, length),
        "layer": pa.repeat("", length),
    }  # fmt: skip
    columns = [told[field.name].cast(field.type) if field.name in told else first[field.name] for field in SCHEMA]
    return pa.table(columns, SCHEMA)


def _begins(rows: pa.Table) -> NDArray[np.bool_]:
    """Whether a sorted row is the first of its subject."""
    subject, kind = (_codes(rows, name) for name in ("subject", "subject_kind"))
    return np.append(np.ones(min(len(subject), 1), np.bool_), (np.diff(subject) != 0) | (np.diff(kind) != 0))


def _numbers(rows: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(rows[name].combine_chunks().cast(pa.int64()))


def _codes(rows: pa.Table, name: str) -> NDArray[np.int32]:
    return np.asarray(rows[name].combine_chunks().indices)


def _ranks(rows: pa.Table, name: str) -> NDArray[np.int64]:
    """The place of each row's word among the words in the order of their letters."""
    words = rows[name].combine_chunks()
    return np.asarray(pc.rank(words.dictionary, "ascending"))[_codes(rows, name)].astype(np.int64)
