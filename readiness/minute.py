"""One minute of one village: which polls, which transitions, which outages and causes, by which rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path

from sqlalchemy import Connection, Engine, and_, or_, select

from inventory.scope import Scope
from inventory.tables import area, device
from readiness import ruleset
from readiness.explain import box_of, pc_of
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.months import transitions_in
from readiness.read import OutageRow, layer_of, outages_from, status_of
from readiness.rules.causes import shipped_weights
from readiness.rules.telling import CAUSE_RULE, SHADOW_RULE, Rule, because, rule_of
from readiness.rules.watch import NOBODY_WATCHED
from readiness.ruleset import Rulesets
from readiness.sequence import COMPLETE
from readiness.subjects import within
from readiness.tables import outage
from storage.engine import snapshot
from storage.poll_rows import PollRow, polls

_BEFORE, _AFTER = timedelta(minutes=10), timedelta(minutes=2)
_DECIDED = timedelta(minutes=20)  # after a status began, and before it was told: polls between made no difference
_LOOK_BACK = (1, 30, 400)  # days; each also finds the last change before them
_POLLS = 12  # of a device around the minute and around the transition before it, each


@dataclass(frozen=True, slots=True)
class ByRule:
    """`version` is the SHA-256 of the rule's file as it made the decision; empty where that isn't known.

    A decision may be of an earlier time than the one at which it was made, so `recorded_at` tells which text that was.
    """

    name: str
    file: str
    version: str


@dataclass(frozen=True, slots=True)
class Stood:
    """How a subject stood at the minute, and the transition that had made it so; number 0: there was none.

    `since` is when its status changed; the transition may be a later one, which told of another layer.
    """

    kind: SubjectKind
    subject: str
    status: Status | Readiness
    since: datetime
    reason: str
    layer: Layer | None
    evidence: tuple[str, ...]
    transition: int
    recorded_at: datetime | None
    rule: ByRule
    polls: tuple[PollRow, ...]  # of the device, or of the one through which it is seen


@dataclass(frozen=True, slots=True)
class Told:
    """An outage that went on at the minute, in one sentence and in full."""

    outage: OutageRow
    sentence: str
    rule: ByRule


@dataclass(frozen=True, slots=True)
class Minute:
    """`stood` begins with the village; `outages` with the one at the root. `polls_since`: older polls are removed."""

    village: str
    at: datetime
    kendra: str | None
    stood: tuple[Stood, ...]
    outages: tuple[Told, ...]
    polls_since: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """`folder` is settings.storage.history, `raw_days` how long polls are kept there."""

    village: str
    at: datetime
    now: datetime
    folder: Path
    raw_days: int
    blind_since: datetime | None = None


def minute(engine: Engine, scope: Scope, asked: Asked) -> Minute | None:
    """The explanation; None where the village isn't in the scope. Its chain is that of today's inventory."""
    with snapshot(engine) as connection:
        query = select(area.c.served_by).where(area.c.key == asked.village, scope.where_area(area.c.key))
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        pc = pc_of(connection, row.served_by)
        names = [name for name in (box_of(connection, pc), pc) if name]
        through = _through(connection, names)
        rulesets = ruleset.noted(connection)
        found = _outages(connection, scope, names, asked.at)
    stood = _stood(engine, asked, names, through, rulesets)
    told = tuple(_told(one, stood, rulesets) for one in found)
    since = asked.now - timedelta(days=asked.raw_days)
    return Minute(asked.village, asked.at, row.served_by, stood, told, since)


def _through(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Device -> the one whose polls tell of it."""
    rows = connection.execute(select(device.c.name, device.c.seen_through).where(device.c.name.in_(names)))
    return {row.name: row.seen_through or row.name for row in rows}


def _stood(
    engine: Engine, asked: Asked, names: Sequence[str], through: dict[str, str], rulesets: Rulesets
) -> tuple[Stood, ...]:
    subjects = [(SubjectKind.VILLAGE, asked.village), *((SubjectKind.DEVICE, name) for name in names)]
    rows = _last_rows(engine, asked, [name for _, name in subjects])
    found = []
    for kind, name in subjects:
        row = rows.get((kind.value, name))
        plain = _of_row(kind, name, row, asked)
        near = () if kind is SubjectKind.VILLAGE else _polls(asked, through.get(name, name), plain)
        stood = _with(plain, rulesets, near)
        told_anew = row is not None and plain.transition and row["from_status"] == row["to_status"]
        found.append(replace(stood, since=_changed(engine, asked, plain)) if told_anew else stood)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Plain:
    kind: SubjectKind
    subject: str
    status: Status | Readiness
    since: datetime
    reason: str
    layer: Layer | None
    evidence: tuple[str, ...]
    transition: int
    recorded_at: datetime | None


def _last_rows(engine: Engine, asked: Asked, names: Sequence[str]) -> dict[tuple[str, str], dict[str, object]]:
    """The last transition of each subject until the minute, also of closed months."""
    kinds = [SubjectKind.DEVICE, SubjectKind.VILLAGE]
    end = asked.at + timedelta(milliseconds=1)
    rows = transitions_in(
        engine, asked.folder, asked.at, end, kinds=kinds, scope=Scope(), subjects=names, schema=COMPLETE
    )
    return {(row["subject_kind"], row["subject"]): row for row in rows.to_pylist()}


