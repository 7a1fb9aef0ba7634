"""Each device's configuration once in an interval, at a time of its own: a restart changes nothing about when."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from collectors.config.backup import Job, back_up, jobs
from collectors.config.store import forget
from collectors.model import Failure
from collectors.schedule import places
from inventory.model import Inventory
from storage.settings import Settings

_log = structlog.get_logger("configurations")
_SHARE = 4  # of the SSH sessions: kendras' own looks at endpoints need the others


async def keep_backing_up(engine: Engine, inventory: Inventory, settings: Settings, stop: asyncio.Event) -> None:
    """Until `stop` is set: what is under way then is finished first.

    The pool bounds how many sessions there are, and each ends at its deadline: slow devices are late themselves.
    """
    every_s = settings.collect.config_interval_s
    wanted = list(jobs(inventory, settings)) if every_s else []
    if not wanted:
        return
    workers = max(settings.collect.ssh_workers // _SHARE, 1)
    with ThreadPoolExecutor(workers, "configurations") as pool:
        async with asyncio.TaskGroup() as tasks:
            for at, job in in_turn(wanted, every_s, time.time()):
                if await _told_before(stop, at):
                    return
                tasks.create_task(_once(job, engine, pool, settings.collect.config_days))


def in_turn(wanted: Sequence[Job], every_s: float, now: float) -> Iterator[tuple[float, Job]]:
    """When each is due (UTC epoch seconds), for ever: at (place + k) x interval, k whole."""
    due = sorted(zip(places([job.device for job in wanted]).tolist(), range(len(wanted)), strict=True))
    turn = now // every_s
    while True:
        for place, number in due:
            at = (turn + place) * every_s
            if at >= now:
                yield at, wanted[number]
        turn += 1


async def _told_before(stop: asyncio.Event, at: float) -> bool:
    """Wait until `at`; whether `stop` was set meanwhile."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(at - time.time(), 0))
    return stop.is_set()


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
