"""The rules by which a survey's offices, villages, blocks and kendras come to their places."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import Area, Level, Names
from inventory.pack.geometry import as_points, distances_km, nearest, paired_km
from inventory.pack.kendras import serving
from inventory.pack.survey.blocks import names_in, shapes_in
from inventory.pack.survey.kendras import most_populous, out_of_reach, service_points
from inventory.pack.survey.named import BLOCK, COLLECTORATE, HOSPITAL, TEHSIL, named
from inventory.pack.survey.offices import Division, Offices, believed, divided, with_citizens, with_tehsils
from inventory.pack.survey.versions import Before, befores, with_versions
from inventory.pack.survey.villages import Membership, Villages, assigned, settled

POINT = st.tuples(st.floats(21, 22), st.floats(81.5, 82.5))
POINTS = st.lists(POINT, min_size=1, max_size=40)
NAN = float("nan")


def offices(*rows: tuple[str, str, int, tuple[float, float]], block: str = "b") -> Offices:
    """Of (tehsil, village, match, point); all in one block."""
    count = len(rows)
    same = np.array([block] * count, dtype=object)
    return Offices(
        code=np.array([f"o{n}" for n in range(count)], dtype=object),
        name=same,
        habitation=np.array([f"h{n}" for n in range(count)], dtype=object),
        district=same,
        block=same,
        block_name=same,
        pmgsy_block=same,
        tehsil=np.array([row[0] for row in rows], dtype=object),
        village=np.array([row[1] for row in rows], dtype=object),
        match=np.array([row[2] for row in rows], np.int64),
        points=as_points([row[3] for row in rows]),
        doubtful=np.zeros(count, np.bool_),
        population=np.arange(count, dtype=np.float64) + 100,
        citizens=np.zeros(count, np.int64),
    )


def villages(*rows: tuple[str, str, tuple[float, float], float]) -> Villages:
    """Of (code, tehsil, point, people)."""
    codes = np.array([row[0] for row in rows], dtype=object)
    return Villages(
        code=codes,
        name=codes,
        tehsil=np.array([row[1] for row in rows], dtype=object),
        points=as_points([row[2] for row in rows]),
        population=np.array([row[3] for row in rows], dtype=np.float64),
    )


def membership(found: Membership) -> list[tuple[int, str]]:
    return list(zip(found.office.tolist(), found.by.tolist(), strict=True))


@given(POINTS, POINTS)
def test_the_nearest_is_the_nearest(here: list[tuple[float, float]], there: list[tuple[float, float]]) -> None:
    a, b = as_points(here), as_points(there)
    km = paired_km(a, b[nearest(a, b)])
    # A plane instead of the globe: at a degree from its middle it is wrong by a part in a hundred.
    assert np.all(km <= distances_km(a, b).min(axis=1) * 1.02 + 1e-6)


def test_of_equally_near_ones_the_first() -> None:
    assert nearest(as_points([(21, 82)]), as_points([(21.5, 82), (21.1, 82), (21.1, 82)])).tolist() == [1]


@pytest.mark.parametrize(
    ("village", "member"),
    [
        (("1", "t", (21.0, 82.0), 5), (0, "village_code")),
        (("1", "elsewhere", (25.0, 75.0), 5), (0, "village_code")),
        (("1", "t", (NAN, NAN), 5), (0, "village_code")),
        (("9", "t", (21.09, 82.0), 5), (1, "nearest-office")),
        (("9", "u", (21.0, 82.0), 5), (2, "nearest-office")),  # the office of another tehsil is nearer
        (("9", "t", (NAN, NAN), 5), (-1, "tehsil")),
        (("9", "v", (21.0, 82.0), 5), (-1, "tehsil")),  # no office in that tehsil
    ],
)
def test_a_village_comes_to_its_gp(
    village: tuple[str, str, tuple[float, float], float], member: tuple[int, str]
) -> None:
    known = offices(("t", "1", 0, (21.0, 82.0)), ("t", "2", 0, (21.1, 82.0)), ("u", "3", 0, (22.0, 82.0)))
    assert membership(assigned(villages(village), known)) == [member]


def test_an_office_whose_position_is_doubted_is_nobodys_nearest() -> None:
    known = offices(("t", "", -1, (21.0, 82.0)), ("t", "", -1, (21.5, 82.0)))
    known = replace(known, doubtful=np.array([True, False]))
    assert membership(assigned(villages(("9", "t", (21.0, 82.0), 5)), known)) == [(1, "nearest-office")]


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ((0, 21.4), (1, 21.0), 0),  # an exact match before a phonetic one that is nearer
        ((1, 21.4), (1, 21.1), 1),  # then the nearer
        ((2, 21.1), (2, 21.1), 0),  # then the first
    ],
)
def test_of_two_offices_with_one_village_code(first: tuple[int, float], second: tuple[int, float], chosen: int) -> None:
    known = offices(*(("t", "1", match, (lat, 82.0)) for match, lat in (first, second)))
    assert assigned(villages(("1", "t", (21.0, 82.0), 5)), known).office.tolist() == [chosen]


@given(st.lists(st.tuples(st.sampled_from("tuv"), POINT), min_size=1, max_size=20), POINTS)
def test_every_village_has_one_reason_and_a_gp_of_its_tehsil(
    homes: list[tuple[str, tuple[float, float]]], at: list[tuple[float, float]]
) -> None:
    known = offices(*((tehsil, "", -1, point) for tehsil, point in homes))
    asked = villages(*((str(n), "tuv"[n % 3], point, 1) for n, point in enumerate(at)))
    found = assigned(asked, known)
    for tehsil, row, by in zip(asked.tehsil, found.office, found.by, strict=True):
        assert (by == "nearest-office") == (tehsil in known.tehsil)
        assert row == -1 if by == "tehsil" else known.tehsil[row] == tehsil


def test_a_village_without_position_stands_at_the_office_that_has_its_code() -> None:
    known = offices(("t", "1", 0, (21.0, 82.0)))
    asked = villages(("1", "t", (NAN, NAN), NAN), ("9", "t", (NAN, NAN), NAN))
    found = settled(asked, known, assigned(asked, known))
    assert found.points[0].tolist() == [21.0, 82.0]
    assert found.population[0] == 100
    assert np.isnan(found.points[1]).all()
    assert np.isnan(found.population[1])


def test_a_position_far_from_its_blocks_others_or_outside_is_not_believed() -> None:
    at = as_points([(21.0, 82.0), (21.02, 82.0), (21.04, 82.0), (23.0, 82.0), (21.01, 82.0)])
    outside = np.array([False, False, False, False, True])
    found, wrong = believed(at, np.array(["b"] * 5, dtype=object), outside)
    assert wrong.tolist() == [False, False, False, True, True]
    assert found[3].tolist() == found[4].tolist() == [21.02, 82.0]
    assert found[:3].tolist() == at[:3].tolist()


def test_an_office_without_tehsil_is_in_that_of_the_nearest_village_within_10_km() -> None:
    known = offices(("", "", -1, (21.0, 82.0)), ("", "", -1, (21.5, 82.0)), ("t", "", -1, (21.0, 82.0)))
    asked = villages(("1", "u", (21.01, 82.0), 1), ("2", "v", (NAN, NAN), 1))
    assert with_tehsils(known, asked.tehsil, asked.points).tehsil.tolist() == ["u", "", "t"]


def test_the_people_of_each_habitation_count_for_the_nearest_office_of_its_block() -> None:
    known = offices(("t", "", -1, (21.0, 82.0)), ("t", "", -1, (21.5, 82.0)))
    blocks = np.array(["b", "b", "b", "other"], dtype=object)
    at = as_points([(21.1, 82.0), (21.4, 82.0), (21.2, 82.0), (21.0, 82.0)])
    people = np.array([10.0, 20.0, NAN, 40.0])
    assert with_citizens(known, blocks, at, people).citizens.tolist() == [10, 20]


@pytest.mark.parametrize(
    ("districts", "blocks", "homes"),
    [
        ("aaab", "1111", {"1": "a"}),  # a few across the border stay
        ("a" * 9 + "b" * 8, ["1"] * 9 + ["1.b"] * 8, {"1": "a", "1.b": "b"}),
        ("b" * 8 + "a" * 8, ["1.b"] * 8 + ["1"] * 8, {"1": "a", "1.b": "b"}),  # of equals the least code
    ],
)
def test_a_block_lies_in_one_district_or_is_cut(districts: str, blocks: str | list[str], homes: dict[str, str]) -> None:
    block = np.array(["1"] * len(districts), dtype=object)
    found = divided(block, np.array(list(districts), dtype=object))
    assert found.block.tolist() == list(blocks)
    assert found.district_of == homes


def test_a_part_of_a_block_is_named_after_its_district_and_has_what_lies_in_it() -> None:
    division = Division(np.array(["1", "1.b"], dtype=object), {"1": "a", "1.b": "b"})
    known = offices(("t", "", -1, (21.0, 82.0)), ("t", "", -1, (21.0, 83.0)), block="1")
    known = replace(known, block_name=np.array(["MOHLA", "MOHLA"], dtype=object))
    assert names_in(known, division, {"a": "Korba", "b": "Durg"}) == {"1": "Mohla", "1.b": "Mohla (Durg)"}
    districts = {"a": shapely.box(82, 21, 83, 22), "b": shapely.box(83, 21, 84, 22)}
    found = shapes_in({"1": {"7"}}, {"7": shapely.box(82.5, 21.2, 83.2, 21.4)}, division, districts)
    assert shapely.equals(found["1"], shapely.box(82.5, 21.2, 83, 21.4))
    assert shapely.equals(found["1.b"], shapely.box(83, 21.2, 83.2, 21.4))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(0, 40), st.data())
def test_the_most_populous_get_a_kendra(citizens: list[int], count: int, data: st.DataObject) -> None:
    has = np.array(data.draw(st.lists(st.booleans(), min_size=len(citizens), max_size=len(citizens))))
    people = np.array(citizens)
    chosen = most_populous(people, has, count)
    assert len(chosen) == min(max(0, count - has.sum()), (~has).sum())
    assert not has[chosen].any()
    left = np.setdiff1d(np.flatnonzero(~has), chosen)
    assert not len(chosen) or not len(left) or people[chosen].min() >= people[left].max()


@given(POINTS, st.lists(POINT, max_size=3), st.sampled_from([5.0, 20.0]))
def test_nobody_is_out_of_reach(
    points: list[tuple[float, float]], have: list[tuple[float, float]], reach_km: float
) -> None:
    at, there = as_points(points), as_points(have)
    chosen = out_of_reach(at, np.arange(len(at)), there, reach_km)
    stations = np.concatenate([there, at[chosen]])
    assert distances_km(at, stations).min(axis=1).max() <= reach_km
    apart = distances_km(at[chosen], at[chosen]) + np.eye(len(chosen)) * 1e6
    assert not len(chosen) or apart.min() > reach_km


def test_service_points_of_one_building_are_one() -> None:
    rows = pd.DataFrame(
        [
            ("9", "h1", "bnrgsk", 82.0, 21.0),
            ("8", "h1", "bnrgsk", 82.0001, 21.0),
            ("7", "h1", "bnrgsk", 82.1, 21.0),
            ("6", "h2", "csc", 82.0, 21.0),
            ("5", "x", "bnrgsk", 82.0, 21.0),
        ],
        columns=["facility_id", "hab_id", "kendra", "lon", "lat"],
    )
    found = service_points(rows, ["bnrgsk"], {"h1": "Amora"}, np.array(["h0", "h1"], dtype=object))
    assert sorted((each.code, each.name, each.home) for each in found) == [
        ("pmgsy-5", "", None),
        ("pmgsy-7", "Amora", 1),
        ("pmgsy-8", "Amora", 1),
    ]


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        (TEHSIL, ["Tahsil office", "Kara lay tahsil", "tehsil complex"], ["Sub tehsil office", "SubTehsil", "Testing"]),
        (COLLECTORATE, ["collectorate balrampur"], ["collection centre"]),
        (BLOCK, ["Block Headquarter", "block HQ", "janpad panchayat", "Panchayat Samiti", "BDO office"], ["panchayat block"]),
        (HOSPITAL, ["District Hospital", "Dist hospital", "zila chikitsalay"], ["Veterinary Hospital Dist Tonk"]),
    ],
)  # fmt: skip
def test_offices_are_known_by_their_text(kind: tuple[str, str], yes: list[str], no: list[str]) -> None:
    texts = [*yes, *no]
    rows = pd.DataFrame({"facility_id": [str(n) for n in range(len(texts))], "category": kind[0], "description": texts})
    assert named(rows, kind)["description"].tolist() == yes
    assert named(rows.assign(category="Agro"), kind).empty


def test_a_village_is_served_by_its_own_kendra_else_the_nearest_else_by_none_that_is_known() -> None:
    at = as_points([(21.0, 82.0), (21.0, 82.0), (NAN, NAN), (NAN, NAN)])
    kendras = {"near": (21.1, 82.0), "far": (21.5, 82.0)}
    assert serving(at, ["far", None, None, "far"], kendras) == ["far", "near", None, "far"]
    assert serving(at[:1], [None], {}) == [None]


DAY = date(2022, 9, 9)


def area(level: Level, code: str, parent: str) -> Area:
    return Area(level, code, Names(code.title()), parent)


def test_what_areas_were_before_a_district_was_divided() -> None:
    rows = [
        area(Level.SUBDISTRICT, "moved", "district:new"),
        area(Level.SUBDISTRICT, "stayed", "district:old"),
        area(Level.SUBDISTRICT, "young", "district:new"),
        area(Level.SUBDISTRICT, "undated", "district:other"),
        area(Level.BLOCK, "b", "district:new"),
        area(Level.BLOCK, "b.old", "district:old"),
        area(Level.GP, "in-part", "block:b.old"),
        area(Level.GP, "in-whole", "block:b"),
    ]
    areas = {each.key: each for each in rows}
    then = dict.fromkeys(["subdistrict:moved", "subdistrict:stayed", "subdistrict:undated", "block:b"], "district:old")
    found, undated = befores(areas, then, {"district:new": DAY})
    assert undated == ["subdistrict:undated"]
    assert found == {
        "subdistrict:moved": Before(DAY, "district:old"),
        "subdistrict:young": Before(DAY, None),
        "block:b": Before(DAY, "district:old"),
        "block:b.old": Before(DAY, None),
        "gp:in-part": Before(DAY, "block:b"),
    }
    today, older = with_versions(areas, found, {"subdistrict:moved": "Before", "block:b": "B"})
    assert today["subdistrict:moved"].valid_from == today["block:b.old"].valid_from == DAY
    assert today["gp:in-whole"].valid_from is None
    assert sorted(older) == ["block:b", "gp:in-part", "subdistrict:moved"]
    (moved,) = older["subdistrict:moved"]
    assert (moved.names.en, moved.parent, moved.valid_from, moved.valid_to) == ("Before", "district:old", None, DAY)


def test_a_part_that_went_to_the_new_district_began_on_its_first_day() -> None:
    areas = {
        each.key: each
        for each in (
            area(Level.BLOCK, "b", "district:old"),
            area(Level.BLOCK, "b.new", "district:new"),
            area(Level.GP, "g", "block:b.new"),
        )
    }
    found, _ = befores(areas, {"block:b": "district:old"}, {"district:new": DAY})
    assert found == {"block:b.new": Before(DAY, None), "gp:g": Before(DAY, "block:b")}
