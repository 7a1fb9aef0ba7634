"""Who is next among the polls by themselves."""

from dataclasses import replace

import numpy as np
import pytest

from collectors.plan import make_plan
from collectors.profile import Profile
from collectors.silence import HEARD, Silence
from collectors.turns import Queue, Urgency, urgency
from collectors.volleys import Turn
from collectors.watch import Fleet, Watched, fleet
from inventory.model import Credential, Device, Inventory, Role
from storage.settings import Settings

PLAN = make_plan(Profile("p", "router"), ())


def devices(count: int, *, reference: bool = False) -> Fleet:
    plain = Device("r", Role.ROUTER, "s", primary_ip="127.0.0.1", credential="c", reference=reference)
    named = {f"r{n}": replace(plain, name=f"r{n}") for n in range(count)}
    return fleet(Inventory(devices=named, credentials={"c": Credential("c", "snmp-v2c", community="x")}), Settings())


@pytest.mark.parametrize(
    ("reference", "known", "silence", "recognise_at", "found"),
    [
        (True, False, Silence(1), 0.0, Urgency.PROOF),
        (False, False, HEARD, 0.0, Urgency.RECOGNITION),
        (False, False, Silence(1), 0.0, Urgency.CHECK),
        (False, True, Silence(2), 100.0, Urgency.CHECK),
        (False, True, HEARD, 100.0, Urgency.ORDINARY),
        (False, True, HEARD, 40.0, Urgency.RECOGNITION),
        (False, True, Silence(20, confirmed=True), 40.0, Urgency.ORDINARY),
        (False, False, Silence(20, confirmed=True), 40.0, Urgency.RECOGNITION),
    ],
)
def test_how_urgent_a_poll_is(
    reference: bool, known: bool, silence: Silence, recognise_at: float, found: Urgency
) -> None:
    watched = devices(1, reference=reference)[0]
    if known:
        watched.plan = PLAN
    watched.silence, watched.recognise_at = silence, recognise_at
    assert urgency(watched, 50.0) is found


def test_the_urgent_first_and_recognitions_only_where_there_is_room_for_them() -> None:
    fleet_, queue = devices(6), Queue()
    given = [Urgency.RECOGNITION, Urgency.ORDINARY, Urgency.CHECK, Urgency.PROOF, Urgency.CHECK, Urgency.RECOGNITION]
    for number, how in enumerate(given):
        queue.add(how, Turn(Watched(fleet_, number)))
    assert len(queue) == 6
    taken = []
    while found := queue.next(recognitions=False):
        taken.append((found[0], found[1].watched.number))
    assert taken == [(Urgency.PROOF, 3), (Urgency.CHECK, 2), (Urgency.CHECK, 4), (Urgency.ORDINARY, 1)]
    assert [queue.next(recognitions=True) for _ in range(3)] == [
        (Urgency.RECOGNITION, Turn(Watched(fleet_, 0))),
        (Urgency.RECOGNITION, Turn(Watched(fleet_, 5))),
        None,
    ]
    queue.add(Urgency.PROOF, Turn(Watched(fleet_, 0)))
    queue.clear()
    assert len(queue) == 0
    assert not np.any(fleet_.busy)
