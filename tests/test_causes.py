"""Weights of evidence: the cause that each typical set of evidence leads to."""

from datetime import UTC, datetime, timedelta
from math import fsum
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.hours import parse_hours
from readiness.model import Cause, Responsible
from readiness.rules.causes import Evidence, judge, shares, shipped_weights
from readiness.rules.facts import closing
from readiness.rules.notices import ANSWERS, is_notice
from readiness.rules.routine import Routine, days_before

WEIGHTS = shipped_weights()

CASES = [
    ((), Cause.UNDETERMINED),
    (("ups_here_on_battery",), Cause.POWER),
    (("ups_on_feeder_on_battery", "feeder_silent"), Cause.POWER),
    (("feeder_silent",), Cause.POWER),
    (("dying_gasp",), Cause.POWER),
    (("loss_of_signal",), Cause.FIBRE),
    (("trunk_back",), Cause.UNDETERMINED),
    (("trunk_back", "feeder_silent", "ups_here_on_mains"), Cause.POWER),
    (("trunk_lost", "feeder_alive"), Cause.FIBRE),
    (("trunk_lost", "feeder_silent"), Cause.FIBRE),
    (("several_beyond", "ports_down"), Cause.FIBRE),
    (("several_beyond", "ports_down", "ups_here_on_battery"), Cause.POWER),
    (("ends_alive",), Cause.FIBRE),
    (("port_up",), Cause.EQUIPMENT),
    (("both_sides_down",), Cause.UNDETERMINED),
    (("both_sides_down", "feeder_alive"), Cause.UNDETERMINED),
    (("both_sides_down", "feeder_alive", "ups_here_on_mains"), Cause.EQUIPMENT),
    (("both_sides_down", "ups_here_on_mains"), Cause.UNDETERMINED),
    (("ends_alive", "patch_alone"), Cause.FIBRE),
    (("ends_alive", "inside_site"), Cause.UNDETERMINED),  # of copper
    (("port_down", "feeder_back"), Cause.UNDETERMINED),
    (("port_up", "feeder_back"), Cause.EQUIPMENT),
    (("end_device", "feeder_back_end", "end_started_anew"), Cause.UNDETERMINED),
    (("several_beyond", "ports_down", "feeder_silent", "feeder_cut_later"), Cause.FIBRE),
    (("port_down", "feeder_back", "started_anew_alone"), Cause.UNDETERMINED),
    (("port_down", "feeder_alive", "radio_ran_on"), Cause.UNDETERMINED),
    (("port_down", "feeder_alive", "ran_on"), Cause.FIBRE),
    (("several_beyond", "ports_down", "ends_started_anew"), Cause.UNDETERMINED),
    (("several_beyond", "ports_down", "behind_started_anew"), Cause.POWER),
    (("ends_alive", "port_shut"), Cause.ADMINISTRATIVE),
    (("port_down", "port_shut"), Cause.ADMINISTRATIVE),
    (("port_down", "port_shut", "feeder_silent"), Cause.UNDETERMINED),
    (("port_shut", "feeder_silent", "ups_here_on_battery"), Cause.POWER),
    (("one_way", "port_down"), Cause.UNDETERMINED),
    (("one_way", "ports_down"), Cause.FIBRE),
    (("both_sides_down", "ups_here_on_battery"), Cause.POWER),
    (("port_down",), Cause.UNDETERMINED),
    (("site_alive", "both_sides_down"), Cause.EQUIPMENT),
    (("end_device",), Cause.UNDETERMINED),
    (("end_device", "ups_on_feeder_on_battery"), Cause.POWER),
    (("end_device", "port_down"), Cause.UNDETERMINED),
]


@pytest.mark.parametrize(("kinds", "cause"), CASES)
def test_cause_of_evidence(kinds: tuple[str, ...], cause: Cause) -> None:
    verdict = judge([Evidence(kind, f"seen: {kind}") for kind in kinds], WEIGHTS)
    assert verdict.cause is cause
    assert verdict.evidence == tuple(f"seen: {kind}" for kind in kinds)
    assert (verdict.confidence >= WEIGHTS.sure_from) is (cause is not Cause.UNDETERMINED)