def _changed(engine: Engine, asked: Asked, plain: _Plain) -> datetime:
    """Since when it has that status: the transition was told for another layer. Its own time where no change is on record."""
    end = asked.at + timedelta(milliseconds=1)
    for days in _LOOK_BACK:
        rows = transitions_in(
            engine, asked.folder, plain.since - timedelta(days=days), end, kinds=[plain.kind], scope=Scope(),
            subjects=[plain.subject], schema=COMPLETE,
        ).to_pylist()  # fmt: skip
        changes = [row for row in rows if row["id"] and row["from_status"] != row["to_status"]]
        if changes:
            return _moment(changes[-1]["at"])
    return plain.since


def _of_row(kind: SubjectKind, name: str, row: dict[str, object] | None, asked: Asked) -> _Plain:
    unknown = Readiness.UNKNOWN if kind is SubjectKind.VILLAGE else Status.UNKNOWN
    if asked.blind_since is not None and asked.at >= asked.blind_since:
        return _Plain(kind, name, unknown, asked.blind_since, NOBODY_WATCHED, None, (), 0, None)
    if row is None or not row["id"]:
        return _Plain(kind, name, unknown, asked.at, "not observed yet", None, (), 0, None)
    return _Plain(
        kind, name, status_of(kind, str(row["to_status"])), _moment(row["at"]), str(row["reason"]),
        layer_of(str(row["layer"])), tuple(loads(str(row["evidence"]))), int(str(row["id"])),
        _moment(row["recorded_at"]),
    )  # fmt: skip


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(value)
    return value.astimezone(UTC)


def _with(plain: _Plain, rulesets: Rulesets, near: Sequence[PollRow]) -> Stood:
    rule = rule_of(plain.kind, plain.reason, plain.layer)
    version = _version(rule, plain, rulesets)
    return Stood(
        plain.kind, plain.subject, plain.status, plain.since, plain.reason, plain.layer, plain.evidence,
        plain.transition, plain.recorded_at, ByRule(rule.name, rule.file, version), tuple(near),
    )  # fmt: skip


def _version(rule: Rule, plain: _Plain, rulesets: Rulesets) -> str:
    if plain.reason == NOBODY_WATCHED and not plain.transition:
        return ruleset.present()[rule.file]  # this answer itself decides it
    return rulesets.version(rule.file, plain.recorded_at)


def _polls(asked: Asked, name: str, plain: _Plain) -> list[PollRow]:
    """Polls around the minute, and those from which the transition was made."""
    spans = [(asked.at - _BEFORE, asked.at + _AFTER)]
    if plain.recorded_at is not None:
        spans += _made_from(plain.since - _AFTER, plain.recorded_at + timedelta(seconds=1))
    found = {
        poll.at: poll for start, end in spans for poll in _nearest(polls(asked.folder, [name], start, end), asked.at)
    }
    return [found[at] for at in sorted(found)]


def _made_from(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The span, or both its ends: what is told by a late check-in was recorded days after it began."""
    if end - start <= 2 * _DECIDED:
        return [(start, end)]
    return [(start, start + _DECIDED), (end - _DECIDED, end)]


def _nearest(some: Sequence[PollRow], at: datetime) -> list[PollRow]:
    return sorted(some, key=lambda poll: abs(poll.at - at))[:_POLLS]


def _outages(connection: Connection, scope: Scope, names: Sequence[str], at: datetime) -> list[OutageRow]:
    """Those of the village's devices that went on then, and what explains them within the scope, roots first."""
    column = outage.c
    going = and_(column.from_at <= at, or_(column.to_at.is_(None), column.to_at > at))
    own = outages_from(connection, column.subject_kind == SubjectKind.DEVICE, column.subject.in_(names), going)
    roots = {row.explained_by for row in own if row.explained_by is not None} - {row.id for row in own}
    found = [*outages_from(connection, column.id.in_(roots), within(outage, scope)), *own]
    return sorted(found, key=lambda row: (not row.root, row.start, row.id))


def _told(row: OutageRow, stood: Sequence[Stood], rulesets: Rulesets) -> Told:
    weights = shipped_weights()
    sentence = because(row.cause, row.confidence, row.evidence, row.kinds, weights)
    rule = CAUSE_RULE if row.root else SHADOW_RULE
    version = row.weights if row.root else rulesets.version(rule.file, _found_at(row, stood))
    return Told(row, sentence, ByRule(rule.name, rule.file, version))


def _found_at(shadow: OutageRow, stood: Sequence[Stood]) -> datetime | None:
    """When the silence that began the outage was recorded; None where something else was told of the device since."""
    same = (one for one in stood if (one.kind, one.subject, one.since) == (shadow.kind, shadow.subject, shadow.start))
    return next((one.recorded_at for one in same), None)
