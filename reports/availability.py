"""The availability report: how long sites and villages worked in a period, and what was in the way. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

import numpy as np
import pyarrow as pa

from inventory.hours import Hours, parse_hours
from inventory.model import Area, Inventory, Level, Site, SiteKind
from inventory.scope import Scope, areas_in, sites_in, villages_in
from readiness.model import SubjectKind
from readiness.rules.availability import BUCKETS, CAUSES, Totals, bounds
from readiness.rules.spells import NONE, Millis, Positions
from reports.availability_columns import AVAILABILITY, ROOT_CAUSES, bucket_columns
from reports.columns import Value, schema
from reports.places import Cells, Homes, area_cells


class By(StrEnum):
    """What one row is about."""

    SITE = "site"
    VILLAGE = Level.VILLAGE
    GP = Level.GP
    BLOCK = Level.BLOCK
    SUBDISTRICT = Level.SUBDISTRICT
    DISTRICT = Level.DISTRICT
    STATE = Level.STATE


class Of(StrEnum):
    """Whose time is counted."""

    VILLAGE = Level.VILLAGE
    SITE = "site"
    GP = SiteKind.GP
    KENDRA = SiteKind.KENDRA


@dataclass(frozen=True, slots=True)
class Counted:
    """The subjects of a report, all of one kind, each with its area and its opening hours ("": not on record)."""

    kind: SubjectKind
    names: tuple[str, ...]
    areas: tuple[str, ...]
    hours: tuple[str, ...]

    def only(self, name: str) -> Self:
        at = self.names.index(name)
        return type(self)(self.kind, (name,), (self.areas[at],), (self.hours[at],))

    def parsed_hours(self) -> list[Hours | None]:
        known = {text: parse_hours(text) if text else None for text in set(self.hours)}
        return [known[text] for text in self.hours]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows are about, in their order, and the row of each subject (NONE: of none)."""

    items: tuple[Site | Area, ...]
    row_of: Positions
    hours: tuple[str, ...]  # empty for a row of several subjects


def counted(inventory: Inventory, scope: Scope, of: Of) -> Counted:
    """Villages or sites in scope. Raises UnknownAreaError."""
    if of is Of.VILLAGE:
        villages = list(villages_in(inventory, scope))
        hours = tuple(_served_hours(inventory, village) for village in villages)
        keys = tuple(village.key for village in villages)
        return Counted(SubjectKind.VILLAGE, keys, keys, hours)
    kinds = {Of.GP: {SiteKind.GP}, Of.KENDRA: {SiteKind.KENDRA}}.get(of, set(SiteKind))
    sites = [site for site in sites_in(inventory, scope) if site.kind in kinds]
    nearby = _kendra_hours(inventory)
    return Counted(
        SubjectKind.SITE,
        tuple(site.name for site in sites),
        tuple(site.area for site in sites),
        tuple(site.hours or nearby.get(site.area, "") for site in sites),
    )


def _served_hours(inventory: Inventory, village: Area) -> str:
    kendra = inventory.sites.get(village.served_by or "")
    return kendra.hours if kendra else ""


def _kendra_hours(inventory: Inventory) -> Mapping[str, str]:
    """Area -> opening hours of its first kendra that has any."""
    found: dict[str, str] = {}
    for site in inventory.sites.values():
        if site.kind is SiteKind.KENDRA and site.hours:
            found.setdefault(site.area, site.hours)
    return found


def rows_of(inventory: Inventory, scope: Scope, subjects: Counted, by: By) -> Rows:
    """Raises UnknownAreaError."""
    if by is By.SITE:
        return Rows(tuple(inventory.sites[name] for name in subjects.names), _each(subjects), subjects.hours)
    if by is By.VILLAGE:
        return Rows(tuple(inventory.areas[name] for name in subjects.names), _each(subjects), subjects.hours)
    level, wanted = Level(by), areas_in(inventory, scope)
    items = tuple(area for key, area in inventory.areas.items() if area.level is level and key in wanted)
    number, homes = {area.key: n for n, area in enumerate(items)}, Homes(inventory, level)
    row_of = [number.get(homes.of(area) or "", NONE) for area in subjects.areas]
    return Rows(items, np.array(row_of, np.int64), ("",) * len(items))


def _each(subjects: Counted) -> Positions:
    return np.arange(len(subjects.names), dtype=np.int64)


def availability(inventory: Inventory, rows: Rows, found: Totals, period_ms: int, *, now: datetime) -> pa.Table:
    """One row for each of `rows`, with the columns of AVAILABILITY; `found` has a row for each subject."""
    total = found.grouped(rows.row_of, len(rows.items))
    places = [_item_cells(inventory, item) for item in rows.items]
    columns: dict[str, Iterable[Value] | Millis] = {
        name: [place.get(name) for place in places] for name in _PLACE_CELLS
    }
    columns |= {"hours": [text or None for text in rows.hours], "as_of": [now] * len(places)}
    columns |= _split(total.all_day, "") | _split(total.open, "hours_") | _upstream(total) | _outages(total)
    columns |= {"counted": total.subjects, "hours_counted": total.timed, "period_ms": total.subjects * period_ms}
    columns["hours_period_ms"] = total.open.sum(axis=1)
    columns |= _shares(total.all_day, "") | _shares(total.open, "hours_")
    arrays = [pa.array(columns[column.name], column.type) for column in AVAILABILITY]
    return pa.table(arrays, schema=schema(AVAILABILITY))


def _item_cells(inventory: Inventory, item: Site | Area) -> Cells:
    if isinstance(item, Area):
        return {"row": item.key, "kind": item.level, **area_cells(inventory, item)}
    return {
        **area_cells(inventory, inventory.areas[item.area]),
        "row": item.name,
        "kind": item.kind,
        "name_en": item.names.en,
        "name_hi": item.names.hi or None,
        "lat": item.lat,
        "lon": item.lon,
        "approximate": "yes" if item.approximate else None,
    }


_PLACE_CELLS = tuple(column.name for column in AVAILABILITY[: [c.name for c in AVAILABILITY].index("counted")])


def _split(total: Millis, prefix: str) -> dict[str, Millis]:
    return {name: total[:, BUCKETS.index(bucket)] for bucket, name in bucket_columns(prefix).items()}


def _upstream(total: Totals) -> dict[str, Millis]:
    return {f"upstream_{cause}_ms": total.upstream[:, CAUSES.index(cause)] for cause in ROOT_CAUSES}


def _outages(total: Totals) -> dict[str, Iterable[Value] | Millis]:
    told = total.outages
    means = zip(told.ended_ms.tolist(), told.ended.tolist(), strict=True)
    return {
        "outages": told.number,
        "outages_ended": told.ended,
        "mttr_ms": [down // ended if ended else None for down, ended in means],
        "longest_ms": told.longest_ms,
    }


def _shares(total: Millis, prefix: str) -> dict[str, list[float | None]]:
    whole = total.sum(axis=1).tolist()
    return {
        f"{prefix}available_percent_{bound}": _percent(part.tolist(), whole)
        for bound, part in zip(("low", "high"), bounds(total), strict=True)
    }


def _percent(parts: Sequence[int], wholes: Sequence[int]) -> list[float | None]:
    return [round(100 * part / whole, 4) if whole else None for part, whole in zip(parts, wholes, strict=True)]
