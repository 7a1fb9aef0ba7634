"""Seconds in which nobody answers: what the judge makes of a burst in them, and what the collector forgets after them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.hearing import Hearing
from collectors.http.look import NOC
from collectors.model import Reason
from collectors.watch import fleet
from inventory.model import Endpoint, Inventory, Names
from readiness.evidence import Sighting
from readiness.model import Status
from readiness.portals import Portals
from readiness.rules.sight import Gap, Sight, count, hear, look, shifted
from readiness.rules.status import Memory, Outcome, Policy, Poll, step
from storage.settings import Settings

POLICY = Policy(sight_s=120)
_A_SECOND = 5
_BATCH_S = 5.0
_TIMEOUT_S = 4.0


def watched(blind: tuple[float, float], until: float) -> Sight:
    """What a collector saw that asks five devices a second, its reference at each full minute, and was blind for a while."""
    sight = look(Sight(), 0, 0.5, answered=True)
    asked = np.arange(0.0, until, 1 / _A_SECOND)
    mute = (asked >= blind[0]) & (asked < blind[1])
    for end in np.arange(_BATCH_S, until + _BATCH_S, _BATCH_S):
        came = asked[~mute & (asked < end) & (asked >= end - _BATCH_S)]
        silent = asked[mute & (asked + _TIMEOUT_S < end) & (asked + _TIMEOUT_S >= end - _BATCH_S)]
        sight = hear(count(sight, len(silent), len(came), end), silent, came)
        for minute in came[np.isclose(came % 60, 0)]:
            sight = look(sight, 0, float(minute), answered=True)
    return sight


def confirmed(sight: Sight, lost_at: float, burst_at: float, now: float) -> Memory:
    """A device that lost one poll by chance, and whose burst found nothing."""
    memory = Memory(Status.UP, 0.0, last=0.0, last_ok=0.0)
    for poll in (Poll(lost_at, Outcome.SILENT), Poll(burst_at, Outcome.SILENT, burst_sent=20)):
        memory, _ = step(memory, poll, now, sight, POLICY)
    return memory


@given(st.floats(61.0, 110.0), st.floats(8.0, 50.0), st.floats(0.0, 1.0))
def test_a_burst_within_seconds_of_blindness_calls_nothing_down(begin: float, lasts: float, where: float) -> None:
    """Sight is back before the burst is told, and no reference was asked meanwhile."""
    burst_at = begin + where * (lasts - 7.5)
    now = max(begin + lasts, burst_at + 9) + 5
    seen = replace(watched((begin, begin + lasts), now), seen_at=60.0, clear_since=0.5)
    assert confirmed(seen, 59.0, burst_at, now).status is Status.UP


def test_a_burst_while_others_are_heard_proves_silence() -> None:
    seen = replace(watched((70.0, 80.0), 140.0), seen_at=120.0, clear_since=0.5)
    assert confirmed(seen, 59.0, 119.0, 130.0).status is Status.DOWN
    # A doubt ends with the next answer of a reference, unless that poll too was sent while nobody was heard.
    doubt = confirmed(replace(seen, seen_at=60.0), 59.0, 71.0, 82.0)
    assert (doubt.status, doubt.probed) == (Status.UP, 79.0)
    for at, after in ((78.5, Status.UP), (119.0, Status.DOWN)):
        memory, _ = step(doubt, Poll(at, Outcome.SILENT), 130.0, seen, POLICY)
        assert memory.status is after


@pytest.mark.parametrize(
    ("burst_at", "after"),
    [
        (63.0, Status.DOWN),  # a second of its probes was sent in the gap, the others before
        (64.5, Status.UP),
        (72.0, Status.UP),
        (76.0, Status.UP),  # who answers at the second attempt was asked up to 2 s before sight was back
        (78.0, Status.DOWN),  # the poll fell into the gap, its probes behind it
    ],
)
def test_of_a_burst_its_probes_count_and_not_the_poll_before_it(burst_at: float, after: Status) -> None:
    """Where 700 devices are asked in 300 s, seven that died together left a hole of 6 s, the same one in every interval.

    None of them was called down in 40 minutes, for each poll of theirs lay in it.
    """
    seen = Sight(seen_at=120.0, clear_since=0.5, looked=True, heard_at=130.0, gaps=(Gap(70.0, 80.0, 7),))
    assert confirmed(seen, 59.0, burst_at, 131.0).status is after


def test_a_few_devices_say_nothing_of_blindness() -> None:
    quiet = hear(count(Sight(), 0, 2, 10.0), np.zeros(0), np.array([3.0, 9.0]))
    quiet = hear(count(quiet, 6, 1, 60.0), np.arange(20.0, 26.0), np.array([55.0]))
    assert not quiet.was_mute(0.0, 60.0)


def test_gaps_move_with_the_clock() -> None:
    seen = watched((70.0, 80.0), 90.0)
    assert seen.was_mute(75.0, 78.0)
    assert not seen.was_mute(82.0, 89.0)
    assert shifted(seen, 1000.0).was_mute(1075.0, 1078.0)


def test_a_reference_that_chance_lost_delays_what_others_are_heard_beside() -> None:
    """Both references miss a poll: a device that was confirmed silent then is down at its next silent poll, not unknown."""
    missed = look(look(Sight(heard_at=66.0), 0, 30.0, answered=True), 0, 60.0, answered=False)
    memory = confirmed(missed, 32.0, 62.0, 67.0)
    assert memory.status is Status.UP
    back = look(missed, 0, 90.0, answered=True)
    memory, change = step(memory, Poll(92.0, Outcome.SILENT, burst_sent=20), 99.0, back, POLICY)
    assert change is not None
    assert (memory.status, change.at) == (Status.DOWN, 32.0)
    # Nobody was heard: that is no chance.
    assert confirmed(replace(missed, heard_at=61.0), 32.0, 62.0, 67.0).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("rate", "quiet_s", "deaf"), [(10, 5.0, True), (10, 3.0, False), (1, 5.0, False), (1, 20.0, True)]
)
def test_a_collector_that_heard_nobody_for_longer_than_by_chance_was_deaf(
    rate: int, quiet_s: float, deaf: bool
) -> None:
    hearing = Hearing()
    for second in range(60):
        assert not hearing.heard(rate, float(second), float(second))
    back = 59.0 + quiet_s
    assert hearing.heard(1, back, back) is deaf
    assert (hearing.back_at == back) is deaf


def test_what_was_confirmed_before_a_collector_was_deaf_is_confirmed_anew(
    small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("collectors.watch.time.monotonic", lambda: now)
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    all_of_it = fleet(small, Settings())
    dead = int(all_of_it.polled[0])
    all_of_it.confirmed[dead] = True
    for _ in range(40):
        now += 0.2
        all_of_it.heard(all_of_it.polled[1:6])
    assert all_of_it.confirmed[dead]
    now += 6.0
    began = now - 1.0
    all_of_it.heard(all_of_it.polled[1:2])
    assert not all_of_it.confirmed[dead]
    assert all_of_it.was_deaf(began)
    assert not all_of_it.was_deaf(now)


@pytest.mark.parametrize(("mute", "after"), [(True, Status.UP), (False, Status.DOWN)])
def test_a_portal_is_not_called_down_by_looks_within_seconds_of_blindness(
    small: Inventory, mute: bool, after: Status
) -> None:
    """Each of three looks falls into another short blindness; references answer between them."""
    portal = Endpoint("portal", Names("Portal"), "https://portal.example/")
    portals = Portals(replace(small, endpoints={"portal": portal}), Settings().endpoints, 120.0, 0.0)
    portals.take([Sighting("portal", NOC, 10.0, None, 200, 0.2)], Sight(seen_at=9.0))
    for at in (70.0, 130.0, 190.0):
        gaps = tuple(Gap(start, start + 8.0, 20 * mute) for start in (69.0, 129.0) if start < at - 9)
        portals.take([Sighting("portal", NOC, at, Reason.TIMEOUT, 0, 10.0)], Sight(seen_at=at - 5, gaps=gaps))
    assert portals.verdicts["portal"].status is after


@pytest.mark.parametrize(("at", "after"), [(73.0, Status.UNKNOWN), (110.0, Status.DOWN)])
def test_what_was_dead_before_a_blindness_is_called_so_again_by_no_poll_that_nobody_could_answer(
    at: float, after: Status
) -> None:
    """It may be back since: two blindnesses with a return in between look like one."""
    seen = replace(watched((70.0, 80.0), 140.0), seen_at=120.0, clear_since=0.5)
    dead = Memory(Status.UNKNOWN, 40.0, last=65.0, last_ok=0.0, confirmed=True)
    memory, _ = step(dead, Poll(at, Outcome.SILENT, burst_sent=20), 130.0, seen, POLICY)
    assert memory.status is after
