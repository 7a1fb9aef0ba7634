"""Looking at the inventory's endpoints: each in its place of the interval, and again at once where one fails."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from typing import Never

import numpy as np
import structlog

from collectors.beside import offer
from collectors.figures import Figures
from collectors.http.addresses import system_lookup
from collectors.http.batch import Columns
from collectors.http.certificates import CertificateEnds, Certificates
from collectors.http.kendra import Login, logins, looks_from
from collectors.http.look import NOC, Look
from collectors.http.probe import Prober
from collectors.model import Batch, Failure, Reason
from collectors.schedule import Schedule, places
from inventory.model import Endpoint, Inventory
from storage.settings import Settings

_TICK_S = 0.1
_HANGING = 64  # names whose lookups hang, before other names can't be asked for
# What fails is looked at again soon, as often as the judge wants to see it fail before it believes it.
_AGAIN_S = 3.0
_IN_A_ROW = 3

HostKeys = Callable[[str, str | None], Awaitable[bool]]
"""Is told of a device which unknown SSH host key it shows, or None: the known one; whether that is noted."""

_log = structlog.get_logger()


class Looks:
    """Looks until they are handed on as batches."""

    def __init__(self, columns: Columns, ready: deque[Batch], figures: Figures) -> None:
        self._columns, self._ready, self._figures = columns, ready, figures

    def tell(self, eyes: str, looks: Sequence[Look]) -> None:
        """`eyes`: the device by which they were made."""
        if looks:
            offer(self._ready, self._columns.batch([(eyes, look) for look in looks], time.time()), self._figures)


async def watch_endpoints(
    inventory: Inventory,
    settings: Settings,
    ready: deque[Batch],
    host_keys: HostKeys | None = None,
    certificates: CertificateEnds | None = None,
    *,
    figures: Figures | None = None,
) -> Never:
    """Look at every endpoint at its interval until cancelled, from here and from kendras; batches go to `ready`.

    `host_keys` is told when a kendra's PC shows another key than before, `certificates` when an endpoint's
    certificate ends at another time. OSError or ssl.SSLError where endpoints.ca_file cannot be read.
    """
    if not inventory.endpoints:
        await asyncio.Event().wait()
    endpoints, wanted = tuple(inventory.endpoints.values()), settings.endpoints
    pcs = logins(inventory, settings) if wanted.kendra_interval_s else ()
    columns = Columns((NOC, *(pc.device for pc in pcs)), [endpoint.code for endpoint in endpoints])
    looks = Looks(columns, ready, figures or Figures())
    async with AsyncExitStack() as closing:
        most_lookups = settings.endpoints.concurrency + _HANGING
        lookups = closing.enter_context(_threads(most_lookups))
        sessions = closing.enter_context(_threads(settings.collect.ssh_workers))
        prober = Prober(wanted, system_lookup(lookups, most_lookups))
        closing.push_async_callback(prober.close)
        here = _Here(endpoints if wanted.enabled else (), settings, prober, looks, certificates)
        kendras = _Kendras(pcs, endpoints, settings, sessions, looks, host_keys=host_keys)
        async with asyncio.TaskGroup() as both:
            both.create_task(_keep(here.names, here.intervals_s, here.look))
            both.create_task(_keep(kendras.names, kendras.intervals_s, kendras.look))
    raise AssertionError("both loops run for ever")


class _Here:
    """The collector's own eyes."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        settings: Settings,
        prober: Prober,
        looks: Looks,
        certificates: CertificateEnds | None = None,
    ) -> None:
        self._certificates = Certificates(certificates) if certificates else None
        self._endpoints, self._prober, self._looks = endpoints, prober, looks
        self.names = [endpoint.code for endpoint in endpoints]
        self.intervals_s = [endpoint.interval_s or settings.endpoints.interval_s for endpoint in endpoints]
        self._room = asyncio.Semaphore(settings.endpoints.concurrency)
        self._failed = [0] * len(endpoints)  # looks in a row that failed

    async def look(self, number: int) -> None:
        """Look once; where that fails anew, until it is sure or did not fail."""
        endpoint = self._endpoints[number]
        while True:
            async with self._room:
                seen = await self._prober.look(endpoint)
            self._looks.tell(NOC, (seen,))
            self._note(number, endpoint.code, seen.failure)
            if self._certificates:
                await self._certificates.take(seen)
            if not 0 < self._failed[number] < _IN_A_ROW:
                return
            await asyncio.sleep(_AGAIN_S)

    def _note(self, number: int, code: str, failure: Failure | None) -> None:
        before = self._failed[number]
        self._failed[number] = before + 1 if failure else 0
        if failure and not before:
            _log.warning("endpoint failed", endpoint=code, reason=failure.reason, detail=failure.detail)


class _Kendras:
    """The eyes of kendras' PCs."""

    def __init__(
        self,
        pcs: Sequence[Login],
        endpoints: Sequence[Endpoint],
        settings: Settings,
        sessions: ThreadPoolExecutor,
        looks: Looks,
        *,
        host_keys: HostKeys | None = None,
    ) -> None:
        self._host_keys = host_keys
        self._shown: dict[int, str | None] = {}  # by position, what was told of its key
        self._pcs, self._endpoints, self._settings = pcs, endpoints, settings
        self._sessions, self._looks = sessions, looks
        self.names = [pc.device for pc in pcs]
        self.intervals_s = [settings.endpoints.kendra_interval_s] * len(pcs)

    async def look(self, number: int) -> None:
        pc = self._pcs[number]
        seen = await looks_from(pc, self._endpoints, self._settings, self._sessions)
        if isinstance(seen, Failure):
            _log.info("kendra not asked for endpoints", device=pc.device, reason=seen.reason, detail=seen.detail)
            if seen.reason is Reason.HOST_KEY_CHANGED:
                await self._tell_key(number, seen.detail)
        else:
            self._looks.tell(pc.device, seen)
            await self._tell_key(number, None)

    async def _tell_key(self, number: int, key: str | None) -> None:
        if self._host_keys is None or self._shown.get(number, "") == key:
            return
        if await self._host_keys(self.names[number], key):
            self._shown[number] = key


async def _keep(names: Sequence[str], intervals_s: Sequence[float], look: Callable[[int], Awaitable[None]]) -> Never:
    """Call `look` with each position at its time, for ever; one that still runs is left alone."""
    offset = time.time() - time.monotonic()  # setting the wall clock moves no look
    schedule = Schedule(places(names), np.array(intervals_s, np.float64), offset + time.monotonic())
    under_way: dict[int, asyncio.Task[None]] = {}
    try:
        while True:
            for number in schedule.take(offset + time.monotonic()).devices.tolist():
                if number not in under_way:
                    under_way[number] = asyncio.ensure_future(look(number))
            for number in [number for number, task in under_way.items() if task.done()]:
                if fault := under_way.pop(number).exception():
                    _log.error("look crashed", of=names[number], error=repr(fault))
            await asyncio.sleep(_TICK_S)
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


@contextmanager
def _threads(most: int) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads nobody waits for at the end: each of them ends by its own deadline."""
    pool = ThreadPoolExecutor(most)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
