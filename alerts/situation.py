"""Reading what the rules look at. No area scope here: alerts are made for the whole inventory."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, not_, or_, select, union

from alerts.model import Alert, ConfigChange, KendraState, KeyChange, Outage, Rule, Situation, Subject
from alerts.rows import alert_of
from alerts.tables import alert
from collectors.config.keys import changed_keys
from collectors.config.store import config_changes
from collectors.http.certificates import certificate_ends
from inventory.model import SiteKind
from inventory.tables import site
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.read import cause_of, responsible_of
from readiness.rules.quality import Trouble
from readiness.tables import outage, state, trouble
from storage.understood import understood

_OPEN = outage.c.to_at.is_(None)
_UNRESOLVED = alert.c.resolved_at.is_(None)
_IS_KENDRA_ALERT = alert.c.rule == Rule.KENDRA_NOT_READY


# Statements are made once: read every second, making them anew cost more than what they find.
_SHADOWS = select(outage.c.id, outage.c.explained_by).where(_OPEN, outage.c.explained_by.is_not(None))
_FLAPPING = select(trouble.c.subject_kind, trouble.c.subject, trouble.c.since).where(trouble.c.kind == Trouble.FLAPPING)


def _stands(is_so: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether this is so of the state of an outage's subject, or of one that it explains."""
    shadow = outage.alias("shadow")
    own = and_(state.c.subject_kind == outage.c.subject_kind, state.c.subject == outage.c.subject)
    behind = and_(state.c.subject_kind == shadow.c.subject_kind, state.c.subject == shadow.c.subject)
    shadows = select(state.c.subject).join(shadow, behind)
    return or_(
        exists().where(own, is_so).correlate(outage),
        shadows.where(shadow.c.explained_by == outage.c.id, shadow.c.to_at.is_(None), is_so).correlate(outage).exists(),
    )


def _outages() -> Select[tuple[object, ...]]:
    """Roots, and what an unresolved alert is about: a root of yesterday may be a shadow today."""
    other = outage.alias("other")
    same = and_(other.c.subject_kind == outage.c.subject_kind, other.c.subject == outage.c.subject)
    heir = exists().where(
        other.c.to_at.is_(None),
        other.c.status == Status.DOWN,
        or_(other.c.id == outage.c.explained_by, and_(same, other.c.id != outage.c.id)),
    )
    alerted = exists().where(alert.c.outage == outage.c.id, _UNRESOLVED)
    # A trunk has no state, a cut that silence tells of an unknown one: both are seen by what is down behind them.
    unknown = state.c.status == Status.UNKNOWN
    unseen = and_(not_(_stands(not_(unknown))), _stands(unknown))  # in this order: mostly the first state decides
    wanted = select(outage, heir.label("heir"), unseen.label("unseen"))
    return wanted.where(or_(and_(_OPEN, outage.c.root), alerted)).order_by(outage.c.id)


def _counted() -> Select[tuple[object, ...]]:
    """Sites that are down and villages that are blocked, by outage and layer."""
    down = and_(state.c.subject_kind == SubjectKind.SITE, state.c.status == Status.DOWN)
    blocked = and_(state.c.subject_kind == SubjectKind.VILLAGE, state.c.status == Readiness.BLOCKED)
    by = state.c.outage, state.c.subject_kind, state.c.layer
    counted = select(*by, func.count().label("subjects"))
    return counted.where(state.c.outage.is_not(None), or_(down, blocked)).group_by(*by)


def _of_kendras() -> Select[tuple[object, ...]]:
    """Kendras that are down or have an alert."""
    down = select(state.c.subject).where(state.c.subject_kind == SubjectKind.SITE, state.c.status == Status.DOWN)
    alerted = select(alert.c.subject).where(_IS_KENDRA_ALERT, _UNRESOLVED)
    return (
        select(state.c.subject, state.c.status, state.c.since, state.c.outage)
        .join(site, site.c.name == state.c.subject)
        .where(
            state.c.subject_kind == SubjectKind.SITE,
            site.c.kind == SiteKind.KENDRA,
            state.c.subject.in_(union(down, alerted)),  # each by its own index: most sites are up
        )
        .order_by(state.c.subject)
    )


