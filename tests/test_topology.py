"""Roots and shadows in the small network, from views made by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from inventory.model import Inventory, Role
from readiness.model import Cause, Responsible, Status, SubjectKind
from readiness.rules.causes import shipped_weights
from readiness.rules.facts import Before, Ups, Windows, Words, places
from readiness.rules.findings import of_picture
from readiness.rules.graph import Graph, View, build, components, reach
from readiness.rules.incidents import Incident, Picture, Subject, picture
from readiness.rules.notices import About
from readiness.rules.outages import Finding, Ledger, Outage, Seen, reconcile

START = 1000.0
NOW = 1030.0
WINDOWS = Windows(together_s=45, power_s=900)


@pytest.fixture
def graph(small: Inventory) -> Graph:
    return build(small)


def view(
    graph: Graph,
    dead: Iterable[str] = (),
    down: Iterable[str] = (),
    *,
    suspect: Iterable[str] = (),
    unseen: Iterable[str] = (),
    since: float = START + 2,
) -> View:
    """Everything answers at NOW but the dead, the suspects and the unseen; links in `down` went down at `since`."""
    names = list(graph.names)
    gone, doubted = np.isin(names, list(dead)), np.isin(names, list(suspect))
    hidden = np.isin(names, list(unseen))
    alive = ~gone & ~hidden & graph.observable
    links = np.isin(list(graph.link_names), list(down))
    port = np.where(links[:, None], 2, 1).repeat(2, axis=1).astype(np.int8)
    begin = np.where(gone | doubted, START, inf)
    silent_ends = np.stack([(gone | doubted)[graph.a], (gone | doubted)[graph.b]], axis=1)
    return View(
        now=NOW,
        dead=gone,
        alive=alive,
        since=np.where(gone, START, 0.0),
        suspect=doubted,
        start=begin,
        last_ok=np.where(alive & ~doubted, NOW, START - 10),
        asked=np.full(len(names), NOW),
        back=np.full(len(names), -inf),
        fell=begin,
        fell_before=np.full(len(names), -inf),
        confirmed=np.full(len(names), -inf),
        returned=np.full(len(names), -inf),
        link_down=links,
        link_since=np.where(links, since, 0.0),
        port=port,
        port_at=np.where(silent_ends, START - 10, NOW),
    )


def seen(graph: Graph, at: View, words: Words | None = None) -> Picture:
    return picture(graph, at, words or Words(), WINDOWS, shipped_weights())


def only(found: Picture) -> Incident:
    assert len(found.incidents) == 1
    return found.incidents[0]


def names(graph: Graph, nodes: Iterable[int]) -> set[str]:
    return {graph.names[node] for node in nodes}


def test_reach_stops_at_what_is_dead(graph: Graph) -> None:
    passable = np.array([name != "pop-r1" for name in graph.names])
    reached = reach(graph, passable, np.ones(len(graph.link_names), np.bool_))
    unreached = {graph.names[node] for node in np.flatnonzero(~reached)}
    # What has no link at all (fingerprint readers) is never reached.
    assert {"pop-r1", "olt1", "ont5", "pc5"} < unreached
    assert not unreached & {"pop-r2", "gp1", "gp4", "radio8"}


def test_components_take_the_lowest_position() -> None:
    assert components(np.array([1, 3, 4]), np.array([2, 4, 5]), 7).tolist() == [0, 1, 1, 3, 3, 3, 6]


def test_nothing_dark_is_no_incident(graph: Graph) -> None:
    assert seen(graph, view(graph)).incidents == ()


def test_trunk_cut_is_one_incident_of_the_trunk(graph: Graph) -> None:
    onts = ["ont5", "ont6", "ont7"]
    words = Words(down_cause={graph.index[name]: 1 for name in onts})
    found = only(seen(graph, view(graph, [*onts, "pc5", "pc6"], ["pon-5", "pon-6", "pon-7"]), words))
    assert found.subject == (SubjectKind.LINK, "olt1:0/1/3")
    assert found.verdict.cause is Cause.FIBRE
    assert names(graph, found.members) == {*onts, "pc5", "pc6"}
    assert found.segment == ("olt1 GPON 0/1/3", "ont5 PON")


def test_one_ont_without_light_is_its_own_fibre(graph: Graph) -> None:
    found = only(seen(graph, view(graph, ["ont6"], ["pon-6"]), Words(down_cause={graph.index["ont6"]: 1})))
    assert found.subject == (SubjectKind.LINK, "pon-6")


def test_an_ont_with_a_dying_gasp_lost_power(graph: Graph) -> None:
    found = only(seen(graph, view(graph, ["ont6"]), Words(down_cause={graph.index["ont6"]: 2})))
    assert (found.subject, found.verdict.cause) == ((SubjectKind.DEVICE, "ont6"), Cause.POWER)
    assert found.verdict.responsible is Responsible.POWER_UTILITY


def test_two_cuts_at_once_are_one_incident_with_both_stretches(graph: Graph) -> None:
    at = view(graph, ["gp2", "gp3", "pc2", "ups2", "ups3"], ["ring-1-1", "ring-1-3"])
    found = only(seen(graph, at))
    assert found.subject == (SubjectKind.LINK, "ring-1-1")
    assert found.segment == ("gp1 GE0/0/2", "gp2 GE0/0/1", "gp4 GE0/0/1", "gp3 GE0/0/2")
    assert (found.verdict.cause, found.ring, found.direct) == (Cause.FIBRE, "ring-1", frozenset())


def test_a_second_cut_is_its_own_incident(graph: Graph) -> None:
    at = view(graph, ["gp2", "gp3", "pc2", "ups2", "ups3"], ["ring-1-1", "ring-1-3"])
    at.link_since[graph.link_index["ring-1-1"]] = START - 600
    found = only(seen(graph, at))
    assert found.subject == (SubjectKind.LINK, "ring-1-3")
    assert found.segment == ("gp4 GE0/0/1", "gp3 GE0/0/2")


def test_a_single_cut_leaves_the_ring_one_armed(graph: Graph) -> None:
    found = seen(graph, view(graph, down=["ring-1-1"]))
    assert found.incidents == ()
    assert [graph.link_names[link] for link in found.spare_down] == ["ring-1-1"]


@pytest.mark.parametrize(("heard", "told"), [(START - 10, False), (-inf, False), (START + 2, True)])
def test_a_way_is_lost_only_between_ends_that_were_heard_since(graph: Graph, heard: float, told: bool) -> None:
    """The port of gp1 is down, and gp2 may be dead: one lost poll, a blind collector, or nobody ever polled it."""
    at = view(graph, down=["ring-1-1"], suspect=["gp2"])
    gp2 = graph.index["gp2"]
    at.last_ok[gp2] = heard
    found = seen(graph, at)
    assert bool(found.spare_down) is told
    assert found.unheard == (() if told else (gp2,))


@pytest.mark.parametrize(("asked_s", "told"), [(-3, False), (3, True)])
def test_a_port_that_was_down_before_the_other_end_read_its_own_to_be_up_says_nothing(
    graph: Graph, asked_s: float, told: bool
) -> None:
    """A box that started anew between two polls: its neighbour has to be asked again."""
    at = view(graph, down=["ring-1-1"])
    link, gp1 = graph.link_index["ring-1-1"], graph.index["gp1"]
    assert isinstance(at.port, np.ndarray)
    assert isinstance(at.port_at, np.ndarray)
    at.port[link, 1], at.port_at[link, 0] = 1, NOW + asked_s
    found = seen(graph, at)
    assert bool(found.spare_down) is told
    assert found.unheard == (() if told else (gp1,))


def test_a_dead_port_of_a_kendra_is_no_lost_redundancy(graph: Graph) -> None:
    assert seen(graph, view(graph, down=["lan-1"])).spare_down == ()


def test_suspects_between_two_cuts_are_dark_before_their_own_silence_is_confirmed(graph: Graph) -> None:
    found = only(seen(graph, view(graph, down=["ring-1-1", "ring-1-3"], suspect=["gp2", "gp3"])))
    assert found.subject == (SubjectKind.LINK, "ring-1-1")
    assert names(graph, found.members) == {"gp2", "gp3"}


def test_suspects_are_not_dark_while_a_way_is_left(graph: Graph) -> None:
    assert seen(graph, view(graph, down=["ring-1-1"], suspect=["gp2", "gp3"])).incidents == ()


def test_a_cut_older_than_the_last_sign_of_life_proves_nothing(graph: Graph) -> None:
    at = view(graph, down=["ring-1-1", "ring-1-3"], suspect=["gp2", "gp3"], since=START - 600)
    assert seen(graph, at).incidents == ()


def test_a_dead_olt_explains_what_hangs_on_it(graph: Graph) -> None:
    found = only(seen(graph, view(graph, ["olt1", "pc5", "pc6"], unseen=["ont5", "ont6", "ont7"])))
    assert (found.subject, found.verdict.cause) == ((SubjectKind.DEVICE, "olt1"), Cause.EQUIPMENT)
    assert names(graph, found.members) == {"olt1", "ont5", "ont6", "ont7", "pc5", "pc6"}


def test_a_dead_pop_router_leaves_the_ring_to_the_other_one(graph: Graph) -> None:
    down = ["noc-pop1", "pop-pop", "ring-1-0"]
    found = seen(graph, view(graph, ["pop-r1", "olt1", "pc5", "pc6"], down, unseen=["ont5", "ont6", "ont7"]))
    one = only(found)
    assert (one.subject, one.verdict.cause) == ((SubjectKind.DEVICE, "pop-r1"), Cause.EQUIPMENT)
    assert not names(graph, one.members) & {"gp1", "gp2", "gp3", "gp4"}
    assert found.spare_down == ()


def test_a_kendra_pc_that_is_silent_may_be_switched_off(graph: Graph) -> None:
    found = only(seen(graph, view(graph, ["pc1"], ["lan-1"])))
    assert (found.subject, found.verdict.cause) == ((SubjectKind.DEVICE, "pc1"), Cause.UNDETERMINED)
    assert found.verdict.responsible is Responsible.KENDRA_OPERATOR


def test_a_feeder_on_battery_makes_power_cuts_of_one_feeder_one_incident(graph: Graph) -> None:
    ups = Ups(graph.index["ups2"], battery_since=START - 5, battery_at=NOW, mains_at=START - 10)
    at = view(graph, ["gp1", "pc1", "pc2"], ["ring-1-0", "ring-1-1", "lan-2"])
    found = seen(graph, at, Words(ups=(ups,)))
    assert {incident.verdict.cause for incident in found.incidents} == {Cause.POWER}
    roots = [incident for incident in found.incidents if incident.explained_by is None]
    assert [root.subject for root in roots] == [(SubjectKind.DEVICE, "gp1")]


@pytest.mark.parametrize(("fell", "had_mains"), [(START + 60, False), (START + 7200, True)])
def test_sites_that_are_back_had_no_mains_only_where_they_fell_silent_then(
    graph: Graph, fell: float, had_mains: bool
) -> None:
    at = view(graph, ["gp4"], ["ring-1-3", "ring-1-4"])
    back = [graph.index[name] for name in ("ont5", "ont6", "ont7")]
    at.fell[back], at.back[back] = fell, fell + 120
    assert ("feeder_alive" in only(seen(graph, at)).verdict.kinds) is had_mains


def test_an_island_that_is_a_whole_feeder_lost_its_mains(small: Inventory) -> None:
    """Two cuts of a ring that fall on both borders of a feeder are rarer than its mains."""
    devices = {name: one for name, one in small.devices.items() if one.role is not Role.UPS}
    links = {name: one for name, one in small.links.items() if one.b_device in devices}
    graph = build(replace(small, devices=devices, links=links))
    whole = only(seen(graph, view(graph, {"gp1", "gp2", "gp3"}, {"ring-1-0", "ring-1-3"})))
    assert (whole.verdict.cause, whole.subject[0]) == (Cause.POWER, SubjectKind.DEVICE)
    assert "feeder_silent" in whole.verdict.kinds
    part = only(seen(graph, view(graph, {"gp1", "gp2"}, {"ring-1-0", "ring-1-2"})))
    assert (part.verdict.cause, part.subject[0]) == (Cause.FIBRE, SubjectKind.LINK)


@pytest.mark.parametrize(("port_read_s", "told"), [(-20, False), (5, True)])
def test_no_cut_is_told_of_an_island_that_was_not_asked_since_its_neighbour_is_back(
    graph: Graph, port_read_s: float, told: bool
) -> None:
    """Unless the neighbour, which is back, says that its port is down."""
    at = view(graph, {"gp2", "gp3"}, {"ring-1-1", "ring-1-3"})
    gp1 = graph.index["gp1"]
    at.back[gp1] = NOW + 1
    link = graph.link_index["ring-1-1"]
    assert isinstance(at.port_at, np.ndarray)
    at.port_at[link] = at.back[gp1] + port_read_s
    found = of_picture(graph, at, seen(graph, at), {}, shipped_weights(), settle_s=WINDOWS.together_s)
    assert bool(found) is told


def test_an_olt_that_is_back_told_of_its_onts_by_that_very_answer(graph: Graph) -> None:
    words = Words(down_cause={graph.index[name]: 1 for name in ("ont5", "ont6", "ont7")})
    at = view(graph, ["ont5", "ont6", "ont7"], ["pon-5", "pon-6", "pon-7"])
    olt = graph.index["olt1"]
    at.back[olt] = NOW + 1  # a batch closes after its polls were sent
    told = of_picture(graph, at, seen(graph, at, words), {}, shipped_weights(), settle_s=WINDOWS.together_s)
    assert (SubjectKind.LINK, "olt1:0/1/3") in told
    at.last_ok[olt] = NOW + 1  # it answered since, and said nothing of them
    assert of_picture(graph, at, seen(graph, at, words), {}, shipped_weights(), settle_s=WINDOWS.together_s) == {}


def test_the_ways_of_what_was_dark_before_nobody_saw_anything_are_known(graph: Graph) -> None:
    """After a blindness a dead box is silent anew, long after its neighbours' ports went down."""
    at = view(graph, ["gp1", "gp2", "pc1", "pc2", "ups2"], ["ring-1-0", "ring-1-2"], since=START - 500)
    gone = at.start < np.inf
    at.last_ok[gone] = START - 600
    assert only(seen(graph, at)).subject == (SubjectKind.LINK, "ring-1-0")
    at.last_ok[gone] = START - 10  # it lived while they were down
    assert only(seen(graph, at)).subject[0] is SubjectKind.DEVICE


