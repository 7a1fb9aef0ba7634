"""What the judge keeps as columns says the same as the values that they stand for."""

from collections import deque
from collections.abc import Sequence
from math import inf

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from inventory.model import Inventory
from inventory.scope import Scope
from readiness import decide, read, restart
from readiness.knowledge import Knowledge
from readiness.model import Status, SubjectKind
from readiness.rules import status
from readiness.rules.columns import STATUSES, Columns
from readiness.rules.graph import Graph, build, reach
from readiness.rules.links import UP_BY_LIFE, UP_BY_PORT
from readiness.rules.sight import Sight
from readiness.rules.status import Memory, Outcome, Policy, Poll
from readiness.rules.texts import Coded, Groups, Positions, Texts
from readiness.states import States
from readiness.store import moment
from tests.judging import T0, Court, court
from tests.small import small_inventory

DEVICE, SITE, VILLAGE = SubjectKind.DEVICE, SubjectKind.SITE, SubjectKind.VILLAGE
OPEN_EYES = Sight(seen_at=1e6, clear_since=-inf, answering=frozenset({0}), looked=True)

_names = st.lists(st.text(max_size=3), unique=True, max_size=8)


@given(_names, st.lists(st.text(max_size=3), max_size=8))
def test_positions_are_those_of_a_dict(names: list[str], asked: list[str]) -> None:
    known, positions = {name: n for n, name in enumerate(names)}, Positions(Texts(names))
    assert dict(positions) == known
    assert [positions.get(name, -1) for name in asked] == [known.get(name, -1) for name in asked]
    assert positions.all(pa.array(asked, pa.string())).tolist() == [known.get(name, -1) for name in asked]


@given(st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=8))
def test_a_coded_column_reads_as_its_texts(texts: list[str]) -> None:
    coded = Coded.of(pa.array(texts, pa.string()))
    assert [coded[n] for n in range(len(texts))] == texts
    assert [bool(code >= 0) for code in coded.code] == [bool(text) for text in texts]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=12), st.lists(st.integers(0, 4), max_size=5))
def test_groups_hold_what_was_given_in_its_order(pairs: list[tuple[int, int]], asked: list[int]) -> None:
    group, member = np.array(pairs, np.intp).reshape(-1, 2).T
    groups = Groups(group, member, 5)
    expected = [[which for of, which in pairs if of == n] for n in range(5)]
    assert [groups[n] for n in range(5)] == expected
    assert groups.of(np.array(asked, np.intp)).tolist() == [which for n in asked for which in expected[n]]


def _reached(graph: Graph, passable: Sequence[bool], usable: Sequence[bool]) -> set[int]:
    """Link by link, as one would walk."""
    seen: set[int] = set()
    waiting = deque(node for node in np.flatnonzero(graph.at_noc).tolist() if passable[node])
    while waiting:
        node = waiting.popleft()
        if node not in seen:
            seen.add(node)
            far = [graph.other(link, node) for link in graph.touching[node] if usable[link]]
            waiting.extend(other for other in far if passable[other])
    return seen


SMALL = build(small_inventory())


@given(st.data())
def test_what_is_reached_is_what_a_walk_finds(data: st.DataObject) -> None:
    passable = data.draw(st.lists(st.booleans(), min_size=len(SMALL.names), max_size=len(SMALL.names)))
    usable = data.draw(st.lists(st.booleans(), min_size=len(SMALL.a), max_size=len(SMALL.a)))
    found = reach(SMALL, np.array(passable), np.array(usable))
    assert set(np.flatnonzero(found).tolist()) == _reached(SMALL, passable, usable)


_memories = st.builds(
    Memory,
    st.sampled_from(STATUSES),
    st.integers(0, 50).map(float),
    st.one_of(st.just(-inf), st.integers(0, 50).map(float)),
    st.one_of(st.just(-inf), st.integers(0, 50).map(float)),
    st.one_of(st.just(inf), st.integers(0, 50).map(float)),
    st.integers(0, 3),
    st.integers(0, 2),
    st.booleans(),
)
_polls = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 60).map(float), st.sampled_from(Outcome)), max_size=6
).map(lambda polls: sorted(polls, key=lambda poll: poll[1]))


