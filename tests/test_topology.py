"""Roots and shadows in the small network, from views made by hand."""

from collections.abc import Iterable
from math import inf

import numpy as np
import pytest

from inventory.model import Inventory
from readiness.model import Cause, Responsible, SubjectKind
from readiness.rules.causes import shipped_weights
from readiness.rules.facts import Before, Ups, Windows, Words
from readiness.rules.graph import Graph, View, build, components, reach
from readiness.rules.incidents import Incident, Picture, picture

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


def test_a_box_whose_neighbours_see_its_light_has_failed_itself(graph: Graph) -> None:
    found = only(seen(graph, view(graph, ["radio8", "pc8"])))
    assert (found.subject, found.verdict.cause) == ((SubjectKind.DEVICE, "radio8"), Cause.EQUIPMENT)


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
