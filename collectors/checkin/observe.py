"""Heartbeats as observation: what is news goes to judgement like any poll, what is late only into the history.

Heartbeats wait in the store until what was made of them is on disk, so each is handed on at least once. One that is
handed on again after a kill changes no judgement; its samples stand in the history twice.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

import numpy as np
import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, Engine, delete, select

from collectors.checkin.keys import agents_of, is_polled
from collectors.checkin.message import Power, Said, Seen, reason_of
from collectors.checkin.spans import GAP_INTERVALS, Sign, told
from collectors.checkin.tables import checkin_heartbeat, checkin_seen, checkin_span
from collectors.http.batch import Columns
from collectors.http.look import Found, Look
from collectors.metrics import NUMBER
from collectors.model import REASONS, Batch, Failure, Reason, Sink
from inventory.model import Device, Inventory, Role
from storage.bulk import put
from storage.damage import MISHAPS
from storage.engine import for_writing
from storage.types import from_millis, to_millis

_AT_ONCE = 500  # heartbeats
_EACH_S = 1.0
_MOST_BESIDE = 100  # batches that the sinks have not taken
_MOST_HANDED = 20_000  # heartbeats that are handed on and not yet removed
_ON_DISK_S = 30.0  # by then the sinks have stored what they took: segments are written every 8 s
# What reaches judgement within that is known in its time. Later word may be dated back no further than a restart.
_IN_TIME_S = 60.0
_ABSENT = REASONS.index(Reason.ABSENT)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A heartbeat from the queue."""

    id: int
    site: str
    at: datetime
    received_at: datetime
    said: Said

    @property
    def at_s(self) -> float:
        return self.at.timestamp()

    def is_news(self, now: float, interval_s: float) -> bool:
        """Until the next one is due."""
        return now - self.at_s <= interval_s

    def reached(self, interval_s: float) -> bool:
        """Whether services could be got: a portal answered; without portals, the check-in came through in its time."""
        if self.said.looks:
            return any(seen.failure is None for seen in self.said.looks)
        return (self.received_at - self.at).total_seconds() <= interval_s

    def sign(self, now: float, interval_s: float) -> Sign:
        return Sign(to_millis(self.at), self.reached(interval_s), now - self.at_s > _IN_TIME_S)


@dataclass(frozen=True, slots=True)
class Lot:
    """`unreadable`: ids of rows that say nothing that this version understands."""

    beats: list[Waiting] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


def waiting(engine: Engine, after: int = 0) -> Lot:
    """The heartbeats with ids above `after` that wait longest; raises SQLAlchemyError."""
    column, lot = checkin_heartbeat.c, Lot()
    query = select(column.id, column.site, column.at, column.received_at, column.body).where(column.id > after)
    with engine.connect() as connection:
        for row in connection.execute(query.order_by(column.id).limit(_AT_ONCE)):
            try:
                lot.beats.append(Waiting(*row[:4], Said.model_validate_json(row.body)))
            except ValidationError as error:
                lot.unreadable.append(row.id)
                _log.error("a check-in that waited cannot be read, it is removed", site=row.site, why=_first_of(error))
    return lot


def _first_of(error: ValidationError) -> str:
    """Without what was said: it may be anything."""
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"


@dataclass(slots=True)
class _Polls:
    """Columns to be: the devices that were seen or missed, and what UPSs said."""

    device: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    reason: list[int] = field(default_factory=list)
    cells: list[tuple[int, int, float, float]] = field(default_factory=list)  # device, metric, at, value


