"""All that the judge remembers of devices, ports and what was said between batches."""

from dataclasses import dataclass, field, replace
from math import inf

import numpy as np

from collectors.model import REASONS
from inventory.model import Inventory, Role
from readiness.evidence import Evidence, Polls, Reader, Readings
from readiness.model import Status
from readiness.portals import News
from readiness.rules import columns as codes
from readiness.rules import links, status
from readiness.rules.columns import Columns
from readiness.rules.graph import Graph, View
from readiness.rules.sight import Sight, look
from readiness.rules.status import Change, Outcome, Policy, Poll
from readiness.words import Sayings

_ONLINE, _OFFLINE = 1, 2  # ont_state of collectors.metrics
_STALE_INTERVALS = 3
_STALE_LEAST_S = 60.0  # a busy collector that polls more often than that may be late without being blind
_ONT_STALE_S = 960.0  # OLTs are asked for the state of their ONTs every 1 to 5 minutes; three readings and a little


@dataclass
class Noticed:
    """What a batch or a moment changed. `picture`: whether roots and causes have to be looked at again."""

    devices: list[tuple[int, Change]] = field(default_factory=list)
    links: list[tuple[int, Change]] = field(default_factory=list)
    picture: bool = False
    portals: News = field(default_factory=News)


class Knowledge:
    """Columns over the graph's devices and links; times are UTC epoch seconds."""

    def __init__(self, graph: Graph, inventory: Inventory, interval_s: float, sight_s: float, now: float) -> None:
        devices = inventory.devices.values()
        own = np.array([device.interval_s or interval_s for device in devices], np.float64)
        reference = np.array([device.reference for device in devices], np.bool_)
        self.graph, self.reader = graph, Reader(graph)
        self.devices = Columns.unknown(len(graph.devices), now)
        self.links = Columns.unknown(len(graph.links), now)
        self.sight = Sight()
        # A reference that is polled once a minute cannot prove sight within half a minute.
        self.policy = Policy(max(sight_s, 2 * float(own[reference].min(initial=inf)) if reference.any() else sight_s))
        self._reference = reference
        stale = np.maximum(_STALE_INTERVALS * own, _STALE_LEAST_S)
        self._limit = np.where(graph.through >= 0, np.maximum(stale, _ONT_STALE_S), stale)
        self._watched_since = now
        slots = len(self.reader.slots)
        self._port, self._port_at = np.zeros(slots + 1, np.int8), np.full(slots + 1, -inf)
        self._links_at = _links_at(self.reader)
        self.sayings = Sayings(graph)
        self._suspects = self._suspected()
        self._seen_by = _seen_by(graph)
        self._leaf, self._carrier = _leaves(graph)

    def take(self, evidence: Evidence, now: float) -> Noticed:
        noticed = Noticed()
        self._look(evidence.polls)
        before = self._suspects
        noticed.picture = self.sayings.take(evidence.ont_causes, evidence.on_battery)
        self._take_polls(evidence.polls, now, noticed)
        self._take_onts(evidence.ont_states, now, noticed)
        self._hide(noticed)
        self._infer_life(now, noticed)
        self._judge_links(self._take_ports(evidence.ports), noticed)
        self._suspects = self._suspected()
        # A new suspicion matters only where something is down that may have cut the suspect off.
        noticed.picture |= bool(noticed.devices or noticed.links) or (
            self._any_down() and not np.array_equal(self._suspects, before)
        )
        return noticed

    def pass_time(self, now: float) -> Noticed:
        """Devices that nobody has polled for three intervals become unknown."""
        seen = np.maximum(self.devices.last, self._watched_since)
        old = (self.devices.status != codes.UNKNOWN) & (now - seen > self._limit)
        noticed = Noticed()
        for node in np.flatnonzero(old).tolist():
            self._step(node, status.stale(self.devices.memory(node), "not polled any more"), noticed)
        if noticed.devices:
            self._hide(noticed)
            self._judge_links(set(), noticed)
            noticed.picture = True
        return noticed

    def view(self, now: float) -> View:
        devices, slot_of = self.devices, self.reader.slot_of
        dead = devices.status == codes.DOWN
        suspect = self._suspected()
        return View(
            now, dead, self._working(), devices.since, suspect,
            np.where(dead | suspect, devices.first_silent, inf), devices.last_ok,
            self.links.status == codes.DOWN, self.links.since, self._port[slot_of], self._port_at[slot_of],
        )  # fmt: skip

    def _suspected(self) -> codes.Mask:
        suspected: codes.Mask = self._working() & (self.devices.silent > 0)
        return suspected

    def _working(self) -> codes.Mask:
        working: codes.Mask = (self.devices.status == codes.UP) | (self.devices.status == codes.DEGRADED)
        return working

    def _any_down(self) -> bool:
        return bool((self.devices.status == codes.DOWN).any() or (self.links.status == codes.DOWN).any())

    def _look(self, polls: Polls) -> None:
        rows = np.flatnonzero(self._reference[polls.node])
        for row in rows[np.argsort(polls.at[rows], kind="stable")]:
            alive = polls.outcome[row] in (Outcome.ANSWER, Outcome.WRONG)
            self.sight = look(self.sight, int(polls.node[row]), float(polls.at[row]), answered=alive)

    def _take_polls(self, polls: Polls, now: float, noticed: Noticed) -> None:
        blind = self.sight.lost(now, self.policy.sight_s)
        loud = np.flatnonzero(self.devices.take_quiet(polls.node, polls.at, polls.outcome, blind))
        for row in loud[np.argsort(polls.at[loud], kind="stable")]:
            node, outcome = int(polls.node[row]), Outcome(polls.outcome[row])
            reason = f"alive, but: {REASONS[polls.reason[row]]}" if outcome is Outcome.WRONG else ""
            sent, answered = int(polls.burst_sent[row]), int(polls.burst_answered[row])
            poll = Poll(float(polls.at[row]), outcome, reason, sent, answered)
            self._step(node, status.step(self.devices.memory(node), poll, now, self.sight, self.policy), noticed)

    def _take_onts(self, states: Readings, now: float, noticed: Noticed) -> None:
        said = np.zeros(len(states.value), np.int8)
        said[states.value == _ONLINE] = Outcome.ANSWER
        said[states.value == _OFFLINE] = Outcome.LOST
        loud = self.devices.take_quiet(states.about, states.at, said, blind=False)
        for row in np.flatnonzero(loud & (said != Outcome.NOTHING)):
            node, outcome = int(states.about[row]), Outcome(said[row])
            poll = Poll(float(states.at[row]), outcome, "offline at its OLT" if outcome is Outcome.LOST else "")
            self._step(node, status.step(self.devices.memory(node), poll, now, self.sight, self.policy), noticed)

    def _step(self, node: int, stepped: status.Stepped, noticed: Noticed) -> None:
        memory, change = stepped
        self.devices.keep(node, memory)
        if change:
            noticed.devices.append((node, change))

    def _hide(self, noticed: Noticed) -> None:
        """What is seen through a device that fell silent cannot be seen."""
        for through, change in list(noticed.devices):
            if change.after not in {Status.DOWN, Status.UNKNOWN} or self._is_seen_again(through):
                continue
            reason = f"{self.graph.devices[through].name}, through which it is seen, is silent"
            for node in self._seen_by.get(through, ()):
                self._step(node, status.hidden(self.devices.memory(node), change.at, reason), noticed)

    def _infer_life(self, now: float, noticed: Noticed) -> None:
        """What answers behind an ONT proves the ONT, whatever its OLT said of it before: OLTs are asked seldom."""
        heard = self.devices.last_ok[self._leaf]
        lost = np.maximum(self.devices.last, self.devices.since)[self._carrier]
        proved = (self.devices.status[self._leaf] == codes.UP) & (heard > lost) & ~self._working()[self._carrier]
        for leaf, carrier in zip(self._leaf[proved].tolist(), self._carrier[proved].tolist(), strict=True):
            poll = Poll(float(self.devices.last_ok[leaf]), Outcome.ANSWER, "what lies behind it answers")
            self._step(carrier, status.step(self.devices.memory(carrier), poll, now, self.sight, self.policy), noticed)

    def _is_seen_again(self, node: int) -> bool:
        return self.devices.status[node] in (codes.UP, codes.DEGRADED)

    def _take_ports(self, readings: Readings) -> set[int]:
        """Note how ports are; returns the links whose port is another than before, or down again after a wait."""
        value = readings.value.astype(np.int8)
        before = self._port[readings.about]
        self._port[readings.about], self._port_at[readings.about] = value, readings.at
        down = np.isin(value, tuple(links.PORT_DOWN))
        told = readings.about[(value != before) | down]
        return {link for slot in told.tolist() for link in self._links_at[slot]}

    def _judge_links(self, touched: set[int], noticed: Noticed) -> None:
        for node, _ in noticed.devices:
            touched.update(self.graph.touching[node])
        for link in sorted(touched):
            judged = self._judged(link)
            if judged is None or judged.status is codes.STATUSES[self.links.status[link]]:
                continue
            memory = self.links.memory(link)
            at = max(self._moment(link, judged.status), memory.since)
            change = Change(memory.status, judged.status, at, judged.reason)
            self.links.keep(link, replace(memory, status=judged.status, since=at))
            noticed.links.append((link, change))

    def _judged(self, link: int) -> links.Judged | None:
        a, b = int(self.graph.a[link]), int(self.graph.b[link])
        if self.graph.links[link].trunk and self.graph.devices[b].role is Role.ONT:
            return links.judge_pon(codes.STATUSES[self.devices.status[b]], self.sayings.lost_light(b))
        return links.judge(self._end(link, 0, a), self._end(link, 1, b))

    def _end(self, link: int, end: int, node: int) -> links.End:
        slot = self.reader.slot_of[link, end]
        return links.End(
            codes.STATUSES[self.devices.status[node]], float(self.devices.since[node]), int(self._port[slot]),
            float(self._port_at[slot]), len(self.graph.touching[node]) == 1,
        )  # fmt: skip

    def _moment(self, link: int, after: Status) -> float:
        """When the link's new status was first true: the reading of a port, or the change of an end."""
        slots = self.reader.slot_of[link].tolist()
        down = [float(self._port_at[slot]) for slot in slots if int(self._port[slot]) in links.PORT_DOWN]
        if after is Status.DOWN and down:
            return min(down)
        ends = (int(self.graph.a[link]), int(self.graph.b[link]))
        return max(
            [*(float(self.devices.since[node]) for node in ends), *(float(self._port_at[slot]) for slot in slots)]
        )


def _links_at(reader: Reader) -> list[list[int]]:
    """Slot -> the links that name it."""
    found: list[list[int]] = [[] for _ in reader.slots]
    for link, slots in enumerate(reader.slot_of.tolist()):
        for slot in slots:
            if slot >= 0:
                found[slot].append(link)
    return found


def _leaves(graph: Graph) -> tuple[codes.Indices, codes.Indices]:
    """Devices with an address whose only link leads to an ONT, and those ONTs."""
    pairs = [
        (node, graph.other(graph.touching[node][0], node)) for node, device in enumerate(graph.devices)
        if device.primary_ip and len(graph.touching[node]) == 1
    ]  # fmt: skip
    behind = [(node, ont) for node, ont in pairs if graph.through[ont] >= 0]
    return np.array([node for node, _ in behind], np.intp), np.array([ont for _, ont in behind], np.intp)


def _seen_by(graph: Graph) -> dict[int, list[int]]:
    """Device -> what is seen through it."""
    found: dict[int, list[int]] = {}
    for node in np.flatnonzero(graph.through >= 0).tolist():
        found.setdefault(int(graph.through[node]), []).append(node)
    return found