@given(st.lists(_memories, min_size=3, max_size=3), _polls)
def test_first_answers_step_as_one_by_one(memories: list[Memory], polls: list[tuple[int, float, Outcome]]) -> None:
    now = 100.0
    columns = Columns.unknown(3, 0.0)
    for node, memory in enumerate(memories):
        columns.keep(node, memory)
    device, at, outcome = (np.array([poll[n] for poll in polls]) for n in range(3))
    before = columns.take_first(device.astype(np.intp), at.astype(np.float64), outcome.astype(np.int8), now)
    for (node, moment_of, what), taken in zip(polls, before, strict=True):
        if taken is not None:
            stepped, change = status.step(memories[node], Poll(moment_of, what), now, OPEN_EYES, Policy(30))
            assert columns.memory(node) == stepped
            assert change is not None
            assert (change.before, change.after, change.at) == (taken, Status.UP, columns.since[node])
            assert change.reason == status.ANSWERS
    untouched = set(range(3)) - {node for (node, _, _), taken in zip(polls, before, strict=True) if taken is not None}
    assert [columns.memory(node) for node in untouched] == [memories[node] for node in untouched]


def test_a_first_answer_is_taken_at_once() -> None:
    columns = Columns.unknown(2, 0.0)
    found = columns.take_first(np.array([1]), np.array([5.0]), np.array([Outcome.ANSWER], np.int8), 10.0)
    assert found == [Status.UNKNOWN]
    assert columns.memory(1).status is Status.UP


def test_every_subject_has_a_state_from_the_start(small: Inventory) -> None:
    states = States(small, build(small), moment(T0))
    assert {kind: len(kept) for kind, kept in states.of.items()} == {
        DEVICE: len(small.devices), SubjectKind.LINK: len(small.links), SITE: len(small.sites), VILLAGE: 8,
        SubjectKind.ENDPOINT: 0,
    }  # fmt: skip
    row = states[VILLAGE, "village:V3"]
    assert (row.status, row.since, row.transition) == ("unknown", moment(T0), 0)
    assert states.get((SubjectKind.LINK, "olt1:0/1/3")) is None  # a trunk


def _story(here: Court) -> list[tuple[str, str, str, str]]:
    return sorted((row.kind, row.subject, row.before, row.after) for row in here.transitions())


async def test_a_long_pause_is_told_in_lots_as_at_once(
    engine: Engine, small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart, "_AT_ONCE", 3)
    here = court(engine, small)
    await here.run(30)
    known = [(row.kind, row.subject) for row in here.transitions()]
    here.clock += 3600
    here.restart()
    told = here.transitions()[len(known) :]
    assert sorted((row.kind, row.subject) for row in told) == sorted(set(known))
    assert {(row.after, row.reason, row.recorded_at) for row in told} == {
        ("unknown", "nobody watched", moment(T0 + 3630))
    }
    assert [row.id for row in told] == list(range(len(known) + 1, len(known) + len(told) + 1))


async def test_a_country_that_looks_seldom_finds_the_same(
    engine: Engine, small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that waits for its turn tells the same outage, with the same beginning and end."""
    monkeypatch.setattr(decide, "_REST_S_A_DEVICE", 5 / len(small.devices))
    here = court(engine, small)
    cut = {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"]), 150: lambda world: world.cut.clear()}
    await here.run(300, cut)
    (root,) = here.roots()
    assert (root.start, root.villages, root.cause) == (moment(T0 + 61.48), 3, "fibre")
    assert root.end is not None
    assert [told[:2] for told in here.story(VILLAGE, "village:V2")] == [
        ("ready", ""), ("blocked", "backhaul"), ("ready", ""),
    ]  # fmt: skip
    assert [row for row in read.outages(engine, Scope()) if row.end is None] == []


@given(st.data())
def test_links_in_columns_are_judged_as_one_by_one(data: st.DataObject) -> None:
    knowledge = Knowledge(SMALL, small_inventory(), 10, 30, T0)
    many = len(SMALL.names)
    knowledge.devices.status[:] = data.draw(st.lists(st.integers(0, 3), min_size=many, max_size=many))
    knowledge.devices.since[:] = data.draw(st.lists(st.integers(0, 9), min_size=many, max_size=many))
    ports = knowledge.reader.slots
    knowledge._port[:ports] = data.draw(st.lists(st.sampled_from([0, 1, 2, 7]), min_size=ports, max_size=ports))
    knowledge._port_at[:ports] = data.draw(st.lists(st.integers(0, 9), min_size=ports, max_size=ports))
    plain, by_port, moment_of = knowledge._plain_links(np.arange(len(SMALL.a)))
    for link in np.flatnonzero(plain >= 0).tolist():
        judged = knowledge._judged(link)
        assert judged is not None
        assert judged.status is STATUSES[plain[link]]
        if judged.status is Status.UP:
            assert judged == (UP_BY_PORT if by_port[link] else UP_BY_LIFE)
            assert moment_of[link] == knowledge._moment(link, Status.UP)