class Eyes:
    """The kendras that check in, with what is seen through their PCs."""

    def __init__(self, inventory: Inventory) -> None:
        self.pcs = agents_of(inventory)
        names = {pc.name for pc in self.pcs.values()}
        self._polled = {pc.name for pc in self.pcs.values() if is_polled(inventory, pc)}
        self._seen: dict[str, list[Device]] = {}
        for device in inventory.devices.values() if names else ():
            if device.seen_through in names:
                self._seen.setdefault(device.seen_through, []).append(device)
        self._names = (*names, *(device.name for some in self._seen.values() for device in some))
        self._number = {name: number for number, name in enumerate(self._names)}
        self._endpoints = frozenset(inventory.endpoints)
        self._columns = Columns(self._names, tuple(inventory.endpoints))

    def batches(self, beats: Sequence[Waiting], now: float) -> Iterator[Batch]:
        """The heartbeats of kendras that the inventory knows, as polls and as looks at endpoints."""
        known = [beat for beat in beats if beat.site in self.pcs]
        polls = _Polls()
        for beat in known:
            self._poll(self.pcs[beat.site], beat, polls)
        if polls.device or polls.cells:
            yield self._batch(polls, now)
        looks = [(self.pcs[beat.site].name, _look(seen, beat.at_s)) for beat in known for seen in self._of_us(beat)]
        if looks:
            yield self._columns.batch(looks, now)

    def _of_us(self, beat: Waiting) -> Iterator[Seen]:
        return (seen for seen in beat.said.looks if seen.code in self._endpoints)

    def _poll(self, pc: Device, beat: Waiting, polls: _Polls) -> None:
        if pc.name not in self._polled:  # one that is polled is judged by its polls
            self._add(polls, pc, beat.at_s, -1)
        present = beat.said.peripherals
        names = {text for each in present or () for text in (each.id, each.kind)}
        for device in self._seen.get(pc.name, ()):
            if present is not None and device.seen_as:
                self._add(polls, device, beat.at_s, -1 if device.seen_as in names else _ABSENT)
        if beat.said.power:
            self._add_power(polls, self._ups(pc), beat.at_s, beat.said.power)

    def _ups(self, pc: Device) -> Device:
        """What the power is told of: the UPS that the PC sees, else the PC itself."""
        return next((device for device in self._seen.get(pc.name, ()) if device.role is Role.UPS), pc)

    def _add(self, polls: _Polls, device: Device, at: float, reason: int) -> None:
        polls.device.append(self._number[device.name])
        polls.at.append(at)
        polls.reason.append(reason)

    def _add_power(self, polls: _Polls, device: Device, at: float, power: Power) -> None:
        values = {"ups_on_battery": float(power.on_battery)} | {
            f"ups_{name}": getattr(power, name)
            for name in ("charge_percent", "runtime_s", "load_percent", "input_voltage")
        }
        polls.cells += [
            (self._number[device.name], NUMBER[metric], at, value)
            for metric, value in values.items()
            if value is not None
        ]

    def _batch(self, polls: _Polls, now: float) -> Batch:
        count = len(polls.device)
        reason, nothing = np.array(polls.reason, np.int8), np.zeros(count, np.int8)
        device, metric, at, value = zip(*polls.cells, strict=True) if polls.cells else ((), (), (), ())
        return Batch(
            devices=self._names,
            instances=("",),
            poll_device=np.array(polls.device, np.int32),
            poll_at=np.array(polls.at, np.float64),
            poll_took_ms=np.zeros(count, np.float32),
            poll_reached=reason < 0,
            poll_reason=reason,
            burst_sent=nothing,
            burst_answered=nothing,
            sample_device=np.array(device, np.int32),
            sample_metric=np.array(metric, np.int16),
            sample_instance=np.zeros(len(device), np.int32),
            sample_at=np.array(at, np.float64),
            sample_value=np.array(value, np.float64),
            closed_at=now,
        )


def _look(seen: Seen, at: float) -> Look:
    reason = reason_of(seen.failure)
    found = Found(seen.status, seen.name_s, seen.connect_s, seen.tls_s, seen.first_byte_s)
    return Look(seen.code, at, seen.total_s, Failure(reason) if reason else None, found)


