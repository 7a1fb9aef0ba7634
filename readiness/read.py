"""What pages, alerts, reports and the terminal read of the judgement. Every query takes a scope.

Readers of the present take `blind_since`: from then on nobody watched, and what was known is unknown.
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, func, or_, select

from inventory.model import Level
from inventory.scope import Scope
from inventory.tables import area, site
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind
from readiness.proved import proved_of
from readiness.rules.outages import names_root
from readiness.rules.uptime import INDIA, Day, midnight, proved, spells
from readiness.rules.uptime import strip as strip_of
from readiness.rules.watch import NOBODY_WATCHED
from readiness.subjects import within
from readiness.tables import outage, state, transition, watch
from storage.engine import snapshot
from storage.understood import first, tell, understood

_NUMBERS_AT_ONCE = 500
Word = TypeVar("Word", Cause, Responsible)


@dataclass(frozen=True, slots=True)
class StateRow:
    """Where a subject stands now; `status` is a Readiness for a village, else a Status."""

    kind: SubjectKind
    subject: str
    status: Status | Readiness
    since: datetime
    reason: str
    layer: Layer | None
    outage: int | None  # the open outage that explains it
    transition: int  # 0: no transition yet, unknown since it came into the inventory


@dataclass(frozen=True, slots=True)
class TransitionRow:
    id: int
    kind: SubjectKind
    subject: str
    at: datetime
    recorded_at: datetime
    before: Status | Readiness
    after: Status | Readiness
    reason: str
    layer: Layer | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutageRow:
    """`segment` holds port names in pairs (near end, far end), a pair for each cut of the outage."""

    id: int
    kind: SubjectKind
    subject: str
    status: Status
    start: datetime
    end: datetime | None
    cause: Cause
    confidence: float
    evidence: tuple[str, ...]
    root: bool
    explained_by: int | None
    segment: tuple[str, ...]
    ring: str
    responsible: Responsible
    villages: int
    citizens: int | None
    kinds: tuple[str, ...] = ()  # names in rules/causes.toml, one for each sentence in `evidence`; none of a shadow
    weights: str = ""  # version of that file

    @property
    def one_armed(self) -> bool:
        """Whether a ring lost its second way here, while everybody on it still has one."""
        return self.kind is SubjectKind.LINK and self.status is Status.DEGRADED and bool(self.ring)


@dataclass(frozen=True, slots=True)
class Counts:
    """`status` of DESIGN §8: how many sites and villages stand in each state."""

    sites: Mapping[Status, int]
    villages: Mapping[Readiness, int]


def status_of(kind: str, text: str) -> Status | Readiness:
    return Readiness(text) if kind == SubjectKind.VILLAGE else Status(text)


def layer_of(text: str) -> Layer | None:
    return Layer(text) if text else None


def state_row(row: Row[tuple[object, ...]]) -> StateRow:
    return StateRow(
        SubjectKind(row.subject_kind), row.subject, status_of(row.subject_kind, row.status), row.since, row.reason,
        layer_of(row.layer), row.outage, row.transition,
    )  # fmt: skip


def observed_until(engine: Engine) -> datetime | None:
    """The newest moment at which any judge saw something; None where none ever ran."""
    with engine.connect() as connection:
        found: datetime | None = connection.execute(select(func.max(watch.c.last_at))).scalar()
    return found


def unseen(row: StateRow, blind_since: datetime | None) -> StateRow:
    """The row as it is answered: what was known is unknown since `blind_since`, unless that is None."""
    unknown = Readiness.UNKNOWN if row.kind is SubjectKind.VILLAGE else Status.UNKNOWN
    if blind_since is None or row.status is unknown:
        return row
    return replace(row, status=unknown, since=blind_since, reason=NOBODY_WATCHED, layer=None, outage=None)


def states(
    engine: Engine,
    scope: Scope,
    kind: SubjectKind | None = None,
    *,
    status: Status | Readiness | None = None,
    blind_since: datetime | None = None,
) -> list[StateRow]:
    """Present state of every subject of `kind` and in `status` (None: every), ordered by kind and subject."""
    conditions = [within(state, scope)]
    if kind is not None:
        conditions.append(state.c.subject_kind == kind)
    if status is not None and blind_since is None:
        conditions.append(state.c.status == status)
    with engine.connect() as connection:
        rows = [unseen(row, blind_since) for row in states_from(connection, *conditions)]
    return [row for row in rows if status in (None, row.status)]


def states_from(connection: Connection, *conditions: ColumnElement[bool]) -> list[StateRow]:
    query = select(state).where(*conditions).order_by(state.c.subject_kind, state.c.subject)
    return list(understood(connection.execute(query), state_row, "state"))


def words(
    engine: Engine, scope: Scope, kind: SubjectKind, *, blind_since: datetime | None = None
) -> dict[str, tuple[str, str]]:
    """Subject -> (status, layer): a tenth of the cost of `states`, for maps of a whole state."""
    query = select(state.c.subject, state.c.status, state.c.layer).where(
        state.c.subject_kind == kind, within(state, scope)
    )
    with engine.connect() as connection:
        found = {subject: (status, layer) for subject, status, layer in connection.execute(query).all()}
    if blind_since is None:
        return found
    return {
        subject: (status, layer) if status == Status.UNKNOWN else (Status.UNKNOWN, "")
        for subject, (status, layer) in found.items()
    }


def state_of(
    engine: Engine, scope: Scope, kind: SubjectKind, subject: str, *, blind_since: datetime | None = None
) -> StateRow | None:
    query = select(state).where(state.c.subject_kind == kind, state.c.subject == subject, within(state, scope))
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else unseen(state_row(row), blind_since)


def _transition_row(row: Row[tuple[object, ...]]) -> TransitionRow:
    return TransitionRow(
        row.id, SubjectKind(row.subject_kind), row.subject, row.at, row.recorded_at,
        status_of(row.subject_kind, row.from_status), status_of(row.subject_kind, row.to_status),
        row.reason, layer_of(row.layer), tuple(json.loads(row.evidence)),
    )  # fmt: skip


def transitions(
    engine: Engine,
    scope: Scope,
    *,
    kind: SubjectKind | None = None,
    subject: str | None = None,
    after_id: int = 0,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 1000,
) -> list[TransitionRow]:
    """Transitions with an id above `after_id` and `at` in [start, end), in the order of their ids."""
    conditions = [within(transition, scope), transition.c.id > after_id]
    if kind is not None:
        conditions.append(transition.c.subject_kind == kind)
    if subject is not None:
        conditions.append(transition.c.subject == subject)
    if start is not None:
        conditions.append(transition.c.at >= start)
    if end is not None:
        conditions.append(transition.c.at < end)
    query = select(transition).where(*conditions).order_by(transition.c.id)
    with engine.connect() as connection:
        return first(connection, query, _transition_row, "transition", limit)


def latest_transition_id(engine: Engine) -> int:
    """The newest transition's id, 0 where there is none."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.coalesce(func.max(transition.c.id), 0))).scalar_one())


