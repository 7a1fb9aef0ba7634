"""The network as arrays: devices are nodes, links are edges. Pure, built once per inventory."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import column
from inventory.model import Inventory, Medium, Role, SiteKind
from readiness.rules.columns import Mask, Times
from readiness.rules.texts import Coded, Groups, Positions, Texts

BOXES = frozenset({Role.ROUTER, Role.OLT, Role.ONT, Role.SWITCH, Role.RADIO})
"""Roles of the equipment that carries a site's traffic."""

ROLES: tuple[Role, ...] = tuple(Role)
KINDS: tuple[SiteKind, ...] = tuple(SiteKind)

Nodes = NDArray[np.intp]
R = TypeVar("R")
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Graph:
    """Devices and links by position, in the order of the inventory; columns have an entry each.

    `a` and `b` are the positions of each link's devices, `through` the position of the device by
    which a node is seen (-1: by itself), `at_noc` the nodes from which reachability starts.
    """

    names: Texts
    roles: NDArray[np.int8]  # position in ROLES
    site: Nodes  # of each device, position in `sites`
    sites: Texts
    feeders: Coded  # of each device's site
    a: Nodes
    b: Nodes
    through: Nodes
    at_noc: Mask
    carries: Mask  # roles in BOXES
    addressed: Mask
    observable: Mask  # has an address, or is seen through another device
    checks_in: Mask  # tells of itself, and nobody polls it
    in_kendra: Mask
    link_names: Texts
    ports: Coded  # of the links' ends: all ends a, then all ends b
    trunk: Coded
    ring: Coded
    length_km: NDArray[np.float64]  # 0 where it isn't known
    cuttable: Mask  # links that leave a site: a cut there is an outside event
    is_fibre: Mask  # links

    @cached_property
    def index(self) -> Positions:
        """Device name -> position."""
        return Positions(self.names)

    @cached_property
    def link_index(self) -> Positions:
        return Positions(self.link_names)

    @cached_property
    def touching(self) -> Groups:
        """Positions of the links at each device."""
        links = np.arange(len(self.a))
        ends, both = np.stack([self.a, self.b], 1).ravel(), np.repeat(links, 2)
        return Groups(ends, both, len(self.names))

    @cached_property
    def trunks(self) -> Positions:
        """Trunk name -> its code in `trunk`."""
        return Positions(self.trunk.texts)

    @cached_property
    def _on_trunk(self) -> Groups:
        return _by_code(self.trunk, np.arange(len(self.a)))

    @cached_property
    def has_ups(self) -> Mask:
        """Which sites have a UPS."""
        found = np.zeros(len(self.sites), np.bool_)
        found[self.site[self.roles == ROLES.index(Role.UPS)]] = True
        return found

    @cached_property
    def _on_feeder(self) -> Groups:
        return _by_code(self.feeders, np.flatnonzero(self.carries & self.observable & ~self.has_ups[self.site]))

    @cached_property
    def _at_site(self) -> Groups:
        boxes = np.flatnonzero(self.carries & self.observable)
        return Groups(self.site[boxes], boxes, len(self.sites))

    @cached_property
    def normally_reached(self) -> Mask:
        """Nodes that the links of the inventory join to the NOC at all."""
        everything = np.ones(len(self.names), np.bool_)
        return reach(self, everything, np.ones(len(self.a), np.bool_))

    def role(self, node: int) -> Role:
        return ROLES[int(self.roles[node])]

    def site_of(self, node: int) -> str:
        return self.sites[self.site[node]]

    def links_on(self, trunk: str) -> list[int]:
        """The links that share a trunk."""
        return self._on_trunk[self.trunks[trunk]]

    def boxes_on(self, node: int) -> list[int]:
        """The boxes on the feeder of a node whose site has no UPS: their silence and their life both count."""
        feeder = int(self.feeders.code[node])
        return [] if feeder < 0 else self._on_feeder[feeder]

    def boxes_beside(self, node: int) -> list[int]:
        """The boxes of a node's site that can be observed."""
        return self._at_site[self.site[node]]

    def other(self, link: int, node: int) -> int:
        """The node at the other end of a link."""
        return int(self.b[link] if self.a[link] == node else self.a[link])

    def port(self, link: int, node: int) -> str:
        """The port of a link at one of its ends, for a reader: "gp1 GE0/0/2"."""
        end = 0 if self.a[link] == node else 1
        return f"{self.names[(self.b if end else self.a)[link]]} {self.ports[link + end * len(self.a)]}"


def _by_code(coded: Coded, positions: Nodes) -> Groups:
    """The positions by the code that they have; those without one are left out."""
    some = positions[coded.code[positions] >= 0]
    return Groups(coded.code[some], some, len(coded.texts))


