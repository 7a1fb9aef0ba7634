"""The judge from end to end: rounds of polls over the small network, and what is then stored."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from inventory.model import Inventory
from inventory.scope import Scope
from readiness import read
from readiness.decide import Verdict
from readiness.judge import Judge
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind
from readiness.read import OutageRow
from readiness.rules.uptime import split
from readiness.store import Writes, moment
from tests.judging import SETTINGS, T0, Court, court
from tests.rounds import World

DEVICE, LINK, SITE, VILLAGE = SubjectKind.DEVICE, SubjectKind.LINK, SubjectKind.SITE, SubjectKind.VILLAGE
BEHIND_RING = {"village:V2", "village:V3", "village:V4"}
BEHIND_PON = {"village:V5", "village:V6", "village:V7"}


@pytest.fixture
def seen(engine: Engine, small: Inventory) -> Court:
    return court(engine, small)


def mend(world: World) -> None:
    for broken in (world.dead, world.cut, world.on_battery, world.gasped, world.lossy):
        broken.clear()
    world.blind = False


def blocked(seen: Court) -> dict[str, str]:
    rows = read.states(seen.engine, Scope(), VILLAGE)
    return {row.subject: row.layer or "" for row in rows if row.status is Readiness.BLOCKED}


def ended(outage: OutageRow) -> datetime:
    assert outage.end is not None
    return outage.end


def one_root(seen: Court) -> OutageRow:
    (root,) = seen.roots()
    return root


async def test_everything_is_first_unknown_then_up(seen: Court) -> None:
    before = read.states(seen.engine, Scope())
    assert {row.status for row in before} == {Status.UNKNOWN}
    assert {row.transition for row in before} == {0}
    await seen.run(15)
    counts = read.counts(seen.engine, Scope())
    assert counts.sites[Status.UP] == 15
    assert counts.villages[Readiness.READY] == 8
    assert seen.state(DEVICE, "finger1").status is Status.UNKNOWN


async def test_quiet_rounds_store_nothing(seen: Court) -> None:
    await seen.run(20)
    latest = read.latest_transition_id(seen.engine)
    await seen.run(120)
    assert read.latest_transition_id(seen.engine) == latest


async def test_pon_trunk_cut(seen: Court) -> None:
    await seen.run(62, {60: lambda world: world.cut.update(["pon-5", "pon-6", "pon-7"])})
    # Two seconds after the OLT was read the villages have changed: the first reading decides.
    assert blocked(seen) == dict.fromkeys(BEHIND_PON, "backhaul")
    await seen.run(200, {130: mend})
    root = one_root(seen)
    assert (root.kind, root.subject, root.cause, root.villages) == (LINK, "olt1:0/1/3", Cause.FIBRE, 3)
    assert root.citizens == 18000
    assert (root.start, root.end) == (moment(T0 + 61.11), moment(T0 + 131.11))
    assert seen.story(VILLAGE, "village:V5")[1:] == [("blocked", "backhaul", 61.1), ("ready", "", 133.7)]


async def test_pon_trunk_cut_that_kendras_show_before_the_olt_is_asked(seen: Court) -> None:
    seen.world.onts_every_s = 60
    cut = {65: lambda world: world.cut.update(["pon-5", "pon-6", "pon-7"]), 150: mend}
    await seen.run(110, cut)
    # Something is wrong, but not yet known what: the OLT was asked before the cut.
    assert blocked(seen) == dict.fromkeys(BEHIND_PON, "")
    await seen.run(123, cut)
    assert blocked(seen) == dict.fromkeys(BEHIND_PON, "backhaul")
    await seen.run(160, cut)
    # What answers behind an ONT proves it, before the OLT is asked again.
    assert blocked(seen) == {}
    await seen.run(220, cut)
    root = one_root(seen)
    assert (root.subject, root.cause, root.villages) == ("olt1:0/1/3", Cause.FIBRE, 3)
    assert root.start < moment(T0 + 75)


async def test_a_pc_that_was_off_before_its_box_failed_keeps_its_own_outage(seen: Court) -> None:
    await seen.run(240, {60: lambda world: world.dead.add("pc8"), 180: lambda world: world.dead.add("radio8")})
    assert {root.subject for root in seen.roots()} == {"pc8", "radio8"}


async def test_a_pc_that_was_off_while_its_box_still_answered_is_its_operators_to_look_at(seen: Court) -> None:
    await seen.run(150, {60: lambda world: world.dead.add("pc1"), 92: lambda world: world.dead.add("gp1")})
    told = {root.subject: root for root in seen.roots() if root.status is Status.DOWN}
    assert {name: (root.start, root.responsible) for name, root in told.items()} == {
        "pc1": (moment(T0 + 61.85), Responsible.KENDRA_OPERATOR),
        "gp1": (moment(T0 + 91.48), Responsible.AGENCY),
    }


async def test_an_olt_that_dies_before_its_cut_trunk_hides_the_cut_and_ends_it_not(seen: Court) -> None:
    await seen.run(
        240,
        {
            60: lambda world: world.cut.update(["pon-5", "pon-6", "pon-7"]),
            130: lambda world: world.dead.add("olt1"),
            170: lambda world: world.dead.remove("olt1"),
            200: mend,
        },
    )
    cut, olt = seen.roots()
    assert (cut.subject, cut.start, cut.end, cut.villages) == (
        "olt1:0/1/3", moment(T0 + 61.11), moment(T0 + 201.11), 3,
    )  # fmt: skip
    assert (olt.subject, olt.start, olt.end, olt.villages) == ("olt1", moment(T0 + 131.11), moment(T0 + 171.11), 0)
    shadows = [row for row in read.outages(seen.engine, Scope()) if not row.root]
    assert {row.subject for row in shadows} == {"ont5", "ont6", "ont7", "pc5", "pc6"}
    assert {row.explained_by for row in shadows} == {cut.id}


async def test_two_cuts_on_one_ring(seen: Court) -> None:
    await seen.run(72, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"])})
    # Silent once, with both ways cut: the villages know; the outage waits for the first confirmed silence.
    assert blocked(seen) == dict.fromkeys(BEHIND_RING, "backhaul")
    assert read.outages(seen.engine, Scope()) == []
    await seen.run(200, {130: mend})
    root = one_root(seen)
    assert (root.kind, root.subject, root.ring, root.status) == (LINK, "ring-1-1", "ring-1", Status.DOWN)
    assert root.segment == ("gp1 GE0/0/2", "gp2 GE0/0/1", "gp4 GE0/0/1", "gp3 GE0/0/2")
    assert (root.cause, root.villages, root.responsible) == (Cause.FIBRE, 3, Responsible.AGENCY)
    shadows = [row for row in read.outages(seen.engine, Scope()) if not row.root]
    assert {row.subject for row in shadows} == {"gp2", "gp3", "pc2", "ups2", "ups3"}
    assert {(row.cause, row.explained_by) for row in shadows} == {(Cause.UPSTREAM, root.id)}
    # One outage, one return: no other layer in between while the boxes come back one by one.
    assert [state for state, _, _ in seen.story(VILLAGE, "village:V2")] == ["ready", "blocked", "ready"]


@pytest.mark.parametrize("mended", range(80, 90))
async def test_a_cut_that_is_mended_before_a_silence_is_confirmed_has_one_root(seen: Court, mended: int) -> None:
    """Bursts that were silent to their end are told after the first box is heard again."""
    await seen.run(200, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"]), mended: mend})
    assert {root.kind for root in seen.roots()} <= {LINK}
    assert len([root for root in seen.roots() if root.status is Status.DOWN]) <= 1


@pytest.mark.parametrize("mended", range(80, 90))
async def test_a_kill_in_between_makes_no_root_of_what_was_silent_before_a_repair(seen: Court, mended: int) -> None:
    await seen.run(mended + 9, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"]), mended: mend})
    seen.restart()
    await seen.run(200)
    assert {root.kind for root in seen.roots()} <= {LINK}
    assert len([root for root in seen.roots() if root.status is Status.DOWN]) <= 1


async def test_a_box_that_stays_dead_when_a_cut_beside_it_is_mended_is_a_root_of_its_own(seen: Court) -> None:
    def repair(world: World) -> None:
        world.cut.clear()
        world.dead.add("gp2")

    await seen.run(200, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"]), 80: repair})
    assert ("gp2", None) in [(root.subject, root.end) for root in seen.roots()]
    assert blocked(seen)["village:V2"] == "gp_equipment"


async def test_a_device_goes_down_at_its_first_failed_poll(seen: Court) -> None:
    await seen.run(90, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"])})
    (down,) = [row for row in seen.transitions(DEVICE, "gp2") if row.after is Status.DOWN]
    assert down.at == moment(T0 + 62.22)
    assert down.recorded_at >= moment(T0 + 79)


async def test_a_box_that_is_heard_by_a_burst_alone_was_down_until_then(seen: Court) -> None:
    """After seconds in which nobody answered what is silent is probed anew, and a lost poll may be all that is left."""

    def revive(world: World) -> None:
        world.dead.clear()
        world.lossy.add("radio8")
        seen.rounds.bursted.clear()

    await seen.run(200, {60: lambda world: world.dead.add("radio8"), 150: revive})
    told = seen.story(DEVICE, "radio8")
    assert [status for status, *_ in told][:3] == ["up", "down", "up"]
    assert told[1][2] < 70
    assert told[2][2] >= 150
    assert ended(one_root(seen)) == seen.transitions(DEVICE, "radio8")[2].at


async def test_single_ring_cut_changes_no_village(seen: Court) -> None:
    await seen.run(200, {60: lambda world: world.cut.add("ring-1-1"), 130: mend})
    root = one_root(seen)
    assert (root.subject, root.status, root.ring, root.villages) == ("ring-1-1", Status.DEGRADED, "ring-1", 0)
    assert root.segment == ("gp1 GE0/0/2", "gp2 GE0/0/1")
    assert root.end is not None
    assert {row.after for row in seen.transitions(VILLAGE)} == {Readiness.READY}


async def test_a_ring_is_one_armed_from_the_answer_that_proves_both_ends(seen: Court) -> None:
    cut = {60: lambda world: world.cut.add("ring-1-1")}
    await seen.run(62, cut)
    assert seen.roots() == []  # gp1 lost its port; gp2, which may have died, has not been asked since
    await seen.run(63, cut)
    assert (one_root(seen).subject, one_root(seen).start) == ("ring-1-1", moment(T0 + 61.48))


async def test_a_box_that_dies_as_the_collector_goes_blind_is_no_cut_fibre(seen: Court) -> None:
    def blind(world: World) -> None:
        world.blind = True

    def sighted(world: World) -> None:
        world.blind = False

    await seen.run(120, {60: lambda world: world.dead.add("gp2"), 62: blind, 100: sighted})
    assert seen.roots() == []


async def test_second_cut_of_a_one_armed_ring_is_its_own_outage(seen: Court) -> None:
    events = {60: lambda world: world.cut.add("ring-1-1"), 150: lambda world: world.cut.add("ring-1-3")}
    await seen.run(180, events)
    assert blocked(seen) == dict.fromkeys(BEHIND_RING, "backhaul")
    await seen.run(300, {220: lambda world: world.cut.remove("ring-1-3"), 270: mend})
    first, second = seen.roots()
    assert (first.subject, first.status, first.end is None) == ("ring-1-1", Status.DEGRADED, False)
    assert (second.subject, second.status, second.villages) == ("ring-1-3", Status.DOWN, 3)
    assert first.start < second.start
    assert ended(second) < ended(first)


async def test_half_a_repair_leaves_the_ring_one_armed(seen: Court) -> None:
    cut = ["ring-1-1", "ring-1-3"]
    await seen.run(260, {60: lambda world: world.cut.update(cut), 150: lambda world: world.cut.remove("ring-1-1")})
    down, degraded = seen.roots()
    assert (down.subject, down.status, down.end is None) == ("ring-1-1", Status.DOWN, False)
    assert (degraded.subject, degraded.status, degraded.end) == ("ring-1-3", Status.DEGRADED, None)
    assert degraded.start >= ended(down)
    assert blocked(seen) == {}


async def test_power_cut_of_a_feeder_where_a_ups_says_so(seen: Court) -> None:
    def cut(world: World) -> None:
        world.on_battery.update(["ups2", "ups3"])
        world.dead.update(["gp1", "pc1", "pc2"])

    await seen.run(85, {60: cut})
    assert blocked(seen) == dict.fromkeys({"village:V1", *BEHIND_RING}, "power")
    root = one_root(seen)
    assert (root.cause, root.responsible, root.villages) == (Cause.POWER, Responsible.POWER_UTILITY, 4)
    await seen.run(220, {110: lambda world: world.dead.update(["gp2", "gp3", "ups2", "ups3"]), 150: mend})
    assert blocked(seen) == {}
    assert one_root(seen).id == root.id
    assert one_root(seen).end is not None


async def test_olt_death(seen: Court) -> None:
    await seen.run(85, {60: lambda world: world.dead.add("olt1")})
    assert blocked(seen) == dict.fromkeys(BEHIND_PON, "backhaul")
    ont = seen.state(DEVICE, "ont5")
    assert (ont.status, "olt1" in ont.reason) == (Status.UNKNOWN, True)
    await seen.run(200, {130: mend})
    assert (one_root(seen).subject, one_root(seen).cause) == ("olt1", Cause.EQUIPMENT)


async def test_pop_router_death_leaves_the_ring_alone(seen: Court) -> None:
    await seen.run(200, {60: lambda world: world.dead.add("pop-r1"), 130: mend})
    root = one_root(seen)
    assert (root.subject, root.cause, root.villages) == ("pop-r1", Cause.EQUIPMENT, 3)
    assert [status for status, _, _ in seen.story(VILLAGE, "village:V1")] == ["ready"]
    assert blocked(seen) == {}


async def test_a_kendra_pc_that_is_off(seen: Court) -> None:
    await seen.run(85, {60: lambda world: world.dead.add("pc1")})
    assert blocked(seen) == {"village:V1": "kendra_hardware"}
    root = one_root(seen)
    assert (root.subject, root.cause, root.responsible) == ("pc1", Cause.UNDETERMINED, Responsible.KENDRA_OPERATOR)
    # Long after, while other things happen: the same outage, until it answers.
    await seen.run(300, {150: lambda world: world.dead.add("radio8"), 200: lambda world: world.dead.remove("radio8")})
    assert blocked(seen) == {"village:V1": "kendra_hardware"}
    await seen.run(330, {301: mend})
    assert blocked(seen) == {}
    assert seen.roots()[0].id == root.id
    assert seen.roots()[0].end is not None


async def test_loss_is_degraded_and_never_down(seen: Court) -> None:
    await seen.run(130, {60: lambda world: world.lossy.add("gp1"), 90: mend})
    assert [status for status, _, _ in seen.story(DEVICE, "gp1")] == ["up", "degraded", "up"]
    assert seen.roots() == []


async def test_loss_everywhere_never_counts_as_down(seen: Court) -> None:
    seen.world.loss = 0.3
    await seen.run(900)
    found = {row.after for row in seen.transitions(DEVICE)}
    assert Status.DEGRADED in found
    assert Status.DOWN not in found
    assert seen.roots() == []


async def test_a_dead_box_is_found_in_spite_of_loss_everywhere(seen: Court) -> None:
    seen.world.loss = 0.3
    await seen.run(400, {60: lambda world: world.dead.add("radio8")})
    assert seen.state(DEVICE, "radio8").status is Status.DOWN


async def test_a_blind_collector_calls_nothing_down(seen: Court) -> None:
    def blind(world: World) -> None:
        world.blind = True

    await seen.run(130, {60: blind})
    assert Status.DOWN not in {row.after for row in seen.transitions()}
    assert read.counts(seen.engine, Scope()).villages[Readiness.UNKNOWN] == 8
    await seen.run(160, {131: mend})
    assert read.counts(seen.engine, Scope()).villages[Readiness.READY] == 8
    assert seen.roots() == []


async def test_an_outage_goes_on_through_blindness(seen: Court) -> None:
    def blind(world: World) -> None:
        world.blind = True

    def sighted(world: World) -> None:
        world.blind = False

    await seen.run(260, {60: lambda world: world.dead.add("pc1"), 100: blind, 180: sighted, 230: mend})
    assert [status for status, _, _ in seen.story(DEVICE, "pc1")] == ["up", "down", "unknown", "down", "up"]
    root = one_root(seen)
    assert (root.start, root.end) == (moment(T0 + 61.85), moment(T0 + 231.85))


async def test_transitions_of_a_subject_follow_each_other(seen: Court) -> None:
    events = {
        40: lambda world: world.cut.update(["ring-1-1", "ring-1-3"]),
        90: mend,
        95: lambda w: w.dead.add("pop-r1"),
    }
    await seen.run(220, {**events, 150: mend})
    subjects = {(row.kind, row.subject) for row in seen.transitions()}
    for kind, subject in subjects:
        rows = seen.transitions(kind, subject)
        assert [row.at for row in rows] == sorted(row.at for row in rows)
        assert [row.before for row in rows[1:]] == [row.after for row in rows[:-1]]
        parts = split("unknown", [(row.at, row.after) for row in rows], moment(T0), moment(T0 + 220))
        assert sum(parts.values(), timedelta()) == timedelta(seconds=220)


async def test_what_follows_a_layer_that_was_told_anew_does_not_lie_before_it(seen: Court) -> None:
    """A silence that is confirmed late begins before; the state began earlier still, and its layer was told meanwhile."""
    await seen.run(15)
    decider, writes = seen.judge._decider, Writes()
    kept = decider.rows.of[VILLAGE]
    at = kept.index["village:V3"]
    for status, layer, when in (
        (Readiness.DEGRADED, Layer.ENDPOINT, 20),
        (Readiness.DEGRADED, Layer.BACKHAUL, 40),
        (Readiness.BLOCKED, Layer.BACKHAUL, 35),
        (Readiness.READY, None, 38),
    ):
        decider.put(kept, at, Verdict(status, T0 + when, "x", layer), T0 + 60, writes)
    assert [row.at for row in writes.transitions] == [moment(T0 + when) for when in (20, 40, 40, 40)]
    assert kept.row(at).since == moment(T0 + 40)


async def test_callbacks_hear_what_was_stored(seen: Court, small: Inventory) -> None:
    heard: list[int] = []
    seen.judge = Judge(seen.engine, small, SETTINGS, [lambda rows: heard.extend(row.id for row in rows)])
    seen.judge.restore(T0)
    await seen.run(15)
    assert heard == [row.id for row in seen.transitions()]
