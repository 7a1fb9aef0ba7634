"""What a contract makes of time: nothing counted twice, nothing lost, and nothing that unknown time could prove wrong."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.model import Cause, Responsible
from readiness.rules.availability import CAUSES, PARTIES, Blame
from readiness.rules.columns import DOWN, UNKNOWN, UP
from readiness.rules.contract import Contract, ContractError, Window, parse_contract
from readiness.rules.sla import COUNTED, EXCUSED, EXCUSES, PARTS, UNSEEN, WORKED, Cells, amount, cells, seen_by, shares
from readiness.rules.spells import Changes, Period, Spans, claimed, proved, spells
from readiness.rules.windows import Stretch, stretches
from reports.sla import arithmetic

SUBJECTS, LAST = 2, 40  # moments are few, so that many coincide
TERMS: dict[str, Any] = {
    "name": "test", "title": {"en": "Test"}, "covers": {"of": "gp"}, "measure": {"target_percent": 50},
    "slab": [{"below_percent": 60, "percent_of_fee": 10}, {"below_percent": 30, "percent_of_fee": 40}],
    "fee_rupees": "100.05",
}  # fmt: skip

moments = st.integers(0, LAST)
subjects = st.integers(0, SUBJECTS - 1)
histories = st.lists(st.tuples(subjects, moments, st.integers(0, 3)), max_size=12)
outages = st.lists(
    st.tuples(subjects, moments, moments, st.integers(0, len(CAUSES) - 1), st.integers(0, len(PARTIES) - 1)), max_size=6
)
spans_of = st.lists(st.tuples(subjects, moments, moments), max_size=3)
causes = st.frozensets(st.sampled_from([cause for cause in Cause if cause is not Cause.UPSTREAM]))
excused = st.sampled_from(["left_out", "as_available"])

History = list[tuple[int, int, int]]
Told = list[tuple[int, int, int, int, int]]


def contract(excluded: str = "left_out", exclude: frozenset[Cause] = frozenset(), parties: Any = ()) -> Contract:
    terms = TERMS | {"measure": TERMS["measure"] | {"excluded_time": excluded}}
    return Contract.model_validate(terms | {"exclude": {"causes": exclude, "parties": parties}})


def as_spans(found: list[tuple[int, int, int]]) -> Spans:
    rows = np.array(found, np.int64).reshape(-1, 3)
    return Spans(rows[:, 0], rows[:, 1:].min(axis=1), rows[:, 1:].max(axis=1), np.zeros(len(rows), np.int64))


def windows(start: int, end: int, borders: tuple[int, ...] = ()) -> list[Stretch]:
    inner = [border for border in sorted(set(borders)) if start < border < end]
    ends = zip([start, *inner], [*inner, end], strict=True)
    return [Stretch(date(2026, 4, 1), first, last, whole=True) for first, last in ends]


def measured(
    terms: Contract, history: History, told: Told, majeure: list[tuple[int, int, int]], found: list[Stretch]
) -> Cells:
    period = Period(found[0].start, found[-1].end, SUBJECTS)
    rows, why = np.array(history, np.int64).reshape(-1, 3), np.array(told, np.int64).reshape(-1, 5)
    whole = spells(Changes(rows[:, 0], rows[:, 1], np.arange(len(rows)), rows[:, 2].astype(np.int8)), period)
    cause, through = why[:, 3].astype(np.int8), why[:, 4] % 2 == 1
    blame = Blame(cause, cause, through, why[:, 4].astype(np.int8))
    pieces = claimed(whole, as_spans([row[:3] for row in told]), period)
    hours = [None] * SUBJECTS
    seen = seen_by(terms, pieces, blame, period, stretches=found, majeure=as_spans(majeure), hours=hours)
    return cells(terms, seen, found, SUBJECTS)


@given(histories, outages, spans_of, moments, moments, st.tuples(moments, moments), causes)
def test_every_moment_is_counted_once_as_if_counted_one_by_one(  # noqa: PLR0917 - hypothesis gives them
    history: History,
    told: Told,
    majeure: Any,
    one: int,
    other: int,
    borders: tuple[int, int],
    exclude: frozenset[Cause],
) -> None:
    start, end = min(one, other), max(one, other) + 1
    found = windows(start, end, borders)
    excluded_party = Responsible.PANCHAYAT
    total = measured(contract("left_out", exclude, [excluded_party]), history, told, majeure, found)
    part = np.zeros((SUBJECTS * len(found), len(PARTS)), np.int64)
    excuse, party = np.zeros((len(part), len(EXCUSES)), np.int64), np.zeros((len(part), len(PARTIES)), np.int64)
    for subject in range(SUBJECTS):
        for moment in range(start, end):
            cell = subject * len(found) + next(n for n, each in enumerate(found) if each.start <= moment < each.end)
            own = [
                (at, n, status) for n, (whose, at, status) in enumerate(history) if whose == subject and at <= moment
            ]
            status = max(own)[2] if own else UNKNOWN
            blamed = [
                (min(a, b), n) for n, (whose, a, b, *_) in enumerate(told) if whose == subject and min(a, b) <= moment < max(a, b)
            ]  # fmt: skip
            cause = Cause.UNDETERMINED
            who = Responsible.NONE
            if status == DOWN and blamed:
                cause, who = CAUSES[told[min(blamed)[1]][3]], PARTIES[told[min(blamed)[1]][4]]
                cause = Cause.UNDETERMINED if cause is Cause.UPSTREAM else cause
            forced = any(whose == subject and min(a, b) <= moment < max(a, b) for whose, a, b in majeure)
            why = cause if cause in exclude else "force_majeure" if forced else "party" if who is excluded_party else ""
            party[cell, PARTIES.index(who)] += 1
            if status != DOWN:
                part[cell, UNSEEN if status == UNKNOWN else WORKED] += 1
            elif why:
                part[cell, EXCUSED] += 1
                excuse[cell, EXCUSES.index(why)] += 1
            else:
                part[cell, COUNTED] += 1
    assert total.part.tolist() == part.tolist()
    assert total.excuse.tolist() == excuse.tolist()
    assert total.party.tolist() == party.tolist()
    assert total.part.sum() == SUBJECTS * (end - start)


@given(histories, outages, spans_of, causes, st.tuples(moments, moments, moments))
def test_shifting_a_window_composes(
    history: History, told: Told, majeure: Any, exclude: frozenset[Cause], ends: tuple[int, int, int]
) -> None:
    start, middle, end = (at + 20 * n for n, at in enumerate(sorted(ends)))
    terms = contract(exclude=exclude)
    whole = measured(terms, history, told, majeure, windows(start, end + 1))
    for parts in (
        [measured(terms, history, told, majeure, windows(*pair)) for pair in ((start, middle), (middle, end + 1)) if pair[0] < pair[1]],
        [measured(terms, history, told, majeure, windows(start, end + 1, (middle,)))],
    ):  # fmt: skip
        for name in ("part", "excuse", "party"):
            summed = sum(
                getattr(each, name).reshape(SUBJECTS, -1, getattr(each, name).shape[1]).sum(axis=1) for each in parts
            )
            assert summed.tolist() == getattr(whole, name).tolist()


@given(histories, outages, spans_of, causes, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    history: History, told: Told, majeure: Any, exclude: frozenset[Cause], chance: Random
) -> None:
    """Of two changes at one moment the later number holds; so each moment has one here."""
    single = list({(whose, at): (whose, at, status) for whose, at, status in history}.values())
    apart = list({(row[0], min(row[1:3])): row for row in told}.values())
    terms, found = contract(exclude=exclude), windows(5, 35, (20,))
    known = measured(terms, single, apart, majeure, found)
    for lot in (single, apart, majeure):
        chance.shuffle(lot)
    late = measured(terms, single, apart, majeure, found)
    for name in ("part", "excuse", "party", "met", "missed", "slabs_if_up", "slabs_if_down"):
        assert getattr(late, name).tolist() == getattr(known, name).tolist()


def bounds_of(terms: Contract, total: Cells) -> list[tuple[Fraction, Fraction] | None]:
    low, high, base = (each.tolist() for each in shares(terms, total.part))
    return [(Fraction(a, c), Fraction(b, c)) if c else None for a, b, c in zip(low, high, base, strict=True)]


@given(histories, outages, causes, excused, subjects, moments, moments)
def test_what_is_not_seen_never_narrows_the_bounds(  # noqa: PLR0917 - hypothesis gives them
    history: History, told: Told, exclude: frozenset[Cause], treatment: str, subject: int, one: int, other: int
) -> None:
    """Between two moments one subject is unknown instead of what it was."""
    terms, found = contract(treatment, exclude), windows(0, LAST + 1)
    first, last = min(one, other), max(one, other) + 1
    own = [(at, n, status) for n, (whose, at, status) in enumerate(history) if whose == subject and at <= last]
    kept = [row for row in history if row[0] != subject or not first <= row[1] <= last]
    blind = [*kept, (subject, first, UNKNOWN), (subject, last, max(own)[2] if own else UNKNOWN)]
    seen, unseen = (measured(terms, each, told, [], found) for each in (history, blind))
    for before, after in zip(bounds_of(terms, seen), bounds_of(terms, unseen), strict=True):
        if before is not None:
            assert after is not None
            assert after[0] <= before[0]
            assert after[1] >= before[1]
    assert (unseen.met <= seen.met).all()
    assert (unseen.missed <= seen.missed).all()


@given(histories, outages, spans_of, causes, causes, excused)
def test_exclusions_never_raise_downtime_nor_cost(  # noqa: PLR0917 - hypothesis gives them
    history: History, told: Told, majeure: Any, some: frozenset[Cause], more: frozenset[Cause], treatment: str
) -> None:
    found = windows(0, LAST + 1)
    few, many = contract(treatment, some), contract(treatment, some | more, ["panchayat"])
    strict, lenient = measured(few, history, told, [], found), measured(many, history, told, majeure, found)
    assert (lenient.part[:, COUNTED] <= strict.part[:, COUNTED]).all()
    assert (lenient.part[:, UNSEEN] == strict.part[:, UNSEEN]).all()
    for before, after in zip(bounds_of(few, strict), bounds_of(many, lenient), strict=True):
        assert after is None or before is None or (after[0] >= before[0] and after[1] >= before[1])
    for name in ("slabs_if_up", "slabs_if_down"):
        cost = [
            int((getattr(each, name) * np.array([amount(few, slab) for slab in range(3)])).sum())
            for each in (strict, lenient)
        ]
        assert cost[1] <= cost[0]


@given(histories, spans_of, st.randoms(use_true_random=False))
def test_late_check_ins_are_as_if_they_had_come_in_time(
    history: History, late: list[tuple[int, int, int]], chance: Random
) -> None:
    """In time they would have made the unknown time up; in which order they come does not matter."""
    period = Period(0, LAST + 1, SUBJECTS)
    rows = np.array(history, np.int64).reshape(-1, 3)
    whole = spells(Changes(rows[:, 0], rows[:, 1], np.arange(len(rows)), rows[:, 2].astype(np.int8)), period)
    chance.shuffle(late)
    found = proved(whole, as_spans(late), period)
    canvas = np.full((SUBJECTS, LAST + 1), -9)
    for subject, start, end, status in zip(whole.subject, whole.start, whole.end, whole.status, strict=True):
        canvas[subject, start:end] = status
    in_time = canvas.copy()
    for subject, one, other in late:
        part = in_time[subject, min(one, other) : max(one, other)]
        part[part == UNKNOWN] = UP
    told = np.full_like(canvas, -9)
    for subject, start, end, status in zip(found.subject, found.start, found.end, found.status, strict=True):
        assert (told[subject, start:end] == -9).all()
        told[subject, start:end] = status
    assert np.array_equal(told, in_time)


def test_outages_are_counted_window_by_window_and_what_is_excused_is_none() -> None:
    """Down 5-10 for power, 10-20 for the fibre, 30-35 unseen; a window ends at 15."""
    history = [(0, 0, UP), (0, 5, DOWN), (0, 20, UP), (0, 30, UNKNOWN), (0, 35, UP)]
    told = [(0, 5, 10, CAUSES.index(Cause.POWER), 0), (0, 10, 20, CAUSES.index(Cause.FIBRE), 0)]
    total = measured(contract("left_out", frozenset([Cause.POWER])), history, told, [], windows(0, 40, (15,)))
    assert total.part[:2].tolist() == [[5, 5, 5, 0], [15, 5, 0, 5]]
    seen, if_up, if_down = total.outages.seen, total.outages.if_up, total.outages.if_down
    assert [each.number[:2].tolist() for each in (seen, if_up, if_down)] == [[1, 1], [1, 1], [1, 2]]
    assert seen.ended_ms[:2].tolist() == [0, 5]
    assert if_down.longest_ms[:2].tolist() == [5, 5]


def test_slabs_are_exact_at_their_borders() -> None:
    """60 % is not below 60 %; unseen time decides between slabs, and both are told."""
    terms = contract()
    at = [(0, 0, UP), (0, 6, DOWN), (0, 10, UP), (1, 0, UP), (1, 2, UNKNOWN), (1, 4, DOWN), (1, 10, UP)]
    total = measured(terms, at, [], [], windows(0, 10))
    assert total.slabs_if_up.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert total.slabs_if_down.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert (total.met.tolist(), total.missed.tolist()) == ([1, 0], [0, 1])
    assert [amount(terms, slab) for slab in range(3)] == [0, 1001, 4002]  # 10.005 rupees are 10.01
    assert arithmetic(terms, [0, 1, 0], 4, 10) == "4 / 10 ms = 40.0 %: (< 60 %: 10 % × ₹100.05 = ₹10.01)"
    assert arithmetic(terms, [2, 1, 3], 0, 1) == (
        "2 × (≥ 60 %: 0 % × ₹100.05 = ₹0.00) + 1 × (< 60 %: 10 % × ₹100.05 = ₹10.01)"
        " + 3 × (< 30 %: 40 % × ₹100.05 = ₹40.02) = ₹130.07"
    )
    assert arithmetic(terms, [0, 0, 0], 0, 0) is None


def test_windows_that_are_not_whole_are_measured_and_not_judged() -> None:
    found = [replace(windows(0, 10)[0], whole=False)]
    total = measured(contract(), [(0, 0, DOWN), (1, 0, DOWN)], [], [], found)
    assert total.part[:, COUNTED].tolist() == [10, 10]
    assert (total.missed.tolist(), total.slabs_if_down.sum()) == ([0, 0], 0)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window.MONTH, [("2026-03-01", False), ("2026-04-01", True), ("2026-05-01", True), ("2026-06-01", True), ("2026-07-01", False)]),
        (Window.QUARTER, [("2026-01-01", False), ("2026-04-01", True), ("2026-07-01", False)]),
        (Window.YEAR, [("2025-04-01", False), ("2026-04-01", False)]),
    ],
)  # fmt: skip
def test_windows_begin_at_midnight_in_india(window: Window, expected: list[tuple[str, bool]]) -> None:
    start, end = datetime(2026, 3, 31, 12, tzinfo=UTC), datetime(2026, 6, 30, 18, 30, 0, 1000, tzinfo=UTC)
    found = stretches(start, end, window)
    assert [(each.first.isoformat(), each.whole) for each in found] == expected
    assert [each.end for each in found[:-1]] == [each.start for each in found[1:]]
    assert (found[0].start, found[-1].end) == (int(start.timestamp() * 1000), int(end.timestamp() * 1000))
    assert datetime.fromtimestamp(found[1].start / 1000, UTC).hour == 18


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Not a name"}, "name: String should match pattern"),
        ({"measure": {"target_percent": 101}}, "measure.target_percent: Input should be less than or equal to 100"),
        ({"measure": {"target_percent": 99.99999}}, "measure.target_percent: Decimal input should have no more than 3"),
        ({"exclude": {"causes": ["rain"]}}, "exclude.causes.0: Input should be"),
        ({"exclude": {"causes": ["upstream"]}}, "contract: Value error, 'upstream' is no cause here"),
        ({"penalty": []}, "penalty: Extra inputs are not permitted"),
        ({"slab": [{"below_percent": 30, "percent_of_fee": 1}, {"below_percent": 60, "percent_of_fee": 2}]}, "slabs stand from the highest"),
        ({"slab": [{"below_percent": 60, "percent_of_fee": 2}, {"below_percent": 30, "percent_of_fee": 1}]}, "a lower slab can't cost less"),
    ],
)  # fmt: skip
def test_a_contract_that_is_wrong_says_where(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as raised:
        parse_contract(toml(TERMS | change))
    assert said in str(raised.value)


def toml(terms: dict[str, Any]) -> str:
    """Enough of TOML for these terms: inline tables, and floats as they are."""

    def value(each: Any) -> str:
        if isinstance(each, dict):
            return "{" + ", ".join(f"{key} = {value(one)}" for key, one in each.items()) + "}"
        if isinstance(each, list):
            return "[" + ", ".join(map(value, each)) + "]"
        return repr(each).replace("'", '"')

    return "\n".join(f"{key} = {value(each)}" for key, each in terms.items())


def test_text_that_is_no_toml_says_where() -> None:
    with pytest.raises(ContractError, match="is not TOML: Invalid value"):
        parse_contract("name = ")
