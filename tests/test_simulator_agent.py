"""What agents answer: order, missing objects, versions, sizes."""

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from inventory.model import Inventory
from simulator import ber, message
from simulator.agent import LARGEST, Agent, Responder
from simulator.fleet import Fleet, Weather
from simulator.message import Error, Pdu
from simulator.traffic import Moment, moment
from tests.simulated import ask, request, walk

NOW = 1_790_000_000.0
_SYS_DESCR, _SYS_UPTIME = (1, 3, 6, 1, 2, 1, 1, 1, 0), (1, 3, 6, 1, 2, 1, 1, 3, 0)
_HC_IN = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6)
_ONE_OF_EACH = {
    "router": "127.1.2.2",
    "olt": "127.1.1.3",
    "radio": "127.1.2.8",
    "ups": "127.1.4.2",
    "pc": "127.1.3.1",
}


@pytest.fixture
def fleet(small: Inventory, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    return Fleet(small, NOW)


def _agent(fleet: Fleet, address: str) -> Agent:
    agent = fleet.find(bytes(map(int, address.split("."))), b"public")
    assert agent
    return agent


@pytest.mark.parametrize("role", _ONE_OF_EACH)
def test_a_walk_is_in_order_and_each_object_can_be_got(fleet: Fleet, role: str) -> None:
    agent, at = _agent(fleet, _ONE_OF_EACH[role]), moment(NOW)
    found = walk(agent, at)
    assert len(found) > 40
    assert all(before < after for (before, _), (after, _) in pairwise(found))
    for oid, value in found:
        assert ask(agent, request(Pdu.GET, [oid]), at) == (0, 0, [(oid, value)])


def test_getbulk_gives_what_getnext_gives(fleet: Fleet) -> None:
    agent, at = _agent(fleet, _ONE_OF_EACH["olt"]), moment(NOW)
    expected = walk(agent, at)
    found: list[tuple[ber.Oid, bytes]] = []
    oid: ber.Oid = (0, 0)
    while True:
        _, _, rows = ask(agent, request(Pdu.GETBULK, [oid], second=7), at)
        more = [row for row in rows if row[1] != ber.END_OF_MIB_VIEW]
        found += more
        if len(more) < len(rows):
            break
        oid = more[-1][0]
    assert found == expected


def test_getbulk_takes_non_repeaters_first(fleet: Fleet) -> None:
    data = request(Pdu.GETBULK, [_SYS_DESCR[:-1], (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)], first=1, second=3)
    _, _, rows = ask(_agent(fleet, "127.1.1.1"), data, moment(NOW))
    assert [oid for oid, _ in rows] == [_SYS_DESCR, *((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1, n) for n in (1, 2, 3))]


def test_missing_objects_are_told_apart(fleet: Fleet) -> None:
    asked = [(1, 3, 6, 1, 2, 1, 99, 1), (*_HC_IN, 999), (1, 3, 6, 1, 2, 1, 1, 3)]
    status, _, rows = ask(_agent(fleet, "127.1.1.1"), request(Pdu.GET, asked), moment(NOW))
    assert status == Error.NONE
    assert [value for _, value in rows] == [ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.NO_SUCH_INSTANCE]


def test_version_1_knows_neither_exceptions_nor_counter64(fleet: Fleet) -> None:
    agent, at = _agent(fleet, "127.1.1.1"), moment(NOW)
    for missing in ((1, 3, 6, 1, 2, 1, 99), (*_HC_IN, 3)):
        answer = ask(agent, request(Pdu.GET, [_SYS_DESCR, missing], version=message.V1), at)
        assert answer == (Error.NO_SUCH_NAME, 2, [(_SYS_DESCR, ber.NULL_VALUE), (missing, ber.NULL_VALUE)])
    walked = walk(agent, at, version=message.V1)
    everything = walk(agent, at)
    assert walked == [row for row in everything if row[1][0] != ber.COUNTER64]
    assert len(walked) < len(everything)


def test_a_set_is_refused(fleet: Fleet) -> None:
    assert ask(_agent(fleet, "127.1.1.1"), request(Pdu.SET, [_SYS_DESCR]), moment(NOW))[:2] == (Error.NOT_WRITABLE, 1)


def test_answers_stay_within_a_frame(fleet: Fleet) -> None:
    agent, at = _agent(fleet, "127.1.1.3"), moment(NOW)
    many = request(Pdu.GETBULK, [(1, 3)], second=1000)
    start, end = message.locate_id(many)
    assert LARGEST - 400 < len(agent.give(message.parse(many), many[start:end], at)) <= LARGEST
    assert ask(agent, request(Pdu.GET, [_SYS_DESCR] * 40), at) == (Error.TOO_BIG, 0, [])


def test_an_answer_given_again_is_that_of_its_own_time_and_id(fleet: Fleet) -> None:
    agent, oids = _agent(fleet, "127.1.1.1"), [_SYS_UPTIME, (*_HC_IN, 3)]
    answers = [
        ask(agent, request(Pdu.GET, oids, number=n), moment(NOW + 40_000_000 * n // 100)) for n in range(1, 200, 7)
    ]
    fresh = [
        ask(Agent(lambda: agent.view, b"public"), request(Pdu.GET, oids), moment(NOW + 40_000_000 * n // 100))
        for n in range(1, 200, 7)
    ]
    assert answers == fresh
    ticks = [int.from_bytes(rows[0][1][2:], "big") for _, _, rows in answers]
    assert any(later < earlier for earlier, later in pairwise(ticks))  # 497 days: sysUpTime wrapped, and both agree


def _respond(fleet: Fleet, address: str, at: Moment, count: int) -> Iterator[bool]:
    responder = Responder(fleet.find)
    for number in range(count):
        data = request(Pdu.GET, [_SYS_UPTIME], number=number)
        yield responder.respond(data, bytes(map(int, address.split("."))), at) is not None


def test_another_community_or_address_gets_silence(fleet: Fleet) -> None:
    responder, at = Responder(fleet.find), moment(NOW)
    right = request(Pdu.GET, [_SYS_UPTIME])
    assert responder.respond(right, bytes((127, 1, 1, 1)), at)
    assert responder.respond(right.replace(b"public", b"secret"), bytes((127, 1, 1, 1)), at) is None
    assert responder.respond(right, bytes((127, 9, 9, 9)), at) is None
    assert responder.respond(b"\x30\x05hello", bytes((127, 1, 1, 1)), at) is None
    assert responder.malformed == 1


def test_loss_is_the_share_asked_for_and_the_same_each_time(small: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    at = moment(NOW)
    runs = [list(_respond(Fleet(small, NOW, Weather(loss=0.3)), "127.1.1.1", at, 2000)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert sum(runs[0]) == pytest.approx(1400, abs=80)
    assert all(_respond(Fleet(small, NOW), "127.1.1.1", at, 200))


def test_delay_grows_with_the_distance_to_the_noc(fleet: Fleet) -> None:
    near, far = _agent(fleet, "127.1.0.1"), _agent(fleet, "127.1.2.4")
    assert 0.005 <= near.delay_s < far.delay_s < 0.06


def test_an_address_outside_loopback_is_refused(small: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    elsewhere = replace(small.devices["gp1"], primary_ip="10.0.0.1")
    with pytest.raises(ValueError, match=r"gp1 has address 10\.0\.0\.1"):
        Fleet(replace(small, devices={**small.devices, "gp1": elsewhere}), time.time())
