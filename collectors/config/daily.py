"""Each device's configuration once in an interval, at a time of its own: a restart changes nothing about when."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from traceback import extract_tb

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from collectors.config.backup import Job, back_up, jobs
from collectors.config.store import forget, forget_gone
from collectors.model import Failure
from collectors.schedule import places
from inventory.model import Inventory
from storage.settings import Settings

_log = structlog.get_logger("configurations")
_SHARE = 4  # of the SSH sessions: kendras' own looks at endpoints need the others


async def keep_backing_up(engine: Engine, inventory: Inventory, settings: Settings, stop: asyncio.Event) -> None:
    """Until `stop` is set: sessions that have begun are finished first, those that wait are left.

    The pool bounds how many sessions there are, and each ends at its deadline: slow devices are late themselves. One
    whose session still waits or goes on when its next time comes is left out then.
    """
    every_s = settings.collect.config_interval_s
    wanted = list(jobs(inventory, settings)) if every_s else []
    if not wanted:
        return
    workers = max(settings.collect.ssh_workers // _SHARE, 1)
    # Times of the day count from the epoch, so that a restart keeps them; after that only the forward clock counts, so
    # that setting the wall clock begins no sessions and holds none back.
    offset = time.time() - time.monotonic()
    with ThreadPoolExecutor(workers, "configurations") as pool:
        sessions = _Sessions(engine, pool, settings.collect.config_days, room=asyncio.Semaphore(workers), stop=stop)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_forget_gone(engine, inventory, settings, stop))
                for at, job in in_turn(wanted, every_s, offset + time.monotonic()):
                    if await _told_before(stop, at - offset):
                        break
                    sessions.begin(job)
                await sessions.ended()
        finally:
            sessions.cancel()


def in_turn(wanted: Sequence[Job], every_s: float, now: float) -> Iterator[tuple[float, Job]]:
    """When each is due, in seconds of the clock of `now`, for ever: at (place + k) x interval, k whole."""
    due = sorted(zip(places([job.device for job in wanted]).tolist(), range(len(wanted)), strict=True))
    turn = now // every_s
    while True:
        for place, number in due:
            at = (turn + place) * every_s
            if at >= now:
                yield at, wanted[number]
        turn += 1


async def _told_before(stop: asyncio.Event, at: float) -> bool:
    """Wait until `at` of the forward clock; whether `stop` was set meanwhile."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(at - time.monotonic(), 0))
    return stop.is_set()


async def _forget_gone(engine: Engine, inventory: Inventory, settings: Settings, stop: asyncio.Event) -> None:
    """Each interval, what was kept of devices that the inventory no longer has, once it is old enough."""
    days, every_s = timedelta(days=settings.collect.config_days), settings.collect.config_interval_s
    while not stop.is_set():
        try:
            await asyncio.to_thread(forget_gone, engine, inventory.devices, datetime.now(UTC) - days)
        except SQLAlchemyError as error:
            _log.error("store is away: nothing was forgotten", error=type(error).__name__)
        await _told_before(stop, time.monotonic() + every_s)


class _Sessions:
    """The sessions that wait or go on, one a device at most. A fault in one is told in the log, and ends no other."""

    def __init__(
        self, engine: Engine, pool: ThreadPoolExecutor, days: int, *, room: asyncio.Semaphore, stop: asyncio.Event
    ) -> None:
        self._engine, self._pool, self._days, self._room, self._stop = engine, pool, days, room, stop
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def begin(self, job: Job) -> None:
        if job.device in self._under_way:
            _log.warning("no configuration: the session before has not ended", device=job.device)
            return
        task = asyncio.create_task(self._in_its_turn(job))
        self._under_way[job.device] = task
        task.add_done_callback(partial(self._over, job.device))

    async def ended(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way.values())

    def cancel(self) -> None:
        for task in self._under_way.values():
            task.cancel()

    async def _in_its_turn(self, job: Job) -> None:
        async with self._room:
            if not self._stop.is_set():
                await _once(job, self._engine, self._pool, self._days)

    def _over(self, device: str, task: asyncio.Task[None]) -> None:
        del self._under_way[device]
        if not task.cancelled() and (fault := task.exception()):
            # Neither its words nor a traceback: what the device printed may stand in them.
            where = extract_tb(fault.__traceback__)[-1]
            at = f"{where.filename}:{where.lineno}"
            _log.error("backup crashed", device=device, error=type(fault).__name__, at=at)


async def _once(job: Job, engine: Engine, pool: ThreadPoolExecutor, days: int) -> None:
    try:
        kept = await back_up(job, engine, pool)
        await asyncio.to_thread(forget, engine, job.device, datetime.now(UTC) - timedelta(days=days))
    except SQLAlchemyError as error:
        _log.error("store is away: a configuration was not kept", device=job.device, error=type(error).__name__)
        return
    if isinstance(kept, Failure):
        _log.warning("no configuration", device=job.device, reason=kept.reason, detail=kept.detail)
    elif kept.changed:
        _log.info("configuration changed", device=job.device, added=kept.counts.added, removed=kept.counts.removed)
