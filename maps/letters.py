"""Statuses as one letter each: a state's villages travel as one string of a few kilobytes."""

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


def readiness(subjects: Iterable[str], known: Words) -> str:
    """The letters of villages in order."""
    return "".join(READINESS[known[subject][0]] if subject in known else "?" for subject in subjects)


def layers(subjects: Iterable[str], known: Words) -> str:
    """The letters of the layers that fail first in villages, in order."""
    return "".join(LAYER[known[subject][1]] if subject in known else "-" for subject in subjects)


def statuses(subjects: Iterable[str], known: Words) -> str:
    """The letters of sites in order."""
    return "".join(STATUS[known[subject][0]] if subject in known else "?" for subject in subjects)
