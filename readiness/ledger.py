"""What many subjects were over a period, and what is to blame for the time they were down, from the store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Connection, Engine, Select, or_, select, type_coerce

from inventory.model import Inventory
from inventory.scope import Scope
from readiness.carriers import Carriers, carriers
from readiness.model import Readiness, Status, SubjectKind
from readiness.months import transitions_in
from readiness.rules.availability import CAUSES, Blame
from readiness.rules.columns import CODE
from readiness.rules.incidents import Subject
from readiness.rules.spells import Changes, Codes, Millis, Period, Positions, Spans, Spells, claimed, runs, spells
from readiness.tables import outage
from storage.types import to_millis

# A village that is ready is up, one that is blocked is down.
_CODE: dict[str, int] = {str(status): code for status, code in CODE.items()}
_CODE |= {Readiness.READY: CODE[Status.UP], Readiness.BLOCKED: CODE[Status.DOWN]}

_CAUSE: Mapping[str, int] = {cause: n for n, cause in enumerate(CAUSES)}
_OPEN = np.iinfo(np.int64).max
_AT_ONCE = 65_536
_NAMES_AT_ONCE = 500
_NAMES_AT_MOST = 20_000  # of more the whole table is read


@dataclass(frozen=True, slots=True)
class Outages:
    """Outages as columns; `name` is a position in Carriers.names, causes are positions in CAUSES."""

    number: Positions
    name: Positions
    start: Millis
    end: Millis
    cause: Codes
    root: Positions  # number of the outage at the root
    root_cause: Codes


@dataclass(frozen=True, slots=True)
class Asked:
    """Subjects of one kind, all in scope, over [start, end). From `blind_since` on nobody watched."""

    kind: SubjectKind
    subjects: Sequence[str]
    start: datetime
    end: datetime
    scope: Scope
    blind_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """`whole` by status, `pieces` the same time cut by what is to blame.

    The claim of a piece is a position in `blame` and `blamed`, the numbers of the outages.
    """

    period: Period
    whole: Spells
    pieces: Spells
    blame: Blame
    blamed: Positions


def ledger(engine: Engine, folder: Path, inventory: Inventory, asked: Asked) -> Ledger:
    """The ledger of what is asked for; `folder` is settings.storage.history."""
    period = Period(to_millis(asked.start), to_millis(asked.end), len(asked.subjects))
    told = transitions_in(engine, folder, asked.start, asked.end, kinds=[asked.kind], scope=asked.scope)
    seen_until = None if asked.blind_since is None else to_millis(asked.blind_since)
    whole = spells(changes(told, asked.subjects), period, seen_until=seen_until)
    stands_on = carriers(inventory, asked.kind, asked.subjects)
    with engine.connect() as connection:
        found = outages(connection, stands_on.names, asked.start, asked.end)
    spans, blame, blamed = _spans(stands_on, found)
    return Ledger(period, whole, claimed(whole, spans, period), blame, blamed)


def changes(told: pa.Table, subjects: Sequence[str]) -> Changes:
    """The changes of status in `told`, a table of months.SCHEMA; rows of other subjects are left out."""
    position = _positions(told["subject"], {name: n for n, name in enumerate(subjects)})
    first = np.append(True, position[1:] != position[:-1])[: len(position)]
    before, after = (_positions(told[name], _CODE) for name in ("from_status", "to_status"))
    # The first row of each subject tells where it stood; a layer that was told anew is no change.
    wanted = np.flatnonzero((position >= 0) & (first | (before != after)))
    at = np.asarray(pc.cast(told["at"], pa.int64()))
    return Changes(position[wanted], at[wanted], np.asarray(told["id"])[wanted], after[wanted].astype(np.int8))


def _positions(words: pa.ChunkedArray, position: Mapping[str, int]) -> Positions:
    """Position of each word of a dictionary column, -1 for one that has none."""
    column = words.combine_chunks()
    if not len(column):
        return np.empty(0, np.int64)
    known = np.array([position.get(word, -1) for word in column.dictionary.to_pylist()], np.int64)
    found: Positions = known[np.asarray(column.indices)]
    return found


def outages(connection: Connection, names: Sequence[Subject], start: datetime, end: datetime) -> Outages:
    """Outages of the named subjects that were down at some time of [start, end)."""
    position = {name: n for n, name in enumerate(names)}
    lots = [_numbers(rows, position) for rows in _outage_rows(connection, names, start, end)]
    number, name, begin, until, cause, root, root_cause = np.concatenate([np.empty((7, 0), np.int64), *lots], axis=1)
    until = np.where(until == _OPEN, to_millis(end), until)
    known = name >= 0
    columns = (number, name, begin, until, cause.astype(np.int8), root, root_cause.astype(np.int8))
    return Outages(*(column[known] for column in columns))


def _outage_rows(
    connection: Connection, names: Sequence[Subject], start: datetime, end: datetime
) -> Iterator[Sequence[Sequence[Any]]]:
    one, root = outage.c, outage.alias("root").c
    query = (
        select(
            one.id, one.subject_kind, one.subject, type_coerce(one.from_at, BigInteger),
            type_coerce(one.to_at, BigInteger), one.cause, root.id, root.cause,
        )
        .select_from(outage.outerjoin(root.id.table, root.id == one.explained_by))
        .where(one.status == Status.DOWN, one.from_at < end, or_(one.to_at.is_(None), one.to_at > start))
    )  # fmt: skip
    for some in _narrowed(query, names):
        yield from connection.execution_options(stream_results=True).execute(some).partitions(_AT_ONCE)


def _narrowed(query: Select[tuple[Any, ...]], names: Sequence[Subject]) -> Iterator[Select[tuple[Any, ...]]]:
    if len(names) > _NAMES_AT_MOST:
        yield query
        return
    for kind in SubjectKind:
        of_kind = [name for whose, name in names if whose is kind]
        for first in range(0, len(of_kind), _NAMES_AT_ONCE):
            some = of_kind[first : first + _NAMES_AT_ONCE]
            yield query.where(outage.c.subject_kind == kind, outage.c.subject.in_(some))


def _numbers(rows: Sequence[Sequence[Any]], position: Mapping[Subject, int]) -> Positions:
    """The rows as columns of numbers: an outage that nothing explains is its own root."""
    ids, kinds, subjects, begins, ends, causes, roots, root_causes = zip(*rows, strict=True)
    own = [_CAUSE[cause] for cause in causes]
    return np.array([
        ids, [position.get(subject, -1) for subject in zip(kinds, subjects, strict=True)], begins,
        [_OPEN if at is None else at for at in ends], own,
        [one if root is None else root for one, root in zip(ids, roots, strict=True)],
        [one if root is None else _CAUSE[root] for one, root in zip(own, root_causes, strict=True)],
    ], np.int64)  # fmt: skip


def _spans(stands_on: Carriers, found: Outages) -> tuple[Spans, Blame, Positions]:
    """The outages of each carrier as spans of its subject, what they say, and their numbers."""
    order = np.argsort(found.name, kind="stable")
    first = np.searchsorted(found.name[order], stands_on.name, side="left")
    count = np.searchsorted(found.name[order], stands_on.name, side="right") - first
    row, which = np.repeat(np.arange(len(count)), count), order[runs(first, count)]
    spans = Spans(stands_on.subject[row], found.start[which], found.end[which], stands_on.rank[row])
    blame = Blame(found.cause[which], found.root_cause[which], stands_on.through[row])
    return spans, blame, found.number[which]
