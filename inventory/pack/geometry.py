"""Distances, bearings and orders of points on the ground.

An array of points has shape (n, 2): latitude, longitude in degrees.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

Point = tuple[float, float]
Points = NDArray[np.float64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_EARTH_KM = 6371.0088
_KM_PER_DEGREE = np.pi * _EARTH_KM / 180
_GOLDEN_ANGLE = np.pi * (3 - 5**0.5)
_HILBERT_ORDER = 16


def as_points(points: Sequence[Point] | Points) -> Points:
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)


def distances_km(here: Points, there: Points) -> Floats:
    """Great-circle distance of every pair, shape (len(here), len(there))."""
    a, b = np.radians(here)[:, None, :], np.radians(there)[None, :, :]
    half = np.sin((b - a) / 2) ** 2
    chord = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def distance_km(here: Point, there: Point) -> float:
    return float(distances_km(as_points([here]), as_points([there]))[0, 0])


def paired_km(here: Points, there: Points) -> Floats:
    """Great-circle distance of each point to the one in the same row."""
    a, b = np.radians(here), np.radians(there)
    half = np.sin((b - a) / 2) ** 2
    chord = half[:, 0] + np.cos(a[:, 0]) * np.cos(b[:, 0]) * half[:, 1]
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def nearest(here: Points, there: Points) -> Ints:
    """For each point of `here` the index of the nearest in `there`, which must not be empty; the first of equals.

    Exact to the curvature of a state: on the plane that touches the earth at the middle latitude.
    """
    if len(here) == 0:
        return np.zeros(0, dtype=np.int64)
    squeeze = np.array([1.0, np.cos(np.radians(np.concatenate([here, there])[:, 0].mean()))])
    tree = shapely.STRtree(shapely.points(there * squeeze))
    asked, found = tree.query_nearest(np.atleast_1d(shapely.points(here * squeeze)), all_matches=True)
    first = np.full(len(here), len(there))
    np.minimum.at(first, asked, found)
    return first


def bearings(centre: Point, points: Points) -> Floats:
    """Degrees clockwise from north, in [0, 360), on the plane that touches the earth at `centre`."""
    north = points[:, 0] - centre[0]
    east = (points[:, 1] - centre[1]) * np.cos(np.radians(centre[0]))
    return np.asarray(np.degrees(np.arctan2(east, north)) % 360)


def moved(start: Point, north_km: float, east_km: float) -> Point:
    lat = start[0] + north_km / _KM_PER_DEGREE
    lon = start[1] + east_km / (_KM_PER_DEGREE * float(np.cos(np.radians(start[0]))))
    return round(lat, 5), round(lon, 5)


def spiral(centre: Point, count: int, spacing_km: float) -> list[Point]:
    """`count` points around `centre`, evenly thick, none on top of another (a sunflower's seeds)."""
    k = np.arange(count)
    radius, angle = spacing_km * np.sqrt(k + 0.5), k * _GOLDEN_ANGLE
    return [moved(centre, float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(radius, angle, strict=True)]


def hilbert(points: Points) -> Ints:
    """Each point's place along a Hilbert curve over their bounding box: near on it is near on the ground."""
    if len(points) == 0:
        return np.zeros(0, dtype=np.int64)
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    side = 1 << _HILBERT_ORDER
    cells = ((points - low) / np.where(span > 0, span, 1) * (side - 1)).astype(np.int64)
    return _hilbert_index(cells[:, 0].copy(), cells[:, 1].copy(), side)


def _hilbert_index(x: Ints, y: Ints, side: int) -> Ints:
    index = np.zeros(len(x), dtype=np.int64)
    step = side // 2
    while step:
        right, up = (x & step) > 0, (y & step) > 0
        index += step * step * ((3 * right) ^ up)
        # Turn the quadrant so that the curve inside it starts where the last one ended.
        flip = ~up & right
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
        step //= 2
    return index
