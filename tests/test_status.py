"""The status step: tables of cases, and properties over arbitrary sequences of polls."""

from dataclasses import replace
from itertools import pairwise
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.model import Status
from readiness.rules.columns import Columns
from readiness.rules.sight import Sight, count, hear, look
from readiness.rules.status import MUTE, Change, Memory, Outcome, Policy, Poll, echo, hidden, stale, step

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


def test_what_was_down_lives_from_the_probes_on_of_which_one_is_answered() -> None:
    memory, changes = run([silent(10), silent(20, sent=20), silent(30), silent(40, sent=1, answered=1)])
    assert [(c.after, c.at) for c in changes] == [(Status.DOWN, 10), (Status.UP, 44)]
    assert memory.last_ok == 40


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


def part(at: float) -> Poll:
    return Poll(at, Outcome.PART, "deadline")


def test_answers_that_stop_on_the_way_degrade_at_the_second_poll_in_a_row() -> None:
    _, changes = run([part(10), answer(20), part(30), part(40)])
    assert [(c.after, c.at, c.reason) for c in changes] == [(Status.DEGRADED, 40, "deadline")]


def test_a_part_of_an_answer_is_life_and_no_good_poll() -> None:
    _, changes = run([silent(10), part(20), silent(30), answer(40)])
    assert changes == []
    polls = [silent(10), silent(20, 20, 3), answer(30), answer(40), part(50), answer(60), answer(70), answer(80)]
    assert [(c.after, c.at) for c in run(polls)[1]] == [(Status.DEGRADED, 10), (Status.UP, 80)]


@pytest.mark.parametrize("before", [Status.UNKNOWN, Status.DOWN])
def test_who_tells_a_part_is_there(before: Status) -> None:
    _, changes = run([part(10)], status=before)
    assert [(c.after, c.reason) for c in changes] == [(Status.UP, "answers")]


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


def _told(told: list[Poll | float], status: Status = Status.UP) -> list[tuple[Status, float, str]]:
    """Changes by polls, and by answered echo requests at the given moments."""
    memory, changes = Memory(status, 0.0, last=0.0, last_ok=0.0), []
    for one in told:
        if isinstance(one, Poll):
            memory, change = step(memory, one, one.at + 5, CLEAR, POLICY)
        else:
            memory, change = echo(memory, one)
        changes += [(change.after, change.at, change.reason)] if change else []
    return changes


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([silent(10), 15.0, silent(20, sent=20)], [(Status.DEGRADED, 10, MUTE)]),
        ([silent(10), 15.0, silent(20)], [(Status.DEGRADED, 10, MUTE)]),
        ([silent(10), 15.0, answer(20)], []),
        ([5.0, silent(10), silent(20, sent=20)], [(Status.DOWN, 10, "silent, and none of 20 probes answered")]),
        (
            [silent(10), silent(20, sent=20), 25.0, silent(30), 35.0, *(silent(40.0 + 10 * n) for n in range(10))],
            [
                (Status.DOWN, 10, "silent, and none of 20 probes answered"),
                (Status.DEGRADED, 25, MUTE),
                (Status.DOWN, 40, "silent at 10 polls in a row"),
            ],
        ),
    ],
)
def test_an_echo_after_the_silence_began_is_life(
    told: list[Poll | float], expected: list[tuple[Status, float, str]]
) -> None:
    assert _told(told) == expected


@given(st.lists(st.integers(1, 400), unique=True, min_size=2, max_size=60), st.data())
def test_never_down_while_echo_requests_are_answered(times: list[int], data: st.DataObject) -> None:
    """Between any two silent polls an echo request was answered: whatever bursts say, the device lives."""
    burst = data.draw(st.lists(st.sampled_from([0, 20]), min_size=len(times), max_size=len(times)))
    told = [one for at, sent in zip(sorted(times), burst, strict=True) for one in (silent(at, sent), at + 0.5)]
    # The first silent poll comes without a burst: that takes two.
    assert Status.DOWN not in {after for after, _, _ in _told([silent(0.5), 0.6, *told])}


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


