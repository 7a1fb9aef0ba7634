"""The buckets into which a period falls, and their sums. Pure.

Each moment of a subject lies in exactly one bucket: up, degraded, down by its cause, or unknown.
What is down in the shadow of an outage elsewhere is `upstream`, and its root's cause is summed beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from inventory.hours import Hours
from readiness.model import Cause, Responsible, Status
from readiness.rules.columns import CODE, DEGRADED, DOWN, UNKNOWN, UP, Mask
from readiness.rules.opening import open_ms
from readiness.rules.spells import NONE, Codes, Millis, Positions, Spells, assumed
from readiness.rules.tallies import OpenTally, Tally, open_tally

CAUSES: tuple[Cause, ...] = tuple(Cause)
PARTIES: tuple[Responsible, ...] = tuple(Responsible)
BUCKETS: tuple[str, ...] = (Status.UP, Status.DEGRADED, *CAUSES, Status.UNKNOWN)
_CAUSE: dict[Cause, int] = {cause: code for code, cause in enumerate(CAUSES)}
_FIRST = 2  # of the causes in BUCKETS
_UNKNOWN = len(BUCKETS) - 1
_NOBODY = np.int8(PARTIES.index(Responsible.NONE))


@dataclass(frozen=True, slots=True)
class Blame:
    """What the spans that claim spells say, causes as positions in CAUSES.

    `through` is set where the outage is not of what the subject consists of, but of what it is seen through.
    """

    cause: Codes
    root_cause: Codes  # of the outage at the very root, which may be the outage itself
    through: Mask
    party: Codes  # position in PARTIES of who has to act at the root

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


def parties(pieces: Spells, blame: Blame) -> Codes:
    """Who had to act in each piece, as a position in PARTIES: nobody where it was not down, or nothing explains it."""
    party = np.append(blame.party, _NOBODY)[pieces.claim]
    return np.where(pieces.status == DOWN, party, _NOBODY)


@dataclass(frozen=True, slots=True)
class Outages:
    """Outages as they were seen, and as if all time in which nothing was seen had been up, or down."""

    seen: Tally
    if_up: Tally
    if_down: Tally

    def grouped(self, row: Positions, rows: int) -> Self:
        return type(self)(*(_grouped(each, row, rows) for each in (self.seen, self.if_up, self.if_down)))


def outages(whole: Spells, subjects: int, length: Millis | None = None) -> Outages:
    """The outages among `whole`; see `open_tally`."""
    return Outages(*(each.closed() for each in _open_outages(whole, subjects, length)))


def _open_outages(whole: Spells, subjects: int, length: Millis | None = None) -> Iterator[OpenTally]:
    for told in (whole, assumed(whole, UP), assumed(whole, DOWN)):
        yield open_tally(told, subjects, length)


@dataclass(frozen=True, slots=True)
class Totals:
    """Milliseconds and numbers, a row for each subject or group of them.

    `all_day` and `open` have a column for each of BUCKETS, `upstream` one for each of CAUSES: the roots
    of the time in the bucket `upstream`, `party` one for each of PARTIES. `open` counts only the `timed`
    subjects, whose hours are known.
    """

    subjects: Positions
    all_day: Millis
    upstream: Millis
    party: Millis
    timed: Positions
    open: Millis
    outages: Outages

    def grouped(self, row: Positions, rows: int) -> Self:
        """The same, added up by the row of each subject; a negative row isn't counted."""

        def added(values: Millis) -> Millis:
            return _added(values, row, rows)

        return type(self)(
            added(self.subjects), added(self.all_day), added(self.upstream), added(self.party), added(self.timed),
            added(self.open), self.outages.grouped(row, rows),
        )  # fmt: skip


def _added(values: Millis, row: Positions, rows: int) -> Millis:
    """The values, added up by row; a negative row isn't counted."""
    counted = row >= 0
    total = np.zeros((rows, *values.shape[1:]), np.int64)
    np.add.at(total, row[counted], values[counted])
    return total


