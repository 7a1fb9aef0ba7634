"""Sectors, ring sizes and the shortening of rings."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.pack.geometry import as_points, distances_km
from inventory.pack.rings import balanced, ring_orders, sectors, tour_km, two_opt

CENTRE = (21.0, 82.0)
POINT = st.tuples(st.floats(20.5, 21.5), st.floats(81.5, 82.5))
POINTS = st.lists(POINT, min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (1, [1]),
        (7, [7]),
        (8, [8]),
        (12, [12]),
        (13, [7, 6]),
        (15, [8, 7]),
        (16, [8, 8]),
        (25, [9, 8, 8]),
        (37, [10, 9, 9, 9]),
    ],
)
def test_ring_sizes(count: int, sizes: list[int]) -> None:
    assert balanced(count, 12) == sizes


@given(st.integers(1, 500))
def test_rings_have_8_to_12_where_the_count_allows(count: int) -> None:
    sizes = balanced(count, 12)
    assert sum(sizes) == count
    assert max(sizes) <= 12
    assert min(sizes) >= 8 or count < 8 or 13 <= count <= 15


@given(POINTS, st.integers(1, 16))
def test_each_point_is_in_one_sector(points: list[tuple[float, float]], largest: int) -> None:
    found = sectors(CENTRE, as_points(points), largest)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(points)))
    assert all(len(each) <= largest for each in found)


def test_no_sector_reaches_over_the_widest_empty_angle() -> None:
    # North-west, north, north-east and east; nothing between east and north-west by the south.
    points = as_points([(21.0, 82.3), (21.2, 81.8), (21.2, 82.2), (21.3, 82.0)])
    first, second = sectors(CENTRE, points, 2)
    assert (first.tolist(), second.tolist()) == ([1, 3], [2, 0])


@given(POINTS.filter(lambda points: len(points) <= 14), st.randoms(use_true_random=False))
def test_two_opt_keeps_the_stops_and_never_lengthens(points: list[tuple[float, float]], random: Random) -> None:
    distance = distances_km(*[as_points([CENTRE, *points])] * 2)
    order = random.sample(range(1, len(points) + 1), len(points))
    shorter = two_opt(distance, order)
    assert sorted(shorter) == sorted(order)
    assert tour_km(distance, shorter) <= tour_km(distance, order) + 1e-9


def test_two_opt_takes_a_crossing_out() -> None:
    square = as_points([(21.0, 82.0), (21.0, 82.1), (21.1, 82.1), (21.1, 82.0)])
    distance = distances_km(square, square)
    assert two_opt(distance, [2, 1, 3]) in ([1, 2, 3], [3, 2, 1])


@given(POINTS)
def test_each_point_is_in_one_ring(points: list[tuple[float, float]]) -> None:
    rings = ring_orders(CENTRE, as_points(points), 12)
    assert sorted(stop for ring in rings for stop in ring) == list(range(len(points)))


def test_points_on_one_spot_make_rings_too() -> None:
    assert sorted(map(len, ring_orders(CENTRE, as_points([CENTRE] * 20), 12))) == [10, 10]
