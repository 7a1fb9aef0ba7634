"""What a scrape of a state costs, and for how long it keeps the interpreter from others.

`interpreter_ms`: so long another thread waited for the interpreter meanwhile, its waits for a processor left out.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.batches import SAMPLES, names, round_of
from collectors.figures import Figures
from collectors.sinks.exposition import compressed
from collectors.sinks.prometheus import PrometheusSink
from inventory.model import Area, Device, Inventory, Level, Names, Role, Site, SiteKind

_DISTRICTS = 28


def run(quick: bool) -> dict[str, float]:
    """Of a state of 8,000 devices, and of one of its districts."""
    devices = names(200 if quick else 8_000)
    sink = PrometheusSink(_state(devices), 60, Figures())
    asyncio.run(sink(round_of(devices, np.random.default_rng(1))))
    now = time.time()
    area = sink.series.areas[0]
    whole = sink.series.text(now)
    return {
        "series": len(devices) * (SAMPLES + 1),
        "octets": len(whole),
        **_costs("whole", lambda: sink.series.text(now)),
        **_costs("district", lambda: sink.series.text(now, area)),
        **_costs("compressing_whole", lambda: compressed(whole)),
    }


def _costs(name: str, what: Callable[[], bytes]) -> dict[str, float]:
    what()
    cpu, wall = time.process_time(), time.perf_counter()
    what()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        f"{name}_ms": round(wall * 1000, 1),
        f"{name}_cpu_ms": round(cpu * 1000, 1),
        f"{name}_interpreter_ms": round(_blocked_s(what) * 1000, 1),
    }


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


def _state(devices: tuple[str, ...]) -> Inventory:
    areas = [Area(Level.STATE, "22", Names("Bench"))]
    areas += [Area(Level.DISTRICT, str(number), Names("Bench"), "state:22") for number in range(_DISTRICTS)]
    sites = [Site(f"site-{n}", SiteKind.GP, f"district:{n % _DISTRICTS}", Names("Bench")) for n in range(len(devices))]
    routers = [Device(name, Role.ROUTER, site.name) for name, site in zip(devices, sites, strict=True)]
    return Inventory(
        areas={area.key: area for area in areas},
        sites={site.name: site for site in sites},
        devices={device.name: device for device in routers},
    )
