"""What a batch of observation proves about devices, ports, ONTs and UPSs, as columns over the graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.metrics import NUMBER
from collectors.model import ANSWERED, REASONS, Batch, Reason
from collectors.traps.meanings import MEANINGS, Meaning
from inventory.model import Role
from readiness.rules.columns import Indices, Mask, Times
from readiness.rules.graph import ROLES, Graph
from readiness.rules.status import Outcome
from readiness.rules.texts import Coded

_NO_EVIDENCE = frozenset({Reason.NO_ROUTE, Reason.SECRET})


def _outcome(reason: Reason) -> Outcome:
    if reason in _NO_EVIDENCE:
        return Outcome.NOTHING
    if reason is Reason.ABSENT:
        return Outcome.LOST
    if reason is Reason.DEADLINE:
        return Outcome.PART
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


_NOBODY, _NEVER, _NO_CODE = np.zeros(0, np.intp), np.zeros(0), np.zeros(0, np.int8)
_NO_POLLS = Polls(_NOBODY, _NEVER, _NO_CODE, _NO_CODE, _NO_CODE, _NO_CODE)
_NO_READINGS = Readings(_NOBODY, _NEVER, _NEVER)


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
class Wanted:
    """Which readings matter: values up to `low`, those from `high` on, and whatever `nodes` tell.

    `nodes` has an entry for each node and one more for unknown devices; None where no node matters by itself.
    """

    low: float = -inf
    high: float = inf
    nodes: Mask | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a batch, read metric by metric: nearly none of them matter to judgement."""

    batch: Batch
    nodes: Indices  # of the batch's devices
    count: NDArray[np.intp]  # of the samples of each metric
    reader: "Reader"

    def of_nodes(self, metric: str, wanted: Wanted | None = None) -> Readings:
        rows, node = self._rows(metric, wanted)
        return self._readings(rows, node)

    def of_ports(self, metric: str, wanted: Wanted | None = None) -> Readings:
        """By slot."""
        return self._keyed(self.reader.ports, *self._rows(metric, wanted))

    def of_onts(self, metric: str, wanted: Wanted | None = None) -> Readings:
        """By the ONT's node; `wanted` is asked with that of its OLT."""
        found = self._keyed(self.reader.onts, *self._rows(metric, wanted))
        return Readings(self.reader.ont_node[found.about], found.at, found.value)

    def _rows(self, metric: str, wanted: Wanted | None) -> tuple[Indices, Indices]:
        batch = self.batch
        if not self.count[NUMBER[metric]]:
            return _NOBODY, _NOBODY
        rows = np.flatnonzero(batch.sample_metric == NUMBER[metric])
        if wanted is not None:
            value = batch.sample_value[rows]
            some = (value <= wanted.low) | (value >= wanted.high)
            if wanted.nodes is not None:
                some |= wanted.nodes[self.nodes[batch.sample_device[rows]]]
            rows = rows[some]
        return rows, self.nodes[batch.sample_device[rows]]

    def _keyed(self, keys: "_Keys", rows: Indices, node: Indices) -> Readings:
        if not len(rows):
            return _NO_READINGS
        codes = keys.codes(self.batch.instances)
        return self._readings(rows, keys.find(node, codes[self.batch.sample_instance[rows]]))

    def _readings(self, rows: Indices, about: Indices) -> Readings:
        known = about >= 0
        rows = rows[known]
        return Readings(about[known], self.batch.sample_at[rows], self.batch.sample_value[rows])


