"""From what a batch changed to what has to be stored: transitions, states, outages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from math import inf, isfinite

import numpy as np

from inventory.columnar import column
from inventory.hours import Hours, parse_hours
from inventory.model import Inventory
from readiness import standing
from readiness.knowledge import Knowledge, Noticed
from readiness.model import Cause, Layer, Readiness, Status, SubjectKind
from readiness.places import FAILED, Effect, Standings
from readiness.portals import News, Portals
from readiness.read import TransitionRow
from readiness.returns import Returns
from readiness.rules import endpoint as endpoint_rules
from readiness.rules import findings as finding_rules
from readiness.rules import returns, shut_ports
from readiness.rules.causes import Weights
from readiness.rules.facts import Before, Windows
from readiness.rules.graph import Graph, View
from readiness.rules.incidents import Picture, Subject, picture
from readiness.rules.notices import Board
from readiness.rules.outages import Finding, Ledger, Outage, Seen, reconcile
from readiness.rules.planned import Plans
from readiness.rules.routine import Routine
from readiness.rules.status import Change
from readiness.standing import Told
from readiness.states import LAYERS, Kept, States, from_micros
from readiness.store import Writes, moment

_REST_S_A_DEVICE = 4e-6
_POLLS_TOGETHER = 3  # of a device within Windows.together_s
_WORKS = frozenset({Status.UP, Status.DEGRADED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a subject's state is to become."""

    status: Status | Readiness
    at: float
    reason: str
    layer: Layer | None = None
    outage: int | None = None
    evidence: tuple[str, ...] = ()


Behind = Callable[[Sequence[int]], Iterable[Outage]]
"""Finds what outages explain, by their numbers."""


