"""A wall clock that is set makes no time in which nobody watched, and hides none."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Engine

from inventory.model import Inventory
from inventory.scope import Scope
from readiness import read
from readiness.clock import Clocks
from readiness.judge import Judge
from readiness.model import Cause, SubjectKind
from readiness.store import moment
from tests.judging import SETTINGS, T0, Court, court
from tests.rounds import Rounds
from tests.test_judge_restart import store_away

DEVICE = SubjectKind.DEVICE
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Steady:
    """Seconds since the court began, whatever the wall clock says."""

    def __init__(self) -> None:
        self.ahead = 0.0  # of the wall clock
        self.here: Court | None = None

    def __call__(self) -> float:
        return 0.0 if self.here is None else self.here.clock - self.ahead


Watched = Callable[[], tuple[Court, Steady]]


def at_s(time: datetime | None) -> int:
    """Whole seconds after T0."""
    return -1 if time is None else int(time.timestamp() - T0)


@pytest.fixture
def watched(engine: Engine, small: Inventory) -> Watched:
    def made() -> tuple[Court, Steady]:
        here, steady = court(engine, small), Steady()
        steady.here = here
        clocks = Clocks(lambda: T0 + here.clock, steady)
        here.judge = Judge(engine, small, SETTINGS, clocks=clocks)
        here.judge.restore(T0)
        return here, steady

    return made


@pytest.mark.parametrize("by", [3600, -600])
async def test_a_step_changes_no_status(watched: Watched, by: int) -> None:
    here, steady = watched()
    here.clock = 1000
    here.rounds = Rounds(here.world, T0 + 1000)
    here.judge.restore(T0 + 1000)
    here.world.dead.add("pc8")
    await here.run(1060)
    before = here.transitions()
    assert here.state(DEVICE, "pc8").status == "down"
    here.clock += by
    steady.ahead += by
    here.rounds = Rounds(here.world, T0 + here.clock)
    await here.judge.tick(T0 + here.clock)  # each second, as manage.py does
    await here.run(here.clock + 40)
    assert [row.after for row in here.transitions()[len(before) :]] == []
    here.world.dead.clear()
    await here.run(here.clock + 20)
    assert here.state(DEVICE, "pc8").status == "up"


async def test_time_in_which_the_machine_slept_is_unknown(watched: Watched) -> None:
    """The steady clock runs on meanwhile."""
    here, _ = watched()
    await here.run(60)
    here.clock += 3600
    here.rounds = Rounds(here.world, T0 + here.clock)
    await here.judge.tick(T0 + here.clock)
    assert here.state(DEVICE, "gp1").status == "unknown"
    await here.run(here.clock + 20)
    status, _, since = here.story(DEVICE, "gp1")[1]
    assert (status, since <= 60) == ("unknown", True)


def set_clock(here: Court, steady: Steady, by: int) -> None:
    here.clock += by
    steady.ahead += by
    here.rounds = Rounds(here.world, T0 + here.clock)


async def begun_ahead(watched: Watched, by: int) -> tuple[Court, Steady]:
    """A machine that starts with its clock `by` seconds ahead, and watches for two minutes: as all comes up, one PC falls."""
    here, steady = watched()
    set_clock(here, steady, by)
    here.judge.restore(T0 + by)
    await here.run(by + 60)
    here.world.dead.add("pc5")
    await here.run(by + 120)
    return here, steady


def in_order(here: Court) -> bool:
    """Whether nothing was told of a time to come, and each subject's story in the order of its times."""
    rows = here.transitions()
    stories: dict[tuple[str, str], list[datetime]] = {}
    for row in rows:
        stories.setdefault((row.kind, row.subject), []).append(row.at)
    ordered = all(times == sorted(times) for times in stories.values())
    outages = read.outages(here.engine, Scope())
    times = [row.at for row in rows] + [row.since for row in read.states(here.engine, Scope())]
    times += [time for one in outages for time in (one.start, one.end or one.start)]
    return (
        ordered
        and max(times) <= moment(T0 + here.clock)
        and all((one.end or one.start) >= one.start for one in outages)
    )


@pytest.mark.parametrize("by", [19_800, 86_400])
async def test_a_clock_that_was_ahead_at_the_start_and_is_set_right_stretches_nothing(
    watched: Watched, by: int
) -> None:
    here, steady = await begun_ahead(watched, by)
    set_clock(here, steady, -by)
    await here.judge.tick(T0 + here.clock)
    assert in_order(here)
    here.world.dead.add("gp1")
    await here.run(180)
    assert here.state(DEVICE, "gp1").status == "down"
    here.world.dead.clear()
    await here.run(300)
    assert in_order(here)
    assert {(root.subject, at_s(root.start), at_s(root.end)) for root in here.roots()} == {
        ("pc5", 63, 183), ("gp1", 121, 181)
    }  # fmt: skip
    assert [told[:1] + told[2:] for told in here.story(DEVICE, "gp1")] == [("up", 1.5), ("down", 121.5), ("up", 181.5)]


