"""Faults in force on a running fleet: begun and ended by hand or by a scenario."""

from datetime import timedelta
from functools import partial
from random import Random

from simulator import truth
from simulator.effects import effect_of
from simulator.faults import Fault
from simulator.fleet import Fleet
from simulator.portals import Portals
from simulator.scenario import Scenario
from simulator.transport import Server
from simulator.truth_log import TruthLog
from simulator.world import Effect


class Director:
    """Keeps the effects in force, and the log of what is truly wrong where one is wanted."""

    def __init__(
        self,
        fleet: Fleet,
        server: Server,
        log: TruthLog | None = None,
        portals: Portals | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._fleet = fleet
        self._server = server
        self._log = log
        self._portals = portals
        self._places = truth.Places(fleet.world.inventory)
        self._seed = seed
        self._begun = 0
        self._in_force: dict[int, Effect] = {}

    def play(self, scenario: Scenario, start: float) -> None:
        """Schedule every fault; raises ValueError for one whose place the inventory doesn't have."""
        for place, fault in enumerate(scenario.faults, start=1):
            random = Random(f"{scenario.seed}:{place}")
            try:
                effect = effect_of(fault, self._fleet.world.inventory, random)
            except ValueError as error:
                raise ValueError(f"fault[{place}]: {error}") from None
            begin = start + fault.at.total_seconds() if isinstance(fault.at, timedelta) else fault.at.timestamp()
            self._server.at(begin, partial(self._begin, self._number(), effect, _end_of(fault, begin)))

    def apply(self, fault: Fault) -> int:
        """Put a fault in force now; the number ends it. Raises ValueError as `effect_of` does."""
        number, now = self._number(), self._server.now()
        effect = effect_of(fault, self._fleet.world.inventory, Random(f"{self._seed}:{number}"))
        self._begin(number, effect, _end_of(fault, now), now)
        return number

    def clear(self, number: int) -> None:
        """End a fault; one that has ended already stays so."""
        self._end(number, self._server.now())

    def _number(self) -> int:
        self._begun += 1
        return self._begun

    def _begin(self, number: int, effect: Effect, until: float | None, now: float) -> None:
        self._in_force[number] = effect
        if until is not None:
            self._server.at(until, partial(self._end, number))
        self._settle(now)

    def _end(self, number: int, now: float) -> None:
        if self._in_force.pop(number, None) is not None:
            self._settle(now)

    def _settle(self, now: float) -> None:
        self._fleet.set_effects(tuple(self._in_force.values()), now)
        if self._portals:
            self._portals.troubles = self._fleet.world.condition.portals
        if self._log:
            self._log.update(truth.outages(self._fleet.world.condition, self._places), now)
        empty = self._fleet.world.next_empty(now)
        if empty is not None:
            self._server.at(empty + 0.001, self._settle)


def _end_of(fault: Fault, begin: float) -> float | None:
    return None if fault.lasts is None else begin + fault.lasts.total_seconds()