_NOBODY = np.zeros(0, np.intp)
_NO_READINGS = Readings(_NOBODY, np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Evidence:
    polls: Polls
    ports: Readings  # by slot
    ont_states: Readings
    ont_causes: Readings
    on_battery: Readings
    told: Readings  # by node: what it told by a trap, see collectors.traps.meanings
    told_down: Readings  # by slot: a trap said that the port went down
    echo_loss: Readings  # share of echo requests that were lost, in percent, by node
    samples: Samples  # whatever else there is
    sightings: tuple[Sighting, ...] = ()
    uptimes: Callable[[], Readings] = lambda: _NO_READINGS  # sysUpTime, which is seldom needed
    runtimes: Readings = _NO_READINGS  # ups_runtime_s


LINK_DOWN, ON_BATTERY, DYING_GASP = (
    1 + MEANINGS.index(one) for one in (Meaning.LINK_DOWN, Meaning.ON_BATTERY, Meaning.DYING_GASP)
)
"""Values of the metric `notification`."""


_OBSERVERS = 6  # polls, echo requests, notifications, check-ins and two kinds of looks at endpoints


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
        self._texts = texts.texts
        self._code = {text: code for code, text in enumerate(texts.texts) if text}
        self.pairs, slot = np.unique(nodes[known] * self._count + texts.code[known], return_inverse=True)
        self.slot = np.full(len(nodes), -1, np.intp)
        """Position of each pair that was given, -1 for one without a text."""
        self.slot[known] = slot
        self._seen: tuple[Sequence[str], NDArray[np.int64]] = ((), np.zeros(0, np.int64))

    def node(self, pair: int) -> int:
        return int(self.pairs[pair]) // self._count

    def nodes_of(self, pairs: Indices) -> Indices:
        nodes: Indices = self.pairs[pairs] // self._count
        return nodes

    def text(self, pair: int) -> str:
        return self._texts[int(self.pairs[pair]) % self._count]

    def pair(self, node: int, text: str) -> int:
        """Position of the pair, -1 for an unknown one."""
        code = self._code.get(text, -1)
        return int(self.find(np.array([node], np.intp), np.array([code], np.int64))[0])

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
        self.ports = _Keys(np.concatenate([graph.a, graph.b]), graph.ports)
        self.slots, self.slot_of = len(self.ports.pairs), self.ports.slot.reshape(2, -1).T.copy()
        onts = np.flatnonzero((graph.roles == ROLES.index(Role.ONT)) & (graph.through >= 0) & (seen_as.code >= 0))
        self.onts = _Keys(graph.through[onts], Coded(seen_as.code[onts], seen_as.texts))
        self.ont_node = np.full(len(self.onts.pairs), -1, np.intp)
        self.ont_node[self.onts.slot[::-1]] = onts[::-1]
        self._seen: list[tuple[Sequence[str], Indices]] = []

    def _nodes(self, devices: Sequence[str]) -> Indices:
        """The node of each of a batch's devices; those of each observer's newest batches are known."""
        for number, (seen, nodes) in enumerate(self._seen):
            if seen is devices:
                self._seen.insert(0, self._seen.pop(number))
                return nodes
        nodes = self._index.all(pa.array(devices, pa.string()))
        self._seen = [(devices, nodes), *self._seen][:_OBSERVERS]
        return nodes

    def read(self, batch: Batch) -> Evidence:
        nodes = self._nodes(batch.devices)
        count = np.bincount(batch.sample_metric, minlength=len(NUMBER))
        samples = Samples(batch, nodes, count, self)
        return Evidence(
            _polls(batch, nodes),
            samples.of_ports("ifOperStatus"),
            samples.of_onts("ont_state"),
            samples.of_onts("ont_last_down_cause"),
            samples.of_nodes("ups_on_battery"),
            samples.of_nodes("notification"),
            _that_say(samples.of_ports("notification"), LINK_DOWN),
            samples.of_nodes("icmp_loss_percent"),
            samples,
            () if len(batch.poll_device) else sightings(batch),
            uptimes=partial(samples.of_nodes, "sysUpTime"),
            runtimes=samples.of_nodes("ups_runtime_s"),
        )


def _that_say(readings: Readings, value: int) -> Readings:
    some = readings.value == value
    return Readings(readings.about[some], readings.at[some], readings.value[some])


def _polls(batch: Batch, nodes: Indices) -> Polls:
    known = nodes[batch.poll_device]
    rows = np.flatnonzero(known >= 0)
    reason = batch.poll_reason[rows]
    return Polls(
        known[rows], batch.poll_at[rows], _OF_REASON[reason], reason, batch.burst_sent[rows], batch.burst_answered[rows]
    )
