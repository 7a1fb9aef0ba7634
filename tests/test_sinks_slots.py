"""Newest values in slots, against a dictionary of them."""

import numpy as np
import pytest

from collectors.sinks.shapes import Shapes, codes
from collectors.sinks.slots import Slots

Series = tuple[int, int, int]
"""Device, metric, instance."""


def give(slots: Slots, samples: dict[Series, float], at: float) -> None:
    device, metric, instance = (np.array(column) for column in zip(*samples, strict=True))
    code = codes(metric.astype(np.int16), instance.astype(np.int32))
    slots.take(device.astype(np.int32), code, np.array(list(samples.values())), np.full(len(samples), at))


def held(slots: Slots, devices: int) -> dict[Series, float]:
    """All values that came."""
    kept: dict[Series, float] = {}
    for metric in slots.shapes.metrics():
        found = slots.newest(metric, np.arange(devices))
        rows = zip(found.device.tolist(), found.instance.tolist(), found.value.tolist(), found.at.tolist(), strict=True)
        kept |= {(device, metric, instance): value for device, instance, value, at in rows if at}
    return kept


@pytest.mark.parametrize("spare", [0, 20, 100_000])
def test_slots_hold_the_last_value_of_each_series(spare: int) -> None:
    """Also while devices get more series, change their places, and all move together."""
    random = np.random.default_rng(4)
    slots = Slots(9, spare)
    expected: dict[Series, float] = {}
    for turn in range(120):
        most = 1 + turn // 20
        drawn = random.integers([9, most, 3], size=(8, 3)).tolist()
        samples = {(device, metric, instance): float(random.random()) for device, metric, instance in drawn}
        give(slots, samples, 1e9 + turn)
        expected |= samples
        assert held(slots, 9) == expected


def test_a_series_that_ended_a_day_ago_goes_when_its_device_gets_another() -> None:
    slots = Slots(2)
    give(slots, {(0, 1, 1): 1.0, (0, 1, 2): 2.0, (1, 1, 1): 3.0}, 1e9)
    give(slots, {(0, 1, 2): 4.0}, 1e9 + 90_000)
    assert len(held(slots, 2)) == 3
    give(slots, {(0, 1, 3): 5.0}, 1e9 + 90_001)
    assert held(slots, 2) == {(0, 1, 2): 4.0, (0, 1, 3): 5.0, (1, 1, 1): 3.0}


def test_devices_with_the_same_series_share_a_shape() -> None:
    slots = Slots(50)
    give(slots, {(device, metric, 7): 1.0 for device in range(50) for metric in range(12)}, 1e9)
    assert len(slots.shapes) == 2  # the other is the one without series


def test_places_of_a_shape_are_those_of_its_series() -> None:
    shapes = Shapes()
    first, second = np.array([3, 9, 1 << 24 | 3]), np.array([9])
    one, other = shapes.number(first), shapes.number(second)
    assert (shapes.number(first), shapes.series(one).tolist()) == (one, first.tolist())
    asked = np.array([one, one, one, other, other], np.int32)
    assert shapes.places(asked, np.array([9, 1 << 24 | 3, 4, 9, 3])).tolist() == [1, 2, -1, 0, -1]


def test_a_device_that_invents_names_has_no_more_than_it_may_and_the_others_lose_nothing() -> None:
    slots = Slots(3, most=40)
    for turn in range(20):
        invented = {(0, 1, 1000 + 7 * turn + n): float(turn) for n in range(7)}
        give(slots, invented | {(1, 1, 1): float(turn), (2, 1, 1): -1.0}, 1e9 + turn)
    own = {(0, 1, 1000 + n): float(n // 7) for n in range(40)}
    assert held(slots, 3) == own | {(1, 1, 1): 19.0, (2, 1, 1): -1.0}
    assert slots.refused == 20 * 7 - 40
    give(slots, {(0, 1, 5): 1.0, (1, 1, 1): 2.0, (2, 1, 1): 2.0}, 1e9 + 90_000)  # a day later its own are gone
    assert held(slots, 3) == {(0, 1, 5): 1.0, (1, 1, 1): 2.0, (2, 1, 1): 2.0}


def test_shapes_that_nobody_has_any_more_are_forgotten() -> None:
    slots = Slots(2, spare=200)
    for turn in range(300):
        invented = {(0, turn % 3, 1000 + 7 * turn + n): float(turn) for n in range(7)}
        give(slots, invented | {(1, 9, 1): float(turn)}, 1e9 + turn * 20_000)
        assert slots.shapes.rows <= 2 * 43 + 200 + 42
    assert held(slots, 2)[1, 9, 1] == 299.0
    assert slots.refused == 0
    assert len(slots.newest(500, np.arange(2)).value) == 0
