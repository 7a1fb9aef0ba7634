"""Statuses as one letter each, and as one byte each: a state's villages travel as a few kilobytes."""

from collections.abc import Mapping

import numpy as np

from readiness.model import Layer, Readiness, Status

READINESS: Mapping[str, str] = {
    Readiness.READY: "r",
    Readiness.DEGRADED: "d",
    Readiness.BLOCKED: "b",
    Readiness.UNKNOWN: "?",
}
STATUS: Mapping[str, str] = {Status.UP: "u", Status.DEGRADED: "d", Status.DOWN: "x", Status.UNKNOWN: "?"}
LAYER: Mapping[str, str] = {
    "": "-",
    Layer.NOT_COMMISSIONED: "n",
    Layer.POWER: "p",
    Layer.GP_EQUIPMENT: "g",
    Layer.BACKHAUL: "b",
    Layer.LAST_MILE: "l",
    Layer.KENDRA_HARDWARE: "k",
    Layer.ENDPOINT: "e",
}

_STATUS_BITS: Mapping[str, int] = {"?": 0, "r": 1, "u": 1, "d": 2, "b": 3, "x": 3}
_LAYER_BITS: Mapping[str, int] = {letter: number << 2 for number, letter in enumerate(LAYER.values())}
_TO_STATUS = bytes(_STATUS_BITS.get(chr(octet), 0) for octet in range(256))
_TO_LAYER = bytes(_LAYER_BITS.get(chr(octet), 0) for octet in range(256))


def packed(villages: str, layers: str, sites: str) -> bytes:
    """A byte each for villages, then sites: the status in the two lowest bits (0 unknown, 1 ready or up,
    2 degraded, 3 blocked or down), above them the place of the village's layer in LAYER.
    """
    first, above, last = (
        np.frombuffer(letters.encode("ascii").translate(bits), np.uint8)
        for letters, bits in ((villages, _TO_STATUS), (layers, _TO_LAYER), (sites, _TO_STATUS))
    )
    return (first | above).tobytes() + last.tobytes()
