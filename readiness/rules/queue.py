"""The restoration queue: what each repair alone would bring back, and what would then still be missing. Pure.

Repairs are numbers of open root outages. Villages of one kendra in one state are taken together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Roots = frozenset[int]


@dataclass(frozen=True, slots=True)
class Stuck:
    """Villages that lack all services (`blocked`) or some; each of `needs` has to be repaired before that ends."""

    villages: int
    citizens: int | None  # None: no population of these villages is known
    needs: Roots
    blocked: bool


@dataclass(frozen=True, slots=True)
class People:
    villages: int = 0
    citizens: int | None = None

    def and_(self, stuck: Stuck) -> "People":
        known = self.citizens if stuck.citizens is None else (self.citizens or 0) + stuck.citizens
        return People(self.villages + stuck.villages, known)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Villages that stay without services after a repair until all of `others` are repaired too."""

    others: tuple[int, ...]
    people: People


@dataclass(frozen=True, slots=True)
class Repair:
    """`back` get services again by this repair alone, `better` get all of theirs instead of some."""

    outage: int
    back: People
    better: People
    waiting: tuple[Waiting, ...]


@dataclass
class _Sums:
    back: People = People()
    better: People = People()
    waiting: dict[tuple[int, ...], People] = field(default_factory=dict)

    def take(self, stuck: Stuck, others: tuple[int, ...]) -> None:
        if others:
            self.waiting[others] = self.waiting.get(others, People()).and_(stuck)
        elif stuck.blocked:
            self.back = self.back.and_(stuck)
        else:
            self.better = self.better.and_(stuck)


def needs(box: Roots, pcs: Sequence[Roots], services: Sequence[Roots]) -> Roots:
    """All that has to be repaired until a village has a service: its box, one of its PCs, and one service's endpoints.

    Each is the set of roots behind what is dark of it, empty where it works. Of several PCs or services
    the one that takes least besides.
    """
    pc = _least(pcs, box)
    return box | pc | _least(services, box | pc)


def _least(several: Sequence[Roots], besides: Roots) -> Roots:
    return min(several, key=lambda one: (len(one - besides), sorted(one)), default=frozenset())


def queue(stuck: Iterable[Stuck]) -> tuple[Repair, ...]:
    """A repair for each root, the one first that brings most citizens back by itself."""
    sums: dict[int, _Sums] = {}
    for one in stuck:
        for root in one.needs:
            sums.setdefault(root, _Sums()).take(one, tuple(sorted(one.needs - {root})))
    found = [_repair(root, each) for root, each in sums.items()]
    return tuple(sorted(found, key=_most_first))


def _repair(root: int, sums: _Sums) -> Repair:
    waiting = [Waiting(others, people) for others, people in sums.waiting.items()]
    return Repair(
        root, sums.back, sums.better, tuple(sorted(waiting, key=lambda one: (-one.people.villages, one.others)))
    )


def _most_first(one: Repair) -> tuple[int, ...]:
    waiting = sum(each.people.villages for each in one.waiting)
    people = (one.back, one.better)
    return (*(-number for some in people for number in (some.citizens or 0, some.villages)), -waiting, one.outage)
