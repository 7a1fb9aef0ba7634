"""Storing what was judged: each turn of the judge is one transaction, and storing it twice is as once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from readiness import views
from readiness.model import SubjectKind
from readiness.read import OutageRow, StateRow, TransitionRow, outages_from, states_from
from readiness.rules.endpoint import View
from readiness.rules.incidents import Subject
from readiness.rules.outages import Finding, Outage
from readiness.tables import endpoint_view, outage, state, transition, watch, word
from readiness.views import Eyes
from readiness.words import Said
from storage.engine import for_writing, snapshot

Value = str | int | float | bool | datetime | None
_FORGET_AT_ONCE = 500


@dataclass
class Writes:
    """What waits to be stored. Later values of a state or an outage replace earlier ones."""

    transitions: list[TransitionRow] = field(default_factory=list)
    states: dict[Subject, StateRow] = field(default_factory=dict)
    outages: dict[int, Outage] = field(default_factory=dict)
    words: dict[str, Said] = field(default_factory=dict)
    views: dict[Eyes, View] = field(default_factory=dict)
    seen_at: float | None = None  # newest moment of observation

    def add(self, later: "Writes") -> None:
        self.transitions += later.transitions
        self.states |= later.states
        self.outages |= later.outages
        self.words |= later.words
        self.views |= later.views
        self.seen_at = later.seen_at or self.seen_at


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds when a judge begins."""

    states: Mapping[Subject, StateRow]
    open_outages: tuple[Outage, ...]
    words: Mapping[str, Said]
    views: Mapping[Eyes, View]
    last_transition: int
    last_outage: int
    last_seen: datetime | None  # by any collector


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def load(engine: Engine) -> Stored:
    with snapshot(engine) as connection:
        states = {(row.kind, row.subject): row for row in states_from(connection)}
        open_now = tuple(_restored(row) for row in outages_from(connection, outage.c.to_at.is_(None)))
        return Stored(
            states, open_now, _words(connection), views.load(connection), _last(connection, transition), _last(connection, outage),
            connection.execute(select(func.max(watch.c.last_at))).scalar(),
        )  # fmt: skip


def _words(connection: Connection) -> dict[str, Said]:
    return {
        row.device: Said(
            row.down_cause, *(at and at.timestamp() for at in (row.battery_since, row.battery_at, row.mains_at))
        )
        for row in connection.execute(select(word))
    }


def _last(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def _restored(row: OutageRow) -> Outage:
    finding = Finding(
        (row.kind, row.subject), row.status, row.start.timestamp(), row.cause, row.confidence, row.evidence,
        row.responsible, None, row.segment, row.ring,
    )  # fmt: skip
    return Outage(row.id, finding, row.explained_by, None, row.villages, row.citizens)


def commit(engine: Engine, collector: str, writes: Writes) -> None:
    """Store `writes` in one transaction; raises SQLAlchemyError, and then nothing of it is stored."""
    with for_writing(engine).begin() as connection:
        # Roots first: a row may only point at one that is already there.
        ordered = sorted(writes.outages.values(), key=lambda one: (one.explained_by is not None, one.id))
        _put(connection, outage, ["id"], [_outage_values(one) for one in ordered])
        _put(connection, transition, ["id"], [_transition_values(row) for row in writes.transitions])
        _put(connection, state, ["subject_kind", "subject"], [_state_values(row) for row in writes.states.values()])
        _put(connection, word, ["device"], [_word_values(device, said) for device, said in writes.words.items()])
        _put(connection, endpoint_view, ["endpoint", "eyes"], views.values(writes.views))
        if writes.seen_at is not None:
            _put(connection, watch, ["collector"], [{"collector": collector, "last_at": moment(writes.seen_at)}])


def forget(engine: Engine, gone: Sequence[Subject]) -> None:
    """Remove present state, words and views of subjects that have left the inventory; their history stays."""
    with for_writing(engine).begin() as connection:
        for kind in SubjectKind:
            names = [name for of, name in gone if of is kind]
            for first in range(0, len(names), _FORGET_AT_ONCE):
                some = names[first : first + _FORGET_AT_ONCE]
                connection.execute(delete(state).where(state.c.subject_kind == kind, state.c.subject.in_(some)))
                if kind is SubjectKind.DEVICE:
                    connection.execute(delete(word).where(word.c.device.in_(some)))
                if kind is SubjectKind.ENDPOINT:
                    connection.execute(delete(endpoint_view).where(endpoint_view.c.endpoint.in_(some)))


def _put(connection: Connection, table: Table, key: list[str], rows: list[dict[str, Value]]) -> None:
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    rest = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=rest), rows)


def _transition_values(row: TransitionRow) -> dict[str, Value]:
    return {
        "id": row.id, "subject_kind": row.kind, "subject": row.subject, "at": row.at, "recorded_at": row.recorded_at,
        "from_status": row.before, "to_status": row.after, "reason": row.reason, "layer": row.layer or "",
        "evidence": json.dumps(row.evidence),
    }  # fmt: skip


def _state_values(row: StateRow) -> dict[str, Value]:
    return {
        "subject_kind": row.kind, "subject": row.subject, "status": row.status, "since": row.since,
        "reason": row.reason, "layer": row.layer or "", "outage": row.outage, "transition": row.transition,
    }  # fmt: skip


def _word_values(device: str, said: Said) -> dict[str, Value]:
    times = {"battery_since": said.battery_since, "battery_at": said.battery_at, "mains_at": said.mains_at}
    moments = {name: None if at is None else moment(at) for name, at in times.items()}
    return {"device": device, "down_cause": said.down_cause, **moments}


def _outage_values(one: Outage) -> dict[str, Value]:
    finding = one.finding
    return {
        "id": one.id, "subject_kind": finding.subject[0], "subject": finding.subject[1], "status": finding.status,
        "from_at": moment(finding.start), "to_at": None if one.end is None else moment(one.end),
        "cause": finding.cause, "confidence": finding.confidence, "evidence": json.dumps(finding.evidence),
        "root": one.root, "explained_by": one.explained_by, "segment": json.dumps(finding.segment),
        "ring": finding.ring, "responsible": finding.responsible, "villages": one.villages, "citizens": one.citizens,
    }  # fmt: skip
