"""What those that are back say of the outage that is over."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from inventory.hours import INDIA, parse_hours
from inventory.model import Inventory
from readiness.model import Cause, Responsible, Status, SubjectKind
from readiness.returns import Boots, Returns
from readiness.rules import graph
from readiness.rules.causes import Evidence, judge, shipped_weights
from readiness.rules.outages import Finding, Outage
from readiness.rules.returns import Boot, again, back_early, evidence, shadow_again
from tests.judging import Court, court
from tests.rounds import World

WEIGHTS = shipped_weights()
START = 1000.0


def outage(*kinds: str, subject: tuple[SubjectKind, str] = (SubjectKind.DEVICE, "gp3")) -> Outage:
    verdict = judge([Evidence(kind, f"seen: {kind}") for kind in kinds], WEIGHTS)
    finding = Finding(
        subject, Status.DOWN, START, verdict.cause, verdict.confidence, verdict.evidence, verdict.responsible,
        kinds=verdict.kinds, weights=verdict.weights,
    )  # fmt: skip
    return Outage(1, finding, end=START + 600)


def of_itself(before: Outage, started_at: float, *, at_end: bool = False, on_wire: bool = False) -> Outage:
    boot = Boot(before.finding.subject[1], started_at, START + 600)
    return again(before, evidence(before, [boot], at_end=at_end, on_wire=on_wire), WEIGHTS)


CASES = [
    # One ring box that both neighbours lost: two cuts, or its own death?
    (("both_sides_down", "feeder_alive"), START + 500, Cause.UNDETERMINED),
    (("both_sides_down", "feeder_alive", "ups_here_on_mains"), START + 500, Cause.EQUIPMENT),
    # Mains were there, and yet somebody may have switched it off.
    (("both_sides_down", "ups_here_on_mains"), START + 500, Cause.UNDETERMINED),
    (("both_sides_down", "feeder_alive"), START - 86400, Cause.FIBRE),
    (("both_sides_down", "ups_here_on_battery"), START + 500, Cause.POWER),
    (("both_sides_down",), START + 500, Cause.UNDETERMINED),
    (("port_up",), START - 86400, Cause.EQUIPMENT),
    (("port_down",), START - 86400, Cause.FIBRE),
    # Its feeder is back, and it was behind something else by then, or its own ways were cut.
    (("feeder_back",), START - 86400, Cause.UNDETERMINED),
    # No neighbour that was heard lost it: it may have lain between others that had failed.
    (("feeder_silent",), START - 86400, Cause.UNDETERMINED),
    (("feeder_alive",), START - 86400, Cause.UNDETERMINED),
    (("feeder_alive",), START + 100, Cause.UNDETERMINED),
]


@pytest.mark.parametrize(("kinds", "started_at", "cause"), CASES)
def test_cause_of_a_box_after_its_return(kinds: tuple[str, ...], started_at: float, cause: Cause) -> None:
    assert of_itself(outage(*kinds), started_at).finding.cause is cause


def test_a_pc_that_rebooted_may_have_been_switched_off_and_one_that_ran_on_had_a_bad_wire() -> None:
    pc = outage("end_device", subject=(SubjectKind.DEVICE, "pc3"))
    assert of_itself(pc, START + 500, at_end=True, on_wire=True).finding.cause is Cause.UNDETERMINED
    wire = of_itself(pc, START - 500, at_end=True, on_wire=True).finding
    assert (wire.cause, wire.responsible) == (Cause.LAST_MILE, Responsible.AGENCY)


@pytest.mark.parametrize(("started", "cause"), [(START + 500, Cause.POWER), (START - 500, Cause.FIBRE)])
def test_a_cut_whose_far_side_rebooted_was_none(started: float, cause: Cause) -> None:
    cut = outage("one_way", "ports_down", subject=(SubjectKind.LINK, "ring-1-1"))
    boots = [Boot(f"gp{n}", started, START + 600) for n in range(4)] + [Boot("gp9", START - 500, START + 600)]
    found = evidence(cut, boots, at_end=False, on_wire=False)
    assert again(cut, found, WEIGHTS).finding.cause is cause


def test_the_boxes_at_the_dark_ends_of_a_cut_tell_more_than_what_lay_behind_them() -> None:
    """An island between two boxes without mains: everything in it ran on, and no fibre was cut."""
    cut = outage("several_beyond", "ports_down", subject=(SubjectKind.LINK, "ring-1-1"))
    cut = replace(cut, finding=replace(cut.finding, segment=("pop-r1 GE0/0/3", "gp1 GE0/0/1", "pop-r2 GE1", "gp4 GE2")))
    inside = [Boot(f"gp{n}", START - 500, START + 600) for n in (2, 3)]

    def after(*started: float) -> Cause:
        edge = [Boot(name, at, START + 600) for name, at in zip(("gp1", "gp4"), started, strict=False)]
        found = evidence(cut, [*inside, *edge], at_end=False, on_wire=False)
        return again(cut, found, WEIGHTS).finding.cause

    assert after(START + 500, START + 510) is Cause.POWER
    assert after(START - 900, START - 800) is Cause.FIBRE
    assert after(START + 500) is Cause.UNDETERMINED  # the other end said nothing


def test_two_boxes_on_different_feeders_that_started_anew_did_not_lose_one_feeder() -> None:
    cut = outage("several_beyond", "ports_down", subject=(SubjectKind.LINK, "ring-1-1"))
    cut = replace(cut, finding=replace(cut.finding, segment=("pop-r1 GE0/0/3", "gp1 GE0/0/1", "pop-r2 GE1", "gp4 GE2")))
    edge = [Boot(name, START + 500, START + 600) for name in ("gp1", "gp4")]
    for between, cause in ((START - 500, Cause.UNDETERMINED), (START + 500, Cause.POWER)):  # a storm takes many feeders
        inside = [Boot(f"gp{n}", between, START + 600) for n in (2, 3)]
        found = evidence(cut, [*edge, *inside], at_end=False, on_wire=False, apart=True)
        assert again(cut, found, WEIGHTS).finding.cause is cause


def test_no_fibre_is_blamed_for_what_only_radio_leads_to() -> None:
    boot = Boot("gp3", START - 86400, START + 600)
    found = evidence(outage("port_down"), [boot], at_end=False, on_wire=False, by_radio=True)
    assert again(outage("port_down"), found, WEIGHTS).finding.cause is Cause.UNDETERMINED


def test_a_pc_that_ran_on_for_a_few_polls_may_have_been_behind_a_cut_that_nobody_saw() -> None:
    pc = outage("end_device", subject=(SubjectKind.DEVICE, "pc3"))
    boot = Boot("pc3", START - 500, START + 600)
    for polls_s, cause in ((615.0, Cause.UNDETERMINED), (195.0, Cause.LAST_MILE)):
        found = evidence(pc, [boot], at_end=True, on_wire=True, polls_s=polls_s)
        assert again(pc, found, WEIGHTS).finding.cause is cause


def test_who_ran_for_long_before_it_was_heard_did_not_wait_for_mains() -> None:
    """Of a cut that lasted hours: mains that failed and came back meanwhile are not its cause."""
    cut = outage("trunk_lost", subject=(SubjectKind.LINK, "olt1:0/1/3"))
    end = START + 6 * 3600
    boots = [Boot(f"ont{n}", end - 2400, end) for n in (5, 6, 7)]
    assert evidence(cut, boots, at_end=False, on_wire=False, polls_s=915.0) == ()


def test_who_started_anew_and_ran_for_most_of_the_silence_had_mains_then() -> None:
    before = outage("port_down", "feeder_silent")
    assert of_itself(before, START + 500).finding.cause is Cause.POWER
    found = of_itself(before, START + 100).finding
    assert (found.kinds[-1], found.cause) == ("ran_unheard", Cause.UNDETERMINED)
    polled_late = Boot("gp3", START + 100, START + 600)
    assert evidence(before, [polled_late], at_end=False, on_wire=False, polls_s=600.0)[0].kind == "started_anew"
    behind = [Boot(f"gp{n}", START + 100, START + 600) for n in (5, 6)]
    assert evidence(before, behind, at_end=False, on_wire=False) == ()


@pytest.mark.parametrize("kinds", [("port_down", "feeder_alive"), ("both_sides_down", "feeder_alive")])
def test_a_cut_alone_starts_nothing_anew(kinds: tuple[str, ...]) -> None:
    """A box that had started anew and then ran unheard had failed before something hid it."""
    boot = Boot("gp3", START + 100, START + 600)
    found = again(outage(*kinds), evidence(outage(*kinds), [boot], at_end=False, on_wire=False, polls_s=60), WEIGHTS)
    assert (found.finding.kinds[-1], found.finding.cause) == ("ran_unheard", Cause.UNDETERMINED)


@pytest.mark.parametrize(
    ("back", "cause"),
    [("18:20", Cause.UNDETERMINED), ("08:59", Cause.UNDETERMINED), ("09:01", Cause.ADMINISTRATIVE)],
)
def test_a_pc_that_is_back_while_its_kendra_is_closed_was_not_switched_off_for_the_day(back: str, cause: Cause) -> None:
    hours = parse_hours("Mo-Sa 10:00-17:00")
    friday, hour = datetime(2026, 11, 20, tzinfo=INDIA), time.fromisoformat(back)
    end = datetime.combine(friday.date() + timedelta(days=hour.hour < 12), hour, INDIA)
    pc = outage("end_device", "closing_time", subject=(SubjectKind.DEVICE, "pc3"))
    start = friday.replace(hour=17, minute=41).timestamp()
    pc = replace(pc, finding=replace(pc.finding, start=start), end=end.timestamp())
    assert again(pc, back_early(pc, hours), WEIGHTS).finding.cause is cause


def test_a_kendra_opens_next_on_the_next_day_that_is_none_of_rest() -> None:
    hours = parse_hours("Mo-Fr 10:00-13:00,14:00-17:30")
    friday = datetime(2026, 11, 20, 13, 30, tzinfo=INDIA)
    assert hours.opens_after(friday) == friday.replace(hour=14, minute=0)
    assert hours.opens_after(friday.replace(hour=17)) == datetime(2026, 11, 23, 10, tzinfo=INDIA)
    assert parse_hours("off").opens_after(friday) is None


def test_what_was_said_before_the_outage_says_nothing_of_it() -> None:
    assert evidence(outage("port_down"), [Boot("gp3", START - 900, START - 10)], at_end=False, on_wire=False) == ()


def test_said_twice_is_said_once_and_what_was_not_kept_is_not_judged_anew() -> None:
    once = of_itself(outage("port_down"), START + 500)
    assert of_itself(once, START + 500) == once
    old = Outage(
        2, Finding((SubjectKind.DEVICE, "gp3"), Status.DOWN, START, Cause.FIBRE, 0.9, ("seen",), Responsible.AGENCY)
    )
    assert of_itself(old, START + 500) == old


def test_a_shadow_follows_its_root() -> None:
    root = of_itself(outage("both_sides_down", "feeder_alive"), START - 500)
    lost_power = Outage(
        3, Finding((SubjectKind.DEVICE, "ups3"), Status.DOWN, START, Cause.POWER, 0.7, ("explained by gp3",),
                   Responsible.POWER_UTILITY), explained_by=1, end=START + 600,
    )  # fmt: skip
    after = shadow_again(lost_power, root)
    assert (after.finding.cause, after.finding.responsible) == (Cause.UPSTREAM, Responsible.AGENCY)
    assert after.finding.evidence == ("explained by gp3",)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([START - 900, START + 300])), max_size=12), st.randoms())
def test_whose_word_comes_first_does_not_matter(told: list[tuple[int, float]], chance: object) -> None:
    boots = [Boot(f"gp{number}", started, START + 600) for number, started in dict(told).items()]
    mixed = sorted(boots, key=lambda _: chance.random())  # type: ignore[attr-defined]
    one, other = (evidence(outage("port_down"), some, at_end=False, on_wire=False) for some in (boots, mixed))
    assert one == other


def test_nothing_is_remembered_of_what_was_judged_again(small: Inventory) -> None:
    """The last of those behind a root may be back long after the root was judged, and after a restart."""
    network = graph.build(small)
    returns, boots = Returns(network, WEIGHTS, 45.0), Boots(len(network.names))
    root, late = outage("port_down"), outage("end_device", subject=(SubjectKind.DEVICE, "pc3"))
    shadow = replace(late, id=2, explained_by=1, end=None)
    # Told in this order by the store, which knows nothing of roots and shadows.
    returns.note([shadow, replace(root, end=None)], START)
    assert set(returns._behind[1]) == {2}
    returns.note([root], START + 600)
    returns.again(boots, START + 700)
    returns.note([shadow], START + 710)
    returns.note([replace(shadow, end=START + 720)], START + 720)
    assert (returns._behind, returns._ended) == ({}, {})


@pytest.fixture
def seen(engine: Engine, small: Inventory) -> Court:
    return court(engine, small)


async def test_an_outage_is_told_anew_by_the_uptime_after_it(seen: Court) -> None:
    """A box in a ring that both neighbours lost: only its return tells two cuts from its own death."""

    def cut(world: World) -> None:
        world.cut.update(["ring-1-2", "ring-1-3"])

    await seen.run(70, {20: cut})
    (before,) = seen.roots()
    assert (before.subject, before.cause, before.end) == ("gp3", Cause.UNDETERMINED, None)  # its UPS has mains
    await seen.run(140, {90: lambda world: world.cut.clear()})
    (after,) = [root for root in seen.roots() if root.id == before.id]
    assert (after.cause, after.kinds[-1]) == (Cause.FIBRE, "ran_on")
    assert after.confidence > 0.8
    assert after.evidence[-1] == "gp3 had run on when it was back"
    assert after.end is not None
