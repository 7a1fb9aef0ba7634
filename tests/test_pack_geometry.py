"""Distances, bearings, spirals and the Hilbert curve."""

import numpy as np
import pytest

from inventory.pack.geometry import as_points, bearings, distance_km, distances_km, hilbert, moved, spiral

RAIPUR, BILASPUR = (21.25, 81.63), (22.08, 82.15)


def test_a_degree_of_latitude_and_of_longitude() -> None:
    assert distance_km((21, 82), (22, 82)) == pytest.approx(111.195, abs=0.01)
    assert distance_km((60, 82), (60, 83)) == pytest.approx(55.6, abs=0.1)
    assert distance_km(RAIPUR, RAIPUR) == 0


def test_bearings_are_clockwise_from_north() -> None:
    around = as_points([(22, 82), (21, 83), (20, 82), (21, 81)])
    assert bearings((21, 82), around).tolist() == pytest.approx([0, 90, 180, 270])


def test_moved_by_kilometres() -> None:
    assert distance_km(RAIPUR, moved(RAIPUR, 3, 4)) == pytest.approx(5, abs=0.01)


def test_a_spiral_sets_no_two_points_near_each_other() -> None:
    points = as_points(spiral(RAIPUR, 80, 2.0))
    apart = distances_km(points, points) + np.eye(80) * 99
    assert apart.min() > 1.8


def test_the_hilbert_curve_steps_from_cell_to_neighbour() -> None:
    lat, lon = np.meshgrid(np.arange(16.0), np.arange(16.0))
    cells = np.stack([lat.ravel(), lon.ravel()], axis=1)
    steps = np.abs(np.diff(cells[np.argsort(hilbert(cells))], axis=0)).sum(axis=1)
    assert (steps == 1).all()


def test_hilbert_of_nothing_and_of_one_spot() -> None:
    assert hilbert(as_points([])).tolist() == []
    assert hilbert(as_points([RAIPUR, RAIPUR])).tolist() == [0, 0]
