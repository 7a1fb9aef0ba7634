"""The network as arrays: devices are nodes, links are edges. Pure, built once per inventory."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inventory.model import Device, Inventory, Link, Medium, Role, SiteKind
from readiness.rules.columns import Mask, Times

BOXES = frozenset({Role.ROUTER, Role.OLT, Role.ONT, Role.SWITCH, Role.RADIO})
"""Roles of the equipment that carries a site's traffic."""

Nodes = NDArray[np.intp]


@dataclass(frozen=True)
class Graph:
    """Devices and links by position, in the order of the inventory.

    `a` and `b` are the positions of each link's devices, `through` the position of the device by
    which a node is seen (-1: by itself), `at_noc` the nodes from which reachability starts.
    """

    devices: tuple[Device, ...]
    links: tuple[Link, ...]
    index: dict[str, int]  # device name -> position
    link_index: dict[str, int]
    a: Nodes
    b: Nodes
    through: Nodes
    at_noc: Mask
    carries: Mask  # roles in BOXES
    observable: Mask  # has an address, or is seen through another device
    cuttable: Mask  # links that leave a site: a cut there is an outside event
    feeder: tuple[str, ...]  # per device, of its site
    in_kendra: Mask

    @cached_property
    def touching(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the links at each device."""
        found: list[list[int]] = [[] for _ in self.devices]
        for link, (a, b) in enumerate(zip(self.a.tolist(), self.b.tolist(), strict=True)):
            found[a].append(link)
            found[b].append(link)
        return tuple(tuple(links) for links in found)

    @cached_property
    def trunks(self) -> dict[str, tuple[int, ...]]:
        """Trunk name -> positions of the links that share it."""
        found: dict[str, list[int]] = {}
        for position, link in enumerate(self.links):
            if link.trunk:
                found.setdefault(link.trunk, []).append(position)
        return {trunk: tuple(links) for trunk, links in found.items()}

    @cached_property
    def feeder_nodes(self) -> dict[str, tuple[int, ...]]:
        """Feeder -> the boxes it powers whose site has no UPS: their silence and their life both count."""
        buffered = {device.site for device in self.devices if device.role is Role.UPS}
        found: dict[str, list[int]] = {}
        for node, device in enumerate(self.devices):
            if self.feeder[node] and self.carries[node] and self.observable[node] and device.site not in buffered:
                found.setdefault(self.feeder[node], []).append(node)
        return {feeder: tuple(nodes) for feeder, nodes in found.items()}

    @cached_property
    def at_site(self) -> dict[str, tuple[int, ...]]:
        """Site -> its boxes that can be observed."""
        found: dict[str, list[int]] = {}
        for node, device in enumerate(self.devices):
            if self.carries[node] and self.observable[node]:
                found.setdefault(device.site, []).append(node)
        return {site: tuple(nodes) for site, nodes in found.items()}

    @cached_property
    def normally_reached(self) -> Mask:
        """Nodes that the links of the inventory join to the NOC at all."""
        everything = np.ones(len(self.devices), np.bool_)
        return reach(self, everything, np.ones(len(self.links), np.bool_))

    def other(self, link: int, node: int) -> int:
        """The node at the other end of a link."""
        return int(self.b[link] if self.a[link] == node else self.a[link])

    def port(self, link: int, node: int) -> str:
        """The port of a link at one of its ends, for a reader: "gp1 GE0/0/2"."""
        at = self.links[link]
        return f"{at.a_device} {at.a_port}" if self.a[link] == node else f"{at.b_device} {at.b_port}"


def build(inventory: Inventory) -> Graph:
    devices, links = tuple(inventory.devices.values()), tuple(inventory.links.values())
    index = {device.name: node for node, device in enumerate(devices)}
    sites = [inventory.sites[device.site] for device in devices]
    return Graph(
        devices=devices,
        links=links,
        index=index,
        link_index={link.name: position for position, link in enumerate(links)},
        a=np.array([index[link.a_device] for link in links], np.intp),
        b=np.array([index[link.b_device] for link in links], np.intp),
        through=np.array([index.get(device.seen_through, -1) for device in devices], np.intp),
        at_noc=np.array([site.kind is SiteKind.NOC for site in sites], np.bool_),
        carries=np.array([device.role in BOXES for device in devices], np.bool_),
        observable=np.array([bool(device.primary_ip or device.seen_through) for device in devices], np.bool_),
        cuttable=np.array([_leaves_a_site(inventory, link) for link in links], np.bool_),
        feeder=tuple(site.feeder for site in sites),
        in_kendra=np.array([site.kind is SiteKind.KENDRA for site in sites], np.bool_),
    )


def _leaves_a_site(inventory: Inventory, link: Link) -> bool:
    a, b = inventory.devices[link.a_device], inventory.devices[link.b_device]
    return a.site != b.site and link.medium is not Medium.COPPER


def reach(graph: Graph, passable: Mask, usable: Mask) -> Mask:
    """Nodes that are joined to the NOC over passable nodes and usable links."""
    open_links = usable & passable[graph.a] & passable[graph.b]
    a, b = graph.a[open_links], graph.b[open_links]
    reached = graph.at_noc & passable
    while True:
        half = reached[a] != reached[b]
        if not half.any():
            return reached
        reached[a[half]] = True
        reached[b[half]] = True
        a, b = a[~half], b[~half]


def components(a: Nodes, b: Nodes, count: int) -> Nodes:
    """Per node the lowest position in its connected part, under the edges a-b."""
    label = np.arange(count)
    while True:
        low = np.minimum(label[a], label[b])
        before = label.copy()
        np.minimum.at(label, a, low)
        np.minimum.at(label, b, low)
        label = label[label]  # labels are positions: following them once more halves the way
        if np.array_equal(label, before):
            return label


@dataclass(frozen=True, slots=True)
class View:
    """What is known at one moment. Times are UTC epoch seconds; per link, column 0 is end a, 1 is end b."""

    now: float
    dead: Mask  # confirmed down
    alive: Mask  # up or degraded
    since: Times  # begin of the device's present status
    suspect: Mask  # alive as far as known, but silent at the last poll
    start: Times  # begin of the silence, inf where there is none
    last_ok: Times  # newest sign of life
    link_down: Mask
    link_since: Times  # begin of the link's present status
    port: NDArray[np.int8]  # ifOperStatus by link and end, 0 where none was read
    port_at: Times
