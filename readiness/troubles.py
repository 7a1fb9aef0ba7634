"""What is wrong with devices and links that answer, between batches: doubts, troubles, and what goes down again and again.

A trouble changes no memory of polls: what is up with a trouble is shown as degraded.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from inventory.model import Service
from readiness.evidence import Reader, Readings, Samples, Wanted
from readiness.model import SubjectKind
from readiness.rules import flapping, quality
from readiness.rules.flapping import Penalty
from readiness.rules.graph import Graph, Nodes
from readiness.rules.quality import Doubt, Limit, Needs, Trouble
from readiness.rules.texts import Groups

_BY_NODE = (Trouble.LOSS, Trouble.LATENCY)
_BY_ONT = (Trouble.WEAK_ONT_LIGHT, Trouble.STRONG_ONT_LIGHT)
_BY_PORT = (Trouble.WEAK_LIGHT, Trouble.STRONG_LIGHT, Trouble.WEAK_LASER)
_FULL = (Trouble.FULL_IN, Trouble.FULL_OUT)
_WHOLE = -1  # the subject as a whole, not one of its ports
_SPEEDS_S, _SPEEDS_FOR_S = 3600.0, 900.0  # how often speeds of ports are read anew, as they seldom change; for how long
_EXPIRY_S = 30.0  # how often what has had its time is looked for


@dataclass(frozen=True, slots=True)
class Ill:
    """One trouble of one subject. `source` is the node or the port's slot whose readings say so, -1 for flapping."""

    trouble: Trouble
    source: int
    since: float
    reason: str


class Sick:
    """The troubles of the subjects of one kind, by position."""

    def __init__(self, count: int) -> None:
        self.mask = np.zeros(count, np.bool_)
        self._of: dict[int, dict[tuple[Trouble, int], Ill]] = {}
        self._touched: dict[int, float] = {}

    def begin(self, position: int, ill: Ill) -> None:
        self._of.setdefault(position, {})[ill.trouble, ill.source] = ill
        self.mask[position] = True
        self._touched[position] = ill.since

    def end(self, position: int, trouble: Trouble, source: int, at: float) -> None:
        left = self._of.get(position, {})
        if left.pop((trouble, source), None) is not None:
            self._touched[position] = at
        if not left:
            self._of.pop(position, None)
            self.mask[position] = False

    def get(self, position: int, trouble: Trouble, source: int) -> Ill | None:
        return self._of.get(position, {}).get((trouble, source))

    def worst(self, position: int) -> Ill | None:
        """The one to be named, None for a subject without any."""
        order = list(Trouble)
        return min(self._of.get(position, {}).values(), key=lambda ill: order.index(ill.trouble), default=None)

    def touched(self) -> dict[int, float]:
        """Where a trouble began or ended since this was last called, and when."""
        touched, self._touched = self._touched, {}
        return touched

    def since(self, position: int) -> float:
        """When the first of its troubles began."""
        return min((ill.since for ill in self._of.get(position, {}).values()), default=-inf)


@dataclass(frozen=True, slots=True)
class KeptTrouble:
    """A trouble as it is stored. `about` is the port whose readings say so; `value` a mean, or a penalty at `at`."""

    since: float
    at: float
    value: float
    reason: str


Key = tuple[SubjectKind, str, str, Trouble]
"""Kind and name of the subject, port or "", trouble."""


