"""The ways in which the product speaks SNMP, each alone: gufo-snmp, pysnmp and volleys, by community and by user.

GETs of 12 objects to a simulated fleet in a process of its own, at 40 ms and 1 % loss. What each costs
is this process' CPU time by answered device; how many a second also depends on the other process.
By community the simulator's fleet answers, by user its engines, which are made to answer as quickly here. Volleys ask
and read in lots of one size, whatever the agents bear: what a device costs falls with how many go together.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import uvloop
from numpy.typing import NDArray

from bench.fleet import routers
from bench.sealed_agents import SealedAgents
from collectors.facts import ipv4
from collectors.model import Failure
from collectors.pressure import Pressure, after
from collectors.snmp.backend import SnmpBackend, Target, Usm
from collectors.snmp.open import open_backend
from collectors.volley.volley import Requests, Volley
from inventory.model import Inventory
from simulator import ber
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from simulator.usm import User

_WEATHER = Weather(delay_s=0.04, loss=0.01)
_PORT_COLUMNS = ("31.1.1.1.6", "31.1.1.1.10", "2.2.1.8", "2.2.1.14", "2.2.1.7")
_OBJECTS = (
    "1.3.6.1.2.1.1.3.0",
    "1.3.6.1.2.1.1.5.0",
    *(f"1.3.6.1.2.1.{column}.{port}" for column in _PORT_COLUMNS for port in (3, 4)),
)
_WORDS = "words of a benchmark"
_USM = Usm("bench", "SHA-256", _WORDS, "AES", _WORDS)
_TIMEOUT_S = 2.0
_AT_ONCE = {"gufo": 200, "pysnmp": 40}  # more make neither faster
_UNDER_WAY = 2000  # requests in volleys
_WARM_UP_S = 120.0
_TICK_S = 0.02
_SENT, _READ = 500, 1000  # devices at once, as the product at full pace
_LONGEST_WAIT_S = 1.8  # for so many: nearly _TIMEOUT_S


@dataclass
class _Figures:
    """What a backend did between two moments."""

    answered: int = 0
    elapsed_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def devices_per_second(self) -> float:
        return round(self.answered / self.elapsed_s, 1)

    @property
    def cpu_us_per_device(self) -> float:
        return round(self.cpu_s / max(1, self.answered) * 1e6, 1)


def run(quick: bool) -> dict[str, float]:
    """Devices a second and CPU microseconds a device of each, and what v3 (authPriv) costs beside v2c."""
    devices, seconds = (300, 0.7) if quick else (3000, 4.0)
    os.environ["PAHUNCH_BENCH_COMMUNITY"] = "bench"
    found: dict[str, float] = {"devices": devices, "objects": len(_OBJECTS)}
    cost: dict[tuple[str, str], _Figures] = {}
    places = routers(devices)
    for version, agents in (("v2c", FleetProcess(Plan(places, weather=_WEATHER))), ("v3", _sealed_agents())):
        with agents as fleet:
            targets = _targets(places, fleet.port, version)
            for name, measure in _WAYS.items():
                cost[name, version] = figures = uvloop.run(measure(targets, seconds))
                found[f"{name}_{version}_devices_per_second"] = figures.devices_per_second
                found[f"{name}_{version}_cpu_us_per_device"] = figures.cpu_us_per_device
    for name in _WAYS:
        v2c, v3 = cost[name, "v2c"].cpu_us_per_device, cost[name, "v3"].cpu_us_per_device
        found[f"{name}_v3_to_v2c_cpu"] = round(v3 / max(v2c, 0.1), 2)
    return found


def _sealed_agents() -> SealedAgents:
    """The same devices, asked by SNMPv3, authPriv."""
    user = User(_USM.user.encode(), _USM.auth_protocol, _USM.auth, _USM.priv_protocol, _USM.priv)
    return SealedAgents(user, {oid: _told(oid) for oid in _OBJECTS}, _WEATHER)


def _told(oid: str) -> bytes:
    """As large as a router's."""
    if oid.startswith("1.3.6.1.2.1.31.1.1.1."):
        return ber.integer(123_456_789_012, ber.COUNTER64)
    return ber.tlv(ber.OCTETS, b"router-123") if oid == "1.3.6.1.2.1.1.5.0" else ber.integer(1)


