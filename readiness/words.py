"""What devices said before they or their neighbours fell silent; stored, because a silent device can't be asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from inventory.model import Role
from readiness.evidence import Readings
from readiness.rules.facts import LOSS_OF_SIGNAL, Ups, Words
from readiness.rules.graph import ROLES, Graph


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one device as they are stored; times are UTC epoch seconds, None is never."""

    down_cause: int | None = None  # of an ONT, as its OLT told it: ont_last_down_cause
    battery_since: float | None = None
    battery_at: float | None = None
    mains_at: float | None = None


class Sayings:
    """The newest words of each ONT and UPS."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._down_cause: dict[int, int] = {}
        self._ups = {node: Ups(node) for node in np.flatnonzero(graph.roles == ROLES.index(Role.UPS)).tolist()}
        self._unsaved: set[int] = set()

    def words(self) -> Words:
        return Words(tuple(self._ups.values()), self._down_cause)

    def lost_light(self, ont: int) -> bool:
        return self._down_cause.get(ont) == LOSS_OF_SIGNAL

    def take(self, causes: Readings, on_battery: Readings) -> bool:
        """Whether a UPS began to run on its battery."""
        for node, value in zip(causes.about.tolist(), causes.value.tolist(), strict=True):
            if self._down_cause.get(node) != int(value):
                self._down_cause[node] = int(value)
                self._unsaved.add(node)
        readings = zip(on_battery.about.tolist(), on_battery.at.tolist(), on_battery.value.tolist(), strict=True)
        begins = [self._take_ups(node, at, on_battery=value == 1) for node, at, value in readings]
        return any(begins)

    def _take_ups(self, node: int, at: float, *, on_battery: bool) -> bool:
        before = self._ups.get(node, Ups(node))
        begins = on_battery and before.mains_at >= before.battery_at
        if on_battery:
            self._ups[node] = replace(before, battery_since=at if begins else before.battery_since, battery_at=at)
        else:
            self._ups[node] = replace(before, mains_at=at)
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
            self._down_cause.get(node), _or_never(ups.battery_since), _or_never(ups.battery_at), _or_never(ups.mains_at)
        )

    def recall(self, stored: Mapping[str, Said]) -> None:
        """Take up what an earlier process was told."""
        for name, said in stored.items():
            node = self._graph.index.get(name)
            if node is None:
                continue
            if said.down_cause is not None:
                self._down_cause[node] = said.down_cause
            if node in self._ups:
                self._ups[node] = Ups(
                    node,
                    inf if said.battery_since is None else said.battery_since,
                    -inf if said.battery_at is None else said.battery_at,
                    -inf if said.mains_at is None else said.mains_at,
                )


def _or_never(at: float) -> float | None:
    return None if at in {inf, -inf} else at
