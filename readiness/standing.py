"""Sites and villages as they follow from their devices, recomputed only where something changed."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inventory.model import Inventory, Level, Lifecycle, Role, SiteKind
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.portals import Portals
from readiness.rules import services
from readiness.rules import village as rules
from readiness.rules.columns import STATUSES, Columns, Mask, Times
from readiness.rules.graph import Graph
from readiness.rules.incidents import Subject
from readiness.rules.services import Lack, Seen
from readiness.rules.village import Result, Standing

LAYERS: tuple[Layer | None, ...] = (None, Layer.POWER, Layer.BACKHAUL)
"""What failed for a dark device, by code: itself, its mains, its way to the NOC."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What each device amounts to for its site and its villages."""

    status: NDArray[np.int8]
    dark: Mask
    layer: NDArray[np.int8]  # position in LAYERS
    root: NDArray[np.int64]  # id of the outage that explains it, 0: none
    since: Times

    @classmethod
    def none(cls, count: int) -> "Effect":
        return cls(
            np.zeros(count, np.int8), np.zeros(count, np.bool_), np.zeros(count, np.int8), np.zeros(count, np.int64),
            np.zeros(count),
        )  # fmt: skip

    def differs(self, other: "Effect") -> list[int]:
        changed = (
            (self.status != other.status) | (self.dark != other.dark) | (self.layer != other.layer)
            | (self.root != other.root)
        )  # fmt: skip
        found: list[int] = np.flatnonzero(changed).tolist()
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """A site, or all villages of one kendra, and the devices that decide about it."""

    subjects: tuple[Subject, ...]
    kind: SiteKind  # of the site, or of what serves the villages
    decided_by: tuple[int, ...]  # essential devices of a site, PCs of a kendra
    box: int | None = None
    printers: tuple[int, ...] = ()
    citizens: int | None = None
    kendra: str = ""  # that serves the villages

    @property
    def is_site(self) -> bool:
        return self.subjects[0][0] is SubjectKind.SITE

    def result(self, standing: "Standings") -> Result:
        own = [standing.of(node) for node in self.decided_by]
        if self.is_site:
            return rules.of_site(own, self.kind)
        box = None if self.box is None else standing.of(self.box)
        return rules.of_village(own, box, [standing.of(node) for node in self.printers])

    @property
    def nodes(self) -> tuple[int, ...]:
        return (*self.decided_by, *(() if self.box is None else (self.box,)), *self.printers)


@dataclass
class Standings:
    """The devices of one moment, as villages and sites see them."""

    graph: Graph
    columns: Columns
    effect: Effect

    def of(self, node: int) -> Standing:
        status = STATUSES[self.effect.status[node]]
        device = self.graph.devices[node].name
        dark = bool(self.effect.dark[node])
        return Standing(
            node, status, float(self.effect.since[node]), f"{device} is {'cut off' if _only_cut(status, dark) else status}",
            dark, LAYERS[self.effect.layer[node]], float(self.columns.last_ok[node]),
        )  # fmt: skip


def _only_cut(status: Status, dark: bool) -> bool:
    return dark and status is not Status.DOWN


@dataclass(frozen=True, slots=True)
class Told:
    """A place's result, and when it became so."""

    place: Place
    result: Result
    at: float
    outage: int | None


