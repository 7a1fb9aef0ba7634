"""Faults in force on a running fleet: begun and ended by hand or by a scenario."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import inf
from random import Random
from typing import Protocol

from simulator import truth
from simulator.condition import Effect
from simulator.courses import Course
from simulator.effects import course_of
from simulator.faults import Fault
from simulator.portals import Portals, Trouble
from simulator.scenario import Scenario, ScenarioError
from simulator.series import Series
from simulator.truth import Key, Outage
from simulator.world import World


class Clock(Protocol):
    """What tells the time and rings; transport.Server is one."""

    def now(self) -> float:
        """UTC epoch seconds."""
        ...

    def at(self, when: float, act: Callable[[float], None]) -> None:
        """Call `act(now)` at `when`, or as soon as that is past."""
        ...


class Stage(Protocol):
    """Where faults are in force; fleet.Fleet is one."""

    @property
    def world(self) -> World: ...

    def set_effects(self, effects: tuple[Effect, ...], now: float) -> None:
        """Let exactly these be in force."""
        ...


class Log(Protocol):
    """Who is told what is truly wrong; truth_log.TruthLog is one."""

    def update(self, outages: Mapping[Key, Outage], now: float) -> None:
        """From now on exactly this is wrong."""
        ...


_SILENT = Trouble(silent=True)


class Director:
    """Keeps the effects in force, and the log of what is truly wrong where one is wanted."""

    def __init__(
        self,
        stage: Stage,
        clock: Clock,
        log: Log | None = None,
        portals: Portals | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._stage = stage
        self._clock = clock
        self._log = log
        self._portals = portals
        self._places = truth.Places(stage.world.inventory) if log else None
        self._seed = seed
        self._begun = 0
        self._in_force: dict[int, Effect] = {}
        self._empty_at = inf  # when the next battery is known to run out

    def play(self, scenario: Scenario, start: float) -> None:
        """Schedule every fault; raises ScenarioError for one whose place the inventory doesn't have."""
        for place, fault in enumerate(scenario.faults, start=1):
            begin = start + fault.at.total_seconds() if isinstance(fault.at, timedelta) else fault.at.timestamp()
            seed = f"{scenario.seed}:{place}"
            try:
                course = self._course(fault, Random(seed), begin)
            except ValueError as error:
                raise ScenarioError(
                    f"scenario {scenario.name!r}: fault[{place}]: {error} in this inventory; a scenario that names places"
                    " needs the inventory that has them, such as the whole state (demo without --gps)"
                ) from None
            if fault.a_day:
                self._await(Series(fault, seed), begin)
            else:
                running = _Running(self._number(), course, begin, _end_of(fault, begin))
                self._clock.at(begin, partial(self._begin, running))

    def _await(self, series: Series, now: float) -> None:
        """Let the next fault of a series come, and after it the one after that."""
        coming = series.following()

        def come(now: float) -> None:
            course = self._course(coming.fault, coming.random, now)
            self._begin(_Running(self._number(), course, now, _end_of(coming.fault, now)), now)
            self._await(series, now)

        self._clock.at(now + coming.after_s, come)

    def apply(self, fault: Fault) -> int:
        """Put a fault in force now; the number ends it. Raises ValueError as `course_of` does."""
        number, now = self._number(), self._clock.now()
        course = self._course(fault, Random(f"{self._seed}:{number}"), now)
        self._begin(_Running(number, course, now, _end_of(fault, now)), now)
        return number

    def _course(self, fault: Fault, random: Random, begin: float) -> Course:
        return course_of(fault, self._stage.world.inventory, random, begin)

    def clear(self, number: int) -> None:
        """End a fault; one that has ended already stays so."""
        self._end(number, self._clock.now())

    def _troubles(self, codes: Iterable[str]) -> Mapping[str, Trouble]:
        condition = self._stage.world.condition
        return dict.fromkeys(codes, _SILENT) if condition.blind else condition.portals

    def _number(self) -> int:
        self._begun += 1
        return self._begun

    def _begin(self, running: "_Running", now: float) -> None:
        if running.until is not None:
            self._clock.at(running.until, partial(self._end, running.number))
        self._enter(running, next(running.course)[1], now)

    def _enter(self, running: "_Running", effect: Effect, now: float) -> None:
        """Let the fault come to its next stage, and see to the one after that."""
        self._in_force[running.number] = effect
        self._settle(now)
        following = next(running.course, None)
        if following is not None:
            self._clock.at(running.begin + following[0], partial(self._go_on, running, following[1]))

    def _go_on(self, running: "_Running", effect: Effect, now: float) -> None:
        if running.number in self._in_force:
            self._enter(running, effect, now)

    def _end(self, number: int, now: float) -> None:
        if self._in_force.pop(number, None) is not None:
            self._settle(now)

    def _settle(self, now: float) -> None:
        self._stage.set_effects(tuple(self._in_force.values()), now)
        if self._portals:
            self._portals.troubles = self._troubles(self._portals.codes)
        if self._log and self._places:
            self._log.update(truth.outages(self._stage.world.condition, self._places), now)
        empty = self._stage.world.next_empty(now)
        # An alarm that is set already rings before that one, and looks for the next.
        if empty is not None and not now < self._empty_at <= empty + 0.001:
            self._empty_at = empty + 0.001
            self._clock.at(self._empty_at, self._settle)


@dataclass(frozen=True, slots=True)
class _Running:
    number: int
    course: Course
    begin: float
    until: float | None


def _end_of(fault: Fault, begin: float) -> float | None:
    return None if fault.lasts is None else begin + fault.lasts.total_seconds()
