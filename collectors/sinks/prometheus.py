"""The newest values and the collector's own figures as a Prometheus exposition.

`collect` may run in another thread than the sink: a table of values is replaced, never resized.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample

from collectors.figures import DELAY_BOUNDS_S, Figures, Reading
from collectors.metrics import METRICS, Kind
from collectors.model import REASONS, Batch, Reason
from collectors.sinks.labels import Labels, labels_of
from collectors.sinks.latest import EMPTY, Latest, updated
from collectors.sinks.names import EXPOSED, PREFIX
from inventory.model import Inventory

_GONE_INTERVALS = 5  # a device silent this long has no values any more
_GONE_S = 7200.0  # nor has a port or ONT; slow objects are read hourly
_TOOK_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NOT_ASKED = np.array([REASONS.index(Reason.NO_ROUTE), REASONS.index(Reason.SECRET)], np.int8)


@dataclass(slots=True)
class _Seen:
    """What is known of the devices of one inventory. Arrays are of shape (devices,)."""

    devices: tuple[str, ...]
    labels: Sequence[dict[str, str]]
    gone_s: NDArray[np.float64]  # silent this long, a device has no values any more
    reached_at: NDArray[np.float64]
    up: NDArray[np.float64]  # NaN: not polled yet
    instances: tuple[str, ...] = ("",)
    latest: Latest = EMPTY

    @classmethod
    def nothing(
        cls, devices: tuple[str, ...], labels: Mapping[str, Labels], intervals_s: Mapping[str, float]
    ) -> "_Seen":
        count = len(devices)
        return cls(
            devices,
            [_labels(labels.get(name, Labels(name, "", "", ""))) for name in devices],
            np.array([_GONE_INTERVALS * intervals_s.get(name, 0.0) for name in devices]),
            np.zeros(count),
            np.full(count, np.nan),
        )

    def take(self, batch: Batch) -> None:
        self.instances = batch.instances  # before the values that need them: `values` runs in another thread
        self.latest = updated(self.latest, batch)
        alive = batch.poll_reached | (batch.burst_answered > 0)
        self.reached_at[batch.poll_device[alive]] = batch.poll_at[alive]
        asked = ~np.isin(batch.poll_reason, _NOT_ASKED)
        self.up[batch.poll_device[asked]] = alive[asked]

    def values(self, now: float) -> Iterator[Metric]:
        latest = self.latest
        there = now - self.reached_at[latest.device] <= self.gone_s[latest.device]
        shown = latest.chosen(there & (now - latest.at <= _GONE_S))
        starts = np.searchsorted(shown.metric, np.arange(len(METRICS) + 1))
        for number in np.flatnonzero(np.diff(starts)):
            part = shown.chosen(slice(starts[number], starts[number + 1]))
            yield _family(int(number), part, self.labels, self.instances)

    def devices_up(self) -> Metric:
        family = GaugeMetricFamily(f"{PREFIX}device_up", "1 where the device answered its last poll, else 0")
        polled = np.flatnonzero(~np.isnan(self.up))
        family.samples = [
            Sample(family.name, self.labels[number], float(self.up[number])) for number in polled.tolist()
        ]
        return family


class PrometheusSink(Collector):
    """A sink, and the collector that shows what it took."""

    def __init__(
        self, inventory: Inventory, interval_s: float, figures: Figures, readings: Sequence[Reading] = ()
    ) -> None:
        """`interval_s`: of devices without their own."""
        self._labels = labels_of(inventory)
        self._intervals = {device.name: float(device.interval_s or interval_s) for device in inventory.devices.values()}
        self._figures = figures
        self._readings = readings
        self._seen = _Seen.nothing((), {}, {})
        self._outcomes = np.zeros(len(REASONS) + 1, np.int64)
        self._took = np.zeros(len(_TOOK_BOUNDS_S) + 1, np.int64)
        self._took_sum_s = 0.0

    def register(self, registry: CollectorRegistry) -> None:
        registry.register(self)

    async def __call__(self, batch: Batch) -> None:
        if not len(batch.poll_device):
            return  # looks at endpoints: sinks/endpoints.py shows them
        if batch.devices is not self._seen.devices:
            self._seen = _Seen.nothing(batch.devices, self._labels, self._intervals)
        self._seen.take(batch)
        self._outcomes += np.bincount(batch.poll_reason + 1, minlength=len(self._outcomes))
        took_s = batch.poll_took_ms / 1000
        self._took += np.bincount(np.searchsorted(_TOOK_BOUNDS_S, took_s), minlength=len(self._took))
        self._took_sum_s += float(took_s.sum())

    def collect(self) -> Iterator[Metric]:
        """Every family; series of devices that are gone from the inventory or silent for long are not there."""
        seen = self._seen
        yield from seen.values(time.time())
        yield seen.devices_up()
        yield from self._polls()
        yield from _own(self._figures)
        for reading in self._readings:
            family = CounterMetricFamily if reading.counter else GaugeMetricFamily
            yield family(PREFIX + reading.name, reading.help, value=reading.value())

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not render everything once."""
        return iter(())

    def _polls(self) -> Iterator[Metric]:
        polls = CounterMetricFamily(f"{PREFIX}polls", "Polls by how they ended", labels=["outcome"])
        for outcome, count in zip(("answered", *REASONS), self._outcomes, strict=True):
            polls.add_metric([str(outcome)], int(count))
        yield polls
        yield _histogram("poll_duration", "Time a poll took", _TOOK_BOUNDS_S, self._took, self._took_sum_s)


