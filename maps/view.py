"""What a map of an area shows: its parts, villages and sites, in one fixed order.

Everything that travels apart from the geometry (statuses, changes) names a village or a site by
its position in this order. What lies in one area stands together in it, so the order of an area's
own map is a stretch of the order of every wider map.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import shapely
from shapely.geometry.base import BaseGeometry

from inventory.model import Area, Inventory, Level, Site

Position = tuple[float, float]
"""Longitude, latitude; degrees, WGS 84."""


@dataclass(frozen=True)
class MapView:
    """The map of `area` (None: the whole inventory).

    `parts` are the areas it is broken down by: districts of a state, blocks of a district.
    `districts` and `blocks` are all of these levels, `area` included. `part_of`, `village_at` and `site_at` run parallel to `villages` and `sites`; a part of -1 is
    a village directly in `area`, a position of None is a place nobody has located.
    """

    area: Area | None
    parts: tuple[Area, ...]
    villages: tuple[Area, ...]
    part_of: tuple[int, ...]
    village_at: tuple[Position | None, ...]
    sites: tuple[Site, ...]
    site_at: tuple[Position | None, ...]
    outlines: dict[str, BaseGeometry]
    districts: tuple[Area, ...]
    blocks: tuple[Area, ...]

    @cached_property
    def order(self) -> str:
        """Names this order of villages and sites: numbers of another one mean other places."""
        keys = "\n".join((*self.village_index, "", *self.site_index))
        return hashlib.sha256(keys.encode()).hexdigest()[:16]

    @cached_property
    def approximate(self) -> bool:
        """Whether an outline of the map is derived, not official."""
        return any(area.boundary_approximate for area in (*self.districts, *self.blocks))

    @cached_property
    def village_index(self) -> dict[str, int]:
        return {village.key: number for number, village in enumerate(self.villages)}

    @cached_property
    def site_index(self) -> dict[str, int]:
        return {site.name: number for number, site in enumerate(self.sites)}

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all that is drawn, with a margin; of India where nothing is."""
        points = [at for at in (*self.village_at, *self.site_at) if at]
        found = shapely.total_bounds([*self.outlines.values(), *(shapely.Point(at) for at in points)])
        if not self.outlines and not points:
            return 68.0, 6.5, 97.5, 37.5
        margin = max(0.01, 0.02 * max(found[2] - found[0], found[3] - found[1]))
        west, south, east, north = (float(edge) for edge in found)
        return west - margin, south - margin, east + margin, north + margin


def view_of(inventory: Inventory, area: str | None) -> MapView:
    """The map of the area with that key, or of everything; KeyError where there is no such area."""
    keys = _in_order(inventory, area)
    areas = [inventory.areas[key] for key in keys]
    parts = _parts(inventory, area)
    part_of = {key: number for number, part in enumerate(parts) for key in inventory.within(part.key)}
    villages = tuple(found for found in areas if found.level is Level.VILLAGE)
    sites = _sites(inventory, keys)
    return MapView(
        area=inventory.areas[area] if area else _single_root(inventory),
        parts=parts,
        villages=villages,
        part_of=tuple(part_of.get(village.key, -1) for village in villages),
        village_at=tuple(_where(inventory, village) for village in villages),
        sites=sites,
        site_at=tuple(_point(site.lon, site.lat) for site in sites),
        outlines=_outlines(inventory, area, parts),
        districts=tuple(found for found in areas if found.level is Level.DISTRICT),
        blocks=tuple(found for found in areas if found.level is Level.BLOCK),
    )


def _in_order(inventory: Inventory, area: str | None) -> tuple[str, ...]:
    roots = [area] if area else [root.key for root in inventory.areas.values() if root.parent is None]
    return tuple(key for root in roots for key in inventory.within(root))


def _sites(inventory: Inventory, areas: Iterable[str]) -> tuple[Site, ...]:
    standing: dict[str, list[Site]] = {}
    for site in inventory.sites.values():
        standing.setdefault(site.area, []).append(site)
    return tuple(site for area in areas for site in standing.get(area, ()))


def _single_root(inventory: Inventory) -> Area | None:
    roots = [area for area in inventory.areas.values() if area.parent is None]
    return roots[0] if len(roots) == 1 else None


def _parts(inventory: Inventory, area: str | None) -> tuple[Area, ...]:
    root = inventory.areas[area] if area else _single_root(inventory)
    if root is None:
        return tuple(a for a in inventory.areas.values() if a.parent is None)
    children = (inventory.areas[key] for key in inventory.children.get(root.key, ()))
    return tuple(sorted((c for c in children if c.level is not Level.VILLAGE), key=lambda c: c.names.en))


def _where(inventory: Inventory, village: Area) -> Position | None:
    """The village's own position, else that of its gram panchayat; one that is known by its tehsil only is nowhere."""
    own = _point(village.lon, village.lat)
    above = inventory.areas.get(village.parent or "")
    return own or (_point(above.lon, above.lat) if above and above.level is Level.GP else None)


def _point(lon: float | None, lat: float | None) -> Position | None:
    return None if lon is None or lat is None else (round(lon, 5), round(lat, 5))


def _outlines(inventory: Inventory, area: str | None, parts: Iterable[Area]) -> dict[str, BaseGeometry]:
    """Boundaries of the parts, or of the area itself where its parts have none, thinned for the screen."""
    keys = [part.key for part in parts if part.key in inventory.boundaries]
    if not keys and area in inventory.boundaries:
        keys = [area] if area else []
    if not keys:
        return {}
    shapes = shapely.from_wkb([inventory.boundaries[key] for key in keys])
    west, south, east, north = shapely.total_bounds(shapes)
    # A coverage keeps the borders that neighbours share in one piece. The tolerance is the side of the
    # smallest bulge that is kept: about a pixel of a state on a phone.
    width = max(east - west, north - south)
    thinned = shapely.coverage_simplify(shapes, width / (350 if len(keys) > 1 else 1500))
    return dict(zip(keys, thinned, strict=True))
