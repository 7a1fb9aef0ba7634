"""Gram panchayats' offices: where each stands, its tehsil, its block, its citizens."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from inventory.pack.geometry import Floats, Ints, Points, as_points, nearest, paired_km
from inventory.pack.survey.shapes import Shape, astray

Texts = NDArray[np.object_]
Mask = NDArray[np.bool_]

_MATCHES = ("exact", "phonetic", "fuzzy")  # how a village code was found, the surest first
_FAR_KM = 25.0
_FAR_RATIO = 5.0
_SMALLEST_PART = 8  # fewer offices of a block beyond its district's border are taken for wrong positions
_HOME_KM = 10.0  # an office so near a village lies in its tehsil


@dataclass(frozen=True, slots=True)
class Offices:
    """Columns, one row an office of a gram panchayat; "" and -1: not in the source.

    `block`: LGD code, or `pmgsy-ID` where the source names none. `points`: (n, 2). `doubtful`: its position was not
    believed. `match`: rank of how `village` was found, 0 the surest. `citizens`: of the habitations around it.
    """

    code: Texts
    name: Texts
    habitation: Texts
    district: Texts
    block: Texts
    block_name: Texts
    pmgsy_block: Texts
    tehsil: Texts
    village: Texts
    match: Ints
    points: Points
    doubtful: Mask
    population: Floats  # of the office's own habitation, NaN where unknown
    citizens: Ints

    def __len__(self) -> int:
        return len(self.code)


def points_in(rows: pd.DataFrame) -> Points:
    return as_points(rows[["lat", "lon"]].to_numpy(np.float64))


def offices_of(gps: pd.DataFrame, state: Shape) -> Offices:
    """The table's rows in the order of their codes, positions that cannot be right put at their block's middle."""
    gps = gps.iloc[np.argsort(gps["facility_id"].astype(int), kind="stable")]
    at, doubtful = believed(points_in(gps), _texts(gps["pmgsy_block_id"]), astray(points_in(gps), state))
    return Offices(
        code=_texts("pmgsy-" + gps["facility_id"]),
        name=_first_of(gps["gp_name"], "GP " + gps["facility_id"]),
        habitation=_texts(gps["hab_id"]),
        district=_texts(gps["district_code"]),
        block=_first_of(gps["block_code"], "pmgsy-" + gps["pmgsy_block_id"]),
        block_name=_first_of(gps["block_name"], gps["pmgsy_block"], "Block " + gps["pmgsy_block_id"]),
        pmgsy_block=_texts(gps["pmgsy_block_id"]),
        tehsil=_texts(gps["subdistrict_code"]),
        village=_texts(gps["village_code"]),
        match=np.array([_MATCHES.index(each) if each in _MATCHES else -1 for each in gps["match"]], np.int64),
        points=at,
        doubtful=doubtful,
        population=gps["habitation_population"].to_numpy(np.float64),
        citizens=np.zeros(len(gps), np.int64),
    )


def _texts(column: "pd.Series[str]") -> Texts:
    return column.to_numpy(dtype=object)


def _first_of(*columns: "pd.Series[str]") -> Texts:
    """Row by row the first text that isn't empty."""
    found = columns[0]
    for column in columns[1:]:
        found = found.where(found != "", column)
    return _texts(found)


def believed(at: Points, block: Texts, outside: Mask) -> tuple[Points, Mask]:
    """Positions, with those that cannot be right at their block's median; and which these are.

    Wrong is what lies `outside` the state, or much farther from the block's median than its others do.
    """
    positions, wrong = at.copy(), outside.copy()
    for each in np.unique(block):
        of_it = np.flatnonzero(block == each)
        middle = np.median(at[of_it], axis=0)
        km = paired_km(at[of_it], np.broadcast_to(middle, (len(of_it), 2)))
        wrong[of_it] |= km > max(_FAR_KM, _FAR_RATIO * float(np.median(km)))
        positions[of_it[wrong[of_it]]] = middle.round(6)
    return positions, wrong


def with_tehsils(offices: Offices, tehsil: Texts, at: Points) -> Offices:
    """Offices whose tehsil the source lacks are in that of the nearest village, given by `tehsil` and `at`."""
    known = ~np.isnan(at[:, 0])
    if not known.any():
        return offices
    lacking = np.flatnonzero((offices.tehsil == "") & ~offices.doubtful)
    near = np.flatnonzero(known)[nearest(offices.points[lacking], at[known])]
    close = paired_km(offices.points[lacking], at[near]) <= _HOME_KM
    found = offices.tehsil.copy()
    found[lacking[close]] = tehsil[near[close]]
    return replace(offices, tehsil=found)


def with_citizens(offices: Offices, block: Texts, at: Points, population: Floats) -> Offices:
    """The people of each habitation count for the nearest office of its PMGSY block."""
    citizens = np.zeros(len(offices), np.int64)
    people = np.nan_to_num(population).astype(np.int64)
    for each in np.unique(offices.pmgsy_block):
        here, around = np.flatnonzero(offices.pmgsy_block == each), np.flatnonzero(block == each)
        np.add.at(citizens, here[nearest(at[around], offices.points[here])], people[around])
    return replace(offices, citizens=citizens)


@dataclass(frozen=True, slots=True)
class Division:
    """`block`: each office's block; `district_of`: block -> district. A block that a district's border cuts is two."""

    block: Texts
    district_of: Mapping[str, str]


def divided(block: Texts, district: Texts) -> Division:
    """Each block lies in the district of most of its offices, the least code of equals.

    At least `_SMALLEST_PART` of its offices in another district are a part of their own, `BLOCK.DISTRICT`.
    """
    counts = Counter(zip(block, district, strict=True))
    ordered = sorted(counts, key=lambda pair: (-counts[pair], pair))
    home: dict[str, str] = {}
    for each, of in ordered:
        home.setdefault(each, of)
    apart = {
        pair: f"{pair[0]}.{pair[1]}" for pair in ordered if pair[1] != home[pair[0]] and counts[pair] >= _SMALLEST_PART
    }
    codes = [apart.get(pair, pair[0]) for pair in zip(block, district, strict=True)]
    return Division(np.array(codes, dtype=object), {**home, **{part: pair[1] for pair, part in apart.items()}})
