"""Sites and villages with the devices that decide about them, as columns: a place is made when it is looked at."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import column
from inventory.model import Inventory, Level, Lifecycle, Role, SiteKind
from readiness.model import Layer, Status, SubjectKind
from readiness.rules import village as rules
from readiness.rules.columns import STATUSES, Columns, Mask, Times
from readiness.rules.graph import KINDS, ROLES, Graph, Nodes, codes
from readiness.rules.texts import Groups, Positions, Texts
from readiness.rules.village import Result, Standing

R = TypeVar("R")

FAILED: tuple[Layer | None, ...] = (None, Layer.POWER, Layer.BACKHAUL)
"""What failed for a dark device, by code: itself, its mains, its way to the NOC."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What each device amounts to for its site and its villages."""

    status: NDArray[np.int8]
    dark: Mask
    layer: NDArray[np.int8]  # position in FAILED
    root: NDArray[np.int64]  # id of the outage that explains it, 0: none
    since: Times

    @classmethod
    def none(cls, count: int) -> "Effect":
        return cls(
            np.zeros(count, np.int8), np.zeros(count, np.bool_), np.zeros(count, np.int8), np.zeros(count, np.int64),
            np.zeros(count),
        )  # fmt: skip

    def differs(self, other: "Effect") -> Nodes:
        changed = (
            (self.status != other.status) | (self.dark != other.dark) | (self.layer != other.layer)
            | (self.root != other.root)
        )  # fmt: skip
        return np.flatnonzero(changed)


@dataclass
class Standings:
    """The devices of one moment, as villages and sites see them."""

    graph: Graph
    columns: Columns
    effect: Effect
    reasons: NDArray[np.object_]  # of each device's status

    def of(self, node: int) -> Standing:
        status = STATUSES[self.effect.status[node]]
        device = self.graph.names[node]
        dark = bool(self.effect.dark[node])
        why = f"{device} is {'cut off' if _only_cut(status, dark) else status}"
        if status is Status.DEGRADED and not dark:
            why = f"{device} is degraded: {self.reasons[node]}"
        return Standing(
            node, status, float(self.effect.since[node]), why, dark, FAILED[self.effect.layer[node]],
            float(self.columns.last_ok[node]),
        )  # fmt: skip


def _only_cut(status: Status, dark: bool) -> bool:
    return dark and status is not Status.DOWN


@dataclass(frozen=True, slots=True)
class Place:
    """A site, or all villages of one kendra, and the devices that decide about it; made when it is looked at."""

    of: SubjectKind  # SITE or VILLAGE
    subjects: tuple[int, ...]  # positions among the sites or villages
    kind: SiteKind  # of the site, or of what serves the villages
    decided_by: tuple[int, ...]  # essential devices of a site, PCs of a kendra
    box: int | None = None
    printers: tuple[int, ...] = ()
    citizens: int | None = None
    kendra: str = ""  # that serves the villages

    @property
    def is_site(self) -> bool:
        return self.of is SubjectKind.SITE

    def result(self, standing: "Standings") -> Result:
        own = [standing.of(node) for node in self.decided_by]
        if self.is_site:
            return rules.of_site(own, self.kind)
        box = None if self.box is None else standing.of(self.box)
        return rules.of_village(own, box, [standing.of(node) for node in self.printers])


