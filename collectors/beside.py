"""Samples that no poll brought, as a batch of columns, and their way to the sinks."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from collectors.figures import Figures
from collectors.model import Batch

MOST_WAITING = 10_000  # batches that the sinks have not taken


class Cell(NamedTuple):
    """One sample: positions in the batch's devices and instances, row in METRICS, UTC epoch seconds."""

    device: int
    at: float
    metric: int
    instance: int
    value: float


def without_polls(devices: tuple[str, ...], instances: tuple[str, ...], cells: Sequence[Cell], now: float) -> Batch:
    """A batch of `cells`; it holds no polls, for nobody was polled."""
    device, at, metric, instance, value = zip(*cells, strict=True) if cells else ((), (), (), (), ())
    no_reason = np.zeros(0, np.int8)
    return Batch(
        devices=devices,
        instances=instances,
        poll_device=np.zeros(0, np.int32),
        poll_at=np.zeros(0),
        poll_took_ms=np.zeros(0, np.float32),
        poll_reached=np.zeros(0, np.bool_),
        poll_reason=no_reason,
        burst_sent=no_reason,
        burst_answered=no_reason,
        sample_device=np.array(device, np.int32),
        sample_metric=np.array(metric, np.int16),
        sample_instance=np.array(instance, np.int32),
        sample_at=np.array(at, np.float64),
        sample_value=np.array(value, np.float64),
        closed_at=now,
    )


def offer(ready: deque[Batch], batch: Batch, figures: Figures) -> None:
    """Let `batch` wait for the sinks; where these are too slow for what comes, its samples are left out and counted."""
    if len(ready) < MOST_WAITING:
        ready.append(batch)
    else:
        figures.left_out += len(batch.sample_value)
