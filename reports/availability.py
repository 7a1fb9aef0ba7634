"""The availability report: how long sites and villages worked in a period, and what was in the way. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from inventory.columnar import at_rows, column, keys, rows_with
from inventory.holidays import Holidays
from inventory.hours import Hours, parse_hours
from inventory.model import Area, Device, Endpoint, Inventory, Level, Link, Site, SiteKind
from inventory.scope import Scope, areas_in, devices_in, links_in, site_rows, villages_in
from readiness.model import SubjectKind
from readiness.rules.availability import BUCKETS, CAUSES, PARTIES, Totals, bounds
from readiness.rules.spells import NONE, Millis, Positions
from readiness.rules.tallies import Tally
from reports.availability_columns import AVAILABILITY, ROOT_CAUSES, bucket_columns, party_columns
from reports.columns import Value, schema
from reports.places import Cells, Homes, area_cells, name_cells


class By(StrEnum):
    """What one row is about."""

    SITE = "site"
    DEVICE = "device"
    LINK = "link"
    ENDPOINT = "endpoint"
    VILLAGE = Level.VILLAGE
    GP = Level.GP
    BLOCK = Level.BLOCK
    SUBDISTRICT = Level.SUBDISTRICT
    DISTRICT = Level.DISTRICT
    STATE = Level.STATE


class About(StrEnum):
    """What one row of the SLA report is about: a subject of the contract, or an area."""

    SUBJECT = "subject"
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
    DEVICE = "device"
    LINK = "link"
    ENDPOINT = "endpoint"

    @property
    def kind(self) -> SubjectKind:
        sites = {Of.SITE, Of.GP, Of.KENDRA}
        return SubjectKind.SITE if self in sites else SubjectKind(self)


OWN_ROWS = {
    By.SITE: SubjectKind.SITE,
    By.VILLAGE: SubjectKind.VILLAGE,
    By.DEVICE: SubjectKind.DEVICE,
    By.LINK: SubjectKind.LINK,
    By.ENDPOINT: SubjectKind.ENDPOINT,
}
"""Rows that are about one subject each, and its kind."""

Item = Site | Area | Device | Link | Endpoint


@dataclass(frozen=True, slots=True)
class Counted:
    """The subjects of a report, all of one kind.

    Each has its area, its opening hours ("": not on record) and the days on which it is closed.
    """

    kind: SubjectKind
    names: tuple[str, ...]
    areas: tuple[str, ...]
    hours: tuple[str, ...]
    holidays: tuple[tuple[date, ...], ...]

    def at(self, places: Sequence[int]) -> Self:
        """Those in these places."""
        return type(self)(
            self.kind, tuple(self.names[n] for n in places), tuple(self.areas[n] for n in places),
            tuple(self.hours[n] for n in places), tuple(self.holidays[n] for n in places),
        )  # fmt: skip

    def only(self, name: str) -> Self:
        return self.at([self.names.index(name)])

    def parsed_hours(self) -> list[Hours | None]:
        calendars = list(zip(self.hours, self.holidays, strict=True))
        known = {
            (text, holidays): replace(parse_hours(text), holidays=holidays) if text else None
            for text, holidays in set(calendars)
        }
        return [known[calendar] for calendar in calendars]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows are about, in their order, and the row of each subject (NONE: of none)."""

    items: tuple[Item, ...]
    row_of: Positions
    hours: tuple[str, ...]  # empty for a row of several subjects


def counted(inventory: Inventory, scope: Scope, of: Of, holidays: Holidays) -> Counted:
    """Subjects in scope; endpoints are in every scope. Raises UnknownAreaError."""
    match of.kind:
        case SubjectKind.VILLAGE:
            return _villages(inventory, list(villages_in(inventory, scope)), holidays)
        case SubjectKind.DEVICE:
            devices = list(devices_in(inventory, scope))
            return _of_sites(inventory, of.kind, _names(devices), [device.site for device in devices], holidays)
        case SubjectKind.LINK:
            links = list(links_in(inventory, scope))
            ends = [inventory.devices[link.a_device].site for link in links]
            return _of_sites(inventory, of.kind, _names(links), ends, holidays)
        case SubjectKind.ENDPOINT:
            names = tuple(inventory.endpoints)
            none = ("",) * len(names)
            return Counted(of.kind, names, none, none, ((),) * len(names))
        case SubjectKind.SITE:
            sites = _sites_of(inventory, scope, of)
            return _of_sites(inventory, of.kind, tuple(sites), sites, holidays)


def _names(items: Sequence[Device] | Sequence[Link]) -> tuple[str, ...]:
    return tuple(item.name for item in items)


