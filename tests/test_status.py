"""The status step: tables of cases, and properties over arbitrary sequences of polls."""

from itertools import pairwise
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.model import Status
from readiness.rules.columns import Columns
from readiness.rules.sight import Sight, look
from readiness.rules.status import Change, Memory, Outcome, Policy, Poll, hidden, stale, step

POLICY = Policy(sight_s=30)
CLEAR = Sight(seen_at=1e9, clear_since=-inf, answering=frozenset({0}), looked=True)
BLIND = Sight()


def run(polls: list[Poll], sight: Sight = CLEAR, status: Status = Status.UP) -> tuple[Memory, list[Change]]:
    memory, changes = Memory(status, 0.0, last=0.0, last_ok=0.0), []
    now = 0.0
    for poll in polls:
        now = max(now, poll.at + 5)  # what arrives late is no clock set back
        memory, change = step(memory, poll, now, sight, POLICY)
        changes += [change] if change else []
    return memory, changes


def silent(at: float, sent: int = 0, answered: int = 0) -> Poll:
    return Poll(at, Outcome.SILENT, burst_sent=sent, burst_answered=answered)


def answer(at: float) -> Poll:
    return Poll(at, Outcome.ANSWER)


def test_one_silent_poll_is_only_a_suspicion() -> None:
    memory, changes = run([silent(10)])
    assert (memory.status, memory.silent, changes) == (Status.UP, 1, [])


def test_confirmed_silence_is_down_from_the_first_failed_poll() -> None:
    memory, changes = run([silent(10), silent(20, sent=20)])
    assert [(c.after, c.at) for c in changes] == [(Status.DOWN, 10)]
    assert "20 probes" in changes[0].reason
    assert memory.confirmed


def test_any_answer_in_the_burst_is_degraded_by_loss() -> None:
    _, changes = run([silent(10), silent(20, sent=20, answered=3)])
    assert [(c.after, c.at, c.reason) for c in changes] == [(Status.DEGRADED, 10, "loss: 3 of 20 probes answered")]


def test_degraded_ends_after_three_good_polls_in_a_row() -> None:
    polls = [silent(10), silent(20, 20, 3), answer(30), answer(40), silent(50), answer(60), answer(70), answer(80)]
    _, changes = run(polls)
    assert [(c.after, c.at) for c in changes] == [(Status.DEGRADED, 10), (Status.UP, 80)]


def test_without_sight_silence_is_unknown_from_the_first_failed_poll() -> None:
    _, changes = run([silent(10), silent(20, sent=20)], BLIND)
    assert [(c.after, c.at) for c in changes] == [(Status.UNKNOWN, 10)]


def test_blindness_that_ended_before_the_confirming_poll_begins_the_outage_there() -> None:
    sight = Sight(seen_at=22, clear_since=18, answering=frozenset({0}), looked=True)
    memory = Memory(Status.UP, 0.0, last=0.0)
    for poll in (silent(10), silent(20, sent=20)):
        memory, change = step(memory, poll, 24, sight, POLICY)
    assert change is not None
    assert (change.after, change.at) == (Status.DOWN, 20)


def test_ten_silent_polls_stand_in_for_a_burst_that_was_never_sent() -> None:
    _, changes = run([silent(10.0 * n) for n in range(1, 11)])
    assert [(c.after, c.at) for c in changes] == [(Status.DOWN, 10)]


@pytest.mark.parametrize("before", [Status.UNKNOWN, Status.DOWN])
def test_an_answer_is_up_at_once(before: Status) -> None:
    _, changes = run([answer(10)], status=before)
    assert [(c.before, c.after, c.at) for c in changes] == [(before, Status.UP, 10)]


def test_a_wrong_answer_is_alive_but_degraded() -> None:
    _, changes = run([Poll(10, Outcome.WRONG, "authentication")])
    assert [(c.after, c.reason) for c in changes] == [(Status.DEGRADED, "authentication")]


def test_what_our_own_machine_could_not_ask_proves_nothing() -> None:
    memory, changes = run([Poll(10, Outcome.NOTHING)])
    assert (memory.last, changes) == (0.0, [])


def test_down_turns_unknown_when_sight_is_lost_and_down_again_at_one_silent_poll() -> None:
    memory, _ = run([silent(10), silent(20, sent=20)])
    lost = Sight(seen_at=25, clear_since=inf, looked=True)
    memory, change = step(memory, silent(100), 105, lost, POLICY)
    assert change == Change(Status.DOWN, Status.UNKNOWN, 25, "the collector sees none of its references")
    back = look(lost, 0, 150, answered=True)
    memory, change = step(memory, silent(140), 152, back, POLICY)
    assert change is None
    memory, change = step(memory, silent(155), 160, look(back, 0, 158, answered=True), POLICY)
    assert change is not None
    assert (change.after, change.at) == (Status.DOWN, 155)