async def test_what_was_told_by_a_clock_that_was_ahead_does_not_outlast_a_restart(watched: Watched) -> None:
    here, _ = await begun_ahead(watched, 19_800)
    here.clock = 150
    here.restart()
    assert in_order(here)
    assert {row.status for row in read.states(here.engine, Scope(), DEVICE)} == {"unknown"}  # for how long nobody knows
    here.world.dead.add("gp1")
    await here.run(200)
    here.world.dead.clear()
    await here.run(300)
    assert in_order(here)
    assert {(root.subject, at_s(root.start), at_s(root.end)) for root in here.roots()} == {
        ("pc5", 150, 203), ("gp1", 151, 201)
    }  # fmt: skip


async def test_a_clock_set_right_while_the_store_is_away_loses_nothing(watched: Watched) -> None:
    here, steady = await begun_ahead(watched, 19_800)
    with store_away(here.engine):
        here.world.dead.add("gp1")
        await here.run(here.clock + 40)
        set_clock(here, steady, -19_800)
        await here.run(200)
    await here.run(202)
    assert in_order(here)
    assert {(root.subject, at_s(root.start), root.end) for root in here.roots()} == {
        ("pc5", 63, None),
        ("gp1", 121, None),
    }


async def test_a_judge_whose_clock_was_set_back_still_gives_signs_of_life(watched: Watched) -> None:
    here, steady = await begun_ahead(watched, 19_800)
    set_clock(here, steady, -19_800)
    await here.run(140)
    assert moment(T0 + 130) <= (read.observed_until(here.engine) or moment(0)) <= moment(T0 + 140)


@pytest.mark.parametrize("by", [3600, -3600])
async def test_a_batch_that_is_closed_before_the_next_tick_is_of_the_new_clock(watched: Watched, by: int) -> None:
    here, steady = watched()
    await here.run(120)
    before = here.transitions()
    set_clock(here, steady, by)
    here.clock += 10
    here.rounds.start -= 10
    for at in range(here.clock - 9, here.clock + 1):
        await here.judge.observe(here.rounds.second(T0 + at))
    await here.run(here.clock + 30)
    assert [(row.id, row.after) for row in here.transitions()] == [(row.id, row.after) for row in before]
    assert in_order(here)


async def test_a_batch_of_the_clock_that_was_ahead_tells_nothing_of_times_to_come(watched: Watched) -> None:
    here, steady = watched()
    await here.run(60)
    set_clock(here, steady, 19_800)
    await here.run(19_920)
    here.world.dead.add("gp1")
    late = [here.rounds.second(T0 + at) for at in range(19_921, 19_960)]
    set_clock(here, steady, -19_800)
    await here.judge.tick(T0 + here.clock)
    for one in late:
        await here.judge.observe(one)
    here.world.dead.clear()
    await here.run(200)
    assert in_order(here)
    assert here.roots() == []


async def test_a_root_that_ended_by_a_clock_ahead_explains_nothing_for_longer(watched: Watched) -> None:
    """Its device's PC stays dark: an outage of its own, once it had time to answer."""
    here, steady = watched()
    set_clock(here, steady, 19_800)
    here.judge.restore(T0 + 19_800)
    await here.run(19_860)
    here.world.dead.add("gp1")
    await here.run(19_920)
    here.world.dead = {"pc1"}
    await here.run(19_945)
    set_clock(here, steady, -19_800)
    await here.run(300)
    assert {(root.subject, root.end is None) for root in here.roots()} == {("gp1", False), ("pc1", True)}


@pytest.mark.parametrize("before", [0, 60])
async def test_mains_told_by_a_clock_ahead_do_not_outlast_it(watched: Watched, before: int) -> None:
    """Also where nothing was stored meanwhile, and all is only remembered."""
    here, steady = watched()
    await here.run(before)
    set_clock(here, steady, 19_800)
    if not before:
        here.judge.restore(T0 + 19_800)
    await here.run(19_920)
    set_clock(here, steady, -19_800)
    here.world.on_battery.add("ups2")
    await here.run(240, {160: lambda world: world.dead.update(["gp2", "pc2", "ups2"])})
    assert {root.subject: root.cause for root in here.roots()} == {"gp2": Cause.POWER}


async def test_a_batch_that_waited_while_the_clock_was_set_forward_is_left_out(watched: Watched) -> None:
    """By its times nobody would have looked for an hour."""
    here, steady = watched()
    await here.run(120)
    before = here.transitions()
    waited = [here.rounds.second(T0 + at) for at in (121, 122, 123)]
    here.clock = 123
    set_clock(here, steady, 3600)
    for batch in waited:
        await here.judge.observe(batch)
    await here.run(here.clock + 40)
    assert here.transitions() == before
    here.world.dead.add("pc8")
    await here.run(here.clock + 40)
    assert [row.subject for row in here.transitions()[len(before) :] if row.kind is DEVICE] == ["pc8"]


@pytest.mark.parametrize("by", [3600, -19_800])
async def test_a_tick_that_waited_while_the_clock_was_set_is_of_the_new_clock(watched: Watched, by: int) -> None:
    here, steady = watched()
    set_clock(here, steady, 19_800)
    here.judge.restore(T0 + 19_800)
    await here.run(19_920)
    before = [(row.id, row.after) for row in here.transitions()]
    waited = T0 + here.clock
    set_clock(here, steady, by)
    await here.judge.tick(waited)
    await here.run(here.clock + 40)
    assert [(row.id, row.after) for row in here.transitions()] == before
    assert in_order(here)
