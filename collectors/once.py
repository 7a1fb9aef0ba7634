"""One round over a fleet: each device polled once, as soon as there is room."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from collectors.batch import BatchBuilder, FinishedPoll
from collectors.boots import Boots
from collectors.decode import number
from collectors.model import PollResult
from collectors.plan import NAMES
from collectors.poller import Poller
from collectors.profile import Profile
from collectors.run import longest_rates
from collectors.snmp.backend import SnmpBackend
from collectors.watch import Fleet, Watched
from storage.settings import CollectSettings

_SCALAR = "0"  # what SNMP calls the instance of an object that is no column


@dataclass(frozen=True, slots=True)
class Round:
    devices: Fleet
    backend: SnmpBackend
    catalogue: Mapping[str, Profile]
    settings: CollectSettings


async def poll_round(wanted: Round) -> AsyncIterator[PollResult]:
    """The result of each device as it comes; those that cannot be asked first.

    Instances are those of SNMP: the ifIndex of a port, "0" for a scalar.
    """
    fleet = wanted.devices
    for position, failure in fleet.refusals():
        yield PollResult(fleet.names[position], datetime.now(UTC), 0.0, reached=False, failure=failure)
    finished: asyncio.Queue[PollResult] = asyncio.Queue()
    builder = BatchBuilder(fleet.names, longest_rates(fleet))
    settings = wanted.settings
    poller = Poller(
        wanted.backend,
        wanted.catalogue,
        builder,
        boots=Boots(len(fleet.names)),
        deadline_s=settings.deadline_s,
        concurrency=settings.concurrency,
    )
    waiting = fleet.watched()
    async with asyncio.TaskGroup() as group:
        for _ in range(min(settings.concurrency, len(fleet.polled))):
            group.create_task(_work(poller, waiting, finished))
        for _ in range(len(fleet.polled)):
            yield await finished.get()


async def _work(poller: Poller, waiting: Iterator[Watched], finished: asyncio.Queue[PollResult]) -> None:
    for watched in waiting:
        poll = await poller.poll(watched, _everything)
        finished.put_nowait(result(watched.name, poll))


def _everything(watched: Watched) -> frozenset[str]:
    return frozenset(name for name, _ in watched.plan.reads) - {NAMES} if watched.plan else frozenset()


def result(device: str, poll: FinishedPoll) -> PollResult:
    """A poll as one object: counters exactly as the device sent them."""
    samples: dict[str, dict[str, int | float]] = {}
    for part, raw in poll.rows:
        for item, value in zip(part.items, raw, strict=True):
            found = None if value is None else number(item.read, value)
            if found is not None:
                samples.setdefault(item.read.metric, {})[item.index or _SCALAR] = found
    for metric, instance, found in poll.cells:
        samples.setdefault(metric, {})[instance or _SCALAR] = found
    at = datetime.fromtimestamp(poll.at, UTC)
    return PollResult(device, at, poll.took_ms, poll.reached, samples, poll.failure)
