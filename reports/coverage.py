"""The coverage report: who can get services now, area by area. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from inventory.model import Area, Inventory, Level, Names, Site, SiteKind
from inventory.scope import Scope, areas_in
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.read import StateRow
from reports.columns import COVERAGE, Value, schema

Parts = Mapping[str, timedelta]
"""How long a subject was seen in each status; the parts add up to the period."""

_SERVED = frozenset({Readiness.READY, Readiness.DEGRADED})
_WORKS = frozenset({Status.UP, Status.DEGRADED})
_LAYERS = list(Layer)
_SECOND = timedelta(seconds=1)
_NEVER_SEEN: Parts = {Status.UNKNOWN: _SECOND}
_Cells = dict[str, Value]


_States = Mapping[tuple[SubjectKind, str], StateRow]


@dataclass(frozen=True, slots=True)
class _Seen:
    states: _States
    parts: Mapping[str, Parts]
    now: datetime


@dataclass
class _Contents:
    """What lies in one area."""

    villages: list[Area] = field(default_factory=list)
    kendras: list[Site] = field(default_factory=list)
    gp_site: Site | None = None


def coverage(
    inventory: Inventory,
    states: Iterable[StateRow],
    parts: Mapping[str, Parts],
    *,
    scope: Scope,
    level: Level,
    now: datetime,
) -> pa.Table:
    """One row for each area of `level` in scope, with the columns of COVERAGE.

    `states` holds at least the villages and sites in scope; who isn't among them is unknown.
    `parts` is what GP sites were seen in over the report's period, by site. Raises UnknownAreaError.
    """
    wanted = areas_in(inventory, scope)
    seen = _Seen({(state.kind, state.subject): state for state in states}, parts, now)
    contents = _contents(inventory, level, wanted)
    rows = [
        _row(inventory, area, contents[area.key], seen)
        for area in inventory.areas.values()
        if area.level is level and area.key in wanted
    ]
    return pa.Table.from_pylist(rows, schema=schema(COVERAGE))


def _contents(inventory: Inventory, level: Level, wanted: frozenset[str]) -> defaultdict[str, _Contents]:
    found: defaultdict[str, _Contents] = defaultdict(_Contents)
    homes: dict[str, str | None] = {}
    for key in wanted:
        home = _home(inventory, key, level, homes)
        if home is not None and inventory.areas[key].level is Level.VILLAGE:
            found[home].villages.append(inventory.areas[key])
    for site in inventory.sites.values():
        home = _home(inventory, site.area, level, homes) if site.area in wanted else None
        if home is None:
            continue
        if site.kind is SiteKind.KENDRA:
            found[home].kendras.append(site)
        elif site.kind is SiteKind.GP and level is Level.GP and found[home].gp_site is None:
            found[home].gp_site = site
    return found


def _home(inventory: Inventory, key: str, level: Level, homes: dict[str, str | None]) -> str | None:
    """The area of `level` that holds `key`; `homes` remembers what was asked before."""
    if key not in homes:
        area = inventory.areas[key]
        if area.level is level:
            homes[key] = key
        else:
            homes[key] = None if area.parent is None else _home(inventory, area.parent, level, homes)
    return homes[key]


def _row(inventory: Inventory, area: Area, held: _Contents, seen: _Seen) -> _Cells:
    return {
        **_place(inventory, area),
        **_villages(held.villages, seen.states),
        **_kendras(held.kendras, seen.states),
        **_gp_site(held.gp_site, seen),
        "as_of": seen.now,
    }


def _place(inventory: Inventory, area: Area) -> _Cells:
    around = {Level.BLOCK: None, Level.DISTRICT: None} | {a.level: a for a in _ancestry(inventory, area)}
    cells: _Cells = {
        "area": area.key,
        "code": area.code,
        "code_source": area.code_source,
        "name_en": area.names.en,
        "name_hi": area.names.hi or None,
        "lat": area.lat,
        "lon": area.lon,
    }
    for level in (Level.BLOCK, Level.DISTRICT):
        holder = around[level]
        names = holder.names if holder else Names("")
        cells |= {
            f"{level}_code": holder.code if holder else None,
            f"{level}_en": names.en or None,
            f"{level}_hi": names.hi or None,
        }
    return cells


def _ancestry(inventory: Inventory, area: Area) -> Iterable[Area]:
    yield area
    while area.parent is not None:
        area = inventory.areas[area.parent]
        yield area


def _villages(villages: Sequence[Area], known: _States) -> _Cells:
    states = [known.get((SubjectKind.VILLAGE, village.key)) for village in villages]
    status = [Readiness.UNKNOWN if state is None else Readiness(state.status) for state in states]
    counted = Counter(status)
    served = sum(counted[each] for each in _SERVED)
    layers = Counter(state.layer for state in states if state and state.layer and state.status == Readiness.BLOCKED)
    return {
        "villages_total": len(villages),
        **{f"villages_{each}": counted[each] for each in Readiness},
        "served_percent_low": _percent(served, len(villages)),
        "served_percent_high": _percent(served + counted[Readiness.UNKNOWN], len(villages)),
        "first_failing_layer": min(layers, key=lambda each: (-layers[each], _LAYERS.index(each)), default=None),
        **_citizens(villages, status),
    }


def _citizens(villages: Sequence[Area], status: Sequence[Readiness]) -> _Cells:
    """Empty, never 0, where no population is on record."""
    people = [(v.population, each) for v, each in zip(villages, status, strict=True) if v.population is not None]
    known = sum(number for number, _ in people)
    return {
        "citizens_total": known if people and len(people) == len(villages) else None,
        "citizens_known": known if people else None,
        "citizens_served": sum(number for number, each in people if each in _SERVED) if people else None,
    }


def _kendras(kendras: Sequence[Site], known: _States) -> _Cells:
    status = [_status(kendra, known) for kendra in kendras]
    return {
        "kendras_total": len(kendras),
        "kendras_ready": sum(each in _WORKS for each in status),
        "kendras_unknown": status.count(Status.UNKNOWN),
    }


def _gp_site(site: Site | None, seen: _Seen) -> _Cells:
    parts = seen.parts.get(site.name, _NEVER_SEEN) if site else {}
    period = sum(parts.values(), timedelta())
    worked = sum((parts.get(each, timedelta()) for each in _WORKS), timedelta())
    unseen = parts.get(Status.UNKNOWN, timedelta())
    state = seen.states.get((SubjectKind.SITE, site.name)) if site else None
    return {
        "gp_status": _status(site, seen.states) if site else None,
        "gp_since": state.since if state else None,
        "gp_seen_up_percent_low": _percent(worked / _SECOND, period / _SECOND),
        "gp_seen_up_percent_high": _percent((worked + unseen) / _SECOND, period / _SECOND),
    }


def _status(site: Site, known: _States) -> Status:
    state = known.get((SubjectKind.SITE, site.name))
    return Status.UNKNOWN if state is None else Status(state.status)


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None
