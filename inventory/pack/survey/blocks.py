"""Blocks of a survey: their places, their POPs, their polygons."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from inventory.pack.blocks import Block
from inventory.pack.geometry import Point
from inventory.pack.places import Place, points_of
from inventory.pack.survey.offices import Division, Offices
from inventory.pack.survey.shapes import Shape


def places_in(offices: Offices, division: Division) -> list[Place]:
    """One place an office, in the same order; its group is its block."""
    columns = zip(offices.code, offices.name, division.block, offices.points.tolist(), offices.doubtful, strict=True)
    return [
        Place(code, name, block, False, lat, lon, approximate=bool(doubtful), district=division.district_of[block])
        for code, name, block, (lat, lon), doubtful in columns
    ]


def blocks_in(places: Sequence[Place], names: Mapping[str, str], named: Mapping[str, Point]) -> list[Block]:
    """Blocks by code. The POP stands at the block's office where that is `named`, else at the places' median."""
    members: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        members[place.group].append(place)
    return [_block(code, names[code], tuple(members[code]), named.get(code)) for code in sorted(members)]


def _block(code: str, name: str, places: tuple[Place, ...], office: Point | None) -> Block:
    lat, lon = office or np.median(points_of(places), axis=0).round(6).tolist()
    pop = Place(code, name, code, True, lat, lon, approximate=office is None, district=places[0].district)
    return Block(pop, places)


def names_in(offices: Offices, division: Division, districts: Mapping[str, str]) -> dict[str, str]:
    """Block -> its name; a part bears its district's beside. `districts`: code -> name."""
    found: dict[str, str] = {}
    for block, name in zip(division.block, offices.block_name, strict=True):
        plain = name.title() if name.isupper() else name
        part = districts[division.district_of[block]] if is_part(block) else ""
        found.setdefault(block, f"{plain} ({part})" if part else plain)
    return found


def is_part(block: str) -> bool:
    """Whether it is the part of a block beyond a district's border."""
    return "." in block


def pmgsy_ids(offices: Offices) -> dict[str, set[str]]:
    """LGD block -> the PMGSY blocks that are it."""
    found: dict[str, set[str]] = defaultdict(set)
    for block, pmgsy in zip(offices.block, offices.pmgsy_block, strict=True):
        found[block].add(pmgsy)
    return found


def shapes_in(
    ids: Mapping[str, set[str]], shapes: Mapping[str, Shape], division: Division, districts: Mapping[str, Shape]
) -> dict[str, Shape]:
    """Block -> its polygon, for those that the source has. A part is what lies in its district; the rest is without."""
    found: dict[str, Shape] = {}
    for block, pmgsy in ids.items():
        if known := [shapes[each] for each in sorted(pmgsy) if each in shapes]:
            found[block] = shapely.union_all(np.array(known))
    for part in filter(is_part, division.district_of):
        block = part.partition(".")[0]
        if block in found:
            district = districts[division.district_of[part]]
            found[part] = areal(shapely.intersection(found[block], district))
            found[block] = areal(shapely.difference(found[block], district))
    return {block: shape for block, shape in found.items() if not shapely.is_empty(shape)}


def areal(shape: Shape) -> Shape:
    """Without the points and lines that a cut along a border leaves."""
    return shapely.union_all(np.array([each for each in shapely.get_parts(shape) if each.area > 0], dtype=object))