def test_who_acts_follows_from_the_cause() -> None:
    assert judge([Evidence("dying_gasp", "")], WEIGHTS).responsible is Responsible.POWER_UTILITY
    assert judge([Evidence("ends_alive", "")], WEIGHTS).responsible is Responsible.AGENCY


def test_evidence_without_a_weight_is_an_error() -> None:
    with pytest.raises(KeyError):
        judge([Evidence("rumour", "somebody said so")], WEIGHTS)


KINDS = sorted(WEIGHTS.evidence)
NEUTRAL = ["port_down"]
some_kinds = st.lists(st.sampled_from(KINDS), max_size=8)


@given(some_kinds)
def test_shares_add_up_and_confidence_is_one_of_them(kinds: list[str]) -> None:
    found = shares(kinds, WEIGHTS)
    assert fsum(found.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in found.values())
    verdict = judge([Evidence(kind, kind) for kind in kinds], WEIGHTS)
    assert verdict.confidence == round(max(found.values()), 3)


@given(some_kinds, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(kinds: list[str], chance: Random) -> None:
    mixed = chance.sample(kinds, len(kinds))
    one, other = (judge([Evidence(kind, kind) for kind in some], WEIGHTS) for some in (kinds, mixed))
    assert (one.cause, one.confidence, one.responsible) == (other.cause, other.confidence, other.responsible)


@given(some_kinds, st.lists(st.sampled_from(NEUTRAL), min_size=1, max_size=3))
def test_evidence_that_tells_nothing_changes_nothing(kinds: list[str], more: list[str]) -> None:
    assert shares(kinds, WEIGHTS) == shares([*kinds, *more], WEIGHTS)


@given(some_kinds, st.sampled_from(KINDS))
def test_evidence_for_a_cause_alone_never_speaks_against_it(kinds: list[str], more: str) -> None:
    raised = [cause for cause, factor in WEIGHTS.evidence[more].items() if factor > 1]
    if len(raised) == 1:
        before, after = shares(kinds, WEIGHTS), shares([*kinds, more], WEIGHTS)
        assert after[raised[0]] >= before[raised[0]] - 1e-12


@given(some_kinds, st.sampled_from(sorted(ANSWERS)))
def test_an_answer_outranks_what_was_inferred(kinds: list[str], said: Cause) -> None:
    inferred = [kind for kind in dict.fromkeys(kinds) if not is_notice(kind)]
    verdict = judge([Evidence(kind, kind) for kind in (*inferred[:4], f"answer_{said}")], WEIGHTS)
    assert verdict.cause is said


@given(st.lists(st.floats(0, 30 * 86400), max_size=12), st.floats(8 * 86400, 30 * 86400))
def test_days_are_counted_once_and_none_of_the_same_day(starts: list[float], start: float) -> None:
    days = days_before(starts, start)
    assert 0 <= days <= min(7, len(starts))
    assert days_before([*starts, *starts, start, start - 3600], start) == days
    assert days_before([start - day * 86400 + 600 for day in range(1, 8)], start) == 7


def test_a_pc_that_goes_silent_every_evening_was_switched_off() -> None:
    routine = Routine(np.array([True, False]))
    for day in (1, 2, 2, 4, 20):
        routine.silent(0, 1e9 - day * 86400 + day)
    routine.silent(1, 1e9 - 86400)
    assert (routine.days_of(0, 1e9), routine.days_of(0, 1e9 + 7200), routine.days_of(1, 1e9)) == (3, 0, 0)
    assert judge([Evidence("end_device", ""), Evidence("silent_daily", "")], WEIGHTS).cause is Cause.ADMINISTRATIVE
    for day in range(9):
        routine.cut("f1", 1e9 - day * 86400)
    assert (routine.days_of_feeder("f1", 1e9), routine.days_of_feeder("f2", 1e9)) == (7, 0)


def test_closing_times_are_indian_time() -> None:
    hours = parse_hours("Mo-Fr 10:00-13:00,14:00-17:30; Sa 10:00-14:00")
    friday = datetime(2026, 11, 20, 12, 25, tzinfo=UTC)  # 17:55 in India
    assert closing(hours, friday) == "17:30"
    assert closing(hours, friday - timedelta(hours=4, minutes=30)) == "13:00"
    assert closing(hours, friday - timedelta(hours=2)) == ""
    assert closing(hours, friday + timedelta(days=2)) == ""
