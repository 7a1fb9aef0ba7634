"""The network as it stands: where it hangs on one thing alone, and which rings have lost their second way.

Read from the stored states, for an area those of what it hangs on. What is known to be down carries nothing; what nobody sees is taken to work, and said to
be unseen. From `blind_since` on nobody watched: then nothing is seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Engine, select

from inventory.columnar import at_rows, column, keys, rows_with
from inventory.model import Inventory, Role
from inventory.scope import Scope, areas_in, links_in, villages_in
from readiness.model import Status, SubjectKind
from readiness.rules import graph as graphs
from readiness.rules.columns import CODE, DOWN, UNKNOWN, Mask
from readiness.rules.graph import ROLES, Graph
from readiness.rules.rings import Ring, RingStatus, rings_of
from readiness.rules.texts import Positions
from readiness.rules.weak import CutOff, Tree, Weights, cut_off_by, on_the_way, whole
from readiness.tables import state

_KINDS = (SubjectKind.DEVICE, SubjectKind.LINK)
_MOST = 0.4  # of all that is stored: more than that is read faster with all the rest
_AT_ONCE = 500
_KIND, _STATUS = {kind.value: kind for kind in _KINDS}, {status.value: status for status in Status}


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """Whose failure alone cuts off `villages` that have a way now; `citizens` is None where no population is known.

    A link's subject is its trunk, where one fibre carries several. `seen` is False where nobody sees it, or a link of it:
    it is taken to work, and may have failed already.
    """

    kind: SubjectKind
    subject: str
    villages: int
    citizens: int | None
    seen: bool = True


@dataclass(frozen=True, slots=True)
class RingRow:
    """`missing` are its links and boxes that are down, `since` when the newest of them went; None: none is."""

    ring: str
    status: RingStatus
    since: datetime | None
    missing: tuple[str, ...]
    boxes: int


class Network:
    """The links of an inventory, or only those `among` it; made once, asked often."""

    def __init__(self, inventory: Inventory, among: Inventory | None = None) -> None:
        self._inventory = inventory
        self.graph: Graph = graphs.build(inventory if among is None else among)

    @cached_property
    def _sites(self) -> Positions:
        return Positions(self.graph.sites)

    @cached_property
    def _whole(self) -> Tree:
        return whole(self.graph)

    @cached_property
    def _pcs(self) -> dict[str, int]:
        """The first observable PC of each kendra."""
        graph = self.graph
        nodes = np.flatnonzero((graph.roles == ROLES.index(Role.PC)) & graph.in_kendra & graph.observable)
        return {graph.site_of(node): node for node in nodes[::-1].tolist()}

    def single_points(self, engine: Engine, scope: Scope, *, blind_since: datetime | None = None) -> list[SinglePoint]:
        """Devices, links and trunks in scope that carry villages in scope alone, most citizens first.

        Raises UnknownAreaError.
        """
        graph, weight = self.graph, self._weights(scope)
        kept = None if scope.area is None else on_the_way(graph, self._whole, weight[:, 0] > 0)
        between = None if kept is None else kept[graph.a] & kept[graph.b]
        devices, links = self._codes(self._states(engine, blind_since, kept, between))
        # A kendra's PC that is switched off is brought back by switching it on: its villages hang on the same things.
        passable = (devices != DOWN) | ~graph.carries
        found = cut_off_by(graph, weight, passable if kept is None else passable & kept, links != DOWN)
        inside = self._sites_in(scope)
        rows = [*self._devices(found, inside, devices), *self._links(found, inside, links)]
        return sorted(rows, key=lambda row: (-(row.citizens or 0), -row.villages, row.subject))

    def rings(self, engine: Engine, scope: Scope, *, blind_since: datetime | None = None) -> list[RingRow]:
        """The rings with a box in scope, by name; raises UnknownAreaError."""
        graph = self.graph
        near = self._sites_in(scope)[graph.site]  # by device
        ringed = graph.ring.code >= 0
        codes = np.unique(graph.ring.code[ringed & (near[graph.a] | near[graph.b])])
        among = ringed & np.isin(graph.ring.code, codes)
        boxes = np.zeros(len(graph.names), np.bool_)
        boxes[graph.a[among]] = boxes[graph.b[among]] = True
        states = self._states(engine, blind_since, boxes, among)
        return [self._row(ring, states, near) for ring in rings_of(graph, *self._codes(states), among)]

    def _row(self, ring: Ring, states: "_States", near: NDArray[np.bool_]) -> RingRow:
        """Names only what is in scope, as everywhere else a link with either end."""
        graph = self.graph
        links = [
            (SubjectKind.LINK, graph.link_names[link])
            for link in ring.links
            if near[graph.a[link]] or near[graph.b[link]]
        ]
        boxes = [(SubjectKind.DEVICE, graph.names[box]) for box in ring.boxes if near[box]]
        since = [states[subject][1] for subject in (*links, *boxes)]
        missing = tuple(name for _, name in (*links, *boxes))
        return RingRow(ring.name, ring.status, max(since, default=None), missing, len(ring.members))

    def _codes(self, states: "_States") -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Statuses of devices and links by position; unknown where none is stored."""
        graph = self.graph
        devices = _codes(states, SubjectKind.DEVICE, graph.index, len(graph.names))
        return devices, _codes(states, SubjectKind.LINK, graph.link_index, len(graph.a))

    def _sites_in(self, scope: Scope) -> NDArray[np.bool_]:
        sites = self._inventory.sites
        inside = rows_with(sites, "area", pa.array(areas_in(self._inventory, scope), pa.string()))
        found = np.zeros(len(self.graph.sites), np.bool_)
        at = self._sites.all(keys(sites).take(pa.array(inside)))
        found[at[at >= 0]] = True
        return found

    def _weights(self, scope: Scope) -> Weights:
        """By device the villages in scope that go through it as their kendra's first PC: how many, citizens, known."""
        weight = np.zeros((len(self.graph.names), 3))
        for area in villages_in(self._inventory, scope):
            node = self._pcs.get(area.served_by or "")
            if node is not None:
                weight[node] += (1, area.population or 0, area.population is not None)
        return weight

    def _states(
        self, engine: Engine, blind_since: datetime | None, devices: Mask | None, links: Mask | None
    ) -> "_States":
        """Of these devices and links, None: of all."""
        if blind_since is not None:
            return {}  # nothing is known
        if devices is None or links is None:
            return _states(engine)
        every = len(self._inventory.devices) + len(self._inventory.links)
        if devices.sum() + links.sum() > _MOST * every:
            return _states(engine)
        names = {
            SubjectKind.DEVICE: self.graph.names.at(np.flatnonzero(devices)),
            SubjectKind.LINK: self.graph.link_names.at(np.flatnonzero(links)),
        }
        return {key: told for kind, some in names.items() for key, told in _named(engine, kind, some)}

    def _devices(self, found: CutOff, inside: NDArray[np.bool_], status: NDArray[np.int8]) -> Iterator[SinglePoint]:
        for node in np.flatnonzero(found.devices[:, 0] * inside[self.graph.site]).tolist():
            yield _point(SubjectKind.DEVICE, self.graph.names[node], found.devices[node], seen=status[node] != UNKNOWN)

    def _links(self, found: CutOff, inside: NDArray[np.bool_], status: NDArray[np.int8]) -> Iterator[SinglePoint]:
        graph = self.graph
        near = inside[graph.site[graph.a]] | inside[graph.site[graph.b]]
        for link in np.flatnonzero(found.links[:, 0] * near * graph.cuttable).tolist():
            yield _point(SubjectKind.LINK, graph.link_names[link], found.links[link], seen=status[link] != UNKNOWN)
        for trunk in np.unique(graph.trunk.code[near & (graph.trunk.code >= 0)]).tolist():
            if found.trunks[trunk, 0]:
                seen = (status[graph.trunk.code == trunk] != UNKNOWN).all()
                yield _point(SubjectKind.LINK, graph.trunk.texts[trunk], found.trunks[trunk], seen=seen)


