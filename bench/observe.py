"""Observation end to end: SNMP to a simulated fleet, decode, rates, batches, Prometheus' values, Parquet.

The fleet answers from a process of its own, which is not counted. Judgement is not part of it yet.
"""

import asyncio
import os
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import uvloop

from bench.fleet import routers
from collectors.catalogue import load_profiles
from collectors.figures import Figures
from collectors.model import Batch
from collectors.rates import FROM_COUNTER
from collectors.run import observe
from collectors.sinks.history import HistorySink
from collectors.sinks.prometheus import PrometheusSink
from collectors.snmp.open import open_backend
from collectors.volley.volley import Volley
from inventory.model import Inventory
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from storage.segments import Writer
from storage.settings import CollectSettings, Settings

_WEATHER = Weather(delay_s=0.04, loss=0.01)
_WARM_UP_S = 120.0
_COUNTERS = np.array(sorted(FROM_COUNTER))


@dataclass
class _Tally:
    """A sink that counts: polls, those answered, samples, and those that the history keeps."""

    polls: int = 0
    answered: int = 0
    samples: int = 0
    kept: int = 0

    async def __call__(self, batch: Batch) -> None:
        self.polls += len(batch.poll_device)
        self.answered += int(batch.poll_reached.sum())
        self.samples += len(batch.sample_value)
        self.kept += int((~np.isin(batch.sample_metric, _COUNTERS)).sum())


def run(quick: bool) -> dict[str, float]:
    """Figures of a few seconds at the highest rate that the interval asks for; `quick` for a check that it works."""
    devices, interval_s, seconds = (500, 2.0, 4.0) if quick else (8_000, 2.0, 12.0)
    os.environ["PAHUNCH_BENCH_COMMUNITY"] = "bench"
    places = routers(devices)
    with tempfile.TemporaryDirectory() as folder, FleetProcess(Plan(places, weather=_WEATHER)) as fleet:
        collect = CollectSettings(interval_s=interval_s, concurrency=4000, snmp_port=fleet.port)
        return uvloop.run(_measure(places, Settings(collect=collect), Path(folder), seconds))


async def _measure(places: Inventory, settings: Settings, folder: Path, seconds: float) -> dict[str, float]:
    tally, figures, stop = _Tally(), Figures(), asyncio.Event()
    backend, history = open_backend(settings.collect.backend), HistorySink(Writer(folder))
    volley = Volley(settings.collect.timeout_s)
    sinks = (tally, history, PrometheusSink(places, settings.collect.interval_s, figures))
    running = asyncio.create_task(
        observe(places, backend, load_profiles(), settings, sinks=sinks, stop=stop, figures=figures, volley=volley)
    )
    async with asyncio.timeout(_WARM_UP_S):
        while tally.answered < 2 * len(places.devices) * 0.97:  # noqa: ASYNC110 - everybody recognised and asked again
            await asyncio.sleep(0.1)
    before, cpu, started, missed = _Tally(**vars(tally)), time.process_time(), time.monotonic(), figures.missed
    await asyncio.sleep(seconds)
    elapsed, cpu = time.monotonic() - started, time.process_time() - cpu
    answered, samples = tally.answered - before.answered, tally.samples - before.samples
    stop.set()
    await running
    await history.close()
    await backend.close()
    volley.close()
    stored = _stored(folder)
    return {
        "devices": len(places.devices),
        "objects": round(samples / answered, 1),
        "polls": tally.polls - before.polls,
        "answered": answered,
        "missed": figures.missed - missed,
        "samples": samples,
        "samples_lost": tally.kept - stored,
        "devices_per_second": round(answered / elapsed),
        "cpu_us_per_device": round(cpu / answered * 1e6, 1),
        "octets_per_sample": round(history.octets / max(1, stored), 2),
        "resident_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "loop_delay_mean_ms": round(figures.loop_delay_sum_s / sum(figures.loop_delays.values()) * 1000, 2),
        "loop_delays_above_50_ms": sum(count for bound, count in figures.loop_delays.items() if bound > 0.05),
    }


def _stored(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("samples/*/*.parquet"))
