"""From what a batch changed to what has to be stored: transitions, states, outages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from math import inf

import numpy as np

from inventory.model import Inventory, Level
from readiness import standing
from readiness.knowledge import Knowledge, Noticed
from readiness.model import Cause, Layer, Readiness, Status, SubjectKind
from readiness.portals import News, Portals
from readiness.read import StateRow, TransitionRow
from readiness.rules import endpoint as endpoint_rules
from readiness.rules import findings as finding_rules
from readiness.rules.causes import Weights
from readiness.rules.facts import Before, Windows
from readiness.rules.graph import Graph, View
from readiness.rules.incidents import Picture, Subject, picture
from readiness.rules.outages import Ledger, Outage, Seen, reconcile
from readiness.rules.status import Change
from readiness.standing import LAYERS, Effect, Standings, Told
from readiness.store import Writes, moment

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


class Decider:
    """Keeps the present state of every subject and the open outages; times are UTC epoch seconds."""

    def __init__(
        self,
        inventory: Inventory,
        knowledge: Knowledge,
        windows: Windows,
        weights: Weights,
        rows: dict[Subject, StateRow],
        *,
        portals: Portals,
    ) -> None:
        self.graph: Graph = knowledge.graph
        self.rows = rows
        self.map = standing.build(inventory, self.graph)
        self.map.portals = portals
        self._knowledge, self._windows, self._weights = knowledge, windows, weights
        self._portals = portals
        self._ledger = Ledger()
        self._effect = Effect.none(len(self.graph.devices))
        self._ends: dict[Subject, float] = {}
        self._again_at = inf
        self._transitions = count(1)
        self._outages = count(1)

    def resume(self, open_outages: Iterable[Outage], last_transition: int, last_outage: int, now: float) -> None:
        """Go on from what the store holds; roots that ended before count as ended just now."""
        kept = {outage.finding.subject: outage for outage in open_outages}
        numbers = {outage.id for outage in kept.values()}
        roots = {outage.explained_by for outage in kept.values() if outage.explained_by is not None}
        self._ledger = Ledger(kept, dict.fromkeys(roots - numbers, now))
        self._transitions, self._outages = count(last_transition + 1), count(last_outage + 1)

    def decide(self, noticed: Noticed, now: float) -> Writes:
        writes = Writes()
        for node, change in noticed.devices:
            self._note((SubjectKind.DEVICE, self.graph.devices[node].name), change, now, writes)
        for link, change in noticed.links:
            self._note((SubjectKind.LINK, self.graph.links[link].name), change, now, writes)
        for code, change in noticed.portals.endpoints:
            self._note((SubjectKind.ENDPOINT, code), change, now, writes)
        if noticed.picture or noticed.portals.endpoints or now >= self._again_at:
            newest = max((change.at for _, change in [*noticed.devices, *noticed.links]), default=now)
            self._look_again(newest, now, writes)
        elif self.map.open_layer:
            standings = Standings(self.graph, self._knowledge.devices, self._effect)
            self._put_all(self.map.tell_open(standings, now), now, writes)
        self._tell_of_portals(noticed.portals, now, writes)
        return writes

    def put(self, subject: Subject, verdict: Verdict, now: float, writes: Writes) -> None:
        """Make `verdict` the subject's state; a transition only where status or layer is another."""
        before = self.rows[subject]
        row = replace(before, reason=verdict.reason, outage=verdict.outage)
        if (before.status, before.layer) != (verdict.status, verdict.layer):
            kind, name = subject
            at = max(moment(verdict.at), before.since)
            made = TransitionRow(
                next(self._transitions), kind, name, at, moment(now), before.status, verdict.status, verdict.reason,
                verdict.layer, verdict.evidence,
            )  # fmt: skip
            writes.transitions.append(made)
            # A layer that is told anew does not begin the state anew.
            since = before.since if before.status is verdict.status else at
            row = replace(row, status=verdict.status, since=since, layer=verdict.layer, transition=made.id)
        if row != before:
            self.rows[subject] = writes.states[subject] = row

    def _note(self, subject: Subject, change: Change, now: float, writes: Writes) -> None:
        before = self.rows[subject]
        if change.after in _WORKS:
            unseen = change.before is Status.UNKNOWN
            self._ends[subject] = before.since.timestamp() if unseen else change.at
        self.put(subject, Verdict(change.after, change.at, change.reason, outage=before.outage), now, writes)

    def _look_again(self, newest: float, now: float, writes: Writes) -> None:
        view = self._knowledge.view(now)
        words, before = self._knowledge.sayings.words(), self._before(now)
        shown = picture(self.graph, view, words, self._windows, self._weights, before=before)
        found = finding_rules.of_picture(self.graph, view, shown, self._ledger.open, self._weights)
        found |= endpoint_rules.findings(self._portals.verdicts)
        seen = Seen(now, newest, self._windows.together_s, self._works(), self._heard())
        self._ledger, changed = reconcile(self._ledger, found, seen, self._outages.__next__)
        self._ends.clear()
        settled = [at + self._windows.together_s for at in self._ledger.ended.values()]
        # What waits longer than that for somebody to ask is looked at now and then.
        self._again_at = min((at if at > now else now + self._windows.together_s for at in settled), default=inf)
        writes.outages |= {outage.id: outage for outage in changed}
        self._tell(self._effect_of(view, shown), now, writes)
        self._count(writes)
        self._point(changed, now, writes)

    def _before(self, now: float) -> Before:
        roots = [one for (kind, _), one in self._ledger.open.items() if kind is SubjectKind.DEVICE and one.root]
        settled = [one for one in self._ledger.open.values() if now - one.finding.start > self._windows.together_s]
        powerless = [one for one in settled if one.finding.cause is Cause.POWER]
        return Before(_names(roots), _names(powerless), _names(one for one in settled if one.root))

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

    def _effect_of(self, view: View, shown: Picture) -> Effect:
        effect = Effect.none(len(self.graph.devices))
        effect.status[:] = self._knowledge.devices.status
        effect.since[:] = self._knowledge.devices.since
        effect.dark[:] = view.dead
        effect.since[view.dead] = shown.dark.start[view.dead]
        for incident in finding_rules.confirmed(self.graph, shown, view.dead):
            nodes = np.array(incident.members, np.intp)
            effect.dark[nodes] = True
            effect.since[nodes] = shown.dark.start[nodes]
            effect.layer[nodes] = LAYERS.index(Layer.BACKHAUL)
            effect.root[nodes] = self._root_id(incident.subject)
            if incident.verdict.cause is Cause.POWER:
                effect.layer[list(incident.direct)] = LAYERS.index(Layer.POWER)
        dead = {self.graph.devices[node].name: node for node in np.flatnonzero(view.dead).tolist()}
        for (kind, name), outage in self._ledger.open.items():
            if kind is SubjectKind.DEVICE and name in dead:
                effect.layer[dead[name]] = LAYERS.index(_layer(outage))
                effect.root[dead[name]] = outage.explained_by or outage.id
        return effect

    def _root_id(self, subject: Subject) -> int:
        """Id of the outage behind a subject; 0 for a cut that only seems new (see outages.py)."""
        outage = self._ledger.open.get(subject)
        return 0 if outage is None else outage.explained_by or outage.id

    def _tell(self, effect: Effect, now: float, writes: Writes) -> None:
        standings = Standings(self.graph, self._knowledge.devices, effect)
        self.map.portal_roots = self._portal_roots()
        self._put_all(self.map.tell(standings, effect.differs(self._effect), now), now, writes)
        self._put_all(self.map.tell_open(standings, now), now, writes)
        self._effect = effect

    def _tell_of_portals(self, news: News, now: float, writes: Writes) -> None:
        """Tell the villages of kendras from which an endpoint is seen otherwise, or all where it stands otherwise."""
        standings = Standings(self.graph, self._knowledge.devices, self._effect)
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
            for subject in told.place.subjects:
                self.put(subject, verdict, now, writes)

    def _count(self, writes: Writes) -> None:
        """Note the villages that each root has taken; a number once reached stays."""
        taken = self.map.taken()
        opened = dict(self._ledger.open)
        for subject, outage in self._ledger.open.items():
            villages, citizens = taken.get(outage.id, (0, None))
            if villages > outage.villages:
                opened[subject] = writes.outages[outage.id] = replace(outage, villages=villages, citizens=citizens)
        self._ledger = Ledger(opened, self._ledger.ended)

    def _point(self, changed: Iterable[Outage], now: float, writes: Writes) -> None:
        """Let the states of devices and links point to their own open outage."""
        for outage in changed:
            row = self.rows.get(outage.finding.subject)
            if row is not None and (outage.end is None or row.outage == outage.id):
                number = outage.id if outage.end is None else None
                verdict = Verdict(row.status, row.since.timestamp(), row.reason, row.layer, number)
                self.put(outage.finding.subject, verdict, now, writes)


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


def subjects_of(inventory: Inventory) -> list[Subject]:
    """Everything that has a state."""
    return [
        *((SubjectKind.DEVICE, name) for name in inventory.devices),
        *((SubjectKind.LINK, name) for name in inventory.links),
        *((SubjectKind.SITE, name) for name in inventory.sites),
        *((SubjectKind.ENDPOINT, code) for code in inventory.endpoints),
        *((SubjectKind.VILLAGE, area.key) for area in inventory.areas.values() if area.level is Level.VILLAGE),
    ]
