"""Echo requests to every device with an address, at its own time of the interval; the figures go on as samples."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog

from collectors.beside import Cell, offer, without_polls
from collectors.figures import Figures
from collectors.icmp.figures import Pinged
from collectors.icmp.ping import Pinger
from collectors.metrics import NUMBER
from collectors.model import Batch
from collectors.schedule import Schedule, places
from inventory.columnar import column
from inventory.model import Inventory, Lifecycle
from storage.settings import IcmpSettings

_TICK_S = 0.1
_MOST_UNDER_WAY = 5000  # devices
_NOWHERE = ("",)  # a device is pinged as a whole

_log = structlog.get_logger()


async def watch_icmp(
    inventory: Inventory, settings: IcmpSettings, pinger: Pinger | None, ready: deque[Batch], figures: Figures
) -> Never:
    """Ping until cancelled; batches go to `ready`. Nothing is sent without an interval, or without a pinger."""
    if not settings.interval_s or pinger is None:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")
    watch = _Watch(*devices(inventory), settings, pinger)
    offset = time.time() - time.monotonic()  # setting the wall clock moves no ping
    interval_s = np.full(len(watch.names), settings.interval_s, np.float64)
    schedule = Schedule(places(watch.names), interval_s, offset + time.monotonic())
    try:
        while True:
            await asyncio.sleep(_TICK_S)
            watch.begin(schedule.take(offset + time.monotonic()).devices.tolist())
            watch.hand_on(ready, figures)
    finally:
        watch.close()


def devices(inventory: Inventory) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names, addresses) of the active devices that have one, by whatever they are asked otherwise."""
    names, addresses, status = (
        column(inventory.devices, name).cast(pa.string()) for name in ("name", "primary_ip", "status")
    )
    wanted = pc.and_(pc.not_equal(addresses, ""), pc.equal(status, Lifecycle.ACTIVE.value))
    return tuple(names.filter(wanted).to_pylist()), tuple(addresses.filter(wanted).to_pylist())


class _Watch:
    def __init__(
        self, names: tuple[str, ...], addresses: Sequence[str], settings: IcmpSettings, pinger: Pinger
    ) -> None:
        self.names = names
        self._addresses, self._settings, self._pinger = addresses, settings, pinger
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cells: list[Cell] = []

    def begin(self, due: Sequence[int]) -> None:
        """Ping these; what is still being pinged, or would be too many at once, is left out."""
        for number in due:
            if number not in self._tasks and len(self._tasks) < _MOST_UNDER_WAY:
                self._tasks[number] = asyncio.create_task(self._ping(number))

    def hand_on(self, ready: deque[Batch], figures: Figures) -> None:
        for number in [number for number, task in self._tasks.items() if task.done()]:
            if fault := self._tasks.pop(number).exception():
                _log.error("ping crashed", device=self.names[number], error=repr(fault))
        if self._cells:
            offer(ready, without_polls(self.names, _NOWHERE, self._cells, time.time()), figures)
            self._cells = []

    def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _ping(self, number: int) -> None:
        at = time.time()
        pinged = await self._pinger.ping(self._addresses[number], self._settings.probes, self._settings.spacing_s)
        self._cells += cells(number, at, pinged)


def cells(device: int, at: float, pinged: Pinged) -> list[Cell]:
    return [Cell(device, at, NUMBER[metric], 0, value) for metric, value in pinged.samples().items()]
