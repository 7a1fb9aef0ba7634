"""Statuses as one letter each, and as one byte each: a state's villages travel as a few kilobytes."""

from collections.abc import Iterable, Mapping

from readiness.model import Layer, Readiness, Status

Words = Mapping[str, tuple[str, str]]
"""Subject -> (status, layer), what is known of it."""

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


def packed(villages: str, layers: str, sites: str) -> bytes:
    """A byte each for villages, then sites: the status in the two lowest bits (0 unknown, 1 ready or up,
    2 degraded, 3 blocked or down), above them the place of the village's layer in LAYER.
    """
    of_villages = (_STATUS_BITS[s] | _LAYER_BITS[layer] for s, layer in zip(villages, layers, strict=True))
    return bytes(of_villages) + bytes(_STATUS_BITS[s] for s in sites)


def readiness(subjects: Iterable[str], known: Words) -> str:
    """The letters of villages in order."""
    return "".join(READINESS[known[subject][0]] if subject in known else "?" for subject in subjects)


def layers(subjects: Iterable[str], known: Words) -> str:
    """The letters of the layers that fail first in villages, in order."""
    return "".join(LAYER[known[subject][1]] if subject in known else "-" for subject in subjects)


def statuses(subjects: Iterable[str], known: Words) -> str:
    """The letters of sites in order."""
    return "".join(STATUS[known[subject][0]] if subject in known else "?" for subject in subjects)
