"""What is stated of the roll-out, laid over the judge at its start and whenever a day begins in India."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from inventory.model import Inventory
from readiness import absent
from readiness.decide import Decider, Verdict
from readiness.knowledge import Knowledge
from readiness.model import SubjectKind
from readiness.rules.village import Result
from readiness.states import Kept
from readiness.store import Writes


class Stated:
    """Claims count from their day on: those of the Indian day of `now`, UTC epoch seconds."""

    def __init__(self, inventory: Inventory, decider: Decider, knowledge: Knowledge) -> None:
        self._inventory, self._decider, self._knowledge = inventory, decider, knowledge
        self._day: date | None = None

    def begin(self, now: float) -> None:
        """Lay the day's claims under what is judged from now on."""
        self._day = absent.day(now)
        decider, inventory = self._decider, self._inventory
        # What was known once is there, whatever is stated; an outage that was observed goes on.
        never = decider.rows.of[SubjectKind.DEVICE].transition == 0
        self._knowledge.expect_not(absent.devices(decider.graph, inventory, now) & never)
        decider.map.claim(absent.needs(inventory, now), absent.places(inventory, now))

    def pass_time(self, now: float) -> Writes:
        """On another day than before: its claims, and what changes by them."""
        if absent.day(now) == self._day:
            return Writes()
        before = self._decider.map.needs
        self.begin(now)
        writes = Writes() if self._decider.map.needs == before else self._decider.tell_villages(now)
        # With transitions: whoever shows the layer follows these.
        for kept, at, found in list(self._unobserved(now)):
            outage = int(kept.outage[at]) or None
            self._decider.put(kept, at, Verdict(found.status, now, found.reason, found.layer, outage), now, writes)
        return writes

    def tell(self, now: float) -> None:
        """At a start, which begins no state anew: say why nothing is known of places."""
        for kept, at, found in self._unobserved(now):
            kept.tell(at, found.reason, found.layer, int(kept.outage[at]) or None)

    def _unobserved(self, now: float) -> Iterator[tuple[Kept, int, Result]]:
        """How places stand that the roll-out has not reached, and those that it has reached since that was said of them.

        Where anything was heard, what was seen there is told.
        """
        standings, map_ = self._decider.standings(), self._decider.map
        heard = map_.heard(standings)
        for kind, positions, result in absent.places(self._inventory, now):
            kept, numbers = self._decider.rows.of[kind], map_.places.numbers_of(kind)
            unknown = kept.is_at(kept.words[0])
            waiting = positions[unknown[positions] & ~heard[numbers[positions]]]
            yield from ((kept, at, result) for at in waiting.tolist())
            unknown[waiting] = False
            for at in np.flatnonzero(unknown & (kept.reason == absent.STATED)).tolist():
                number = int(numbers[at])
                yield kept, at, map_.result(number, map_.places[number], standings)