def _checks_in(inventory: Inventory) -> Mask:
    """Whether a device tells of itself, so that nobody has to reach it, and isn't polled over SNMP beside that."""

    def names(field: str, *, kind: str) -> Mask:
        fitting = [name for name, one in inventory.credentials.items() if one.kind.startswith(kind)]
        return np.asarray(pc.is_in(_texts(inventory.devices, field), pa.array(fitting, pa.string())), np.bool_)

    tells = names("credential", kind="checkin") | names("ssh_credential", kind="checkin")
    found: Mask = tells & ~(names("credential", kind="snmp") & _filled(_texts(inventory.devices, "primary_ip")))
    return found


def build(inventory: Inventory) -> Graph:
    devices, links, sites = inventory.devices, inventory.links, inventory.sites
    names, site_names = Texts(_texts(devices, "name")), Texts(_texts(sites, "name"))
    index = Positions(names)
    site = Positions(site_names).all(_texts(devices, "site"))
    kind = codes(_texts(sites, "kind"), KINDS)[site]
    roles = codes(_texts(devices, "role"), ROLES)
    a, b = (index.all(_texts(links, end)) for end in ("a_device", "b_device"))
    through, addressed = _texts(devices, "seen_through"), _filled(_texts(devices, "primary_ip"))
    checks_in = _checks_in(inventory)
    feeder, medium = Coded.of(_texts(sites, "feeder")), codes(_texts(links, "medium"), tuple(Medium))
    return Graph(
        names=names,
        roles=roles,
        site=site,
        sites=site_names,
        feeders=Coded(feeder.code[site], feeder.texts),
        a=a,
        b=b,
        through=index.all(through),
        at_noc=kind == KINDS.index(SiteKind.NOC),
        carries=np.isin(roles, [ROLES.index(role) for role in BOXES]),
        addressed=addressed,
        observable=addressed | _filled(through) | checks_in,
        checks_in=checks_in,
        in_kendra=kind == KINDS.index(SiteKind.KENDRA),
        link_names=Texts(_texts(links, "name")),
        ports=Coded.of(pa.concat_arrays([_texts(links, "a_port"), _texts(links, "b_port")])),
        trunk=Coded.of(_texts(links, "trunk")),
        ring=Coded.of(_texts(links, "ring")),
        length_km=np.asarray(pc.fill_null(column(links, "length_km").cast(pa.float64()), 0.0)),
        cuttable=(site[a] != site[b]) & (medium != _COPPER),
        is_fibre=medium == tuple(Medium).index(Medium.FIBRE),
    )


_COPPER = tuple(Medium).index(Medium.COPPER)


def _texts(records: Mapping[str, R], field: str) -> pa.Array:
    return column(records, field).cast(pa.string())


def _filled(texts: pa.Array) -> Mask:
    return np.asarray(pc.greater(pc.binary_length(texts), 0), np.bool_)


def codes(texts: pa.Array, words: tuple[str, ...]) -> NDArray[np.int8]:
    """The position of each text among `words`, all of which are known."""
    found = pc.index_in(texts, value_set=pa.array(map(str, words), pa.string()))
    return np.asarray(found).astype(np.int8)


def reach(graph: Graph, passable: Mask, usable: Mask) -> Mask:
    """Nodes that are joined to the NOC over passable nodes and usable links."""
    open_links = usable & passable[graph.a] & passable[graph.b]
    a, b = graph.a[open_links], graph.b[open_links]
    reached = graph.at_noc & passable
    while True:
        from_a, from_b = reached[a], reached[b]
        half = from_a != from_b
        if not half.any():
            return reached
        reached[a[half]] = True
        reached[b[half]] = True
        neither = ~(from_a | from_b)
        a, b = a[neither], b[neither]


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
class ByEnd(Generic[T]):
    """What is kept by slot, read by link and end: a country's links are more than those that are asked about."""

    values: NDArray[T]  # by slot
    slot_of: Nodes  # shape (links, 2)

    def __getitem__(self, ends: tuple[Nodes | int, int | slice]) -> NDArray[T]:
        return self.values[self.slot_of[ends]]


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
    asked: Times  # newest look that proved anything, an answer or silence
    back: Times  # when the device was last heard again after a silence, at least when the judge began
    fell: Times  # begin of its newest confirmed silence, also of one that is over; -inf where none is known
    fell_before: Times  # of the one before that; the first of those since it was last heard, where there are several
    confirmed: Times  # when its newest silence was confirmed
    returned: Times  # when it was newly heard after it was down or unknown; a lost poll that a burst made up is neither
    link_down: Mask
    link_since: Times  # begin of the link's present status
    port: NDArray[np.int8] | ByEnd[np.int8]  # ifOperStatus by link and end, 0 where none was read
    port_at: Times | ByEnd[np.float64]
    began: float = float("-inf")  # when the judge began: who came back before that isn't known
