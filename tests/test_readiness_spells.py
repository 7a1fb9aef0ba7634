"""Spells of many subjects: no time counted twice or lost, however the changes arrive."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.hours import parse_hours
from readiness.rules.columns import DOWN, STATUSES, UNKNOWN, UP
from readiness.rules.opening import open_ms
from readiness.rules.spells import NONE, Changes, Period, Spans, Spells, assumed, claimed, spells
from readiness.rules.tallies import open_tally
from readiness.rules.uptime import split

SUBJECTS = 3
LAST = 60  # moments are few, so that many coincide
moments = st.integers(0, LAST)
facts = st.tuples(st.integers(0, SUBJECTS - 1), moments, st.sampled_from(range(4)))
histories = st.lists(facts, max_size=25)
intervals = st.lists(st.tuples(st.integers(0, SUBJECTS - 1), moments, moments, st.integers(0, 2)), max_size=12)


def changes(found: list[tuple[int, int, int]]) -> Changes:
    """`found` as (subject, moment, status), in the order of their numbers."""
    rows = np.array(found, np.int64).reshape(-1, 3)
    return Changes(rows[:, 0], rows[:, 1], np.arange(len(rows)), rows[:, 2].astype(np.int8))


def spans(found: list[tuple[int, int, int, int]]) -> Spans:
    rows = np.array(found, np.int64).reshape(-1, 4)
    return Spans(rows[:, 0], np.minimum(rows[:, 1], rows[:, 2]), np.maximum(rows[:, 1], rows[:, 2]), rows[:, 3])


def periods(*ends: int) -> Period:
    return Period(min(ends), max(ends) + 1, SUBJECTS)


def painted(pieces: Spells, what: np.ndarray, fill: int) -> np.ndarray:
    """Per subject and millisecond the value of `what`; fails where two pieces meet."""
    canvas = np.full((SUBJECTS, LAST + 2), fill)
    for subject, start, end, value in zip(pieces.subject, pieces.start, pieces.end, what, strict=True):
        assert start < end
        assert (canvas[subject, start:end] == fill).all()
        canvas[subject, start:end] = value
    return canvas


@given(histories, moments, moments)
def test_each_subject_is_split_as_if_it_were_alone(found: list[tuple[int, int, int]], one: int, other: int) -> None:
    period = periods(one, other)
    whole = spells(changes(found), period)
    epoch = datetime(2026, 1, 1, tzinfo=UTC)
    for subject in range(SUBJECTS):
        own = sorted(((at, n, status) for n, (whose, at, status) in enumerate(found) if whose == subject))
        told = [(epoch + timedelta(milliseconds=at), STATUSES[status]) for at, _, status in own]
        start, end = (epoch + timedelta(milliseconds=at) for at in (period.start, period.end))
        alone = split("unknown", told, start, end)
        mine = whole.where(whole.subject == subject)
        parts: dict[str, timedelta] = {}
        for status, length in zip(mine.status, mine.length, strict=True):
            name = STATUSES[status]
            parts[name] = parts.get(name, timedelta()) + timedelta(milliseconds=int(length))
        assert parts == alone


@given(histories, moments, moments, st.one_of(st.none(), moments))
def test_the_period_is_filled_and_neighbours_differ(
    found: list[tuple[int, int, int]], one: int, other: int, seen_until: int | None
) -> None:
    period = periods(one, other)
    whole = spells(changes(found), period, seen_until=seen_until)
    canvas = painted(whole, whole.status, 9)
    assert (canvas[:, period.start : period.end] != 9).all()
    assert (whole.start >= period.start).all()
    assert (whole.end <= period.end).all()
    assert ((np.diff(whole.subject) > 0) | (np.diff(whole.status) != 0)).all()
    if seen_until is not None:
        assert (canvas[:, max(seen_until, period.start) : period.end] == UNKNOWN).all()


@given(histories, moments, moments, moments)
def test_windows_compose(found: list[tuple[int, int, int]], one: int, two: int, three: int) -> None:
    start, middle, end = sorted((one, two + LAST, three + 2 * LAST))
    whole = spells(changes(found), Period(start, end + 1, SUBJECTS))
    parts = [spells(changes(found), Period(a, b, SUBJECTS)) for a, b in ((start, middle), (middle, end + 1)) if a < b]
    for status in range(4):
        for subject in range(SUBJECTS):

            def held(of: Spells, subject: int = subject, status: int = status) -> int:
                return int(of.length[(of.subject == subject) & (of.status == status)].sum())

            assert held(whole) == sum(held(part) for part in parts)


@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(found: list[tuple[int, int, int]], chance: Random) -> None:
    period, told = Period(10, 50, SUBJECTS), changes(found)
    shuffled = list(range(len(found)))
    chance.shuffle(shuffled)
    one, other = spells(told, period), spells(told.where(np.array(shuffled, np.int64)), period)
    for column in ("subject", "start", "end", "status"):
        assert np.array_equal(getattr(one, column), getattr(other, column))


@given(histories, intervals, moments, moments)
def test_spans_claim_time_once_and_lose_none(
    found: list[tuple[int, int, int]], who: list[tuple[int, int, int, int]], one: int, other: int
) -> None:
    period, whose = periods(one, other), spans(who)
    pieces = spells(changes(found), period)
    shared = claimed(pieces, whose, period)
    assert np.array_equal(painted(shared, shared.status, 9), painted(pieces, pieces.status, 9))
    canvas, statuses = painted(shared, shared.claim, -9), painted(pieces, pieces.status, 9)
    order = sorted(range(len(who)), key=lambda n: (whose.rank[n], whose.start[n], n))
    for subject in range(SUBJECTS):
        for moment in range(period.start, period.end):
            here = [n for n in order if whose.subject[n] == subject and whose.start[n] <= moment < whose.end[n]]
            best = [whose.rank[n] for n in here]
            claim = canvas[subject, moment]
            down = statuses[subject, moment] == DOWN
            assert (claim != NONE) == bool(down and here)
            assert claim == NONE or (claim in here and whose.rank[claim] == best[0])


@pytest.mark.parametrize(
    ("history", "number", "ended", "ended_ms", "longest"),
    [
        ([], 0, 0, 0, 0),
        ([(0, UP)], 0, 0, 0, 0),
        ([(0, UP), (10, DOWN), (15, UP), (20, DOWN), (23, UP)], 2, 2, 8, 5),
        ([(0, DOWN)], 1, 0, 0, 100),
        ([(0, DOWN), (40, UP), (90, DOWN)], 2, 1, 40, 40),
        ([(0, UP), (10, DOWN), (20, UNKNOWN), (30, DOWN), (35, UP)], 1, 1, 15, 15),
        ([(0, UP), (10, DOWN), (20, UNKNOWN), (30, UP)], 1, 1, 10, 10),
        ([(0, UP), (10, DOWN), (20, UNKNOWN)], 1, 0, 0, 10),
    ],
)
def test_outages_are_counted(
    history: list[tuple[int, int]], number: int, ended: int, ended_ms: int, longest: int
) -> None:
    period = Period(0, 100, 2)
    found = open_tally(spells(changes([(1, at, status) for at, status in history]), period), 2).closed()
    counts = (found.number, found.ended, found.ended_ms, found.longest_ms)
    assert [column.tolist() for column in counts] == [[0, number], [0, ended], [0, ended_ms], [0, longest]]


HOURS = parse_hours("Mo-Fr 09:30-13:00,14:00-17:30; Sa 10:00-14:00")
instants = st.integers(946_684_800_000, 1_900_000_000_000)  # 2000 to 2030


@given(instants, st.integers(0, 20 * 24 * 60))
def test_open_time_is_what_the_hours_say_minute_by_minute(minute: int, length: int) -> None:
    start = minute // 60_000 * 60_000
    end = start + min(length, 3 * 24 * 60) * 60_000
    told = sum(HOURS.opened_at(datetime.fromtimestamp(at / 1000, UTC)) is not None for at in range(start, end, 60_000))
    assert open_ms(HOURS, np.array([start]), np.array([end])).tolist() == [told * 60_000]


@given(instants, instants, instants)
def test_open_times_compose(one: int, two: int, three: int) -> None:
    a, b, c = (np.array([at]) for at in sorted((one, two, three)))
    assert open_ms(HOURS, a, b) + open_ms(HOURS, b, c) == open_ms(HOURS, a, c)
    assert 0 <= open_ms(HOURS, a, c) <= c - a


DAYS = tuple(date(2026, 11, day) for day in (2, 3, 7, 8, 25))  # Monday, Tuesday, Saturday, Sunday, Wednesday
NOVEMBER = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1000


@given(st.integers(0, 30 * 24 * 60), st.integers(0, 5 * 24 * 60))
def test_nothing_is_open_on_a_holiday(minute: int, length: int) -> None:
    hours = replace(HOURS, holidays=DAYS)
    start = NOVEMBER + minute * 60_000
    end = start + length * 60_000
    told = sum(hours.opened_at(datetime.fromtimestamp(at / 1000, UTC)) is not None for at in range(start, end, 60_000))
    assert open_ms(hours, np.array([start]), np.array([end])).tolist() == [told * 60_000]


def test_a_holiday_is_a_day_of_india() -> None:
    hours = replace(parse_hours("24/7"), holidays=(date(2026, 11, 3),))
    midnight = int(datetime(2026, 11, 2, 18, 30, tzinfo=UTC).timestamp()) * 1000
    day = 24 * 3_600_000
    starts = np.array([midnight - 1, midnight, midnight + day - 1, midnight + day])
    assert open_ms(hours, starts, starts + 1).tolist() == [1, 0, 0, 1]
    assert open_ms(hours, starts - day, starts + 2 * day).tolist() == [2 * day] * 4


@given(histories, moments, moments)
def test_what_nobody_saw_is_bounded_by_both_assumptions(
    found: list[tuple[int, int, int]], one: int, other: int
) -> None:
    period = periods(one, other)
    whole = spells(changes(found), period)
    up, down = (assumed(whole, status) for status in (UP, DOWN))
    told = painted(whole, whole.status, 9)
    for status, as_if in ((UP, up), (DOWN, down)):
        assert np.array_equal(painted(as_if, as_if.status, 9), np.where(told == UNKNOWN, status, told))
    longest = [open_tally(each, SUBJECTS).closed().longest_ms for each in (up, down)]
    assert (longest[0] <= longest[1]).all()


def test_always_and_never_open() -> None:
    start, end = np.array([0, 5]), np.array([1_000_000, 5])
    assert open_ms(parse_hours("24/7"), start, end).tolist() == [1_000_000, 0]
    assert open_ms(parse_hours("off"), start, end).tolist() == [0, 0]


def test_a_century_of_a_million_subjects_has_keys() -> None:
    period = Period(0, 3_200_000_000_000, 1_000_000)
    last = period.key(np.array([period.subjects - 1]), np.array([period.end]))
    assert 0 < last[0] < np.iinfo(np.int64).max
