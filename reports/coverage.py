"""The coverage report: who can get services now, area by area. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from inventory import rollout
from inventory.model import Area, GpRollout, Inventory, Level, Site, SiteKind
from inventory.scope import Scope, areas_in
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.read import StateRow
from readiness.rules.uptime import last_day
from reports.columns import COVERAGE, schema
from reports.places import Cells, Homes, area_cells

Worked = Mapping[tuple[SubjectKind, str], tuple[int, int]]
"""Milliseconds of a period in which a subject worked at least, and at most; who isn't in it was never seen."""

_SERVED = frozenset({Readiness.READY, Readiness.DEGRADED})
_WORKS = frozenset({Status.UP, Status.DEGRADED})
_LAYERS = list(Layer)
_States = Mapping[tuple[SubjectKind, str], StateRow]


@dataclass(frozen=True, slots=True)
class _Seen:
    states: _States
    worked: Worked
    period_ms: int
    at: datetime
    claims: Mapping[str, GpRollout]


@dataclass
class _Contents:
    """What lies in one area."""

    villages: list[Area] = field(default_factory=list)
    kendras: list[Site] = field(default_factory=list)
    gp_site: Site | None = None
    gps: list[str] = field(default_factory=list)


def coverage(
    inventory: Inventory,
    states: Iterable[StateRow],
    worked: Worked,
    *,
    scope: Scope,
    level: Level,
    period_ms: int,
    at: datetime,
) -> pa.Table:
    """One row for each area of `level` in scope, with the columns of COVERAGE.

    `states` holds the villages and sites in scope at the moment `at`, the end of the period of `period_ms`;
    who isn't among them is unknown. Raises UnknownAreaError.
    """
    wanted = areas_in(inventory, scope)
    claims = rollout.gps(inventory, last_day(at))
    seen = _Seen({(state.kind, state.subject): state for state in states}, worked, period_ms, at, claims)
    contents = _contents(inventory, level, wanted)
    rows = [
        _row(inventory, area, contents[area.key], seen)
        for area in inventory.areas.values()
        if area.level is level and area.key in wanted
    ]
    return pa.Table.from_pylist(rows, schema=schema(COVERAGE))


def _contents(inventory: Inventory, level: Level, wanted: frozenset[str]) -> defaultdict[str, _Contents]:
    found: defaultdict[str, _Contents] = defaultdict(_Contents)
    homes = Homes(inventory, level)
    for key in wanted:
        home = homes.of(key)
        if home is not None and inventory.areas[key].level is Level.VILLAGE:
            found[home].villages.append(inventory.areas[key])
        elif home is not None and inventory.areas[key].level is Level.GP:
            found[home].gps.append(key)
    for site in inventory.sites.values():
        home = homes.of(site.area) if site.area in wanted else None
        if home is None:
            continue
        if site.kind is SiteKind.KENDRA:
            found[home].kendras.append(site)
        elif site.kind is SiteKind.GP and level is Level.GP and found[home].gp_site is None:
            found[home].gp_site = site
    return found


def _row(inventory: Inventory, area: Area, held: _Contents, seen: _Seen) -> Cells:
    return {
        **area_cells(inventory, area),
        **_villages(held.villages, seen),
        **_kendras(held.kendras, seen.states),
        **_rollout(area, held.gps, seen.claims),
        **_gp_site(held.gp_site, seen),
        "as_of": seen.at,
    }


def _villages(villages: Sequence[Area], seen: _Seen) -> Cells:
    subjects = [(SubjectKind.VILLAGE, village.key) for village in villages]
    states = [seen.states.get(subject) for subject in subjects]
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
        **_shares("served_time_percent", subjects, seen),
    }


def _citizens(villages: Sequence[Area], status: Sequence[Readiness]) -> Cells:
    """Empty, never 0, where no population is on record."""
    people = [(v.population, each) for v, each in zip(villages, status, strict=True) if v.population is not None]
    known = sum(number for number, _ in people)
    return {
        "citizens_total": known if people and len(people) == len(villages) else None,
        "citizens_known": known if people else None,
        "citizens_served": sum(number for number, each in people if each in _SERVED) if people else None,
    }


def _kendras(kendras: Sequence[Site], known: _States) -> Cells:
    status = [_status(kendra, known) for kendra in kendras]
    return {
        "kendras_total": len(kendras),
        "kendras_ready": sum(each in _WORKS for each in status),
        "kendras_unknown": status.count(Status.UNKNOWN),
    }


def _rollout(area: Area, gps: Sequence[str], claims: Mapping[str, GpRollout]) -> Cells:
    stated = [claims[key].state for key in gps if key in claims]
    return {
        "gps_total": len(gps),
        "gps_uncommissioned": sum(state in rollout.UNCOMMISSIONED for state in stated),
        "gp_rollout": str(stated[0]) if stated and area.level is Level.GP else None,
    }


def _gp_site(site: Site | None, seen: _Seen) -> Cells:
    subjects = [(SubjectKind.SITE, site.name)] if site else []
    state = seen.states.get((SubjectKind.SITE, site.name)) if site else None
    return {
        "gp_status": _status(site, seen.states) if site else None,
        "gp_since": state.since if state else None,
        **_shares("gp_seen_up_percent", subjects, seen),
    }


def _shares(name: str, subjects: Sequence[tuple[SubjectKind, str]], seen: _Seen) -> Cells:
    """The share of the period in which they worked, if none did in unobserved time, and if all did."""
    never = (0, seen.period_ms)
    parts = [seen.worked.get(subject, never) for subject in subjects]
    whole = seen.period_ms * len(subjects)
    return {
        f"{name}_low": _percent(sum(p[0] for p in parts), whole),
        f"{name}_high": _percent(sum(p[1] for p in parts), whole),
    }


def _status(site: Site, known: _States) -> Status:
    state = known.get((SubjectKind.SITE, site.name))
    return Status.UNKNOWN if state is None else Status(state.status)


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None
