"""Areas of a pack: LGD's state and districts, and what stands in for blocks, gram panchayats and villages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely

from inventory.model import Area, Level, Names
from inventory.pack.blocks import Block
from inventory.pack.facts import State
from inventory.pack.places import Place

_STANDS_IN = "post-office"
_SIMPLIFY_DEGREES = 0.001


def areas_of(state: State, blocks: Sequence[Block], served: Mapping[str, str]) -> Iterator[Area]:
    """State, districts, blocks, and for each place a GP with one village; `served`: place code -> kendra site."""
    # What stands in for blocks and GPs has no past, and must lie in a district at all times.
    yield from (replace(area, valid_from=None) for area in state_and_districts(state))
    for block in blocks:
        yield _stand_in(Level.BLOCK, block.pop, f"district:{block.district}")
    for block in blocks:
        for place in block.places:
            yield _stand_in(Level.GP, place, f"block:{block.code}")
            yield _stand_in(Level.VILLAGE, place, f"gp:{place.code}", served.get(place.code))


def state_and_districts(state: State) -> Iterator[Area]:
    top = f"state:{state.code}"
    middle = np.mean([(each.headquarters.lat, each.headquarters.lon) for each in state.districts], axis=0).round(2)
    yield Area(Level.STATE, state.code, state.names, lat=float(middle[0]), lon=float(middle[1]))
    for each in state.districts:
        town = each.headquarters
        yield Area(
            Level.DISTRICT,
            each.code,
            each.names,
            top,
            census_code=each.census,
            lat=town.lat,
            lon=town.lon,
            valid_from=each.since,
        )


def _stand_in(level: Level, place: Place, parent: str, kendra: str | None = None) -> Area:
    return Area(
        level, place.code, Names(place.name), parent, _STANDS_IN, lat=place.lat, lon=place.lon, served_by=kendra
    )


def outline(polygon: shapely.Geometry) -> bytes:
    """WKB, thinned to about 100 m: the state's map is then about 100 KB."""
    return shapely.to_wkb(shapely.set_precision(shapely.simplify(polygon, _SIMPLIFY_DEGREES), 1e-5), byte_order=1)