def back(at: View, graph: Graph, names: Iterable[str], when: float) -> None:
    """These fell silent with the others, and came back at `when`."""
    some = [graph.index[name] for name in names]
    at.fell[some], at.back[some] = START + 5, when


def test_what_stays_dark_when_its_feeder_is_back_is_an_outage_of_its_own(graph: Graph) -> None:
    at = replace(view(graph, ["gp4"], ["ring-1-3", "ring-1-4"]), now=START + 600)
    back(at, graph, ["ont5", "ont6", "ont7"], START + 580)
    assert "feeder_back" not in only(seen(graph, at)).verdict.kinds  # this one may need another poll
    back(at, graph, ["ont5", "ont6", "ont7"], START + 500)
    before = Before(powerless=frozenset({"gp4"}))
    own = only(picture(graph, at, Words(), WINDOWS, shipped_weights(), before=before))
    assert (own.verdict.cause, own.verdict.kinds[-1], own.start) == (Cause.UNDETERMINED, "feeder_back", START + 500)
    assert own.powerless_on == ""


def test_a_feeder_that_had_mains_when_a_ring_was_cut_did_not_cut_it(graph: Graph) -> None:
    ups = Ups(graph.index["ups3"], battery_since=START + 100, battery_at=START + 110, mains_at=START + 90)
    at = view(graph, ["gp1", "pc1", "gp2", "pc2", "ups2"], ["ring-1-0", "ring-1-2"])
    assert "feeder_cut_later" in only(seen(graph, at, Words(ups=(ups,)))).verdict.kinds
    early = replace(ups, battery_since=START - 5)
    assert "ups_on_feeder_on_battery" in only(seen(graph, at, Words(ups=(early,)))).verdict.kinds
    # After a blindness the first reading on battery comes late, and says nothing of when mains were lost.
    unheard = replace(ups, mains_at=START + 20)
    assert "feeder_cut_later" not in only(seen(graph, at, Words(ups=(unheard,)))).verdict.kinds
    # One box may have lain behind something else at first.
    box = view(graph, ["gp1", "pc1"], ["ring-1-0", "ring-1-1"])
    assert "feeder_cut_later" not in only(seen(graph, box, Words(ups=(ups,)))).verdict.kinds


