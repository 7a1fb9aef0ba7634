"""One poll of one device by its plan."""

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from collectors.columns import Raw
from collectors.instances import Sample, columns, samples
from collectors.model import Failure, Reason
from collectors.plan import NAMES, SYS_UP_TIME, Part, PollPlan
from collectors.profile import TableRead
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value


@dataclass(slots=True)
class Reading:
    """What a device said so far; with a `failure` it may be a part of what was asked.

    `errors`: (what was asked for and is missing, reason).
    """

    values: dict[str, Value] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)  # every_s of the parts that were asked for
    cells: list[Sample] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    reached: bool = False
    failure: Failure | None = None
    names: tuple[bytes | None, ...] | None = None  # of the plan's ports, where they were asked for

    def rows(self, plan: PollPlan) -> list[tuple[Part, Raw]]:
        """The raw values by part of `plan`."""
        get = self.values.get
        return [(part, [get(oid) for oid in part.oids]) for part in plan.parts if part.every_s in self.asked]

    def absent(self, plan: PollPlan) -> frozenset[str]:
        """Objects that were asked for and that the device doesn't have."""
        asked = (oid for part in plan.parts if part.every_s in self.asked for oid in part.oids)
        return frozenset(oid for oid in asked if oid not in self.values)

    @property
    def uptime_ticks(self) -> int | None:
        ticks = self.values.get(SYS_UP_TIME)
        return ticks if isinstance(ticks, int) else None


async def read_device(
    backend: SnmpBackend, target: Target, plan: PollPlan, due: AbstractSet[str], deadline_s: float
) -> Reading:
    """Ask for what of `plan.reads` is named in `due`; whatever happens, what came until `deadline_s` is in the reading."""
    reading = Reading()
    try:
        async with asyncio.timeout(deadline_s):
            await _read(backend, target, plan, due, reading)
    except TimeoutError:
        reading.failure = _cut_short(reading, Failure(Reason.TIMEOUT))
    return reading


async def _read(backend: SnmpBackend, target: Target, plan: PollPlan, due: AbstractSet[str], reading: Reading) -> None:
    await _get(backend, target, plan, due, reading)
    if reading.failure:
        return
    walked: dict[str, Mapping[str, Value]] = {}
    for table in plan.tables:
        wanted = tuple(read for read in table.columns if read.oid in due)
        if wanted:
            await _walk(backend, target, replace(table, columns=wanted), walked, reading)
            if reading.failure:
                return


async def _get(backend: SnmpBackend, target: Target, plan: PollPlan, due: AbstractSet[str], reading: Reading) -> None:
    """What is due of the parts, as many objects together as the device takes."""
    parts = [part for part in plan.parts if part.name in due]
    names = plan.names if NAMES in due else ()
    oids = [*(oid for part in parts for oid in part.oids), *names]
    for at in range(0, len(oids), plan.max_objects):
        answer = await backend.get(target, oids[at : at + plan.max_objects])
        if isinstance(answer, Failure):
            reading.failure = _cut_short(reading, answer)
            oids = oids[:at]
            break
        reading.reached = True
        reading.values.update(answer)
    reading.asked.extend(part.every_s for part in parts if part.oids[-1] in oids)
    if names and not reading.failure:
        reading.names = tuple(_octets(reading.values.get(oid)) for oid in names)


def _octets(value: Value | None) -> bytes | None:
    return value if isinstance(value, bytes) else None


async def _walk(
    backend: SnmpBackend,
    target: Target,
    table: TableRead,
    walked: dict[str, Mapping[str, Value]],
    reading: Reading,
) -> None:
    """Read a table; `walked` are the columns that this poll has already: several tables may look at one."""
    for column in columns(table):
        if column in walked:
            continue
        answer = await backend.walk(target, column, Limits())
        if not isinstance(answer, Failure):
            walked[column] = answer
        elif answer.reason is Reason.PROTOCOL:
            reading.errors.append((f"{table.name} {column}", answer.detail))
        else:
            reading.failure = _cut_short(reading, answer)
            return
    reading.cells.extend(samples(table, walked))


def _cut_short(reading: Reading, failure: Failure) -> Failure:
    """Silence after an answer isn't silence: the device lives, and its answers didn't all come."""
    if reading.reached and failure.reason is Reason.TIMEOUT:
        return Failure(Reason.DEADLINE, detail=failure.detail or "answers stopped")
    return failure
