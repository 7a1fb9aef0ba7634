"""The restoration queue: what one repair brings back, by tables and properties, and over a judge's own store."""

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.scope import Scope
from readiness.model import Responsible, SubjectKind
from readiness.queue import Missing, Queue, QueueRow, Repairs
from readiness.rules.queue import People, Stuck, Waiting, needs, queue
from readiness.store import moment
from tests.judging import T0, Court, court
from tests.pages import empty_store
from tests.rounds import World
from tests.small import small_inventory

A, B, C = 1, 2, 3


def test_one_cut_that_frees_many_comes_before_many_single_repairs() -> None:
    stuck = [
        Stuck(40, 30_000, frozenset({A}), blocked=True), Stuck(1, 900, frozenset({B}), blocked=True),
        Stuck(3, 5_000, frozenset({C}), blocked=False),
    ]  # fmt: skip
    found = queue(stuck)
    assert [repair.outage for repair in found] == [A, B, C]
    assert found[0].back == People(40, 30_000)
    assert found[2].back == People()
    assert found[2].better == People(3, 5_000)


def test_what_lacks_something_else_is_not_counted_as_brought_back() -> None:
    found = queue(
        [Stuck(2, 1_000, frozenset({A}), blocked=True), Stuck(5, 9_000, frozenset({A, B}), blocked=True)]
    )  # fmt: skip
    assert found[0].back == People(2, 1_000)
    assert found[0].waiting == (Waiting((B,), People(5, 9_000)),)
    assert found[1].back == People()
    assert found[1].waiting == (Waiting((A,), People(5, 9_000)),)


def test_unknown_population_is_not_nobody() -> None:
    (repair,) = queue([Stuck(1, None, frozenset({A}), blocked=True)])
    assert repair.back == People(1, None)
    (repair,) = queue([Stuck(1, None, frozenset({A}), blocked=True), Stuck(1, 0, frozenset({A}), blocked=True)])
    assert repair.back == People(2, 0)


def test_one_working_pc_and_one_possible_service_are_enough() -> None:
    nothing = frozenset[int]()
    assert needs(nothing, [frozenset({A}), frozenset({B, C})], []) == {A}
    assert needs(frozenset({A}), [frozenset({A}), frozenset({B})], [nothing, frozenset({C})]) == {A}
    assert needs(frozenset({A}), [frozenset({A})], [frozenset({B}), frozenset({B, C})]) == {A, B}
    assert needs(nothing, [], []) == nothing


_STUCK = st.builds(
    Stuck, villages=st.integers(1, 50), citizens=st.none() | st.integers(0, 10_000),
    needs=st.sets(st.integers(1, 6), max_size=3).map(frozenset), blocked=st.booleans(),
)  # fmt: skip


@given(st.lists(_STUCK, max_size=12), st.randoms())
@settings(max_examples=50)
def test_nobody_is_brought_back_twice_and_order_of_reading_does_not_matter(
    stuck: list[Stuck], chance: random.Random
) -> None:
    found = queue(stuck)
    alone = [one for one in stuck if len(one.needs) == 1]
    assert sum(r.back.villages + r.better.villages for r in found) == sum(one.villages for one in alone)
    for repair in found:
        mine = [one for one in stuck if repair.outage in one.needs]
        told = repair.back.villages + repair.better.villages + sum(w.people.villages for w in repair.waiting)
        assert told == sum(one.villages for one in mine)
    citizens = [repair.back.citizens or 0 for repair in found]
    assert citizens == sorted(citizens, reverse=True)
    chance.shuffle(stuck)
    assert queue(stuck) == found


def _told(queue: Queue) -> dict[str, QueueRow]:
    assert queue.unexplained == People()
    return {row.subject: row for row in queue.rows}


def _mend(world: World) -> None:
    world.cut.clear()
    world.dead.clear()


async def test_the_queue_of_a_judge(tmp_path: Path) -> None:
    """gp2 and gp3 lie between two cuts; gp2 serves V2 to V4, pc6 serves V6 and V7."""
    settled = court(empty_store(tmp_path), small_inventory())
    repairs = Repairs(settled.inventory)
    await settled.run(
        180, {20: lambda world: world.dead.add("pc6"), 90: lambda world: world.cut.update(("ring-1-1", "ring-1-3"))}
    )
    pc, cut = repairs.queue(settled.engine, Scope(), moment(T0)).rows
    assert (pc.subject, pc.back, pc.responsible) == ("pc6", People(2, 13_000), Responsible.KENDRA_OPERATOR)
    assert (cut.kind, cut.back, cut.missing) == (SubjectKind.LINK, People(3, 9_000), ())
    assert len(cut.segment) == 4
    assert repairs.queue(settled.engine, Scope(), moment(T0), blind_since=moment(T0)).rows == ()
    _tells_no_foreign_place(settled, cut)

    await settled.run(360, {181: _mend, 270: lambda world: world.dead.add("pc2")})
    assert list(_told(repairs.queue(settled.engine, Scope(), moment(T0)))) == ["pc2"]

    await settled.run(460, {361: lambda world: world.cut.update(("ring-1-1", "ring-1-3"))})
    told = _told(repairs.queue(settled.engine, Scope(), moment(T0)))
    pc = told.pop("pc2")
    (cut,) = told.values()
    assert pc.back == cut.back == People()
    assert cut.missing == (Missing((pc.outage,), ("pc2",), People(3, 9_000)),)
    assert pc.missing == (Missing((cut.outage,), (cut.subject,), People(3, 9_000)),)


def _tells_no_foreign_place(settled: Court, cut: QueueRow) -> None:
    inside, outside = ("gp:G2", "gp:G4") if cut.subject == "ring-1-1" else ("gp:G4", "gp:G2")
    repairs = Repairs(settled.inventory)
    (seen,) = repairs.queue(settled.engine, Scope(inside), moment(T0)).rows
    assert (seen.subject, seen.segment, seen.cause) == (cut.subject, cut.segment, cut.cause)
    (seen,) = repairs.queue(settled.engine, Scope(outside), moment(T0)).rows
    assert (seen.outage, seen.responsible, seen.back.villages) == (cut.outage, cut.responsible, 1)
    assert (seen.subject, seen.segment, seen.ring) == ("", (), "")
