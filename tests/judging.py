"""A judge over the small network in simulated time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from inventory.model import Inventory
from inventory.scope import Scope
from inventory.store import apply
from readiness import read
from readiness.judge import Judge
from readiness.model import SubjectKind
from readiness.read import OutageRow, StateRow, TransitionRow
from readiness.store import moment
from storage.settings import CollectSettings, Settings
from tests.rounds import Rounds, World

T0 = 1_800_000_000.0
SETTINGS = Settings(collect=CollectSettings(interval_s=10))
Event = Callable[[World], object]


@dataclass
class Court:
    """`clock` counts seconds after T0."""

    engine: Engine
    inventory: Inventory
    world: World
    rounds: Rounds
    judge: Judge
    clock: int = 0

    async def run(self, until: int, events: Mapping[int, Event] | None = None) -> None:
        """Poll, judge and tick every second; an event happens just before its second is polled."""
        while self.clock < until:
            self.clock += 1
            if events and self.clock in events:
                events[self.clock](self.world)
            now = T0 + self.clock
            await self.judge.observe(self.rounds.second(now))
            await self.judge.tick(now)

    def restart(self) -> None:
        """A new process on the same store, as after kill -9."""
        self.judge = Judge(self.engine, self.inventory, SETTINGS)
        self.judge.restore(T0 + self.clock)
        self.rounds = Rounds(self.world, T0)

    def transitions(self, kind: SubjectKind | None = None, subject: str | None = None) -> list[TransitionRow]:
        return read.transitions(self.engine, Scope(), kind=kind, subject=subject, limit=100_000)

    def story(self, kind: SubjectKind, subject: str) -> list[tuple[str, str, float]]:
        """(status, layer, seconds after T0) of the subject's transitions."""
        return [
            (row.after, row.layer or "", round(row.at.timestamp() - T0, 1)) for row in self.transitions(kind, subject)
        ]

    def state(self, kind: SubjectKind, subject: str) -> StateRow:
        (row,) = [row for row in read.states(self.engine, Scope(), kind) if row.subject == subject]
        return row

    def roots(self) -> list[OutageRow]:
        return [row for row in read.outages(self.engine, Scope()) if row.root]


def court(engine: Engine, inventory: Inventory) -> Court:
    apply(engine, inventory, moment(T0))
    world = World(inventory)
    made = Court(engine, inventory, world, Rounds(world, T0), Judge(engine, inventory, SETTINGS))
    made.judge.restore(T0)
    return made
