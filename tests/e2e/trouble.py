"""Faults at random moments in places that don't touch each other, so that each has its own outage."""

import random
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from simulator.faults import Fault, Kind, Where
from simulator.process import FleetProcess

_ANSWER_S = 14.0  # a place is left alone for as long after a repair: two faults that touch are one outage
_OLT_S = 75.0  # an ONT without a PC behind it is heard of once a minute


@dataclass(frozen=True, slots=True)
class Trouble:
    """Faults that are put in force together. `status` is what they cost: down, or degraded for a ring's spare."""

    faults: tuple[Fault, ...]
    status: str = "down"


@dataclass(frozen=True, slots=True)
class Happened:
    """One trouble as it was. `place` holds what its root may be called; times are UTC epoch seconds."""

    place: frozenset[str]
    trouble: Trouble
    begin: float
    end: float


@dataclass
class Place:
    """Things of tests.small that fail together, and the ways in which they do."""

    subjects: frozenset[str]
    troubles: Sequence[Trouble]
    answer_s: float = _ANSWER_S
    next_at: float = 0.0
    began: float = 0.0
    now: Trouble | None = None
    numbers: list[int] = field(default_factory=list)


def places() -> list[Place]:
    return [
        Place(
            frozenset({"olt1:0/1/3", "pc5", "pc6", "lan-5", "lan-6"} | {f"{x}{n}" for x in ("ont", "pon-") for n in (5, 6, 7)}),
            [_cut("olt1:0/1/3")],
            _OLT_S,
        ),
        Place(
            frozenset({"gp2", "gp3", "pc2", "ups2", "ups3", "lan-2"} | {f"ring-1-{n}" for n in range(5)}),
            [_cut("ring-1-1", "ring-1-3"), _spare("ring-1-2")],
        ),
        Place(frozenset({"radio8", "radio-8", "pc8", "lan-8"}), [_off("pc8"), _failed("radio8")]),
        Place(frozenset({"pc1", "lan-1"}), [_off("pc1")]),
    ]  # fmt: skip


def _cut(*links: str) -> Trouble:
    return Trouble(tuple(Fault(Kind.FIBRE_CUT, Where(link=link)) for link in links))


def _spare(link: str) -> Trouble:
    return Trouble((Fault(Kind.FIBRE_CUT, Where(link=link)),), "degraded")


def _off(device: str) -> Trouble:
    return Trouble((Fault(Kind.SWITCHED_OFF, Where(device=device)),))


def _failed(device: str) -> Trouble:
    return Trouble((Fault(Kind.DEVICE_FAILURE, Where(device=device)),))


class Troubles(threading.Thread):
    """Puts faults in force until `cease`, then ends those that still are; nothing else may command the fleet."""

    def __init__(self, fleet: FleetProcess, seed: int, *, lasting: tuple[float, float]) -> None:
        super().__init__(name="troubles", daemon=True)
        self._fleet, self._lasting = fleet, lasting
        self._random = random.Random(f"troubles {seed}")
        self._over = threading.Event()
        self._places = places()
        self.happened: list[Happened] = []

    def run(self) -> None:
        for place in self._places:
            place.next_at = time.time() + self._random.uniform(0, 8)
        while not self._over.wait(0.05) or any(place.now for place in self._places):
            for place in self._places:
                if time.time() >= place.next_at:
                    self._turn(place)

    def cease(self) -> None:
        self._over.set()
        self.join(120)
        assert not self.is_alive()

    def _turn(self, place: Place) -> None:
        if place.now is None:
            if not self._over.is_set():
                self._begin(place)
            return
        for number in place.numbers:
            self._fleet.clear(number)
        self.happened.append(Happened(place.subjects, place.now, place.began, time.time()))
        place.now, place.next_at = None, time.time() + place.answer_s + self._random.uniform(0, 10)

    def _begin(self, place: Place) -> None:
        place.now, place.began = self._random.choice(place.troubles), time.time()
        place.numbers = [self._fleet.apply(fault) for fault in place.now.faults]
        place.next_at = place.began + self._random.uniform(*self._lasting)


def longest_sight(happened: Happened, sessions: Collection[tuple[float, float]]) -> tuple[float, float]:
    """The longest piece of a trouble that one session of the product (from, to) saw."""
    pieces = [(max(begin, happened.begin), min(end, happened.end)) for begin, end in sessions]
    return max(pieces, key=lambda piece: piece[1] - piece[0])