def test_what_lies_behind_a_shut_port_says_nothing_of_mains(small: Inventory) -> None:
    graph = build(replace(small, links={name: replace(one, trunk="") for name, one in small.links.items()}))
    at = view(graph, ["gp4", "ont5", "ont6", "ont7"], ["ring-1-3", "ring-1-4", "pon-5", "pon-6", "pon-7"])
    assert "feeder_silent" in one_of(seen(graph, at), "gp4").verdict.kinds
    shut = frozenset(graph.link_index[name] for name in ("pon-5", "pon-6", "pon-7"))
    assert "feeder_silent" not in one_of(seen(graph, at, Words(shut=shut)), "gp4").verdict.kinds


def one_of(found: Picture, name: str) -> Incident:
    return next(one for one in found.incidents if one.subject[1] == name)


def test_a_notice_about_its_fibre_is_about_an_ont(graph: Graph) -> None:
    ont = graph.index["ont5"]
    assert {(About.LINK, "pon-5"), (About.LINK, "olt1:0/1/3")} <= set(places(graph, (ont,), ()))
    assert About.LINK not in {about for about, _ in places(graph, (graph.index["gp1"],), ())}


def test_a_box_whose_neighbours_see_its_light_has_failed_itself(graph: Graph) -> None:
    found = only(seen(graph, view(graph, ["radio8", "pc8"])))
    assert (found.subject, found.verdict.cause) == ((SubjectKind.DEVICE, "radio8"), Cause.EQUIPMENT)


def test_a_port_that_is_up_since_the_box_was_asked_may_be_the_repair(graph: Graph) -> None:
    at = view(graph, ["radio8", "pc8"])
    at.asked[graph.index["radio8"]] = NOW - 1
    assert "port_up" not in only(seen(graph, at)).verdict.kinds


def test_a_port_that_was_up_before_the_silence_was_sure_may_have_gone_down_since(graph: Graph) -> None:
    """The first polls that were missed may have been lost by chance, and the ways cut after the reading."""
    at = view(graph, ["radio8", "pc8"])
    at.confirmed[graph.index["radio8"]] = NOW
    assert "port_up" not in only(seen(graph, at)).verdict.kinds