class Places:
    """The sites in their order, then the villages of each kendra; positions of both are those of the inventory."""

    def __init__(self, inventory: Inventory, graph: Graph) -> None:
        sites = len(graph.sites)
        villages = _Villages.of(inventory)
        kendra_of = np.full(sites + 1, -1, np.intp)
        kendra_of[Positions(graph.sites).all(villages.kendras.column)] = np.arange(len(villages.kendras))
        kendra_of = kendra_of[:sites]  # what serves nobody is no site: it stood at the end
        serving = kendra_of[graph.site]
        asked = graph.observable & _are(inventory.devices, "status", Lifecycle.ACTIVE)
        self._kind = codes(_texts(inventory.sites, "kind"), KINDS)
        essential = np.flatnonzero(asked & _ESSENTIAL[self._kind[graph.site], graph.roles])
        pcs, printers = (
            np.flatnonzero(asked & (graph.roles == ROLES.index(role)) & (serving >= 0))
            for role in (Role.PC, Role.PRINTER)
        )
        self._sites, self._villages = sites, villages
        count = sites + len(villages.kendras)
        place = np.concatenate([graph.site[essential], sites + serving[pcs]])
        self.decided = Groups(place, np.concatenate([essential, pcs]), count)
        self._printers = Groups(sites + serving[printers], printers, count)
        self._box = np.full(count, -1, np.intp)
        _find_boxes(graph, pcs, sites + serving[pcs], self._box)
        self.at_node = self._at_nodes(len(graph.names))

    def _at_nodes(self, nodes: int) -> Groups:
        """Node -> the places that hang on it."""
        every = np.arange(len(self.decided))
        boxed = np.flatnonzero(self._box >= 0)
        group = [self.decided.of(every), self._box[boxed], self._printers.of(every)]
        place = [np.repeat(every, self.decided.sizes), boxed, np.repeat(every, self._printers.sizes)]
        order = np.argsort(np.concatenate(place), kind="stable")
        return Groups(np.concatenate(group)[order], np.concatenate(place)[order], nodes)

    def __len__(self) -> int:
        return len(self.decided)

    def __getitem__(self, number: int) -> Place:
        decided_by = tuple(self.decided[number])
        if number < self._sites:
            return Place(SubjectKind.SITE, (number,), KINDS[self._kind[number]], decided_by)
        kendra = number - self._sites
        box = int(self._box[number])
        return Place(
            SubjectKind.VILLAGE, tuple(self._villages.served[kendra]), SiteKind.KENDRA, decided_by, None if box < 0 else box,
            tuple(self._printers[number]), self._villages.citizens_of(kendra), self._villages.kendras[kendra],
        )  # fmt: skip

    def deciding(self, numbers: Nodes) -> tuple[Nodes, Nodes]:
        """What decides about these places: a position in `numbers` and a node each.

        The box of a village comes before its kendra's PCs: what fails first from the ground is to blame.
        """
        boxed = np.flatnonzero(self._box[numbers] >= 0)
        row = np.concatenate([boxed, np.repeat(np.arange(len(numbers)), self.decided.sizes[numbers])])
        node = np.concatenate([self._box[numbers[boxed]], self.decided.of(numbers)])
        order = np.argsort(row, kind="stable")
        return row[order], node[order]

    def served(self, number: int) -> tuple[int, int | None]:
        """How many villages the place is, and their citizens, None where no population is known."""
        if number < self._sites:
            return 1, None
        kendra = number - self._sites
        return self._villages.served.size(kendra), self._villages.citizens_of(kendra)

    def numbers_of(self, kind: SubjectKind) -> Nodes:
        """The place of each site or each village, in the order of the inventory; of any other kind there is none."""
        if kind is SubjectKind.SITE:
            return np.arange(self._sites)
        return self._sites + self._villages.by if kind is SubjectKind.VILLAGE else np.zeros(0, np.intp)

    def with_pcs(self, kendras: Container[str] | None) -> list[int]:
        """The places that are villages of `kendras` (None: all) with a PC that decides about them."""
        numbers: list[int] = (self._sites + np.flatnonzero(self.decided.sizes[self._sites :])).tolist()
        if kendras is None:
            return numbers
        return [number for number in numbers if self._villages.kendras[number - self._sites] in kendras]

    def undecided(self) -> list[tuple[SubjectKind, Nodes, Result]]:
        """The sites and villages that have no device to decide about them, and what that means."""
        alone = np.flatnonzero(self.decided.sizes == 0)
        kendras = alone[alone >= self._sites] - self._sites
        return [
            (SubjectKind.SITE, alone[alone < self._sites], rules.of_site((), SiteKind.GP)),
            (SubjectKind.VILLAGE, self._villages.served.of(kendras), rules.of_village((), None, ())),
        ]


@dataclass(frozen=True, slots=True)
class _Villages:
    """The villages by the kendra that serves them; the empty one serves those that nobody serves."""

    kendras: Texts
    by: Nodes  # position among the kendras, of each village
    served: Groups  # kendra -> positions among the villages
    citizens: NDArray[np.int64]
    known: Mask  # whether any population of the kendra's villages is

    @classmethod
    def of(cls, inventory: Inventory) -> "_Villages":
        villages = np.flatnonzero(_are(inventory.areas, "level", Level.VILLAGE))
        by = pc.fill_null(_texts(inventory.areas, "served_by").take(pa.array(villages)), "").dictionary_encode()
        people = column(inventory.areas, "population").cast(pa.int64()).take(pa.array(villages))
        kendra, count = np.asarray(by.indices).astype(np.intp), len(by.dictionary)
        citizens = np.bincount(kendra, np.asarray(pc.fill_null(people, 0)), count).astype(np.int64)
        known = np.bincount(kendra, np.asarray(people.is_valid(), np.bool_), count) > 0
        return cls(Texts(by.dictionary), kendra, Groups(kendra, np.arange(len(villages)), count), citizens, known)

    def citizens_of(self, kendra: int) -> int | None:
        return int(self.citizens[kendra]) if self.known[kendra] else None


_ESSENTIAL = np.array([[role in rules.ESSENTIAL[kind] for role in ROLES] for kind in KINDS], np.bool_)


def _find_boxes(graph: Graph, pcs: Nodes, place: Nodes, box: Nodes) -> None:
    """Note for each place the box that the link of one of its PCs leads to: the first PC's first that does."""
    links, near = graph.touching.of(pcs), np.repeat(np.arange(len(pcs)), graph.touching.sizes[pcs])
    far = np.where(graph.a[links] == pcs[near], graph.b[links], graph.a[links])
    order = np.argsort(place[near], kind="stable")
    found = order[graph.carries[far[order]]]
    box[place[near][found[::-1]]] = far[found[::-1]]  # of several for one place the last that is noted stays


def _are(records: Mapping[str, R], field: str, word: str) -> Mask:
    return np.asarray(pc.equal(_texts(records, field), str(word)), np.bool_)


def _texts(records: Mapping[str, R], field: str) -> pa.Array:
    return column(records, field).cast(pa.string())
