"""Sites and villages as they follow from their devices, recomputed only where something changed."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from inventory.model import Inventory
from readiness.model import Readiness, Status, SubjectKind
from readiness.places import Place, Places, Standings
from readiness.portals import Portals
from readiness.rules import services
from readiness.rules import village as rules
from readiness.rules.columns import UP, Mask
from readiness.rules.graph import Graph, Nodes
from readiness.rules.services import Lack, Seen
from readiness.rules.village import Result
from readiness.states import Kept


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

    places: Places
    absent: Mask  # places that are stated to have no network yet
    blocked: dict[int, int] = field(default_factory=dict)  # place -> outage that takes services from its villages
    open_layer: set[int] = field(default_factory=set)  # blocked places whose first failing layer isn't known yet
    portals: Portals | None = None  # what is seen of endpoints
    needs: tuple[frozenset[str], ...] = ()  # endpoints of each service that is given at a kendra's counter
    portal_roots: Mapping[str, int] = field(default_factory=dict)  # endpoint -> id of the outage that explains it
    # What thousands of villages lack alike, by how they stand otherwise, while the endpoints stay as they are.
    _lacks: dict[Readiness | Status, Lack | None] = field(default_factory=dict)
    _lacks_of: Seen | None = None
    _stated: dict[SubjectKind, Result] = field(default_factory=dict)  # of what is absent

    def tell(self, standing: Standings, changed: Nodes, now: float, sites: Kept) -> list[Told]:
        """What the places around changed devices amount to now, but for `sites` that are known to work and do."""
        at_node = self.places.at_node
        nodes, numbers = np.repeat(changed, at_node.sizes[changed]), at_node.of(changed)
        # Each place is looked at once: at one site there may be as many devices as changed.
        places, which = np.unique(numbers, return_inverse=True)
        news = np.flatnonzero(~self._is_told(standing, places, sites)[which])
        touched: dict[int, list[int]] = {}
        for node, number in zip(nodes[news].tolist(), numbers[news].tolist(), strict=True):
            touched.setdefault(number, []).append(node)
        return [self._told(number, nodes, standing, now) for number, nodes in touched.items()]

    def _is_told(self, standing: Standings, numbers: Nodes, sites: Kept) -> Mask:
        """Which of the places are sites that work and are known to: after a start these are nearly all."""
        told = numbers < len(sites)
        some, decided, effect = numbers[told], self.places.decided, standing.effect
        nodes = decided.of(some)
        wrong = np.repeat(some, decided.sizes[some])[(effect.status[nodes] != UP) | effect.dark[nodes]]
        known = (sites.status[some] == UP) & (sites.layer[some] == 0) & (sites.outage[some] == 0)
        told[told] = known & (sites.reason[some] == rules.ALL_ANSWER) & ~np.isin(some, wrong)
        return told

    def tell_villages(
        self, standing: Standings, newest: float, now: float, kendras: Container[str] | None = None
    ) -> list[Told]:
        """What the villages of `kendras` (None: all) amount to since their endpoints changed at `newest`."""
        numbers = self.places.with_pcs(kendras)
        return [self._told(number, [], standing, now, newest) for number in numbers]

    def tell_open(self, standing: Standings, now: float) -> list[Told]:
        """What the places amount to now whose first failing layer was left open."""
        return [self._told(number, [], standing, now) for number in sorted(self.open_layer)]

    def _told(
        self, number: int, changed: list[int], standing: Standings, now: float, newest: float | None = None
    ) -> Told:
        place = self.places[number]
        result = self.result(number, place, standing)
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

    def result(self, number: int, place: Place, standing: Standings) -> Result:
        """What the place of that number amounts to by its devices, or as is stated while nothing was heard of them."""
        found = place.result(standing)
        if not self.absent[number] or self._is_heard(place, standing):
            return found
        stated = self._stated[place.of]
        return stated if found.status is stated.status else found

    def _is_heard(self, place: Place, standing: Standings) -> bool:
        nodes = [*place.decided_by, *place.printers, *(() if place.box is None else (place.box,))]
        return bool(np.isfinite(standing.columns.last_ok[nodes]).any())

    def heard(self, standing: Standings) -> Mask:
        """The places of which any device was heard."""
        found = np.zeros(len(self.places), np.bool_)
        found[self.places.at_node.of(np.flatnonzero(np.isfinite(standing.columns.last_ok)))] = True
        return found

    def claim(self, needs: tuple[frozenset[str], ...], absent: Iterable[tuple[SubjectKind, Nodes, Result]]) -> None:
        """Take the claims of a day: what services need, and where there is no network yet."""
        self.needs, self._lacks_of = needs, None
        self.absent = np.zeros(len(self.places), np.bool_)
        for kind, positions, result in absent:
            self.absent[self.places.numbers_of(kind)[positions]] = True
            self._stated[kind] = result

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

    def taken(self) -> dict[int, tuple[int, int | None]]:
        """Per outage the villages that it takes services from and their citizens, None where no population is known."""
        found: dict[int, tuple[int, int | None]] = {}
        for number, outage in self.blocked.items():
            villages, citizens = found.get(outage, (0, None))
            own, of_them = self.places.served(number)
            known = citizens if of_them is None else (citizens or 0) + of_them
            found[outage] = villages + own, known
        return found


def build(inventory: Inventory, graph: Graph) -> Map:
    places, needs = Places(inventory, graph), services.needs_at_kendra(inventory.services.values())
    return Map(places, np.zeros(len(places), np.bool_), needs=needs)
