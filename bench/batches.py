"""Batches as polls of routers with two ports make them, with log-normal traffic."""

import time

import numpy as np

from collectors.metrics import NUMBER
from collectors.model import Batch

INSTANCES = ("", "GE0/0/1", "GE0/0/2")
_OF_A_PORT = (
    "ifOperStatus", "ifAdminStatus", "ifSpeed", "ifHCInOctets", "ifHCOutOctets", "ifInErrors", "ifOutErrors",
    "in_bps", "out_bps", "in_error_rate", "out_error_rate",
)  # fmt: skip
_OF_A_DEVICE = ("sysUpTime", "temperature", "host_cpu_percent")
_ROWS = [(NUMBER[name], 0) for name in _OF_A_DEVICE] + [(NUMBER[name], port) for port in (1, 2) for name in _OF_A_PORT]
SAMPLES = len(_ROWS)
"""Of one poll."""


def names(devices: int) -> tuple[str, ...]:
    return tuple(f"gp-{number:05d}" for number in range(devices))


def round_of(devices: tuple[str, ...], random: np.random.Generator, samples: int = SAMPLES) -> Batch:
    """One answered poll of each device, with so many samples."""
    count, now, rows = len(devices), time.time(), _ROWS[:samples]
    at = now + np.round(random.random(count), 3)
    value = np.round(np.exp(random.normal(12, 3, count * samples)), 3).astype(np.float64)
    return Batch(
        devices=devices,
        instances=INSTANCES,
        poll_device=np.arange(count, dtype=np.int32),
        poll_at=at,
        poll_took_ms=np.full(count, 40, np.float32),
        poll_reached=np.ones(count, np.bool_),
        poll_reason=np.full(count, -1, np.int8),
        burst_sent=np.zeros(count, np.int8),
        burst_answered=np.zeros(count, np.int8),
        sample_device=np.repeat(np.arange(count, dtype=np.int32), samples),
        sample_metric=np.tile(np.array([metric for metric, _ in rows], np.int16), count),
        sample_instance=np.tile(np.array([port for _, port in rows], np.int32), count),
        sample_at=np.repeat(at, samples),
        sample_value=value,
        closed_at=now,
    )
