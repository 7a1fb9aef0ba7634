"""All kendras of a state, by its rule."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from inventory.pack.facts import KendraRule, State
from inventory.pack.geometry import Point, as_points, nearest
from inventory.pack.places import points_of
from inventory.pack.survey.ground import Ground
from inventory.pack.survey.kendras import (
    Mask,
    Standing,
    Tehsil,
    at_points,
    in_places,
    in_tehsils,
    in_towns,
    most_populous,
    out_of_reach,
    service_points,
)
from inventory.pack.survey.named import COLLECTORATE, HOSPITAL, TEHSIL, named, positions
from inventory.pack.survey.tables import Tables
from inventory.pack.survey.villages import middles


def kendras_of(
    state: State, rule: KendraRule, ground: Ground, tables: Tables, feeders: Mapping[str, str]
) -> list[Standing]:
    """`feeders`: place code -> electricity feeder."""
    names = dict(zip(tables.habitations["hab_id"], tables.habitations["name"], strict=True))
    surveyed = service_points(tables.service_points, rule.surveyed, names, ground.offices.habitation)
    fixed = [*_offices(state, rule, ground, tables), *at_points(surveyed, ground.places, feeders, state.kendra)]
    taken = np.zeros(len(ground.places), np.bool_)
    taken[[point.home for point in surveyed if point.home is not None]] = True
    chosen = _chosen(rule, ground, taken, len(surveyed) - int(taken.sum()), fixed)
    return [*fixed, *in_places([ground.places[row] for row in chosen], feeders, state.kendra)]


def _chosen(rule: KendraRule, ground: Ground, taken: Mask, elsewhere: int, fixed: Sequence[Standing]) -> list[int]:
    """Rows of the places that get a kendra by rule. `elsewhere`: surveyed ones that are in no place of ours."""
    citizens = ground.offices.citizens
    found = most_populous(citizens, taken, max(0, rule.panchayats - elsewhere))
    if rule.reach_km:
        have = [*(place_at(each) for each in fixed), *(ground.places[row].at for row in found)]
        found = np.union1d(found, out_of_reach(points_of(ground.places), citizens, as_points(have), rule.reach_km))
    return [int(row) for row in found]


def place_at(kendra: Standing) -> Point:
    if kendra.site.lat is None or kendra.site.lon is None:
        raise ValueError(f"kendra {kendra.site.name} has no position")
    return kendra.site.lat, kendra.site.lon


def _offices(state: State, rule: KendraRule, ground: Ground, tables: Tables) -> Iterator[Standing]:
    """Kendras in collectorates, district hospitals, and the tehsils that are left of `rule.offices`."""
    collectorates, hospitals = (
        positions(named(tables.facilities, kind), "district_code") for kind in (COLLECTORATE, HOSPITAL)
    )
    for district in state.districts:
        found = collectorates.get(district.code), hospitals.get(district.code)
        collectorate, hospital = in_towns(district, state.kendra, *found)
        if rule.offices:
            yield collectorate
        if rule.hospitals:
            yield hospital
    tehsils = _tehsils(ground, tables)[: max(0, rule.offices - len(state.districts))]
    yield from in_tehsils(tehsils, ground.blocks, state.kendra)


def _tehsils(ground: Ground, tables: Tables) -> list[Tehsil]:
    """Those whose place is known, the most populous first."""
    rows = tables.subdistricts
    at = middles(ground.villages.tehsil, ground.villages.points, list(rows["subdistrict_code"]))
    named_at = _tehsil_offices(ground, tables)
    people: Counter[str] = Counter()
    for code, population in zip(ground.villages.tehsil, np.nan_to_num(ground.villages.population), strict=True):
        people[code] += int(population)
    names = dict(zip(rows["subdistrict_code"], rows["subdistrict_name"], strict=True))
    order = sorted(at, key=lambda code: (-people[code], code))
    return [Tehsil(code, names[code], named_at.get(code, at[code]), code not in named_at) for code in order]


def _tehsil_offices(ground: Ground, tables: Tables) -> dict[str, Point]:
    """Tehsil -> the position of its office, where surveyors named it: the tehsil is that of the nearest village."""
    found = named(tables.facilities, TEHSIL)
    located = np.flatnonzero(~np.isnan(ground.villages.points[:, 0]))
    at = [(lat, lon) for lat, lon in zip(found["lat"], found["lon"], strict=True)]
    near = located[nearest(as_points(at), ground.villages.points[located])]
    offices: dict[str, Point] = {}
    for tehsil, point in zip(ground.villages.tehsil[near], at, strict=True):
        offices.setdefault(tehsil, point)
    return offices
