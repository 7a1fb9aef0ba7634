"""The whole product (`manage.py run`) over an inventory and a simulated fleet, each in processes of their own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import collectors.checkin.tables  # noqa: F401 - what the migrations make
import inventory.tables  # noqa: F401
import readiness.tables  # noqa: F401
from bench.machine import cpu_s, family, pss_mb
from inventory import store
from inventory.model import Inventory
from storage.engine import open_engine
from storage.migrate import upgrade

_MANAGE = Path(__file__).parents[1] / "manage.py"
_SAMPLE = re.compile(r"^(\w+(?:\{[^}]*\})?) (\S+)$", re.MULTILINE)
_STOP_S = 60.0
_KNOWN = 0.995


@dataclass(frozen=True, slots=True)
class Figures:
    """What the product tells of itself, by name and labels; nothing before it answers."""

    by_name: Mapping[str, float]

    def answered(self) -> float:
        return self.by_name.get('pahunch_polls_total{outcome="answered"}', 0.0)

    def knows(self, devices: int) -> bool:
        """Whether nearly every device has been recognised: none of them waits for it any more."""
        few = devices * (1 - _KNOWN)
        return self.answered() >= devices * _KNOWN and self.by_name["pahunch_polls_waiting"] <= few

    def above_50_ms(self) -> float:
        """How often the event loop came back later than that."""
        buckets = "pahunch_event_loop_delay_seconds"
        return self.by_name.get(f"{buckets}_count", 0.0) - self.by_name.get(f'{buckets}_bucket{{le="0.05"}}', 0.0)


class Reading(NamedTuple):
    """The product at one moment: its own figures, what it cost so far, what it holds."""

    at: float  # forward clock
    figures: Figures
    cpu_s: float
    pss_mb: float


class Product:
    """A running product; `folder` holds its store and its history."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]", metrics_port: int, page_port: int) -> None:
        self.folder, self.url, self.page = folder, url_of(folder), f"http://127.0.0.1:{page_port}"
        self._process, self._metrics = process, f"http://127.0.0.1:{metrics_port}/metrics/collector"

    def read(self) -> Reading:
        pids = family(self._process.pid)
        return Reading(time.monotonic(), self._figures(), cpu_s(pids), pss_mb(pids))

    def wait(self, until: Callable[[Figures], bool], seconds: float, what: str) -> Figures:
        """The first figures for which `until` holds; TimeoutError, RuntimeError where the product has ended.

        Costs and memory are left alone meanwhile: reading those of a large process keeps it waiting.
        """
        deadline = time.monotonic() + seconds
        while not until(found := self._figures()):
            if self._process.poll() is not None:
                raise RuntimeError(f"the product ended with {self._process.returncode}: see {self.folder}/product.log")
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.5)
        return found

    def kill(self) -> None:
        """kill -9, to all its processes at once."""
        for pid in family(self._process.pid):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_STOP_S)

    def _figures(self) -> Figures:
        try:
            with urlopen(self._metrics, timeout=10) as answer:  # noqa: S310 - on 127.0.0.1
                return Figures({name: float(value) for name, value in _SAMPLE.findall(answer.read().decode())})
        except (URLError, OSError):
            return Figures({})


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/pahunch.db"


def prepare(folder: Path, places: Inventory) -> None:
    """A store in `folder` that holds `places`."""
    engine = open_engine(url_of(folder))
    upgrade(engine)
    store.apply(engine, places, datetime.now(UTC))
    engine.dispose()


@contextmanager
def running(folder: Path, snmp_port: int, interval_s: float, **settings: str) -> Iterator[Product]:
    """`manage.py run` over the store in `folder` until the end of the block.

    `settings` are names as in the environment without PAHUNCH_, in any case.
    """
    metrics, page = _free_port(), _free_port()
    chosen = {
        "storage__url": url_of(folder),
        "storage__history": f"{folder}/history",
        "storage__cache": f"{folder}/cache",
        "collect__snmp_port": str(snmp_port),
        "collect__interval_s": str(interval_s),
        "collect__metrics_port": str(metrics),
        "serve__port": str(page),
        **settings,
    }
    variables = {f"PAHUNCH_{name.upper()}": value for name, value in chosen.items()}
    with (folder / "product.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, str(_MANAGE), "run"], cwd=folder, env=os.environ | variables, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    product = Product(folder, process, metrics, page)
    try:
        yield product
    finally:
        product.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
