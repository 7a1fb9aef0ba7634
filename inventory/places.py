"""Whether coordinates can be right."""

from collections.abc import Iterable, Iterator, Sequence
from math import asin, cos, sin, sqrt
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from inventory.cells import quoted
from inventory.columnar import column, keys
from inventory.model import Inventory, Level

SOUTH, NORTH, WEST, EAST = 6.0, 38.0, 68.0, 98.0
"""Around India: none of its latitudes is one of its longitudes, so a swap shows."""
FAR_KM = 10.0
"""Farther outside a boundary than its generalisation and a wrong hamlet explain."""
_EARTH_KM = 6371.0


class Place(NamedTuple):
    key: str
    area: str
    lat: float | None
    lon: float | None


class Stray(NamedTuple):
    place: Place
    area: str  # outside of which it lies
    km: float  # distance to the boundary


def area_places(inventory: Inventory) -> Iterator[Place]:
    return (Place(key, key, area.lat, area.lon) for key, area in inventory.areas.items())


def site_places(inventory: Inventory) -> Iterator[Place]:
    return (Place(key, site.area, site.lat, site.lon) for key, site in inventory.sites.items())


def misplaced(inventory: Inventory, places: Sequence[Place]) -> Iterator[tuple[str, str, str]]:
    """(key, column, reason) of each wrong position.

    A place far outside its state is wrong where the state's boundary is known, its own or those
    of all its districts.
    """
    for place in places:
        if wrong := wrong_position(place.lat, place.lon):
            yield place.key, *wrong
    for stray in strays(inventory, places, Level.STATE):
        yield stray.place.key, "lat", f"and lon lie {stray.km:.0f} km outside {quoted(stray.area)}"


def wrong_position(lat: float | None, lon: float | None) -> tuple[str, str] | None:
    """(column, reason) where the coordinates can't be those of a place in India."""
    if lat is None or lon is None:
        return None if lat is lon else ("lat", "and lon go together")
    if WEST <= lat <= EAST and SOUTH <= lon <= NORTH:
        return "lat", f"{lat:g}, lon {lon:g} look swapped"
    if not (SOUTH <= lat <= NORTH and WEST <= lon <= EAST):
        return "lat", f"{lat:g}, lon {lon:g} is not in India (lat 6 to 38, lon 68 to 98)"
    return None


def strays(inventory: Inventory, places: Iterable[Place], level: Level) -> Iterator[Stray]:
    """Places more than FAR_KM outside the boundary of their area of that level, where it is known."""
    if not inventory.boundaries:
        return
    groups: dict[str, list[Place]] = {}
    above = areas_above(inventory, level)
    for place in places:
        if place.lat is not None and place.lon is not None and wrong_position(place.lat, place.lon) is None:
            groups.setdefault(above.get(place.area, ""), []).append(place)
    for area, members in groups.items():
        if shapes := [shapely.from_wkb(inventory.boundaries[key]) for key in drawn_by(inventory, area)]:
            yield from (Stray(place, area, km) for place, km in _outside(shapes, members))


def areas_above(inventory: Inventory, level: Level) -> dict[str, str]:
    """Area -> the area of `level` that holds it, for all areas that lie in one; each is its own."""
    names = keys(inventory.areas)
    parents = pc.index_in(column(inventory.areas, "parent").cast(pa.string()), value_set=names).fill_null(-1).to_numpy()
    wanted = pc.equal(column(inventory.areas, "level").cast(pa.string()), level.value).to_numpy(zero_copy_only=False)
    found = np.where(wanted, np.arange(len(names)), -1)
    for _ in Level:  # a parent is wider, so that there are no more steps
        found = np.where((found < 0) & (parents >= 0), found[parents], found)
    held = np.flatnonzero(found >= 0)
    return dict(zip(names.take(pa.array(held)).to_pylist(), names.take(pa.array(found[held])).to_pylist(), strict=True))


def drawn_by(inventory: Inventory, area: str) -> tuple[str, ...]:
    """The areas whose boundaries make up that of `area`: itself, or all its districts; none where one is missing."""
    if area in inventory.boundaries:
        return (area,)
    keys = tuple(key for key in inventory.children.get(area, ()) if inventory.areas[key].level is Level.DISTRICT)
    return keys if all(key in inventory.boundaries for key in keys) else ()


def _outside(shapes: Sequence[shapely.Geometry], members: Sequence[Place]) -> Iterator[tuple[Place, float]]:
    lon = np.array([place.lon for place in members], dtype=np.float64)
    lat = np.array([place.lat for place in members], dtype=np.float64)
    for i in np.flatnonzero(~_covered(shapes, lon, lat)):
        km = min(_distance_km(shape, float(lon[i]), float(lat[i])) for shape in shapes)
        if km > FAR_KM:
            yield members[int(i)], km


def _covered(
    shapes: Sequence[shapely.Geometry], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which points lie in any of the shapes."""
    inside = np.zeros(len(lon), dtype=np.bool_)
    for shape in shapes:
        shapely.prepare(shape)
        left = np.flatnonzero(~inside)
        inside[left] = shapely.intersects_xy(shape, lon[left], lat[left])
    return inside


def _distance_km(shape: shapely.Geometry, lon: float, lat: float) -> float:
    """From the point to the nearest part of the shape, along the great circle."""
    line = shapely.shortest_line(shapely.Point(lon, lat), shape)
    (lon_a, lat_a), (lon_b, lat_b) = np.radians(shapely.get_coordinates(line))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))
