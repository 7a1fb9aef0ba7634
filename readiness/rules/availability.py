"""The buckets into which a period falls, and their sums. Pure.

Each moment of a subject lies in exactly one bucket: up, degraded, down by its cause, or unknown.
What is down in the shadow of an outage elsewhere is `upstream`, and its root's cause is summed beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from inventory.hours import Hours
from readiness.model import Cause, Status
from readiness.rules.columns import CODE, DEGRADED, DOWN, UNKNOWN, UP, Mask
from readiness.rules.opening import open_ms
from readiness.rules.spells import NONE, Codes, Millis, Positions, Spells, Tally, tally

CAUSES: tuple[Cause, ...] = tuple(Cause)
BUCKETS: tuple[str, ...] = (Status.UP, Status.DEGRADED, *CAUSES, Status.UNKNOWN)
_CAUSE: dict[Cause, int] = {cause: code for code, cause in enumerate(CAUSES)}
_FIRST = 2  # of the causes in BUCKETS
_UNKNOWN = len(BUCKETS) - 1


@dataclass(frozen=True, slots=True)
class Blame:
    """What the spans that claim spells say, as positions in CAUSES.

    `through` is set where the outage is not of what the subject consists of, but of what it is seen through.
    """

    cause: Codes
    root_cause: Codes  # of the outage at the very root, which may be the outage itself
    through: Mask

    def bucket_cause(self) -> Codes:
        """The cause that the time counts under: planned work is that also for all behind it."""
        shadow = np.where(self.through, np.int8(_CAUSE[Cause.UPSTREAM]), self.cause)
        planned = np.int8(_CAUSE[Cause.PLANNED])
        return np.where(self.root_cause == planned, planned, shadow)


def buckets(pieces: Spells, blame: Blame) -> Codes:
    """The bucket of each piece; time down that nothing explains is undetermined."""
    of_status = np.full(len(CODE), _UNKNOWN, np.int8)
    of_status[[UP, DEGRADED]] = 0, 1
    undetermined = np.int8(_CAUSE[Cause.UNDETERMINED])
    cause = np.append(blame.bucket_cause(), undetermined)[pieces.claim]  # NONE is the last one
    return np.where(pieces.status == DOWN, _FIRST + cause, of_status[pieces.status])


def roots(pieces: Spells, blame: Blame, bucket: Codes) -> Codes:
    """For time in the bucket `upstream` the root's cause as a position in CAUSES, else NONE."""
    upstream, undetermined = _CAUSE[Cause.UPSTREAM], np.int8(_CAUSE[Cause.UNDETERMINED])
    named = np.where(blame.root_cause == upstream, undetermined, blame.root_cause)
    return np.where(bucket == _FIRST + upstream, np.append(named, undetermined)[pieces.claim], np.int8(NONE))


@dataclass(frozen=True, slots=True)
class Totals:
    """Milliseconds and numbers, a row for each subject or group of them.

    `all_day` and `open` have a column for each of BUCKETS, `upstream` one for each of CAUSES: the roots
    of the time in the bucket `upstream`. `open` counts only the `timed` subjects, whose hours are known.
    """

    subjects: Positions
    all_day: Millis
    upstream: Millis
    timed: Positions
    open: Millis
    outages: Tally

    def grouped(self, row: Positions, rows: int) -> Self:
        """The same, added up by the row of each subject; a negative row isn't counted."""
        counted = row >= 0
        into = row[counted]

        def added(values: Millis) -> Millis:
            total = np.zeros((rows, *values.shape[1:]), np.int64)
            np.add.at(total, into, values[counted])
            return total

        longest = np.zeros(rows, np.int64)
        np.maximum.at(longest, into, self.outages.longest_ms[counted])
        outages = Tally(added(self.outages.number), added(self.outages.ended), added(self.outages.ended_ms), longest)
        return type(self)(
            added(self.subjects), added(self.all_day), added(self.upstream), added(self.timed), added(self.open), outages
        )  # fmt: skip


def totals(whole: Spells, pieces: Spells, blame: Blame, hours: Sequence[Hours | None]) -> Totals:
    """The sums of each subject; `whole` and `pieces` are the same time, before and after it was claimed."""
    subjects, bucket = len(hours), buckets(pieces, blame)
    return Totals(
        np.ones(subjects, np.int64),
        _sums(pieces.subject, bucket, pieces.length, (subjects, len(BUCKETS))),
        _sums(pieces.subject, roots(pieces, blame, bucket), pieces.length, (subjects, len(CAUSES))),
        np.array([each is not None for each in hours], np.int64),
        _sums(pieces.subject, bucket, open_lengths(pieces, hours), (subjects, len(BUCKETS))),
        tally(whole, subjects),
    )


def worked(whole: Spells, subjects: int) -> tuple[Millis, Millis]:
    """Milliseconds in which each subject worked at least, and at most."""
    of_status = np.full(len(CODE), NONE, np.int8)
    of_status[[UP, DEGRADED, UNKNOWN]] = 0, 0, 1
    total = _sums(whole.subject, of_status[whole.status], whole.length, (subjects, 2))
    return total[:, 0], total.sum(axis=1)


def _sums(subject: Positions, column: Codes, length: Millis, shape: tuple[int, int]) -> Millis:
    """Milliseconds by subject and column; a negative column isn't counted."""
    counted = column >= 0
    total = np.zeros(shape, np.int64)
    np.add.at(total.ravel(), subject[counted] * shape[1] + column[counted], length[counted])
    return total


def open_lengths(pieces: Spells, hours: Sequence[Hours | None]) -> Millis:
    """How much of each piece lies in its subject's opening hours; 0 where these are not known."""
    patterns = list(dict.fromkeys(hours))
    number = {pattern: n for n, pattern in enumerate(patterns)}
    which = np.array([number[pattern] for pattern in hours], np.int16)[pieces.subject]
    order = np.argsort(which, kind="stable")
    lots = np.split(order, np.searchsorted(which[order], np.arange(1, len(patterns))))
    found = np.zeros(len(pieces.subject), np.int64)
    for pattern, lot in zip(patterns, lots, strict=True):
        if pattern is not None:
            found[lot] = open_ms(pattern, pieces.start[lot], pieces.end[lot])
    return found


def bounds(total: Millis) -> tuple[Millis, Millis]:
    """Time in which it worked at least, and at most, of sums whose last axis is BUCKETS."""
    worked: Millis = total[..., 0] + total[..., 1]
    return worked, worked + total[..., _UNKNOWN]
