"""Offices whose position in the source is a placeholder, and where to draw them instead.

The source gives hundreds of offices one and the same position. Such an office is set near the
others of its pincode or, where those have no position of their own either, within the district
that India Post names. All of these are flagged as approximate.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import shapely

from inventory.pack.geometry import Point, Points, as_points, hilbert, spiral
from inventory.pack.places import Office, Place, points_of

_PLACEHOLDER = 3  # a position that so many offices share is nobody's own
_ENOUGH = 2  # own positions needed to say where a pincode lies
_SPACING_KM = 2.0


def settle(places: Mapping[Office, Place], districts: Mapping[str, shapely.Geometry]) -> list[Place]:
    """The places with placeholder positions replaced; those known to a kilometre only are flagged as well."""
    shared = Counter(office.at for office in places)
    lost = [office for office in places if shared[office.at] >= _PLACEHOLDER]
    at = _new_positions(lost, _own_positions(places, shared), districts)
    return [_settled(office, place, at, shared) for office, place in places.items()]


def _settled(office: Office, place: Place, at: Mapping[Office, Point], shared: Mapping[Point, int]) -> Place:
    lat, lon = at.get(office, office.at)
    return replace(place, lat=lat, lon=lon, approximate=shared[office.at] > 1 or _is_coarse(office.at))


def _is_coarse(at: Point) -> bool:
    return all(round(value * 1e5) % 1000 == 0 for value in at)


def _own_positions(offices: Iterable[Office], shared: Mapping[Point, int]) -> dict[str, list[Office]]:
    """Pincode -> its offices that have a position of their own."""
    found: dict[str, list[Office]] = defaultdict(list)
    for office in offices:
        if shared[office.at] < _PLACEHOLDER:
            found[office.pincode].append(office)
    return found


def _new_positions(
    lost: Iterable[Office], own: Mapping[str, list[Office]], districts: Mapping[str, shapely.Geometry]
) -> dict[Office, Point]:
    by_pincode: dict[str, list[Office]] = defaultdict(list)
    by_district: dict[str, list[Office]] = defaultdict(list)
    for office in lost:
        if len(own.get(office.pincode, ())) >= _ENOUGH:
            by_pincode[office.pincode].append(office)
        elif office.district:
            by_district[office.district].append(office)
    at: dict[Office, Point] = {}
    for pincode, offices in by_pincode.items():
        lat, lon = np.median(points_of(own[pincode]), axis=0).tolist()
        at.update(zip(offices, spiral((lat, lon), len(offices), _SPACING_KM), strict=True))
    for district, offices in by_district.items():
        at.update(zip(offices, within(districts[district], len(offices)), strict=True))
    return at


def within(polygon: shapely.Geometry, count: int) -> list[Point]:
    """`count` points evenly thick in `polygon`, each near the one before it."""
    side = float(np.sqrt(shapely.area(polygon) / count))
    inside = _grid(polygon, side)
    while len(inside) < count:
        side *= 0.97
        inside = _grid(polygon, side)
    along = inside[np.argsort(hilbert(inside), kind="stable")]
    picked = along[np.linspace(0, len(along) - 1, count).round().astype(int)]
    return [(lat, lon) for lat, lon in picked.round(5).tolist()]


def _grid(polygon: shapely.Geometry, side: float) -> Points:
    west, south, east, north = shapely.bounds(polygon)
    lon, lat = np.meshgrid(np.arange(west + side / 2, east, side), np.arange(south + side / 2, north, side))
    flat = as_points(np.stack([lat.ravel(), lon.ravel()], axis=1))
    return flat[shapely.contains_xy(polygon, flat[:, 1], flat[:, 0])]
