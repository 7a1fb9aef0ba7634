"""Blocks: the places that share a POP. Post offices share one by pincode, small ones merged with the nearest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.pack.geometry import as_points, distance_km, distances_km
from inventory.pack.places import Place, points_of

_FAR_KM = 25.0

Groups = dict[Place, list[Place]]  # by the place where the POP stands


@dataclass(frozen=True, slots=True)
class Block:
    """The places around one POP. With post offices the POP stands at one of them, usually a sub-office."""

    pop: Place
    places: tuple[Place, ...]

    @property
    def code(self) -> str:
        return self.pop.code

    @property
    def district(self) -> str:
        return self.pop.district


def blocks_of(places: Iterable[Place], smallest: int) -> list[Block]:
    """Blocks in the order of their codes. Each place is in one, and none reaches over a district's border.

    A block has `smallest` places at least, unless it is its district's only one.
    """
    districts: dict[str, list[Place]] = defaultdict(list)
    for place in sorted(places, key=lambda each: each.code):
        districts[place.district].append(place)
    groups = [group for members in districts.values() for group in _in_district(members, smallest)]
    return sorted((_block(each) for each in groups), key=lambda block: block.code)


def _block(places: Sequence[Place]) -> Block:
    return Block(_pop(places), tuple(sorted(places, key=lambda each: each.code)))


def _in_district(places: Sequence[Place], smallest: int) -> list[list[Place]]:
    grouped: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        grouped[place.group].append(place)
    groups = assign(places, {_pop(members): members for members in grouped.values()})
    return merge_small(groups, smallest)


def _pop(places: Sequence[Place]) -> Place:
    """The head or sub-office nearest the middle of `places`; without one, the branch office nearest it."""
    candidates = [each for each in places if each.is_main] or places
    middle = as_points([tuple(np.median(points_of(places), axis=0).tolist())])
    return candidates[int(np.argmin(distances_km(points_of(candidates), middle)[:, 0]))]


def assign(places: Sequence[Place], groups: Mapping[Place, Sequence[Place]]) -> Groups:
    """Each place with its own group's POP, or with the nearest one where its own is far."""
    pops = list(groups)
    own = {place: number for number, pop in enumerate(pops) for place in groups[pop]}
    away = distances_km(points_of(places), points_of(pops))
    members: Groups = {pop: [] for pop in pops}
    for place, row in zip(places, away, strict=True):
        pop = own[place] if row[own[place]] <= _FAR_KM else int(np.argmin(row))
        members[pops[pop]].append(place)
    return members


def merge_small(groups: Groups, smallest: int) -> list[list[Place]]:
    """Join the smallest group to the one whose POP is nearest until each has `smallest` places or one is left."""
    groups = dict(groups)
    while len(groups) > 1:
        small = min(groups, key=lambda pop: (len(groups[pop]), pop.code))
        if len(groups[small]) >= smallest:
            break
        near = min((pop for pop in groups if pop != small), key=lambda pop: (distance_km(pop.at, small.at), pop.code))
        joined = groups.pop(small) + groups.pop(near)
        groups[_pop(joined)] = joined
    return list(groups.values())
