"""Areas of a survey: state, districts, tehsils, blocks, gram panchayats, villages."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from inventory.model import Area, Level, Names
from inventory.pack.blocks import Block
from inventory.pack.geometry import Point
from inventory.pack.survey.blocks import is_part
from inventory.pack.survey.offices import Offices
from inventory.pack.survey.villages import Membership, Villages


def tehsils_in(rows: pd.DataFrame, census: Mapping[str, str], at: Mapping[str, Point]) -> Iterator[Area]:
    """Today's tehsils. `census`: code -> Census 2011 code; `at`: code -> the middle of its villages."""
    for code, name, district in zip(
        rows["subdistrict_code"], rows["subdistrict_name"], rows["district_code"], strict=True
    ):
        lat, lon = at.get(code, (None, None))
        yield Area(
            Level.SUBDISTRICT,
            code,
            Names(name),
            f"district:{district}",
            census_code=census.get(code, ""),
            lat=lat,
            lon=lon,
        )


def blocks_in(blocks: Sequence[Block], approximate: Mapping[str, bool]) -> Iterator[Area]:
    """`approximate`: of each block with a polygon whether that is derived."""
    for block in blocks:
        yield Area(
            Level.BLOCK,
            block.code,
            Names(block.pop.name),
            f"district:{block.district}",
            code_source=block_source(block.code),
            lat=block.pop.lat,
            lon=block.pop.lon,
            boundary_approximate=approximate.get(block.code, False),
        )


def block_source(code: str) -> str:
    if code.startswith("pmgsy-"):
        return "pmgsy"
    return "lgd-part" if is_part(code) else "lgd"


def panchayats_in(blocks: Sequence[Block], citizens: Mapping[str, int]) -> Iterator[Area]:
    """`citizens`: place code -> people; 0 is unknown."""
    for block in blocks:
        for place in block.places:
            yield Area(
                Level.GP,
                place.code,
                Names(place.name),
                f"block:{block.code}",
                code_source="pmgsy",
                lat=place.lat,
                lon=place.lon,
                population=citizens[place.code] or None,
            )


def villages_in(
    villages: Villages, members: Membership, offices: Offices, served: Sequence[str | None]
) -> Iterator[Area]:
    rows = zip(
        villages.code, villages.name, villages.tehsil, villages.points.tolist(), villages.population.tolist(),
        members.office.tolist(), members.by, served, strict=True,
    )  # fmt: skip
    for code, name, tehsil, (lat, lon), people, office, by, kendra in rows:
        located = not np.isnan(lat)
        yield Area(
            Level.VILLAGE,
            code,
            Names(name),
            f"gp:{offices.code[office]}" if office >= 0 else f"subdistrict:{tehsil}",
            census_code=code,
            lat=lat if located else None,
            lon=lon if located else None,
            population=None if np.isnan(people) else int(people),
            served_by=kendra,
            assigned_by=by,
        )