class Follower:
    """Hands on what waits: news to `beside`, which goes to every sink, what is late to `history` alone."""

    def __init__(
        self,
        engine: Engine,
        inventory: Inventory,
        interval_s: float,
        *,
        beside: deque[Batch],
        history: Sink,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine, self._eyes, self._interval_s = engine, Eyes(inventory), interval_s
        self._beside, self._history, self._clock = beside, history, clock
        self._last = 0  # id of the newest that was handed on
        self._handed: deque[tuple[float, list[Waiting]]] = deque()  # lots by the moment at which they were

    async def follow(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; while the store or the history is away nothing is lost. What fails is told, and tried again."""
        while not stop.is_set():
            try:
                await self.settle(self._clock() - _ON_DISK_S)
                more = await self.turn()
            except MISHAPS as error:
                _log.error("check-ins not read", error=type(error).__name__)
                more = False
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _EACH_S)

    async def turn(self) -> bool:
        """Hand on one lot; whether there was any that could be. Raises SQLAlchemyError."""
        lot = await asyncio.to_thread(waiting, self._engine, self._last) if self._has_room() else Lot()
        if lot.unreadable:
            await asyncio.to_thread(forget, self._engine, lot.unreadable)
        beats = lot.beats
        if not beats:
            return bool(lot.unreadable)
        now = self._clock()
        news = [beat for beat in beats if beat.is_news(now, self._interval_s)]
        late = [beat for beat in beats if not beat.is_news(now, self._interval_s)]
        for batch in self._eyes.batches(late, now):
            (failed,) = await asyncio.gather(self._history(batch), return_exceptions=True)
            if isinstance(failed, Exception):
                _log.error("late check-ins wait: the history does not take them", error=repr(failed))
                return False
        self._beside.extend(self._eyes.batches(news, now))
        self._last = beats[-1].id
        self._handed.append((now, beats))
        return True

    async def settle(self, until: float) -> None:
        """Settle what was handed on by `until`, UTC epoch seconds; raises SQLAlchemyError."""
        while self._handed and self._handed[0][0] <= until:
            at, beats = self._handed[0]
            await asyncio.to_thread(settle, self._engine, beats, at, self._interval_s)
            self._handed.popleft()

    def _has_room(self) -> bool:
        return len(self._beside) < _MOST_BESIDE and sum(len(lot) for _, lot in self._handed) < _MOST_HANDED


def forget(engine: Engine, ids: Sequence[int]) -> None:
    """Remove these heartbeats from the queue; raises SQLAlchemyError."""
    with for_writing(engine).begin() as connection:
        connection.execute(delete(checkin_heartbeat).where(checkin_heartbeat.c.id.in_(ids)))


def settle(engine: Engine, beats: Sequence[Waiting], now: float, interval_s: float) -> None:
    """Keep what late heartbeats prove, and remove what was handed on, in one transaction."""
    by_site = attrgetter("site")
    with for_writing(engine).begin() as connection:
        for site, some in groupby(sorted(beats, key=by_site), by_site):
            _prove(connection, site, [beat.sign(now, interval_s) for beat in some], interval_s)
        connection.execute(delete(checkin_heartbeat).where(checkin_heartbeat.c.id.in_([beat.id for beat in beats])))


def _prove(connection: Connection, site: str, signs: Sequence[Sign], interval_s: float) -> None:
    seen, span = checkin_seen.c, checkin_span.c
    row = connection.execute(select(seen.at, seen.reached, seen.late).where(seen.site == site)).one_or_none()
    before = Sign(to_millis(row.at), row.reached, row.late) if row else None
    rows = []
    for start, end in told(before, signs, round(GAP_INTERVALS * interval_s * 1000)):
        # One that goes on where an earlier one ended is the same.
        touching = select(span.from_at).where(span.site == site, span.to_at == from_millis(start))
        first = connection.execute(touching).scalar()
        rows.append((site, to_millis(first) if first else start, end))
    put(connection, checkin_span, ["site", "from_at"], ("site", "from_at", "to_at"), rows)
    last = signs[-1]
    columns = ("site", "at", "reached", "late")
    put(connection, checkin_seen, ["site"], columns, [(site, last.at, last.reached, last.late)])
