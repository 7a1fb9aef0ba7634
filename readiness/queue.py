"""The restoration queue of an area, from what is stored: which repair brings most citizens back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Engine, select

from inventory.model import Inventory
from inventory.scope import Scope
from readiness import absent, read
from readiness.model import Cause, Readiness, Responsible, Status, SubjectKind
from readiness.places import Place, Places
from readiness.read import OutageRow
from readiness.rules import graph
from readiness.rules import queue as rules
from readiness.rules.queue import People, Repair, Roots, Stuck
from readiness.subjects import within
from readiness.tables import state

_NONE: Roots = frozenset()


@dataclass(frozen=True, slots=True)
class Missing:
    """What else has to be repaired, and for whom; `subjects` are empty where they lie outside of what may be seen."""

    outages: tuple[int, ...]
    subjects: tuple[str, ...]
    people: People


@dataclass(frozen=True, slots=True)
class QueueRow:
    """`back`, `better` and `missing` count villages of the area that was asked for.

    Where what has to be repaired lies in another area, `subject`, `segment` and `ring` are empty: its
    cause and who has to act are this area's business, its place isn't.
    """

    outage: int
    kind: SubjectKind
    subject: str
    cause: Cause
    confidence: float
    responsible: Responsible
    since: datetime
    segment: tuple[str, ...]
    ring: str
    back: People
    better: People
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """`unexplained` are blocked villages of which no open outage is to blame yet."""

    rows: tuple[QueueRow, ...]
    unexplained: People


class Repairs:
    """What villages stand on, made once of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    @cached_property
    def _graph(self) -> graph.Graph:
        return graph.build(self._inventory)

    @cached_property
    def _places(self) -> Places:
        return Places(self._inventory, self._graph)

    def queue(self, engine: Engine, scope: Scope, now: datetime, *, blind_since: datetime | None = None) -> Queue:
        """The open repairs that bring villages of the scope back, most citizens first; none while nobody watches."""
        if blind_since is not None:
            return Queue((), People())
        seen = read.outages(engine, scope, open_only=True)
        every = seen if scope.area is None else read.outages(engine, Scope(), open_only=True)
        needs = absent.needs(self._inventory, now.timestamp())
        stuck = list(self._stuck(_lots(engine, scope, self._inventory), every, needs))
        known, visible = {row.id: row for row in every}, {row.id for row in seen}
        made = tuple(_row(one, known, visible) for one in rules.queue(stuck))
        nobody = People()
        for one in stuck:
            nobody = nobody.and_(one) if one.blocked and not one.needs else nobody
        return Queue(made, nobody)

    def _stuck(
        self, lots: Sequence["_Lot"], outages: Sequence[OutageRow], needs: Iterable[frozenset[str]]
    ) -> Iterator[Stuck]:
        # A root that has just ended is no repair any more, though what hung on it waits to be heard.
        still = {row.id for row in outages}
        down = [(row, row.explained_by or row.id) for row in outages if row.status is Status.DOWN]
        roots = {(row.kind, row.subject): root for row, root in down if root in still}
        numbers = self._places.with_pcs({lot.kendra for lot in lots})
        chains = {place.kendra: place for place in map(self._places.__getitem__, numbers)}
        services = [_behind(roots, SubjectKind.ENDPOINT, sorted(codes)) for codes in needs]
        needed: dict[str, Roots] = {}
        for lot in lots:
            if lot.kendra not in needed:
                place = chains.get(lot.kendra)
                needed[lot.kendra] = _NONE if place is None else self._needs(place, roots, services)
            told = frozenset({lot.outage}) if lot.outage in still else _NONE
            yield Stuck(lot.villages, lot.citizens, told | needed[lot.kendra] if lot.blocked else told, lot.blocked)

    def _needs(self, place: Place, roots: Mapping[tuple[SubjectKind, str], int], services: Sequence[Roots]) -> Roots:
        box = _NONE if place.box is None else self._dark(place.box, roots)
        return rules.needs(box, [self._dark(pc, roots) for pc in place.decided_by], services)

    def _dark(self, node: int, roots: Mapping[tuple[SubjectKind, str], int]) -> Roots:
        """The roots behind a device and what it is seen through."""
        through = int(self._graph.through[node])
        names = [self._graph.names[one] for one in (node, through) if one >= 0]
        return _behind(roots, SubjectKind.DEVICE, names)


def _behind(roots: Mapping[tuple[SubjectKind, str], int], kind: SubjectKind, names: Iterable[str]) -> Roots:
    return frozenset(roots[kind, name] for name in names if (kind, name) in roots)


@dataclass(frozen=True, slots=True)
class _Lot:
    """Villages of one kendra that stand alike; `outage` is 0 where none is to blame yet."""

    kendra: str
    blocked: bool
    outage: int
    villages: int
    citizens: int | None


def _lots(engine: Engine, scope: Scope, inventory: Inventory) -> list[_Lot]:
    query = select(state.c.subject, state.c.status, state.c.outage).where(
        state.c.subject_kind == SubjectKind.VILLAGE,
        state.c.status.in_([Readiness.BLOCKED, Readiness.DEGRADED]),
        within(state, scope),
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    people: dict[tuple[str, bool, int], People] = {}
    for key, status, outage in rows:
        village = inventory.areas.get(key)
        if village is not None:
            alike = (village.served_by or "", status == Readiness.BLOCKED, outage or 0)
            one = Stuck(1, village.population, _NONE, blocked=True)
            people[alike] = people.get(alike, People()).and_(one)
    return [_Lot(*alike, each.villages, each.citizens) for alike, each in people.items()]


def _row(one: Repair, known: Mapping[int, OutageRow], visible: set[int]) -> QueueRow:
    outage = known[one.outage]
    seen = outage.id in visible
    return QueueRow(
        outage.id, outage.kind, outage.subject if seen else "", outage.cause, outage.confidence, outage.responsible,
        outage.start, outage.segment if seen else (), outage.ring if seen else "", one.back, one.better,
        tuple(
            Missing(each.others, tuple(known[n].subject if n in visible else "" for n in each.others), each.people)
            for each in one.waiting
        ),
    )  # fmt: skip
