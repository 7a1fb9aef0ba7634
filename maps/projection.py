"""Degrees to drawing units: equirectangular, with the width of a degree at the middle latitude."""

from dataclasses import dataclass
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Projection:
    """x = (lon - west) * per_lon, y = (north - lat) * per_lat; the drawing is WIDTH by `height` units."""

    west: float
    north: float
    per_lon: float
    per_lat: float
    height: int

    def xy(self, lon: float, lat: float) -> tuple[int, int]:
        return round((lon - self.west) * self.per_lon), round((self.north - lat) * self.per_lat)

    def all_xy(self, degrees: NDArray[np.float64]) -> NDArray[np.int64]:
        """`xy` of many, both of shape (n, 2)."""
        east_and_south = (degrees - (self.west, self.north)) * (self.per_lon, -self.per_lat)
        return np.round(east_and_south).astype(np.int64)


def fit(bounds: tuple[float, float, float, float]) -> Projection:
    """The projection that fills the width with `bounds` (west, south, east, north)."""
    west, south, east, north = bounds
    per_lon = WIDTH / (east - west)
    per_lat = per_lon / cos(radians((south + north) / 2))
    return Projection(west, north, per_lon, per_lat, round((north - south) * per_lat))
