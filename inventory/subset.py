"""A smaller inventory out of a large one, for trying things out: whole districts of it."""

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import replace

from inventory.model import Area, Inventory, Level, SiteKind
from inventory.periods import upward
from inventory.places import areas_above


def subset(inventory: Inventory, gps: int) -> Inventory:
    """The fewest small districts that hold at least `gps` gram panchayats, and the NOC.

    Rings and trees stay whole, since none crosses a district.
    """
    district_of = areas_above(inventory, Level.DISTRICT)
    sizes = Counter(
        district_of[a.key] for a in inventory.areas.values() if a.level is Level.GP and a.key in district_of
    )
    chosen = set(_enough(sizes, gps))
    noc_areas = {s.area for s in inventory.sites.values() if s.kind is SiteKind.NOC}
    needed = {above for area in noc_areas for above in upward(inventory.areas, area)}
    areas = {
        key: area
        for key, area in inventory.areas.items()
        if area.level is Level.STATE or key in needed or district_of.get(key) in chosen
    }
    sites = {
        name: site
        for name, site in inventory.sites.items()
        if site.kind is SiteKind.NOC or district_of.get(site.area) in chosen
    }
    devices = {name: device for name, device in inventory.devices.items() if device.site in sites}
    links = {n: link for n, link in inventory.links.items() if link.a_device in devices and link.b_device in devices}
    return replace(
        inventory,
        areas={key: _as_today(area, sites.keys()) for key, area in areas.items()},
        versions={},
        sites=sites,
        devices=devices,
        links=links,
        boundaries={key: shape for key, shape in inventory.boundaries.items() if key in areas},
        gp_rollout={key: row for key, row in inventory.gp_rollout.items() if row.area in areas},
    )


def _enough(sizes: Counter[str], wanted: int) -> Iterator[str]:
    total = 0
    for district, size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
        if total >= wanted:
            return
        total += size
        yield district


def _as_today(area: Area, sites: Container[str]) -> Area:
    """The area without its past, which may lie in other districts, and without a kendra that stands in one."""
    served_by = area.served_by if area.served_by in sites else None
    return replace(area, served_by=served_by, valid_from=None, valid_to=None)
