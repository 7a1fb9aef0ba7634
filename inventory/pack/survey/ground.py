"""What a folder of open data says of a state: its offices, villages and blocks, each in its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inventory.pack.blocks import Block
from inventory.pack.facts import PackError, State
from inventory.pack.places import Place
from inventory.pack.survey.blocks import blocks_in, names_in, places_in, pmgsy_ids, shapes_in
from inventory.pack.survey.named import BLOCK, named, positions
from inventory.pack.survey.offices import (
    Division,
    Offices,
    Texts,
    divided,
    offices_of,
    points_in,
    with_citizens,
    with_tehsils,
)
from inventory.pack.survey.shapes import Shape, read_blocks, read_districts, whole
from inventory.pack.survey.tables import Tables
from inventory.pack.survey.villages import Membership, Villages, assigned, settled, villages_of


@dataclass(frozen=True, slots=True)
class Outlines:
    """Full polygons by LGD code; blocks that the source has. `derived`: the blocks' are not official."""

    state: Shape
    districts: Mapping[str, Shape]
    blocks: Mapping[str, Shape]
    derived: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """`places` are the offices, row by row. `dropped`: how many villages' positions lay outside the state."""

    outlines: Outlines
    offices: Offices
    division: Division
    places: Sequence[Place]
    blocks: Sequence[Block]
    villages: Villages
    members: Membership
    dropped: int


def survey(folder: Path, state: State, stem: str, tables: Tables) -> Ground:
    """Raises PackError where the folder doesn't fit the state's facts."""
    districts = read_districts(folder, state.code)
    _require_districts(state, districts, tables)
    outline = whole(districts)
    villages, dropped = villages_of(tables.villages, outline)
    offices = _offices(tables, outline, villages)
    members = assigned(villages, offices)
    division = divided(offices.block, offices.district)
    places = places_in(offices, division)
    names = names_in(offices, division, {each.code: each.names.en for each in state.districts})
    shapes, derived = read_blocks(folder, stem)
    return Ground(
        outlines=Outlines(outline, districts, shapes_in(pmgsy_ids(offices), shapes, division, districts), derived),
        offices=offices,
        division=division,
        places=places,
        blocks=blocks_in(places, names, _head_offices(tables, offices)),
        villages=settled(villages, offices, members),
        members=members,
        dropped=dropped,
    )


def _offices(tables: Tables, outline: Shape, villages: Villages) -> Offices:
    offices = with_tehsils(offices_of(tables.gps, outline), villages.tehsil, villages.points)
    around = tables.habitations
    blocks: Texts = around["pmgsy_block_id"].to_numpy(dtype=object)
    return with_citizens(offices, blocks, points_in(around), around["population"].to_numpy(np.float64))


def _head_offices(tables: Tables, offices: Offices) -> dict[str, tuple[float, float]]:
    """LGD block -> the position of its office, where surveyors named it."""
    at = positions(named(tables.facilities, BLOCK), "pmgsy_block_id")
    return {block: at[pmgsy] for block, ids in pmgsy_ids(offices).items() for pmgsy in sorted(ids) if pmgsy in at}


def _require_districts(state: State, polygons: Mapping[str, Shape], tables: Tables) -> None:
    typed = {each.code for each in state.districts}
    if missing := sorted(typed - polygons.keys()):
        raise PackError(f"the folder has no polygon for the districts {', '.join(missing)} of {state.names.en}")
    used = {*tables.gps["district_code"], *tables.subdistricts["district_code"]}
    if unknown := sorted(used - typed):
        raise PackError(f"the districts {', '.join(unknown)} are not typed in for {state.names.en}")
