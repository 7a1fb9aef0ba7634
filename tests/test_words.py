"""What devices said, by a clock that is set."""

from dataclasses import fields

import numpy as np

from inventory.model import Inventory
from readiness.evidence import Readings
from readiness.rules.facts import Ups
from readiness.rules.graph import build
from readiness.words import Said, Sayings


def read_ups(sayings: Sayings, node: int, at: float, on_battery: float) -> bool:
    nothing = Readings(np.zeros(0, np.intp), np.zeros(0), np.zeros(0))
    return sayings.take(nothing, Readings(np.array([node]), np.array([at]), np.array([on_battery])), nothing)


def test_what_a_ups_said_by_a_clock_ahead_is_older_than_what_it_says_now(small: Inventory) -> None:
    graph = build(small)
    node = graph.index["ups2"]
    running, begun = Sayings(graph), Sayings(graph)
    read_ups(running, node, 19_900.0, 0.0)
    kept = running.unsaved()
    running.shift(-19_800.0)
    begun.recall(kept, 100.0)
    assert begun.unsaved() == {"ups2": Said(mains_at=100.0)}
    for sayings in (running, begun):
        assert read_ups(sayings, node, 130.0, 1.0)
        assert not read_ups(sayings, node, 140.0, 1.0)  # it is on its battery still
        (ups,) = [one for one in sayings.words().ups if one.node == node]
        assert (ups.mains_at, ups.battery_since, ups.battery_at) == (100.0, 130.0, 140.0)


def test_mains_that_are_back_stay_back_when_the_clock_is_set(small: Inventory) -> None:
    """Every time that a UPS told moves: one that stayed behind would make it feed from its battery again."""
    graph = build(small)
    node, sayings = graph.index["ups2"], Sayings(graph)
    for at, on_battery in ((100.0, 0.0), (130.0, 1.0), (160.0, 0.0)):
        read_ups(sayings, node, at, on_battery)
    for by in (3600.0, -7200.0):
        before = {ups.node: ups for ups in sayings.words().ups}[node]
        sayings.shift(by)
        after = {ups.node: ups for ups in sayings.words().ups}[node]
        moved = {told.name: getattr(before, told.name) + by for told in fields(Ups) if told.name != "node"}
        assert {name: getattr(after, name) for name in moved} == moved
        assert after.battery_at < after.mains_since == after.mains_at


def test_mains_that_are_back_stay_back_over_a_restart(small: Inventory) -> None:
    """Since when isn't stored; that they were when it last said so is."""
    graph = build(small)
    node, before = graph.index["ups2"], Sayings(graph)
    for at, on_battery in ((100.0, 0.0), (130.0, 1.0), (160.0, 0.0), (190.0, 0.0)):
        read_ups(before, node, at, on_battery)
    kept = before.unsaved()
    for now, back in ((200.0, 190.0), (150.0, 150.0)):  # by a clock that was ahead: just now
        begun = Sayings(graph)
        begun.recall(kept, now)
        assert {ups.node: ups.mains_since for ups in begun.words().ups}[node] == back
        read_ups(begun, node, 220.0, 0.0)
        assert {ups.node: ups.mains_since for ups in begun.words().ups}[node] == back
    feeding, begun = Sayings(graph), Sayings(graph)
    read_ups(feeding, node, 130.0, 1.0)
    begun.recall(feeding.unsaved(), 200.0)
    read_ups(begun, node, 220.0, 0.0)
    assert {ups.node: ups.mains_since for ups in begun.words().ups}[node] == 220.0
