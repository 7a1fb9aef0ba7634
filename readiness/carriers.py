"""What stands behind a site or a village: whose outages are to blame for the time it was down. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.model import Inventory
from readiness import standing
from readiness.model import SubjectKind
from readiness.places import Place
from readiness.rules import graph, spells
from readiness.rules.columns import Mask
from readiness.rules.incidents import Subject
from readiness.rules.texts import Positions
from readiness.states import names_of


@dataclass(frozen=True, slots=True)
class Carriers:
    """What each subject stands on: outages of these are to blame. Positions of subjects, and of `names`."""

    names: tuple[Subject, ...]
    subject: spells.Positions
    name: spells.Positions
    rank: spells.Positions  # the lower one is to blame first
    through: Mask  # the subject is only seen through it


def carriers(inventory: Inventory, kind: SubjectKind, subjects: Sequence[str]) -> Carriers:
    """The subject itself, the devices that decide about it, what these are seen through, the endpoints villages need."""
    behind = _Behind(inventory, kind)
    rows = [
        (n, rank, name, through)
        for n, subject in enumerate(subjects)
        for rank, (name, through) in enumerate([((kind, subject), False), *behind.of(subject)])
    ]
    names = dict.fromkeys(name for _, _, name, _ in rows)
    position = {name: n for n, name in enumerate(names)}
    subject, name, rank = np.array([(n, position[name], rank) for n, rank, name, _ in rows], np.int64).reshape(-1, 3).T
    return Carriers(tuple(names), subject, name, rank, np.array([through for *_, through in rows], np.bool_))


class _Behind:
    """What decides about subjects of one kind."""

    def __init__(self, inventory: Inventory, kind: SubjectKind) -> None:
        self._graph = graph.build(inventory)
        self._map = standing.build(inventory, self._graph)
        self._number = self._map.places.numbers_of(kind)
        self._index = Positions(names_of(inventory, self._graph)[kind])
        self._endpoints = [
            ((SubjectKind.ENDPOINT, code), False) for code in sorted(frozenset().union(*self._map.needs))
        ]

    def of(self, subject: str) -> list[tuple[Subject, bool]]:
        at = self._index.get(subject, -1)
        if not 0 <= at < len(self._number):
            return []
        place = self._map.places[int(self._number[at])]
        return [*_devices(self._graph, place), *([] if place.is_site else self._endpoints)]


def _devices(network: graph.Graph, place: Place) -> Iterator[tuple[Subject, bool]]:
    """The box of a village comes before its kendra's PC: what fails first from the ground is to blame."""
    nodes = [*(() if place.box is None else (place.box,)), *place.decided_by]
    seen_through = [node for node in network.through[nodes].tolist() if node >= 0]
    for through, some in ((False, nodes), (True, seen_through)):
        for node in some:
            yield (SubjectKind.DEVICE, network.names[node]), through
