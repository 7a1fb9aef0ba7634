"""How long each status was told while another was true: two histories of one subject laid over each other. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

UP, DEGRADED, DOWN, UNKNOWN = "up", "degraded", "down", "unknown"
TRUE, SAID = (UP, DEGRADED, DOWN), (UP, DEGRADED, DOWN, UNKNOWN)
_WORSE = {UP: 0, DEGRADED: 1, DOWN: 2}


class Span(NamedTuple):
    start: float
    end: float
    status: str


Table = Mapping[str, Mapping[str, float]]
"""What was true -> what was said -> seconds."""


def history(changes: Sequence[tuple[float, str]], start: float, end: float, *, first: str) -> list[Span]:
    """The spans that changes (when, to which status), in their order of time, make of [start, end).

    A change that tells the same status for another reason goes on with the span before.
    """
    marks = [(start, first), *((min(max(at, start), end), status) for at, status in changes), (end, first)]
    found: list[Span] = []
    for (at, status), (until, _) in pairwise(marks):
        if until > at and found and found[-1].status == status:
            found[-1] = found[-1]._replace(end=until)
        elif until > at:
            found.append(Span(at, until, status))
    return found


def truth(bad: Sequence[Span], start: float, end: float) -> list[Span]:
    """The spans of [start, end) by what was wrong, the worst where several things were; up where nothing was."""
    marks = sorted({start, end, *(min(max(at, start), end) for one in bad for at in (one.start, one.end))})
    found = []
    for at, until in pairwise(marks):
        within = [one.status for one in bad if one.start <= at and one.end >= until]
        found.append(Span(at, until, max(within, key=_WORSE.__getitem__, default=UP)))
    return found


def overlay(true: Sequence[Span], said: Sequence[Span]) -> dict[tuple[str, str], float]:
    """Seconds of each (true, said)."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    place = 0
    for one in said:
        while place < len(true) and true[place].end <= one.start:
            place += 1
        for other in true[place:]:
            if other.start >= one.end:
                break
            found[other.status, one.status] += min(one.end, other.end) - max(one.start, other.start)
    return found


def false_downs(true: Sequence[Span], said: Sequence[Span], slack_s: float) -> list[Span]:
    """What was said to be down while it was so at no time, nor within `slack_s`."""
    downs = [one for one in true if one.status == DOWN]
    return [
        one for one in said
        if one.status == DOWN
        and not any(one.start < other.end + slack_s and other.start < one.end + slack_s for other in downs)
    ]  # fmt: skip


def table(seconds: Mapping[tuple[str, str], float]) -> Table:
    return {true: {said: round(seconds.get((true, said), 0.0), 1) for said in SAID} for true in TRUE}
