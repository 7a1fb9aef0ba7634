"""Which places share a block POP: by pincode, small ones merged with the nearest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.pack.geometry import as_points, distance_km, distances_km
from inventory.pack.places import Place, points_of

_SUB_OFFICE = 1
_FAR_KM = 25.0


@dataclass(frozen=True, slots=True)
class Block:
    """The places around one POP. The POP stands at one of them, usually the pincode's sub-office."""

    code: str
    district: str
    pop: Place
    places: tuple[Place, ...]


def blocks_of(places: Iterable[Place], smallest: int) -> list[Block]:
    """Blocks in the order of their codes; each place is in one, and a block lies in one district."""
    districts: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        districts[place.district].append(place)
    found = [block for members in districts.values() for block in _in_district(members, smallest)]
    return _with_codes(sorted(found, key=lambda each: (each.pop.pincode, each.district)))


def _in_district(places: Sequence[Place], smallest: int) -> list[Block]:
    pincodes: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        pincodes[place.pincode].append(place)
    near = assign(places, {_pop(members): members for members in pincodes.values()})
    return [
        Block("", pop.district, pop, tuple(sorted(members, key=lambda each: each.code)))
        for pop, members in merge_small(near, smallest).items()
    ]


def _pop(places: Sequence[Place]) -> Place:
    """The head or sub-office nearest the middle of `places`; where there is none, the branch office nearest it."""
    main = min((each.rank for each in places), default=_SUB_OFFICE)
    candidates = [each for each in places if each.rank == main]
    middle = np.median(points_of(places), axis=0)
    away = distances_km(points_of(candidates), as_points([tuple(middle.tolist())]))[:, 0]
    return candidates[int(np.argmin(away))]


def merge_small(groups: dict[Place, list[Place]], smallest: int) -> dict[Place, list[Place]]:
    """Join the smallest group to the one with the nearest POP until each has `smallest` places or one is left.

    Of two that join, the POP of the higher post office stays, or of the larger group.
    """
    groups = dict(groups)
    while len(groups) > 1:
        small = min(groups, key=lambda pop: (len(groups[pop]), pop.code))
        if len(groups[small]) >= smallest:
            break
        near = min((pop for pop in groups if pop != small), key=lambda pop: (distance_km(pop.at, small.at), pop.code))
        stays = min(small, near, key=lambda pop: (pop.rank, -len(groups[pop]), pop.code))
        groups[stays] = groups.pop(small) + groups.pop(near)
    return groups


def assign(places: Sequence[Place], groups: dict[Place, list[Place]]) -> dict[Place, list[Place]]:
    """Each place with its own group's POP, or the nearest one where its own is far."""
    pops = list(groups)
    own = {place: number for number, pop in enumerate(pops) for place in groups[pop]}
    away = distances_km(points_of(places), points_of(pops))
    members: dict[Place, list[Place]] = {pop: [] for pop in pops}
    for place, row in zip(places, away, strict=True):
        pop = own[place] if row[own[place]] <= _FAR_KM else int(np.argmin(row))
        members[pops[pop]].append(place)
    return members


def _with_codes(blocks: Iterable[Block]) -> list[Block]:
    """Codes from the POP's pincode; a pincode with POPs in two districts carries the district in the later ones."""
    taken: set[str] = set()
    coded = []
    for block in blocks:
        code = f"po-{block.pop.pincode}"
        code = f"{code}-{block.district}" if code in taken else code
        taken.add(code)
        coded.append(Block(code, block.district, block.pop, block.places))
    return coded
