"""One poll of one device by its plan."""

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from collectors.columns import Raw
from collectors.instances import Column, Sample, columns, samples
from collectors.model import Failure, Reason
from collectors.plan import NAMES, SYS_UP_TIME, Part, PollPlan
from collectors.profile import TableRead
from collectors.rows import Rows, cells, columns_of, steady
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value

_MOST_OBJECTS_V1 = 6  # in one GET: each of them that is absent costs an exchange (RFC 1157 section 4.1.2)
_NOTHING_KNOWN: Rows = MappingProxyType({})


@dataclass(slots=True)
class Reading:
    """What a device said so far; with a `failure` it may be a part of what was asked.

    `errors`: (what was asked for and is missing, reason).
    `walked`: where the rows of steady tables lie that were walked; `refused`: the device doesn't answer for known rows.
    """

    values: dict[str, Value] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)  # every_s of the parts that were asked for
    cells: list[Sample] = field(default_factory=list)
    walked: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # as Rows
    errors: list[tuple[str, str]] = field(default_factory=list)
    refused: bool = False
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
    backend: SnmpBackend,
    target: Target,
    plan: PollPlan,
    due: AbstractSet[str],
    deadline_s: float,
    *,
    known: Rows = _NOTHING_KNOWN,
) -> Reading:
    """Ask for what of `plan.reads` is named in `due`; whatever happens, what came until `deadline_s` is in the reading.

    The tables whose rows are `known` are asked for by GET, and walked only where one of these rows is gone.
    """
    reading = Reading()
    try:
        async with asyncio.timeout(deadline_s):
            await _read(backend, target, plan, _Due(plan, due, known), reading)
    except TimeoutError:
        reading.failure = _cut_short(reading, Failure(Reason.TIMEOUT))
    return reading


class _Due:
    """What of a plan is due: `parts`, and of each table the columns that are."""

    def __init__(self, plan: PollPlan, due: AbstractSet[str], known: Rows) -> None:
        self.parts = [part for part in plan.parts if part.name in due]
        self.names = plan.names if NAMES in due else ()
        cut = (
            replace(table, columns=tuple(read for read in table.columns if read.oid in due)) for table in plan.tables
        )
        self.tables = [table for table in cut if table.columns]
        self.known = known


async def _read(backend: SnmpBackend, target: Target, plan: PollPlan, due: _Due, reading: Reading) -> None:
    await _get_parts(backend, target, plan, due, reading)
    known = {} if reading.failure else await _get_rows(backend, target, plan, due, reading)
    walked: dict[str, Column] = {}
    for table in due.tables:
        if reading.failure:
            return
        there = columns_of(table, known, reading.values)
        if there is None:
            await _walk(backend, target, table, walked, reading)
        else:
            reading.cells.extend(samples(table, there))


async def _get_parts(backend: SnmpBackend, target: Target, plan: PollPlan, due: _Due, reading: Reading) -> None:
    """What is due of the parts."""
    oids = [*(oid for part in due.parts for oid in part.oids), *due.names]
    failure, answered = await _get(backend, target, plan, oids, reading)
    if failure:
        reading.failure = _cut_short(reading, failure)
    reading.asked.extend(part.every_s for part in due.parts if part.oids[-1] in oids[:answered])
    if due.names and not failure:
        reading.names = tuple(_octets(reading.values.get(oid)) for oid in due.names)


async def _get_rows(backend: SnmpBackend, target: Target, plan: PollPlan, due: _Due, reading: Reading) -> Rows:
    """Ask for the cells of known rows; what is known of rows then.

    In GETs of their own: their texts are long, and an agent that can't send so much at once says nothing at all. Its
    tables are walked as ever.
    """
    oids = list(dict.fromkeys(oid for table in due.tables for oid in cells(table, due.known)))
    failure, _ = await _get(backend, target, plan, oids, reading)
    reading.refused = failure is not None
    return {} if failure else due.known


async def _get(
    backend: SnmpBackend, target: Target, plan: PollPlan, oids: Sequence[str], reading: Reading
) -> tuple[Failure | None, int]:
    """Ask for `oids`, as many together as the device takes, until one fails: (why, how many were answered before)."""
    most = min(plan.max_objects, _MOST_OBJECTS_V1) if target.version == 1 else plan.max_objects
    for at in range(0, len(oids), most):
        answer = await backend.get(target, oids[at : at + most])
        if isinstance(answer, Failure):
            return answer, at
        reading.reached = True
        reading.values.update(answer)
    return None, len(oids)


def _octets(value: Value | None) -> bytes | None:
    return value if isinstance(value, bytes) else None


async def _walk(
    backend: SnmpBackend,
    target: Target,
    table: TableRead,
    walked: dict[str, Column],
    reading: Reading,
) -> None:
    """Read a table; `walked` are the columns that this poll has already: several tables may look at one."""
    rows = 0
    for column in columns(table):
        if column in walked:
            continue
        answer = await backend.walk(_expecting(target, rows), column, Limits())
        if not isinstance(answer, Failure):
            walked[column], rows = answer, len(answer)
        elif answer.reason is Reason.PROTOCOL:
            reading.errors.append((f"{table.name} {column}", answer.detail))
        else:
            reading.failure = _cut_short(reading, answer)
            return
    reading.cells.extend(samples(table, walked))
    reading.walked.update(steady(table, walked))


def _expecting(target: Target, rows: int) -> Target:
    """Asked for a column that likely has as many rows as the one beside it: one more tells its end, others cost both sides."""
    return replace(target, max_repetitions=min(target.max_repetitions, rows + 1)) if rows else target


def _cut_short(reading: Reading, failure: Failure) -> Failure:
    """Silence after an answer isn't silence: the device lives, and its answers didn't all come."""
    if reading.reached and failure.reason is Reason.TIMEOUT:
        return Failure(Reason.DEADLINE, detail=failure.detail or "answers stopped")
    return failure
