"""Areas through time: which version of each is in force on a day, and what then stands where.

Governments rename, move, split and merge areas. Each state of an area is a row with a period
[valid_from, valid_to); a report of an old period needs the areas of then.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from inventory.columnar import column
from inventory.model import Area, Inventory, Site

Versions = dict[str, tuple[Area, ...]]


def split(rows: Iterable[Area], day: date) -> tuple[dict[str, Area], Versions]:
    """(key -> the row in force on `day`, key -> its other rows by valid_from)."""
    current: dict[str, Area] = {}
    others: list[Area] = []
    for area in rows:
        if area.key not in current and area.in_force(day):
            current[area.key] = area
        else:
            others.append(area)
    return current, by_key(others)


def by_key(rows: Iterable[Area]) -> Versions:
    """Area key -> its rows, by valid_from."""
    found: dict[str, list[Area]] = {}
    for area in rows:
        found.setdefault(area.key, []).append(area)
    return {key: tuple(sorted(areas, key=begins)) for key, areas in found.items()}


def begins(area: Area) -> date:
    return area.valid_from or date.min


def ends(area: Area) -> date:
    return area.valid_to or date.max


def all_rows(inventory: Inventory) -> Iterator[Area]:
    """Every version of every area."""
    yield from inventory.areas.values()
    yield from inventory.area_versions.values()


def rows_of(inventory: Inventory, key: str) -> list[Area]:
    """Every version of one area, by valid_from."""
    current = [inventory.areas[key]] if key in inventory.areas else []
    return sorted([*inventory.versions.get(key, ()), *current], key=begins)


def as_of(inventory: Inventory, day: date) -> Inventory:
    """The inventory with the areas in force on `day`; itself where these are the same.

    A site whose area wasn't there yet stands in the next wider area that was. A boundary is that
    of today: those of areas whose extent was another are left out.
    """
    if _as_now(inventory, day):
        return inventory
    areas, versions = split(all_rows(inventory), day)
    sites = dict(_standing(inventory, areas, day))
    devices = {name: device for name, device in inventory.devices.items() if device.site in sites}
    links = {n: link for n, link in inventory.links.items() if link.a_device in devices and link.b_device in devices}
    altered = set(_altered(inventory.areas, areas))
    boundaries = {key: wkb for key, wkb in inventory.boundaries.items() if key in areas and key not in altered}
    return replace(
        inventory, areas=areas, versions=versions, sites=sites, devices=devices, links=links, boundaries=boundaries
    )


def turning_points(inventory: Inventory) -> list[date]:
    """The days on which any area begins or ends."""
    columns = (_days(inventory, field).unique().to_pylist() for field in ("valid_from", "valid_to"))
    older = ((area.valid_from, area.valid_to) for area in inventory.area_versions.values())
    return sorted({day for days in (*columns, *older) for day in days if day})


def _as_now(inventory: Inventory, day: date) -> bool:
    """Whether just the areas of today are in force on `day`."""
    begun = pc.less_equal(_days(inventory, "valid_from"), day).fill_null(fill_value=True)
    going_on = pc.greater(_days(inventory, "valid_to"), day).fill_null(fill_value=True)
    others = (area for area in inventory.area_versions.values() if area.key not in inventory.areas)
    every = pc.all(pc.and_(begun, going_on), min_count=0).as_py()
    return bool(every) and not any(area.in_force(day) for area in others)


def _days(inventory: Inventory, field: str) -> pa.Array:
    return column(inventory.areas, field).cast(pa.date32())


def _standing(inventory: Inventory, areas: Container[str], day: date) -> Iterator[tuple[str, Site]]:
    """(name, site) of the sites that stand in any of `areas`, each with its area there."""
    for name, site in inventory.sites.items():
        area: str | None = site.area
        while area is not None and area not in areas:
            area = _nearest(inventory, area, day).parent
        if area is not None:
            yield name, site if area == site.area else replace(site, area=area)


def _nearest(inventory: Inventory, key: str, day: date) -> Area:
    """The first row of an area after `day`, else its last."""
    rows = rows_of(inventory, key)
    return next((area for area in rows if begins(area) > day), rows[-1])


def _altered(one: Mapping[str, Area], other: Mapping[str, Area]) -> Iterator[str]:
    """Areas that an area left or joined between the two."""
    for key, area in one.items():
        if key in other and other[key].parent != area.parent:
            before, after = set(upward(one, area.parent)), set(upward(other, other[key].parent))
            yield from before ^ after


def upward(areas: Mapping[str, Area], key: str | None) -> Iterator[str]:
    """`key` and what lies around it, widest last; ends at a key that isn't in `areas`."""
    while key is not None and key in areas:
        yield key
        key = areas[key].parent
