"""What Prometheus is shown: the newest values of devices, and the collector's own figures.

`collect` may run in another thread than the sink.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collectors.figures import DELAY_BOUNDS_S, Figures, Reading
from collectors.model import REASONS, Batch
from collectors.sinks.endpoints import Looks
from collectors.sinks.names import PREFIX
from collectors.sinks.series import Series
from inventory.model import Inventory

_TOOK_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class PrometheusSink(Collector):
    """A sink; `series` and `looks` show what it took, and as a collector it shows the figures of the run."""

    def __init__(
        self, inventory: Inventory, interval_s: float, figures: Figures, readings: Sequence[Reading] = ()
    ) -> None:
        """`interval_s`: of devices without their own."""
        self.series = Series(inventory, interval_s)
        self.looks = Looks(inventory)
        self._figures = figures
        self._readings = readings
        self._outcomes = np.zeros(len(REASONS) + 1, np.int64)
        self._took = np.zeros(len(_TOOK_BOUNDS_S) + 1, np.int64)
        self._took_sum_s = 0.0

    async def __call__(self, batch: Batch) -> None:
        if not len(batch.poll_device):
            self.looks.take(batch)
            return
        await asyncio.to_thread(self.series.take, batch)  # a millisecond mostly, fifty when slots move together
        self._outcomes += np.bincount(batch.poll_reason + 1, minlength=len(self._outcomes))
        took_s = batch.poll_took_ms / 1000
        self._took += np.bincount(np.searchsorted(_TOOK_BOUNDS_S, took_s), minlength=len(self._took))
        self._took_sum_s += float(took_s.sum())

    def collect(self) -> Iterator[Metric]:
        """Every figure of the run."""
        yield from self._polls()
        yield from _own(self._figures)
        help_text = "Samples not shown to Prometheus: their device has too many series"
        yield CounterMetricFamily(f"{PREFIX}series_refused_samples", help_text, value=self.series.refused)
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
        (
            "samples_left_out",
            "Samples of looks, pings and notifications left out because the sinks were too slow",
            figures.left_out,
        ),
        ("samples_unnamed", "Samples left out: ports, disks or ONTs with too many different names", figures.unnamed),
    ):
        yield CounterMetricFamily(PREFIX + name, help_text, value=value)
    for name, help_text, value in (
        ("polls_under_way", "Polls under way", figures.under_way + figures.in_volleys),
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
