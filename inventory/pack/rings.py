"""Dividing points around a centre into sectors, and the shortest way round each."""

from collections.abc import Sequence

import numpy as np

from inventory.pack.geometry import Floats, Ints, Point, Points, as_points, bearings, distances_km

FIBRE_PER_STRAIGHT = 1.4  # roads bend: length of fibre per straight kilometre
_GAIN_KM = 1e-9  # a smaller gain is rounding, and could go on for ever


def balanced(count: int, largest: int) -> list[int]:
    """Sizes of as few groups as `largest` allows, differing by one at most.

    With `largest` 12 all sizes are 8 to 12, but for 1 to 7 (one smaller ring) and 13 to 15 (two of 6 to 8):
    rather a ring shorter than asked than longer.
    """
    groups = -(-count // largest)
    return [count // groups + (number < count % groups) for number in range(groups)]


def sectors(centre: Point, points: Points, largest: int) -> list[Ints]:
    """Indices of `points` by bearing around `centre`, cut into groups; the widest empty angle lies between two."""
    if len(points) == 0:
        return []
    angle = bearings(centre, points)
    order = np.argsort(angle, kind="stable")
    gaps = np.diff(angle[order], prepend=angle[order[-1]] - 360)
    order = np.roll(order, -int(np.argmax(gaps)))
    ends = np.cumsum(balanced(len(points), largest))[:-1]
    return np.split(order, ends)


def tour_km(distance: Floats, order: Sequence[int]) -> float:
    """Length of the way from point 0 through `order` and back to 0."""
    stops = [0, *order, 0]
    return float(distance[stops[:-1], stops[1:]].sum())


def two_opt(distance: Floats, order: Sequence[int]) -> list[int]:
    """`order` with stretches turned round as long as that shortens the way from point 0 through it and back."""
    stops = [0, *order, 0]
    improved = True
    while improved:
        improved = False
        for first in range(1, len(stops) - 2):
            for last in range(first + 1, len(stops) - 1):
                a, b, c, d = stops[first - 1], stops[first], stops[last], stops[last + 1]
                gain = distance[a, b] + distance[c, d] - distance[a, c] - distance[b, d]
                if gain > _GAIN_KM:
                    stops[first : last + 1] = stops[first : last + 1][::-1]
                    improved = True
    return stops[1:-1]


def ring_orders(centre: Point, points: Points, largest: int) -> list[list[int]]:
    """Rings from `centre` through sectors of `points`, each as indices in the order of the fibre."""
    rings = []
    for sector in sectors(centre, points, largest):
        distance = distances_km(*[np.concatenate([as_points([centre]), points[sector]])] * 2)
        order = two_opt(distance, range(1, len(sector) + 1))
        rings.append([int(sector[stop - 1]) for stop in order])
    return rings
