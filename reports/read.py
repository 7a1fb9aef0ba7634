"""Reading what reports are made of."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, Engine, select

from inventory.model import Area, Inventory, Level, Names, SiteKind
from inventory.scope import Scope, areas_in
from inventory.tables import site
from readiness.model import Status, SubjectKind
from readiness.read import StateRow, states, unseen
from readiness.rules.uptime import split
from readiness.tables import transition
from reports.columns import COVERAGE
from reports.coverage import Parts, coverage
from reports.report import Report


def coverage_report(
    engine: Engine,
    inventory: Inventory,
    scope: Scope,
    *,
    level: Level,
    start: datetime,
    end: datetime,
    now: datetime,
    blind_since: datetime | None = None,
) -> Report:
    """The coverage of every area of `level` in scope as of `now`. Raises UnknownAreaError.

    From `blind_since` on nobody watched: present states and that time are unknown.
    """
    wanted = areas_in(inventory, scope)
    stored = [*states(engine, scope, SubjectKind.VILLAGE), *states(engine, scope, SubjectKind.SITE)]
    parts = gp_parts(engine, scope, stored, start, end, blind_since=blind_since) if level is Level.GP else {}
    known = [unseen(row, blind_since) for row in stored]
    return Report(
        name="coverage",
        title=Names("Coverage of e-services", "ई-सेवाओं की पहुँच"),
        area=inventory.areas[scope.area].names if scope.area else _whole(inventory),
        columns=COVERAGE,
        table=coverage(inventory, known, parts, scope=scope, level=level, now=now),
        districts=coverage(inventory, known, {}, scope=scope, level=Level.DISTRICT, now=now),
        as_of=now,
        start=start,
        end=end,
        sources=tuple(inventory.sources.values()),
        boundaries={key: wkb for key, wkb in inventory.boundaries.items() if key in wanted},
    )


def gp_parts(
    engine: Engine,
    scope: Scope,
    stored: Iterable[StateRow],
    start: datetime,
    end: datetime,
    *,
    blind_since: datetime | None = None,
) -> dict[str, Parts]:
    """How long each GP site in scope was seen in each status in [start, end), by site."""
    unknown: list[tuple[datetime, str]] = [(blind_since, Status.UNKNOWN)] if blind_since else []
    with engine.connect() as connection:
        changed: dict[str, Parts] = {
            name: split(first, [*changes, *unknown], start, end)
            for name, (first, changes) in _histories(connection, scope, start)
        }
    # Who has not changed since `start` has stood all the time as it stands now.
    sites = (state for state in stored if state.kind is SubjectKind.SITE)
    still: dict[str, Parts] = {state.subject: split(state.status, unknown, start, end) for state in sites}
    return still | changed


def _histories(
    connection: Connection, scope: Scope, start: datetime
) -> Iterator[tuple[str, tuple[str, list[tuple[datetime, str]]]]]:
    """Site, its status at `start`, and every change since."""
    at = transition.c
    query = (
        select(at.subject, at.at, at.from_status, at.to_status)
        .join(site, site.c.name == at.subject)
        .where(at.subject_kind == SubjectKind.SITE, site.c.kind == SiteKind.GP, scope.where_area(site.c.area))
        .where(at.at >= start, at.from_status != at.to_status)
        .order_by(at.subject, at.at, at.id)
    )
    for name, rows in groupby(connection.execute(query), key=lambda row: row.subject):
        changes = [(row.from_status, row.at, row.to_status) for row in rows]
        yield name, (changes[0][0], [(moment, after) for _, moment, after in changes])


def _whole(inventory: Inventory) -> Names:
    tops: list[Area] = [area for area in inventory.areas.values() if area.parent is None]
    return tops[0].names if len(tops) == 1 else Names("All areas", "सभी क्षेत्र")
