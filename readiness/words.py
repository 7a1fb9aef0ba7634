"""What devices said before they or their neighbours fell silent; stored, because a silent device can't be asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import inf, isfinite

import numpy as np

from inventory.model import Role
from readiness.evidence import DYING_GASP, ON_BATTERY, Readings
from readiness.rules.facts import LOSS_OF_SIGNAL, Ups, Words
from readiness.rules.graph import ROLES, Graph

_LONGEST_S = 30 * 86400.0  # no battery lasts so long: counters full of ones do, and their moment has no date
_HINT_S = 120.0  # how long what a trap told waits for the poll that confirms it


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one device as they are stored; times are UTC epoch seconds, None is never."""

    down_cause: int | None = None  # of an ONT, as its OLT told it: ont_last_down_cause
    battery_since: float | None = None
    battery_at: float | None = None
    mains_at: float | None = None
    empty_at: float | None = None  # when its battery would have been empty, as it told last


class Sayings:
    """The newest words of each ONT and UPS."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._down_cause: dict[int, int] = {}
        self._ups = {node: Ups(node) for node in np.flatnonzero(graph.roles == ROLES.index(Role.UPS)).tolist()}
        self._unsaved: set[int] = set()
        # What traps told, by node: it counts when a poll bears it out, and never by itself.
        self._battery_told: dict[int, float] = {}
        self._gasps: dict[int, float] = {}

    def words(self) -> Words:
        return Words(tuple(self._ups.values()), self._down_cause, gasps=self._gasps)

    def lost_light(self, ont: int) -> bool:
        return self._down_cause.get(ont) == LOSS_OF_SIGNAL

    def take_told(self, told: Readings) -> None:
        """Note what devices told by traps. Whoever can send may forge one: it is believed when polls show the same."""
        for node, at, value in zip(told.about.tolist(), told.at.tolist(), told.value.tolist(), strict=True):
            if value == ON_BATTERY:
                self._battery_told[node] = at
            elif value == DYING_GASP:
                self._gasps[node] = at

    def take(self, causes: Readings, on_battery: Readings, runtimes: Readings) -> bool:
        """Whether a UPS began to run on its battery."""
        for node, value in zip(causes.about.tolist(), causes.value.tolist(), strict=True):
            if isfinite(value) and self._down_cause.get(node) != int(value):
                self._down_cause[node] = int(value)
                self._unsaved.add(node)
        readings = zip(on_battery.about.tolist(), on_battery.at.tolist(), on_battery.value.tolist(), strict=True)
        begins = [self._take_ups(node, at, on_battery=value == 1) for node, at, value in readings]
        for node, at, value in zip(runtimes.about.tolist(), runtimes.at.tolist(), runtimes.value.tolist(), strict=True):
            self._take_runtime(node, at, value)
        return any(begins)

    def _take_runtime(self, node: int, at: float, left_s: float) -> None:
        """Note how long the battery lasts that a UPS feeds from; while it has mains nobody needs that."""
        before = self._ups.get(node, Ups(node))
        if before.battery_at >= max(at, before.mains_at) and 0 <= left_s <= _LONGEST_S:
            self._ups[node] = replace(before, empty_at=at + left_s)
            self._unsaved.add(node)

    def _take_ups(self, node: int, at: float, *, on_battery: bool) -> bool:
        before = self._ups.get(node, Ups(node))
        begins = on_battery and before.mains_at >= before.battery_at
        if on_battery:
            told = self._battery_told.pop(node, -inf)
            began = told if before.mains_at < told <= at and at - told <= _HINT_S else at
            since, empty_at = (began, inf) if begins else (before.battery_since, before.empty_at)
            self._ups[node] = replace(before, battery_since=since, battery_at=at, empty_at=empty_at)
        else:
            since = at if before.battery_at >= before.mains_at else before.mains_since
            self._ups[node] = replace(before, mains_at=at, mains_since=since)
        self._unsaved.add(node)
        return begins

    def unsaved(self) -> dict[str, Said]:
        """By device what was said since this was last called."""
        said = {self._graph.names[node]: self._said(node) for node in sorted(self._unsaved)}
        self._unsaved.clear()
        return said

    def _said(self, node: int) -> Said:
        ups = self._ups.get(node, Ups(node))
        return Said(
            self._down_cause.get(node), _or_never(ups.battery_since), _or_never(ups.battery_at),
            _or_never(ups.mains_at), _or_never(ups.empty_at),
        )  # fmt: skip

    def shift(self, by: float) -> None:
        """The wall clock was set by so many seconds."""
        self._ups = {node: _moved(ups, by) for node, ups in self._ups.items()}
        self._battery_told = {node: at + by for node, at in self._battery_told.items()}
        self._gasps = {node: at + by for node, at in self._gasps.items()}

    def recall(self, stored: Mapping[str, Said], now: float) -> None:
        """Take up what an earlier process was told; if its clock was ahead of `now`, the newest was told just now."""
        for name, said in stored.items():
            node = self._graph.index.get(name)
            if node is None:
                continue
            if said.down_cause is not None:
                self._down_cause[node] = said.down_cause
            if node in self._ups:
                ups = _ups(node, said)
                ahead = max(ups.battery_at, ups.mains_at) - now
                self._ups[node] = _moved(ups, -ahead, now) if ahead > 0 else ups
                self._unsaved |= {node} if ahead > 0 else set()


def _ups(node: int, said: Said) -> Ups:
    """Since when a UPS has had mains isn't stored: it had when it last said so."""
    battery_at, mains_at = (-inf if at is None else at for at in (said.battery_at, said.mains_at))
    since, empty_at = (inf if at is None else at for at in (said.battery_since, said.empty_at))
    return Ups(node, since, battery_at, mains_at, empty_at, mains_since=mains_at if mains_at > battery_at else -inf)


def _moved(ups: Ups, by: float, after: float = -inf) -> Ups:
    """The same with all times later than `after` moved."""
    times = {told.name: getattr(ups, told.name) for told in fields(ups) if told.name != "node"}
    return replace(ups, **{name: at + by if at > after else at for name, at in times.items()})


def _or_never(at: float) -> float | None:
    return None if at in {inf, -inf} else at
