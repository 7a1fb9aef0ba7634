"""Watching a fleet: polls at their time, bursts where a device falls silent, batches to the sinks."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from traceback import extract_tb

import numpy as np
import structlog
from numpy.typing import NDArray

from collectors.batch import BatchBuilder, FinishedPoll
from collectors.boots import Boots
from collectors.burst import Echo, burst
from collectors.figures import Figures
from collectors.http.certificates import CertificateEnds
from collectors.http.watch import HostKeys, watch_endpoints
from collectors.icmp.ping import IcmpUnavailableError, Pinger, open_pinger
from collectors.icmp.watch import watch_icmp
from collectors.known import Keeper
from collectors.model import Batch, Sink
from collectors.poller import Poller, most_recognitions
from collectors.profile import Profile
from collectors.schedule import Due, Schedule, room
from collectors.silence import Burst, after_burst, after_poll, outcome
from collectors.snmp.backend import SnmpBackend
from collectors.together import Together
from collectors.traps.watch import watch_traps
from collectors.turns import Queue, Urgency, urgency
from collectors.volley.volley import Volley
from collectors.volleys import Turn
from collectors.watch import Fleet, Watched, fleet
from inventory.model import Inventory
from storage.settings import CollectSettings, IcmpSettings, Settings

_TICKS_S = (0.02, 0.4)  # shortest and longest: a look costs the same for one device as for a hundred
_TICKS = 50  # at least in the shortest interval
_POLLS_A_TICK = 200  # above this what one look costs no longer counts, and receive buffers fill
_READ_EVERY_S, _READ_EVERY = 0.4, 4  # seconds at most, and ticks at most
_LONGEST_RATE = 3  # intervals between two readings that still make a rate
_LEAST_EASE = 1 / 4  # of the room for polls by themselves, where answers come late
_MOST_UNBATCHED = 50_000  # polls; beyond this the sinks are too slow and polls are left out

_log = structlog.get_logger()


async def observe(
    inventory: Inventory,
    backend: SnmpBackend,
    catalogue: Mapping[str, Profile],
    settings: Settings,
    *,
    sinks: Sequence[Sink],
    stop: asyncio.Event,
    figures: Figures | None = None,
    volley: Volley | None = None,
    recognised: Path | None = None,
    beside: deque[Batch] | None = None,
    host_keys: HostKeys | None = None,
    certificates: CertificateEnds | None = None,
) -> None:
    """Poll every SNMP device of `inventory` at its interval until `stop`; hand batches to `sinks` in order.

    Looks at endpoints, pings and what devices tell by themselves go the same way, as batches without polls, and so does what
    others put into `beside`.

    With a `volley` the polls that it can make go through it, else all go through `backend`.

    With a path `recognised`, what devices were recognised as is kept there over restarts.

    `host_keys` is told of kendras' PCs that show another SSH host key, `certificates` of when endpoints' certificates end.

    A sink that raises is logged and counted, and the next one gets the batch all the same. The
    backend, the volley and the sinks stay open.
    """
    pinger, figures = await _pinger(settings.icmp), figures or Figures()
    run = _Run(
        fleet(inventory, settings),
        backend,
        catalogue,
        settings.collect,
        figures=figures,
        volley=volley,
        echo=pinger.echo if pinger and settings.icmp.burst else None,
    )
    keeper = Keeper(recognised, run.fleet, run.boots, catalogue) if recognised else None
    if keeper:
        keeper.restore(run.builder)
    over = asyncio.Event()
    looks: deque[Batch] = deque() if beside is None else beside
    keeping = asyncio.create_task(run.keep_time())
    looking = asyncio.create_task(watch_endpoints(inventory, settings, looks, host_keys, certificates, figures=figures))
    hearing = asyncio.create_task(watch_traps(run.fleet, settings.traps, looks, run.hasten, figures))
    pinging = asyncio.create_task(watch_icmp(inventory, settings.icmp, pinger, looks, figures))
    remembering = [asyncio.create_task(keeper.keep())] if keeper else []
    handing = asyncio.create_task(run.hand_on(sinks, looks, over))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(
            (keeping, looking, hearing, pinging, handing, stopping, *remembering), return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        stopping.cancel()
        await run.give_up(keeping, looking, hearing, pinging, *remembering)
        if keeper:
            await keeper.save()
        over.set()
        await handing
    for task in (keeping, looking, hearing, pinging, *remembering):
        if not task.cancelled():
            task.result()


class _Run:
    def __init__(
        self,
        devices: Fleet,
        backend: SnmpBackend,
        catalogue: Mapping[str, Profile],
        settings: CollectSettings,
        *,
        figures: Figures,
        volley: Volley | None,
        echo: Echo | None,
    ) -> None:
        self._echo = echo
        self.fleet = devices
        self._backend = backend
        self._settings = settings
        self._figures = figures
        self.builder = BatchBuilder(devices.names, longest_rates(devices))
        self.boots = Boots(len(devices.names))
        self._poller = Poller(
            backend,
            catalogue,
            self.builder,
            boots=self.boots,
            deadline_s=settings.deadline_s,
            concurrency=settings.concurrency,
        )
        self._together = (
            Together(devices, volley, self.builder, self.boots, catalogue=catalogue, timeout_s=settings.timeout_s)
            if volley
            else None
        )
        self._tick_s = _tick_s(devices.facts.interval_s)
        self._read_every_s = min(_READ_EVERY_S, _READ_EVERY * self._tick_s)
        self._read_at = 0.0  # forward clock: when the answers to volleys are read next
        self._waiting = Queue()
        self._recognising = 0  # of those under way
        self._tasks: set[asyncio.Task[None]] = set()
        self._bursts = asyncio.Semaphore(max(1, settings.concurrency // 4))  # each is many requests
        self._room = float(settings.concurrency)

    async def hand_on(self, sinks: Sequence[Sink], beside: deque[Batch], over: asyncio.Event) -> None:
        """Close a batch every `batch_s` until `over`, then what is left; what lies in `beside` goes with them."""
        while not over.is_set():
            await _wait(over, self._settings.batch_s)
            while batches := self._waiting_batches(beside):
                for batch in batches:
                    await self._give(batch, sinks)

    def _waiting_batches(self, beside: deque[Batch]) -> list[Batch]:
        """One of the polls and one of what lies `beside`, where there are any: neither waits for all of the other."""
        polls = self.builder.close(time.time())
        return [*([polls] if polls else []), *([beside.popleft()] if beside else [])]

    def _refuse(self) -> None:
        """Report the devices that cannot be asked, each credential once in the log."""
        for detail in sorted({failure.detail for _, failure in self.fleet.refusals()}):
            _log.error("credential cannot be resolved: its devices are not polled", reference=detail)
        for number, failure in self.fleet.refusals():
            self.builder.add(FinishedPoll(number, time.time(), time.monotonic(), 0.0, reached=False, failure=failure))
        self._figures.unresolved = len(self.fleet.refused)

    async def keep_time(self) -> None:
        """Begin each poll at its time, for ever."""
        self._refuse()
        # Phases count from the epoch, so that a restart keeps them; after that only the forward
        # clock counts, so that setting the wall clock moves no poll.
        offset = time.time() - time.monotonic()
        facts, polled = self.fleet.facts, self.fleet.polled
        schedule = Schedule(facts.place[polled], facts.interval_s[polled], offset + time.monotonic())
        # References at once: until one has answered, a silence proves nothing to the judge.
        self._take(Due(np.flatnonzero(facts.reference[polled]), 0))
        while True:
            began = time.monotonic()
            if self.builder.waiting < _MOST_UNBATCHED:
                self._take(schedule.take(offset + began))
            self._read_volleys(began)
            self._figures.unbatched, self._figures.unnamed = self.builder.waiting, self.builder.unnamed
            await asyncio.sleep(self._tick_s)
            late_s = max(0.0, time.monotonic() - began - self._tick_s)
            self._figures.delayed(late_s)
            self._room = room(self._room, late_s, self._settings.concurrency)

    async def give_up(self, *loops: asyncio.Task[None]) -> None:
        """End the polls under way: they count neither as answered nor as silent."""
        self._waiting.clear()
        ending = {*loops, *self._tasks}
        for task in ending:
            task.cancel()
        await asyncio.wait(ending)
        if self._together:
            self._together.close()

    def _take(self, due: Due) -> None:
        devices = self.fleet.polled[due.devices]
        ready = devices[~self.fleet.busy[devices]]
        self.fleet.busy[ready] = True
        self._figures.missed += due.missed + len(devices) - len(ready)
        self._add(
            self._together.send(ready, time.time())
            if self._together
            else [Turn(self.fleet[number]) for number in ready.tolist()]
        )

    def _read_volleys(self, now: float) -> None:
        """Empty the sockets at each tick; read what came in larger lots, which costs less an answer."""
        if self._together is None:
            return
        if now < self._read_at:
            self._together.receive()
            return
        self._read_at = now + self._read_every_s
        settled = self._together.settle(time.time())
        for number in settled.back.tolist():
            self._ask_teller(self.fleet[number])
        self._figures.in_volleys = self._together.under_way
        self._add(settled.turns)

    def _add(self, turns: Iterable[Turn]) -> None:
        now = time.time()
        for turn in turns:
            self._waiting.add(urgency(turn.watched, now), turn)
        self._begin()

    def _begin(self) -> None:
        # What volleys find out about the line holds for polls by themselves too.
        bearable = self._room * max(_LEAST_EASE, self._together.ease if self._together else 1.0)
        while self._figures.under_way < bearable:
            found = self._waiting.next(recognitions=self._recognising < most_recognitions(int(self._room)))
            if found is None:
                break
            how, turn = found
            self._figures.under_way += 1
            self._recognising += how is Urgency.RECOGNITION
            task = asyncio.create_task(self._poll(turn, how))
            self._tasks.add(task)
            task.add_done_callback(partial(self._ended, turn.watched))
        self.fleet.crowded = self._waiting.checks > self._room
        self._figures.waiting = len(self._waiting) + (self._together.held if self._together else 0)

    async def _poll(self, turn: Turn, how: Urgency) -> None:
        watched = turn.watched
        try:
            poll = await self._poller.poll(watched, turn.reads)
        finally:
            self._figures.under_way -= 1
            self._recognising -= how is Urgency.RECOGNITION
            self._begin()
        before = watched.silence
        watched.silence, check = after_poll(before, outcome(poll.failure))
        if check or (before.confirmed and not watched.silence.polls):
            self._ask_teller(watched)
        # Where very many fall silent at once the others' silence is told meanwhile; the next poll wants a burst again.
        check = check and not self._bursts.locked()
        self.builder.add(replace(poll, burst=await self._burst(watched)) if check else poll)

    def _ask_teller(self, watched: Watched) -> None:
        """A device behind an ONT fell silent or came back: its OLT knows why, and is asked now, not in its minute."""
        teller = watched.teller
        if teller is None or not teller.hasten(time.time()) or teller.busy:
            return
        teller.busy = True
        self._waiting.add(Urgency.PROOF, Turn(teller))
        self._begin()

    def hasten(self, number: int) -> bool:
        """Poll a device now, which told something by itself; False where a poll of it is under way."""
        watched = self.fleet[number]
        if watched.busy:
            return False
        watched.hasten(time.time())
        watched.busy = True
        self._waiting.add(Urgency.CHECK, Turn(watched))
        self._begin()
        return True

    async def _burst(self, watched: Watched) -> Burst:
        """A burst takes seconds: it holds no place among the polls under way."""
        async with self._bursts:
            began = time.monotonic()
            found = await burst(
                self._backend,
                watched.target,
                self._settings.burst_probes,
                self._settings.burst_spacing_s,
                echo=self._echo,
            )
        deaf = watched.fleet.was_deaf(began)
        watched.silence = after_burst(watched.silence, replace(found, blind=found.blind or deaf))
        self._figures.bursts += 1
        return found

    def _ended(self, watched: Watched, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        watched.busy = False
        if not task.cancelled() and (fault := task.exception()):
            self._figures.crashed += 1
            _log.error("poll crashed", device=watched.name, error=repr(fault), at=_place(fault))

    async def _give(self, batch: Batch, sinks: Sequence[Sink]) -> None:
        self._figures.batches += 1
        self._figures.samples += len(batch.sample_value)
        for sink in sinks:
            name = getattr(sink, "__qualname__", type(sink).__qualname__)
            began = time.monotonic()
            (result,) = await asyncio.gather(sink(batch), return_exceptions=True)
            self._figures.sink_seconds[name] += time.monotonic() - began
            if isinstance(result, Exception):
                self._figures.sink_failures[name] += 1
                _log.error("sink failed", sink=name, error=repr(result), at=_place(result))


def _tick_s(interval_s: NDArray[np.float64]) -> float:
    """Seconds between two looks at what is due, for devices with these intervals, shape (n,)."""
    polls_a_second = float((1 / interval_s).sum())
    wanted = min(interval_s.min(initial=np.inf) / _TICKS, _POLLS_A_TICK / max(polls_a_second, 1.0))
    return float(np.clip(wanted, *_TICKS_S))


async def _pinger(settings: IcmpSettings) -> Pinger | None:
    """None where nobody wants to ping, or this process may not."""
    if not settings.interval_s and not settings.burst:
        return None
    try:
        return await open_pinger(settings.timeout_s)
    except IcmpUnavailableError as error:
        _log.error("ICMP is off", why=str(error))
        return None


def longest_rates(devices: Fleet) -> NDArray[np.float64]:
    """Longest time between two readings that makes a rate, by device of the fleet."""
    return _LONGEST_RATE * devices.facts.interval_s


def _place(fault: BaseException) -> str:
    """Where it was raised. No whole traceback: logs may print the variables of its frames, secrets among them."""
    frame = extract_tb(fault.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
