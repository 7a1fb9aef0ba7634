"""A scenario before the real judge, in simulated time: the simulator's world on one side, batches of columns on the other."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from bench.announced import Announcer
from bench.looks import Looks
from bench.rounds import Rounds, Weather
from bench.visible import Seen, Sight
from inventory import store
from inventory.hours import INDIA
from inventory.model import Inventory
from readiness.judge import Judge
from readiness.store import moment
from simulator.condition import Effect
from simulator.director import Director
from simulator.scenario import Scenario
from simulator.timeline import Timeline
from simulator.truth import Key, Outage
from simulator.truth_log import TruthLog
from simulator.world import World
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import CollectSettings, Settings

_BEGIN = datetime(2026, 7, 1, tzinfo=INDIA)
_BEFORE_S = 600.0  # an absolute fault comes at least so long after the begin
_STEPS = 6  # in an interval
_LEAST_STEP_S = 1.0
_WARM_UP = 3  # intervals in which nothing is wrong


@dataclass(frozen=True, slots=True)
class Trial:
    """What is played: `days` of a scenario over an inventory. `loss` is a share of all exchanges."""

    inventory: Inventory
    scenario: Scenario
    days: float
    interval_s: float = 60.0
    loss: float = 0.01

    @property
    def begin(self) -> float:
        """UTC epoch seconds: before the first absolute time there is, else a fixed night in July."""
        absolute = [fault.at.timestamp() for fault in self.scenario.faults if isinstance(fault.at, datetime)]
        return min(absolute, default=_BEGIN.timestamp() + _BEFORE_S) - max(_BEFORE_S, self.warm_up_s)

    @property
    def warm_up_s(self) -> float:
        return _WARM_UP * self.interval_s

    @property
    def end(self) -> float:
        return self.begin + self.days * 86_400.0


@dataclass(frozen=True, slots=True)
class Played:
    """How it went; `seen` is what of the truth could be seen."""

    engine: Engine
    seen: tuple[Seen, ...]
    polls: int
    cpu_s: float
    wall_s: float


@dataclass
class _Stage:
    """The world, and the rounds of polls that have to heed what changes there."""

    world: World
    rounds: Rounds

    def set_effects(self, effects: tuple[Effect, ...], now: float) -> None:
        self.rounds.readings.change(self.world.settle(effects, now), now)
        self.rounds.heed()


@dataclass
class _Log:
    """The truth, written down and looked at as far as anybody could see it."""

    written: TruthLog
    sight: Sight
    announcer: Announcer
    world: World = field(repr=False)

    def update(self, outages: Mapping[Key, Outage], now: float) -> None:
        self.written.update(outages, now)
        self.sight.update(outages, self.world.condition, now)
        self.announcer.update(outages, now)


async def play(trial: Trial, out: Path) -> Played:
    """Play it; leaves truth.jsonl and the judge's store in `out`. Raises ValueError as `Director.play` does."""
    cpu, wall = time.process_time(), time.perf_counter()
    world = World(trial.inventory, trial.begin)
    rounds = Rounds(world, trial.interval_s, Weather(trial.loss, trial.scenario.seed), trial.begin)
    timeline = Timeline(trial.begin)
    engine = _store(out, trial)
    written = TruthLog((out / "truth.jsonl").open("w", encoding="utf-8"))
    log = _Log(written, Sight(world, trial.interval_s), Announcer(engine), world)
    director = Director(_Stage(world, rounds), timeline, log, seed=trial.scenario.seed)
    director.play(trial.scenario, trial.begin + trial.warm_up_s)
    judge = Judge(engine, trial.inventory, Settings(collect=CollectSettings(interval_s=trial.interval_s)))
    await _hear(trial, timeline, rounds, Looks(world, 60.0, trial.begin), judge)
    log.written.close()
    seen = log.sight.close(trial.end)
    return Played(engine, seen, rounds.polls, time.process_time() - cpu, time.perf_counter() - wall)


async def _hear(trial: Trial, timeline: Timeline, rounds: Rounds, looks: Looks, judge: Judge) -> None:
    """Go on to whichever comes first: the next step, the next fault, the end."""
    judge.restore(trial.begin)
    now, step_s = trial.begin, max(trial.interval_s / _STEPS, _LEAST_STEP_S)
    while now < trial.end:
        now = min(now + step_s, max(timeline.next, now + _LEAST_STEP_S), trial.end)
        await judge.observe(rounds.batch(now))
        seen = looks.batch(now)
        if seen is not None:
            await judge.observe(seen)
        await judge.tick(now)
        timeline.go(now)


def _store(out: Path, trial: Trial) -> Engine:
    """A new store in `out` that holds the inventory."""
    file = out / "judge.db"
    for old in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        old.unlink(missing_ok=True)
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine)
    store.apply(engine, trial.inventory, moment(trial.begin))
    return engine
