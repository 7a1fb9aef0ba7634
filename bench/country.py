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

from bench.found import judged
from bench.measured import Watched, on_disk
from bench.places import COMMUNITY, country
from bench.polled import first_answer, polled
from bench.product import Product, prepare, running, url_of
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from storage.settings import StorageSettings

_WEATHER = Weather(delay_s=0.04, loss=0.01, spread=0.25)
_POLL_AND_BURST_S = 15.0
_RESTART_S = 120.0


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
_QUICK = Size(120, 3.0, 2.0, rounds=5, fast_rounds=2, faults=2, warm_up_s=120.0)


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
            began = datetime.now(UTC)
            since, figures = _Trial(size, folder, fleet, devices).figures()
        within_s = 3 * size.interval_s + _POLL_AND_BURST_S
        return figures | judged(url_of(folder), folder / "truth.jsonl", began, since, within_s)


@dataclass(frozen=True, slots=True)
class _Trial:
    size: Size
    folder: Path
    fleet: FleetProcess
    devices: int

    def figures(self) -> tuple[datetime, dict[str, float]]:
        """Since when the fleet answered as it should, and what was measured.

        While all are recognised one simulator's core answers more strangers than it can, so that more is lost
        than its share: what is told then is counted apart.
        """
        found: dict[str, float] = {"devices": self.devices}
        with running(self.folder, self.fleet.port, self.size.interval_s) as product:
            watched = self._watched(product)
            found["recognised_s"] = watched.recognised(self.size.warm_up_s, self.size.interval_s)
            since = datetime.now(UTC)
            faults = [self._paused(self.fleet.apply(fault)) for fault in _faults(self.size.faults)]
            found |= watched.measured(self.size.rounds, self.size.interval_s)
            product.kill()
        killed = time.time()
        with running(self.folder, self.fleet.port, self.size.interval_s) as product:
            found |= self._restarted(product, killed)
            for fault in faults:
                self.fleet.clear(self._paused(fault))
            time.sleep(3 * self.size.interval_s)
        with running(self.folder, self.fleet.port, self.size.fast_s) as product:
            watched = self._watched(product)
            watched.recognised(self.size.warm_up_s, self.size.fast_s)
            fast = watched.measured(self.size.fast_rounds, self.size.fast_s)
            found |= {f"fast_{name}": figure for name, figure in fast.items()}
        return since, found

    def _paused(self, fault: int) -> int:
        """Each fault takes most of a second of a country's fleet, in which nobody answers: let it catch up."""
        time.sleep(self.size.interval_s / 20)
        return fault

    def _watched(self, product: Product) -> Watched:
        return Watched(product, self.folder, self.fleet, self.devices)

    def _restarted(self, product: Product, killed: float) -> dict[str, float]:
        """From the start of the command to the first answer, and to the answers of all that were due since."""
        began = time.time()
        product.wait(lambda at: at.answered() > 0, _RESTART_S, "polling again")
        time.sleep(2 * self.size.interval_s)
        on_disk(self.folder / "history")
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