def test_the_root_of_a_power_cut_is_a_box(graph: Graph) -> None:
    ups = Ups(graph.index["ups2"], battery_since=START - 5, battery_at=NOW, mains_at=START - 10)
    at = view(graph, ["gp1", "pc1", "pc2"], ["ring-1-0", "ring-1-1", "lan-2"])
    at.start[graph.index["pc2"]] = START - 20
    found = seen(graph, at, Words(ups=(ups,)))
    assert [one.subject for one in found.incidents if one.explained_by is None] == [(SubjectKind.DEVICE, "gp1")]


def test_the_root_of_a_power_cut_stays_the_one_it_was(graph: Graph) -> None:
    ups = Ups(graph.index["ups2"], battery_since=START - 5, battery_at=NOW, mains_at=START - 10)
    at = view(graph, ["gp1", "pc1", "gp3"], ["ring-1-0", "ring-1-1", "ring-1-2", "ring-1-3"])
    at.start[graph.index["gp3"]] = START + 300
    for known, root in (("gp1", "gp1"), ("gp3", "gp3"), ("nobody", "gp1")):
        before = Before(roots=frozenset({known}), powerless=frozenset({"gp1", "gp3"}))
        found = picture(graph, at, Words(ups=(ups,)), WINDOWS, shipped_weights(), before=before)
        assert [one.subject for one in found.incidents if one.explained_by is None] == [(SubjectKind.DEVICE, root)]


def test_lost_mains_are_not_forgotten_while_they_return(graph: Graph) -> None:
    before = Before(powerless=frozenset({"gp2"}))
    at = view(graph, ["gp2", "gp3", "pc2", "ups2", "ups3"], ["ring-1-1", "ring-1-3"])
    found = only(picture(graph, at, Words(), WINDOWS, shipped_weights(), before=before))
    assert found.subject == (SubjectKind.DEVICE, "gp2")


def test_an_outage_of_mains_ends_when_the_feeder_is_back_and_what_stays_dark_is_told_anew() -> None:
    """Of a PC too: who came to a kendra without mains may have left."""
    power = Finding(
        (SubjectKind.DEVICE, "pc8"), Status.DOWN, START, Cause.POWER, 0.9, ("x",), Responsible.POWER_UTILITY
    )
    late = replace(power, start=START + 500, cause=Cause.UNDETERMINED, kinds=("end_device", "feeder_back_end"))
    seen_at = Seen(START + 600, START + 600, WINDOWS.together_s, {}, {})
    numbers = iter(range(2, 9))
    ledger, changed = reconcile(
        Ledger({power.subject: Outage(1, power)}, {}), {late.subject: late}, seen_at, numbers.__next__
    )
    assert [(one.id, one.finding.cause, one.finding.start, one.end) for one in changed] == [
        (1, Cause.POWER, START, START + 500),
        (2, Cause.UNDETERMINED, START + 500, None),
    ]
    assert reconcile(ledger, {late.subject: late}, seen_at, numbers.__next__)[1] == ()
    # After a blindness its feeder fell silent anew, and says nothing of that any more.
    assert reconcile(ledger, {power.subject: power}, seen_at, numbers.__next__)[1] == ()


def test_a_feeder_that_fell_silent_anew_after_a_blindness_is_back_all_the_same(graph: Graph) -> None:
    at = replace(view(graph, ["gp4"], ["ring-1-3", "ring-1-4"]), now=START + 3600)
    onts = [graph.index[name] for name in ("ont5", "ont6", "ont7")]
    at.fell[onts], at.fell_before[onts], at.back[onts] = START + 3000, START + 5, START + 3400
    assert "feeder_back" in only(seen(graph, at)).verdict.kinds


def test_a_root_that_ended_later_than_now_by_a_clock_that_was_ahead_ended_now() -> None:
    box = Finding((SubjectKind.DEVICE, "gp3"), Status.DOWN, START, Cause.UPSTREAM, 0.9, (), Responsible.AGENCY)
    ledger, wait_s = Ledger({box.subject: Outage(2, box, 1)}, {1: START + 19_800}), WINDOWS.together_s
    for now in (START, START + wait_s, START + wait_s + 1, START + 900):
        seen_at = Seen(now, now, wait_s, {}, {box.subject: START + 1})
        ledger, _ = reconcile(ledger, {box.subject: box}, seen_at, iter(range(3, 9)).__next__)
        if now <= START + wait_s:
            assert ledger.ended == {1: START}
    assert (ledger.ended, ledger.open[box.subject].explained_by) == ({}, None)


@pytest.mark.parametrize(
    ("late_s", "at_end", "kept"), [(30, False, True), (40, False, False), (40, True, True), (50, True, False)]
)
def test_a_box_is_waited_for_two_intervals_and_an_end_device_three(late_s: float, at_end: bool, kept: bool) -> None:
    box = Finding((SubjectKind.DEVICE, "gp3"), Status.DOWN, START, Cause.UPSTREAM, 0.9, (), Responsible.AGENCY)
    now = START + 500
    seen_at = Seen(now, now, WINDOWS.together_s, {}, {box.subject: now}, frozenset([box.subject] if at_end else []))
    assert seen_at.may_still_answer(Outage(2, box, 1), now - late_s) is kept


@pytest.mark.parametrize(("cause", "later", "stays"), [
    (Cause.FIBRE, Cause.EQUIPMENT, True), (Cause.FIBRE, Cause.POWER, False), (Cause.UNDETERMINED, Cause.EQUIPMENT, False),
])  # fmt: skip
def test_a_cut_that_was_sure_for_long_stays_what_it_was_when_something_hides_it(
    cause: Cause, later: Cause, stays: bool
) -> None:
    assert _stays(cause, later, START) is stays


@pytest.mark.parametrize(("lost_s", "stays"), [(850, False), (950, True)])
def test_mains_that_were_lost_well_after_a_cut_are_not_what_cut_it(lost_s: float, stays: bool) -> None:
    assert _stays(Cause.FIBRE, Cause.POWER, START + lost_s) is stays