def _grouped(told: Tally, row: Positions, rows: int) -> Tally:
    counted = row >= 0
    longest = np.zeros(rows, np.int64)
    np.maximum.at(longest, row[counted], told.longest_ms[counted])
    return Tally(
        _added(told.number, row, rows), _added(told.ended, row, rows), _added(told.ended_ms, row, rows), longest
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sums:
    """Milliseconds of each subject in a stretch of time beside which others lie; the columns are those of Totals."""

    all_day: Millis
    upstream: Millis
    party: Millis
    open: Millis
    seen: OpenTally
    if_up: OpenTally
    if_down: OpenTally

    @classmethod
    def none(cls, subjects: int) -> Self:
        """Of no time at all: beside it everything stays as it is."""
        columns = (BUCKETS, CAUSES, PARTIES, BUCKETS)
        all_day, upstream, party, opened = (np.zeros((subjects, len(names)), np.int64) for names in columns)
        seen, if_up, if_down = (OpenTally.none(subjects) for _ in range(3))
        return cls(all_day, upstream, party, opened, seen, if_up, if_down)

    def put(self, places: Positions, some: Self) -> None:
        """Put the sums of some subjects in their places."""
        for field in fields(self):
            own, other = getattr(self, field.name), getattr(some, field.name)
            if isinstance(own, OpenTally):
                own.put(places, other)
            else:
                own[places] = other

    def then(self, later: Self) -> Self:
        """The two stretches as one; `later` begins where this one ends."""
        return type(self)(
            self.all_day + later.all_day, self.upstream + later.upstream, self.party + later.party,
            self.open + later.open, self.seen.then(later.seen), self.if_up.then(later.if_up),
            self.if_down.then(later.if_down),
        )  # fmt: skip

    def totals(self, hours: Sequence[Hours | None]) -> Totals:
        """As if nothing lay beside it."""
        return Totals(
            np.ones(len(hours), np.int64), self.all_day, self.upstream, self.party,
            np.array([each is not None for each in hours], np.int64), self.open,
            Outages(self.seen.closed(), self.if_up.closed(), self.if_down.closed()),
        )  # fmt: skip


def added_up(whole: Spells, pieces: Spells, blame: Blame, hours: Sequence[Hours | None]) -> Sums:
    """The sums of each subject; `whole` and `pieces` are the same time, before and after it was claimed."""
    subjects, bucket = len(hours), buckets(pieces, blame)
    return Sums(
        sums(pieces.subject, bucket, pieces.length, (subjects, len(BUCKETS))),
        sums(pieces.subject, roots(pieces, blame, bucket), pieces.length, (subjects, len(CAUSES))),
        sums(pieces.subject, parties(pieces, blame), pieces.length, (subjects, len(PARTIES))),
        sums(pieces.subject, bucket, open_lengths(pieces, hours), (subjects, len(BUCKETS))),
        *_open_outages(whole, subjects),
    )


def worked(whole: Spells, subjects: int) -> tuple[Millis, Millis]:
    """Milliseconds in which each subject worked at least, and at most."""
    of_status = np.full(len(CODE), NONE, np.int8)
    of_status[[UP, DEGRADED, UNKNOWN]] = 0, 0, 1
    total = sums(whole.subject, of_status[whole.status], whole.length, (subjects, 2))
    return total[:, 0], total.sum(axis=1)


def sums(subject: Positions, column: Codes, length: Millis, shape: tuple[int, int]) -> Millis:
    """Milliseconds by subject and column; a negative column isn't counted."""
    counted = column >= 0
    total = np.zeros(shape, np.int64)
    np.add.at(total.ravel(), subject[counted] * shape[1] + column[counted], length[counted])
    return total


def open_lengths(pieces: Spells, hours: Sequence[Hours | None]) -> Millis:
    """How much of each piece lies in its subject's opening hours; 0 where these are not known."""
    if not hours:
        return np.zeros(len(pieces.subject), np.int64)
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
