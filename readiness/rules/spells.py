"""Exact split of a period into spells of one status, for many subjects at once. Pure.

Subjects are positions, moments whole milliseconds since 1970 UTC. Nothing is rounded: the spells of a
subject fill the period, and those of neighbouring periods fill both. `uptime.py` does the same
for one subject and a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from readiness.rules.columns import DOWN, UNKNOWN, UP, Mask

Positions = NDArray[np.int64]
Millis = NDArray[np.int64]
Codes = NDArray[np.int8]

NONE = -1


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end) in milliseconds, over subjects 0 to `subjects` - 1."""

    start: int
    end: int
    subjects: int

    def key(self, subject: Positions, at: Millis) -> NDArray[np.int64]:
        """One number that orders by subject, then by time; times outside the period count as its ends."""
        key: NDArray[np.int64] = subject * (self.end - self.start + 1) + (
            np.clip(at, self.start, self.end) - self.start
        )
        return key


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of status in any order; `number` orders those of one subject and moment. `status` as in rules.columns."""

    subject: Positions
    at: Millis
    number: NDArray[np.int64]
    status: Codes

    def where(self, chosen: Mask | Positions) -> Self:
        return type(self)(self.subject[chosen], self.at[chosen], self.number[chosen], self.status[chosen])

    def in_order(self) -> Self:
        """By subject, time and number. What is read from the store mostly is already."""
        subject, at, number = np.diff(self.subject), np.diff(self.at), np.diff(self.number)
        rises = (subject > 0) | (subject == 0) & ((at > 0) | (at == 0) & (number > 0))
        return self if rises.all() else self.where(np.lexsort((self.number, self.at, self.subject)))


@dataclass(frozen=True, slots=True)
class Spells:
    """[start, end) of a subject, none empty, those of a subject in order and apart.

    `claim` is the position of the span that claimed the spell, NONE where none did.
    """

    subject: Positions
    start: Millis
    end: Millis
    status: Codes
    claim: Positions

    @property
    def length(self) -> Millis:
        return self.end - self.start

    def where(self, chosen: Mask | Positions) -> Self:
        return type(self)(
            self.subject[chosen], self.start[chosen], self.end[chosen], self.status[chosen], self.claim[chosen]
        )


@dataclass(frozen=True, slots=True)
class Spans:
    """Intervals that may claim time down: of several at once the one of the lowest rank does, then the earliest."""

    subject: Positions
    start: Millis
    end: Millis
    rank: NDArray[np.int64]


def spells(changes: Changes, period: Period, *, seen_until: int | None = None) -> Spells:
    """What fills the period, each spell as long as its status held: unknown before a subject's first change.

    From `seen_until` on nobody watched, and everything is unknown.
    """
    cut = period.end if seen_until is None else min(max(seen_until, period.start), period.end)
    known = changes.where(changes.at < cut).in_order()
    key = period.key(known.subject, known.at)
    everyone = np.arange(period.subjects, dtype=np.int64)
    firsts = np.searchsorted(key, period.key(everyone, np.full_like(everyone, period.start)), side="left")
    lasts = np.searchsorted(key, period.key(everyone, np.full_like(everyone, cut)), side="right")
    # Everybody is unknown at the start, until a change at that very moment, and after the last sight.
    places = np.stack([firsts, lasts], axis=1).ravel()
    return _joined(
        np.insert(known.subject, places, np.repeat(everyone, 2)),
        np.insert(np.maximum(known.at, period.start), places, np.tile([period.start, cut], period.subjects)),
        np.insert(known.status, places, np.full(len(places), UNKNOWN, np.int8)),
        period,
    )


def _joined(subject: Positions, start: Millis, status: Codes, period: Period) -> Spells:
    """The spells that begin at `start`; empty ones are dropped, and neighbours in one status are one."""
    end = np.append(start[1:], period.end)
    last = np.append(subject[1:] != subject[:-1], True)[: len(subject)]
    end = np.where(last, period.end, end[: len(subject)])
    full = end > start
    subject, start, end, status = subject[full], start[full], end[full], status[full]
    first = np.append(True, (subject[1:] != subject[:-1]) | (status[1:] != status[:-1]))[: len(subject)]
    closing = np.append(first[1:], True)[: len(subject)]
    return Spells(
        subject[first], start[first], end[closing], status[first], np.full(int(first.sum()), NONE, np.int64)
    )  # fmt: skip


def proved(whole: Spells, spans: Spans, period: Period) -> Spells:
    """The same time as `whole`, up instead of unknown inside a span."""
    unknown = whole.status == UNKNOWN
    if not len(spans.subject) or not unknown.any():
        return whole
    inside, rest = _claim(whole.where(unknown), spans, np.arange(len(spans.subject)), period)
    up = replace(inside, status=np.full_like(inside.status, UP))
    told = ordered([whole.where(~unknown), up, rest], period)
    return _joined(told.subject, told.start, told.status, period)


def claimed(pieces: Spells, spans: Spans, period: Period) -> Spells:
    """The same time as `pieces`, what is down cut where a span begins or ends, each with the span that has it."""
    down = pieces.status == DOWN
    done, left = [pieces.where(~down)], pieces.where(down)
    for rank in np.unique(spans.rank):
        taken, left = _claim(left, spans, np.flatnonzero(spans.rank == rank), period)
        done.append(taken)
    return ordered([*done, left], period)


def _claim(pieces: Spells, spans: Spans, ranked: Positions, period: Period) -> tuple[Spells, Spells]:
    """What the spans at `ranked` take of the pieces, and what is left."""
    order = ranked[_by_start(spans.subject[ranked], spans.start[ranked])]
    begins, ends = _apart(spans, order, period)
    low = np.searchsorted(ends, period.key(pieces.subject, pieces.start), side="right")
    high = np.searchsorted(begins, period.key(pieces.subject, pieces.end), side="left")
    count = np.maximum(high - low, 0)
    piece, nth = np.repeat(np.arange(len(count)), count), runs(low, count)
    inside = _within(pieces.where(piece), begins[nth], ends[nth], order[nth], period)
    # Before each span that lies in a piece, and after the last one, there may be a rest of the piece.
    first, last = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    gap, nth = np.repeat(np.arange(len(count)), count + 1), runs(low, count + 1)
    is_first, is_last = nth == low[gap], nth == (low + count)[gap]
    after = np.where(is_first, first, np.append(ends, first)[nth - 1])
    before = np.where(is_last, last, np.append(begins, last)[nth])
    return inside, _within(pieces.where(gap), after, before, np.full_like(gap, NONE), period)


def _by_start(subject: Positions, start: Millis) -> Positions:
    """The order by subject and true start: clipped to the period, two that began before it would be as old."""
    if not len(start):
        return np.empty(0, np.int64)
    width = int(start.max() - start.min()) + 1
    return np.argsort(subject * width + (start - start.min()), kind="stable")


def _apart(spans: Spans, order: Positions, period: Period) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Begin and end of the spans as keys; one that begins before its forerunner's end begins there."""
    begins = period.key(spans.subject[order], spans.start[order])
    ends = np.maximum.accumulate(period.key(spans.subject[order], spans.end[order]))
    return np.maximum(begins, np.append(begins[:1], ends[:-1])), ends


