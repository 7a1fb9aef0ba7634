"""Whether rings still have two ways: whole, one-armed, broken, unknown. Pure.

A ring is one-armed when a link of it is down and every box on it is seen to work: nobody notices, and the next cut
takes villages. That is a state of its own, for whoever mends in time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from readiness.rules.columns import DOWN, UNKNOWN, Mask
from readiness.rules.graph import Graph, Nodes


class RingStatus(StrEnum):
    WHOLE = "whole"
    ONE_ARMED = "one_armed"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ring:
    """`links` and `boxes` are those of it that are down; `members` all its boxes."""

    name: str
    status: RingStatus
    links: tuple[int, ...]
    boxes: tuple[int, ...]
    members: tuple[int, ...]


def rings_of(
    graph: Graph, devices: NDArray[np.int8], links: NDArray[np.int8], among: Mask | None = None
) -> Iterator[Ring]:
    """Every ring, in the order of the names, by the statuses of devices and links (positions in columns.STATUSES).

    `among` limits the rings to those of these links.

    A box that nobody sees leaves the ring unknown, whatever link is down: it may be cut off. A link that nobody sees
    does so where no other is down; beside one that is, boxes that work prove that it carries, or that all reach another way.
    """
    ringed = np.flatnonzero(graph.ring.code >= 0 if among is None else among)
    ringed = ringed[np.argsort(graph.ring.code[ringed], kind="stable")]
    code = graph.ring.code[ringed]
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    parts = np.split(ringed, starts[1:]) if len(starts) else []
    names = [graph.ring.texts[int(code[start])] for start in starts]
    for name, part in sorted(zip(names, parts, strict=True), key=lambda one: one[0]):
        yield _ring(graph, name, part, devices, links)


def _ring(graph: Graph, name: str, of: Nodes, devices: NDArray[np.int8], links: NDArray[np.int8]) -> Ring:
    members = np.unique(np.concatenate([graph.a[of], graph.b[of]]))
    missing, lost = of[links[of] == DOWN], members[devices[members] == DOWN]
    if len(lost):
        status = RingStatus.BROKEN
    elif (devices[members] == UNKNOWN).any():
        status = RingStatus.UNKNOWN
    elif len(missing):
        status = RingStatus.ONE_ARMED
    else:
        status = RingStatus.UNKNOWN if (links[of] == UNKNOWN).any() else RingStatus.WHOLE
    return Ring(name, status, tuple(missing.tolist()), tuple(lost.tolist()), tuple(members.tolist()))