class Decider:
    """Keeps the present state of every subject and the open outages; times are UTC epoch seconds."""

    def __init__(
        self,
        inventory: Inventory,
        knowledge: Knowledge,
        windows: Windows,
        weights: Weights,
        rows: States,
        *,
        portals: Portals,
    ) -> None:
        self.graph: Graph = knowledge.graph
        self.rows = rows
        self.map = standing.build(inventory, self.graph)
        self.map.portals = portals
        self._knowledge, self._windows, self._weights = knowledge, windows, weights
        self._portals = portals
        self._plans = Plans(self.graph)
        self._ledger = Ledger()
        self._routine = Routine(~self.graph.carries)
        self._effect = Effect.none(len(self.graph.names))
        self._hours, self._board = _hours(inventory), Board()
        self._returns = Returns(self.graph, weights, windows.together_s, self._hours)
        self._ends: dict[Subject, float] = {}
        self._again_at = inf
        self._awaited = np.zeros(0, np.intp), np.zeros(0)  # devices, and when they had last been heard
        # A look goes over every device: a country takes one a second, a district one a turn.
        self._rest_s = len(self.graph.names) * _REST_S_A_DEVICE
        self._looked_at = -inf
        self._wants_look = False
        self._newest = -inf  # of the changes that wait for a look
        self._layered: dict[tuple[SubjectKind, int], datetime] = {}  # states of which a layer was told anew, and when
        self.numbers = count(1)  # of the next transitions
        self._outages = count(1)

    def resume(self, open_outages: Iterable[Outage], last_transition: int, last_outage: int, now: float) -> None:
        """Go on from what the store holds; roots that ended before count as ended just now."""
        kept = {outage.finding.subject: outage for outage in open_outages}
        numbers = {outage.id for outage in kept.values()}
        roots = {outage.explained_by for outage in kept.values() if outage.explained_by is not None}
        self._ledger = Ledger(kept, dict.fromkeys(roots - numbers, now))
        self.numbers, self._outages = count(last_transition + 1), count(last_outage + 1)
        self._returns.note(kept.values(), now)

    def recall(self, roots: Iterable[Finding]) -> None:
        """Note the hours at which roots of outages began, also those of days before this process."""
        for one in roots:
            node = self.graph.index.get(one.subject[1], -1) if one.subject[0] is SubjectKind.DEVICE else -1
            if node >= 0 and one.cause is Cause.POWER and (feeder := self.graph.feeders[node]):
                self._routine.cut(feeder, one.start)
            elif node >= 0:
                self._routine.silent(node, one.start)

    def announce(self, board: Board) -> Writes:
        """Judge the open outages anew by what people say now."""
        self._board = board
        return self._anew([one for one in self._ledger.open.values() if one.root], lambda _: ())

    def look_back(self, ended: Sequence[Outage], behind: Behind) -> Writes:
        """The same of `ended` roots, with what they explain."""
        return self._anew(ended, behind)

    def _anew(self, roots: Sequence[Outage], behind: Behind) -> Writes:
        told = ((one, returns.said_of(self.graph, self._board, one)) for one in roots)
        judged = ((one, returns.reconsidered(one, said, self._weights)) for one, said in told)
        changed = {one.id: after for one, after in judged if after != one}
        if not changed:
            return Writes()
        opened = {outage.id: outage for outage in self._ledger.open.values()}
        ended = [one for one in behind(list(changed)) if one.id not in opened]
        for one in (*opened.values(), *ended):
            if one.explained_by in changed:
                changed[one.id] = returns.shadow_again(one, changed[one.explained_by])
        now_open = {subject: changed.get(one.id, one) for subject, one in self._ledger.open.items()}
        self._ledger = Ledger(now_open, self._ledger.ended)
        self._returns.replace(changed)
        self._wants_look = True
        return Writes(outages=changed)

    def replan(self, plans: Plans) -> None:
        """Other work is announced than before."""
        self._plans, self._wants_look = plans, True

    def tell_villages(self, now: float) -> Writes:
        """From `now` on services need other endpoints than before."""
        writes = Writes()
        self._put_all(self.map.tell_villages(self.standings(), now, now), now, writes)
        self._count(writes)
        return writes

    def shift(self, by: float) -> None:
        """The wall clock was set by so many seconds: what waits for a look gets it now."""
        self._wants_look = True
        self._newest += by
        self._ends = {subject: at + by for subject, at in self._ends.items()}

    def standings(self) -> Standings:
        """How every device stood at the last look."""
        return self._standings(self._effect)

    def decide(self, noticed: Noticed, now: float) -> Writes:
        writes = Writes()
        endpoints = self.rows.of[SubjectKind.ENDPOINT]
        for node, change in noticed.devices:
            self._note(self.rows.of[SubjectKind.DEVICE], node, change, now, writes)
        for link, change in noticed.links:
            self._note(self.rows.of[SubjectKind.LINK], link, change, now, writes)
        for code, change in noticed.portals.endpoints:
            self._note(endpoints, endpoints.index[code], change, now, writes)
        self._wants_look |= noticed.picture or bool(noticed.portals.endpoints) or self._is_heard()
        self._newest = max([self._newest, *(change.at for _, change in [*noticed.devices, *noticed.links])])
        # What endpoints take from villages names the outage, which a look opens.
        may = bool(noticed.portals.endpoints) or not 0 <= now - self._looked_at < self._rest_s
        if may and (self._wants_look or now >= self._again_at):
            newest = self._newest if isfinite(self._newest) else now
            self._wants_look, self._newest, self._looked_at = False, -inf, now
            self._look_again(newest, now, writes)
        elif self.map.open_layer:
            self._put_all(self.map.tell_open(self.standings(), now), now, writes)
        self._tell_of_portals(noticed.portals, now, writes)
        return writes

    def put(self, kept: Kept, at: int, verdict: Verdict, now: float, writes: Writes) -> None:
        """Make `verdict` the subject's state; a transition only where status or layer is another."""
        before = kept.words[kept.status[at]], LAYERS[kept.layer[at]]
        if before != (verdict.status, verdict.layer):
            since = from_micros(int(kept.since[at]))
            moved = max(moment(verdict.at), since, self._layered.pop((kept.kind, at), since))
            made = TransitionRow(
                next(self.numbers), kept.kind, kept.names[at], moved, moment(now), before[0], verdict.status,
                verdict.reason, verdict.layer, verdict.evidence,
            )  # fmt: skip
            writes.transitions.append(made)
            # A layer that is told anew does not begin the state anew.
            if before[0] is verdict.status:
                self._layered[kept.kind, at] = moved
            kept.move(at, verdict.status, since if before[0] is verdict.status else moved, made.id)
        kept.tell(at, verdict.reason, verdict.layer, verdict.outage)

    def _note(self, kept: Kept, at: int, change: Change, now: float, writes: Writes) -> None:
        if (
            change.after in _WORKS
            and self._ledger.open
            and (subject := (kept.kind, kept.names[at])) in self._ledger.open
        ):
            unseen = change.before is Status.UNKNOWN
            self._ends[subject] = int(kept.since[at]) / 1e6 if unseen else change.at
        outage = int(kept.outage[at]) or None
        self.put(kept, at, Verdict(change.after, change.at, change.reason, outage=outage), now, writes)

    def _look_again(self, newest: float, now: float, writes: Writes) -> None:
        view = self._knowledge.view(now)
        said = self._knowledge.sayings.words()
        shut = self._knowledge.shut_links()
        words = replace(said, hours=self._hours, board=self._board, routine=self._routine, shut=shut)
        shown = picture(self.graph, view, words, self._windows, self._weights, before=self._before(now))
        awaited = np.array(shown.unheard, np.intp)
        self._awaited = awaited, view.last_ok[awaited]
        found = finding_rules.of_picture(
            self.graph, view, shown, self._ledger.open, self._weights,
            settle_s=self._windows.together_s, board=self._board,
        )  # fmt: skip
        found = shut_ports.laid_over(found, self.graph, view.alive, self._knowledge.shut, self._weights)
        found = self._plans.laid_over(found, now) | endpoint_rules.findings(self._portals.verdicts)
        seen = Seen(
            now, newest, self._windows.together_s, self._works(), self._heard(), self._ends_of_ways(), self._windows.power_s
        )  # fmt: skip
        self._ledger, changed = reconcile(self._ledger, found, seen, self._outages.__next__)
        self._ends.clear()
        settled = [at + self._windows.together_s for at in self._ledger.ended.values()]
        # What waits longer than that for somebody to ask is looked at now and then.
        waits = [at if at > now else now + self._windows.together_s for at in settled]
        if any(one.subject[0] is SubjectKind.DEVICE and one.subject not in found for one in shown.incidents):
            waits.append(now + self._windows.together_s / _POLLS_TOGETHER)
        self._again_at = min([*waits, self._plans.next_turn(now)])
        self._returns.note(changed, now)
        self.recall(outage.finding for outage in changed if outage.root)
        writes.outages |= {outage.id: outage for outage in changed}
        writes.outages |= {outage.id: outage for outage in self._returns.again(self._knowledge.boots, now)}
        self._again_at = min(self._again_at, self._returns.next_at())
        self._tell(self._effect_of(view, shown), now, writes)
        self._count(writes)
        self._point(changed)

    def _is_heard(self) -> bool:
        """Whether an answer has come for which the last look waited."""
        nodes, last_ok = self._awaited
        return bool((self._knowledge.devices.last_ok[nodes] > last_ok).any())

    def _before(self, now: float) -> Before:
        roots = [one for (kind, _), one in self._ledger.open.items() if kind is SubjectKind.DEVICE and one.root]
        settled = [one for one in self._ledger.open.values() if now - one.finding.start > self._windows.together_s]
        powerless = [one for one in settled if one.finding.cause is Cause.POWER]
        cuts = {
            one.id for one in settled if one.finding.subject[0] is SubjectKind.LINK and one.finding.cause is Cause.FIBRE
        }
        cut_off = (one for one in settled if one.explained_by in cuts)
        return Before(_names(roots), _names(powerless), _names(one for one in settled if one.root), _names(cut_off))

    def _works(self) -> dict[Subject, float]:
        """Subjects of open outages that work again, with the end of their outage."""
        works: dict[Subject, float] = {}
        for subject in self._ledger.open:
            row = self.rows.get(subject)
            if row is not None and row.status in _WORKS:
                works[subject] = self._ends.get(subject, row.since.timestamp())
        return works

    def _heard(self) -> dict[Subject, float]:
        last, index = self._knowledge.devices.last, self.graph.index
        return {
            (kind, name): float(last[index[name]]) for kind, name in self._ledger.open if kind is SubjectKind.DEVICE
        }

    def _ends_of_ways(self) -> frozenset[Subject]:
        """Open outages of devices that carry nobody else: there are many, and chance takes more of their polls."""
        carries, index = self.graph.carries, self.graph.index
        return frozenset(
            (kind, name) for kind, name in self._ledger.open
            if kind is SubjectKind.DEVICE and not carries[index[name]]
        )  # fmt: skip

    def _effect_of(self, view: View, shown: Picture) -> Effect:
        effect = Effect.none(len(self.graph.names))
        effect.status[:], effect.since[:] = self._knowledge.shown()
        effect.dark[:] = view.dead
        effect.since[view.dead] = shown.dark.start[view.dead]
        for incident in finding_rules.confirmed(self.graph, shown, view.dead):
            nodes = np.array(incident.members, np.intp)
            effect.dark[nodes] = True
            effect.since[nodes] = shown.dark.start[nodes]
            effect.layer[nodes] = FAILED.index(Layer.BACKHAUL)
            effect.root[nodes] = self._root_id(incident.subject)
            if incident.verdict.cause is Cause.POWER:
                effect.layer[list(incident.direct)] = FAILED.index(Layer.POWER)
        for (kind, name), outage in self._ledger.open.items():
            node = self.graph.index[name] if kind is SubjectKind.DEVICE else -1
            if node >= 0 and view.dead[node]:
                effect.layer[node] = FAILED.index(_layer(outage))
                effect.root[node] = outage.explained_by or outage.id
        return effect

    def _standings(self, effect: Effect) -> Standings:
        return Standings(self.graph, self._knowledge.devices, effect, self.rows.of[SubjectKind.DEVICE].reason)

    def _root_id(self, subject: Subject) -> int:
        """Id of the outage behind a subject; 0 for a cut that only seems new (see outages.py)."""
        outage = self._ledger.open.get(subject)
        return 0 if outage is None else outage.explained_by or outage.id

    def _tell(self, effect: Effect, now: float, writes: Writes) -> None:
        standings = self._standings(effect)
        self.map.portal_roots = self._portal_roots()
        changed = effect.differs(self._effect)
        sites = self.rows.of[SubjectKind.SITE]
        self._put_all(self.map.tell(standings, changed, now, sites), now, writes)
        self._put_all(self.map.tell_open(standings, now), now, writes)
        self._effect = effect

    def _tell_of_portals(self, news: News, now: float, writes: Writes) -> None:
        """Tell the villages of kendras from which an endpoint is seen otherwise, or all where it stands otherwise."""
        standings = self.standings()
        if news.endpoints:
            newest = max(change.at for _, change in news.endpoints)
            self._put_all(self.map.tell_villages(standings, newest, now), now, writes)
            self._count(writes)
        elif news.kendras:
            newest = max(news.kendras.values())
            self._put_all(self.map.tell_villages(standings, newest, now, news.kendras), now, writes)

    def _portal_roots(self) -> dict[str, int]:
        return {
            name: outage.explained_by or outage.id
            for (kind, name), outage in self._ledger.open.items() if kind is SubjectKind.ENDPOINT
        }  # fmt: skip

    def _put_all(self, tidings: Iterable[Told], now: float, writes: Writes) -> None:
        evidence = {outage.id: outage.finding.evidence for outage in self._ledger.open.values()}
        for told in tidings:
            verdict = _verdict(told, evidence)
            for at in told.place.subjects:
                self.put(self.rows.of[told.place.of], at, verdict, now, writes)

    def _count(self, writes: Writes) -> None:
        """Note the villages that each root has taken; a number once reached stays."""
        taken = self.map.taken()
        opened = dict(self._ledger.open)
        for subject, outage in self._ledger.open.items():
            villages, citizens = taken.get(outage.id, (0, None))
            if villages > outage.villages:
                opened[subject] = writes.outages[outage.id] = replace(outage, villages=villages, citizens=citizens)
        self._ledger = Ledger(opened, self._ledger.ended)

    def _point(self, changed: Iterable[Outage]) -> None:
        """Let the states of devices and links point to their own open outage."""
        for outage in changed:
            kept, at = self.rows.of[outage.finding.subject[0]], self.rows.find(outage.finding.subject)
            if at is not None and (outage.end is None or kept.outage[at] == outage.id):
                kept.point(at, outage.id if outage.end is None else None)


def _hours(inventory: Inventory) -> dict[str, Hours]:
    """The opening hours of the kendras that state theirs."""
    names, stated = (column(inventory.sites, field).to_pylist() for field in ("name", "hours"))
    return {name: parse_hours(text) for name, text in zip(names, stated, strict=True) if text}


def _names(outages: Iterable[Outage]) -> frozenset[str]:
    return frozenset(outage.finding.subject[1] for outage in outages)


def _layer(outage: Outage) -> Layer | None:
    if outage.finding.cause is Cause.POWER:
        return Layer.POWER
    return None if outage.root else Layer.BACKHAUL


def _verdict(told: Told, evidence: Mapping[int, tuple[str, ...]]) -> Verdict:
    result = told.result
    working = result.status in {Readiness.READY, Status.UP}
    outage = None if working else told.outage
    return Verdict(result.status, told.at, result.reason, result.layer, outage, evidence.get(outage or 0, ()))
