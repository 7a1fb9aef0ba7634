"""Sums of stretches of time: joined, they are the sums of the whole, whatever happened and wherever it is cut."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.hours import Hours, parse_hours
from readiness.rules.availability import PARTIES, Blame, Sums, added_up
from readiness.rules.spells import Changes, Period, Spans, Spells, claimed, proved, spells
from readiness.rules.tallies import OpenTally

SUBJECTS = 3
HOUR = 3_600_000
FIRST, LAST = 20_000 * 24 * HOUR, 20_000 * 24 * HOUR + 60 * HOUR
HOURS: list[Hours | None] = [
    parse_hours("Mo-Sa 10:00-17:00"), None, replace(parse_hours("24/7"), holidays=(date(2024, 10, 5),))
]  # fmt: skip
moments = st.integers(0, 60).map(lambda hour: FIRST + hour * HOUR)  # few, so that many coincide
subjects = st.integers(0, SUBJECTS - 1)
histories = st.lists(st.tuples(subjects, moments, st.integers(0, 3)), max_size=25)
outages = st.lists(st.tuples(subjects, moments, moments, st.integers(0, 2), st.integers(0, 6)), max_size=10)
proofs = st.lists(st.tuples(subjects, moments, moments), max_size=4)
cuts = st.lists(moments, max_size=4)


def columns(*values: Sequence[Any]) -> list[np.ndarray]:
    return [np.array(value, np.int64).reshape(-1) for value in values]


def spans(found: list[Any], ranks: list[int]) -> Spans:
    whose, one, other = columns(*(zip(*(row[:3] for row in found), strict=True) if found else ([], [], [])))
    return Spans(whose, np.minimum(one, other), np.maximum(one, other), np.array(ranks, np.int64))


class Past:
    """What was told of some subjects, from which any period can be made."""

    def __init__(self, history: list[Any], why: list[Any], late: list[Any]) -> None:
        whose, at, status = columns(*(zip(*history, strict=True) if history else ([], [], [])))
        self.changes = Changes(whose, at, np.arange(len(whose)), status.astype(np.int8))
        self.outages, self.proofs = spans(why, [row[3] for row in why]), spans(late, [0] * len(late))
        cause = np.array([row[4] for row in why], np.int8)
        self.blame = Blame(cause, cause[::-1].copy(), cause % 2 == 0, (cause % len(PARTIES)).astype(np.int8))

    def split(self, start: int, end: int) -> tuple[Spells, Spells]:
        period = Period(start, end, SUBJECTS)
        whole = proved(spells(self.changes, period), self.proofs, period)
        return whole, claimed(whole, self.outages, period)

    def sums(self, start: int, end: int) -> Sums:
        return added_up(*self.split(start, end), self.blame, HOURS)


def values(found: object) -> Iterator[tuple[str, list[Any]]]:
    """Every column, with its name."""
    assert is_dataclass(found)
    for field in fields(found):
        value = getattr(found, field.name)
        if is_dataclass(value):
            yield from ((f"{field.name}.{name}", column) for name, column in values(value))
        else:
            yield field.name, value.tolist()


@given(histories, outages, proofs, cuts)
def test_the_sums_of_the_parts_are_those_of_the_whole(
    history: list[Any], why: list[Any], late: list[Any], cut: list[int]
) -> None:
    past = Past(history, why, late)
    edges = sorted({FIRST, *cut, LAST + HOUR})
    joined = reduce(Sums.then, (past.sums(*part) for part in pairwise(edges)))
    whole = past.sums(FIRST, LAST + HOUR)
    assert dict(values(joined)) == dict(values(whole))
    assert dict(values(joined.totals(HOURS))) == dict(values(whole.totals(HOURS)))


@settings(max_examples=30)
@given(histories, histories, histories)
def test_which_are_joined_first_does_not_matter(one: list[Any], two: list[Any], three: list[Any]) -> None:
    a, b, c = (Past(history, [], []).sums(FIRST, LAST) for history in (one, two, three))
    assert dict(values(a.then(b).then(c))) == dict(values(a.then(b.then(c))))


@settings(max_examples=30)
@given(histories)
def test_no_time_at_all_changes_nothing(history: list[Any]) -> None:
    some, none = Past(history, [], []).sums(FIRST, LAST), Sums.none(SUBJECTS)
    assert dict(values(none.then(some))) == dict(values(some)) == dict(values(some.then(none)))


def stretch(*, works: int = 1, head: int = 0, tail: int = 0, number: int = 0, longest: int = 0) -> OpenTally:
    return OpenTally(*columns([works], [head], [tail], [number], [number * longest], [longest]))


@pytest.mark.parametrize(
    ("parts", "number", "ended", "ended_ms", "longest"),
    [
        ([stretch(tail=5), stretch(head=7)], 1, 1, 12, 12),  # one that goes on over the cut
        ([stretch(tail=5), stretch(works=0, head=9), stretch(head=7)], 1, 1, 21, 21),
        ([stretch(works=0, head=9), stretch(head=7, tail=3)], 2, 1, 16, 16),
        ([stretch(number=2, longest=8), stretch(number=1, longest=4)], 3, 3, 20, 8),
        ([stretch(tail=5), stretch()], 1, 1, 5, 5),  # it ended at the cut
        ([stretch(works=0), stretch(works=0)], 0, 0, 0, 0),
    ],
)
def test_outages_over_a_cut(parts: list[OpenTally], number: int, ended: int, ended_ms: int, longest: int) -> None:
    found = reduce(OpenTally.then, parts).closed()
    counts = (found.number, found.ended, found.ended_ms, found.longest_ms)
    assert [column.tolist() for column in counts] == [[number], [ended], [ended_ms], [longest]]
