"""Counting villages by readiness."""

from dataclasses import dataclass

import numpy as np

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


_LETTERS = "rdb?"  # as in a Tally
SHADE_EDGES = (0.50, 0.75, 0.90, 0.97)


def tally(letters: str) -> Tally:
    """Counts of a string of readiness letters (maps.letters)."""
    return Tally(*(letters.count(letter) for letter in _LETTERS))


def by_part(view: MapView, letters: str) -> tuple[Tally, ...]:
    """One tally for each part of the view; `letters` has one letter a village."""
    told = np.frombuffer(letters.encode("ascii"), np.uint8)
    counts = [np.bincount(view.part_of[told == ord(each)] + 1, minlength=len(view.parts) + 1) for each in _LETTERS]
    return tuple(Tally(*of_part) for of_part in np.stack(counts, axis=1)[1:].tolist())