def _of_alerts() -> Select[tuple[object, ...]]:
    """Unresolved alerts, and the silently ended ones of what still lasts."""
    of_outage = exists().where(outage.c.id == alert.c.outage, _OPEN)
    of_kendra = and_(
        _IS_KENDRA_ALERT,
        exists().where(
            state.c.subject_kind == SubjectKind.SITE,
            state.c.subject == alert.c.subject,
            state.c.since == alert.c.opened_at,
            state.c.status == Status.DOWN,
        ),
    )
    return select(alert).where(or_(_UNRESOLVED, of_outage, of_kendra)).order_by(alert.c.id)


_OUTAGES, _COUNTED, _KENDRAS, _ALERTS = _outages(), _counted(), _of_kendras(), _of_alerts()


@dataclass
class _Behind:
    """What an outage takes with it: sites that are down, and blocked villages by first failing layer."""

    sites: int = 0
    layers: Counter[str] = field(default_factory=Counter)

    def layer(self) -> Layer | None:
        return Layer(self.layers.most_common(1)[0][0]) if self.layers else None


def read_situation(connection: Connection, configs_since: datetime) -> Situation:
    """`configs_since`: from when on changes of configurations are wanted."""
    parents: dict[int, int] = {row.id: row.explained_by for row in connection.execute(_SHADOWS)}
    behind = _behind(connection, parents)
    outages = understood(connection.execute(_OUTAGES), lambda row: _outage_of(row, behind), "outage")
    keys = tuple(KeyChange(device, since) for device, since in changed_keys(connection).items())
    kendras, alerts = _kendras(connection, parents), _alerts(connection)
    return Situation(
        {each.id: each for each in outages}, kendras, alerts, keys, _configs(connection, configs_since),
        certificate_ends(connection), _flapping(connection),
    )  # fmt: skip


def _configs(connection: Connection, since: datetime) -> tuple[ConfigChange, ...]:
    return tuple(
        ConfigChange(event.device, event.at, int(event.detail["added"]), int(event.detail["removed"]))
        for event in config_changes(connection, since)
    )


def _flapping(connection: Connection) -> dict[Subject, datetime]:
    return {(SubjectKind(kind), subject): since for kind, subject, since in connection.execute(_FLAPPING)}


def _root(number: int, parents: Mapping[int, int]) -> int:
    while number in parents:
        number = parents[number]
    return number


def _behind(connection: Connection, parents: Mapping[int, int]) -> dict[int, _Behind]:
    found: dict[int, _Behind] = {}
    for row in connection.execute(_COUNTED):
        behind = found.setdefault(_root(row.outage, parents), _Behind())
        if row.subject_kind == SubjectKind.SITE:
            behind.sites += row.subjects
        elif row.layer:
            behind.layers[row.layer] += row.subjects
    return found


def _outage_of(row: Row[tuple[object, ...]], behind: Mapping[int, _Behind]) -> Outage:
    taken = behind.get(row.id, _Behind())
    return Outage(
        id=row.id,
        subject_kind=SubjectKind(row.subject_kind),
        subject=row.subject,
        status=Status(row.status),
        from_at=row.from_at,
        to_at=row.to_at,
        cause=cause_of(row),
        confidence=row.confidence,
        root=row.root,
        segment=tuple(json.loads(row.segment)),
        ring=row.ring,
        responsible=responsible_of(row),
        villages=row.villages,
        citizens=row.citizens,
        sites=taken.sites,
        heir=row.heir,
        unseen=row.unseen,
        layer=taken.layer(),
    )


def _kendras(connection: Connection, parents: Mapping[int, int]) -> tuple[KendraState, ...]:
    return tuple(
        KendraState(
            row.subject, Status(row.status), row.since, None if row.outage is None else _root(row.outage, parents)
        )
        for row in connection.execute(_KENDRAS)
    )


def _alerts(connection: Connection) -> tuple[Alert, ...]:
    return tuple(understood(connection.execute(_ALERTS), alert_of, "alert"))
