"""Batches made by hand."""

import time
from collections.abc import Sequence

import numpy as np

from collectors.metrics import NUMBER
from collectors.model import REASONS, Batch, Reason

Sample = tuple[str, str, str, float]
"""Device, metric, instance, value."""


_instances = {"": 0}  # grows from batch to batch, as in a builder


def batch(
    samples: Sequence[Sample] = (),
    *,
    devices: tuple[str, ...],
    at: float | None = None,
    failed: Sequence[tuple[str, Reason]] = (),
    burst: tuple[int, int] = (0, 0),
) -> Batch:
    """One poll a device that has samples or `failed`; all at one time, with `burst` on the failed ones."""
    now = time.time() if at is None else at
    for _, _, instance, _ in samples:
        _instances.setdefault(instance, len(_instances))
    reached = list(dict.fromkeys(device for device, _, _, _ in samples))
    polled = [*reached, *(device for device, _ in failed)]
    none, count = len(reached), len(polled)
    return Batch(
        devices=devices,
        instances=tuple(_instances),
        poll_device=np.array([devices.index(device) for device in polled], np.int32),
        poll_at=np.full(count, now),
        poll_took_ms=np.full(count, 12.5, np.float32),
        poll_reached=np.arange(count) < none,
        poll_reason=np.array([-1] * none + [REASONS.index(reason) for _, reason in failed], np.int8),
        burst_sent=np.array([0] * none + [burst[0]] * len(failed), np.int8),
        burst_answered=np.array([0] * none + [burst[1]] * len(failed), np.int8),
        sample_device=np.array([devices.index(device) for device, _, _, _ in samples], np.int32),
        sample_metric=np.array([NUMBER[metric] for _, metric, _, _ in samples], np.int16),
        sample_instance=np.array([_instances[instance] for _, _, instance, _ in samples], np.int32),
        sample_at=np.full(len(samples), now),
        sample_value=np.array([value for _, _, _, value in samples], np.float64),
        closed_at=now,
    )
