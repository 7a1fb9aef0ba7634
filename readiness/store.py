"""Storing what was judged: each turn of the judge is one transaction, and storing it twice is as once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, func, select

from readiness import views
from readiness.model import SubjectKind
from readiness.read import OutageRow, TransitionRow, outages_from
from readiness.rules.endpoint import View
from readiness.rules.incidents import Subject
from readiness.rules.outages import Finding, Outage
from readiness.states import SCHEMA, Kept, States
from readiness.tables import endpoint_view, outage, state, transition, watch, word
from readiness.views import Eyes
from readiness.words import Said
from storage.bulk import Row, fetch, put
from storage.engine import for_writing, snapshot
from storage.types import to_millis

_FORGET_AT_ONCE = 500
_ROWS_AT_ONCE = 50_000


@dataclass
class Writes:
    """What waits to be stored beside the states. Later values of an outage replace earlier ones."""

    transitions: list[TransitionRow] = field(default_factory=list)
    outages: dict[int, Outage] = field(default_factory=dict)
    words: dict[str, Said] = field(default_factory=dict)
    views: dict[Eyes, View] = field(default_factory=dict)
    seen_at: float | None = None  # newest moment of observation

    def add(self, later: "Writes") -> None:
        self.transitions += later.transitions
        self.outages |= later.outages
        self.words |= later.words
        self.views |= later.views
        self.seen_at = later.seen_at or self.seen_at


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds beside the states when a judge begins."""

    open_outages: tuple[Outage, ...]
    words: Mapping[str, Said]
    views: Mapping[Eyes, View]
    last_transition: int
    last_outage: int
    last_seen: datetime | None  # by any collector
    gone: tuple[Subject, ...]  # subjects with a state that the inventory doesn't know


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def load(engine: Engine, states: States) -> Stored:
    """What the store holds; its states are put into `states`, which holds what is new to the store afterwards."""
    with snapshot(engine) as connection:
        gone = tuple((kind, name) for kind, kept in states.of.items() for name in _take(connection, kept))
        open_now = tuple(_restored(row) for row in outages_from(connection, outage.c.to_at.is_(None)))
        return Stored(
            open_now, _words(connection), views.load(connection), _last(connection, transition), _last(connection, outage),
            connection.execute(select(func.max(watch.c.last_at))).scalar(), gone,
        )  # fmt: skip


def _take(connection: Connection, kept: Kept) -> list[str]:
    """Put the stored states of one kind into `kept`; returns the subjects that aren't known there."""
    query = select(*(state.c[name] for name in SCHEMA.names))
    lots = [
        fetch(connection, query.where(some), SCHEMA) for some in _lots(connection, state.c.subject_kind == kept.kind)
    ]
    return kept.take(pa.concat_tables(lots).unify_dictionaries())


def _lots(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[ColumnElement[bool]]:
    """Conditions that cut the states of one kind into lots, by the database's own order of texts."""
    subject = state.c.subject
    while True:
        last = select(subject).where(wanted).order_by(subject).offset(_ROWS_AT_ONCE - 1).limit(1)
        top = connection.execute(last).scalar()
        if top is None:
            yield wanted
            return
        yield and_(wanted, subject <= top)
        wanted = and_(wanted, subject > top)


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


def commit(engine: Engine, collector: str, writes: Writes, states: States) -> None:
    """Store `writes` and the unsaved states in one transaction; raises SQLAlchemyError, and then nothing is stored."""
    with for_writing(engine).begin() as connection:
        # Roots first: a row may only point at one that is already there.
        ordered = sorted(writes.outages.values(), key=lambda one: (one.explained_by is not None, one.id))
        put(connection, outage, ["id"], _OUTAGE, [_outage_values(one) for one in ordered])
        put(connection, transition, ["id"], _TRANSITION, [_transition_values(row) for row in writes.transitions])
        for kept in states.of.values():
            _put_states(connection, kept)
        put(connection, word, ["device"], _WORD, [_word_values(device, said) for device, said in writes.words.items()])
        put(connection, endpoint_view, ["endpoint", "eyes"], views.COLUMNS, views.values(writes.views))
        if writes.seen_at is not None:
            put(connection, watch, ["collector"], ["collector", "last_at"], [(collector, _millis(writes.seen_at))])
    states.saved()


def _put_states(connection: Connection, kept: Kept) -> None:
    """Store what is unsaved, in lots: at a first start that is a row for every subject."""
    positions = np.flatnonzero(kept.unsaved)
    for first in range(0, len(positions), _ROWS_AT_ONCE):
        rows = list(kept.rows_of(positions[first : first + _ROWS_AT_ONCE]))
        put(connection, state, ["subject_kind", "subject"], ["subject_kind", *SCHEMA.names], rows)


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


def _millis(at: float) -> int:
    return to_millis(moment(at))


_TRANSITION = (
    "id", "subject_kind", "subject", "at", "recorded_at", "from_status", "to_status", "reason", "layer", "evidence",
)  # fmt: skip


def _transition_values(row: TransitionRow) -> Row:
    return (
        row.id, row.kind.value, row.subject, to_millis(row.at), to_millis(row.recorded_at), row.before.value,
        row.after.value, row.reason, row.layer.value if row.layer else "",
        json.dumps(row.evidence) if row.evidence else "[]",
    )  # fmt: skip


_WORD = ("device", "down_cause", "battery_since", "battery_at", "mains_at")


def _word_values(device: str, said: Said) -> Row:
    times = (said.battery_since, said.battery_at, said.mains_at)
    return (device, said.down_cause, *(None if at is None else _millis(at) for at in times))


_OUTAGE = (
    "id", "subject_kind", "subject", "status", "from_at", "to_at", "cause", "confidence", "evidence", "root",
    "explained_by", "segment", "ring", "responsible", "villages", "citizens",
)  # fmt: skip


def _outage_values(one: Outage) -> Row:
    finding = one.finding
    kind, subject = finding.subject
    return (
        one.id, kind.value, subject, finding.status.value, _millis(finding.start),
        None if one.end is None else _millis(one.end), finding.cause.value, finding.confidence,
        json.dumps(finding.evidence), one.root, one.explained_by, json.dumps(finding.segment), finding.ring,
        finding.responsible.value, one.villages, one.citizens,
    )  # fmt: skip
