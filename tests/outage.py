"""A process that feeds the InfluxDB sink, and the count of what arrived in VictoriaMetrics."""

import asyncio
import json
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from collectors.sinks.influx import InfluxSink
from storage.settings import InfluxSettings
from tests.batches import batch
from tests.small import small_inventory

BATCH_S = 0.25
_METRICS = ("in_bps", "out_bps", "in_error_rate", "out_error_rate", "ifOperStatus")

_spawn = multiprocessing.get_context("spawn")


class Accepted(NamedTuple):
    """A batch that the sink has taken: its time, how long that took, and how the sink stands."""

    at_ms: int
    took_s: float
    waiting: int
    live_delay_s: float
    dropped: int


class Feeder:
    """The process; `accepted` grows until it ends."""

    def __init__(self, url: str, folder: Path, rate: int) -> None:
        """`rate`: samples a second."""
        self._told, tells = _spawn.Pipe()
        self._process = _spawn.Process(target=_feed, args=(url, folder, rate, tells))
        self._process.start()
        tells.close()
        self.accepted: list[Accepted] = []
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        with suppress(OSError):
            self._told.send("stop")
        self._end()

    def _end(self) -> None:
        self._process.join()
        self._listening.join()

    def _listen(self) -> None:
        with suppress(EOFError, ConnectionResetError):
            while True:
                self.accepted.append(self._told.recv())


@contextmanager
def feeding(url: str, folder: Path, rate: int) -> Iterator[Feeder]:
    feeder = Feeder(url, folder, rate)
    try:
        yield feeder
    finally:
        feeder.stop()


def _feed(url: str, folder: Path, rate: int, tells: Connection) -> None:
    asyncio.run(_feeding(url, folder, rate, tells))


async def _feeding(url: str, folder: Path, rate: int, tells: Connection) -> None:
    settings = InfluxSettings(url=url, token="unused", spool_folder=folder)
    sink = InfluxSink(settings, small_inventory())
    devices = tuple(f"d{number}" for number in range(int(rate * BATCH_S) // len(_METRICS)))
    following = time.time()
    while not tells.poll():
        at_ms = round(following * 1000)
        samples = [(device, metric, "p", at_ms / 1000) for device in devices for metric in _METRICS]
        began = time.monotonic()
        await sink(batch(samples, devices=devices, at=at_ms / 1000))
        took_s = time.monotonic() - began
        tells.send(Accepted(at_ms, took_s, sink.waiting, sink.live_delay_s, sink.dropped))
        following = max(following + BATCH_S, time.time() - 60)  # a machine that stood still does not catch up for ever
        await asyncio.sleep(following - time.time())
    await sink.close()


class Arrived(NamedTuple):
    """Batches by their time and how many samples of each arrived, and those samples that are there twice."""

    samples: Counter[int]
    twice: int


def arrived(url: str) -> Arrived:
    found: Counter[int] = Counter()
    twice = 0
    for at in _series(url, ""):
        times = Counter(at)
        twice += sum(number - 1 for number in times.values())
        found.update(times.keys())
    return Arrived(found, twice)


def newest_ms(url: str) -> int:
    """Time of the newest sample of one series; 0 where there is none of the last minutes."""
    return max((max(at) for at in _series(url, f"&start={time.time() - 300:.0f}", "d0")), default=0)


def _series(url: str, options: str, device: str = ".*") -> Iterator[Sequence[int]]:
    with urlopen(f"{url}/api/v1/export?match[]=%7Bdevice=~%22{device}%22%7D{options}") as response:  # noqa: S310 - on 127.0.0.1
        for line in response:
            yield json.loads(line)["timestamps"]
