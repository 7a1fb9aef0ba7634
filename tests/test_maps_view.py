"""Order, letters, shades and the drawn map."""

import re

import pytest
import shapely

from inventory.model import Inventory
from maps import letters
from maps.ground import Ground
from maps.numbers import numbers
from maps.projection import fit
from maps.svg import Words, draw
from maps.tally import Tally, by_part, tally
from maps.view import MapView, view_of
from tests.pages import EVIL, OTHER, two_districts
from tests.small import DISTRICT


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return two_districts()


@pytest.fixture(scope="module")
def state(inventory: Inventory) -> MapView:
    return view_of(Ground(inventory), None)


def test_a_state_is_broken_down_by_districts(state: MapView) -> None:
    assert {part.key for part in state.parts} == {DISTRICT, OTHER}
    assert len(state.villages) == 9
    districts = {v.key: state.parts[p].key for v, p in zip(state.villages, state.part_of, strict=True)}
    assert districts["village:V1"] == DISTRICT
    assert districts["village:E1"] == OTHER


def test_a_district_holds_its_own_and_draws_its_own_outline(inventory: Inventory) -> None:
    view = view_of(Ground(inventory), OTHER)
    assert [v.key for v in view.villages] == ["village:E1"]
    assert {s.name for s in view.sites} == {"evil-gp", "evil-kendra"}
    assert list(view.outlines) == [OTHER]


def test_an_unknown_area_has_no_view(inventory: Inventory) -> None:
    with pytest.raises(KeyError):
        view_of(Ground(inventory), "district:0")


def test_neighbours_keep_one_border(inventory: Inventory) -> None:
    """Thinning may not open gaps between districts that touch."""
    wavy = [(81.5 + 0.001 * (n % 3), 19.5 + n / 100) for n in range(101)]
    left = shapely.Polygon([(80.5, 19.5), *wavy, (80.5, 20.5)])
    right = shapely.Polygon([(82.5, 19.5), *wavy, (82.5, 20.5)])
    touching = {DISTRICT: shapely.to_wkb(left), OTHER: shapely.to_wkb(right)}
    object.__setattr__(changed := two_districts(), "boundaries", touching)
    outlines = view_of(Ground(changed), None).outlines
    assert len(shapely.get_coordinates(outlines[DISTRICT])) < len(wavy)
    assert outlines[DISTRICT].intersection(outlines[OTHER]).area == 0
    assert shapely.union_all(list(outlines.values())).geom_type == "Polygon"


def test_an_areas_own_order_is_a_stretch_of_every_wider_one(inventory: Inventory, state: MapView) -> None:
    district = view_of(Ground(inventory), DISTRICT)
    first, end = numbers(state, district).own["village"]
    assert state.villages[first:end] == district.villages
    first, end = numbers(state, district).own["site"]
    assert state.sites[first:end] == district.sites
    assert len(district.sites) < len(state.sites)


def test_spans_hold_the_villages_of_their_area(inventory: Inventory, state: MapView) -> None:
    for area, (first, end) in zip(state.blocks, numbers(state, state).blocks, strict=True):
        inside = {key for key in inventory.within(area.key) if key.startswith("village:")}
        assert {village.key for village in state.villages[first:end]} == inside


def test_the_order_is_named_by_its_content(inventory: Inventory, state: MapView) -> None:
    assert state.order == view_of(Ground(inventory), None).order
    assert state.order != view_of(Ground(inventory), OTHER).order


def test_an_octet_carries_status_and_layer() -> None:
    assert letters.packed("rdb?", "--p-", "ux?") == bytes([1, 2, 3 | 2 << 2, 0, 1, 3, 0])


@pytest.mark.parametrize(
    ("counted", "shade"),
    [
        (Tally(0, 0, 0, 0), "s-none"),
        (Tally(49, 0, 0, 51), "s-unknown"),
        (Tally(50, 0, 0, 50), "s1"),
        (Tally(40, 9, 51, 0), "s0"),
        (Tally(60, 15, 25, 0), "s2"),
        (Tally(97, 0, 3, 0), "s4"),
        (Tally(96, 0, 4, 0), "s3"),
    ],
)
def test_shades(counted: Tally, shade: str) -> None:
    assert counted.shade == shade


def test_parts_add_up(state: MapView) -> None:
    told = "".join("rdb?"[n % 4] for n in range(len(state.villages)))
    parts = by_part(state, told)
    assert sum(part.total for part in parts) == len(state.villages)
    assert sum(part.blocked for part in parts) == tally(told).blocked


def test_the_projection_keeps_shapes() -> None:
    plane = fit((81.0, 20.0, 83.0, 22.0))
    assert plane.xy(81.0, 22.0) == (0, 0)
    assert plane.xy(83.0, 20.0) == (1000, plane.height)
    # At 21° a degree of longitude is 0.934 of a degree of latitude.
    assert 1000 / plane.height == pytest.approx(0.934, abs=0.002)


def test_the_drawing_marks_each_place_once_and_escapes_names(state: MapView) -> None:
    told = "r" * 7 + "db"
    words = Words(EVIL, [(EVIL, '/en/area/"x"', EVIL)] * len(state.parts))
    svg = draw(state, told, "u" * len(state.sites), words)
    marks = {letter: len(re.findall("m-?[0-9]", d)) for letter, d in re.findall(r'data-letter="(.)" d="([^"]*)"', svg)}
    assert marks == {"?": 0, "r": 7, "d": 1, "b": 1}
    assert "<script" not in svg
    assert 'href="/en/area/"' not in svg


def test_relative_marks_are_where_the_places_are(state: MapView) -> None:
    svg = draw(state, "r" * 9, "u" * len(state.sites), Words("", [("", "", "")] * 2))
    found = re.search(r'data-letter="r" d="([^"]*)"', svg)
    assert found
    x = y = 0
    spots = set()
    for dx, dy in re.findall(r"m(-?\d+) (-?\d+)h0", found[1]):
        x, y = x + int(dx), y + int(dy)
        spots.add((x, y))
    assert spots == {fit(state.bounds).xy(*at) for at in state.village_at if at}
