"""What a batch of observation proves about devices, ports, ONTs and UPSs, as columns over the graph."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collectors.metrics import NUMBER
from collectors.model import ANSWERED, REASONS, Batch, Reason
from inventory.model import Role
from readiness.rules.columns import Indices, Times
from readiness.rules.graph import Graph
from readiness.rules.status import Outcome

_NO_EVIDENCE = frozenset({Reason.NO_ROUTE, Reason.SECRET})


def _outcome(reason: Reason) -> Outcome:
    if reason in _NO_EVIDENCE:
        return Outcome.NOTHING
    return Outcome.WRONG if reason in ANSWERED else Outcome.SILENT


_FAILURE, _HTTP_STATUS, _TOTAL = (
    NUMBER[name] for name in ("endpoint_failure", "endpoint_http_status", "endpoint_total_s")
)
_OF_LOOKS = np.array([_FAILURE, _HTTP_STATUS, _TOTAL], np.int16)

_OF_REASON = np.array([*(_outcome(reason) for reason in REASONS), Outcome.ANSWER], np.int8)
"""Outcome by position in REASONS; the last entry is for -1, no failure."""


@dataclass(frozen=True, slots=True)
class Polls:
    node: Indices
    at: Times
    outcome: NDArray[np.int8]
    reason: NDArray[np.int8]
    burst_sent: NDArray[np.int8]
    burst_answered: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Readings:
    """Values of one metric by what they are about: a port's slot, or a node."""

    about: Indices
    at: Times
    value: Times


@dataclass(frozen=True, slots=True)
class Sighting:
    """A look at an endpoint by a device, or by the collector itself (collectors.http.look.NOC)."""

    endpoint: str
    device: str
    at: float
    failure: Reason | None
    http_status: int  # 0: none came
    total_s: float


@dataclass(frozen=True, slots=True)
class Evidence:
    polls: Polls
    ports: Readings  # by slot
    ont_states: Readings
    ont_causes: Readings
    on_battery: Readings
    sightings: tuple[Sighting, ...] = ()


_NOBODY, _NEVER, _NO_CODE = np.zeros(0, np.intp), np.zeros(0), np.zeros(0, np.int8)
_NO_POLLS = Polls(_NOBODY, _NEVER, _NO_CODE, _NO_CODE, _NO_CODE, _NO_CODE)
_NO_READINGS = Readings(_NOBODY, _NEVER, _NEVER)


def sightings(batch: Batch) -> tuple[Sighting, ...]:
    """The looks at endpoints that a batch holds."""
    cells: dict[tuple[int, int, float], dict[int, float]] = {}
    for row in np.flatnonzero(np.isin(batch.sample_metric, _OF_LOOKS)).tolist():
        look = int(batch.sample_device[row]), int(batch.sample_instance[row]), float(batch.sample_at[row])
        cells.setdefault(look, {})[int(batch.sample_metric[row])] = float(batch.sample_value[row])
    return tuple(
        Sighting(
            batch.instances[endpoint], batch.devices[device], at, REASONS[int(told[_FAILURE]) - 1] if told[_FAILURE] else None,
            int(told.get(_HTTP_STATUS, 0)), told.get(_TOTAL, 0.0),
        )
        for (device, endpoint, at), told in cells.items() if _FAILURE in told
    )  # fmt: skip


class _Keys:
    """Positions of known (device, text) pairs, found for whole columns at once."""

    def __init__(self, pairs: Sequence[tuple[int, str]]) -> None:
        self._codes: dict[str, int] = {}
        for _, text in pairs:
            self._codes.setdefault(text, len(self._codes))
        keys = np.array([node * len(self._codes) + self._codes[text] for node, text in pairs], np.int64)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def codes(self, texts: Sequence[str]) -> NDArray[np.int64]:
        return np.array([self._codes.get(text, -1) for text in texts], np.int64)

    def find(self, nodes: Indices, codes: NDArray[np.int64]) -> Indices:
        """Position of each pair in the order given at the start, -1 for an unknown one."""
        if not len(self._keys) or not len(nodes):
            return np.full(len(nodes), -1, np.intp)
        wanted = nodes * len(self._codes) + codes
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where((self._keys[at] == wanted) & (codes >= 0) & (nodes >= 0), self._order[at], -1)


class Reader:
    """Translates batches to positions of the graph.

    `slots` are the ports that links name; `slot_of` gives the slot of each link's two ends, -1
    for a port without a name.
    """

    def __init__(self, graph: Graph) -> None:
        self._index = graph.index
        self.slots, self.slot_of = _slots(graph)
        self._ports = _Keys(self.slots)
        onts = [node for node, device in enumerate(graph.devices) if _is_ont(device.role, graph, node)]
        self._ont_node = np.array(onts, np.intp)
        self._onts = _Keys([(int(graph.through[node]), graph.devices[node].seen_as) for node in onts])
        self._seen: tuple[tuple[str, ...], Indices] = ((), np.zeros(0, np.intp))

    def _nodes(self, devices: tuple[str, ...]) -> Indices:
        if self._seen[0] is not devices:
            known = np.array([self._index.get(name, -1) for name in devices], np.intp)
            self._seen = devices, known
        return self._seen[1]

    def read(self, batch: Batch) -> Evidence:
        if not len(batch.poll_device):  # looks at endpoints
            return Evidence(_NO_POLLS, _NO_READINGS, _NO_READINGS, _NO_READINGS, _NO_READINGS, sightings(batch))
        nodes = self._nodes(batch.devices)
        ports, onts = self._ports.codes(batch.instances), self._onts.codes(batch.instances)

        def about(metric: str, keys: _Keys | None, codes: NDArray[np.int64]) -> Readings:
            rows = np.flatnonzero(batch.sample_metric == NUMBER[metric])
            found = nodes[batch.sample_device[rows]]
            if keys is not None:
                found = keys.find(found, codes[batch.sample_instance[rows]])
            rows, found = rows[found >= 0], found[found >= 0]
            return Readings(found, batch.sample_at[rows], batch.sample_value[rows])

        states, causes = about("ont_state", self._onts, onts), about("ont_last_down_cause", self._onts, onts)
        return Evidence(
            _polls(batch, nodes),
            about("ifOperStatus", self._ports, ports),
            Readings(self._ont_node[states.about], states.at, states.value),
            Readings(self._ont_node[causes.about], causes.at, causes.value),
            about("ups_on_battery", None, ports),
        )


def _is_ont(role: Role, graph: Graph, node: int) -> bool:
    return role is Role.ONT and graph.through[node] >= 0


def _slots(graph: Graph) -> tuple[list[tuple[int, str]], NDArray[np.intp]]:
    numbers: dict[tuple[int, str], int] = {}
    slot_of = np.full((len(graph.links), 2), -1, np.intp)
    for position, link in enumerate(graph.links):
        ends = ((int(graph.a[position]), link.a_port), (int(graph.b[position]), link.b_port))
        for end, (node, port) in enumerate(ends):
            if port:
                slot_of[position, end] = numbers.setdefault((node, port), len(numbers))
    return list(numbers), slot_of


def _polls(batch: Batch, nodes: Indices) -> Polls:
    known = nodes[batch.poll_device]
    rows = np.flatnonzero(known >= 0)
    reason = batch.poll_reason[rows]
    return Polls(
        known[rows], batch.poll_at[rows], _OF_REASON[reason], reason, batch.burst_sent[rows], batch.burst_answered[rows]
    )
