"""Restarts and absences of the store: nothing stored is lost, nothing is invented."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, delete, event
from sqlalchemy.exc import IntegrityError, OperationalError

from alerts.evaluate import evaluate
from alerts.model import Opening, Reason
from inventory.model import Inventory
from inventory.scope import Scope
from readiness import read
from readiness.decide import Decider
from readiness.model import Cause, Readiness, Status, SubjectKind
from readiness.store import Writes, moment
from readiness.tables import watch
from storage.settings import AlertSettings
from tests.judging import T0, Court, court
from tests.rounds import World

DEVICE, VILLAGE = SubjectKind.DEVICE, SubjectKind.VILLAGE


@pytest.fixture
def seen(engine: Engine, small: Inventory) -> Court:
    return court(engine, small)


def mend(world: World) -> None:
    for broken in (world.cut, world.dead, world.on_battery):
        broken.clear()


@contextmanager
def store_away(engine: Engine) -> Iterator[None]:
    """Every transaction fails as it begins, as when the disk is full or the server gone."""

    def refuse(connection: object) -> None:
        raise OperationalError("BEGIN", {}, OSError("the store is away"))

    event.listen(engine, "begin", refuse)
    yield
    event.remove(engine, "begin", refuse)


async def test_a_short_pause_changes_nothing(seen: Court) -> None:
    await seen.run(90, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"])})
    before = seen.transitions(), read.outages(seen.engine, Scope()), read.states(seen.engine, Scope())
    seen.clock += 100
    seen.restart()
    assert (seen.transitions(), read.outages(seen.engine, Scope()), read.states(seen.engine, Scope())) == before


async def test_an_outage_outlives_a_restart(seen: Court) -> None:
    await seen.run(90, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"])})
    (root,) = seen.roots()
    seen.restart()
    await seen.run(120)
    (still,) = seen.roots()
    assert (still.id, still.start, still.end, still.cause) == (root.id, root.start, None, root.cause)
    await seen.run(200, {130: lambda world: world.cut.clear()})
    (ended,) = seen.roots()
    assert (ended.id, ended.end) == (root.id, moment(T0 + 131.48))


async def test_a_silence_told_before_a_reference_was_asked_keeps_the_outage(seen: Court) -> None:
    await seen.run(200, {60: lambda world: world.dead.add("pc1")})
    before = [(row.after, row.at) for row in read.transitions(seen.engine, Scope(), kind=DEVICE, subject="pc1")]
    assert [after for after, _ in before] == [Status.UP, Status.DOWN]
    seen.restart()
    await seen.run(290)
    after = [(row.after, row.at) for row in read.transitions(seen.engine, Scope(), kind=DEVICE, subject="pc1")]
    assert after == before


async def test_a_restart_forgets_no_cause_that_only_a_silent_device_could_tell(seen: Court) -> None:
    """The OLT told why it lost the ONT, the UPS that mains had failed: nobody says so again."""
    events = {
        60: lambda world: world.cut.add("pon-7"),
        61: lambda world: world.on_battery.add("ups2"),
        80: lambda world: world.dead.update(["gp2", "pc2", "ups2"]),
        240: mend,
    }
    for clock in (90, 120, 200):
        await seen.run(clock, events)
        seen.restart()
    await seen.run(320, events)
    told = {root.subject: (root.cause, root.end is not None) for root in seen.roots()}
    assert told == {"pon-7": (Cause.FIBRE, True), "gp2": (Cause.POWER, True)}
    assert [row.subject for row in read.outages(seen.engine, Scope())].count("pon-7") == 1


async def test_restarts_all_along_tell_the_same_story(seen: Court) -> None:
    events = {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"]), 150: lambda world: world.cut.clear()}
    for clock in (45, 64, 71, 82, 99, 152, 156, 200):
        await seen.run(clock, events)
        seen.restart()
    statuses = [status for status, _, _ in seen.story(VILLAGE, "village:V2")]
    assert statuses == ["ready", "blocked", "ready"]
    (root,) = seen.roots()
    assert root.subject == "ring-1-1"


async def test_a_long_pause_is_unknown_from_the_last_look(seen: Court) -> None:
    await seen.run(40)
    seen.clock += 1000
    seen.restart()
    counts = read.counts(seen.engine, Scope())
    assert (counts.sites[Status.UNKNOWN], counts.villages[Readiness.UNKNOWN]) == (15, 8)
    last = seen.transitions(VILLAGE, "village:V1")[-1]
    assert moment(T0 + 34) <= last.at <= moment(T0 + 40)
    await seen.run(seen.clock + 15)
    assert read.counts(seen.engine, Scope()).villages[Readiness.READY] == 8


async def test_an_outage_that_ended_unseen_ends_when_it_was_last_known(seen: Court) -> None:
    await seen.run(90, {60: lambda world: world.dead.add("pc1")})
    seen.clock += 1000
    seen.world.dead.clear()
    seen.restart()
    await seen.run(seen.clock + 15)
    (root,) = seen.roots()
    assert root.end is not None
    assert moment(T0 + 84) <= root.end <= moment(T0 + 90)


async def test_an_outage_found_again_after_a_long_pause_went_on(seen: Court) -> None:
    await seen.run(90, {60: lambda world: world.dead.add("pc1")})
    seen.clock += 1000
    seen.restart()
    await seen.run(seen.clock + 30)
    (root,) = seen.roots()
    assert (root.start, root.end) == (moment(T0 + 61.85), None)
    assert [status for status, _, _ in seen.story(DEVICE, "pc1")] == ["up", "down", "unknown", "down"]


async def test_after_a_long_pause_one_lost_poll_proves_no_outage(seen: Court) -> None:
    """It had come back meanwhile: the outage ends when it was last known, not when it is heard again."""
    await seen.run(90, {60: lambda world: world.dead.add("pc1")})
    seen.clock += 1000
    seen.restart()
    begun = seen.clock
    await seen.run(begun + 8)
    seen.world.dead.clear()
    await seen.run(begun + 40)
    (root,) = seen.roots()
    assert root.end is not None
    assert root.end <= moment(T0 + 90)
    assert [status for status, _, _ in seen.story(DEVICE, "pc1")] == ["up", "down", "unknown", "up"]


async def test_what_is_judged_while_the_store_is_away_is_stored_later_with_its_own_times(seen: Court) -> None:
    await seen.run(55)
    with store_away(seen.engine):
        await seen.run(100, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"])})
    assert seen.roots() == []
    await seen.run(101)
    (root,) = seen.roots()
    assert (root.start, root.villages) == (moment(T0 + 61.48), 3)
    assert seen.story(VILLAGE, "village:V2")[-1] == ("blocked", "backhaul", 62.2)


async def test_rows_that_the_store_refuses_are_no_store_that_is_away(seen: Court) -> None:
    def refuse(connection: object) -> None:
        raise IntegrityError("INSERT", {}, ValueError("no such outage"))

    await seen.run(55)
    event.listen(seen.engine, "begin", refuse)
    with pytest.raises(IntegrityError):
        await seen.run(100, {60: lambda world: world.dead.add("gp1")})


async def test_a_turn_that_breaks_off_hides_no_outage(seen: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    look_again = Decider._look_again

    def break_off_once(decider: Decider, newest: float, now: float, writes: Writes) -> None:
        if decider.rows[DEVICE, "gp1"].status is Status.DOWN:
            monkeypatch.undo()
            raise KeyError("a fault of ours")
        look_again(decider, newest, now, writes)

    await seen.run(55)
    monkeypatch.setattr(Decider, "_look_again", break_off_once)
    with pytest.raises(KeyError):
        await seen.run(100, {60: lambda world: world.dead.add("gp1")})
    await seen.run(300)
    assert seen.story(DEVICE, "gp1")[-1][0] == "down"
    assert [root.subject for root in seen.roots() if root.end is None] == ["gp1"]


async def test_nothing_of_a_failed_turn_is_stored(seen: Court) -> None:
    await seen.run(55)
    before = read.latest_transition_id(seen.engine)
    with store_away(seen.engine):
        await seen.run(100, {60: lambda world: world.dead.add("gp1")})
    assert read.latest_transition_id(seen.engine) == before
    seen.restart()  # killed before the store came back: the polls tell it again
    await seen.run(140)
    assert [status for status, _, _ in seen.story(DEVICE, "gp1")] == ["up", "down"]


async def test_what_left_the_inventory_has_no_state_and_no_open_outage(seen: Court, small: Inventory) -> None:
    await seen.run(90, {60: lambda world: world.dead.add("pc1")})
    kept = {name: device for name, device in small.devices.items() if name != "pc1"}
    links = {name: link for name, link in small.links.items() if name != "lan-1"}
    seen.inventory = Inventory(small.areas, small.sites, kept, links)
    seen.restart()
    assert read.state_of(seen.engine, Scope(), DEVICE, "pc1") is None
    assert all(row.end is not None for row in seen.roots())


async def test_nobody_is_alerted_of_what_was_not_looked_at_since_a_restart(seen: Court, small: Inventory) -> None:
    await seen.run(120, {60: lambda world: world.dead.update(["gp1"])})
    seen.clock = 3720
    seen.restart()
    assert [root.end for root in seen.roots()] == [None]
    assert evaluate(seen.engine, small, AlertSettings(), moment(T0 + 3721)) == ()
    await seen.run(3760)
    (told,) = evaluate(seen.engine, small, AlertSettings(), moment(T0 + 3760))
    assert (told.reason, isinstance(told, Opening) and told.subject) == (Reason.LASTED, "gp1")


async def test_what_left_the_inventory_and_came_back_was_unknown_meanwhile(seen: Court) -> None:
    whole = seen.inventory
    await seen.run(90, {60: lambda world: world.dead.add("pc1")})
    kept = {name: device for name, device in whole.devices.items() if name != "pc1"}
    links = {name: link for name, link in whole.links.items() if name != "lan-1"}
    seen.inventory = Inventory(whole.areas, whole.sites, kept, links)
    seen.restart()
    left = seen.clock
    seen.clock += 100 * 86_400
    seen.inventory = whole
    seen.restart()
    assert [status for status, _, _ in seen.story(DEVICE, "pc1")] == ["up", "down", "unknown"]
    assert seen.transitions(DEVICE, "pc1")[-1].at <= moment(T0 + left)


async def test_states_that_nobody_watched_keep_no_judge_from_starting(seen: Court) -> None:
    """A store that was filled by hand, or whose signs of life were lost."""
    await seen.run(40)
    kept = {name: device for name, device in seen.inventory.devices.items() if name != "pc1"}
    links = {name: link for name, link in seen.inventory.links.items() if name != "lan-1"}
    with seen.engine.begin() as connection:
        connection.execute(delete(watch))
    seen.inventory = Inventory(seen.inventory.areas, seen.inventory.sites, kept, links)
    seen.restart()
    assert [status for status, _, _ in seen.story(DEVICE, "pc1")] == ["up", "unknown"]
    await seen.run(seen.clock + 15)
    assert read.counts(seen.engine, Scope()).villages[Readiness.READY] > 0