outcomes = st.sampled_from([Outcome.ANSWER, Outcome.SILENT, Outcome.WRONG, Outcome.NOTHING, Outcome.PART])
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
lively_lists = st.lists(  # the same with bursts that are answered
    st.builds(
        lambda at, outcome, answered: (
            Poll(at, outcome, "x", 20, answered) if outcome is Outcome.SILENT else Poll(at, outcome, "x")
        ),
        st.integers(1, 400).map(float),
        outcomes,
        st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=40,
    unique_by=lambda poll: poll.at,
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


@given(lively_lists)
def test_down_ends_with_the_poll_that_proves_life(polls: list[Poll]) -> None:
    """An outage is never dated back to its begin: it lasted through every silence that was told before."""
    _, changes = run(polls)
    mute = {poll.at for poll in polls if poll.outcome is Outcome.SILENT and not poll.burst_answered}
    for change in changes:
        assert change.before is not Status.DOWN or change.at not in mute


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


@given(st.one_of(poll_lists, lively_lists))
def test_quiet_columns_agree_with_the_step(polls: list[Poll]) -> None:
    columns = Columns.unknown(1, 0.0)
    columns.keep(0, Memory(Status.UP, 0.0, last=0.0, last_ok=0.0))
    now = 0.0
    for poll in polls:
        now = max(now, poll.at + 5)
        arrays = np.array([0]), np.array([poll.at]), np.array([poll.outcome], np.int8)
        if columns.take_quiet(*arrays, blind=False, probed=np.array([poll.burst_answered > 0]))[0]:
            columns.keep(0, step(columns.memory(0), poll, now, CLEAR, POLICY)[0])
    memory = run(polls)[0]
    kept = columns.memory(0)
    assert (kept.status, kept.since, kept.last, kept.last_ok) == (
        memory.status,
        memory.since,
        memory.last,
        memory.last_ok,
    )


MASS = Sight(seen_at=5, clear_since=-inf, answering=frozenset({0}), looked=True, silent=50.0, answered=3.0)


def test_a_burst_proves_nothing_while_most_are_silent_and_no_reference_answered_since() -> None:
    memory = Memory(Status.UP, 0.0, last=0.0)
    for poll in (silent(10), silent(20, sent=20)):
        memory, change = step(memory, poll, 27, replace(MASS, seen_at=15), POLICY)
        assert change is None
    # The collector was blind, and sees again.
    assert step(memory, answer(30), 31, replace(MASS, seen_at=29), POLICY)[1] is None
    # It was not: a reference answered after that burst, and the device is silent still.
    _, change = step(memory, silent(30), 35, replace(MASS, seen_at=29), POLICY)
    assert change is not None
    assert (change.after, change.at) == (Status.DOWN, 10)


def test_a_burst_after_which_a_reference_answered_proves_silence_however_many_are_silent() -> None:
    memory = Memory(Status.UP, 0.0, last=0.0)
    for poll in (silent(10), silent(20, sent=20)):
        memory, change = step(memory, poll, 27, replace(MASS, seen_at=24), POLICY)
    assert change is not None
    assert change.after is Status.DOWN


@pytest.mark.parametrize(
    ("batches", "mass"),
    [
        ([(30, 10, 0.0)], True),
        ([(19, 0, 0.0)], False),  # too few to tell
        ([(0, 1000, 0.0), (30, 0, 10.0)], False),
        ([(0, 100, 0.0), (30, 0, 30.0)], True),
        ([(30, 0, 0.0), (0, 20, 10.0)], False),
    ],
)
def test_mass_silence(batches: list[tuple[int, int, float]], mass: bool) -> None:
    sight = Sight()
    for silences, answers, at in batches:
        sight = count(sight, silences, answers, at)
    assert sight.is_mass is mass


@pytest.mark.parametrize(
    ("rate", "blind_s", "mute"),
    [
        (6.0, 9.0, True),  # what a burst of the first blind second takes
        (6.0, 4.0, False),  # no silent poll is known yet
        (0.2, 30.0, False),  # of few devices nothing follows
    ],
)
def test_nobody_who_answers_is_the_first_sign_of_blindness(rate: float, blind_s: float, mute: bool) -> None:
    """`rate` polls a second are answered at once, and all are silent, which is known 4 s later, from 100 s on."""
    sight, sent = Sight(), np.arange(0.0, 200.0, 1 / rate)
    for now in np.arange(0.0, 100.0 + blind_s + 0.1, 0.25).tolist():
        answered = sent[(sent > now - 0.25) & (sent <= now) & (sent < 100)]
        silent = sent[(sent + 4 > now - 0.25) & (sent + 4 <= now) & (sent >= 100)]
        sight = hear(count(sight, len(silent), len(answered), now), silent, answered)
        assert not sight.is_mute or now > 104
    assert sight.is_mute is mute


@pytest.mark.parametrize(("missing_s", "mute"), [(2.0, False), (6.0, True)])
def test_many_answers_that_do_not_come_need_no_silent_polls(missing_s: float, mute: bool) -> None:
    """Where all were silent at the poll before, their silence comes with their bursts, after that of the first."""
    sight = hear(count(Sight(), 0, 110, 100.0), np.zeros(0), np.array([100.0]))
    assert count(sight, 1, 0, 100.0 + missing_s).is_mute is mute
    back = hear(count(sight, 0, 8, 101.0 + missing_s), np.zeros(0), np.array([100.5 + missing_s]))
    assert back.was_mute(101.0, 102.0) is mute


@pytest.mark.parametrize("answered", [110, 5_000, 100_000])
@pytest.mark.parametrize("lag_s", [0.1, 0.8, 2.5])
def test_answers_that_are_on_their_way_are_not_missing(answered: int, lag_s: float) -> None:
    """However many come a second: a batch closes some time after what it answers was asked."""
    sight = Sight()
    for second in range(30):
        closed_at = 100.0 + second
        sight = hear(count(sight, 1, answered, closed_at), np.zeros(0), np.array([closed_at - lag_s]))
        assert not sight.is_mute


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 60)), max_size=60))
def test_while_anybody_answers_nobody_is_blind(polls: list[tuple[bool, float]]) -> None:
    silent, answered = (np.array([at for heard, at in polls if heard is which]) for which in (False, True))
    sight = hear(count(Sight(), len(silent), len(answered) + 1, 60.0), silent, np.append(answered, 60.0))
    assert not sight.is_mute


def test_a_burst_while_nobody_answers_proves_nothing() -> None:
    """Though a reference answered after the device's first silent poll."""
    mute = replace(CLEAR, answered=50.0, unheard=9, counted_at=1070.0, heard_at=1060.0)
    policy = Policy(sight_s=150.0)
    before = replace(Memory(Status.UP, 0.0), first_silent=1000.0, silent=1, last=1000.0, last_ok=940.0)
    poll = Poll(1060.0, Outcome.SILENT, burst_sent=20)
    _, change = step(before, poll, 1070.0, replace(mute, seen_at=1050.0, clear_since=-inf), policy)
    assert change is None
    _, change = step(before, poll, 1070.0, replace(mute, heard_at=1069.0, seen_at=1050.0, clear_since=-inf), policy)
    assert change is not None


def test_a_memory_of_a_clock_that_was_ahead_holds_up_no_change() -> None:
    memory = Memory(Status.UP, 20_000.0, last=20_010.0, last_ok=20_010.0)
    memory, _ = step(memory, silent(300), 305, CLEAR, POLICY)
    _, change = step(memory, silent(310, sent=20), 320, CLEAR, POLICY)
    assert change is not None
    assert (change.after, change.at) == (Status.DOWN, 300)
