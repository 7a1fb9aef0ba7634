"""All that the judge remembers of devices, ports and what was said between batches."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil, inf

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.model import REASONS
from inventory.columnar import column
from inventory.model import Inventory, Role
from readiness.evidence import Evidence, Polls, Reader, Readings, Samples, Wanted
from readiness.model import Status, SubjectKind
from readiness.portals import News
from readiness.returns import Boots
from readiness.rules import columns as codes
from readiness.rules import links, quality, status
from readiness.rules.columns import Columns, Mask
from readiness.rules.graph import ROLES, ByEnd, Graph, Nodes, View
from readiness.rules.sight import Sight, count, hear, look, shifted
from readiness.rules.status import Change, Outcome, Policy, Poll
from readiness.rules.texts import Coded, Groups
from readiness.troubles import Sick, Troubles
from readiness.words import Sayings

_WORKS = frozenset({Status.UP, Status.DEGRADED})
_ONLINE, _OFFLINE = 1, 2  # ont_state of collectors.metrics
_STALE_INTERVALS = 3
_STALE_LEAST_S = 60.0  # a busy collector that polls more often than that may be late without being blind
# OLTs are asked for the state of their ONTs every 1 to 5 minutes, PCs check in every 5; three readings and a little.
_ONT_STALE_S = 960.0
_ALL = 100.0  # percent
_ADMIN_DOWN = 2  # ifAdminStatus (IF-MIB)
_HINT_S = 120.0  # how long what a trap told waits for the poll that confirms it
_EXCHANGES = 20  # unanswered, as many as a burst holds, prove silence


@dataclass
class Noticed:
    """What a batch or a moment changed. `picture`: whether roots and causes have to be looked at again."""

    devices: list[tuple[int, Change]] = field(default_factory=list)
    links: list[tuple[int, Change]] = field(default_factory=list)
    picture: bool = False
    portals: News = field(default_factory=News)


class Knowledge:
    """Columns over the graph's devices and links; times are UTC epoch seconds."""

    def __init__(
        self, graph: Graph, inventory: Inventory, interval_s: float, sight_s: float, now: float,
        *, echo_s: float = 0.0, echo_probes: int = 1,
    ) -> None:  # fmt: skip
        """`echo_s`: seconds between two series of `echo_probes` echo requests to a device, 0 without them."""
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
        self._echo_policy = replace(self.policy, lone_silences=ceil(_EXCHANGES / echo_probes))
        self._reference = reference
        self._missing = np.zeros(len(graph.names), np.bool_)
        stale = np.maximum(_STALE_INTERVALS * own, _STALE_LEAST_S)
        told = (graph.through >= 0) | ~graph.addressed | graph.checks_in  # by an OLT, or by check-ins
        self._limit = np.where(told, np.maximum(stale, _ONT_STALE_S), stale)
        self._polled = np.zeros(len(graph.names), np.bool_)  # by more than echo requests, since the judge began
        self._echo_limit = np.maximum(self._limit, _STALE_INTERVALS * echo_s)
        self._watched_since = now
        self._back = np.full(len(graph.names), now)  # who came back before that isn't known
        self._fell = np.full(len(graph.names), -inf)
        self._fell_before = np.full(len(graph.names), -inf)
        self._confirmed = np.full(len(graph.names), -inf)
        self._returned = np.full(len(graph.names), -inf)
        slots = self.reader.slots
        self._port, self._port_at = np.zeros(slots + 1, np.int8), np.full(slots + 1, -inf)
        self._shut = np.zeros(slots + 1, np.bool_)  # by whoever administers it; the last one stands for no port
        self._has_shut = np.zeros(len(graph.names) + 1, np.bool_)  # nodes with such a port, now or before
        self._any_shut = False
        self._told_down = np.full(slots + 1, -inf)  # when a trap said so
        self._degree = graph.touching.sizes
        self._is_pon = (graph.trunk.code >= 0) & (graph.roles[graph.b] == ROLES.index(Role.ONT))
        self._links_at = _links_at(self.reader)  # slot -> the links that name it
        self.sayings = Sayings(graph)
        self.boots = Boots(len(graph.names))
        self.troubles = Troubles(graph, self.reader, self._links_at, inventory.services.values(), now)
        self._doubted: set[int] = set()  # devices that came under suspicion or out of it since the last batch
        hidden = np.flatnonzero(graph.through >= 0)
        self._seen_by = Groups(graph.through[hidden], hidden, len(graph.names))
        self._carrier = _carriers(graph)
        leaves = np.flatnonzero(self._carrier >= 0)
        self._leaves = Groups(self._carrier[leaves], leaves, len(graph.names))

    def expect_not(self, missing: Mask) -> None:
        """The silence of `missing`, by device, proves nothing until they are heard."""
        self._missing = missing

    def take(self, evidence: Evidence, now: float) -> Noticed:
        noticed = Noticed()
        self._look(evidence.polls)
        self._doubted.clear()
        self.sayings.take_told(evidence.told)
        noticed.picture = self.sayings.take(evidence.ont_causes, evidence.on_battery, evidence.runtimes)
        self._take_polls(evidence.polls, now, noticed)
        self._take_echoes(evidence.echo_loss, now, noticed)
        self._take_onts(evidence.ont_states, now, noticed)
        self._hide(noticed)
        self._infer_life(evidence, now, noticed)
        self._judge_links(
            np.concatenate([self._take_ports(evidence.ports), self._take_shut(evidence.samples)]), noticed
        )
        self._told_down[evidence.told_down.about] = evidence.told_down.at
        self.boots.take(evidence.uptimes, [node for node, change in noticed.devices if change.after in _WORKS])
        self.troubles.take(evidence.samples)
        self._note_moments(noticed, now)
        self._show(noticed)
        # A new suspicion matters only where something is down that may have cut the suspect off.
        noticed.picture |= bool(noticed.devices or noticed.links) or (bool(self._doubted) and self._any_down())
        return noticed

    def pass_time(self, now: float) -> Noticed:
        """Devices that nobody has polled for three intervals become unknown."""
        seen = np.maximum(self.devices.last, self._watched_since)
        limit = np.where(self._polled, self._limit, self._echo_limit)
        old = (self.devices.status != codes.UNKNOWN) & (now - seen > limit)
        noticed = Noticed()
        for node in np.flatnonzero(old).tolist():
            self._step(node, status.stale(self.devices.memory(node), "not polled any more"), noticed)
        if noticed.devices:
            self._hide(noticed)
            self._judge_links(np.zeros(0, np.intp), noticed)
        self.troubles.pass_time(now)
        self._show(noticed)
        noticed.picture = bool(noticed.devices or noticed.links)
        return noticed

    def shown(self) -> tuple[NDArray[np.int8], codes.Times]:
        """Status of each device as people see it, and since when: who answers with a trouble is degraded."""
        devices, sick = self.devices, self.troubles.of[SubjectKind.DEVICE]
        found, since = devices.status.copy(), devices.since.copy()
        for node in np.flatnonzero(sick.mask & (found == codes.UP)).tolist():
            found[node], since[node] = codes.DEGRADED, max(float(since[node]), sick.since(node))
        return found, since

    def recall_shown(self) -> None:
        """After statuses were taken from the store: what was shown as degraded for a trouble answers."""
        for kind, columns in ((SubjectKind.DEVICE, self.devices), (SubjectKind.LINK, self.links)):
            columns.status[self.troubles.of[kind].mask & (columns.status == codes.DEGRADED)] = codes.UP

    def _show(self, noticed: Noticed) -> None:
        """Let changes say what people are to see."""
        for kind, changes in ((SubjectKind.DEVICE, noticed.devices), (SubjectKind.LINK, noticed.links)):
            for position, change in changes:
                if change.after is Status.DOWN and change.before is not Status.UNKNOWN:
                    self.troubles.went_down(kind, position, change.at)
            columns = self.devices if kind is SubjectKind.DEVICE else self.links
            changes[:] = _shown(changes, columns, self.troubles.of[kind])

    def shift(self, by: float) -> None:
        """The wall clock was set by so many seconds: what was a moment ago is still a moment ago."""
        devices = self.devices
        for times in (devices.last, devices.last_ok, devices.first_silent, devices.probed, devices.echoed):
            np.add(times, by, out=times)
        self._port_at += by
        self._back += by
        self._fell += by
        self._fell_before += by
        self._confirmed += by
        self._returned += by
        self._told_down += by
        self._watched_since += by
        self.sayings.shift(by)
        self.boots.shift(by)
        self.sight = shifted(self.sight, by)
        self.troubles.shift(by)

    def view(self, now: float) -> View:
        devices, slot_of = self.devices, self.reader.slot_of
        dead = devices.status == codes.DOWN
        suspect = self._suspected()
        return View(
            now, dead, self._working(), devices.since, suspect,
            np.where(dead | suspect, devices.first_silent, inf), devices.last_ok, devices.last, self._back,
            self._fell, self._fell_before, self._confirmed, self._returned,
            self.links.status == codes.DOWN, self.links.since,
            ByEnd(self._port, slot_of), ByEnd(self._port_at, slot_of), self._watched_since,
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
            alive = polls.outcome[row] in status.ALIVE
            self.sight = look(self.sight, int(polls.node[row]), float(polls.at[row]), answered=alive)

    def _take_polls(self, polls: Polls, now: float, noticed: Noticed) -> None:
        self._polled[polls.node] = True
        blind = self.sight.lost(now, self.policy.sight_s)
        polls = self._expected(polls)
        probed = polls.burst_answered > 0
        loud = np.flatnonzero(self.devices.take_quiet(polls.node, polls.at, polls.outcome, blind, probed))
        alive = np.isin(polls.outcome, status.ALIVE)
        silent = loud[polls.outcome[loud] == Outcome.SILENT]
        self.sight = hear(count(self.sight, len(silent), int(alive.sum()), now), polls.at[silent], polls.at[alive])
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

    def _expected(self, polls: Polls) -> Polls:
        """The silence of what need not be there yet proves nothing."""
        mute = (polls.outcome == Outcome.SILENT) & (polls.burst_answered == 0) & self._unheard(polls.node)
        return replace(polls, outcome=np.where(mute, np.int8(Outcome.NOTHING), polls.outcome)) if mute.any() else polls

    def _unheard(self, nodes: Nodes) -> Mask:
        """Of which nothing is expected, and nothing was heard."""
        return self._missing[nodes] & np.isneginf(self.devices.last_ok[nodes])

    def _take_echoes(self, loss: Readings, now: float, noticed: Noticed) -> None:
        """What only echo requests ask is judged by them; of all others they matter where polls are silent."""
        if not len(loss.about):
            return
        node, answered = loss.about, loss.value < _ALL
        # After a start it takes two intervals to see who is polled.
        alone = ~self._polled[node] & (now - self._watched_since > self._limit[node] * 2 / _STALE_INTERVALS)
        said = np.where(alone, np.where(answered, Outcome.ANSWER, Outcome.SILENT), Outcome.NOTHING).astype(np.int8)
        only = np.flatnonzero(alone)
        blind = self.sight.lost(now, self.policy.sight_s)
        loud = only[self.devices.take_quiet(node[only], loss.at[only], said[only], blind)]
        silent = (self.devices.silent[node] > 0) | (self.devices.status[node] == codes.DOWN)
        mute = np.flatnonzero(~alone & silent & (answered | np.isfinite(self.devices.echoed[node])))
        for row in np.union1d(loud, mute).tolist():
            of, at = int(node[row]), float(loss.at[row])
            if answered[row] and not alone[row]:
                stepped = status.echo(self.devices.memory(of), at)
            else:
                poll = Poll(at, Outcome.ANSWER if answered[row] else Outcome.SILENT, status.ECHOES)
                policy = self._echo_policy if alone[row] else self.policy
                stepped = status.step(self.devices.memory(of), poll, now, self.sight, policy)
            self._step(of, stepped, noticed)

    def _take_onts(self, states: Readings, now: float, noticed: Noticed) -> None:
        said = np.zeros(len(states.value), np.int8)
        said[states.value == _ONLINE] = Outcome.ANSWER
        said[(states.value == _OFFLINE) & ~self._unheard(states.about)] = Outcome.LOST
        loud = self.devices.take_quiet(states.about, states.at, said, blind=False)
        for row in np.flatnonzero(loud & (said != Outcome.NOTHING)):
            node, outcome = int(states.about[row]), Outcome(said[row])
            poll = Poll(float(states.at[row]), outcome, "offline at its OLT" if outcome is Outcome.LOST else "")
            self._take_word(node, poll, now, noticed)

    def _take_word(self, node: int, poll: Poll, now: float, noticed: Noticed) -> None:
        """What was told of a device that isn't polled itself."""
        memory, change = status.step(self.devices.memory(node), poll, now, self.sight, self.policy)
        if change and change.before is Status.DOWN:
            self._back[node] = now  # what hangs on it is asked later
        self._step(node, (memory, change), noticed)

    def _step(self, node: int, stepped: status.Stepped, noticed: Noticed) -> None:
        memory, change = stepped
        doubted = self._is_suspect(node)
        self.devices.keep(node, memory)
        if doubted != self._is_suspect(node):
            self._doubted ^= {node}
        if change:
            if change.after is Status.DOWN:
                self._note_fall(node, change.at)
            noticed.devices.append((node, change))

    def _note_moments(self, noticed: Noticed, now: float) -> None:
        """Note when silences were confirmed, and who is heard anew."""
        for node, change in noticed.devices:
            if change.after is Status.DOWN:
                self._confirmed[node] = now
            elif change.after in _WORKS and change.before not in _WORKS:
                self._returned[node] = now

    def _note_fall(self, node: int, at: float) -> None:
        if self._fell_before[node] <= self.devices.last_ok[node]:
            self._fell_before[node] = self._fell[node]
        self._fell[node] = at

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
            self._take_word(carrier, poll, now, noticed)

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

    def _take_shut(self, samples: Samples) -> Nodes:
        """Note which ports somebody shut; returns the links of which that is news."""
        some = self._has_shut if self._any_shut else None
        readings = samples.of_ports("ifAdminStatus", Wanted(high=_ADMIN_DOWN, nodes=some))
        if not len(readings.about):
            return readings.about
        shut = readings.value == _ADMIN_DOWN
        news = readings.about[self._shut[readings.about] != shut]
        self._shut[readings.about] = shut
        self._has_shut[self.reader.ports.nodes_of(readings.about[shut])] = True
        self._any_shut |= bool(shut.any())
        return self._links_at.of(news)

    def shut_links(self) -> frozenset[int]:
        """Links of which somebody shut a port."""
        if not self._any_shut:
            return frozenset()
        return frozenset(self._links_at.of(np.flatnonzero(self._shut[:-1])).tolist())

    def shut(self, link: int) -> str:
        """The port of the link that its administrator shut, "" for none."""
        for end, node in enumerate((int(self.graph.a[link]), int(self.graph.b[link]))):
            if self._shut[self.reader.slot_of[link, end]]:
                return self.graph.port(link, node)
        return ""

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
        judged = links.judge(self._end(link, 0, a), self._end(link, 1, b))
        return links.SHUT if judged == links.DOWN and self.shut(link) else judged

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
            told = [at for slot in slots if 0 <= min(down) - (at := float(self._told_down[slot])) <= _HINT_S]
            return min([*down, *told])  # a poll has confirmed what the trap said
        ends = (int(self.graph.a[link]), int(self.graph.b[link]))
        return max(
            [*(float(self.devices.since[node]) for node in ends), *(float(self._port_at[slot]) for slot in slots)]
        )


def _shown(changes: Sequence[tuple[int, Change]], columns: Columns, sick: Sick) -> list[tuple[int, Change]]:
    """`changes` with troubles: what is up with one is degraded, and so it is when one begins or ends."""
    found = []
    for position, change in changes:
        ill = sick.worst(position) if change.after is Status.UP else None
        found.append((position, replace(change, after=Status.DEGRADED, reason=ill.reason) if ill else change))
    told = {position for position, _ in changes}
    for position, moment in sick.touched().items():
        if position in told or columns.status[position] != codes.UP:
            continue
        ill, at = sick.worst(position), max(moment, float(columns.since[position]))
        if ill is None:
            found.append((position, Change(Status.DEGRADED, Status.UP, at, quality.WITHIN)))
        else:
            found.append((position, Change(Status.UP, Status.DEGRADED, at, ill.reason)))
    return found


def _said(outcome: Outcome, reason: int) -> str:
    if outcome is Outcome.LOST:
        return "its PC answers, and it is not connected"
    return f"alive, but: {REASONS[reason]}" if outcome in {Outcome.WRONG, Outcome.PART} else ""


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
