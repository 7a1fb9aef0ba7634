"""Readiness and its first failing layer in one octet, so that millions of (village, service) are columns. Pure.

The severity stands above the layer, and a lower layer above a higher one: of several verdicts about one
subject the largest is the one to tell. Two more bits say that another kendra within reach serves instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readiness.model import Layer, Readiness, Status

SEVERITY: tuple[Readiness, ...] = (Readiness.READY, Readiness.DEGRADED, Readiness.UNKNOWN, Readiness.BLOCKED)
LAYERS: tuple[Layer | None, ...] = (None, *Layer)
WORKING = frozenset({Readiness.READY, Readiness.DEGRADED})
WORDS = 128
"""One more than the largest verdict."""
READY_ELSEWHERE, WORKS_ELSEWHERE = 32, 64
"""Own is not working: a kendra within reach is ready; or none is, but one works."""

Verdicts = NDArray[np.uint8]

_LAYERS, _OWN, _ELSEWHERE = 8, 31, READY_ELSEWHERE | WORKS_ELSEWHERE


@dataclass(frozen=True, slots=True)
class Meaning:
    """`status` is what a citizen gets; `own` and `layer` are about the kendra that serves the village."""

    status: Readiness
    own: Readiness
    layer: Layer | None

    @property
    def elsewhere(self) -> bool:
        return self.own not in WORKING and self.status in WORKING


def verdict(status: Readiness, layer: Layer | None) -> int:
    return SEVERITY.index(status) * _LAYERS + _LAYERS - 1 - LAYERS.index(layer)


READY = verdict(Readiness.READY, None)
NOT_COMMISSIONED = verdict(Readiness.UNKNOWN, Layer.NOT_COMMISSIONED)
_FIRST_NOT_WORKING = SEVERITY.index(Readiness.UNKNOWN) * _LAYERS


def works(some: Verdicts) -> NDArray[np.bool_]:
    """Where the own kendra is ready or degraded."""
    found: NDArray[np.bool_] = (some & _OWN) < _FIRST_NOT_WORKING
    return found


def combined(way: Verdicts, lacks: Verdicts | int) -> Verdicts:
    """What is left of `way` by what is lacking beyond it; where the way itself does not work, it is the one to tell."""
    return np.where(works(way), np.maximum(way, lacks), way).astype(np.uint8)


def meaning(octet: int) -> Meaning:
    severity, layer = divmod(octet & _OWN, _LAYERS)
    own = SEVERITY[severity]
    instead = {READY_ELSEWHERE: Readiness.READY, WORKS_ELSEWHERE: Readiness.DEGRADED}
    return Meaning(instead.get(octet & _ELSEWHERE, own), own, LAYERS[_LAYERS - 1 - layer])


_LEAVES = {
    Status.UP: READY,
    Status.DEGRADED: verdict(Readiness.DEGRADED, Layer.ENDPOINT),
    Status.DOWN: verdict(Readiness.BLOCKED, Layer.ENDPOINT),
    Status.UNKNOWN: verdict(Readiness.UNKNOWN, Layer.ENDPOINT),
}


def of_endpoints(seen: Iterable[Status]) -> int:
    """What endpoints of these statuses leave of a service that needs them all."""
    return max((_LEAVES[status] for status in seen), default=READY)


def behind(leaves: int) -> Verdicts:
    """Verdict without endpoints -> verdict with endpoints that leave this of the service, at every kendra alike; shape (WORDS,)."""
    plain = np.arange(WORDS, dtype=np.uint8)
    own, elsewhere = combined(plain & np.uint8(_OWN), leaves), plain & np.uint8(_ELSEWHERE)
    if leaves != READY:
        slow = SEVERITY.index(Readiness.DEGRADED) * _LAYERS <= leaves < _FIRST_NOT_WORKING
        elsewhere = np.where(elsewhere > 0, WORKS_ELSEWHERE if slow else 0, 0).astype(np.uint8)
    return own | np.where(works(plain), 0, elsewhere).astype(np.uint8)


def instead(own: Verdicts, ready: NDArray[np.bool_], working: NDArray[np.bool_]) -> Verdicts:
    """`own` with the bits of what a citizen has elsewhere within reach."""
    bits = np.where(ready, READY_ELSEWHERE, np.where(working, WORKS_ELSEWHERE, 0))
    return (own | np.where(works(own), 0, bits)).astype(np.uint8)
