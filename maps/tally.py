"""Counting villages by readiness."""

from collections import Counter
from dataclasses import dataclass

from maps.view import MapView


@dataclass(frozen=True, slots=True)
class Tally:
    """How many villages are in each state of readiness; they add up to `total`."""

    ready: int
    degraded: int
    blocked: int
    unknown: int

    @property
    def total(self) -> int:
        return self.ready + self.degraded + self.blocked + self.unknown

    @property
    def served(self) -> int:
        """Villages that can get services, well or badly."""
        return self.ready + self.degraded

    @property
    def shade(self) -> str:
        """The map's shade for this share: "s0" (under half served) to "s4" (97 % and more), "s-unknown"
        where most is unknown, "s-none" without villages.
        """
        if not self.total:
            return "s-none"
        if self.unknown * 2 > self.total:
            return "s-unknown"
        share = self.served / self.total
        return f"s{sum(share >= edge for edge in SHADE_EDGES)}"


SHADE_EDGES = (0.50, 0.75, 0.90, 0.97)


def tally(letters: str) -> Tally:
    """Counts of a string of readiness letters (maps.letters)."""
    seen = Counter(letters)
    return Tally(seen["r"], seen["d"], seen["b"], seen["?"])


def by_part(view: MapView, letters: str) -> tuple[Tally, ...]:
    """One tally for each part of the view; `letters` has one letter a village."""
    piles: list[list[str]] = [[] for _ in view.parts]
    for part, letter in zip(view.part_of, letters, strict=True):
        if part >= 0:
            piles[part].append(letter)
    return tuple(tally("".join(pile)) for pile in piles)
