"""What a batch of observation proves about devices, ports, ONTs and UPSs, as columns over the graph."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.metrics import NUMBER
from collectors.model import ANSWERED, REASONS, Batch, Reason
from inventory.model import Role
from readiness.rules.columns import Indices, Times
from readiness.rules.graph import ROLES, Graph
from readiness.rules.status import Outcome
from readiness.rules.texts import Coded

_NO_EVIDENCE = frozenset({Reason.NO_ROUTE, Reason.SECRET})


def _outcome(reason: Reason) -> Outcome:
    if reason in _NO_EVIDENCE:
        return Outcome.NOTHING
    if reason is Reason.ABSENT:
        return Outcome.LOST
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
    """Positions of known (node, text) pairs, found for whole columns at once; one that is given twice is one."""

    def __init__(self, nodes: Indices, texts: Coded) -> None:
        known = np.flatnonzero((texts.code >= 0) & (nodes >= 0))
        self._count = max(len(texts.texts), 1)
        self._code = {text: code for code, text in enumerate(texts.texts) if text}
        self.pairs, slot = np.unique(nodes[known] * self._count + texts.code[known], return_inverse=True)
        self.slot = np.full(len(nodes), -1, np.intp)
        """Position of each pair that was given, -1 for one without a text."""
        self.slot[known] = slot
        self._seen: tuple[Sequence[str], NDArray[np.int64]] = ((), np.zeros(0, np.int64))

    def codes(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The codes of a batch's texts; those of a batch with the same texts as the largest are known."""
        if self._seen[0] is texts:
            return self._seen[1]
        codes = np.array([self._code.get(text, -1) for text in texts], np.int64)
        if len(texts) >= len(self._seen[0]):
            self._seen = texts, codes
        return codes

    def find(self, nodes: Indices, codes: NDArray[np.int64]) -> Indices:
        """Position of each pair, -1 for an unknown one."""
        if not len(self.pairs) or not len(nodes):
            return np.full(len(nodes), -1, np.intp)
        wanted = nodes * self._count + codes
        at = np.minimum(np.searchsorted(self.pairs, wanted), len(self.pairs) - 1)
        return np.where((self.pairs[at] == wanted) & (codes >= 0) & (nodes >= 0), at, -1)


class Reader:
    """Translates batches to positions of the graph.

    `slots` is how many ports the links name; `slot_of` gives the slot of each link's two ends, -1
    for a port without a name.
    """

    def __init__(self, graph: Graph, seen_as: Coded) -> None:
        """`seen_as`: what each device is called by the one through which it is seen."""
        self._index = graph.index
        self._ports = _Keys(np.concatenate([graph.a, graph.b]), graph.ports)
        self.slots, self.slot_of = len(self._ports.pairs), self._ports.slot.reshape(2, -1).T.copy()
        onts = np.flatnonzero((graph.roles == ROLES.index(Role.ONT)) & (graph.through >= 0) & (seen_as.code >= 0))
        self._onts = _Keys(graph.through[onts], Coded(seen_as.code[onts], seen_as.texts))
        self._ont_node = np.full(len(self._onts.pairs), -1, np.intp)
        self._ont_node[self._onts.slot[::-1]] = onts[::-1]
        self._seen: tuple[Sequence[str], Indices] = ((), np.zeros(0, np.intp))

    def _nodes(self, devices: Sequence[str]) -> Indices:
        """The node of each of a batch's devices; those of a batch with the same devices as the largest are known."""
        if self._seen[0] is devices:
            return self._seen[1]
        nodes = self._index.all(pa.array(devices, pa.string()))
        if len(devices) >= len(self._seen[0]):
            self._seen = devices, nodes
        return nodes

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


def _polls(batch: Batch, nodes: Indices) -> Polls:
    known = nodes[batch.poll_device]
    rows = np.flatnonzero(known >= 0)
    reason = batch.poll_reason[rows]
    return Polls(
        known[rows], batch.poll_at[rows], _OF_REASON[reason], reason, batch.burst_sent[rows], batch.burst_answered[rows]
    )
