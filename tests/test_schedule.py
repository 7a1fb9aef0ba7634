"""When polls are due, when a burst follows, when costly objects may be read again."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.budget import Budgets
from collectors.model import Failure, Reason
from collectors.schedule import Schedule, phase, places
from collectors.silence import Burst, Outcome, Silence, after_burst, after_poll, outcome

NAMES = [f"device-{n}" for n in range(300)]


def scheduled(names: list[str], intervals: list[float], now: float) -> Schedule:
    return Schedule(places(names), np.array(intervals), now)


def test_phases_are_spread_and_stay() -> None:
    found = [phase(name, 60.0) for name in NAMES]
    assert all(0 <= place < 60 for place in found)
    in_tenths = Counter(int(place // 6) for place in found)
    assert max(in_tenths.values()) < 2 * len(NAMES) / 10
    assert phase("gp-r1", 60.0) == pytest.approx(37.3119, abs=0.0001)  # the same on every machine, after every restart


@given(st.floats(0, 2e9), st.lists(st.floats(0.5, 60), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_everybody_is_polled_in_the_first_interval(now: float, intervals: list[float]) -> None:
    names = NAMES[: len(intervals)]
    schedule = scheduled(names, intervals, now)
    seen: set[int] = set()
    for step in range(int(max(intervals) / 0.2) + 2):
        seen.update(schedule.take(now + step * 0.2).devices.tolist())
    assert seen == set(range(len(names)))


@given(
    st.floats(1e9, 2e9),
    st.lists(st.sampled_from([1.0, 7.5, 10.0, 60.0, 300.0]), min_size=1, max_size=20),
    st.lists(st.floats(0.001, 200), min_size=1, max_size=60),
)
def test_every_slot_is_taken_or_missed_once(start: float, intervals: list[float], pauses: list[float]) -> None:
    schedule = scheduled(NAMES[: len(intervals)], intervals, start)
    taken = missed = 0
    last: dict[int, float] = {}
    now = start
    for pause in pauses:
        now += pause
        due = schedule.take(now)
        taken, missed = taken + len(due.devices), missed + due.missed
        for device in due.devices.tolist():
            assert now - last.get(device, -1e9) > intervals[device] - 1.001  # never doubled
            last[device] = now
        assert len(set(due.devices.tolist())) == len(due.devices)
    slots = sum(
        (now - phase(name, every)) // every - (start - phase(name, every)) // every
        for name, every in zip(NAMES, intervals, strict=False)
    )
    assert taken + missed == pytest.approx(slots, abs=len(intervals))  # a slot at the very edge may round either way


def test_after_a_pause_only_what_is_due_now_is_polled() -> None:
    schedule = scheduled(NAMES, [60.0] * len(NAMES), 1_000_000.0)
    for second in range(60):
        schedule.take(1_000_000.0 + second)
    due = schedule.take(1_000_000.0 + 3600)
    assert len(due.devices) <= len(NAMES) / 60 * 4
    assert len(due.devices) + due.missed == pytest.approx(59 * len(NAMES), abs=len(NAMES))


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (None, Outcome.ANSWERED),
        (Failure(Reason.TIMEOUT), Outcome.SILENT),
        (Failure(Reason.NO_ROUTE), Outcome.BLIND),
        (Failure(Reason.SECRET), Outcome.BLIND),
        (Failure(Reason.REFUSED), Outcome.ANSWERED),
        (Failure(Reason.AUTHENTICATION), Outcome.ANSWERED),
        (Failure(Reason.DEADLINE), Outcome.ANSWERED),
    ],
)
def test_what_a_poll_says_of_silence(failure: Failure | None, expected: Outcome) -> None:
    assert outcome(failure) is expected


def test_a_burst_after_two_silent_polls_and_none_until_an_answer() -> None:
    silence, burst = after_poll(Silence(), Outcome.SILENT)
    assert not burst
    silence, burst = after_poll(silence, Outcome.BLIND)
    assert not burst
    silence, burst = after_poll(silence, Outcome.SILENT)
    assert burst
    confirmed = after_burst(silence, Burst(20, 0))
    assert after_poll(confirmed, Outcome.SILENT) == (Silence(3, confirmed=True), False)
    assert after_poll(confirmed, Outcome.ANSWERED) == (Silence(), False)
    assert after_burst(silence, Burst(3, 1)) == Silence()
    assert after_poll(after_burst(silence, Burst(4, 0, blind=True)), Outcome.SILENT)[1]


@given(st.lists(st.sampled_from(list(Outcome)), max_size=60), st.data())
def test_no_two_bursts_without_an_answer_between(outcomes: list[Outcome], data: st.DataObject) -> None:
    silence, unanswered, polls = Silence(), False, 0
    for seen in outcomes:
        silence, burst = after_poll(silence, seen)
        polls = 0 if seen is Outcome.ANSWERED else polls + (seen is Outcome.SILENT)
        unanswered &= seen is not Outcome.ANSWERED
        assert not (burst and unanswered)
        assert not burst or polls >= 2
        if burst:
            answered = data.draw(st.integers(0, 1))
            silence = after_burst(silence, Burst(20, answered))
            unanswered, polls = not answered, 0 if answered else polls


HOUR = 3600.0


class Budget:
    """The budgets of one device, read by read as it is first asked for."""

    def __init__(self, name: str, interval_s: float) -> None:
        self.budgets = Budgets(places([name]), np.array([interval_s]))
        self.asked: dict[str, float] = {}

    def due(self, what: str, every_s: float, now: float) -> bool:
        if what not in self.asked:
            self.asked[what] = every_s
            self.budgets.keep(0, tuple(self.asked.items()))
        (due,) = self.budgets.due(np.array([0]), now).tolist()
        return what in self.budgets.names(0, due)

    def hasten(self, now: float) -> bool:
        return self.budgets.hasten(0, now)


def reads(budget: Budget, every_s: float, polls: list[float]) -> list[float]:
    return [at for at in polls if budget.due("rx", every_s, at)]


@given(st.floats(1e9, 2e9), st.sampled_from([10.0, 60.0, 300.0]))
def test_hourly_objects_are_read_once_an_hour(start: float, interval: float) -> None:
    polls = [start + n * interval for n in range(int(6 * HOUR / interval))]
    found = reads(Budget("olt1", interval), HOUR, polls)
    assert 5 <= len(found) <= 7
    assert all(later - earlier >= HOUR - 2 * interval for earlier, later in pairwise(found))


@given(st.floats(1e9, 2e9), st.integers(1, 60))
def test_restarts_do_not_read_costly_objects_more_often(start: float, every: int) -> None:
    """A collector that restarts every few minutes."""
    budget, found = Budget("olt1", 60.0), []
    for minute in range(6 * 60):
        if minute % every == 0:
            budget = Budget("olt1", 60.0)
        found += reads(budget, HOUR, [start + minute * 60.0])
    assert len(found) <= 7


def test_small_budgets_are_read_at_once_and_then_kept() -> None:
    budget = Budget("olt1", 10.0)
    found = reads(budget, 60.0, [1e9 + n * 10 for n in range(60)])
    assert found[0] == 1e9
    assert 9 <= len(found) <= 11
    assert reads(Budget("olt1", 60.0), 60.0, [1e9 + n * 60 for n in range(10)]) == [1e9 + n * 60 for n in range(10)]


def test_a_clock_set_back_does_not_stop_the_reading() -> None:
    budget = Budget("olt1", 60.0)
    reads(budget, HOUR, [2e9 + n * 60 for n in range(120)])
    assert len(reads(budget, HOUR, [1e9 + n * 60 for n in range(180)])) >= 2


def test_a_short_budget_is_hastened_and_a_long_one_is_not() -> None:
    budget = Budget("olt1", 10.0)
    assert budget.due("state", 60.0, 1e9)
    budget.due("optics", HOUR, 1e9)
    assert not budget.due("state", 60.0, 1e9 + 10)
    assert budget.hasten(1e9 + 12)
    assert budget.due("state", 60.0, 1e9 + 12)
    assert not budget.due("optics", HOUR, 1e9 + 12)


def test_hastening_again_at_once_waits_a_moment() -> None:
    budget = Budget("olt1", 10.0)
    budget.due("state", 60.0, 1e9)
    budget.hasten(1e9 + 1)
    assert budget.due("state", 60.0, 1e9 + 1)
    assert not budget.hasten(1e9 + 5)
    assert not budget.due("state", 60.0, 1e9 + 5)
    assert budget.due("state", 60.0, 1e9 + 21)


def test_a_device_may_have_more_reads_than_there_are_bits() -> None:
    budgets = Budgets(places(["olt1"]), np.array([60.0]))
    names = [f"column {n}" for n in range(100)]
    budgets.keep(0, tuple((name, 300.0) for name in names))
    assert budgets.due_of(0, 1e9) == frozenset(names)
    assert budgets.due_of(0, 1e9 + 1) == frozenset()