@dataclass
class Map:
    """Which places hang on which devices, and what villages each outage has taken."""

    places: tuple[Place, ...]
    at_node: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    blocked: dict[int, int] = field(default_factory=dict)  # place -> outage that takes services from its villages
    open_layer: set[int] = field(default_factory=set)  # blocked places whose first failing layer isn't known yet
    portals: Portals | None = None  # what is seen of endpoints
    needs: tuple[frozenset[str], ...] = ()  # endpoints of each service that is given at a kendra's counter
    portal_roots: Mapping[str, int] = field(default_factory=dict)  # endpoint -> id of the outage that explains it
    # What thousands of villages lack alike, by how they stand otherwise, while the endpoints stay as they are.
    _lacks: dict[Readiness | Status, Lack | None] = field(default_factory=dict)
    _lacks_of: Seen | None = None

    def tell(self, standing: Standings, changed: Iterable[int], now: float) -> list[Told]:
        """What the places around changed devices amount to now."""
        touched: dict[int, list[int]] = {}
        for node in changed:
            for number in self.at_node.get(node, ()):
                touched.setdefault(number, []).append(node)
        return [self._told(number, nodes, standing, now) for number, nodes in touched.items()]

    def tell_villages(
        self, standing: Standings, newest: float, now: float, kendras: Container[str] | None = None
    ) -> list[Told]:
        """What the villages of `kendras` (None: all) amount to since their endpoints changed at `newest`."""
        told = (
            number for number, place in enumerate(self.places)
            if not place.is_site and place.decided_by and (kendras is None or place.kendra in kendras)
        )  # fmt: skip
        return [self._told(number, [], standing, now, newest) for number in told]

    def tell_open(self, standing: Standings, now: float) -> list[Told]:
        """What the places amount to now whose first failing layer was left open."""
        return [self._told(number, [], standing, now) for number in sorted(self.open_layer)]

    def _told(
        self, number: int, changed: list[int], standing: Standings, now: float, newest: float | None = None
    ) -> Told:
        place = self.places[number]
        result = place.result(standing)
        since = standing.effect.since
        newest = float(since[changed].max()) if changed else now if newest is None else newest
        at = float(since[result.node]) if result.node in changed else newest
        root = int(standing.effect.root[result.node]) if result.node >= 0 else 0
        lack = self._lack(place, result)
        if lack:
            result, at, root = lack.result, max(newest, lack.since), self.portal_roots.get(lack.endpoint, 0)
        self.blocked.pop(number, None)
        self.open_layer.discard(number)
        if result.status is Readiness.BLOCKED and result.layer is None:
            self.open_layer.add(number)
        if root and (result.status is Readiness.BLOCKED or lack):
            self.blocked[number] = root
        return Told(place, result, min(at, now), root or None)

    def _lack(self, place: Place, result: Result) -> Lack | None:
        """What the villages of a working kendra lack of their services."""
        if self.portals is None or place.is_site:
            return None
        seen = self.portals.seen_from(place.kendra)
        if seen is not self.portals.for_all:
            return services.lack(result, self.needs, seen)
        if seen is not self._lacks_of:
            self._lacks_of, self._lacks = seen, {}
        if result.status not in self._lacks:
            self._lacks[result.status] = services.lack(result, self.needs, seen)
        return self._lacks[result.status]

    def undecided(self) -> list[tuple[Place, Result]]:
        """The places that have no device to decide about them, and what that means."""
        alone = [place for place in self.places if not place.decided_by]
        nowhere = rules.of_village((), None, ())
        return [(place, rules.of_site((), place.kind) if place.is_site else nowhere) for place in alone]

    def taken(self) -> dict[int, tuple[int, int | None]]:
        """Per outage the villages that it takes services from and their citizens, None where no population is known."""
        found: dict[int, tuple[int, int | None]] = {}
        for number, outage in self.blocked.items():
            villages, citizens = found.get(outage, (0, None))
            place = self.places[number]
            known = citizens if place.citizens is None else (citizens or 0) + place.citizens
            found[outage] = villages + len(place.subjects), known
        return found


def build(inventory: Inventory, graph: Graph) -> Map:
    at_site: dict[str, list[int]] = {}
    for node, device in enumerate(graph.devices):
        if graph.observable[node] and device.status is Lifecycle.ACTIVE:
            at_site.setdefault(device.site, []).append(node)
    places = [*_sites(inventory, graph, at_site), *_villages(inventory, graph, at_site)]
    at_node: dict[int, list[int]] = {}
    for number, place in enumerate(places):
        for node in place.nodes:
            at_node.setdefault(node, []).append(number)
    return Map(
        tuple(places), {node: tuple(numbers) for node, numbers in at_node.items()},
        needs=services.needs_at_kendra(inventory.services.values()),
    )  # fmt: skip


def _sites(inventory: Inventory, graph: Graph, at_site: Mapping[str, list[int]]) -> Iterable[Place]:
    for site in inventory.sites.values():
        essential = rules.ESSENTIAL[site.kind]
        nodes = tuple(node for node in at_site.get(site.name, ()) if graph.devices[node].role in essential)
        yield Place(((SubjectKind.SITE, site.name),), site.kind, nodes)


def _villages(inventory: Inventory, graph: Graph, at_site: Mapping[str, list[int]]) -> Iterable[Place]:
    served: dict[str | None, list[str]] = {}
    for area in inventory.areas.values():
        if area.level is Level.VILLAGE:
            served.setdefault(area.served_by, []).append(area.key)
    for kendra, villages in served.items():
        nodes = at_site.get(kendra, []) if kendra else []
        pcs = tuple(node for node in nodes if graph.devices[node].role is Role.PC)
        printers = tuple(node for node in nodes if graph.devices[node].role is Role.PRINTER)
        known = [population for key in villages if (population := inventory.areas[key].population) is not None]
        yield Place(
            tuple((SubjectKind.VILLAGE, key) for key in villages), SiteKind.KENDRA, pcs, _box(graph, pcs), printers,
            sum(known) if known else None, kendra or "",
        )  # fmt: skip


def _box(graph: Graph, pcs: Iterable[int]) -> int | None:
    """The box that the link of a PC leads to."""
    for pc in pcs:
        for link in graph.touching[pc]:
            other = graph.other(link, pc)
            if graph.carries[other]:
                return other
    return None