def of_rings(inventory: Inventory, scope: Scope, most: int) -> Network | None:
    """The rings with a box in scope alone, so that a page needs no graph of all else.

    None: they have more than `most` links. Raises UnknownAreaError.
    """
    every = inventory.links
    if scope.area is None:
        rows = np.flatnonzero(np.asarray(pc.not_equal(column(every, "ring").cast(pa.string()), "")))
    else:
        rings = {link.ring for link in links_in(inventory, scope)} - {""}
        rows = rows_with(every, "ring", pa.array(sorted(rings), pa.string()))
    if len(rows) > most:
        return None
    links = {link.name: link for link in at_rows(every, rows)}
    ends = (name for link in links.values() for name in (link.a_device, link.b_device))
    devices = {name: inventory.devices[name] for name in ends}
    sites = {device.site: inventory.sites[device.site] for device in devices.values()}
    return Network(inventory, Inventory(areas={}, sites=sites, devices=devices, links=links))


_States = dict[tuple[SubjectKind, str], tuple[Status, datetime]]
"""How devices and links stand, and since when."""


def _states(engine: Engine) -> _States:
    """Only what is asked for here: evidence and reasons of all devices would be a second of a state."""
    row = state.c
    query = select(row.subject_kind, row.subject, row.status, row.since)
    with engine.connect() as connection:
        rows = connection.execute(query.where(row.subject_kind.in_(_KINDS)))
        return {(_KIND[kind], subject): (_STATUS[status], since) for kind, subject, status, since in rows}


def _named(
    engine: Engine, kind: SubjectKind, names: Sequence[str]
) -> Iterator[tuple[tuple[SubjectKind, str], tuple[Status, datetime]]]:
    """The same of these subjects alone."""
    row = state.c
    query = select(row.subject, row.status, row.since).where(row.subject_kind == kind)
    with engine.connect() as connection:
        for first in range(0, len(names), _AT_ONCE):
            rows = connection.execute(query.where(row.subject.in_(names[first : first + _AT_ONCE])))
            yield from (((kind, subject), (_STATUS[status], since)) for subject, status, since in rows)


def _codes(states: _States, kind: SubjectKind, index: Positions, count: int) -> NDArray[np.int8]:
    some = [(name, CODE[status]) for (of, name), (status, _) in states.items() if of is kind]
    found = np.zeros(count, np.int8)
    at = index.all(pa.array([name for name, _ in some], pa.string()))
    known = at >= 0
    found[at[known]] = np.array([code for _, code in some], np.int8)[known]
    return found


def _point(kind: SubjectKind, name: str, weight: Weights, *, seen: np.bool_) -> SinglePoint:
    villages, citizens, known = weight.tolist()
    return SinglePoint(kind, name, round(villages), round(citizens) if known else None, bool(seen))
