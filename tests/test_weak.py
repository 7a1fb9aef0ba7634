"""Single points of failure, measured against breaking each thing and looking what is still reached."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import Area, Device, Inventory, Level, Link, Names, Role, Site, SiteKind
from readiness.rules import graph as graphs
from readiness.rules.columns import Mask
from readiness.rules.graph import Graph, reach
from readiness.rules.weak import Weights, cut_off_by, on_the_way, whole
from tests.pages import two_districts
from tests.small import small_inventory

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(0, 2)), max_size=18)
ROLES = st.lists(st.sampled_from([Role.ROUTER, Role.ROUTER, Role.ROUTER, Role.PC]), min_size=10, max_size=10)


def network(edges: list[tuple[int, int, int]], roles: list[Role]) -> Inventory:
    """Devices d0 and d1 at the centre, d2... of these roles elsewhere; a PC keeps its first link to a router alone."""
    area = Area(Level.STATE, "22", Names("State"))
    sites = [Site("noc", SiteKind.NOC, area.key, Names("NOC")), Site("gp", SiteKind.GP, area.key, Names("GP"))]
    every = [Role.ROUTER, Role.ROUTER, *roles]
    devices = [Device(f"d{n}", role, "noc" if n < 2 else "gp", primary_ip="127.0.0.1") for n, role in enumerate(every)]
    links: list[Link] = []
    hung: set[int] = set()
    for n, (a, b, trunk) in enumerate(edges):
        pcs = [end for end in (a, b) if every[end] is Role.PC]
        if a == b or len(pcs) > 1 or hung & set(pcs):
            continue
        hung |= set(pcs)
        links.append(Link(f"l{n}", f"d{a}", f"a{n}", f"d{b}", f"b{n}", trunk=f"t{trunk}" if trunk else ""))
    return Inventory(
        areas={area.key: area},
        sites={site.name: site for site in sites},
        devices={device.name: device for device in devices},
        links={link.name: link for link in links},
    )


def lost(graph: Graph, weight: Weights, passable: Mask, usable: Mask) -> Weights:
    found: Weights = weight[~reach(graph, passable, usable)].sum(axis=0)
    return found


@given(EDGES, ROLES, st.integers(0, 11), st.integers(0, 17))
def test_as_if_each_had_failed(edges: list[tuple[int, int, int]], roles: list[Role], dead: int, down: int) -> None:
    graph = graphs.build(network(edges, roles))
    weight = np.stack([2.0 ** np.arange(12), np.ones(12)], axis=1)  # every set of devices has a sum of its own
    passable, usable = np.arange(12) != dead, np.arange(len(graph.a)) != down
    found = cut_off_by(graph, weight, passable, usable)
    before = lost(graph, weight, passable, usable)
    for node in np.flatnonzero(graph.carries).tolist():
        more = lost(graph, weight, passable & (np.arange(12) != node), usable) - before
        assert found.devices[node].tolist() == more.tolist(), graph.names[node]
    for link in range(len(graph.a)):
        more = lost(graph, weight, passable, usable & (np.arange(len(graph.a)) != link)) - before
        assert found.links[link].tolist() == more.tolist(), graph.link_names[link]


def test_the_small_network() -> None:
    graph = graphs.build(small_inventory())
    weight = np.ones((len(graph.names), 1))
    found = cut_off_by(graph, weight, np.ones(len(graph.names), np.bool_), np.ones(len(graph.a), np.bool_))
    by_name = {name: found.devices[node, 0] for node, name in enumerate(graph.names)}
    # olt1 with three ONTs and two PCs; radio8 with its PC; of the ring each box takes only what hangs on it.
    assert (by_name["olt1"], by_name["radio8"], by_name["gp1"], by_name["gp2"], by_name["gp4"]) == (6, 2, 2, 3, 1)
    assert (by_name["pop-r1"], by_name["noc-r1"]) == (7, found.devices.max())
    assert found.trunks[graph.trunks["olt1:0/1/3"], 0] == 5
    ring = [found.links[link, 0] for link in range(len(graph.a)) if graph.ring[link]]
    assert ring == [0] * len(ring)


def test_a_ring_that_was_cut_once_is_a_chain() -> None:
    graph = graphs.build(small_inventory())
    weight = np.zeros((len(graph.names), 1))
    weight[[graph.index[f"gp{n}"] for n in range(1, 5)]] = 1
    usable = np.ones(len(graph.a), np.bool_)
    usable[graph.link_index["ring-1-4"]] = False
    found = cut_off_by(graph, weight, np.ones(len(graph.names), np.bool_), usable)
    assert [found.links[graph.link_index[f"ring-1-{n}"], 0] for n in range(5)] == [4, 3, 2, 1, 0]
    assert all(a > b for a, b in pairwise(found.devices[graph.index[f"gp{n}"], 0] for n in range(1, 5)))


@given(EDGES, ROLES, st.integers(0, 11), st.integers(0, 17), st.sets(st.integers(0, 11), max_size=3))
def test_only_what_is_on_the_way_decides(
    edges: list[tuple[int, int, int]], roles: list[Role], dead: int, down: int, of: set[int]
) -> None:
    graph = graphs.build(network(edges, roles))
    weighed = np.isin(np.arange(12), list(of))
    kept = on_the_way(graph, whole(graph), weighed)
    weight = (weighed * 2.0 ** np.arange(12))[:, None]
    passable, usable = np.arange(12) != dead, np.arange(len(graph.a)) != down
    everything, some = (cut_off_by(graph, weight, each, usable) for each in (passable, passable & kept))
    assert (everything.devices == some.devices).all()
    assert (everything.links == some.links).all()
    assert (everything.trunks == some.trunks).all()


def test_what_hangs_elsewhere_is_not_on_the_way() -> None:
    graph = graphs.build(two_districts())
    weighed = np.zeros(len(graph.names), np.bool_)
    weighed[graph.index["evil-pc"]] = True
    kept = set(graph.names.at(np.flatnonzero(on_the_way(graph, whole(graph), weighed))))
    assert {"noc-r1", "pop-r1", "evil-r", "evil-pc"} <= kept
    assert not kept & {"radio8", "olt1", "ont5", "pc1", "pc5"}  # which hang on the ring, by one way alone


def test_a_printer_behind_a_pc_is_no_second_way() -> None:
    small = small_inventory()
    printer = Device("printer1", Role.PRINTER, small.devices["pc1"].site, primary_ip="127.0.9.9")
    usb = Link("usb", "pc1", "usb0", "printer1", "usb0")
    devices, links = {**small.devices, printer.name: printer}, {**small.links, usb.name: usb}
    graph = graphs.build(replace(small, devices=devices, links=links))
    weight = (np.arange(len(graph.names)) == graph.index["pc1"]).astype(np.float64)[:, None]
    everything = np.ones(len(graph.names), np.bool_)
    found = cut_off_by(graph, weight, everything, np.ones(len(graph.a), np.bool_))
    assert found.devices[graph.index["noc-r1"], 0] == 1
    some = cut_off_by(graph, weight, on_the_way(graph, whole(graph), weight[:, 0] > 0), np.ones(len(graph.a), np.bool_))
    assert (found.devices == some.devices).all()
    assert (found.links == some.links).all()