def _stays(cause: Cause, later: Cause, lost: float) -> bool:
    """Whether a cut is still told as a root when something that fell silent at `lost` explains what was behind it."""
    cut = Finding((SubjectKind.LINK, "ring-1-2"), Status.DOWN, START, cause, 0.9, ("x",), Responsible.AGENCY)
    box = Finding(
        (SubjectKind.DEVICE, "gp3"), Status.DOWN, START, Cause.UPSTREAM, 0.9, (), Responsible.AGENCY, cut.subject
    )
    told = Ledger({cut.subject: Outage(1, cut), box.subject: Outage(2, box, 1)}, {})
    hidden_by = replace(box, subject=(SubjectKind.DEVICE, "gp2"), cause=later, explained_by=None, start=lost)
    found = {hidden_by.subject: hidden_by, box.subject: replace(box, explained_by=hidden_by.subject)}
    now = START + 1000
    seen_at = Seen(now, now, WINDOWS.together_s, {}, {}, power_s=WINDOWS.power_s)
    _, changed = reconcile(told, found, seen_at, iter(range(3, 9)).__next__)
    ended = next(one for one in changed if one.id == 1)
    assert ended.end == now
    return ended.root


def test_two_neighbours_that_died_are_two_roots(graph: Graph) -> None:
    """The way to one of them lies inside a site, so no cut explains both; each has a lit neighbour that lost it."""
    dead = ["pop-r2", "gp4", "radio8", "pc8"]
    found = seen(graph, view(graph, dead, ["noc-pop2", "pop-pop", "ring-1-3"]))
    assert {one.subject[1]: names(graph, one.members) for one in found.incidents} == {
        "pop-r2": {"pop-r2", "radio8", "pc8"},
        "gp4": {"gp4"},
    }


def test_the_last_word_of_an_olt_is_old_when_others_of_the_trunk_are_back(graph: Graph) -> None:
    words = Words(down_cause={graph.index["ont5"]: 1})
    at = replace(view(graph, ["ont5"], ["pon-5"]), now=START + 600)
    assert "loss_of_signal" in only(seen(graph, at, words)).verdict.kinds
    back(at, graph, ["ont6", "ont7"], START + 580)
    ups = Ups(graph.index["ups3"], mains_at=START - 5)
    kinds = only(seen(graph, at, replace(words, ups=(ups,)))).verdict.kinds
    assert "trunk_back" in kinds
    assert "ups_here_on_mains" not in kinds


def test_a_notice_about_one_ont_is_none_about_its_trunk(graph: Graph) -> None:
    onts = tuple(graph.index[name] for name in ("ont5", "ont6", "ont7"))
    links = tuple(graph.link_index[name] for name in ("pon-5", "pon-6", "pon-7"))
    assert set(places(graph, onts, links)) == {(About.LINK, "olt1:0/1/3"), (About.FEEDER, "feeder-1")}


@pytest.mark.parametrize(("silent_s", "joined"), [(8, True), (22, True), (28, False), (44, False)])
def test_a_box_explains_no_silence_that_it_outlived(graph: Graph, silent_s: float, joined: bool) -> None:
    """The PC fell silent so long before its box, which answered ten seconds before it fell silent itself."""
    at = view(graph, ["gp1", "pc1"], ["ring-1-0", "ring-1-1"])
    pc1 = graph.index["pc1"]
    at.start[pc1], at.last_ok[pc1] = START - silent_s, START - silent_s - 10
    found = {one.subject[1]: one for one in seen(graph, at).incidents}
    assert found.keys() == ({"gp1"} if joined else {"gp1", "pc1"})
    assert found["gp1"].start == START  # its own first silence
    assert names(graph, found["gp1"].members) == ({"gp1", "pc1"} if joined else {"gp1"})


@pytest.mark.parametrize(("confirmed_s", "joined"), [(-20, False), (-5, True)])
def test_what_is_confirmed_silent_after_the_last_answer_of_its_box_may_have_lost_polls_by_chance(
    graph: Graph, confirmed_s: float, joined: bool
) -> None:
    at = view(graph, ["gp1", "pc1"], ["ring-1-0", "ring-1-1"])
    pc1 = graph.index["pc1"]
    at.start[pc1], at.last_ok[pc1], at.confirmed[pc1] = START - 40, START - 50, START + confirmed_s
    assert (len(seen(graph, at).incidents) == 1) is joined


def told(graph: Graph, at: View, open_now: Mapping[Subject, Outage] | None = None) -> dict[Subject, Finding]:
    shown = seen(graph, at)
    return of_picture(graph, at, shown, open_now or {}, shipped_weights(), settle_s=WINDOWS.together_s)


PC1 = (SubjectKind.DEVICE, "pc1")


def test_a_pc_is_silent_by_itself_only_where_its_box_is_heard(graph: Graph) -> None:
    finding = told(graph, view(graph, ["pc1"]))[PC1]
    assert finding.explained_by is None
    unheard = view(graph, ["pc1"], unseen=["gp1"])
    assert told(graph, unheard) == {}
    assert PC1 in told(graph, unheard, {PC1: Outage(1, finding)})  # it goes on


@pytest.mark.parametrize(
    ("confirmed_s", "back_s", "alone"), [(-50, -40, False), (-40, -40, False), (-39, -40, True), (-60, -46, True)]
)
def test_a_pc_that_fell_silent_with_its_box_is_given_time_to_answer_when_that_is_back(
    graph: Graph, confirmed_s: float, back_s: float, alone: bool
) -> None:
    """Confirmed after the return, or still silent three intervals after it: then it fails by itself."""
    at = view(graph, ["pc1"])
    at.confirmed[graph.index["pc1"]], at.returned[graph.index["gp1"]] = NOW + confirmed_s, NOW + back_s
    assert (PC1 in told(graph, at)) is alone


@pytest.mark.parametrize(
    ("back_s", "other_s", "alone"), [(-30, -30, False), (-30, -36, True), (-30, -50, True), (-45, -45, True)]
)
def test_a_box_that_fell_silent_with_all_its_neighbours_is_given_two_intervals(
    graph: Graph, back_s: float, other_s: float, alone: bool
) -> None:
    """One that was there all the while, or for two intervals, shows that it failed by itself."""
    at = view(graph, ["gp4"], ["ring-1-3", "ring-1-4"])
    gp3, pop, gp4 = (graph.index[name] for name in ("gp3", "pop-r2", "gp4"))
    at.returned[gp3], at.returned[pop], at.confirmed[gp4] = NOW + back_s, NOW + other_s, NOW - 46
    assert ((SubjectKind.DEVICE, "gp4") in told(graph, at)) is alone


