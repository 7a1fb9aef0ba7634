"""What connects the places of each block: rings, PON trees or radio; and which electricity feeder they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.pack.blocks import Block
from inventory.pack.geometry import as_points, distances_km, hilbert
from inventory.pack.places import Place, points_of
from inventory.pack.rings import FIBRE_PER_STRAIGHT, balanced, ring_orders, sectors

_RING_LARGEST = 12
_PON_LARGEST = 16
_PON_REACH_KM = 20.0  # fibre; ITU-T G.984's class B+ optics
_FEEDER_LARGEST = 14


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """Each place of `block` is in exactly one ring, PON or radio link. `feeders`: place code -> feeder."""

    block: Block
    rings: tuple[tuple[Place, ...], ...]
    pons: tuple[tuple[Place, ...], ...]
    radios: tuple[Place, ...]
    feeders: Mapping[str, str]


def plan_blocks(blocks: Sequence[Block], ring_blocks: int) -> list[BlockPlan]:
    """The `ring_blocks` largest blocks get rings, the others PON trees and radio."""
    by_size = sorted(blocks, key=lambda each: (-len(each.places), each.code))
    ringed = {each.code for each in by_size[:ring_blocks]}
    return [plan_rings(each) if each.code in ringed else plan_trees(each) for each in blocks]


def plan_rings(block: Block) -> BlockPlan:
    orders = ring_orders(block.pop.at, points_of(block.places), _RING_LARGEST)
    rings = tuple(tuple(block.places[each] for each in order) for order in orders)
    return BlockPlan(block, rings, (), (), feeders(block))


def plan_trees(block: Block) -> BlockPlan:
    """PONs by direction for the places within reach of the OLT, a radio link for each of the others."""
    away = distances_km(points_of(block.places), as_points([block.pop.at]))[:, 0] * FIBRE_PER_STRAIGHT
    near = [place for place, km in zip(block.places, away, strict=True) if km <= _PON_REACH_KM]
    far = tuple(place for place, km in zip(block.places, away, strict=True) if km > _PON_REACH_KM)
    groups = sectors(block.pop.at, points_of(near), _PON_LARGEST)
    return BlockPlan(block, (), tuple(tuple(near[each] for each in group) for group in groups), far, feeders(block))


def feeders(block: Block) -> dict[str, str]:
    """Place code -> electricity feeder: runs of neighbours along a Hilbert curve, so not the rings' sectors."""
    along = np.argsort(hilbert(points_of(block.places)), kind="stable")
    ends = np.cumsum(balanced(len(along), _FEEDER_LARGEST))[:-1]
    return {
        block.places[each].code: f"feeder-{block.code}-{number}"
        for number, group in enumerate(np.split(along, ends), 1)
        for each in group
    }
