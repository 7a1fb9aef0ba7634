"""Which gram panchayat a village belongs to, and by what that is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from inventory.pack.geometry import Floats, Ints, Points, nearest, paired_km
from inventory.pack.survey.offices import Offices, Texts, points_in
from inventory.pack.survey.shapes import Shape, astray

BY_CODE, BY_NEAREST, BY_TEHSIL = "village_code", "nearest-office", "tehsil"


@dataclass(frozen=True, slots=True)
class Villages:
    """Columns, one row a village. `points`: (n, 2), NaN where unknown; `population`: NaN where unknown."""

    code: Texts
    name: Texts
    tehsil: Texts
    points: Points
    population: Floats

    def __len__(self) -> int:
        return len(self.code)


def villages_of(rows: pd.DataFrame, state: Shape) -> tuple[Villages, int]:
    """The table's rows in the order of their codes, and how many positions outside the state were dropped."""
    rows = rows.drop_duplicates("village_code")
    rows = rows.iloc[np.argsort(rows["village_code"].astype(int), kind="stable")]
    at = points_in(rows).copy()
    outside = astray(at, state)
    at[outside] = np.nan
    return Villages(
        code=rows["village_code"].to_numpy(dtype=object),
        name=rows["village_name"].to_numpy(dtype=object),
        tehsil=rows["subdistrict_code"].to_numpy(dtype=object),
        points=at,
        population=rows["population_pmgsy"].to_numpy(np.float64),
    ), int(outside.sum())


@dataclass(frozen=True, slots=True)
class Membership:
    """For each village the row of its gram panchayat's office (-1: none) and by what it is known."""

    office: Ints
    by: Texts


def assigned(villages: Villages, offices: Offices) -> Membership:
    """By village code; else to the nearest office of its tehsil if its position is known; else to the tehsil only."""
    office = _by_code(villages, offices)
    by = np.where(office >= 0, BY_CODE, BY_TEHSIL).astype(object)
    located = (office < 0) & ~np.isnan(villages.points[:, 0])
    for tehsil in np.unique(villages.tehsil[located]):
        here = np.flatnonzero(located & (villages.tehsil == tehsil))
        there = np.flatnonzero((offices.tehsil == tehsil) & ~offices.doubtful)
        if len(there):
            office[here] = there[nearest(villages.points[here], offices.points[there])]
            by[here] = BY_NEAREST
    return Membership(office, by)


def _by_code(villages: Villages, offices: Offices) -> Ints:
    """Of several offices with a village's code the one found most surely, then the nearest, then the first."""
    row_of = {code: row for row, code in enumerate(villages.code)}
    village = np.array([row_of.get(code, -1) for code in offices.village], np.int64)
    named = np.flatnonzero(village >= 0)
    at = villages.points[village[named]]
    km = np.nan_to_num(paired_km(at, offices.points[named]), nan=0.0)
    order = np.lexsort((named, km, offices.match[named]))[::-1]
    found = np.full(len(villages), -1, np.int64)
    found[village[named[order]]] = named[order]  # the best comes last and stays
    return found


def settled(villages: Villages, offices: Offices, members: Membership) -> Villages:
    """Villages without a position stand at the office that has their code, with its habitation's people if unknown."""
    at, population = villages.points.copy(), villages.population.copy()
    coded = (members.by == BY_CODE) & np.isnan(at[:, 0])
    at[coded] = offices.points[members.office[coded]]
    unknown = coded & np.isnan(population)
    population[unknown] = offices.population[members.office[unknown]]
    return Villages(villages.code, villages.name, villages.tehsil, at, population)


def middles(codes: Texts, at: Points, wanted: NDArray[np.object_] | list[str]) -> dict[str, tuple[float, float]]:
    """The median position of the rows of each wanted code, of those that have any."""
    known = ~np.isnan(at[:, 0])
    rows = pd.DataFrame({"code": codes[known], "lat": at[known, 0], "lon": at[known, 1]})
    medians = rows[rows["code"].isin(wanted)].groupby("code")[["lat", "lon"]].median().round(6)
    return {str(code): (float(lat), float(lon)) for code, lat, lon in medians.itertuples()}
