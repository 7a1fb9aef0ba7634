"""Trends: a true fall is found with its days left, noise is told no more often than stated, order changes nothing."""

from math import comb, inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.rules import rates, trend
from readiness.rules.trend import LEAST_DAYS, ONE_IN, VERDICTS, Verdict, falls, table

LIMIT = -27.0


def verdicts(found: trend.Fall) -> list[Verdict]:
    return [VERDICTS[code] for code in found.verdict]


def test_a_straight_fall_says_when_it_ends() -> None:
    days = np.arange(30)
    fall = -20 - 0.1 * days
    rise, flat = fall[::-1], np.full(30, -20.0)
    low = flat - 7.5
    few = np.where(days < LEAST_DAYS - 1, fall, np.nan)
    found = falls(np.stack([fall, rise, flat, low, few]), limit=LIMIT, least_fall=0.5)
    assert verdicts(found) == ["falling", "steady", "steady", "beyond", "not_enough"]
    assert found.level[0] == pytest.approx(-22.9)
    assert [found.slope[0], found.slope_low[0], found.slope_high[0]] == pytest.approx([-0.1] * 3)
    assert found.days_left[0] == pytest.approx(41)
    assert found.days_left[1:4].tolist() == [inf, inf, inf]
    assert np.isnan(found.days_left[4])
    assert found.days.tolist() == [30, 30, 30, 30, LEAST_DAYS - 1]


def test_a_small_fall_is_not_told_however_sure() -> None:
    fall = np.linspace(-20, -20.3, 30)
    assert verdicts(falls(fall[None], limit=LIMIT, least_fall=0.5)) == ["steady"]


def test_a_few_wild_days_move_nothing() -> None:
    values = np.linspace(-20, -23.9, 40)
    values[[3, 17, 18]] = [-40, -2, -2]
    found = falls(values[None], limit=LIMIT, least_fall=0.5)
    assert verdicts(found) == ["falling"]
    assert found.slope[0] == pytest.approx(-0.1, abs=0.01)


@pytest.mark.parametrize(
    ("case", "values", "verdict"),
    [
        ("fell, then no figure for a week", [-20 - 0.2 * day for day in range(40)] + [nan] * 7, Verdict.FALLING),
        ("fell, then no figure for longer", [-20 - 0.2 * day for day in range(40)] + [nan] * 8, Verdict.NOT_ENOUGH),
        ("repaired five days ago", [-20 - 0.08 * day for day in range(85)] + [-20.0] * 5, Verdict.STEADY),
        ("repaired, and two figures since", [-20 - 0.08 * day for day in range(85)] + [-20.0] * 2, Verdict.FALLING),
        ("one bad day at the end", [-20.0] * 40 + [-30.0], Verdict.STEADY),
        ("dark enough for five days", [-20.0] * 40 + [-30.0] * 5, Verdict.BEYOND),
    ],
)
def test_what_the_newest_figures_say_counts(case: str, values: list[float], verdict: Verdict) -> None:
    found = falls(np.array([values]), limit=-30.0, least_fall=0.5)
    assert VERDICTS[found.verdict[0]] is verdict, case


def test_days_left_count_from_today() -> None:
    figures = [-20 - 0.2 * day for day in range(40)]
    today, then = (falls(np.array([figures + [nan] * age]), limit=-30.0, least_fall=0.5) for age in (0, 6))
    assert today.days_left[0] == pytest.approx(11)  # from -27.8
    assert then.days_left[0] == pytest.approx(5)


def test_noise_of_a_few_early_days_says_nothing() -> None:
    values = np.full((2000, 90), nan)
    values[:, :12] = np.random.default_rng(3).normal(-22, 0.5, (2000, 12))
    found = falls(values, limit=-27.0, least_fall=0.5)
    assert {VERDICTS[code] for code in found.verdict} == {Verdict.NOT_ENOUGH}


def test_nothing_at_all() -> None:
    assert falls(np.empty((0, 30)), limit=LIMIT, least_fall=0.5).verdict.tolist() == []
    assert verdicts(falls(np.full((2, 1), np.nan), limit=LIMIT, least_fall=0.5)) == ["not_enough"] * 2


@pytest.mark.parametrize("days", [LEAST_DAYS, 30])
def test_noise_alone_falls_no_more_often_than_stated(days: int) -> None:
    chance, count = np.random.default_rng(7), 20_000
    values = chance.normal(-20, 1, (count, days))
    found = falls(values, limit=-99, least_fall=0)
    told = verdicts(found).count(Verdict.FALLING)
    assert told <= count / ONE_IN + 3 * (count / ONE_IN) ** 0.5


