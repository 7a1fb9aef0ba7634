"""What a scrape of a state costs, and for how long it keeps the interpreter from others.

`interpreter_ms`: so long another thread waited for the interpreter meanwhile, its waits for a processor left out.
"""

import asyncio
import resource
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.batches import SAMPLES, names, round_of
from collectors.figures import Figures
from collectors.sinks.exposition import compressed
from collectors.sinks.prometheus import PrometheusSink
from inventory.model import Area, Device, Inventory, Level, Names, Role, Site, SiteKind

_DISTRICTS, _DISTRICTS_OF_INDIA = 28, 700
_OF_A_POLL = 12  # samples
_A_BATCH = 1_100  # polls


def run(quick: bool) -> dict[str, float]:
    """Of a state of 8,000 devices, of one of its districts; and of the country's 264,000 with 12 samples a poll."""
    devices = names(200 if quick else 8_000)
    sink = PrometheusSink(_inventory(devices, _DISTRICTS), 60, Figures())
    asyncio.run(sink(round_of(devices, np.random.default_rng(1))))
    now = time.time()
    area = sink.series.areas[0]
    whole = b"".join(sink.series.text(now))
    return {
        "series": len(devices) * (SAMPLES + 1),
        "octets": len(whole),
        **_costs("whole", lambda: _size(sink.series.text(now))),
        **_costs("district", lambda: _size(sink.series.text(now, area))),
        **_costs("compressing_whole", lambda: _size(compressed([whole]))),
        **asyncio.run(_country(names(2_000 if quick else 264_000))),
    }


async def _country(devices: tuple[str, ...]) -> dict[str, float]:
    """Each device polled three times: the first brings no rates, and nothing is new in the third."""
    facts = _inventory(devices, _DISTRICTS_OF_INDIA)
    before = _octets()
    sink = PrometheusSink(facts, 60, Figures())
    random = np.random.default_rng(2)
    for samples in (_OF_A_POLL - 4, _OF_A_POLL):
        await _round(sink, devices, random, samples)
    cpu = await _round(sink, devices, random, _OF_A_POLL)
    area, now = sink.series.areas[0], time.time()
    return {
        "country_series": len(devices) * (_OF_A_POLL + 1),
        "country_megabytes": round((_octets() - before) / 1e6, 1),
        "country_cpu_us_per_poll": round(cpu / len(devices) * 1e6, 2),
        **_costs("country_district", lambda: _size(sink.series.text(now, area))),
        **_costs("country_whole", lambda: _size(sink.series.text(now))),
    }


async def _round(sink: PrometheusSink, devices: tuple[str, ...], random: np.random.Generator, samples: int) -> float:
    """CPU seconds that the sink took for a poll of each device, in batches of a quarter of a second."""
    order = random.permutation(len(devices)).astype(np.int32)
    spent = 0.0
    for begin in range(0, len(order), _A_BATCH):
        some = order[begin : begin + _A_BATCH]
        made = round_of(tuple(devices[n] for n in some), random, samples)
        batch = replace(made, devices=devices, poll_device=some, sample_device=np.repeat(some, samples))
        began = time.process_time()
        await sink(batch)
        spent += time.process_time() - began
    return spent


def _octets() -> int:
    """What this process has in memory, once all has been given back that can be."""
    pa.default_memory_pool().release_unused()
    resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(resident) * resource.getpagesize()


def _costs(name: str, what: Callable[[], int]) -> dict[str, float]:
    what()
    cpu, wall = time.process_time(), time.perf_counter()
    what()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        f"{name}_ms": round(wall * 1000, 1),
        f"{name}_cpu_ms": round(cpu * 1000, 1),
        f"{name}_interpreter_ms": round(_blocked_s(what) * 1000, 1),
    }


def _size(pieces: Iterable[bytes]) -> int:
    return sum(map(len, pieces))


def _blocked_s(what: Callable[[], object]) -> float:
    """How long another thread that wants the interpreter all the time did not get it while `what` ran."""
    begun, over = threading.Event(), threading.Event()
    blocked_s = 0.0

    def want() -> None:
        nonlocal blocked_s
        begun.set()
        began, before = time.perf_counter(), _ran_or_queued_s()
        while not over.is_set():
            pass
        blocked_s = time.perf_counter() - began - (_ran_or_queued_s() - before)

    thread = threading.Thread(target=want)
    thread.start()
    begun.wait()
    what()
    over.set()
    thread.join()
    return max(0.0, blocked_s)


def _ran_or_queued_s() -> float:
    """Time that this thread ran or waited for a processor: no other time is spent but waiting for a lock (Linux)."""
    ran_ns, queued_ns, _ = Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()
    return (int(ran_ns) + int(queued_ns)) / 1e9


def _inventory(devices: tuple[str, ...], districts: int) -> Inventory:
    areas = [Area(Level.STATE, "22", Names("Bench"))]
    areas += [Area(Level.DISTRICT, str(number), Names("Bench"), "state:22") for number in range(districts)]
    sites = [Site(f"site-{n}", SiteKind.GP, f"district:{n % districts}", Names("Bench")) for n in range(len(devices))]
    routers = [Device(name, Role.ROUTER, site.name) for name, site in zip(devices, sites, strict=True)]
    return Inventory(
        areas={area.key: area for area in areas},
        sites={site.name: site for site in sites},
        devices={device.name: device for device in routers},
    )