def _sites_of(inventory: Inventory, scope: Scope, of: Of) -> list[str]:
    """The names of the sites in scope whose time is counted."""
    kinds = [of.value] if of in {Of.GP, Of.KENDRA} else [kind.value for kind in SiteKind]
    rows = np.intersect1d(site_rows(inventory, scope), rows_with(inventory.sites, "kind", pa.array(kinds, pa.string())))
    names: list[str] = keys(inventory.sites).take(pa.array(rows)).to_pylist()
    return names


def _villages(inventory: Inventory, villages: Sequence[Area], holidays: Holidays) -> Counted:
    """A village has the hours and holidays of the kendra that serves it."""
    names, sites = tuple(village.key for village in villages), _Sites(inventory, holidays)
    serving = sites.rows([village.served_by or "" for village in villages])
    return Counted(SubjectKind.VILLAGE, names, names, sites.hours_of(serving), sites.closed(serving))


def _of_sites(
    inventory: Inventory, kind: SubjectKind, names: tuple[str, ...], sites: Sequence[str], holidays: Holidays
) -> Counted:
    """What stands at these sites. A site without hours has those of the first kendra of its area."""
    found = _Sites(inventory, holidays)
    rows = found.rows(sites)
    timed = found.timed(rows)
    return Counted(kind, names, tuple(found.areas[row] for row in rows), found.hours_of(timed), found.closed(timed))


class _Sites:
    """Areas and calendars of all sites, without making thousands of records; equal holidays are one value."""

    def __init__(self, inventory: Inventory, holidays: Holidays) -> None:
        self._inventory, self._holidays = inventory, holidays
        self._names = keys(inventory.sites)
        self.areas: list[str] = column(inventory.sites, "area").to_pylist()
        self._hours: list[str] = column(inventory.sites, "hours").to_pylist()
        self._of_area: dict[str, tuple[date, ...]] = {}

    def rows(self, names: Sequence[str]) -> list[int]:
        """The place of each of these sites, -1 where there is no such site."""
        found: list[int] = pc.fill_null(pc.index_in(pa.array(names, pa.string()), self._names), -1).to_pylist()
        return found

    def timed(self, rows: Sequence[int]) -> list[int]:
        """The site whose calendar counts for each: its own, or that of the first kendra of its area that has hours."""
        nearby: dict[str, int] = {}
        for row in rows_with(self._inventory.sites, "kind", pa.array([SiteKind.KENDRA.value])).tolist():
            if self._hours[row]:
                nearby.setdefault(self.areas[row], row)
        return [row if self._hours[row] else nearby.get(self.areas[row], row) for row in rows]

    def hours_of(self, rows: Sequence[int]) -> tuple[str, ...]:
        return tuple("" if row < 0 else self._hours[row] for row in rows)

    def closed(self, rows: Sequence[int]) -> tuple[tuple[date, ...], ...]:
        """The days on which each is closed."""
        names = self._names.take(pa.array([max(row, 0) for row in rows], pa.int64())).to_pylist() if rows else []
        return tuple(
            () if row < 0 else self._closed(name, self.areas[row]) for row, name in zip(rows, names, strict=True)
        )

    def _closed(self, name: str, area: str) -> tuple[date, ...]:
        if name in self._holidays.by_site:
            return self._holidays.of_site(self._inventory, self._inventory.sites[name])
        if area not in self._of_area:
            self._of_area[area] = self._holidays.of_area(self._inventory, area)
        return self._of_area[area]


def rows_of(inventory: Inventory, scope: Scope, subjects: Counted, by: By) -> Rows:
    """Raises UnknownAreaError."""
    if by in OWN_ROWS:
        kept: Mapping[SubjectKind, Mapping[str, Item]] = {
            SubjectKind.SITE: inventory.sites, SubjectKind.VILLAGE: inventory.areas, SubjectKind.DEVICE: inventory.devices,
            SubjectKind.LINK: inventory.links, SubjectKind.ENDPOINT: inventory.endpoints,
        }  # fmt: skip
        of_kind = kept[subjects.kind]
        return Rows(tuple(of_kind[name] for name in subjects.names), _each(subjects), subjects.hours)
    level, wanted = Level(by), areas_in(inventory, scope)
    areas = at_rows(inventory.areas, rows_with(inventory.areas, "level", pa.array([level.value])))
    items = tuple(area for area in areas if area.key in wanted)
    number, homes = {area.key: n for n, area in enumerate(items)}, Homes(inventory, level)
    row_of = [number.get(homes.of(area) or "", NONE) for area in subjects.areas]
    return Rows(items, np.array(row_of, np.int64), ("",) * len(items))