def test_the_interval_holds_the_true_slope() -> None:
    chance, count = np.random.default_rng(8), 2_000
    values = -20 - 0.05 * np.arange(25) + chance.standard_t(3, (count, 25)) * 0.3
    found = falls(values, limit=LIMIT, least_fall=0)
    outside = (found.slope_low > -0.05) | (found.slope_high < -0.05)
    assert outside.sum() <= 2 * count / ONE_IN + 3 * (2 * count / ONE_IN) ** 0.5


_ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 19), st.floats(-30, -10)), max_size=60, unique_by=lambda row: row[:2]
)


def _table(rows: list[tuple[int, int, float]]) -> trend.Floats:
    series, day = (np.array([row[n] for row in rows], np.int64) for n in (0, 1))
    return table(series, day, np.array([row[2] for row in rows], np.float64), count=3, days=20)


@settings(max_examples=60)
@given(_ROWS, st.randoms())
def test_order_of_arrival_changes_nothing(rows: list[tuple[int, int, float]], order: object) -> None:
    again = sorted(rows, key=lambda row: hash((row, id(order))))
    one, other = (falls(_table(each), limit=LIMIT, least_fall=0.1) for each in (rows, again))
    for name in ("level", "slope", "slope_low", "slope_high", "days_left", "days_left_low", "days_left_high"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.verdict.tolist() == other.verdict.tolist()
    known = ~np.isnan(one.slope)
    assert (one.slope_low[known] <= one.slope[known]).all()
    assert (one.slope[known] <= one.slope_high[known]).all()
    assert (one.days_left_low[known] <= one.days_left[known]).all()
    assert (one.days_left[known] <= one.days_left_high[known]).all()


def test_days_of_one_series_are_averaged_where_there_are_several() -> None:
    found = table(np.array([1, 1, 0]), np.array([0, 0, 1]), np.array([2.0, 4.0, 5.0]), count=2, days=2)
    np.testing.assert_array_equal(found, [[np.nan, 5.0], [3.0, np.nan]])


_SPELLS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 500), st.integers(0, 80)), max_size=15)


@settings(max_examples=100)
@given(_SPELLS, st.integers(0, 20))
def test_outages_that_overlap_are_one_event(spells: list[tuple[int, int, int]], gap: int) -> None:
    place, start, length = (np.array([spell[n] for spell in spells], np.int64) for n in range(3))
    found = rates.events(place, start, start + length, places=3, gap=gap)
    for each in range(3):
        busy = np.zeros(2000, np.bool_)  # in halves of a ms, so that what follows just after the gap stays apart
        for where, begins, lasts in spells:
            if where == each:
                busy[2 * begins : 2 * (begins + lasts + gap) + 1] = True
        assert found[each] == int(np.count_nonzero(np.diff(np.concatenate([[False], busy]).astype(int)) == 1))


def test_the_interval_of_a_rate_is_garwoods() -> None:
    low, high = rates.interval(np.array([0, 1, 10, 100]))
    assert low[:3] == pytest.approx([0, 0.005013, 3.717], rel=1e-3)  # half of the chi-square quantiles, of the tables
    assert high[:3] == pytest.approx([5.298, 7.430, 21.398], rel=1e-3)
    assert 75 < low[3] < 100 < high[3] < 130


def test_a_feeder_is_compared_with_its_own_district() -> None:
    count = np.array([9, 1, 1, 1, 9, 9, 9, 7])
    district = np.array([0, 0, 0, 0, 1, 1, 1, -1])
    found = rates.excess(count, district)
    expected = sum(comb(12, n) * 0.25**n * 0.75 ** (12 - n) for n in range(9, 13))
    assert found[0] == pytest.approx(expected)
    assert found[7] == 1
    assert rates.is_worse(found).tolist() == [True, *[False] * 7]
    assert rates.rest_mean(count, district)[:5].tolist() == pytest.approx([1, 11 / 3, 11 / 3, 11 / 3, 9])
    assert np.isnan(rates.rest_mean(count, district)[7])
    assert rates.per_month(np.array([3.0]), 90).tolist() == [1]


def test_feeders_that_are_all_alike_are_told_no_more_often_than_stated() -> None:
    chance, districts, feeders = np.random.default_rng(9), 600, 40
    count = chance.poisson(3, districts * feeders)
    told = rates.is_worse(rates.excess(count, np.repeat(np.arange(districts), feeders))).sum()
    assert told <= len(count) / ONE_IN + 3 * (len(count) / ONE_IN) ** 0.5


def test_no_feeders() -> None:
    nothing = np.empty(0, np.int64)
    assert rates.events(nothing, nothing, nothing, places=2, gap=1).tolist() == [0, 0]
    assert rates.excess(nothing, nothing).tolist() == []
    assert rates.rest_mean(nothing, nothing).tolist() == []