def _targets(places: Inventory, port: int, version: str) -> list[Target]:
    of_all = Target("", port, timeout_s=_TIMEOUT_S)
    of_all = replace(of_all, version=3, usm=_USM) if version == "v3" else replace(of_all, community="bench")
    return [replace(of_all, address=device.primary_ip) for device in places.devices.values()]


async def _by_backend(name: str, targets: Sequence[Target], seconds: float) -> _Figures:
    backend = open_backend(name)
    figures = _Figures()
    asking = [asyncio.create_task(_ask(backend, part, figures)) for part in _shares(targets, _AT_ONCE[name])]
    await _until(figures, len(asking))  # its first steps, as making an engine, are no measure
    await _between(figures, seconds)
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    await backend.close()
    return figures


async def _until(figures: _Figures, answered: int) -> None:
    async with asyncio.timeout(_WARM_UP_S):
        while figures.answered < answered:  # noqa: ASYNC110 - a count, no event
            await asyncio.sleep(0.05)


async def _between(figures: _Figures, seconds: float) -> None:
    """Count in `figures` what happens from now on for so long, and until something has."""
    figures.answered, cpu, began = 0, time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    await _until(figures, 1)
    figures.elapsed_s, figures.cpu_s = time.monotonic() - began, time.process_time() - cpu


def _shares(targets: Sequence[Target], count: int) -> list[Sequence[Target]]:
    return [part for start in range(count) if (part := targets[start::count])]


async def _ask(backend: SnmpBackend, targets: Sequence[Target], figures: _Figures) -> None:
    """Ask one after the other, for ever."""
    with suppress(asyncio.CancelledError):
        while True:
            for target in targets:
                answer = await backend.get(target, _OBJECTS)
                figures.answered += not isinstance(answer, Failure)


async def _by_volley(targets: Sequence[Target], seconds: float) -> _Figures:
    volley = Volley(_TIMEOUT_S, wait_s=0)
    figures = _Figures()
    asking = asyncio.create_task(_volleys(volley, targets, figures))
    await _until(figures, 2 * len(targets))  # the fleet makes its devices when they are asked
    await _between(figures, seconds)
    asking.cancel()
    await asyncio.wait([asking])
    volley.close()
    return figures


async def _volleys(volley: Volley, targets: Sequence[Target], figures: _Figures) -> None:
    """Keep up to _UNDER_WAY devices asked, in turn, for ever: as many as the fleet bears."""
    number = volley.template(targets[0].usm or targets[0].community, _OBJECTS)
    address = np.array([ipv4(target.address) for target in targets], np.uint32)
    turns, free = np.arange(len(targets), dtype=np.int32), np.ones(len(targets), np.bool_)
    pressure, read_at = Pressure(_UNDER_WAY), 0.0
    sent, read = (min(lot, len(targets) // 4) for lot in (_SENT, _READ))
    with suppress(asyncio.CancelledError):
        while True:
            ready = turns[free[turns]][: max(0, int(pressure.window) - int((~free).sum()))]
            if len(ready) >= min(sent, pressure.window):
                turns = np.concatenate([turns[~np.isin(turns, ready)], ready])
                free[ready] = False
                port = np.full(len(ready), targets[0].port, np.uint16)
                free[volley.send(Requests(ready, np.full(len(ready), number), address[ready], port))] = True
            volley.receive()
            if (now := time.monotonic()) >= read_at or volley.unread >= read:
                read_at = now + _LONGEST_WAIT_S
                answered, silent = _settle(volley, free, now)
                figures.answered += answered
                pressure = after(pressure, answered, silent, _UNDER_WAY)
            await asyncio.sleep(_TICK_S)


def _settle(volley: Volley, free: NDArray[np.bool_], now: float) -> tuple[int, int]:
    """(how many answered, how many were silent); all of them are free again."""
    answers = volley.answers()
    devices, _ = volley.silent(now)
    free[devices] = True
    if answers is None:
        return 0, len(devices)
    free[answers.device] = True
    return int(answers.values.good.sum()), len(devices)


_WAYS: dict[str, Callable[[Sequence[Target], float], Coroutine[None, None, _Figures]]] = {
    "volley": _by_volley,  # first: it waits until the whole fleet is there
    "gufo": lambda targets, seconds: _by_backend("gufo", targets, seconds),
    "pysnmp": lambda targets, seconds: _by_backend("pysnmp", targets, seconds),
}