def outage_row(row: Row[tuple[object, ...]]) -> OutageRow:
    return OutageRow(
        row.id, SubjectKind(row.subject_kind), row.subject, Status(row.status), row.from_at, row.to_at,
        cause_of(row), row.confidence, tuple(json.loads(row.evidence)), row.root, row.explained_by,
        tuple(json.loads(row.segment)), row.ring, responsible_of(row), row.villages,
        row.citizens, tuple(json.loads(row.kinds)), row.weights,
    )  # fmt: skip


def cause_of(row: Row[tuple[object, ...]]) -> Cause:
    """Of a row of the table `outage`."""
    return _word(row, Cause, row.cause, Cause.UNDETERMINED)


def responsible_of(row: Row[tuple[object, ...]]) -> Responsible:
    """Who has to act, of a row of the table `outage`."""
    return _word(row, Responsible, row.responsible, Responsible.NONE)


def _word(row: Row[tuple[object, ...]], words: type[Word], text: str, otherwise: Word) -> Word:
    """A word of an outage. With one of another version it is an outage all the same, and may still be open."""
    try:
        return words(text)
    except ValueError as error:
        tell("outage", str(row.id), f"{error}: read as {otherwise}")
        return otherwise


def outages(
    engine: Engine, scope: Scope, start: datetime | None = None, end: datetime | None = None, *, open_only: bool = False
) -> list[OutageRow]:
    """Outages that touch [start, end), oldest first. None leaves that side unbounded."""
    conditions = _touching(scope, start, end)
    if open_only:
        conditions.append(outage.c.to_at.is_(None))
    with engine.connect() as connection:
        return outages_from(connection, *conditions)