def test_what_was_told_is_not_told_anew_when_something_that_falls_silent_later_hides_it(graph: Graph) -> None:
    inner = {(SubjectKind.DEVICE, name) for name in ("gp2", "gp3", "pc2", "ups2", "ups3")}
    dead = {name for _, name in inner} | {"gp1", "gp4", "pc1"}
    at = view(graph, dead, ["ring-1-0", "ring-1-4"], since=START + 605)
    outer = [graph.index[name] for name in ("gp1", "gp4", "pc1")]
    at.start[outer], at.last_ok[outer] = START + 600, START + 590
    first = told(graph, at)
    assert inner <= first.keys()
    before = {one: Outage(9, replace(first[one], explained_by=(SubjectKind.LINK, "ring-1-1")), 1) for one in inner}
    assert inner.isdisjoint(told(graph, at, before))


@pytest.mark.parametrize(("mains_s", "kind"), [(-5, "feeder_silent_on_ups"), (-60, "feeder_silent")])
def test_a_box_whose_ups_had_mains_may_have_failed_itself_when_its_feeder_was_cut(
    small: Inventory, mains_s: float, kind: str
) -> None:
    alone = {name: replace(one, trunk="") for name, one in small.links.items()}
    sites = {
        name: replace(one, feeder="feeder-1" if name.startswith("gp") else "") for name, one in small.sites.items()
    }
    graph = build(replace(small, links=alone, sites=sites))
    at = view(graph, ["gp3", "gp1", "ont5", "ont6", "ont7", "radio8"])
    ups = Ups(graph.index["ups3"], mains_at=START + mains_s)
    assert kind in one_of(seen(graph, at, Words(ups=(ups,))), "gp3").verdict.kinds


@pytest.mark.parametrize(("boxes", "apart"), [(("gp2", "gp3"), False), (("gp4", "gp3"), True)])
def test_boxes_that_die_one_after_the_other_are_apart_unless_one_feeder_may_have_gone(
    graph: Graph, boxes: tuple[str, str], apart: bool
) -> None:
    at = view(graph, boxes, ["ring-1-1", "ring-1-2", "ring-1-3", "ring-1-4"])
    first = graph.index[boxes[0]]
    at.start[first], at.last_ok[first] = START - 40, START - 50
    alone = [one for one in seen(graph, at).incidents if names(graph, one.members) <= {boxes[0], "ups2"}]
    assert bool(alone) is apart


def test_an_ont_that_was_lost_before_its_olt_is_none_of_the_olts_shadow(graph: Graph) -> None:
    at = view(graph, ["olt1", "pc5", "pc6"], unseen=["ont5", "ont6", "ont7"])
    ont5, pc5 = graph.index["ont5"], graph.index["pc5"]
    at.fell[ont5], at.last_ok[ont5] = START - 600, START - 610
    at.start[pc5], at.last_ok[pc5] = START - 598, START - 608
    before = Before(cut_off=frozenset({"ont5", "pc5"}))
    olt = only(picture(graph, at, Words(), WINDOWS, shipped_weights(), before=before))
    assert (olt.start, names(graph, olt.members)) == (START, {"olt1", "ont6", "ont7", "pc6"})


@pytest.mark.parametrize(("answered", "joined"), [(START - 100, True), (START - 60, False)])
def test_what_nobody_asked_while_its_box_was_back_belongs_to_the_boxs_newest_outage(
    graph: Graph, answered: float, joined: bool
) -> None:
    """A feeder that trips twice within an interval: a PC behind it seems to have been silent all the time."""
    at = view(graph, ["radio8", "pc8"])
    radio8, pc8 = graph.index["radio8"], graph.index["pc8"]
    at.fell_before[radio8], at.back[radio8], at.last_ok[radio8] = START - 600, START - 100, answered
    at.start[pc8], at.last_ok[pc8] = START - 590, START - 600
    found = {one.subject[1]: one for one in seen(graph, at).incidents}
    assert found.keys() == ({"radio8"} if joined else {"radio8", "pc8"})
    assert found["radio8"].start == START
    # It was off before, or well after, and of its box a poll was missed.
    for start in (START - 5000, START - 300):
        at.start[pc8] = start
        assert {one.subject[1] for one in seen(graph, at).incidents} == {"radio8", "pc8"}
    at.fell_before[radio8] = -inf
    assert {one.subject[1] for one in seen(graph, at).incidents} == {"radio8", "pc8"}


def test_a_cut_begins_anew_with_what_nobody_asked_in_between(graph: Graph) -> None:
    at = view(graph, ["gp1", "gp2", "pc2"], ["ring-1-0", "ring-1-2"])
    gp2, pc2 = graph.index["gp2"], graph.index["pc2"]
    at.fell_before[gp2], at.back[gp2], at.last_ok[gp2] = START - 600, START - 100, START - 100
    at.start[pc2], at.last_ok[pc2] = START - 590, START - 600
    cut = only(seen(graph, at))
    assert (cut.start, names(graph, cut.members) >= {"gp1", "gp2", "pc2"}) == (START, True)


@pytest.mark.parametrize(("lived", "with_gp1"), [(START + 5, False), (START - 595, True)])
def test_what_cut_an_island_off_is_what_fell_silent_last_around_it(graph: Graph, lived: float, with_gp1: bool) -> None:
    at = view(graph, ["gp1", "gp2", "gp3", "gp4", "pc1", "pc2", "ups2", "ups3"], ["ring-1-0", "ring-1-4"])
    first, island = ([graph.index[name] for name in some] for some in (("gp1", "pc1"), ("gp2", "pc2", "ups2")))
    at.start[first], at.last_ok[first] = START - 600, START - 610
    at.start[island], at.last_ok[island] = (START - 540 if with_gp1 else START + 60), lived
    (found,) = (one for one in seen(graph, at).incidents if island[0] in one.members)
    assert ({"gp1", "gp4"} & names(graph, found.members)) == ({"gp1"} if with_gp1 else {"gp4"})