def _each(subjects: Counted) -> Positions:
    return np.arange(len(subjects.names), dtype=np.int64)


def availability(inventory: Inventory, rows: Rows, found: Totals, period_ms: int, *, now: datetime) -> pa.Table:
    """One row for each of `rows`, with the columns of AVAILABILITY; `found` has a row for each subject."""
    total = found.grouped(rows.row_of, len(rows.items))
    places = [item_cells(inventory, item) for item in rows.items]
    columns: dict[str, Iterable[Value] | Millis] = {
        name: [place.get(name) for place in places] for name in _PLACE_CELLS
    }
    columns |= {"hours": [text or None for text in rows.hours], "as_of": [now] * len(places)}
    columns |= _split(total.all_day, "") | _split(total.open, "hours_") | _upstream(total) | _parties(total)
    columns |= outage_cells(total.outages.seen, total.all_day[:, 0] + total.all_day[:, 1], "")
    low, high = bounds(total.all_day)
    columns |= outage_cells(total.outages.if_up, high, "_if_up") | outage_cells(total.outages.if_down, low, "_if_down")
    columns |= {"counted": total.subjects, "hours_counted": total.timed, "period_ms": total.subjects * period_ms}
    columns["hours_period_ms"] = total.open.sum(axis=1)
    columns |= _shares(total.all_day, "") | _shares(total.open, "hours_")
    arrays = [pa.array(columns[column.name], column.type) for column in AVAILABILITY]
    return pa.table(arrays, schema=schema(AVAILABILITY))


def item_cells(inventory: Inventory, item: Item) -> Cells:
    """What the row is about and where that lies; a link lies where its first end does, an endpoint nowhere."""
    match item:
        case Area():
            return {"row": item.key, "kind": item.level, **area_cells(inventory, item)}
        case Site():
            own: Cells = {"kind": item.kind, **name_cells(item.names)}
            return {**_site_cells(inventory, item), **own, "row": item.name}
        case Device():
            return {**_site_cells(inventory, inventory.sites[item.site]), "row": item.name, "kind": item.role}
        case Link():
            site = inventory.sites[inventory.devices[item.a_device].site]
            return {**_site_cells(inventory, site), "row": item.name, "kind": item.medium}
        case Endpoint():
            return {"row": item.code, "kind": "endpoint", **name_cells(item.names)}


def _site_cells(inventory: Inventory, site: Site) -> Cells:
    return {
        **area_cells(inventory, inventory.areas[site.area]),
        "lat": site.lat,
        "lon": site.lon,
        "approximate": "yes" if site.approximate else None,
    }


_PLACE_CELLS = tuple(column.name for column in AVAILABILITY[: [c.name for c in AVAILABILITY].index("counted")])


def _split(total: Millis, prefix: str) -> dict[str, Millis]:
    return {name: total[:, BUCKETS.index(bucket)] for bucket, name in bucket_columns(prefix).items()}


def _upstream(total: Totals) -> dict[str, Millis]:
    return {f"upstream_{cause}_ms": total.upstream[:, CAUSES.index(cause)] for cause in ROOT_CAUSES}


def _parties(total: Totals) -> dict[str, Millis]:
    return {name: total.party[:, PARTIES.index(party)] for party, name in party_columns().items()}


def outage_cells(told: Tally, worked: Millis, suffix: str) -> dict[str, Iterable[Value] | Millis]:
    """Number, mean time to repair and between failures, and the longest; `worked` is the time up in each row."""
    means = zip(told.ended_ms.tolist(), told.ended.tolist(), strict=True)
    between = zip(worked.tolist(), told.number.tolist(), strict=True)
    return {
        f"outages{suffix}": told.number,
        f"outages_ended{suffix}": told.ended,
        f"mttr{suffix}_ms": [down // ended if ended else None for down, ended in means],
        f"mtbf{suffix}_ms": [up // number if number else None for up, number in between],
        f"longest{suffix}_ms": told.longest_ms,
    }


def _shares(total: Millis, prefix: str) -> dict[str, list[float | None]]:
    whole = total.sum(axis=1).tolist()
    return {
        f"{prefix}available_percent_{bound}": _percent(part.tolist(), whole)
        for bound, part in zip(("low", "high"), bounds(total), strict=True)
    }


def _percent(parts: Sequence[int], wholes: Sequence[int]) -> list[float | None]:
    return [round(100 * part / whole, 4) if whole else None for part, whole in zip(parts, wholes, strict=True)]
