"""Outages of many subjects: how many, how long, the longest; of one stretch of time, or of neighbouring ones joined. Pure."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from readiness.rules.columns import DEGRADED, DOWN, UP
from readiness.rules.spells import Millis, Positions, Spells


@dataclass(frozen=True, slots=True)
class Tally:
    """Outages of each subject: how many, how many of them ended, how long these were down, the longest.

    An outage that goes on after time in which nothing was seen is one; only time seen down counts.
    """

    number: Positions
    ended: Positions
    ended_ms: Millis
    longest_ms: Millis


@dataclass(frozen=True, slots=True)
class OpenTally:
    """Outages of each subject in a stretch of time beside which others lie.

    Those between its first and its last spell that works are whole (`number`, `ended_ms`, `longest_ms`). What
    was down before and after may be a part of an outage that goes on in the neighbouring stretch.
    """

    works: Positions  # 1 where some spell works, else 0
    head_ms: Millis  # down before the first spell that works; all of it where none does
    tail_ms: Millis  # down after the last one
    number: Positions
    ended_ms: Millis
    longest_ms: Millis

    @classmethod
    def none(cls, subjects: int) -> Self:
        """Of no time at all: beside it everything stays as it is."""
        return cls(*(np.zeros(subjects, np.int64) for _ in range(6)))

    def at(self, rows: Positions) -> Self:
        """Of the subjects at these positions."""
        columns = (getattr(self, field.name)[rows] for field in fields(self))
        return type(self)(*columns)

    def put(self, places: Positions, some: Self) -> None:
        """Put what is told of some subjects in their places."""
        for field in fields(self):
            getattr(self, field.name)[places] = getattr(some, field.name)

    def then(self, later: Self) -> Self:
        """The two stretches as one; `later` begins where this one ends."""
        met = self.tail_ms + later.head_ms  # what was down from the last spell here that works to the first one there
        inner = np.where((self.works > 0) & (later.works > 0), met, 0)
        return type(self)(
            self.works | later.works,
            np.where(self.works > 0, self.head_ms, self.head_ms + later.head_ms),
            np.where(later.works > 0, later.tail_ms, np.where(self.works > 0, met, 0)),
            self.number + later.number + (inner > 0),
            self.ended_ms + later.ended_ms + inner,
            np.maximum(np.maximum(self.longest_ms, later.longest_ms), inner),
        )

    def closed(self) -> Tally:
        """As if nothing lay beside it: an outage ended where something that works follows."""
        ended = self.number + ((self.works > 0) & (self.head_ms > 0))
        return Tally(
            self.number + (self.head_ms > 0) + (self.tail_ms > 0),
            ended,
            self.ended_ms + np.where(self.works > 0, self.head_ms, 0),
            np.maximum(np.maximum(self.head_ms, self.tail_ms), self.longest_ms),
        )


def open_tally(whole: Spells, subjects: int, length: Millis | None = None) -> OpenTally:
    """The outages among `whole`, by subject and time; `length` is what of each spell is counted, all of it by default."""
    length = whole.length if length is None else length
    works = (whole.status == UP) | (whole.status == DEGRADED)
    begins = works | np.append(True, whole.subject[1:] != whole.subject[:-1])[: len(works)]
    subject, led = whole.subject[begins], works[begins]  # of each run: from one spell that works to before the next
    down = np.zeros(len(subject), np.int64)
    np.add.at(down, np.cumsum(begins) - 1, np.where(whole.status == DOWN, length, 0))
    over = np.append(subject[1:] == subject[:-1], False)[: len(subject)]  # a spell that works follows
    found = OpenTally.none(subjects)
    found.works[subject[led]] = 1
    found.head_ms[subject[~led]] = down[~led]
    found.tail_ms[subject[led & ~over]] = down[led & ~over]
    inner = led & over & (down > 0)
    np.add.at(found.number, subject[inner], 1)
    np.add.at(found.ended_ms, subject[inner], down[inner])
    np.maximum.at(found.longest_ms, subject[inner], down[inner])
    return found