@pytest.mark.parametrize(("heard", "alone"), [(START - 250, True), (START - 290, False)])
def test_a_pc_that_was_off_before_nobody_saw_anything_is_none_of_its_boxs_shadow(
    graph: Graph, heard: float, alone: bool
) -> None:
    """After a blindness both are silent anew; a box that was heard while the PC was silent did not take it along."""
    at = view(graph, ["radio8", "pc8"])
    radio8, pc8 = graph.index["radio8"], graph.index["pc8"]
    at.fell_before[pc8], at.last_ok[pc8], at.last_ok[radio8] = START - 300, START - 310, heard
    found = {one.subject[1]: one.start for one in seen(graph, at).incidents}
    assert found == ({"radio8": START, "pc8": START - 300} if alone else {"radio8": START})


@pytest.fixture
def feeder(small: Inventory) -> Graph:
    """The small network with one feeder for GP 4 to 7, whose ONTs share no fibre, and GP 8."""
    links = {name: replace(one, trunk="") for name, one in small.links.items()}
    sites = {
        name: replace(one, feeder="feeder-1") if name in {"gp8", "kendra8"} else one
        for name, one in small.sites.items()
    }
    return build(replace(small, links=links, sites=sites))


@pytest.mark.parametrize(("heard", "counted"), [(START + 10, True), (START + 20, False)])
def test_boxes_of_a_feeder_that_were_heard_after_a_silence_lost_no_mains_with_it(
    feeder: Graph, heard: float, counted: bool
) -> None:
    onts = [feeder.index[name] for name in ("ont5", "ont6", "ont7")]
    at = view(feeder, ["pc8", "ont5", "ont6", "ont7"], ["lan-8", "pon-5", "pon-6", "pon-7"])
    at.start[onts], at.last_ok[onts] = START + 25, heard
    assert ("feeder_silent" in one_of(seen(feeder, at), "pc8").verdict.kinds) is counted
    at.start[onts], at.last_ok[onts] = START, START - 10
    at.last_ok[feeder.index["pc8"]] = heard - 10 if counted else START + 20
    at.start[feeder.index["pc8"]] = START + 25
    assert ("feeder_silent" in one_of(seen(feeder, at), "pc8").verdict.kinds) is counted


def test_boxes_that_are_back_count_only_where_they_fell_silent_with_it(feeder: Graph) -> None:
    onts = [feeder.index[name] for name in ("gp4",)]
    at = view(feeder, ["pc8", "ont5", "ont6"], ["lan-8", "pon-5", "pon-6"])
    at.back[onts] = START + 200
    for fell, kind in ((START + 20, "feeder_silent"), (START + 40, "feeder_alive")):
        at.fell[onts] = fell
        kinds = one_of(seen(feeder, at), "pc8").verdict.kinds
        assert ("feeder_silent" in kinds) is (kind == "feeder_silent")


@pytest.mark.parametrize(("fell", "counted"), [(-inf, True), (START - 500, True), (START + 10, False)])
def test_the_feeder_says_nothing_of_a_pc_that_fell_silent_with_its_box_once_that_is_back(
    feeder: Graph, fell: float, counted: bool
) -> None:
    """What took both is over; what keeps the PC silent is another thing."""
    radio8 = feeder.index["radio8"]
    at = view(feeder, ["pc8", "ont5", "ont6", "ont7"], ["lan-8", "pon-5", "pon-6", "pon-7"])
    at.fell[radio8], at.back[radio8] = fell, fell + 400
    assert ("feeder_silent" in one_of(seen(feeder, at), "pc8").verdict.kinds) is counted


def test_shadows_of_what_failed_elsewhere_say_nothing_of_the_mains_of_their_feeder(small: Inventory) -> None:
    """Two islands of one feeder behind boxes of others: that PC of the same feeder may just be switched off."""
    devices = {name: one for name, one in small.devices.items() if one.role is not Role.UPS}
    feeders = dict.fromkeys(["gp2", "gp3", "gp5", "gp6", "kendra8"], "f")
    sites = {name: replace(one, feeder=feeders.get(name, "")) for name, one in small.sites.items()}
    links = {name: replace(one, trunk="") for name, one in small.links.items() if one.b_device in devices}
    graph = build(replace(small, devices=devices, links=links, sites=sites))
    islands = {"gp2", "gp3", "ont5", "ont6"}
    dead = {"pc8", "gp1", "gp4", "olt1", *islands}
    found = seen(graph, view(graph, dead, ["lan-8", "pop-olt1", "ring-1-0", "ring-1-4"]))
    assert not islands & {one.subject[1] for one in found.incidents}
    assert "feeder_silent" not in one_of(found, "pc8").verdict.kinds


@pytest.mark.parametrize(
    ("battery_at", "mains_since", "counted"),
    [(START - 100, START - 90, False), (START - 10, START + 5, True), (START - 100, START - 600, True)],
)
def test_a_ups_that_had_mains_again_before_a_silence_says_nothing_of_it(
    graph: Graph, battery_at: float, mains_since: float, counted: bool
) -> None:
    """One that has mains by now may have had none then."""
    ups = Ups(graph.index["ups2"], START - 500, battery_at, mains_at=START + 20, mains_since=mains_since)
    kinds = one_of(seen(graph, view(graph, ["pc1"], ["lan-1"]), Words(ups=(ups,))), "pc1").verdict.kinds
    assert ("ups_on_feeder_on_battery" in kinds) is counted


@pytest.mark.parametrize(("heard", "alive"), [(START + 20, True), (START + 10, False)])
def test_boxes_of_a_feeder_of_which_one_poll_is_missed_are_alive_where_they_were_heard_since(
    graph: Graph, heard: float, alive: bool
) -> None:
    at = view(graph, ["gp4"], ["ring-1-3", "ring-1-4"], suspect=["ont5", "ont6", "ont7"])
    onts = [graph.index[name] for name in ("ont5", "ont6", "ont7")]
    at.start[onts], at.last_ok[onts] = START + 25, heard
    assert ("feeder_alive" in only(seen(graph, at)).verdict.kinds) is alive


@pytest.mark.parametrize(("own_mains", "counted"), [(START - 5, False), (START - 25, True), (START + 30, True)])
def test_a_ups_elsewhere_on_its_battery_while_the_one_here_had_mains_lost_others(
    graph: Graph, own_mains: float, counted: bool
) -> None:
    there = Ups(graph.index["ups2"], battery_since=START - 20, battery_at=START, mains_at=START - 30)
    here = Ups(graph.index["ups3"], mains_at=own_mains)
    at = view(graph, ["gp3"], ["ring-1-2", "ring-1-3"])
    kinds = only(seen(graph, at, Words(ups=(there, here)))).verdict.kinds
    assert ("ups_on_feeder_on_battery" in kinds) is counted


