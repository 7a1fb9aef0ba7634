"""The judge: takes batches of observation, keeps the picture, stores what changed. A thin shell.

One turn is one transaction. What was decided counts when it is stored: while the store is away,
decisions wait in memory with the times at which they were true; what dies with the process is
decided again from the next polls.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from math import inf

import pyarrow as pa
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from collectors.model import Batch
from inventory.model import Inventory
from readiness import restart, store
from readiness.decide import Decider
from readiness.knowledge import Knowledge, Noticed
from readiness.portals import Portals
from readiness.read import TransitionRow
from readiness.rules import graph
from readiness.rules.causes import shipped_weights
from readiness.rules.facts import Windows
from readiness.rules.sight import Sight
from readiness.states import States
from readiness.store import Writes, moment
from storage.settings import Settings

_log = structlog.get_logger()
_HEARTBEAT_S = 5.0
_TOGETHER_INTERVALS = 3
_POLL_AND_BURST_S = 15.0  # a poll that times out, and the burst after it

_AWAY = (InterfaceError, InternalError, NoConnectionError, OperationalError)
"""What may pass by itself. Rows that the store refuses would be refused for ever: such a fault of ours ends the judge."""

OnChange = Callable[[Sequence[TransitionRow]], None]


class Judge:
    """`observe` for every batch and `tick` each second or so; the first of them takes up what is stored.

    `on_change` is called with the transitions of each turn after they were stored.
    """

    def __init__(
        self, engine: Engine, inventory: Inventory, settings: Settings, on_change: Sequence[OnChange] = ()
    ) -> None:
        self._engine, self._inventory, self._settings = engine, inventory, settings
        self._on_change = tuple(on_change)
        # Turns follow one another in a thread of their own: a loud one takes longer than polls may wait.
        self._thread = ThreadPoolExecutor(1, "judge")
        self._pending = Writes()
        self._beaten_at = -inf
        self._store_away = False
        self._broken = True  # nothing is taken up yet
        self._knowledge: Knowledge
        self._portals: Portals
        self._decider: Decider

    def restore(self, now: float) -> None:
        """Take up what the store holds, and store what a pause means; raises SQLAlchemyError."""
        judge, collect = self._settings.judge, self._settings.collect
        network = graph.build(self._inventory)
        states = States(self._inventory, network, moment(now))
        stored = store.load(self._engine, states)
        last_at = stored.last_seen.timestamp() if stored.last_seen else -inf
        self._knowledge = Knowledge(network, self._inventory, collect.interval_s, judge.sight_s, now)
        # Until a reference was asked, what was seen last holds: a silence told before that must not make down unknown.
        self._knowledge.sight = Sight(seen_at=last_at)
        windows = Windows(_TOGETHER_INTERVALS * collect.interval_s + _POLL_AND_BURST_S, judge.power_window_s)
        self._knowledge.sayings.recall(stored.words)
        self._portals = Portals(self._inventory, self._settings.endpoints, judge.sight_s, now)
        take_up = self._portals.recall if now - last_at <= judge.restart_gap_s else self._portals.forget
        take_up(stored.views)
        self._decider = Decider(
            self._inventory, self._knowledge, windows, shipped_weights(), states, portals=self._portals
        )
        writes = restart.resume(self._decider, stored, now)
        if now - last_at > judge.restart_gap_s:
            for lot in restart.forgotten(self._decider, last_at, now):
                store.commit(self._engine, collect.name, lot, states)
        writes.add(restart.remembered(self._decider, self._knowledge, stored, now))
        store.commit(self._engine, collect.name, replace(writes, views=self._portals.unsaved()), states)
        store.forget(self._engine, stored.gone)
        pa.default_memory_pool().release_unused()  # 50 MB of a country, from reading what was stored
        self._broken = False

    async def observe(self, batch: Batch) -> None:
        """Take a batch into account. Returns when its consequences are stored, or wait for the store."""
        await self._turn(partial(self._observed, batch), batch.closed_at)

    async def tick(self, now: float) -> None:
        """Notice what nobody looks at any more, and try again to store what waits."""
        await self._turn(self._ticked, now)

    async def _turn(self, notice: Callable[[float], Writes], now: float) -> None:
        loop = asyncio.get_running_loop()
        told = await loop.run_in_executor(self._thread, self._work, notice, now)
        for tell in self._on_change if told else ():
            tell(told)

    def _work(self, notice: Callable[[float], Writes], now: float) -> Sequence[TransitionRow]:
        """One turn; returns the transitions that were stored.

        A turn that breaks off leaves memory ahead of the store: the next one begins with what is stored.
        """
        if self._broken:
            self._pending = Writes()
            self.restore(now)
        self._broken = True
        self._pending.add(notice(now))
        told = self._store(now)
        self._broken = False
        return told

    def _observed(self, batch: Batch, now: float) -> Writes:
        evidence = self._knowledge.reader.read(batch)
        noticed = self._knowledge.take(evidence, now)
        noticed.portals = self._portals.take(evidence.sightings, self._knowledge.sight.seen_at)
        return self._decided(noticed, now, seen_at=now)

    def _ticked(self, now: float) -> Writes:
        noticed = self._knowledge.pass_time(now)
        noticed.portals = self._portals.pass_time(now)
        return self._decided(noticed, now, seen_at=None)

    def _decided(self, noticed: Noticed, now: float, seen_at: float | None) -> Writes:
        decided = self._decider.decide(noticed, now)
        return replace(decided, words=self._knowledge.sayings.unsaved(), views=self._portals.unsaved(), seen_at=seen_at)

    def _store(self, now: float) -> Sequence[TransitionRow]:
        writes, states = self._pending, self._decider.rows
        decided = bool(writes.transitions or states.unsaved or writes.outages or writes.views)
        beat = writes.seen_at is not None and now - self._beaten_at >= _HEARTBEAT_S
        if not decided and not beat:
            return ()
        try:
            store.commit(self._engine, self._settings.collect.name, writes, states)
        except _AWAY as error:
            if not self._store_away:
                _log.error("store is away: what is judged waits in memory", error=type(error).__name__)
            self._store_away = True
            return ()
        self._pending, self._beaten_at, self._store_away = Writes(), now, False
        return writes.transitions
