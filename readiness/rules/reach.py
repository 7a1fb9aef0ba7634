"""Which kendras lie within a citizen's reach: straight lines times a road factor, by an index of points. Pure.

A road's length is estimated, never measured: whoever shows a distance says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Degrees = NDArray[np.float64]
"""Longitude and latitude, WGS 84, shape (n, 2); NaN where nobody has located the place."""
Numbers = NDArray[np.intp]

_EARTH_KM = 6371.0
_KM_A_DEGREE = _EARTH_KM * np.pi / 180
_HALF_WORLD_KM = _EARTH_KM * np.pi


@dataclass(frozen=True, slots=True)
class Travel:
    """How far a citizen is taken to go, in km on the road, and how much longer a road is than the straight line."""

    limit_km: float
    road_factor: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Columns of equal length: `point` is a position among those asked about, `place` among the index's."""

    point: Numbers
    place: Numbers
    km: NDArray[np.float64]  # on the road, estimated


def road_km(a: Degrees, b: Degrees, factor: float) -> NDArray[np.float64]:
    """Great-circle distance times the road factor, row by row."""
    lon, lat, to_lon, to_lat = np.radians([a[:, 0], a[:, 1], b[:, 0], b[:, 1]])
    half = np.sin((to_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    found: NDArray[np.float64] = 2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))) * factor
    return found


def tree_of(places: Degrees) -> shapely.STRtree:
    return shapely.STRtree(np.asarray(shapely.points(places), np.object_))


class Reach:
    """Places in an STR tree. One that nobody has located is within nobody's reach."""

    def __init__(self, places: Degrees, travel: Travel) -> None:
        self.places, self.travel = places, travel
        self._located = np.flatnonzero(~np.isnan(places).any(axis=1))
        self._tree = tree_of(places[self._located])

    def within(self, points: Degrees, limit_km: float | None = None) -> Pairs:
        """Every place within the limit (None: the travel's) of each point."""
        limit = self.travel.limit_km if limit_km is None else limit_km
        asked = np.flatnonzero(~np.isnan(points).any(axis=1))
        point, place = self._tree.query(_boxes(points[asked], limit / self.travel.road_factor))
        point, place = asked[point], self._located[place]
        km = road_km(points[point], self.places[place], self.travel.road_factor)
        near = km <= limit
        return Pairs(point[near], place[near], km[near])

    def around(self, lon: float, lat: float, chosen: Callable[[Numbers], NDArray[np.bool_]], most: int) -> Pairs:
        """The nearest of the places that are `chosen`, nearest first, also beyond the limit where none lies within."""
        point, limit = np.array([[lon, lat]]), self.travel.limit_km
        while True:
            found = self.within(point, limit)
            mine = np.flatnonzero(chosen(found.place))
            if len(mine) or limit > _HALF_WORLD_KM * self.travel.road_factor:
                order = mine[np.lexsort((found.place[mine], found.km[mine]))][:most]
                return Pairs(found.point[order], found.place[order], found.km[order])
            limit *= 4


def _boxes(points: Degrees, km: float) -> NDArray[np.object_]:
    """Boxes of degrees that hold all within `km` of the points."""
    high = km / _KM_A_DEGREE
    nearest_pole = np.minimum(np.abs(points[:, 1]) + high, 89.0)
    wide = np.minimum(high / np.cos(np.radians(nearest_pole)), 360.0)
    lon, lat = points.T
    boxes: NDArray[np.object_] = shapely.box(lon - wide, lat - high, lon + wide, lat + high)
    return boxes