def test_what_kept_its_begin_through_a_blindness_hangs_on_what_did_not(graph: Graph) -> None:
    """A UPS that nobody took for unknown meanwhile, and its box between two cuts, which is silent anew."""
    at = view(graph, ["gp1", "gp2", "gp3", "pc1", "pc2", "ups2", "ups3"], ["ring-1-0", "ring-1-3"], since=START - 700)
    gone, ups2, gp2 = at.start < inf, graph.index["ups2"], graph.index["gp2"]
    at.last_ok[gone] = START - 710
    at.start[ups2] = START - 690
    at.start[gp2] = START + 60  # its region lies behind others
    at.start[graph.index["pc2"]] = START + 60
    assert all(one.subject != (SubjectKind.DEVICE, "ups2") for one in seen(graph, at).incidents)


@pytest.mark.parametrize(("heard", "alone"), [(START - 250, True), (START - 290, False)])
def test_a_box_that_had_died_before_nobody_saw_anything_is_no_part_of_what_was_cut_off_meanwhile(
    graph: Graph, heard: float, alone: bool
) -> None:
    at = view(graph, ["gp1", "gp2", "gp3", "pc1", "pc2", "ups2", "ups3"], ["ring-1-0", "ring-1-3"])
    gp2, around = graph.index["gp2"], [graph.index[name] for name in ("gp1", "gp3")]
    at.fell_before[gp2], at.last_ok[gp2], at.last_ok[around] = START - 300, START - 310, heard
    found = {one.subject[1]: one.start for one in seen(graph, at).incidents}
    assert (found.get("gp2") == START - 300) is alone


def test_what_a_cut_had_taken_before_nobody_saw_anything_is_no_part_of_what_died_beside_it_meanwhile(
    graph: Graph,
) -> None:
    """Else the cut would seem to lie on the far side of the box that died."""
    island = ["gp1", "gp2", "pc1", "pc2", "ups2"]
    at = view(graph, [*island, "gp3", "ups3"], ["ring-1-0", "ring-1-3"])
    nodes = [graph.index[name] for name in island]
    at.fell_before[nodes], at.last_ok[nodes] = START - 300, START - 310
    at.link_since[graph.link_index["ring-1-0"]] = START - 305
    starts = {name: one.start for one in seen(graph, at).incidents for name in names(graph, one.members)}
    assert {name: starts[name] for name in ("gp1", "gp2", "gp3")} == {
        "gp1": START - 305,  # when its port went down
        "gp2": START - 305,
        "gp3": START,
    }


def test_a_guess_at_a_cut_that_turns_out_to_lie_elsewhere_is_no_outage_of_its_own(graph: Graph) -> None:
    """Its port was read to be up before the silence and not since: that is no link that works again."""
    guess = Finding((SubjectKind.LINK, "ring-1-2"), Status.DOWN, START, Cause.FIBRE, 0.8, ("x",), Responsible.AGENCY)
    box = Finding(
        (SubjectKind.DEVICE, "gp3"), Status.DOWN, START, Cause.UPSTREAM, 0.8, (), Responsible.AGENCY, guess.subject
    )
    told = Ledger({guess.subject: Outage(1, guess), box.subject: Outage(2, box, 1)}, {})
    cut = replace(guess, subject=(SubjectKind.LINK, "ring-1-3"))
    found = {cut.subject: cut, box.subject: replace(box, explained_by=cut.subject)}
    at = Seen(START + 20, START + 10, WINDOWS.together_s, {guess.subject: START - 900}, {})
    ledger, changed = reconcile(told, found, at, iter(range(3, 9)).__next__)
    assert {one.id: (one.explained_by, one.end) for one in changed} == {
        1: (3, START + 10),
        2: (3, None),
        3: (None, None),
    }
    assert ledger.open[box.subject].explained_by == 3


def test_what_was_seen_of_an_outage_is_kept_when_less_of_it_is_seen(graph: Graph) -> None:
    """At a repair its neighbour's port is up before the box answers; that it had been down tells later what it was."""
    subject = (SubjectKind.DEVICE, "gp3")
    box = Finding(
        subject, Status.DOWN, START, Cause.UNDETERMINED, 0.4, ("lost", "alive"), Responsible.AGENCY,
        kinds=("port_down", "feeder_alive"),
    )  # fmt: skip
    faded = replace(box, evidence=("alive",), kinds=("feeder_alive",))
    other = replace(faded, kinds=("port_up",))
    for later, now, kinds in (
        (faded, START + 500, box.kinds), (faded, START + 20, faded.kinds), (other, START + 500, other.kinds),
    ):  # fmt: skip
        at = Seen(now, now, WINDOWS.together_s, {}, {})
        ledger, _ = reconcile(Ledger({subject: Outage(1, box)}, {}), {subject: later}, at, iter(range(2, 9)).__next__)
        assert ledger.open[subject].finding.kinds == kinds


def test_what_is_dark_because_of_another_failure_now_has_the_cause_of_that_one(graph: Graph) -> None:
    """An ONT behind a cut trunk that has no mains when the trunk is mended: less sure, and yet it is no cut any more."""
    ont = Finding((SubjectKind.DEVICE, "ont5"), Status.DOWN, START, Cause.UPSTREAM, 0.95, (), Responsible.AGENCY)
    mains = Finding(
        (SubjectKind.DEVICE, "gp4"), Status.DOWN, START, Cause.POWER, 0.9, ("x",), Responsible.POWER_UTILITY
    )
    told = Ledger({mains.subject: Outage(1, mains), ont.subject: Outage(2, ont, 9)}, {})
    found = {
        mains.subject: mains,
        ont.subject: replace(ont, cause=Cause.POWER, confidence=0.9, explained_by=mains.subject),
    }
    now = START + 500
    ledger, _ = reconcile(told, found, Seen(now, now, WINDOWS.together_s, {}, {}), iter(range(10, 12)).__next__)
    after = ledger.open[ont.subject]
    assert (after.explained_by, after.finding.cause, after.finding.start) == (1, Cause.POWER, START)
