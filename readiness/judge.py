"""The judge: takes batches of observation, keeps the picture, stores what changed. A thin shell.

One turn is one transaction. What was decided counts when it is stored: while the store is away,
decisions wait in memory with the times at which they were true; what dies with the process is
decided again from the next polls.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from math import inf

import pyarrow as pa
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from collectors.model import Batch
from inventory.model import Inventory
from readiness import clock, notices, read, restart, ruleset, store
from readiness.clock import Clocks
from readiness.decide import Decider
from readiness.knowledge import Knowledge, Noticed
from readiness.maintenance import Calendar
from readiness.portals import Portals
from readiness.read import TransitionRow
from readiness.rules import graph
from readiness.rules.causes import shipped_weights
from readiness.rules.facts import Windows
from readiness.rules.outages import Outage
from readiness.rules.sight import Sight
from readiness.stated import Stated
from readiness.states import States
from readiness.store import Writes, moment
from storage.settings import Settings
from storage.understood import FAULTS

_log = structlog.get_logger()
_HEARTBEAT_S = 5.0
_NOTICES_S = 5.0
_LOTS = 5  # queries for ended outages in one turn
_WEEK_S = 8 * 86400.0
_CLOCK_STEP_S = 10.0  # less is a batch that waited, or the slewing of a time service
_TOGETHER_INTERVALS = 3
_POLL_AND_BURST_S = 15.0  # a poll that times out, and the burst after it

_AWAY = (InterfaceError, InternalError, NoConnectionError, OperationalError)
"""What may pass by itself. Rows that the store refuses would be refused for ever: such a turn breaks off, loudly."""

OnChange = Callable[[Sequence[TransitionRow]], None]


class Judge:
    """`observe` for every batch and `tick` each second or so; the first of them takes up what is stored.

    `on_change` is called with the transitions of each turn after they were stored. Without `clocks` a step of
    the wall clock looks like time in which nobody watched.
    """

    def __init__(
        self, engine: Engine, inventory: Inventory, settings: Settings, on_change: Sequence[OnChange] = (),
        *, clocks: Clocks | None = None,
    ) -> None:  # fmt: skip
        self._engine, self._inventory, self._settings = engine, inventory, settings
        self._on_change = tuple(on_change)
        # Turns follow one another in a thread of their own: a loud one takes longer than polls may wait.
        self._thread = ThreadPoolExecutor(1, "judge")
        self._clocks = clocks
        self._ahead = 0.0 if clocks is None else clocks.ahead()
        self._set_back = 0.0  # by so many seconds the clock was set back, and the store isn't set right yet
        self._set_at = -inf  # what is older was told by the clock that was set forward
        self._pending = Writes()
        self._beaten_at = -inf
        self._store_away = False
        self._broken = True  # nothing is taken up yet
        self._notices: notices.Mark | None = None  # the newest that were taken up
        self._read_notices_at = -inf
        self._past = deque[notices.Past]()  # what ended before notices about it were declared
        self._knowledge: Knowledge
        self._portals: Portals
        self._decider: Decider
        self._stated: Stated
        self._calendar: Calendar

    def restore(self, now: float) -> None:
        """Take up what the store holds, and store what a pause means; raises SQLAlchemyError."""
        judge, collect = self._settings.judge, self._settings.collect
        self._stepped()  # what is remembered from here on is by the clock as it is
        self._notices, self._read_notices_at = None, -inf
        self._past.clear()
        ruleset.note(self._engine, moment(now))
        until = read.observed_until(self._engine)
        clock.set_right(self._engine, moment(now))
        network = graph.build(self._inventory)
        states = States(self._inventory, network, moment(now))
        stored = store.load(self._engine, states)
        last_at = stored.last_seen.timestamp() if stored.last_seen else -inf
        icmp = self._settings.icmp
        self._knowledge = Knowledge(
            network, self._inventory, collect.interval_s, judge.sight_s, now,
            echo_s=icmp.interval_s, echo_probes=icmp.probes,
        )  # fmt: skip
        # Until a reference was asked, what was seen last holds: a silence told before that must not make down unknown.
        self._knowledge.sight = Sight(seen_at=last_at)
        windows = Windows(_TOGETHER_INTERVALS * collect.interval_s + _POLL_AND_BURST_S, judge.power_window_s)
        self._knowledge.sayings.recall(stored.words, now)
        watched_until = max(last_at, 0.0)  # or nobody ever did
        # Else nobody watched, or by a clock that was ahead: then nobody can say for how long not.
        known = now - last_at <= judge.restart_gap_s and not _is_ahead(until, now)
        gone = self._knowledge.troubles.recall(stored.troubles) if known else list(stored.troubles)
        self._portals = Portals(self._inventory, self._settings.endpoints, judge.sight_s, now)
        take_up = self._portals.recall if known else self._portals.forget
        take_up(stored.views)
        self._decider = Decider(
            self._inventory, self._knowledge, windows, shipped_weights(), states, portals=self._portals
        )
        self._stated = Stated(self._inventory, self._decider, self._knowledge)
        self._stated.begin(now)
        week = store.began_since(self._engine, moment(now - _WEEK_S))
        self._decider.recall(one.finding for one in week)
        self._calendar = Calendar(self._engine, self._inventory, network)
        self._replan(now)
        writes = restart.resume(self._decider, stored, now)
        if not known:
            for lot in restart.forgotten(self._decider, watched_until, now):
                store.commit(self._engine, collect.name, lot, states)
        writes.add(restart.remembered(self._decider, self._knowledge, stored, now))
        self._stated.tell(now)
        store.commit(
            self._engine, collect.name,
            replace(writes, views=self._portals.unsaved(), troubles=dict.fromkeys(gone)), states,
        )  # fmt: skip
        store.forget(self._engine, stored.gone, now if known else watched_until, self._decider.numbers)
        pa.default_memory_pool().release_unused()  # 50 MB of a country, from reading what was stored
        self._broken = False

    async def observe(self, batch: Batch) -> None:
        """Take a batch into account. Returns when its consequences are stored, or wait for the store.

        One that was closed before the clock was set is left out: its times are yet to come, or long ago. Its devices are
        asked again.
        """
        await self._turn(partial(self._observed, batch), batch.closed_at)

    async def tick(self, now: float) -> None:
        """Notice what nobody looks at any more, and try again to store what waits."""
        await self._turn(self._ticked, now)

    def _stepped(self) -> float:
        """By how many seconds the wall clock was set since this was last called."""
        if self._clocks is None:
            return 0.0
        ahead = self._clocks.ahead()
        step, self._ahead = ahead - self._ahead, ahead
        if abs(step) <= _CLOCK_STEP_S:
            return 0.0
        self._set_at += step
        if step > 0:  # what waits was told a step ago or more, what is new just now
            self._set_at = self._clocks.wall() - step / 2
        _log.warning("the wall clock was set", seconds=round(step, 1))
        return step

    async def _turn(self, notice: Callable[[float], Writes], now: float) -> None:
        loop = asyncio.get_running_loop()
        told = await loop.run_in_executor(self._thread, self._work, notice, now)
        for tell in self._on_change if told else ():
            tell(told)

    def _work(self, notice: Callable[[float], Writes], now: float) -> Sequence[TransitionRow]:
        """One turn; returns the transitions that were stored.

        A turn that breaks off leaves memory ahead of the store: the next one begins with what is stored.
        """
        told: Sequence[TransitionRow] = ()
        step = self._stepped()
        if self._broken:
            self._begin_anew(now)
        elif step:
            self._shift(step)
        if self._set_back:
            told = self._set_right(now)
        self._broken = True
        self._pending.add(notice(now))
        told = [*told, *self._store(now)]
        self._broken = False
        return told

    def _begin_anew(self, now: float) -> None:
        """Go on from what is stored."""
        self._pending, self._set_back, self._broken = Writes(), 0.0, True
        self.restore(self._present(now))

    def _present(self, now: float) -> float:
        """What the clock shows by now: a batch may have waited, and what was told since it closed isn't of the future."""
        return now if self._clocks is None else self._clocks.wall()

    def _is_of_another_clock(self, at: float) -> bool:
        """Whether that was the time before the clock was set: a batch and a tick may have waited meanwhile."""
        return at - self._present(at) > _CLOCK_STEP_S or at < self._set_at

    def _shift(self, step: float) -> None:
        """The wall clock was set: what was a moment ago is still a moment ago."""
        self._knowledge.shift(step)
        self._portals.shift(step)
        self._decider.shift(step)
        self._set_back = min(self._set_back + step, 0.0)

    def _set_right(self, now: float) -> Sequence[TransitionRow]:
        """Date back what was told by a clock that was ahead, and go on from that, once the store takes it.

        Until then it waits: what is only in memory would be lost.
        """
        told = self._store(now)
        if self._store_away:
            return told
        try:
            found = clock.set_right(self._engine, moment(self._present(now)), self._set_back)
        except _AWAY:
            return told
        self._set_back = 0.0
        if found:
            self._begin_anew(now)
        return told

    def _observed(self, batch: Batch, now: float) -> Writes:
        if self._is_of_another_clock(now):
            _log.warning("a batch from before the clock was set is left out", polls=len(batch.poll_at))
            return Writes()
        evidence = self._knowledge.reader.read(batch)
        noticed = self._knowledge.take(evidence, now)
        noticed.portals = self._portals.take(evidence.sightings, self._knowledge.sight)
        return self._decided(noticed, now, seen_at=now)

    def _ticked(self, now: float) -> Writes:
        now = self._present(now) if self._is_of_another_clock(now) else now
        told = self._announced(now)
        told.add(self._stated.pass_time(now))
        told.add(self._looked_back(now))
        with suppress(*_AWAY):  # while the store is away, what was announced before holds
            self._replan(now)
        noticed = self._knowledge.pass_time(now)
        noticed.portals = self._portals.pass_time(now)
        told.add(self._decided(noticed, now, seen_at=None))
        return told

    def _replan(self, now: float) -> None:
        """Lay announced work over what is judged; raises SQLAlchemyError. Where it isn't understood, the last plans hold."""
        try:
            fresh = self._calendar.refresh(now)
        except FAULTS:
            _log.exception("announced work not understood: what was known of it holds")
            return
        if fresh:
            self._decider.replan(self._calendar.plans)

    def _announced(self, now: float) -> Writes:
        """Take up what people declared or withdrew, looked for every few seconds; nothing while the store is away."""
        if 0 <= now - self._read_notices_at < _NOTICES_S:
            return Writes()
        self._read_notices_at = now
        try:
            mark = notices.mark(self._engine)
            return Writes() if mark == self._notices else self._consider(mark, now)
        except _AWAY:
            return Writes()
        except FAULTS:
            self._notices = mark  # they are asked again when there is another
            _log.exception("notices not understood: those known before hold")
            return Writes()

    def _consider(self, mark: notices.Mark, now: float) -> Writes:
        """Open outages are judged anew at once, ended ones in the turns that follow."""
        news = notices.news(self._engine, self._inventory)
        self._notices = mark
        going = {past.notice: past for past in self._past}
        self._past = deque(going.get(row) or notices.Past.of(row, moment(now)) for row in news.fresh)
        return self._decider.announce(news.board)

    def _looked_back(self, now: float) -> Writes:
        """Ended outages that notices tell of, a lot of them: a notice may reach back two years, and polls wait."""
        told, looked = Writes(), 0
        with suppress(*_AWAY):
            for _ in range(min(_LOTS, len(self._past))):
                try:
                    lot = notices.lot(self._engine, self._past[0])
                    told.add(self._decider.look_back([store.restored(row) for row in lot.ended], self._behind))
                except FAULTS:
                    _log.exception("what a notice is about not understood", notice=self._past.popleft().notice.id)
                    continue
                past, looked = self._past.popleft(), looked + len(lot.ended)
                if lot.left is None:
                    told.considered[past.notice.id] = now
                else:
                    self._past.append(lot.left)
                if looked >= notices.LOT:
                    break
        return told

    def _behind(self, roots: Sequence[int]) -> Iterator[Outage]:
        return map(store.restored, notices.behind(self._engine, roots))

    def _decided(self, noticed: Noticed, now: float, seen_at: float | None) -> Writes:
        decided = self._decider.decide(noticed, now)
        knowledge = self._knowledge
        return replace(
            decided, words=knowledge.sayings.unsaved(), views=self._portals.unsaved(),
            troubles=knowledge.troubles.unsaved(), seen_at=seen_at,
        )  # fmt: skip

    def _store(self, now: float) -> Sequence[TransitionRow]:
        writes, states = self._pending, self._decider.rows
        decided = bool(writes.transitions or states.unsaved or writes.outages or writes.views)
        decided = decided or bool(writes.considered or writes.troubles)
        beat = writes.seen_at is not None and not 0 <= now - self._beaten_at < _HEARTBEAT_S
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


def _is_ahead(until: datetime | None, now: float) -> bool:
    """Whether somebody watched until later than `now`: by another clock."""
    return until is not None and until.timestamp() - now > _CLOCK_STEP_S