def _family(number: int, part: Latest, labels: Sequence[dict[str, str]], instances: Sequence[str]) -> Metric:
    metric, shown = METRICS[number], EXPOSED[number]
    counter = metric.kind is Kind.COUNTER
    family = Metric(
        shown.name.removesuffix("_total") if counter else shown.name, metric.help, "counter" if counter else "gauge"
    )
    values = (part.value * shown.factor).tolist()
    columns = zip(part.device.tolist(), part.instance.tolist(), values, strict=True)
    family.samples = [
        Sample(shown.name, {**labels[device], "port": instances[place]} if place else labels[device], value)
        for device, place, value in columns
    ]
    return family


def _labels(labels: Labels) -> dict[str, str]:
    return {"device": labels.device, "site": labels.site, "role": labels.role, "district": labels.district}


def _histogram(
    name: str, help_text: str, bounds: Sequence[float], counts: NDArray[np.int64] | Sequence[int], total: float
) -> Metric:
    """A family in seconds; `counts` by bucket, one more than `bounds` for what is above."""
    sums = accumulate(int(count) for count in counts)
    buckets = [*((f"{bound:g}", value) for bound, value in zip((*bounds, float("inf")), sums, strict=True))]
    buckets[-1] = ("+Inf", buckets[-1][1])
    return HistogramMetricFamily(f"{PREFIX}{name}_seconds", help_text, buckets=buckets, sum_value=total)


def _own(figures: Figures) -> Iterator[Metric]:
    """What the run loop counts."""
    delays = [figures.loop_delays[bound] for bound in DELAY_BOUNDS_S]
    yield _histogram(
        "event_loop_delay", "How late the event loop came back", DELAY_BOUNDS_S[:-1], delays, figures.loop_delay_sum_s
    )
    for name, help_text, value in (
        ("polls_missed", "Polls left out because their time passed before they could begin", figures.missed),
        ("polls_crashed", "Polls that ended in a fault of the collector", figures.crashed),
        ("bursts", "Bursts of probes after two silent polls", figures.bursts),
        ("batches", "Batches handed to the sinks", figures.batches),
        ("samples", "Samples handed to the sinks", figures.samples),
    ):
        yield CounterMetricFamily(PREFIX + name, help_text, value=value)
    for name, help_text, value in (
        ("polls_under_way", "Polls under way", figures.under_way),
        ("polls_waiting", "Polls due and not begun", figures.waiting),
        ("polls_unbatched", "Polls finished and in no batch yet", figures.unbatched),
        (
            "devices_without_secret",
            "Devices not polled because their credential cannot be resolved",
            figures.unresolved,
        ),
    ):
        yield GaugeMetricFamily(PREFIX + name, help_text, value=value)
    failures = CounterMetricFamily(f"{PREFIX}sink_failures", "Batches that a sink failed on", labels=["sink"])
    seconds = CounterMetricFamily(f"{PREFIX}sink_seconds", "Time spent in a sink", labels=["sink"])
    for sink, spent in figures.sink_seconds.items():
        failures.add_metric([sink], figures.sink_failures[sink])
        seconds.add_metric([sink], spent)
    yield failures
    yield seconds