def runs(first: Positions, count: Positions) -> Positions:
    """first[0], first[0] + 1, ... count[0] numbers, then those of the next."""
    offset = np.repeat(np.cumsum(count) - count, count)
    return np.arange(int(count.sum()), dtype=np.int64) - offset + np.repeat(first, count)


def _within(part: Spells, begin: NDArray[np.int64], end: NDArray[np.int64], claim: Positions, period: Period) -> Spells:
    """What of each spell lies between two keys."""
    offset = period.key(part.subject, np.full_like(part.subject, period.start)) - period.start
    begin = np.maximum(begin, part.start + offset) - offset
    end = np.minimum(end, part.end + offset) - offset
    cut = Spells(part.subject, begin, end, part.status, claim)
    return cut.where(cut.length > 0)


def ordered(parts: Sequence[Spells], period: Period) -> Spells:
    """Several lots of spells as one, by subject and time."""
    names = ("subject", "start", "end", "status", "claim")
    subject, start, end, status, claim = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    order = np.argsort(period.key(subject, start), kind="stable")
    return Spells(subject[order], start[order], end[order], status[order], claim[order])


def assumed(whole: Spells, status: int) -> Spells:
    """The same time, as if `status` had held wherever nothing was seen; neighbours may then have one status."""
    return replace(whole, status=np.where(whole.status == UNKNOWN, np.int8(status), whole.status))


def cut(pieces: Spells, edges: NDArray[np.int64], period: Period) -> Spells:
    """The same time, each piece cut wherever one of the edges, keys in order, lies within it."""
    low = np.searchsorted(edges, period.key(pieces.subject, pieces.start), side="right")
    high = np.searchsorted(edges, period.key(pieces.subject, pieces.end), side="left")
    count = np.maximum(high - low, 0)
    piece, nth = np.repeat(np.arange(len(count)), count + 1), runs(low, count + 1)
    part = pieces.where(piece)
    offset = period.key(part.subject, np.full_like(part.subject, period.start)) - period.start
    at = np.append(edges, 0)
    start = np.where(nth == low[piece], part.start, at[nth - 1] - offset)
    end = np.where(nth == (low + count)[piece], part.end, at[np.minimum(nth, len(edges))] - offset)
    return replace(part, start=start, end=end)


def lies_in(pieces: Spells, spans: Spans, period: Period) -> Mask:
    """Whether each piece begins inside a span of its subject."""
    order = np.argsort(period.key(spans.subject, spans.start), kind="stable")
    begins, ends = _apart(spans, order, period)
    key = period.key(pieces.subject, pieces.start)
    last = np.searchsorted(begins, key, side="right") - 1
    return (last >= 0) & (np.append(ends, 0)[last] > key)
