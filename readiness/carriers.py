"""What stands behind a site or a village: whose outages are to blame for the time it was down. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.model import Inventory
from readiness import standing
from readiness.model import SubjectKind
from readiness.rules import graph
from readiness.rules.columns import Mask
from readiness.rules.incidents import Subject
from readiness.rules.spells import Positions


@dataclass(frozen=True, slots=True)
class Carriers:
    """What each subject stands on: outages of these are to blame. Positions of subjects, and of `names`."""

    names: tuple[Subject, ...]
    subject: Positions
    name: Positions
    rank: Positions  # the lower one is to blame first
    through: Mask  # the subject is only seen through it


def carriers(inventory: Inventory, kind: SubjectKind, subjects: Sequence[str]) -> Carriers:
    """The subject itself, the devices that decide about it, what these are seen through, the endpoints villages need."""
    places = _places(inventory)
    rows = [
        (n, rank, name, through)
        for n, subject in enumerate(subjects)
        for rank, (name, through) in enumerate([((kind, subject), False), *places.get((kind, subject), ())])
    ]
    names = dict.fromkeys(name for _, _, name, _ in rows)
    position = {name: n for n, name in enumerate(names)}
    subject, name, rank = np.array([(n, position[name], rank) for n, rank, name, _ in rows], np.int64).reshape(-1, 3).T
    return Carriers(tuple(names), subject, name, rank, np.array([through for *_, through in rows], np.bool_))


def _places(inventory: Inventory) -> dict[Subject, list[tuple[Subject, bool]]]:
    network = graph.build(inventory)
    built = standing.build(inventory, network)
    endpoints = [((SubjectKind.ENDPOINT, code), False) for code in sorted(frozenset().union(*built.needs))]
    return {
        subject: [*_devices(network, place), *([] if place.is_site else endpoints)]
        for place in built.places
        for subject in place.subjects
    }


def _devices(network: graph.Graph, place: standing.Place) -> Iterator[tuple[Subject, bool]]:
    """The box of a village comes before its kendra's PC: what fails first from the ground is to blame."""
    nodes = [*(() if place.box is None else (place.box,)), *place.decided_by]
    seen_through = [node for node in network.through[nodes].tolist() if node >= 0]
    for through, some in ((False, nodes), (True, seen_through)):
        for node in some:
            yield (SubjectKind.DEVICE, network.devices[node].name), through
