"""From post offices to places: stable keys, and the district that each lies in."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from inventory.pack.geometry import Point, Points, as_points, distances_km
from inventory.pack.text import place_name, slug

_STRAY_KM = 5.0


@dataclass(frozen=True, slots=True)
class Office:
    """A post office as its source has it.

    `rank`: 0 head office, 1 sub-office, 2 branch office. `district` is the LGD code of the one
    that India Post names, empty where it names none.
    """

    pincode: str
    name: str
    rank: int
    lat: float
    lon: float
    district: str = ""

    @property
    def at(self) -> Point:
        return self.lat, self.lon


@dataclass(frozen=True, slots=True)
class Place:
    """A post office that stands in for a gram panchayat. `district`: LGD code, by polygon."""

    code: str
    name: str
    pincode: str
    rank: int
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
    seen: Counter[str] = Counter()
    return {office: _place(office, seen) for office in ordered}


def _place(office: Office, seen: Counter[str]) -> Place:
    name = place_name(office.name)
    base = f"po-{office.pincode}-{slug(name)}"
    seen[base] += 1
    code = base if seen[base] == 1 else f"{base}-{seen[base]}"
    return Place(code, name, office.pincode, office.rank, office.lat, office.lon)


def in_districts(places: Sequence[Place], districts: Mapping[str, shapely.Geometry]) -> list[Place]:
    """The places with their district by polygon; one just outside goes to the nearest, a far one is left out."""
    codes, polygons = list(districts), np.array(list(districts.values()))
    where = shapely.points(points_of(places)[:, ::-1])
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


def _nearest(point: shapely.Point, polygons: np.ndarray[tuple[int], np.dtype[np.object_]]) -> int:
    """Index of the nearest polygon, or -1 where none is within a few kilometres."""
    nearest = int(np.argmin(shapely.distance(point, polygons)))
    touch = shapely.shortest_line(point, polygons[nearest])
    ends = shapely.get_coordinates(touch)[:, ::-1]
    return nearest if distances_km(ends[:1], ends[1:])[0, 0] <= _STRAY_KM else -1
