"""All that the judge remembers of devices, ports and what was said between batches."""

from dataclasses import dataclass, field
from math import inf

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.model import REASONS
from inventory.columnar import column
from inventory.model import Inventory, Role
from readiness.evidence import Evidence, Polls, Reader, Readings
from readiness.model import Status
from readiness.portals import News
from readiness.rules import columns as codes
from readiness.rules import links, status
from readiness.rules.columns import Columns
from readiness.rules.graph import ROLES, ByEnd, Graph, Nodes, View
from readiness.rules.sight import Sight, look
from readiness.rules.status import Change, Outcome, Policy, Poll
from readiness.rules.texts import Coded, Groups
from readiness.words import Sayings

_ONLINE, _OFFLINE = 1, 2  # ont_state of collectors.metrics
_STALE_INTERVALS = 3
_STALE_LEAST_S = 60.0  # a busy collector that polls more often than that may be late without being blind
# OLTs are asked for the state of their ONTs every 1 to 5 minutes, PCs check in every 5; three readings and a little.
_ONT_STALE_S = 960.0


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
        devices = inventory.devices
        own = np.asarray(pc.fill_null(column(devices, "interval_s").cast(pa.float64()), 0.0))
        own = np.where(own > 0, own, interval_s)
        reference = np.asarray(column(devices, "reference").cast(pa.bool_()), np.bool_)
        self.graph, self.reader = graph, Reader(graph, Coded.of(column(devices, "seen_as")))
        self.devices = Columns.unknown(len(graph.names), now)
        self.links = Columns.unknown(len(graph.link_names), now)
        self.sight = Sight()
        # A reference that is polled once a minute cannot prove sight within half a minute.
        self.policy = Policy(max(sight_s, 2 * float(own[reference].min(initial=inf)) if reference.any() else sight_s))
        self._reference = reference
        stale = np.maximum(_STALE_INTERVALS * own, _STALE_LEAST_S)
        told = (graph.through >= 0) | ~graph.addressed  # by an OLT, or by check-ins
        self._limit = np.where(told, np.maximum(stale, _ONT_STALE_S), stale)
        self._watched_since = now
        self._back = np.full(len(graph.names), now)  # who came back before that isn't known
        slots = self.reader.slots
        self._port, self._port_at = np.zeros(slots + 1, np.int8), np.full(slots + 1, -inf)
        self._degree = graph.touching.sizes
        self._is_pon = (graph.trunk.code >= 0) & (graph.roles[graph.b] == ROLES.index(Role.ONT))
        self._links_at = _links_at(self.reader)  # slot -> the links that name it
        self.sayings = Sayings(graph)
        self._doubted: set[int] = set()  # devices that came under suspicion or out of it since the last batch
        hidden = np.flatnonzero(graph.through >= 0)
        self._seen_by = Groups(graph.through[hidden], hidden, len(graph.names))
        self._carrier = _carriers(graph)
        leaves = np.flatnonzero(self._carrier >= 0)
        self._leaves = Groups(self._carrier[leaves], leaves, len(graph.names))

    def take(self, evidence: Evidence, now: float) -> Noticed:
        noticed = Noticed()
        self._look(evidence.polls)
        self._doubted.clear()
        noticed.picture = self.sayings.take(evidence.ont_causes, evidence.on_battery)
        self._take_polls(evidence.polls, now, noticed)
        self._take_onts(evidence.ont_states, now, noticed)
        self._hide(noticed)
        self._infer_life(evidence, now, noticed)
        self._judge_links(self._take_ports(evidence.ports), noticed)
        # A new suspicion matters only where something is down that may have cut the suspect off.
        noticed.picture |= bool(noticed.devices or noticed.links) or (bool(self._doubted) and self._any_down())
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
            self._judge_links(np.zeros(0, np.intp), noticed)
            noticed.picture = True
        return noticed

    def view(self, now: float) -> View:
        devices, slot_of = self.devices, self.reader.slot_of
        dead = devices.status == codes.DOWN
        suspect = self._suspected()
        return View(
            now, dead, self._working(), devices.since, suspect,
            np.where(dead | suspect, devices.first_silent, inf), devices.last_ok, devices.last, self._back,
            self.links.status == codes.DOWN, self.links.since, ByEnd(self._port, slot_of), ByEnd(self._port_at, slot_of),
        )  # fmt: skip

    def _is_suspect(self, node: int) -> bool:
        return bool(self.devices.silent[node] > 0 and self._is_seen_again(node))

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
        loud = loud[np.argsort(polls.at[loud], kind="stable")]
        plain = self.devices.take_first(polls.node[loud], polls.at[loud], polls.outcome[loud], now)
        for row, before in zip(loud.tolist(), plain, strict=True):
            node, outcome = int(polls.node[row]), Outcome(polls.outcome[row])
            if before is not None:
                if before is Status.DOWN:
                    self._back[node] = now
                noticed.devices.append(
                    (node, Change(before, Status.UP, float(self.devices.since[node]), status.ANSWERS))
                )
                continue
            reason = _said(outcome, int(polls.reason[row]))
            sent, answered = int(polls.burst_sent[row]), int(polls.burst_answered[row])
            poll = Poll(float(polls.at[row]), outcome, reason, sent, answered)
            stepped = status.step(self.devices.memory(node), poll, now, self.sight, self.policy)
            doubted = answered > 0 or np.isfinite(self.devices.first_silent[node])
            if doubted and stepped[0].last_ok > self.devices.last_ok[node]:
                self._back[node] = now  # the answers of a burst are later than its poll
            self._step(node, stepped, noticed)

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
        doubted = self._is_suspect(node)
        self.devices.keep(node, memory)
        if doubted != self._is_suspect(node):
            self._doubted ^= {node}
        if change:
            noticed.devices.append((node, change))

    def _hide(self, noticed: Noticed) -> None:
        """What is seen through a device that fell silent cannot be seen."""
        for through, change in list(noticed.devices):
            if change.after not in {Status.DOWN, Status.UNKNOWN} or self._is_seen_again(through):
                continue
            reason = f"{self.graph.names[through]}, through which it is seen, is silent"
            for node in self._seen_by[through]:
                self._step(node, status.hidden(self.devices.memory(node), change.at, reason), noticed)

    def _infer_life(self, evidence: Evidence, now: float, noticed: Noticed) -> None:
        """What answers behind an ONT proves the ONT, whatever its OLT said of it before: OLTs are asked seldom."""
        devices, leaves = self.devices, self._touched_leaves(evidence, noticed)
        carriers = self._carrier[leaves]
        lost = np.maximum(devices.last[carriers], devices.since[carriers])
        works = (devices.status[carriers] == codes.UP) | (devices.status[carriers] == codes.DEGRADED)
        proved = (devices.status[leaves] == codes.UP) & (devices.last_ok[leaves] > lost) & ~works
        for leaf, carrier in zip(leaves[proved].tolist(), carriers[proved].tolist(), strict=True):
            poll = Poll(float(self.devices.last_ok[leaf]), Outcome.ANSWER, "what lies behind it answers")
            self._step(carrier, status.step(self.devices.memory(carrier), poll, now, self.sight, self.policy), noticed)

    def _touched_leaves(self, evidence: Evidence, noticed: Noticed) -> codes.Indices:
        """Devices behind an ONT that were heard, or whose ONT was."""
        told = np.array([node for node, _ in noticed.devices], np.intp)
        behind = self._leaves.of(np.concatenate([evidence.ont_states.about, told]))
        polled = evidence.polls.node[self._carrier[evidence.polls.node] >= 0]
        return np.unique(np.concatenate([polled, behind]))

    def _is_seen_again(self, node: int) -> bool:
        return self.devices.status[node] in (codes.UP, codes.DEGRADED)

    def _take_ports(self, readings: Readings) -> Nodes:
        """Note how ports are; returns the links whose port is another than before, or down again after a wait."""
        value = readings.value.astype(np.int8)
        before = self._port[readings.about]
        self._port[readings.about], self._port_at[readings.about] = value, readings.at
        down = np.isin(value, tuple(links.PORT_DOWN))
        told = readings.about[(value != before) | down]
        return self._links_at.of(told)

    def _judge_links(self, touched: Nodes, noticed: Noticed) -> None:
        nodes = np.array([node for node, _ in noticed.devices], np.intp)
        some = np.unique(np.concatenate([touched, self.graph.touching.of(nodes)]))
        plain, by_port, moments = self._plain_links(some)
        news = np.flatnonzero(plain != self.links.status[some])
        works = plain[news] == codes.UP
        for link, sure, says_port, moment in zip(
            some[news].tolist(), works.tolist(), by_port[news].tolist(), moments[news].tolist(), strict=True
        ):
            judged = (links.UP_BY_PORT if says_port else links.UP_BY_LIFE) if sure else self._judged(link)
            if judged is None or judged.status is codes.STATUSES[self.links.status[link]]:
                continue
            self._keep_link(link, judged, moment if sure else self._moment(link, judged.status), noticed)

    def _keep_link(self, link: int, judged: links.Judged, moment: float, noticed: Noticed) -> None:
        before, since = codes.STATUSES[self.links.status[link]], float(self.links.since[link])
        at = max(moment, since)
        self.links.status[link], self.links.since[link] = codes.CODE[judged.status], at
        noticed.links.append((link, Change(before, judged.status, at, judged.reason)))

    def _plain_links(self, some: Nodes) -> tuple[NDArray[np.int8], codes.Mask, codes.Times]:
        """As links.judge, for the many none of whose ends says that it is down.

        Their status, -1 for others; whether a port says so; since when they may be up.
        """
        ends, slots = np.stack([self.graph.a[some], self.graph.b[some]], 1), self.reader.slot_of[some]
        state, port = self.devices.status[ends], self._port[slots]
        alive = (state == codes.UP) | (state == codes.DEGRADED)
        down = (alive & np.isin(port, tuple(links.PORT_DOWN))).any(axis=1)
        by_port = (alive & (port == links.PORT_UP)).any(axis=1)
        by_life = (alive & (self._degree[ends] == 1)).any(axis=1)
        moment = np.maximum(self.devices.since[ends], self._port_at[slots]).max(axis=1, initial=-inf)
        found = np.where(by_port | by_life, codes.UP, codes.UNKNOWN)
        return np.where(down | self._is_pon[some], -1, found).astype(np.int8), by_port, moment

    def _judged(self, link: int) -> links.Judged | None:
        a, b = int(self.graph.a[link]), int(self.graph.b[link])
        if self._is_pon[link]:
            return links.judge_pon(codes.STATUSES[self.devices.status[b]], self.sayings.lost_light(b))
        return links.judge(self._end(link, 0, a), self._end(link, 1, b))

    def _end(self, link: int, end: int, node: int) -> links.End:
        slot = self.reader.slot_of[link, end]
        return links.End(
            codes.STATUSES[self.devices.status[node]], float(self.devices.since[node]), int(self._port[slot]),
            float(self._port_at[slot]), bool(self._degree[node] == 1),
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


def _said(outcome: Outcome, reason: int) -> str:
    if outcome is Outcome.LOST:
        return "its PC answers, and it is not connected"
    return f"alive, but: {REASONS[reason]}" if outcome is Outcome.WRONG else ""


def _links_at(reader: Reader) -> Groups:
    """Slot -> the links that name it."""
    link, end = (reader.slot_of >= 0).nonzero()
    return Groups(reader.slot_of[link, end], link, reader.slots)


def _carriers(graph: Graph) -> codes.Indices:
    """For a device with an address whose only link leads to an ONT that ONT, -1 for any other."""
    leaves = np.flatnonzero(graph.addressed & (graph.touching.sizes == 1))
    links = graph.touching.of(leaves)
    far = np.where(graph.a[links] == leaves, graph.b[links], graph.a[links])
    found = np.full(len(graph.names), -1, np.intp)
    behind = graph.through[far] >= 0
    found[leaves[behind]] = far[behind]
    return found
