"""Announced work as it is stored: declared, called off, listed. The one source for judgement, alerts, pages and reports."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf

from sqlalchemy import ColumnElement, Engine, Row, and_, insert, or_, select, true, update

from inventory.model import Inventory, Site
from inventory.scope import Scope
from readiness.rules.graph import Graph
from readiness.rules.planned import Plans, Scene, Work
from readiness.tables import maintenance
from storage.engine import for_writing
from storage.types import FIRST, LAST, is_usual
from storage.understood import understood

_LONGEST = timedelta(days=31)
_READ_EACH_S = 10.0
_KEPT = timedelta(days=62)  # what is longer over changes no open outage


class MaintenanceError(ValueError):
    """Work that cannot be announced like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What somebody wants to announce."""

    kind: Scene
    subject: str
    start: datetime
    end: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class MaintenanceRow:
    id: int
    kind: Scene
    subject: str
    start: datetime
    end: datetime
    declared_at: datetime
    by: str
    reason: str
    cancelled_at: datetime | None
    cancelled_by: str

    @property
    def counts_from(self) -> datetime:
        """Nobody can announce afterwards what was an outage."""
        return max(self.start, self.declared_at)

    @property
    def counts_until(self) -> datetime:
        return self.end if self.cancelled_at is None else min(self.end, self.cancelled_at)

    def is_on(self, now: datetime) -> bool:
        return self.counts_from <= now < self.counts_until


def declare(engine: Engine, inventory: Inventory, announced: Announced, now: datetime) -> MaintenanceRow:
    """Store it; raises MaintenanceError. Whether the caller may is asked before."""
    _check(inventory, announced, now)
    row = {
        "subject_kind": announced.kind, "subject": announced.subject, "from_at": announced.start, "to_at": announced.end,
        "declared_at": now, "declared_by": announced.by, "reason": announced.reason,
    }  # fmt: skip
    with for_writing(engine).begin() as connection:
        number = connection.execute(insert(maintenance).values(row).returning(maintenance.c.id)).scalar_one()
    (found,) = _rows(engine, maintenance.c.id == number)
    return found


def _check(inventory: Inventory, announced: Announced, now: datetime) -> None:
    known = {Scene.DEVICE: inventory.devices, Scene.SITE: inventory.sites, Scene.AREA: inventory.areas}[announced.kind]
    if announced.subject not in known:
        raise MaintenanceError(f"there is no {announced.kind} {announced.subject!r} in the inventory")
    if not (is_usual(announced.start) and is_usual(announced.end)):
        raise MaintenanceError(f"work lies between {FIRST:%Y} and {LAST:%Y}")
    if announced.end <= announced.start:
        raise MaintenanceError("the work ends before it begins")
    if announced.end <= now:
        raise MaintenanceError("the work is over already: what was an outage stays one")
    if announced.end - announced.start > _LONGEST:
        raise MaintenanceError(f"work is announced for at most {_LONGEST.days} days at once")
    if not announced.by.strip() or not announced.reason.strip():
        raise MaintenanceError("say who does the work, and what it is")


def cancel(engine: Engine, scope: Scope, number: int, by: str, now: datetime) -> MaintenanceRow | None:
    """Call work off, or end it early; None where there is none in the scope. Doing so again changes nothing."""
    table = maintenance.c
    wanted = and_(table.id == number, table.cancelled_at.is_(None), table.to_at > now, _in_scope(scope))
    with for_writing(engine).begin() as connection:
        connection.execute(update(maintenance).where(wanted).values(cancelled_at=now, cancelled_by=by))
    return next(iter(_rows(engine, table.id == number, _in_scope(scope))), None)


def listed(engine: Engine, scope: Scope, *, since: datetime, limit: int = 1000) -> list[MaintenanceRow]:
    """Work that ends after `since` on what lies in the scope, by when it begins."""
    return _rows(engine, maintenance.c.to_at > since, _in_scope(scope))[:limit]


def areas_over(inventory: Inventory, site: Site) -> set[str]:
    """The areas that hold a site, at every level."""
    around, area = set[str](), site.area
    while area in inventory.areas and area not in around:
        around.add(area)
        area = inventory.areas[area].parent or ""
    return around


def at_site(engine: Engine, inventory: Inventory, site: Site, now: datetime) -> list[MaintenanceRow]:
    """What goes on at a site: announced for it, for one of its devices, or for an area that holds it."""
    around = areas_over(inventory, site)

    def is_here(row: MaintenanceRow) -> bool:
        match row.kind:
            case Scene.SITE:
                return row.subject == site.name
            case Scene.AREA:
                return row.subject in around
        return row.subject in inventory.devices and inventory.devices[row.subject].site == site.name

    return [row for row in _rows(engine, maintenance.c.to_at > now) if row.is_on(now) and is_here(row)]


def _rows(engine: Engine, *conditions: ColumnElement[bool]) -> list[MaintenanceRow]:
    query = select(maintenance).where(*conditions).order_by(maintenance.c.from_at, maintenance.c.id)
    with engine.connect() as connection:
        return list(understood(connection.execute(query), _row, "maintenance"))


def _row(row: Row[tuple[object, ...]]) -> MaintenanceRow:
    return MaintenanceRow(
        row.id, Scene(row.subject_kind), row.subject, row.from_at, row.to_at, row.declared_at, row.declared_by,
        row.reason, row.cancelled_at, row.cancelled_by,
    )  # fmt: skip


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    if scope.area is None:
        return true()
    kind, subject = maintenance.c.subject_kind, maintenance.c.subject
    return or_(
        and_(kind == Scene.DEVICE, scope.where_device(subject)),
        and_(kind == Scene.SITE, scope.where_site(subject)),
        and_(kind == Scene.AREA, scope.where_area(subject)),
    )


def is_in_scope(inventory: Inventory, scope: Scope, kind: Scene, subject: str) -> bool:
    """Whether who is limited to `scope` may announce work there."""
    if scope.area is None:
        return True
    inside = frozenset(inventory.within(scope.area)) if scope.area in inventory.areas else frozenset[str]()
    if kind is Scene.AREA:
        return subject in inside
    site = subject
    if kind is Scene.DEVICE:
        site = inventory.devices[subject].site if subject in inventory.devices else ""
    return site in inventory.sites and inventory.sites[site].area in inside


class Calendar:
    """The announced work that may still count, as judgement needs it; read anew now and then."""

    def __init__(self, engine: Engine, inventory: Inventory, graph: Graph) -> None:
        self._engine, self._inventory, self._graph = engine, inventory, graph
        self._rows: list[MaintenanceRow] = []
        self._read_at = -inf
        self.plans = Plans(graph)

    def refresh(self, now: float) -> bool:
        """Whether something else is announced than before; raises SQLAlchemyError."""
        if 0 <= now - self._read_at < _READ_EACH_S:
            return False
        self._read_at = now  # before it is tried: a store that is away is not asked each second
        rows = _rows(self._engine, maintenance.c.to_at > datetime.fromtimestamp(now, UTC) - _KEPT)
        if rows == self._rows:
            return False
        counting = [row for row in rows if row.counts_from < row.counts_until]
        self._rows = rows
        self.plans = Plans(self._graph, [_work(row) for row in counting], self._areas)
        return True

    def _areas(self, site: str) -> set[str]:
        return areas_over(self._inventory, self._inventory.sites[site])


def _work(row: MaintenanceRow) -> Work:
    start, end = row.counts_from.timestamp(), row.counts_until.timestamp()
    return Work(row.id, row.kind, row.subject, start, end, row.by, row.reason)