def _touching(scope: Scope, start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    conditions = [within(outage, scope)]
    if start is not None:
        conditions.append(or_(outage.c.to_at.is_(None), outage.c.to_at > start))
    if end is not None:
        conditions.append(outage.c.from_at < end)
    return conditions


@dataclass(frozen=True, slots=True)
class OutagePage:
    """`next` is the number after which the next page begins; None where there is none."""

    rows: tuple[OutageRow, ...]
    next: int | None


def outage_page(
    engine: Engine, scope: Scope, start: datetime | None, end: datetime | None, *, after: int, limit: int
) -> OutagePage:
    """The first `limit` outages with numbers above `after` that touch [start, end), as whoever sees the scope may read them."""
    query = select(outage).where(*_touching(scope, start, end), outage.c.id > after).order_by(outage.c.id)
    with snapshot(engine) as connection:
        found = connection.execute(query.limit(limit + 1)).all()
        rows = list(understood(found[:limit], outage_row, "outage"))
        known = _within(connection, scope, {row.explained_by for row in rows if row.explained_by is not None})
    shown = (row if row.explained_by in {None, *known} else without_root(row) for row in rows)
    return OutagePage(tuple(shown), found[limit - 1].id if len(found) > limit else None)


def _within(connection: Connection, scope: Scope, numbers: AbstractSet[int]) -> AbstractSet[int]:
    """Those of the outages that lie in the scope."""
    if scope.area is None:
        return numbers
    wanted, found = sorted(numbers), set[int]()
    for begin in range(0, len(wanted), _NUMBERS_AT_ONCE):
        some = outage.c.id.in_(wanted[begin : begin + _NUMBERS_AT_ONCE])
        found |= set(connection.scalars(select(outage.c.id).where(some, within(outage, scope))))
    return found


def without_root(row: OutageRow) -> OutageRow:
    """The row for those who may not read what explains it: its evidence names that."""
    return replace(row, evidence=tuple(said for said in row.evidence if not names_root(said)))


def outages_from(connection: Connection, *conditions: ColumnElement[bool]) -> list[OutageRow]:
    query = select(outage).where(*conditions).order_by(outage.c.from_at, outage.c.id)
    return list(understood(connection.execute(query), outage_row, "outage"))


def outage_by_id(engine: Engine, scope: Scope, number: int) -> OutageRow | None:
    """None also where it is not understood: no list has it then."""
    one = select(outage).where(outage.c.id == number, within(outage, scope))
    with engine.connect() as connection:
        return next(understood(connection.execute(one), outage_row, "outage"), None)


def of_villages(scope: Scope, *figures: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Figures of the villages in scope by their status; one of which nothing is stored yet is unknown like any other."""
    status = func.coalesce(state.c.status, Readiness.UNKNOWN.value).label("status")
    judged = and_(state.c.subject_kind == SubjectKind.VILLAGE, state.c.subject == area.c.key)
    villages = select(status, *figures).join_from(area, state, judged, isouter=True)
    return villages.where(area.c.level == Level.VILLAGE, scope.where(area.c.path)).group_by(status)


def counts(engine: Engine, scope: Scope, *, blind_since: datetime | None = None) -> Counts:
    query = (
        select(state.c.subject_kind, state.c.status, func.count())
        .join(site, site.c.name == state.c.subject)  # an import may have removed it, and the judge not know yet
        .where(within(state, scope), state.c.subject_kind == SubjectKind.SITE)
        .group_by(state.c.subject_kind, state.c.status)
    )
    with snapshot(engine) as connection:
        sites = connection.execute(query).all()
        villages = connection.execute(of_villages(scope, func.count())).all()
    found: dict[tuple[str, str], int] = {}
    for kind, stored, number in (*sites, *((SubjectKind.VILLAGE, *row) for row in villages)):
        status = stored if blind_since is None else Status.UNKNOWN
        found[kind, status] = found.get((kind, status), 0) + number
    return Counts(
        {status: found.get((SubjectKind.SITE, status), 0) for status in Status},
        {readiness: found.get((SubjectKind.VILLAGE, readiness), 0) for readiness in Readiness},
    )


def strip(
    engine: Engine,
    scope: Scope,
    kind: SubjectKind,
    subject: str,
    *,
    days: int,
    now: datetime,
    blind_since: datetime | None = None,
) -> tuple[Day, ...]:
    """The subject's last `days` days of Indian time, oldest first; unknown before its first transition."""
    first = midnight(now.astimezone(INDIA).date() - timedelta(days=days - 1))
    one = [transition.c.subject_kind == kind, transition.c.subject == subject, within(transition, scope)]
    # A layer that was told anew is no change of status, and may be dated after a recovery told later. But of
    # what is long past it may be all that has stayed in the database: there the last word counts.
    changed = [*one, transition.c.from_status != transition.c.to_status, transition.c.at >= first]
    before = select(transition.c.to_status).where(*one, transition.c.at < first).order_by(transition.c.id.desc())
    after = select(transition.c.at, transition.c.to_status).where(*changed).order_by(transition.c.at, transition.c.id)
    with snapshot(engine) as connection:
        initial = connection.execute(before.limit(1)).scalar()
        changes = [(row.at, row.to_status) for row in connection.execute(after)]
        spans = proved_of(connection, kind, subject, first, now)
    if blind_since is not None:
        changes.append((blind_since, Status.UNKNOWN))
    initial = initial or Status.UNKNOWN
    if spans:
        works = Readiness.READY if kind is SubjectKind.VILLAGE else Status.UP
        changes = list(proved(spells(initial, changes, first, now), spans, Status.UNKNOWN, works))
    return strip_of(initial, changes, days, now)
