"""Observation end to end: SNMP to a simulated fleet by the whole product, and by its peer on the same agents.

The product is `manage.py run`: schedule, volleys, decode, rates, judgement, Parquet, Prometheus' values, pages. The
fleet answers from a process of its own, which is not counted.
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.fleet import routers
from bench.machine import cpu_s
from bench.peer import Agents, PeerMissingError, measure
from bench.places import COMMUNITY
from bench.polled import kept
from bench.product import Product, Reading, prepare, running
from inventory.model import Inventory
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan

_WEATHER = Weather(delay_s=0.04, loss=0.01)
_WARM_UP_S = 600.0
_PORTS = (3, 4)  # ifIndex of a router's two ports in the simulated fleet
_PEER_EVERY_S = 5
_PEER_AGENTS = 4_000


def run(quick: bool) -> dict[str, float]:
    """Figures at the highest rate that the interval asks for; `quick` for a check that it works."""
    devices, interval_s, seconds = (300, 2.0, 5.0) if quick else (32_000, 2.0, 30.0)
    os.environ[COMMUNITY] = "bench"
    places = routers(devices)
    with (
        tempfile.TemporaryDirectory() as folder,
        FleetProcess(Plan(places, weather=_WEATHER)) as fleet,
    ):
        product, peer = Path(folder, "product"), Path(folder, "peer")
        product.mkdir()
        peer.mkdir()
        prepare(product, places)
        with running(product, fleet.port, interval_s) as one:
            figures = _observed(one, len(places.devices), seconds, fleet.pid or 0)
            last = one.read()
        figures["samples_lost"] = _lost(product / "history", last)
        agents = _agents(places, fleet.port, 200 if quick else _PEER_AGENTS)
        return {**figures, **_beside(peer, agents, figures, seconds)}


def _observed(product: Product, devices: int, seconds: float, fleet: int) -> dict[str, float]:
    known = product.wait(lambda at: at.knows(devices), _WARM_UP_S, "every device recognised")
    enough = known.answered() + 2 * devices
    product.wait(lambda at: at.answered() > enough, _WARM_UP_S, "every device asked again")
    first, agents = product.read(), cpu_s([fleet])
    time.sleep(seconds)
    last, agents = product.read(), cpu_s([fleet]) - agents
    elapsed, answered = last.at - first.at, last.figures.answered() - first.figures.answered()
    samples = _more(first, last, "pahunch_samples_total")
    cpu = last.cpu_s - first.cpu_s
    return {
        "devices": devices,
        "devices_per_second": round(answered / elapsed),
        "cpu_us_per_device": round(cpu / answered * 1e6, 1),
        "samples_per_device": round(samples / answered, 1),
        "answered": round(answered),
        "missed": round(_more(first, last, "pahunch_polls_missed_total")),
        "pss_mb": round(last.pss_mb, 1),
        "loop_delays_above_50_ms": round(last.figures.above_50_ms() - first.figures.above_50_ms()),
        "agents_cpu_us_per_device": round(agents / answered * 1e6, 1),
    }


def _lost(history: Path, last: Reading) -> int:
    """Samples that were received and are not stored: those of polls that the sinks got and the history hasn't."""
    stored = kept(history)
    missing = max(0.0, last.figures.answered() - stored.answered) + stored.empty
    return round(missing * last.figures.by_name["pahunch_samples_total"] / last.figures.answered())


def _more(first: Reading, last: Reading, name: str) -> float:
    return last.figures.by_name.get(name, 0.0) - first.figures.by_name.get(name, 0.0)


def _agents(places: Inventory, port: int, most: int) -> Agents:
    addresses = [f"{device.primary_ip}:{port}" for device in places.devices.values()]
    return Agents(addresses[:most], _PORTS, os.environ[COMMUNITY])


def _beside(folder: Path, agents: Agents, figures: Mapping[str, float], seconds: float) -> Mapping[str, float]:
    try:
        peer = measure(folder, agents, _PEER_EVERY_S, seconds)
    except PeerMissingError as error:
        print(f"without its peer: {error}", file=sys.stderr)
        return {}
    ratio = peer["peer_cpu_us_per_device"] / figures["cpu_us_per_device"]
    return {**peer, "ratio_cpu": round(ratio, 1)}
