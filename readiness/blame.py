"""Outages of many subjects as columns: what the time they were down is blamed on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, and_, or_

from readiness.model import Status, SubjectKind
from readiness.outage_months import SCHEMA, down_in, query
from readiness.read import OutageRow, outages_from
from readiness.rules.availability import CAUSES, PARTIES
from readiness.rules.incidents import Subject
from readiness.rules.spells import Codes, Millis, Positions
from readiness.sequence import together
from readiness.tables import outage
from storage.bulk import fetch
from storage.engine import snapshot
from storage.types import to_millis

_ROOT_SCHEMA = pa.schema([SCHEMA.field(name) for name in ("id", "cause", "responsible")])
_NAMES_AT_ONCE = 500
_NAMES_AT_MOST = 10_000  # of more all are read

_column = outage.c


@dataclass(frozen=True, slots=True)
class Outages:
    """Outages as columns; `name` is a position in the names asked for, causes are positions in CAUSES, parties in PARTIES."""

    number: Positions
    name: Positions
    start: Millis
    end: Millis
    cause: Codes
    root: Positions  # number of the outage at the root, which may be the outage itself
    root_cause: Codes
    party: Codes  # who has to act at the root


def outages_of(engine: Engine, folder: Path, names: Sequence[Subject], start: datetime, end: datetime) -> Outages:
    """Outages of the named subjects that were down at some time of [start, end); one that is open lasts until `end`.

    `folder` is settings.storage.history.
    """
    with snapshot(engine) as connection:
        few = len(names) <= _NAMES_AT_MOST
        found = _named(connection, names, start, end) if few else down_in(connection, folder, start, end)
        rows = found.filter(pa.array(_positions(found, names) >= 0)).combine_chunks()
        roots = _roots(connection, rows, found)
    number, explained = (np.asarray(pc.fill_null(rows[name], 0)) for name in ("id", "explained_by"))
    root = np.where(explained > 0, explained, number)
    row = _rows(root, roots)
    until = np.asarray(pc.fill_null(rows["to_at"], to_millis(end)))
    return Outages(
        number, _positions(rows, names), np.asarray(rows["from_at"]), until, _causes(rows), root,
        _causes(roots)[row], _parties(roots)[row],
    )  # fmt: skip


def outages_by_number(engine: Engine, numbers: Iterable[int]) -> dict[int, OutageRow]:
    """The outages of these numbers, of any place: those who ask have to know that they may."""
    wanted = sorted(set(numbers))
    lots = [wanted[first : first + _NAMES_AT_ONCE] for first in range(0, len(wanted), _NAMES_AT_ONCE)]
    with engine.connect() as connection:
        return {row.id: row for lot in lots for row in outages_from(connection, _column.id.in_(lot))}


def _named(connection: Connection, names: Sequence[Subject], start: datetime, end: datetime) -> pa.Table:
    down = and_(
        _column.status == Status.DOWN, _column.from_at < end, or_(_column.to_at.is_(None), _column.to_at > start)
    )  # fmt: skip
    lots = []
    for kind in SubjectKind:
        of_kind = [name for whose, name in names if whose is kind]
        for first in range(0, len(of_kind), _NAMES_AT_ONCE):
            some = _column.subject.in_(of_kind[first : first + _NAMES_AT_ONCE])
            lots.append(fetch(connection, query(SCHEMA, down, _column.subject_kind == kind, some), SCHEMA))
    return together(lots, SCHEMA)


def _roots(connection: Connection, rows: pa.Table, found: pa.Table) -> pa.Table:
    """What _ROOT_SCHEMA names of all that were found and of what else explains any of the rows; most of that was found."""
    here = found.select(_ROOT_SCHEMA.names)
    wanted = pc.unique(pc.drop_null(rows["explained_by"]))
    missing = wanted.filter(pc.invert(pc.is_in(wanted, here["id"]))).to_pylist()
    lots = [missing[first : first + _NAMES_AT_ONCE] for first in range(0, len(missing), _NAMES_AT_ONCE)]
    others = [fetch(connection, query(_ROOT_SCHEMA, _column.id.in_(lot)), _ROOT_SCHEMA) for lot in lots]
    return together([here, *others], _ROOT_SCHEMA)


def _rows(numbers: Positions, roots: pa.Table) -> Positions:
    """The row of each outage by its number."""
    known = np.asarray(roots["id"])
    order = np.argsort(known, kind="stable")
    return order[np.searchsorted(known[order], numbers)]


def _causes(rows: pa.Table) -> Codes:
    return of_words(rows["cause"], {cause: n for n, cause in enumerate(CAUSES)}).astype(np.int8)


def _parties(rows: pa.Table) -> Codes:
    return of_words(rows["responsible"], {party: n for n, party in enumerate(PARTIES)}).astype(np.int8)


def _positions(rows: pa.Table, names: Sequence[Subject]) -> Positions:
    """Position of each row's subject among `names`, -1 for another."""
    found = np.full(rows.num_rows, -1, np.int64)
    for kind in SubjectKind:
        of_kind = {name: n for n, (whose, name) in enumerate(names) if whose is kind}
        mine = of_words(rows["subject_kind"], {kind: 0}) == 0
        if mine.any():
            found[mine] = of_words(rows["subject"], of_kind)[mine]
    return found


def of_words(words: pa.ChunkedArray, position: Mapping[str, int]) -> Positions:
    """Position of each word of a dictionary column in one piece, -1 for one that has none."""
    column = words.combine_chunks()
    if not len(column):
        return np.empty(0, np.int64)
    known = np.array([position.get(word, -1) for word in column.dictionary.to_pylist()], np.int64)
    found: Positions = known[np.asarray(column.indices)]
    return found
