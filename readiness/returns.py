"""Outages that ended a moment ago, until what came back has told whether it rebooted."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from inventory.hours import Hours
from readiness.evidence import Readings
from readiness.model import Status, SubjectKind
from readiness.rules import returns
from readiness.rules.causes import Evidence, Weights
from readiness.rules.columns import Mask, Times
from readiness.rules.graph import Graph, Nodes
from readiness.rules.outages import Outage
from readiness.rules.returns import Boot

# Batches, of which one comes four times a second: who has not told its uptime after some polls does not tell it.
_NEXT_POLLS = 1200


class Boots:
    """When devices had started, as each said at its first answer after a silence; times are UTC epoch seconds."""

    def __init__(self, count: int) -> None:
        self._started: Times = np.full(count, -inf)
        self._told: Times = np.full(count, -inf)
        self._awaited: Mask = np.zeros(count, np.bool_)
        self._asks = 0  # batches for which somebody is still waited for

    def take(self, read: Callable[[], Readings], back: Sequence[int]) -> None:
        """Note what `back`, devices that answer again, say of their uptime, now or at one of their next polls."""
        self._awaited[back] = True
        self._asks = _NEXT_POLLS if back else self._asks - 1
        if self._asks <= 0:
            return
        uptimes = read()
        rows = np.flatnonzero(self._awaited[uptimes.about])
        nodes: Nodes = uptimes.about[rows]
        self._started[nodes] = uptimes.at[rows] - uptimes.value[rows]
        self._told[nodes] = uptimes.at[rows]
        self._awaited[nodes] = False

    def shift(self, by: float) -> None:
        """The wall clock was set by so many seconds."""
        self._started += by
        self._told += by

    def of(self, graph: Graph, names: Iterable[str]) -> Iterator[Boot]:
        for name in names:
            node = graph.index.get(name, -1)
            if node >= 0 and self._told[node] > -inf:
                yield Boot(name, float(self._started[node]), float(self._told[node]))


@dataclass
class _Ended:
    outage: Outage
    at: float  # when that was known


@dataclass
class Returns:
    """`wait_s`: how long what lay behind an outage may take to answer; a root's own device is not waited for longer."""

    graph: Graph
    weights: Weights
    wait_s: float
    hours: Mapping[str, Hours] = field(default_factory=dict)  # of kendras that state theirs, by site
    # Root -> what it explains, by number: of roots that are open, or over and not judged again yet.
    _behind: dict[int, dict[int, Outage]] = field(default_factory=dict)
    _ended: dict[int, _Ended] = field(default_factory=dict)

    def note(self, outages: Iterable[Outage], now: float) -> None:
        """Take up outages as they open, change and end."""
        for outage in sorted(outages, key=lambda one: not one.root):
            if outage.root:
                self._note_root(outage, now)
                continue
            if outage.explained_by in self._behind:
                self._behind[outage.explained_by][outage.id] = outage
            if outage.end is not None:
                self._behind.pop(outage.id, None)  # it was a root itself

    def _note_root(self, outage: Outage, now: float) -> None:
        self._behind.setdefault(outage.id, {})
        if outage.end is None:
            return
        if outage.finding.status is Status.DOWN:
            self._ended[outage.id] = _Ended(outage, now)
        else:
            self._behind.pop(outage.id)

    def replace(self, told: Mapping[int, Outage]) -> None:
        """Go on with what was told anew of outages, by number, in place of what is remembered of them."""
        for number, outage in told.items():
            if number in self._ended:
                self._ended[number].outage = outage
            if outage.explained_by in self._behind:
                self._behind[outage.explained_by][number] = outage

    def again(self, boots: Boots, now: float) -> list[Outage]:
        """Outages that those that came back tell more of, and what they explained."""
        told: list[Outage] = []
        for number, ended in list(self._ended.items()):
            found = list(boots.of(self.graph, self._names(ended.outage)))
            waited = not 0 <= now - ended.at < self.wait_s
            if waited or any(_is_own(boot, ended.outage) for boot in found):
                told += self._judged(ended.outage, found)
                del self._ended[number]
                self._behind.pop(number, None)
        return told

    def next_at(self) -> float:
        """When there is something to do at the latest."""
        return min((ended.at + self.wait_s for ended in self._ended.values()), default=inf)

    def _names(self, outage: Outage) -> set[str]:
        every = [outage, *self._behind.get(outage.id, {}).values()]
        devices = {one.finding.subject[1] for one in every if one.finding.subject[0] is SubjectKind.DEVICE}
        return devices | returns.ends(outage)

    def _judged(self, outage: Outage, boots: list[Boot]) -> list[Outage]:
        after = returns.again(outage, self._evidence(outage, boots), self.weights)
        if after == outage:
            return []
        behind = self._behind.get(outage.id, {}).values()
        # What is still open is told by the picture.
        return [after, *(returns.shadow_again(one, after) for one in behind if one.end is not None)]

    def _evidence(self, outage: Outage, boots: list[Boot]) -> tuple[Evidence, ...]:
        node = self.graph.index.get(outage.finding.subject[1], -1)
        at_end = node >= 0 and not self.graph.carries[node]
        on_wire = node >= 0 and not any(self.graph.cuttable[link] for link in self.graph.touching[node])
        hours = self.hours.get(self.graph.site_of(node)) if node >= 0 else None
        early = returns.back_early(outage, hours) if hours else ()
        apart = len({self._feeder_of(name) for name in returns.ends(outage)}) > 1
        by_radio = node >= 0 and not any(self.graph.is_fibre[link] for link in self.graph.touching[node])
        said = returns.evidence(
            outage, boots, at_end=bool(at_end), on_wire=on_wire, polls_s=self.wait_s, apart=apart, by_radio=by_radio
        )
        return (*said, *early)

    def _feeder_of(self, name: str) -> str:
        node = self.graph.index.get(name, -1)
        return self.graph.feeders[node] if node >= 0 else ""


def _is_own(boot: Boot, outage: Outage) -> bool:
    return outage.finding.subject == (SubjectKind.DEVICE, boot.device) and boot.tells_of(outage)
