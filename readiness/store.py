"""Storing what was judged: each turn of the judge is one transaction, and storing it twice is as once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Engine, Table, and_, delete, func, select, update

from readiness import trouble_rows, views
from readiness.model import Status, SubjectKind
from readiness.read import OutageRow, TransitionRow, outages_from
from readiness.rules.endpoint import View
from readiness.rules.incidents import Subject
from readiness.rules.outages import Finding, Outage
from readiness.rules.watch import NOBODY_WATCHED
from readiness.states import SCHEMA, Kept, States
from readiness.tables import endpoint_view, notice, outage, state, transition, watch, word
from readiness.troubles import KeptTrouble, Key
from readiness.views import Eyes
from readiness.words import Said
from storage.bulk import Row, fetch, lots, put
from storage.engine import for_writing, snapshot
from storage.types import to_millis

_FORGET_AT_ONCE = 500
_ROWS_AT_ONCE = 50_000
_BEGUN = 50_000  # outages of a week that are looked at for their hours: a state's twice over


@dataclass
class Writes:
    """What waits to be stored beside the states. Later values of an outage replace earlier ones."""

    transitions: list[TransitionRow] = field(default_factory=list)
    outages: dict[int, Outage] = field(default_factory=dict)
    words: dict[str, Said] = field(default_factory=dict)
    views: dict[Eyes, View] = field(default_factory=dict)
    troubles: dict[Key, KeptTrouble | None] = field(default_factory=dict)  # None: it ended
    seen_at: float | None = None  # newest moment of observation
    considered: dict[int, float] = field(default_factory=dict)  # when notices were taken into account, by number

    def add(self, later: "Writes") -> None:
        self.transitions += later.transitions
        self.outages |= later.outages
        self.words |= later.words
        self.views |= later.views
        self.troubles |= later.troubles
        self.seen_at = later.seen_at or self.seen_at
        self.considered |= later.considered


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds beside the states when a judge begins."""

    open_outages: tuple[Outage, ...]
    words: Mapping[str, Said]
    views: Mapping[Eyes, View]
    troubles: Mapping[Key, KeptTrouble]
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
        open_now = tuple(restored(row) for row in outages_from(connection, outage.c.to_at.is_(None)))
        return Stored(
            open_now, _words(connection), views.load(connection), trouble_rows.load(connection),
            _last(connection, transition), _last(connection, outage),
            connection.execute(select(func.max(watch.c.last_at))).scalar(), gone,
        )  # fmt: skip


def began_since(engine: Engine, at: datetime) -> Iterator[Outage]:
    """The roots among the newest outages of devices that began since then."""
    begun = (outage.c.from_at >= at, outage.c.root, outage.c.subject_kind == SubjectKind.DEVICE)
    newest = select(outage.c.id).where(*begun).order_by(outage.c.id.desc()).limit(_BEGUN).subquery()
    with snapshot(engine) as connection:
        rows = outages_from(connection, outage.c.id.in_(select(newest.c.id)))
    return map(restored, rows)


def _take(connection: Connection, kept: Kept) -> list[str]:
    """Put the stored states of one kind into `kept`; returns the subjects that aren't known there."""
    query = select(*(state.c[name] for name in SCHEMA.names))
    of_kind = lots(connection, state.c.subject, state.c.subject_kind == kept.kind, _ROWS_AT_ONCE)
    found = [fetch(connection, query.where(some), SCHEMA) for some in of_kind]
    return kept.take(pa.concat_tables(found).unify_dictionaries())


def _words(connection: Connection) -> dict[str, Said]:
    return {
        row.device: Said(
            row.down_cause,
            *(at and at.timestamp() for at in (row.battery_since, row.battery_at, row.mains_at, row.empty_at)),
        )
        for row in connection.execute(select(word))
    }


