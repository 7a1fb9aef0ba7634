"""Statuses as one letter each: a state's villages travel as one string of a few kilobytes."""

from collections.abc import Iterable, Mapping

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


def written(subjects: Iterable[str], known: Mapping[str, str], letters: Mapping[str, str], absent: str) -> str:
    """The letters of `subjects` in order; `absent` for one of which nothing is known."""
    return "".join(letters.get(known.get(subject, absent), "?") for subject in subjects)
