"""Blocks, and what connects the places of each."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from inventory.pack.blocks import Block, assign, blocks_of, merge_small
from inventory.pack.geometry import distance_km
from inventory.pack.places import Place
from inventory.pack.plan import plan_blocks, plan_rings, plan_trees

PLACE = st.builds(
    Place,
    code=st.uuids().map(str),
    name=st.just("Amora"),
    group=st.sampled_from(["493445", "493449", "493551", "493558"]),
    is_main=st.booleans(),
    lat=st.floats(20.5, 21.5),
    lon=st.floats(81.5, 82.5),
    district=st.sampled_from(["385", "387"]),
)
PLACES = st.lists(PLACE, min_size=1, max_size=70, unique_by=lambda place: place.code)


def place(code: str, lat: float, lon: float = 82.0, group: str = "493445", is_main: bool = False) -> Place:
    return Place(code, code, group, is_main, lat, lon, district="387")


@given(PLACES, st.integers(1, 20))
def test_each_place_is_in_one_block_of_its_district(places: list[Place], smallest: int) -> None:
    blocks = blocks_of(places, smallest)
    assert sorted(each.code for block in blocks for each in block.places) == sorted(each.code for each in places)
    assert all({each.district for each in block.places} == {block.district} for block in blocks)
    assert all(block.pop in block.places for block in blocks)
    for block in blocks:
        alone = sum(each.district == block.district for each in blocks) == 1
        assert len(block.places) >= smallest or alone


@given(PLACES, st.integers(1, 20), st.randoms(use_true_random=False))
def test_blocks_do_not_depend_on_the_order_of_places(places: list[Place], smallest: int, random: Random) -> None:
    shuffled = random.sample(places, len(places))
    assert blocks_of(shuffled, smallest) == blocks_of(places, smallest)


def test_the_pop_stands_at_the_sub_office_nearest_the_middle() -> None:
    branch = [place(f"b{n}", 21 + n / 100) for n in range(5)]
    edge, middle = place("edge", 21.3, is_main=True), place("middle", 21.1, is_main=True)
    assert blocks_of([*branch, edge, middle], 1)[0].pop == middle


def test_without_a_sub_office_a_branch_office_stands_in() -> None:
    assert blocks_of([place(f"b{n}", 21 + n / 100) for n in range(5)], 1)[0].pop.code == "b2"


def test_a_small_pincode_joins_the_nearest() -> None:
    small = place("small", 21.0, group="493449")
    near = [place(f"near{n}", 21.1, group="493445") for n in range(3)]
    far = [place(f"far{n}", 22.0, group="493551") for n in range(3)]
    groups = merge_small({small: [small], near[0]: near, far[0]: far}, 3)
    assert sorted(sorted(each.code for each in group) for group in groups) == [
        ["far0", "far1", "far2"],
        ["near0", "near1", "near2", "small"],
    ]


def test_a_place_far_from_its_own_pop_goes_to_the_nearest() -> None:
    home, stray = place("home", 21.0), place("stray", 22.0)
    other = place("other", 22.1, group="493449")
    found = assign([home, stray, other], {home: [home, stray], other: [other]})
    assert found == {home: [home], other: [stray, other]}


@given(PLACES)
def test_rings_and_trees_take_each_place_once(places: list[Place]) -> None:
    block = Block(places[0], tuple(places))
    codes = sorted(each.code for each in places)
    ringed, treed = plan_rings(block), plan_trees(block)
    assert sorted(each.code for ring in ringed.rings for each in ring) == codes
    in_trees = [each for pon in treed.pons for each in pon] + list(treed.radios)
    assert sorted(each.code for each in in_trees) == codes


@given(PLACES)
def test_a_pon_reaches_20_km_and_no_further(places: list[Place]) -> None:
    plan = plan_trees(Block(places[0], tuple(places)))
    assert all(distance_km(places[0].at, each.at) * 1.4 <= 20 for pon in plan.pons for each in pon)
    assert all(distance_km(places[0].at, each.at) * 1.4 > 20 for each in plan.radios)
    assert all(1 <= len(pon) <= 16 for pon in plan.pons)


@given(PLACES)
def test_each_place_has_one_feeder_of_a_few_neighbours(places: list[Place]) -> None:
    feeders = plan_rings(Block(places[0], tuple(places))).feeders
    assert set(feeders) == {each.code for each in places}
    shared = list(feeders.values())
    assert all(shared.count(each) <= 14 for each in shared)
    assert len(places) < 14 or all(shared.count(each) >= 7 for each in shared)


def test_the_largest_blocks_get_the_rings() -> None:
    blocks = [
        Block(place(f"{name}0", 21), tuple(place(f"{name}{n}", 21 + n / 50) for n in range(size)))
        for name, size in (("a", 3), ("b", 9), ("c", 5))
    ]
    ringed = [plan.block.code for plan in plan_blocks(blocks, 2) if plan.rings]
    assert ringed == ["b0", "c0"]


def test_a_feeder_is_not_a_ring() -> None:
    spread = [replace(place(f"p{n:02}", 21 + (n % 6) / 30), lon=82 + (n // 6) / 30) for n in range(36)]
    plan = plan_rings(Block(spread[14], tuple(spread)))
    rings = [{each.code for each in ring} for ring in plan.rings]
    areas = [{code for code, name in plan.feeders.items() if name == each} for each in set(plan.feeders.values())]
    assert not any(area in rings for area in areas)