def _last(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def restored(row: OutageRow) -> Outage:
    """The outage of a row, without the subject of what explains it."""
    finding = Finding(
        (row.kind, row.subject), row.status, row.start.timestamp(), row.cause, row.confidence, row.evidence,
        row.responsible, None, row.segment, row.ring, row.kinds, row.weights,
    )  # fmt: skip
    end = None if row.end is None else row.end.timestamp()
    return Outage(row.id, finding, row.explained_by, end, row.villages, row.citizens)


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
        for number, at in writes.considered.items():
            connection.execute(update(notice).where(notice.c.id == number).values(considered_at=moment(at)))
        trouble_rows.save(connection, writes.troubles)
        if writes.seen_at is not None:
            put(connection, watch, ["collector"], ["collector", "last_at"], [(collector, _millis(writes.seen_at))])
    states.saved()


def _put_states(connection: Connection, kept: Kept) -> None:
    """Store what is unsaved, in lots: at a first start that is a row for every subject."""
    positions = np.flatnonzero(kept.unsaved)
    for first in range(0, len(positions), _ROWS_AT_ONCE):
        rows = list(kept.rows_of(positions[first : first + _ROWS_AT_ONCE]))
        put(connection, state, ["subject_kind", "subject"], ["subject_kind", *SCHEMA.names], rows)


def forget(engine: Engine, gone: Sequence[Subject], at: float, numbers: Iterator[int]) -> None:
    """Remove present state, words and views of subjects that have left the inventory; their history stays.

    It ends with `at`, since when nobody watches them: without that, one that comes back under its name would have
    stood all the while as it did last. `numbers` are those of the next transitions.
    """
    with for_writing(engine).begin() as connection:
        for kind in SubjectKind:
            names = [name for of, name in gone if of is kind]
            for first in range(0, len(names), _FORGET_AT_ONCE):
                some = names[first : first + _FORGET_AT_ONCE]
                theirs = and_(state.c.subject_kind == kind, state.c.subject.in_(some))
                seen = connection.execute(select(state.c.subject, state.c.status, state.c.since).where(theirs)).all()
                left = [_left(kind, row, at, next(numbers)) for row in seen if row.status != Status.UNKNOWN]
                put(connection, transition, ["id"], _TRANSITION, left)
                connection.execute(delete(state).where(theirs))
                if kind is SubjectKind.DEVICE:
                    connection.execute(delete(word).where(word.c.device.in_(some)))
                if kind is SubjectKind.ENDPOINT:
                    connection.execute(delete(endpoint_view).where(endpoint_view.c.endpoint.in_(some)))


def _left(kind: SubjectKind, seen: Any, at: float, number: int) -> Row:
    """The transition of a subject that has left; `seen` is its row (subject, status, since)."""
    since = max(_millis(at), to_millis(seen.since))
    return (number, kind.value, seen.subject, since, since, seen.status, Status.UNKNOWN.value, NOBODY_WATCHED, "", "[]")


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


_WORD = ("device", "down_cause", "battery_since", "battery_at", "mains_at", "empty_at")


def _word_values(device: str, said: Said) -> Row:
    times = (said.battery_since, said.battery_at, said.mains_at, said.empty_at)
    return (device, said.down_cause, *(None if at is None else _millis(at) for at in times))


_OUTAGE = (
    "id", "subject_kind", "subject", "status", "from_at", "to_at", "cause", "confidence", "evidence", "root",
    "explained_by", "segment", "ring", "responsible", "villages", "citizens", "kinds", "weights",
)  # fmt: skip


def _outage_values(one: Outage) -> Row:
    finding = one.finding
    kind, subject = finding.subject
    return (
        one.id, kind.value, subject, finding.status.value, _millis(finding.start),
        None if one.end is None else _millis(one.end), finding.cause.value, finding.confidence,
        json.dumps(finding.evidence), one.root, one.explained_by, json.dumps(finding.segment), finding.ring,
        finding.responsible.value, one.villages, one.citizens, json.dumps(finding.kinds), finding.weights,
    )  # fmt: skip
