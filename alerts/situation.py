"""Reading what the rules look at. No area scope here: alerts are made for the whole inventory."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select, union

from alerts.model import Alert, KendraState, KeyChange, Outage, Rule, Situation
from alerts.rows import alert_of
from alerts.tables import alert
from collectors.config.keys import changed_keys
from inventory.model import SiteKind
from inventory.tables import site
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind
from readiness.tables import outage, state

_OPEN = outage.c.to_at.is_(None)
_UNRESOLVED = alert.c.resolved_at.is_(None)
_IS_KENDRA_ALERT = alert.c.rule == Rule.KENDRA_NOT_READY


@dataclass
class _Behind:
    """What an outage takes with it: sites that are down, and blocked villages by first failing layer."""

    sites: int = 0
    layers: Counter[str] = field(default_factory=Counter)

    def layer(self) -> Layer | None:
        return Layer(self.layers.most_common(1)[0][0]) if self.layers else None


def read_situation(connection: Connection) -> Situation:
    shadows = select(outage.c.id, outage.c.explained_by).where(_OPEN, outage.c.explained_by.is_not(None))
    parents: dict[int, int] = {row.id: row.explained_by for row in connection.execute(shadows)}
    behind = _behind(connection, parents)
    # Roots, and what an unresolved alert is about: a root of yesterday may be a shadow today.
    alerted = exists().where(alert.c.outage == outage.c.id, _UNRESOLVED)
    wanted = select(outage, _heir()).where(or_(and_(_OPEN, outage.c.root), alerted)).order_by(outage.c.id)
    outages = [_outage_of(row, behind) for row in connection.execute(wanted)]
    keys = tuple(KeyChange(device, since) for device, since in changed_keys(connection).items())
    return Situation({each.id: each for each in outages}, _kendras(connection, parents), _alerts(connection), keys)


def _heir() -> ColumnElement[bool]:
    other = outage.alias("other")
    same = and_(other.c.subject_kind == outage.c.subject_kind, other.c.subject == outage.c.subject)
    return (
        exists()
        .where(
            other.c.to_at.is_(None),
            other.c.status == Status.DOWN,
            or_(other.c.id == outage.c.explained_by, and_(same, other.c.id != outage.c.id)),
        )
        .label("heir")
    )


def _root(number: int, parents: Mapping[int, int]) -> int:
    while number in parents:
        number = parents[number]
    return number


def _behind(connection: Connection, parents: Mapping[int, int]) -> dict[int, _Behind]:
    counted = (
        select(state.c.outage, state.c.subject_kind, state.c.layer, func.count().label("subjects"))
        .where(
            state.c.outage.is_not(None),
            or_(
                and_(state.c.subject_kind == SubjectKind.SITE, state.c.status == Status.DOWN),
                and_(state.c.subject_kind == SubjectKind.VILLAGE, state.c.status == Readiness.BLOCKED),
            ),
        )
        .group_by(state.c.outage, state.c.subject_kind, state.c.layer)
    )
    found: dict[int, _Behind] = {}
    for row in connection.execute(counted):
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
        cause=Cause(row.cause),
        confidence=row.confidence,
        root=row.root,
        segment=tuple(json.loads(row.segment)),
        ring=row.ring,
        responsible=Responsible(row.responsible),
        villages=row.villages,
        citizens=row.citizens,
        sites=taken.sites,
        heir=row.heir,
        layer=taken.layer(),
    )


def _kendras(connection: Connection, parents: Mapping[int, int]) -> tuple[KendraState, ...]:
    down = select(state.c.subject).where(state.c.subject_kind == SubjectKind.SITE, state.c.status == Status.DOWN)
    alerted = select(alert.c.subject).where(_IS_KENDRA_ALERT, _UNRESOLVED)
    wanted = (
        select(state.c.subject, state.c.status, state.c.since, state.c.outage)
        .join(site, site.c.name == state.c.subject)
        .where(
            state.c.subject_kind == SubjectKind.SITE,
            site.c.kind == SiteKind.KENDRA,
            state.c.subject.in_(union(down, alerted)),  # each by its own index: most sites are up
        )
        .order_by(state.c.subject)
    )
    return tuple(
        KendraState(
            row.subject, Status(row.status), row.since, None if row.outage is None else _root(row.outage, parents)
        )
        for row in connection.execute(wanted)
    )


def _alerts(connection: Connection) -> tuple[Alert, ...]:
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
    wanted = select(alert).where(or_(_UNRESOLVED, of_outage, of_kendra)).order_by(alert.c.id)
    return tuple(alert_of(row) for row in connection.execute(wanted))
