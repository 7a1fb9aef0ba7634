"""The columns of readiness against the rule for one village and one service, and against distances in plain arithmetic."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.naive import Naive, road_km
from inventory.model import Names, Role, Service
from readiness.model import Layer, Readiness, Status
from readiness.rules import verdicts
from readiness.rules.matrix import Eyes, Kendras, Matrix, Plan, Villages
from readiness.rules.reach import Degrees, Numbers, Reach, Travel
from readiness.rules.verdicts import Meaning, meaning, verdict

ENDPOINTS = ("auth", "pay", "portal")
PERIPHERALS = ("biometric", "printer")
TRAVEL = Travel(limit_km=15, road_factor=1.3)
WAYS = [
    (Readiness.READY, None), (Readiness.DEGRADED, Layer.GP_EQUIPMENT), (Readiness.BLOCKED, Layer.POWER),
    (Readiness.BLOCKED, None), (Readiness.UNKNOWN, None), (Readiness.UNKNOWN, Layer.NOT_COMMISSIONED),
]  # fmt: skip


@st.composite
def _kendras(draw: st.DrawFn, count: int) -> Kendras:
    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    return Kendras(
        np.array([verdict(*way) for way in column(st.sampled_from(WAYS))], np.uint8),
        np.array(column(st.integers(0, 3)), np.uint16),
        np.array(column(st.sampled_from([np.nan, 20.0, 300.0])), np.float32),
        np.array(column(st.sampled_from([np.nan, 0.0, 40.0])), np.float32),
    )


_SIGHTS = st.fixed_dictionaries({code: st.sampled_from(list(Status)) for code in ENDPOINTS})
_SERVICES = st.builds(
    Service,
    code=st.just("s"),
    names=st.just(Names("S")),
    channels=st.sampled_from([(), ("kendra",), ("kendra", "mobile"), ("mobile",)]),
    latency_ms=st.sampled_from([None, 100]),
    loss_percent=st.sampled_from([None, 5.0]),
    peripherals=st.sets(st.sampled_from(PERIPHERALS)).map(lambda some: tuple(sorted(some))),
    endpoints=st.sets(st.sampled_from(ENDPOINTS)).map(lambda some: tuple(sorted(some))),
)
_PLACES = st.tuples(st.sampled_from([81.0, 81.05, 81.1, 81.2, np.nan]), st.sampled_from([21.0, 21.03, 21.1]))


_Events = list[tuple[Numbers, Kendras] | Eyes]
_World = tuple[Matrix, Degrees, _Events]


@st.composite
def _world(draw: st.DrawFn) -> _World:
    """A matrix, where its kendras are, and what happens to it."""
    kendras = draw(st.integers(1, 5))
    at_kendras = np.array([draw(_PLACES) for _ in range(kendras)])
    villages = draw(st.integers(1, 6))
    where = Villages(
        np.array([draw(_PLACES) for _ in range(villages)]),
        np.array([draw(st.integers(-1, kendras - 1)) for _ in range(villages)], np.intp),
        np.array([draw(st.integers(-1, 500)) for _ in range(villages)], np.int64),
    )
    services = [replace(one, code=f"s{n}") for n, one in enumerate(draw(st.lists(_SERVICES, min_size=1, max_size=4)))]
    matrix = Matrix(Plan.of(services), where, at_kendras, TRAVEL)
    matrix.set(draw(_kendras(kendras)))
    events: _Events = []
    for _ in range(draw(st.integers(0, 3))):
        some = np.array(sorted(draw(st.sets(st.integers(0, kendras - 1), min_size=1))), np.intp)
        eyes = Eyes(draw(_SIGHTS), draw(st.dictionaries(st.integers(0, kendras - 1), _SIGHTS, max_size=2)))
        if draw(st.booleans()):
            events.append(eyes)
        else:
            events.append((some, draw(_kendras(len(some)))))
    return matrix, at_kendras, events


def _agrees(matrix: Matrix, at_kendras: Degrees, eyes: Eyes) -> None:
    rule = Naive(matrix, at_kendras, TRAVEL, eyes)
    naive = [list(rule.village(village)) for village in range(len(matrix.villages.by))]
    found = matrix.of(np.arange(len(naive)))
    assert [[meaning(octet) for octet in row] for row in found.tolist()] == naive
    villages, citizens, without = matrix.counts().swapaxes(0, 1)
    for service in range(len(matrix.plan.services)):
        for word in np.unique(found[:, service]).tolist():
            mine = found[:, service] == word
            assert villages[service, word] == mine.sum()
            people = matrix.villages.citizens[mine]
            assert citizens[service, word] == people[people >= 0].sum()
            assert without[service, word] == (people < 0).sum()
        assert villages[service].sum() == len(naive)


@given(_world())
@settings(max_examples=50)
def test_columns_follow_every_change_as_the_rule_says(world: _World) -> None:
    matrix, at_kendras, events = world
    eyes = Eyes({})
    _agrees(matrix, at_kendras, eyes)
    for event in events:
        if isinstance(event, Eyes):
            eyes = event
            matrix.see(eyes)
        else:
            matrix.change(*event)
        _agrees(matrix, at_kendras, eyes)


@pytest.mark.parametrize("status", list(Readiness))
@pytest.mark.parametrize("layer", [None, *Layer])
def test_a_verdict_says_what_was_put_in(status: Readiness, layer: Layer | None) -> None:
    octet = verdict(status, layer)
    assert meaning(octet) == Meaning(status, status, layer)
    assert octet < verdicts.READY_ELSEWHERE


def test_who_is_served_elsewhere_keeps_what_fails_at_home() -> None:
    own = np.array([verdict(Readiness.BLOCKED, Layer.POWER), verdict(Readiness.READY, None)], np.uint8)
    yes, no = np.array([True, True]), np.array([False, False])
    assert [meaning(one) for one in verdicts.instead(own, yes, no).tolist()] == [
        Meaning(Readiness.READY, Readiness.BLOCKED, Layer.POWER),
        Meaning(Readiness.READY, Readiness.READY, None),
    ]
    assert meaning(int(verdicts.instead(own, no, yes)[0])).elsewhere


def test_the_nearest_are_found_beyond_the_limit_too() -> None:
    places = np.array([[81.0, 21.0], [81.5, 21.0], [77.2, 28.6], [np.nan, 21.0]])
    reach = Reach(places, TRAVEL)
    assert reach.around(81.001, 21.0, lambda some: some >= 0, 2).place.tolist() == [0]
    far = reach.around(81.001, 21.0, lambda some: some >= 2, 2)
    assert far.place.tolist() == [2]
    assert far.km[0] == pytest.approx(road_km((81.001, 21.0), (77.2, 28.6), TRAVEL.road_factor))
    assert not len(reach.around(81.0, 21.0, lambda some: some < 0, 2).place)


def test_a_service_that_is_not_online_is_nobody_s_and_nothing_failed() -> None:
    services = [Service("a", Names("A"), endpoints=("portal",)), Service("b", Names("B"))]
    at = np.array([[81.0, 21.0], [81.01, 21.0]])
    villages = Villages(at, np.array([0, 1]), np.array([10, 20], np.int64))
    matrix = Matrix(Plan.of(services, {"a"}), villages, at, TRAVEL)
    matrix.set(
        Kendras(
            np.full(2, verdict(Readiness.READY, None), np.uint8), np.zeros(2, np.uint16), *2 * [np.zeros(2, np.float32)]
        )
    )
    matrix.see(Eyes({"portal": Status.DOWN}))
    told = [[meaning(octet).status for octet in row] for row in matrix.of(np.arange(2)).tolist()]
    assert told == [[Readiness.UNKNOWN, Readiness.READY]] * 2
    assert meaning(int(matrix.of(np.arange(1))[0, 0])).layer is Layer.NOT_COMMISSIONED
    counts, citizens, without = matrix.counts().swapaxes(0, 1)
    assert not without.any()
    assert counts.sum(axis=1).tolist() == [2, 2]
    assert citizens.sum(axis=1).tolist() == [30, 30]
    assert set(matrix.at_kendras(0, np.arange(2)).tolist()) == {verdicts.NOT_COMMISSIONED}


def test_services_may_need_whatever_there_is_and_only_devices_are_observed_absent() -> None:
    """A kendra has a bit for each role, not for each word that a state writes."""
    words = [f"stamp pad {number}" for number in range(40)]
    asks = [*Role, *words]
    plan = Plan.of([Service(name, Names(name), channels=("kendra",), peripherals=(name,)) for name in asks])
    assert plan.peripherals == tuple(sorted(Role))
    kendras = replace(Kendras.unseen(1), way=np.array([verdict(*WAYS[0])], np.uint8))
    for number, name in enumerate(asks):
        kendras.absent[:] = (1 << len(Role)) - 1
        (octet,) = kendras.for_column(plan.columns[plan.column[number]])
        assert (meaning(int(octet)).status is Readiness.READY) == (name in words)
