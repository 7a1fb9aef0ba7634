"""From post offices to places: stable keys, and the district that each lies in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

import numpy as np
import shapely
from numpy.typing import NDArray

from inventory.pack.geometry import Point, Points, as_points, distances_km
from inventory.pack.text import place_name, slug

_STRAY_KM = 5.0


@dataclass(frozen=True, slots=True)
class Office:
    """A post office as its source has it.

    `is_main`: a head or sub-office, not a branch office. `district`: LGD code of the one that
    India Post names, empty where it names none.
    """

    pincode: str
    name: str
    is_main: bool
    lat: float
    lon: float
    district: str = ""

    @property
    def at(self) -> Point:
        return self.lat, self.lon


@dataclass(frozen=True, slots=True)
class Place:
    """A gram panchayat's office, or a post office that stands in for one.

    `group`: the pincode or LGD block whose places share a POP. `is_main`: a head or sub-office, so a town's.
    `district`: LGD code.
    """

    code: str
    name: str
    group: str
    is_main: bool
    lat: float
    lon: float
    approximate: bool = False
    district: str = ""

    @property
    def at(self) -> Point:
        return self.lat, self.lon


def points_of(places: Iterable[Place | Office]) -> Points:
    return as_points([each.at for each in places])


def places_of(offices: Iterable[Office]) -> dict[Office, Place]:
    """Each office's place, in the order of their codes.

    A code comes from pincode and name, and so outlives a new snapshot; namesakes within a pincode are numbered.
    """
    ordered = sorted(offices, key=lambda each: (each.pincode, slug(place_name(each.name)), each.at, each.name))
    taken: set[str] = set()
    return {office: _place(office, taken) for office in ordered}


def _place(office: Office, taken: set[str]) -> Place:
    name = place_name(office.name)
    base = f"po-{office.pincode}-{slug(name)}"
    numbered = (f"{base}-{number}" for number in count(2))
    code = next(each for each in chain([base], numbered) if each not in taken)
    taken.add(code)
    return Place(code, name, office.pincode, office.is_main, office.lat, office.lon)


def in_districts(places: Sequence[Place], districts: Mapping[str, shapely.Geometry]) -> list[Place]:
    """The places with their district by polygon; one just outside goes to the nearest, a far one is left out."""
    codes, polygons = list(districts), np.array(list(districts.values()))
    where: NDArray[np.object_] = np.array(shapely.points(points_of(places)[:, ::-1]))
    chosen = np.full(len(places), -1)
    index, polygon = shapely.STRtree(polygons).query(where, predicate="intersects")
    chosen[index[::-1]] = polygon[::-1]  # on a border the first district wins
    for each in np.flatnonzero(chosen < 0):
        chosen[each] = _nearest(where[each], polygons)
    return [
        replace(place, district=codes[district])
        for place, district in zip(places, chosen.tolist(), strict=True)
        if district >= 0
    ]


def _nearest(point: shapely.Geometry, polygons: NDArray[np.object_]) -> int:
    """Index of the nearest polygon, or -1 where none is within a few kilometres."""
    nearest = int(np.argmin(shapely.distance(point, polygons)))
    touch = shapely.shortest_line(point, polygons[nearest])
    ends = shapely.get_coordinates(touch)[:, ::-1]
    return nearest if distances_km(ends[:1], ends[1:])[0, 0] <= _STRAY_KM else -1