class Troubles:
    def __init__(self, graph: Graph, reader: Reader, links_at: Groups, services: Iterable[Service], now: float) -> None:
        self._graph, self._reader, self._links_at = graph, reader, links_at
        self._needs = Needs.of(services)
        self._limits, self._damping = quality.limits(self._needs), flapping.damping()
        self.of: dict[SubjectKind, Sick] = {
            SubjectKind.DEVICE: Sick(len(graph.names)),
            SubjectKind.LINK: Sick(len(graph.link_names)),
        }
        self._doubts: dict[Trouble, dict[int, Doubt]] = {trouble: {} for trouble in self._limits}
        # How many doubts each node's readings decide; one more for what no node told.
        self._doubted = {trouble: np.zeros(len(graph.names) + 1, np.int16) for trouble in self._limits}
        self._speed = np.zeros(reader.slots)
        self._speed_wanted = np.ones(len(graph.names) + 1, np.bool_)  # nodes whose ports' speeds are to be read
        self._least_bps = inf
        self._uplink = _uplinks(graph)
        self._penalties: dict[tuple[SubjectKind, int], Penalty] = {}
        self._unsaved: set[tuple[SubjectKind, int, Trouble]] = set()
        self._looked_at = -inf
        self._speeds_at = now

    # Readings

    def take(self, samples: Samples) -> None:
        """Only readings beyond a limit, and those of what is in doubt, are looked at one by one."""
        for trouble in _BY_NODE:
            self._take(trouble, samples.of_nodes(self._limits[trouble].metric, self._wanted(trouble)))
        for trouble in _BY_ONT:
            self._take(trouble, samples.of_onts(self._limits[trouble].metric, self._wanted(trouble)))
        for trouble in _BY_PORT:
            self._take(trouble, samples.of_ports(self._limits[trouble].metric, self._wanted(trouble)))
        if samples.batch.closed_at - self._speeds_at < _SPEEDS_FOR_S:
            self._take_speeds(samples.of_ports("ifSpeed", Wanted(nodes=self._speed_wanted)))
        for trouble in _FULL:
            self._take_rates(trouble, samples.of_ports(self._limits[trouble].metric, self._wanted(trouble)))

    def _wanted(self, trouble: Trouble) -> Wanted:
        """Readings beyond the limit, and those told by nodes whose readings are in doubt."""
        limit, doubted = self._limits[trouble], None
        if self._doubts[trouble]:
            doubted = self._doubted[trouble] > 0
        enter = self._least_bps if trouble in _FULL else limit.enter
        return Wanted(low=enter, nodes=doubted) if limit.below else Wanted(high=enter, nodes=doubted)

    def _take(self, trouble: Trouble, readings: Readings) -> None:
        limit = self._limits[trouble]
        for about, at, value in _rows(readings):
            if quality.tells(trouble, value):
                self._step(trouble, about, at, value, limit)

    def _take_speeds(self, readings: Readings) -> None:
        self._speed_wanted[self._reader.ports.nodes_of(readings.about)] = False
        news = self._speed[readings.about] != readings.value
        if news.any():
            self._speed[readings.about[news]] = readings.value[news]
            known = self._speed[self._speed > 0]
            shares = [
                quality.full_share(self._limits[trouble], float(known.min(initial=inf)), self._needs)
                for trouble in _FULL
            ]
            self._least_bps = float(known.min(initial=inf)) * min(shares)

    def _take_rates(self, trouble: Trouble, readings: Readings) -> None:
        for slot, at, value in _rows(readings):
            speed = float(self._speed[slot])
            if speed > 0:
                share = quality.full_share(self._limits[trouble], speed, self._needs)
                self._step(trouble, slot, at, value / speed, quality.with_share(self._limits[trouble], share))

    def _step(self, trouble: Trouble, source: int, at: float, value: float, limit: Limit) -> None:
        doubts = self._doubts[trouble]
        before = doubts.get(source)
        after = quality.step(before, at, value, limit)
        self._keep(trouble, source, before, after)
        was, now = before is not None and before.ill, after is not None and after.ill
        if now and not was and after is not None:
            reason = quality.said(trouble, self._named(trouble, source), after.mean, limit)
            self._begin(Ill(trouble, source, at, reason))
        elif was and not now:
            self._end(trouble, source, at)

    def _keep(self, trouble: Trouble, source: int, before: Doubt | None, after: Doubt | None) -> None:
        node = self._node_of(trouble, source)
        if after is None:
            self._doubts[trouble].pop(source, None)
        else:
            self._doubts[trouble][source] = after
        self._doubted[trouble][node] += (after is not None) - (before is not None)

    def _begin(self, ill: Ill) -> None:
        for kind, position in self._subjects(ill.trouble, ill.source):
            self.of[kind].begin(position, ill)
        self._unsaved.add((SubjectKind.DEVICE, ill.source, ill.trouble))

    def _end(self, trouble: Trouble, source: int, at: float) -> None:
        for kind, position in self._subjects(trouble, source):
            self.of[kind].end(position, trouble, source, at)
        self._unsaved.add((SubjectKind.DEVICE, source, trouble))

    def _subjects(self, trouble: Trouble, source: int) -> Iterator[tuple[SubjectKind, int]]:
        """What suffers: a port's links, and what has no other way than a full one."""
        if trouble in _BY_NODE or trouble in _BY_ONT:
            yield SubjectKind.DEVICE, source
            return
        for link in self._links_at[source]:
            yield SubjectKind.LINK, link
            for node in (int(self._graph.a[link]), int(self._graph.b[link])):
                if trouble in _FULL and self._uplink[node] == link:
                    yield SubjectKind.DEVICE, node

    def _node_of(self, trouble: Trouble, source: int) -> int:
        """The node that tells the readings: of an ONT's light that is its OLT."""
        if trouble in _BY_NODE:
            return source
        return int(self._graph.through[source]) if trouble in _BY_ONT else self._reader.ports.node(source)

    def _named(self, trouble: Trouble, source: int) -> str:
        if trouble in _BY_NODE or trouble in _BY_ONT:
            return self._graph.names[source]
        return f"{self._graph.names[self._reader.ports.node(source)]} {self._reader.ports.text(source)}"

    # What goes down again and again

    def went_down(self, kind: SubjectKind, position: int, at: float) -> None:
        before = self._penalties.get((kind, position))
        if before is not None and flapping.ends_at(before, self._damping) <= at:
            self._calm(kind, position, at)
            before = None
        after = self._penalties[kind, position] = flapping.flap(before, at, self._damping)
        if after.damped_since is None:
            return
        if before is None or before.damped_since is None:
            self.of[kind].begin(position, Ill(Trouble.FLAPPING, _WHOLE, at, flapping.said(after)))
        self._unsaved.add((kind, position, Trouble.FLAPPING))

    def _calm(self, kind: SubjectKind, position: int, at: float) -> None:
        gone = self._penalties.pop((kind, position))
        if gone.damped_since is not None:
            self.of[kind].end(position, Trouble.FLAPPING, _WHOLE, at)
            self._unsaved.add((kind, position, Trouble.FLAPPING))

    def pass_time(self, now: float) -> None:
        """Forget penalties that have decayed, and troubles of which nobody tells any more."""
        if 0 <= now - self._looked_at < _EXPIRY_S:
            return
        self._looked_at = now
        if now - self._speeds_at > _SPEEDS_S:
            self._speeds_at = now
            self._speed_wanted[:] = True
        for (kind, position), penalty in list(self._penalties.items()):
            end = flapping.ends_at(penalty, self._damping)
            if end <= now:
                self._calm(kind, position, end)
        for trouble, doubts in self._doubts.items():
            lasts_s = self._limits[trouble].lasts_s
            for source, doubt in [one for one in doubts.items() if now - one[1].at > lasts_s]:
                self._keep(trouble, source, doubt, None)
                if doubt.ill:
                    self._end(trouble, source, now)

    def shift(self, by: float) -> None:
        """The wall clock was set by so many seconds."""
        for doubts in self._doubts.values():
            doubts.update({source: replace(doubt, at=doubt.at + by) for source, doubt in doubts.items()})
        for key, penalty in self._penalties.items():
            self._penalties[key] = replace(penalty, at=penalty.at + by, first=penalty.first + by)
        self._looked_at += by
        self._speeds_at += by

    # The store

    def unsaved(self) -> dict[Key, KeptTrouble | None]:
        """What began, went on or ended since this was last called; None: it ended."""
        told = {self._key(*one): self._kept(*one) for one in sorted(self._unsaved)}
        self._unsaved.clear()
        return told

    def _key(self, kind: SubjectKind, source: int, trouble: Trouble) -> Key:
        if trouble is Trouble.FLAPPING:
            names = self._graph.names if kind is SubjectKind.DEVICE else self._graph.link_names
            return kind, names[source], "", trouble
        if trouble in _BY_NODE or trouble in _BY_ONT:
            return kind, self._graph.names[source], "", trouble
        ports = self._reader.ports
        return kind, self._graph.names[ports.node(source)], ports.text(source), trouble

    def _kept(self, kind: SubjectKind, source: int, trouble: Trouble) -> KeptTrouble | None:
        if trouble is Trouble.FLAPPING:
            penalty = self._penalties.get((kind, source))
            if penalty is None or penalty.damped_since is None:
                return None
            return KeptTrouble(penalty.damped_since, penalty.at, penalty.value, flapping.said(penalty))
        doubt = self._doubts[trouble].get(source)
        subject = next(self._subjects(trouble, source), None)
        ill = None if subject is None else self.of[subject[0]].get(subject[1], trouble, source)
        return None if doubt is None or ill is None else KeptTrouble(ill.since, doubt.at, doubt.mean, ill.reason)

    def recall(self, stored: Mapping[Key, KeptTrouble]) -> list[Key]:
        """Take up what an earlier process knew; returns what is about nothing in the inventory."""
        gone = [key for key, kept in stored.items() if not self._recalled(key, kept)]
        self._unsaved.clear()
        for sick in self.of.values():
            sick.touched()
        return gone

    def _recalled(self, key: Key, kept: KeptTrouble) -> bool:
        kind, name, port, trouble = key
        index = self._graph.index if kind is SubjectKind.DEVICE else self._graph.link_index
        position = index.get(name, -1)
        if position < 0:
            return False
        if trouble is Trouble.FLAPPING:
            self._penalties[kind, position] = Penalty(kept.value, kept.at, kept.since, 1, kept.since)
            self.of[kind].begin(position, Ill(trouble, _WHOLE, kept.since, kept.reason))
            return True
        source = position if trouble in _BY_NODE or trouble in _BY_ONT else self._reader.ports.pair(position, port)
        if source < 0:
            return False
        doubt = Doubt(kept.at, kept.value, self._limits[trouble].readings, ill=True)
        self._keep(trouble, source, None, doubt)
        self._begin(Ill(trouble, source, kept.since, kept.reason))
        return True


def _rows(readings: Readings) -> Iterable[tuple[int, float, float]]:
    """(what about, at, value) in the order of time."""
    order = np.argsort(readings.at, kind="stable")
    return zip(readings.about[order].tolist(), readings.at[order].tolist(), readings.value[order].tolist(), strict=True)


def _uplinks(graph: Graph) -> Nodes:
    """For a box with one link to another box that link, -1 for one with more ways, and at the NOC."""
    between = np.flatnonzero(graph.carries[graph.a] & graph.carries[graph.b])
    ends, links = np.concatenate([graph.a[between], graph.b[between]]), np.concatenate([between, between])
    count = np.bincount(ends, minlength=len(graph.names))
    found = np.full(len(graph.names), -1, np.intp)
    found[ends] = links
    found[(count != 1) | graph.at_noc] = -1
    return found