def test_nobody_looking_is_unknown_from_the_last_look() -> None:
    memory = Memory(Status.UP, 0.0, last=50.0, last_ok=50.0)
    _, change = stale(memory, "not polled")
    assert change == Change(Status.UP, Status.UNKNOWN, 50.0, "not polled")


def test_hidden_behind_a_silent_box_is_unknown() -> None:
    memory, change = hidden(Memory(Status.DOWN, 10.0, confirmed=True), 40.0, "its OLT is silent")
    assert change == Change(Status.DOWN, Status.UNKNOWN, 40.0, "its OLT is silent")
    assert hidden(memory, 50.0, "its OLT is silent")[1] is None


def test_lost_at_once_where_another_device_says_so() -> None:
    _, changes = run([Poll(10, Outcome.LOST, "offline at its OLT")])
    assert [(c.after, c.at) for c in changes] == [(Status.DOWN, 10)]


def test_a_clock_set_back_does_not_blind_the_judge() -> None:
    memory = Memory(Status.UP, 1000.0, last=5000.0, last_ok=5000.0)
    memory, change = step(memory, answer(1400), 1401, CLEAR, POLICY)
    assert (memory.last, change) == (1400, None)


def test_sight_needs_one_reference_that_answers() -> None:
    sight = look(look(Sight(), 0, 10, answered=True), 1, 11, answered=True)
    assert sight.clear_since == -inf
    assert look(sight, 0, 20, answered=False).clear_since == -inf
    blind = look(look(sight, 0, 20, answered=False), 1, 21, answered=False)
    assert blind.clear_since == inf
    assert look(blind, 1, 31, answered=True).clear_since == 31


outcomes = st.sampled_from([Outcome.ANSWER, Outcome.SILENT, Outcome.WRONG, Outcome.NOTHING])
poll_lists = st.lists(
    st.builds(
        Poll,
        at=st.integers(1, 400).map(float),
        outcome=outcomes,
        reason=st.just("x"),
        burst_sent=st.sampled_from([0, 0, 20]),
        burst_answered=st.just(0),
    ),
    max_size=40,
)


@given(poll_lists)
def test_never_down_without_sight(polls: list[Poll]) -> None:
    _, changes = run(polls, BLIND)
    assert Status.DOWN not in {change.after for change in changes}


@given(poll_lists)
def test_down_begins_at_the_first_failed_poll_of_its_silence(polls: list[Poll]) -> None:
    _, changes = run(polls)
    newest, begin, begins = 0.0, None, []
    for poll in polls:
        if poll.at <= newest or poll.outcome is Outcome.NOTHING:
            continue
        newest = poll.at
        if poll.outcome is Outcome.SILENT:
            begin = begin if begin is not None else poll.at
            begins.append(begin)
        else:
            begin = None
    assert all(change.at in begins for change in changes if change.after is Status.DOWN)


@given(poll_lists)
def test_changes_follow_each_other_in_time_and_in_status(polls: list[Poll]) -> None:
    _, changes = run(polls)
    for first, second in pairwise(changes):
        assert first.after is second.before
        assert first.at <= second.at
    assert all(change.before is not change.after for change in changes)


@given(poll_lists)
def test_a_poll_that_is_told_twice_counts_once(polls: list[Poll]) -> None:
    ordered = sorted(polls, key=lambda poll: poll.at)
    assert run(ordered) == run([poll for poll in ordered for _ in range(2)])


@given(poll_lists)
def test_quiet_columns_agree_with_the_step(polls: list[Poll]) -> None:
    columns = Columns.unknown(1, 0.0)
    columns.keep(0, Memory(Status.UP, 0.0, last=0.0, last_ok=0.0))
    now = 0.0
    for poll in polls:
        now = max(now, poll.at + 5)
        arrays = np.array([0]), np.array([poll.at]), np.array([poll.outcome], np.int8)
        if columns.take_quiet(*arrays, blind=False)[0]:
            columns.keep(0, step(columns.memory(0), poll, now, CLEAR, POLICY)[0])
    memory = run(polls)[0]
    kept = columns.memory(0)
    assert (kept.status, kept.since, kept.last, kept.last_ok) == (
        memory.status,
        memory.since,
        memory.last,
        memory.last_ok,
    )
