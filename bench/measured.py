"""What a running product costs while it polls, and whether its polls are in time."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from bench.machine import cpu_s, pss_mb
from bench.polled import polled
from bench.product import Product, Reading
from simulator.process import FleetProcess
from storage.segments import stored

_HANDED_ON_S = 4.0  # what was polled is with the history then, which makes a segment each 8 s
_ON_DISK_S = 60.0
_READ_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class Watched:
    """A product in `folder` that polls the `devices` of a fleet, which lives in a process of its own."""

    product: Product
    folder: Path
    fleet: FleetProcess
    devices: int

    def recognised(self, within_s: float, interval_s: float) -> float:
        """Seconds until nearly every device has answered by its plan; returns two rounds after that."""
        began = time.monotonic()
        self.product.wait(lambda at: at.knows(self.devices), within_s, "every device recognised")
        took_s = time.monotonic() - began
        time.sleep(2 * interval_s)
        return round(took_s, 1)

    def measured(self, rounds: int, interval_s: float) -> dict[str, float]:
        """Figures over `rounds` intervals from now."""
        agents = [self.fleet.pid or 0]
        start, busy = time.time(), cpu_s(agents)
        found = _readings(self.product, rounds * interval_s)
        busy = cpu_s(agents) - busy
        on_disk(self.folder / "history")
        seen = polled(self.folder / "history", start, rounds, interval_s)
        elapsed, cpu = found[-1].at - found[0].at, found[-1].cpu_s - found[0].cpu_s
        memory = [reading.pss_mb for reading in found]
        tenth = max(1, len(memory) // 10)
        return {
            "polls": seen.polls,
            "polls_in_time_percent": round(100 * seen.in_time / (self.devices * rounds), 3),
            "cores": round(cpu / elapsed, 3),
            "cpu_us_per_poll": round(cpu / max(1, seen.polls) * 1e6, 1),
            "pss_mb": round(max(memory), 1),
            "pss_growth_percent": round(100 * (fmean(memory[-tenth:]) / fmean(memory[:tenth]) - 1), 2),
            "loop_delays_above_50_ms": round(found[-1].figures.above_50_ms() - found[0].figures.above_50_ms()),
            "agents_cores": round(busy / elapsed, 3),
            "agents_pss_mb": round(pss_mb(agents), 1),
        }


def on_disk(history: Path) -> None:
    """Return when all that has been polled by now is in segments; TimeoutError."""
    time.sleep(_HANDED_ON_S)
    since = time.time()
    while _newest(history) <= since:
        if time.time() > since + _ON_DISK_S:
            raise TimeoutError(f"no segment in {history} since {_ON_DISK_S:.0f} s")
        time.sleep(0.2)


def _newest(history: Path) -> float:
    """When the last segment of polls was written, UTC epoch seconds; 0 where there is none yet."""
    segments = stored(history, "polls", datetime.now(UTC).date())
    return segments[-1].path.stat().st_mtime if segments else 0.0


def _readings(product: Product, seconds: float) -> list[Reading]:
    """The product now, now and then, and after `seconds`."""
    found, end = [product.read()], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _READ_EVERY_S))
        found.append(product.read())
    return found
