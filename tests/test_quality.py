"""Troubles of what answers: limits with hysteresis, and damping of what goes down again and again."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import Names, Service
from readiness.rules import flapping, quality
from readiness.rules.flapping import Penalty, ends_at, flap
from readiness.rules.quality import Doubt, Needs, Trouble, full_share, said, step, with_share

LIMITS = quality.limits()
LOSS, WEAK = LIMITS[Trouble.LOSS], LIMITS[Trouble.WEAK_ONT_LIGHT]
DAMPING = flapping.damping()


def run(values: list[float], trouble: Trouble = Trouble.LOSS, doubt: Doubt | None = None) -> list[bool]:
    """Whether it is ill after each of these readings, one a minute."""
    ill = []
    for minute, value in enumerate(values):
        doubt = step(doubt, 60.0 * minute, value, LIMITS[trouble])
        ill.append(doubt is not None and doubt.ill)
    return ill


def test_a_doubt_needs_several_readings() -> None:
    assert run([20.0] * 12) == [False] * 9 + [True] * 3


def test_one_lost_request_soon_raises_no_doubt_any_more() -> None:
    doubt = None
    for minute, value in enumerate([20.0, *[0.0] * 9]):
        doubt = step(doubt, 60.0 * minute, value, LOSS)
    assert doubt is None


def test_between_the_limits_it_stays_as_it_was() -> None:
    ill = Doubt(-inf, 20.0, LOSS.readings, ill=True)
    assert run([7.0] * 30, doubt=ill)[-1]
    assert not run([20.0] + [7.0] * 40)[-1]
    assert not run([3.0] * 60, doubt=ill)[-1]


def test_weak_light_is_below_its_limit() -> None:
    assert run([-24.0, -26.5, -26.5, -26.5, -24.0, -24.0], Trouble.WEAK_ONT_LIGHT) == [
        False, False, True, True, True, False,
    ]  # fmt: skip


def test_older_readings_change_nothing() -> None:
    doubt = step(None, 100.0, 50.0, LOSS)
    assert step(doubt, 100.0, 0.0, LOSS) == doubt
    assert step(doubt, 40.0, 0.0, LOSS) == doubt


readings = st.lists(st.floats(0, 100), min_size=1, max_size=80)


@given(readings)
def test_status_changes_at_most_once_in_as_many_readings_as_decide(values: list[float]) -> None:
    """What swings within the two limits never flutters."""
    ill = run([min(max(value, LOSS.leave), LOSS.enter) for value in values])
    assert sum(before != after for before, after in pairwise(ill)) <= 1


@given(readings)
def test_ill_means_that_the_mean_was_beyond_the_limit(values: list[float]) -> None:
    doubt = None
    for minute, value in enumerate(values):
        before, doubt = doubt, step(doubt, 60.0 * minute, value, LOSS)
        if doubt is not None and doubt.ill:
            assert doubt.mean >= (LOSS.leave if before is not None and before.ill else LOSS.enter)


def test_services_make_limits_stricter() -> None:
    call = Service("call", Names("Call"), bandwidth_kbps=2000, latency_ms=150, loss_percent=2.0)
    form = Service("form", Names("Form"), bandwidth_kbps=256, latency_ms=800, loss_percent=20.0)
    needs = Needs.of([form, call, Service("paper", Names("Paper"))])
    assert needs == Needs(2.0, 150, 2000)
    found = quality.limits(needs)
    assert found[Trouble.LATENCY].enter == 0.15
    assert found[Trouble.LOSS].enter == LOSS.enter  # fewer cannot be told from chance
    assert quality.limits(Needs(loss_percent=20.0))[Trouble.LOSS].leave == pytest.approx(8.0)
    assert Needs.of([]) == Needs()
    assert quality.limits(Needs()) == LIMITS


@pytest.mark.parametrize(
    ("speed", "needs", "share"),
    [(1e9, Needs(bandwidth_kbps=2000), 0.95), (1e7, Needs(bandwidth_kbps=2000), 0.8), (1e6, Needs(bandwidth_kbps=2000), 0.5),
     (1e7, Needs(), 0.95)],
)  # fmt: skip
def test_what_the_neediest_service_takes_has_to_be_free(speed: float, needs: Needs, share: float) -> None:
    limit = LIMITS[Trouble.FULL_IN]
    assert full_share(limit, speed, needs) == pytest.approx(share)
    assert with_share(limit, share).leave < share


def test_the_sentence_says_which_how_much_and_the_limit() -> None:
    assert said(Trouble.LOSS, "gp1", 31.25, LOSS) == "echo requests lost: 31.2 %, limit 10.0 %"
    assert said(Trouble.WEAK_ONT_LIGHT, "ont5", -26.44, WEAK) == "ont5 receives weak light: -26.4 dBm, limit -26.0 dBm"
    assert said(Trouble.LATENCY, "gp1", 0.6123, LIMITS[Trouble.LATENCY]) == "echo requests take 612 ms, limit 400 ms"
    assert said(Trouble.FULL_IN, "gp1 GE0/0/1", 0.97, LIMITS[Trouble.FULL_IN]) == (
        "gp1 GE0/0/1 receives 97 % of its speed, limit 95 %"
    )


def flaps(*times: float) -> Penalty:
    penalty = None
    for at in times:
        penalty = flap(penalty, at, DAMPING)
    assert penalty is not None
    return penalty


def test_the_third_outage_within_minutes_is_flapping() -> None:
    assert flaps(0, 120).damped_since is None
    third = flaps(0, 120, 240)
    assert third.damped_since == 240
    assert flapping.said(third) == "flapping: 3 outages within 4 minutes"
    assert 1200 < ends_at(third, DAMPING) - 240 < 1900


def test_an_outage_an_hour_is_no_flapping() -> None:
    assert flaps(*(3600.0 * n for n in range(24))).damped_since is None


@given(st.lists(st.floats(0, 1e5), min_size=3, max_size=60))
def test_flapping_ends_in_time(times: list[float]) -> None:
    ordered = sorted(times)
    penalty = flaps(*ordered)
    assert penalty.value <= DAMPING.most
    if penalty.damped_since is not None:
        end = ends_at(penalty, DAMPING)
        assert end - penalty.at <= DAMPING.longest_s + 1e-6
        assert penalty.left(end, DAMPING) <= DAMPING.reuse + 1e-6
