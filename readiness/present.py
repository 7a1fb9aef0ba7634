"""The present of very many subjects, read so that a country's fits: in steps, by key, or the newest only."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Engine, func, select

from inventory.scope import Scope
from readiness import read
from readiness.model import Readiness, Status, SubjectKind
from readiness.read import OutageRow, StateRow
from readiness.subjects import within
from readiness.tables import outage, state, transition
from storage.understood import first

_ROWS_AT_ONCE = 50_000
_NAMED_AT_ONCE = 500
_PLACES = frozenset({SubjectKind.SITE, SubjectKind.VILLAGE})


class Words(NamedTuple):
    """Columns of equal length."""

    subjects: Sequence[str]
    statuses: Sequence[str]
    layers: Sequence[str]


class Change(NamedTuple):
    """A stored transition of a site or village, as far as a map needs it."""

    id: int
    kind: str
    subject: str
    status: str
    layer: str


def words(engine: Engine, kind: SubjectKind) -> Iterator[Words]:
    """Where every subject of the kind stands, a part after the other."""
    query = select(state.c.subject, state.c.status, state.c.layer).where(state.c.subject_kind == kind)
    with engine.connect() as connection:
        found = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
        for rows in found.partitions():
            yield Words(*zip(*rows, strict=True))


def judged(engine: Engine) -> int:
    """Of how many sites and villages there is a state. Of a country this takes 75 ms."""
    query = select(func.count()).select_from(state).where(state.c.subject_kind.in_(sorted(_PLACES)))
    with engine.connect() as connection:
        return connection.execute(query).scalar_one()


def changes(engine: Engine, after: int, limit: int) -> tuple[list[Change], int]:
    """Those of sites and villages among the first `limit` transitions with an id above `after`, and the last id seen.

    The kinds are chosen here: SQLite would take the index on them, and sort all that was ever stored.
    """
    row = transition.c
    query = select(row.id, row.subject_kind, row.subject, row.to_status, row.layer).where(row.id > after)
    with engine.connect() as connection:
        found = [Change(*values) for values in connection.execute(query.order_by(row.id).limit(limit))]
    return [change for change in found if change.kind in _PLACES], found[-1].id if found else after


def page(
    engine: Engine, scope: Scope, kind: SubjectKind, *, after: str, limit: int, blind_since: datetime | None = None
) -> list[StateRow]:
    """The first `limit` subjects whose names follow `after`, by code point on every store."""
    name: ColumnElement[str] = state.c.subject
    if engine.dialect.name == "postgresql":
        name = name.collate("C")
    query = select(state).where(within(state, scope), state.c.subject_kind == kind, name > after)
    with engine.connect() as connection:
        rows = first(connection, query.order_by(name), read.state_row, "state", limit)
    return [read.unseen(row, blind_since) for row in rows]


def named(
    engine: Engine, kind: SubjectKind, names: Sequence[str], *, blind_since: datetime | None = None
) -> dict[str, StateRow]:
    """Where these subjects stand; one that was never judged is missing. The caller has seen to their scope."""
    found: list[StateRow] = []
    with engine.connect() as connection:
        for first in range(0, len(names), _NAMED_AT_ONCE):
            some = names[first : first + _NAMED_AT_ONCE]
            found += read.states_from(connection, state.c.subject_kind == kind, state.c.subject.in_(some))
    return {row.subject: read.unseen(row, blind_since) for row in found}


def newest(engine: Engine, scope: Scope, kind: SubjectKind, status: Status | Readiness, limit: int) -> list[StateRow]:
    """Those that came into that status last, the last first."""
    query = select(state).where(within(state, scope), state.c.subject_kind == kind, state.c.status == status)
    with engine.connect() as connection:
        ordered = query.order_by(state.c.since.desc(), state.c.subject.desc())
        return first(connection, ordered, read.state_row, "state", limit)


def outages(engine: Engine, numbers: Sequence[int]) -> dict[int, OutageRow]:
    """These outages, wherever they are, by number."""
    found: list[OutageRow] = []
    with engine.connect() as connection:
        for first in range(0, len(numbers), _NAMED_AT_ONCE):
            found += read.outages_from(connection, outage.c.id.in_(numbers[first : first + _NAMED_AT_ONCE]))
    return {row.id: row for row in found}
