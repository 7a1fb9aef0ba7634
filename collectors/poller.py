"""A poll from beginning to end: recognise the device where that is due, ask by plan, notice a reboot."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from collectors.batch import BatchBuilder, FinishedPoll
from collectors.boots import Boots
from collectors.budget import GENTLE_S
from collectors.model import Failure, Reason
from collectors.plan import NAMES, PollPlan, ports_of_interest
from collectors.poll import Reading, read_device
from collectors.profile import Profile
from collectors.recognise import ask_system, recognise_by
from collectors.snmp.backend import SnmpBackend
from collectors.watch import Watched

Due = Callable[[Watched], AbstractSet[str]]
"""What of the device's plan is to be read now, by name."""


T = TypeVar("T")
_BOOTS_WITHIN_S = 900.0  # what boots is looked at again after this, for it may not show all of its ports yet


class Poller:
    """Polls devices over one backend; `builder` gives the places for their readings."""

    def __init__(
        self,
        backend: SnmpBackend,
        catalogue: Mapping[str, Profile],
        builder: BatchBuilder,
        *,
        boots: Boots,
        deadline_s: float,
        concurrency: int,
    ) -> None:
        self._backend = backend
        self._catalogue = catalogue
        self._builder = builder
        self._boots = boots
        self._deadline_s = deadline_s
        self._walking = asyncio.Semaphore(most_recognitions(concurrency))

    async def poll(self, watched: Watched, due: Due) -> FinishedPoll:
        """One poll; a device that is down or strange makes one that says so."""
        at, began = time.time(), time.monotonic()
        failure = await self._recognise(watched) if recognises(watched, at) else None
        clock = time.monotonic()
        reading = Reading(failure=failure) if failure else await self._read(watched, due)
        restarted = self._restarted(watched, reading, clock)
        if not restarted and self._doubts(watched, reading, clock):
            reading = await self._with_names(watched, reading)
        if restarted or self._renamed(watched, reading):
            # Its ports may have other numbers now: what was read by the old ones is not trusted.
            watched.recognise_at = 0.0  # should it fail now
            failure = await self._recognise(watched)
            # What boots may not show all of its ports yet.
            watched.recognise_at = min(watched.recognise_at, time.time() + _BOOTS_WITHIN_S)
            clock = time.monotonic()
            reading = Reading(failure=failure, reached=True) if failure else await self._read(watched, due)
        self._boots.remember(*_uptime(watched, reading, clock))
        plan = self._settle(watched, reading)
        return FinishedPoll(
            device=watched.number,
            at=at,
            clock=clock,
            took_ms=(time.monotonic() - began) * 1000,
            reached=reading.reached,
            failure=reading.failure,
            place=watched.place,
            rows=reading.rows(plan) if plan else (),
            cells=reading.cells,
            restarted=restarted,
        )

    def _restarted(self, watched: Watched, reading: Reading, clock: float) -> bool:
        return bool(self._boots.anew(*_uptime(watched, reading, clock))[0])

    def _renamed(self, watched: Watched, reading: Reading) -> bool:
        return reading.names is not None and watched.fleet.renamed(watched.number, reading.names)

    def _doubts(self, watched: Watched, reading: Reading, clock: float) -> bool:
        """Whether its ports may have other numbers by what it told, and names are to be read to know."""
        place, plan = watched.place, watched.plan
        if place is None or plan is None or not watched.is_placed or not reading.reached:
            return False
        told = FinishedPoll(watched.number, 0.0, clock, 0.0, reached=True, place=place, rows=reading.rows(plan))
        if not self._builder.doubts(told):
            return False
        return bool(watched.fleet.doubt(np.array([watched.number]), np.array([reading.names is not None]))[0])

    async def _with_names(self, watched: Watched, reading: Reading) -> Reading:
        """The reading with the names of its ports; without them nothing of it is believed."""
        plan = watched.plan
        if plan is None or reading.failure:
            return Reading(failure=reading.failure, reached=reading.reached)
        told = await read_device(self._backend, watched.target, plan, {NAMES}, self._deadline_s)
        if told.names is None:
            return Reading(failure=Failure(Reason.DEADLINE, detail="names of ports did not come"), reached=True)
        reading.names = told.names
        return reading

    async def _read(self, watched: Watched, due: Due) -> Reading:
        plan = watched.plan
        if plan is None:
            return Reading(failure=Failure(Reason.PROTOCOL, detail="not recognised"))
        wanted = due(watched)
        if not watched.settled:
            # What a device lacks is seen by asking for it: the first poll by a new plan asks for all that is gentle.
            # Its names too: by them it is seen later that they changed.
            wanted |= {name for name, every_s in plan.reads if every_s <= GENTLE_S or name == NAMES}
        rows, now = watched.fleet.rows, time.time()
        reading = await read_device(
            self._backend, watched.target, plan, wanted, self._deadline_s, known=rows.of(watched.number, now)
        )
        if reading.refused and not reading.failure:
            rows.refuse(watched.number)
        elif reading.walked:
            rows.keep(watched.number, reading.walked, now)
        return reading

    async def _recognise(self, watched: Watched) -> Failure | None:
        """Make the device's plan anew; a Failure leaves it as it was."""
        known = watched.profile if watched.profile in self._catalogue else ""
        system = await self._within(ask_system(self._backend, watched.target), Reason.TIMEOUT)
        if isinstance(system, Failure):
            return system  # the silent don't get as far as a walk, and so wait for no place
        async with self._walking:
            recognition = recognise_by(self._backend, watched.target, system, self._catalogue, profile=known)
            found = await self._within(recognition, Reason.DEADLINE)
        if isinstance(found, Failure):
            return found
        plan = watched.fleet.plans.make(found.profile, ports_of_interest(found.ports, watched.linked))
        watched.recognise(plan, time.time())
        return None

    async def _within(self, asked: Coroutine[None, None, T | Failure], late: Reason) -> T | Failure:
        """What it comes to, or a Failure where that takes longer than a device may."""
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asked
        except TimeoutError:
            return Failure(late, detail="not recognised in time")

    def _settle(self, watched: Watched, reading: Reading) -> PollPlan | None:
        """The plan by which the reading is stored: after recognition, narrowed to what the device has."""
        if watched.plan is None or not reading.asked:
            return None
        if not watched.settled:
            watched.plan = watched.fleet.plans.narrow(watched.plan, reading.absent(watched.plan))
            watched.settled = True
        if not watched.is_placed:
            watched.place = self._builder.place(watched.plan, watched.place)
        return watched.plan


def most_recognitions(concurrency: int) -> int:
    """How many devices are recognised at once, where so many polls may be under way: it walks tables."""
    return max(1, concurrency // 4)


def recognises(watched: Watched, now: float) -> bool:
    """Whether a poll at `now` (UTC epoch seconds) recognises the device first."""
    dead = watched.silence.confirmed  # nobody there to be recognised: that waits for an answer
    return watched.plan is None or (not dead and not watched.recent(now))


def _uptime(
    watched: Watched, reading: Reading, clock: float
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64]]:
    """One device's reading of sysUpTime as columns."""
    ticks = -1 if reading.uptime_ticks is None else reading.uptime_ticks
    return np.array([watched.number], np.int32), np.array([ticks], np.int64), np.array([clock])
