"""Weights of evidence: the cause that each typical set of evidence leads to."""

import pytest

from readiness.model import Cause, Responsible
from readiness.rules.causes import Evidence, judge, shipped_weights

WEIGHTS = shipped_weights()

CASES = [
    ((), Cause.UNDETERMINED),
    (("ups_here_on_battery",), Cause.POWER),
    (("ups_on_feeder_on_battery", "feeder_silent"), Cause.POWER),
    (("feeder_silent",), Cause.POWER),
    (("dying_gasp",), Cause.POWER),
    (("loss_of_signal",), Cause.FIBRE),
    (("trunk_lost", "feeder_alive"), Cause.FIBRE),
    (("trunk_lost", "feeder_silent"), Cause.FIBRE),
    (("several_beyond", "ports_down"), Cause.FIBRE),
    (("several_beyond", "ports_down", "ups_here_on_battery"), Cause.POWER),
    (("ends_alive",), Cause.FIBRE),
    (("port_up",), Cause.EQUIPMENT),
    (("both_sides_down",), Cause.UNDETERMINED),
    (("both_sides_down", "feeder_alive"), Cause.UNDETERMINED),
    (("both_sides_down", "feeder_alive", "ups_here_on_mains"), Cause.EQUIPMENT),
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
