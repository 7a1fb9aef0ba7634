"""All of BharatNet on one machine: 264,000 GPs' routers polled by the whole product, with faults that it has to find.

Real places; simulated devices, in a process of their own that is reported apart. Every device is recognised, then
it runs for a while with faults in force, is killed and begins again, and at last polls twice as often.
"""

import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from bench.found import judged
from bench.machine import cpu_s, pss_mb
from bench.places import COMMUNITY, country
from bench.polled import first_answer, polled
from bench.product import Product, Reading, prepare, running, url_of
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from storage.settings import StorageSettings

_WEATHER = Weather(delay_s=0.04, loss=0.01, spread=0.25)
_KNOWN = 0.995  # of the devices have answered before anything is measured
_POLL_AND_BURST_S = 15.0
_RESTART_S = 120.0
_ON_DISK_S = 15.0  # what was polled is in a segment then
_READ_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large a trial is; `faults` of each kind."""

    gps: int
    interval_s: float
    fast_s: float
    rounds: int
    fast_rounds: int
    faults: int
    warm_up_s: float


COUNTRY = Size(264_000, 60.0, 30.0, rounds=15, fast_rounds=10, faults=20, warm_up_s=1800.0)
_QUICK = Size(200, 3.0, 1.5, rounds=5, fast_rounds=4, faults=2, warm_up_s=120.0)


def run(quick: bool) -> dict[str, float]:
    """Figures of the whole country; `quick` for a check that it works. PlacesMissingError without the public data."""
    return trial(_QUICK if quick else COUNTRY)


def trial(size: Size) -> dict[str, float]:
    """One trial of that size."""
    os.environ[COMMUNITY] = "bench"
    with tempfile.TemporaryDirectory() as name:
        folder, places = Path(name), country(size.gps)
        prepare(folder, places)
        devices = len(places.devices)
        del places
        stored = StorageSettings(url=url_of(folder), history=folder / "history", cache=folder / "cache")
        with FleetProcess(Plan(stored, weather=_WEATHER, truth=folder / "truth.jsonl")) as fleet:
            since = datetime.now(UTC)
            figures = _Trial(size, folder, fleet, devices).figures()
        within_s = 3 * size.interval_s + _POLL_AND_BURST_S
        return figures | judged(url_of(folder), folder / "truth.jsonl", since, within_s)


@dataclass(frozen=True, slots=True)
class _Trial:
    size: Size
    folder: Path
    fleet: FleetProcess
    devices: int

    def figures(self) -> dict[str, float]:
        found: dict[str, float] = {"devices": self.devices}
        with running(self.folder, self.fleet.port, self.size.interval_s) as product:
            found["recognised_s"] = self._recognised(product)
            faults = [self.fleet.apply(fault) for fault in _faults(self.size.faults)]
            found |= self._measured(product, self.size.rounds, self.size.interval_s, "")
            product.kill()
        killed = time.time()
        with running(self.folder, self.fleet.port, self.size.interval_s) as product:
            found |= self._restarted(product, killed)
            for fault in faults:
                self.fleet.clear(fault)
            time.sleep(3 * self.size.interval_s)
        with running(self.folder, self.fleet.port, self.size.fast_s) as product:
            self._recognised(product)
            found |= self._measured(product, self.size.fast_rounds, self.size.fast_s, "fast_")
        return found

    def _recognised(self, product: Product) -> float:
        """Seconds until nearly every device has answered by its plan; then two rounds more."""
        began = time.monotonic()
        product.wait(lambda at: at.answered() >= self.devices * _KNOWN, self.size.warm_up_s, "every device recognised")
        took_s = time.monotonic() - began
        time.sleep(2 * self.size.interval_s)
        return round(took_s, 1)

    def _measured(self, product: Product, rounds: int, interval_s: float, prefix: str) -> dict[str, float]:
        start, agents = time.time(), cpu_s([self.fleet.pid or 0])
        readings = _readings(product, rounds * interval_s)
        agents = cpu_s([self.fleet.pid or 0]) - agents
        time.sleep(_ON_DISK_S)
        seen = polled(self.folder / "history", start, rounds, interval_s)
        elapsed, cpu = readings[-1].at - readings[0].at, readings[-1].cpu_s - readings[0].cpu_s
        memory = [reading.pss_mb for reading in readings]
        tenth = max(1, len(memory) // 10)
        figures = {
            "polls_in_time_percent": round(100 * seen.in_time / (self.devices * rounds), 3),
            "polls": seen.polls,
            "cores": round(cpu / elapsed, 3),
            "cpu_us_per_poll": round(cpu / max(1, seen.polls) * 1e6, 1),
            "pss_mb": round(max(memory), 1),
            "pss_growth_percent": round(100 * (fmean(memory[-tenth:]) / fmean(memory[:tenth]) - 1), 2),
            "agents_cores": round(agents / elapsed, 3),
            "agents_pss_mb": round(pss_mb([self.fleet.pid or 0]), 1),
        }
        return {f"{prefix}{name}": value for name, value in figures.items()}

    def _restarted(self, product: Product, killed: float) -> dict[str, float]:
        """From the start of the command to the first answer, and to the answers of all that were due since."""
        began = time.time()
        product.wait(lambda at: at.answered() > 0, _RESTART_S, "polling again")
        time.sleep(2 * self.size.interval_s + _ON_DISK_S)
        first = first_answer(self.folder / "history", killed)
        begun = began + min(10.0, 2 * self.size.interval_s)
        seen = polled(self.folder / "history", begun, 1, self.size.interval_s)
        return {
            "restart_s": round((first or float("nan")) - began, 1),
            "restart_polled_percent": round(100 * seen.in_time / self.devices, 3),
        }


def _faults(count: int) -> list[Fault]:
    """Routers that die, and rings that are cut in two places each: what lies between is cut off."""
    cuts = [Fault(Kind.FIBRE_CUT, Where(random=1, role="router"), cuts=2) for _ in range(count)]
    return [Fault(Kind.DEVICE_FAILURE, Where(random=count, role="router")), *cuts]


def _readings(product: Product, seconds: float) -> list[Reading]:
    """The product now, now and then, and after `seconds`."""
    found, end = [product.read()], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _READ_EVERY_S))
        found.append(product.read())
    return found
