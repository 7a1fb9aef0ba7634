"""Which kendras a state has: in gram panchayats, tehsils, collectorates and district hospitals."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from inventory.model import Names, Site, SiteKind
from inventory.pack.blocks import Block
from inventory.pack.equipment import gp_site
from inventory.pack.facts import District, KendraFacts, framed
from inventory.pack.geometry import (
    Floats,
    Ints,
    Point,
    Points,
    as_points,
    distance_km,
    distances_km,
    nearest,
    paired_km,
)
from inventory.pack.kendras import place_site, town_sites
from inventory.pack.network import RULE
from inventory.pack.places import Place, points_of
from inventory.pack.survey.offices import Texts, points_in

Mask = NDArray[np.bool_]
_SAME_KM = 0.1  # two records of one habitation so near each other are of one building


@dataclass(frozen=True, slots=True)
class Standing:
    """A kendra's site and what it hangs on: a place's code or a POP's area."""

    site: Site
    on: str


def most_populous(citizens: Ints, has: Mask, count: int) -> Ints:
    """The rows that get one so that `count` have one: the most populous without, the first of equals."""
    order = np.lexsort((np.arange(len(citizens)), -citizens))
    without = order[~has[order]]
    return np.sort(without[: max(0, count - int(has.sum()))])


def out_of_reach(points: Points, citizens: Ints, have: Points, reach_km: float) -> Ints:
    """The rows that get one so that none is farther than `reach_km` from one: the most populous first."""
    chosen: list[int] = []
    away: Floats = np.full(len(points), np.inf)
    if len(have):
        away = paired_km(points, have[nearest(points, have)])
    for row in np.lexsort((np.arange(len(citizens)), -citizens)).tolist():
        if away[row] > reach_km:
            chosen.append(row)
            away = np.minimum(away, distances_km(points[row : row + 1], points)[0])
    return np.array(sorted(chosen), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """A kendra that surveyors named; `home`: the row of the office in its habitation, None where none is."""

    code: str
    name: str
    position: Point
    home: int | None


def service_points(
    rows: pd.DataFrame, kinds: Sequence[str], names: Mapping[str, str], habitation: Texts
) -> list[ServicePoint]:
    """Those of the given kinds, each building once. `names`: of habitations; `habitation`: of each office."""
    wanted = rows[rows["kendra"].isin(kinds)]
    wanted = wanted.iloc[np.argsort(wanted["facility_id"].astype(int), kind="stable")]
    row_of = {code: row for row, code in reversed(list(enumerate(habitation)))}
    kept: dict[str, list[ServicePoint]] = defaultdict(list)
    for code, home, at in zip(wanted["facility_id"], wanted["hab_id"], points_in(wanted).tolist(), strict=True):
        if all(distance_km(at, other.position) > _SAME_KM for other in kept[home]):
            kept[home].append(ServicePoint(f"pmgsy-{code}", names.get(home, ""), tuple(at), row_of.get(home)))
    return [point for points in kept.values() for point in points]


def at_points(
    points: Sequence[ServicePoint], places: Sequence[Place], feeders: Mapping[str, str], kendra: KendraFacts
) -> Iterator[Standing]:
    """Surveyed kendras. Each hangs on the box of its own place, else of the nearest, and stands in that one's block."""
    near = nearest(as_points([each.position for each in points]), points_of(places))
    for point, other in zip(points, near.tolist(), strict=True):
        place = places[other if point.home is None else point.home]
        yield Standing(
            Site(
                name=f"kendra-{point.code}",
                kind=SiteKind.KENDRA,
                area=f"block:{place.group}" if point.home is None else f"gp:{place.code}",
                names=framed(kendra.panchayat, Names(point.name or place.name)),
                lat=point.position[0],
                lon=point.position[1],
                feeder=feeders[place.code],
                hours=kendra.hours,
            ),
            place.code,
        )


def in_places(places: Sequence[Place], feeders: Mapping[str, str], kendra: KendraFacts) -> Iterator[Standing]:
    for place in places:
        gp = gp_site(place, feeders[place.code])
        yield Standing(place_site(gp, framed(kendra.panchayat, Names(place.name)), kendra.hours), place.code)


@dataclass(frozen=True, slots=True)
class Tehsil:
    """A tehsil that gets a kendra; `approximate`: it stands at the middle of the tehsil's villages."""

    code: str
    name: str
    position: Point
    approximate: bool


def in_tehsils(tehsils: Sequence[Tehsil], blocks: Sequence[Block], kendra: KendraFacts) -> Iterator[Standing]:
    """Each on the nearest POP."""
    pops = nearest(as_points([each.position for each in tehsils]), points_of(block.pop for block in blocks))
    for tehsil, pop in zip(tehsils, pops.tolist(), strict=True):
        site = Site(
            name=f"kendra-tehsil-{tehsil.code}",
            kind=SiteKind.KENDRA,
            area=f"subdistrict:{tehsil.code}",
            names=framed(kendra.tehsil, Names(tehsil.name)),
            lat=tehsil.position[0],
            lon=tehsil.position[1],
            feeder=f"feeder-tehsil-{tehsil.code}",
            hours=kendra.hours,
            planned_by=RULE,
            approximate=tehsil.approximate,
        )
        yield Standing(site, f"block:{blocks[pop].code}")


def in_towns(
    district: District, kendra: KendraFacts, collectorate: Point | None, hospital: Point | None
) -> tuple[Standing, Standing]:
    """The kendras at a district's collectorate and hospital, each where surveyors found it, if they did."""
    first, second = town_sites(district, kendra)
    return Standing(_moved(first, collectorate), first.area), Standing(_moved(second, hospital), second.area)


def _moved(site: Site, at: Point | None) -> Site:
    return replace(site, lat=at[0], lon=at[1], approximate=False) if at else site
