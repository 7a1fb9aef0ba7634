"""Volleys over real sockets: who may answer, what is late, what cannot be sent."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pysnmp.proto.rfc1902 import TimeTicks

import collectors.volley.volley
from collectors.volley.pending import LAST_PLACE, MOST_SENDINGS, ROOM, Pending
from collectors.volley.request import FIRST_ID, LAST_ID
from collectors.volley.volley import Answers, Requests, Volley
from tests.servers import wait_until
from tests.snmp_agent import Answer, build, parse

UPTIME = "1.3.6.1.2.1.1.3.0"
HOME = 0x7F00_0001
TIMEOUT_S = 0.3


@pytest.fixture
def volley() -> Iterator[Volley]:
    opened = Volley(TIMEOUT_S, attempts=1, wait_s=0)
    yield opened
    opened.close()


@pytest.fixture
def device() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(5)
        yield opened


def ask(volley: Volley, port: int, devices: int = 1) -> list[int]:
    number = volley.template("public", (UPTIME,))
    assert number is not None
    column = np.full(devices, number)
    every = np.arange(devices, dtype=np.int32)
    requests = Requests(every, column, np.full(devices, HOME, np.uint32), np.full(devices, port, np.uint16))
    return [int(one) for one in volley.send(requests)]


def answer(request: bytes, ticks: int) -> bytes:
    asked = parse(request)
    return build(asked, Answer([(asked.oids[0], TimeTicks(ticks))]))


def heard(volley: Volley) -> Answers:
    found: list[Answers] = []

    def look() -> bool:
        volley.receive()
        if (some := volley.answers()) is not None:
            found.append(some)
        return any(len(some.device) for some in found)

    wait_until(look)
    return found[-1]


def own_ports() -> list[int]:
    """UDP ports of this process."""
    own = {str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()}
    rows = [line.split() for line in Path("/proc/self/net/udp").read_text().splitlines()[1:]]
    return [int(row[1].partition(":")[2], 16) for row in rows if f"socket:[{row[9]}]" in own]


def test_many_devices_are_asked_at_once_and_each_answer_finds_its_own(volley: Volley, device: socket.socket) -> None:
    assert ask(volley, device.getsockname()[1], 120) == []
    for _ in range(120):
        request, sender = device.recvfrom(2048)
        device.sendto(answer(request, parse(request).request_id % 1000), sender)
    told: dict[int, int] = {}

    def all_told() -> bool:
        volley.receive()
        if some := volley.answers():
            assert some.values.good.all()
            told.update(zip(some.device.tolist(), some.values.whole[:, 0].tolist(), strict=True))
            late = some.at - some.sent_at
            assert ((late >= 0) & (late < 60)).all()
        return len(told) == 120

    wait_until(all_told)
    assert volley.room == ROOM
    assert volley.silent(time.monotonic() + 60)[0].size == 0


def test_a_flood_is_taken_in_lots(device: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors.volley.volley, "_MOST_UNREAD", 20)
    narrow = Volley(TIMEOUT_S, attempts=1, wait_s=0)
    assert ask(narrow, device.getsockname()[1], 120) == []
    for _ in range(120):
        request, sender = device.recvfrom(2048)
        device.sendto(answer(request, 1), sender)
    lots: list[int] = []
    while sum(lots) < 120:
        for _ in range(3):
            narrow.receive()
        lots.append(len(heard(narrow).device))
    narrow.close()
    assert max(lots) == 20


def test_answers_wait_for_a_lot_and_nobody_is_silent_meanwhile(device: socket.socket) -> None:
    patient = Volley(TIMEOUT_S, attempts=1, wait_s=60)
    ask(patient, device.getsockname()[1], 2)
    request, sender = device.recvfrom(2048)
    device.sendto(answer(request, 1), sender)

    def come() -> bool:
        patient.receive()
        return patient.unread > 0

    wait_until(come)
    assert patient.answers() is None
    assert patient.silent(time.monotonic() + 60)[0].size == 0
    patient.close()


def test_only_the_device_itself_may_answer_and_only_once(volley: Volley, device: socket.socket) -> None:
    ask(volley, device.getsockname()[1])
    request, sender = device.recvfrom(2048)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(answer(request, 66), sender)
    for ticks in (1, 2):
        device.sendto(answer(request, ticks), sender)
    found = heard(volley)
    assert (found.device.tolist(), found.values.whole.tolist()) == ([0], [[1]])


def test_packets_that_answer_nothing_are_dropped(volley: Volley, device: socket.socket) -> None:
    ask(volley, device.getsockname()[1])
    request, sender = device.recvfrom(2048)
    device.sendto(b"\x30\x82garbage", sender)
    device.sendto(answer(request, 1)[:-1], sender)
    time.sleep(0.05)
    volley.receive()
    assert volley.answers() is None
    device.sendto(answer(request, 1), sender)
    assert heard(volley).values.whole.tolist() == [[1]]


def test_a_stranger_may_send_before_anything_was_asked(volley: Volley, device: socket.socket) -> None:
    for port in own_ports():
        device.sendto(b"who is there?", ("127.0.0.1", port))
    time.sleep(0.05)
    volley.receive()
    assert volley.answers() is None


def test_a_clock_that_is_set_meanwhile_moves_no_answer(
    volley: Volley, device: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    ask(volley, device.getsockname()[1])
    request, sender = device.recvfrom(2048)
    device.sendto(answer(request, 1), sender)
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    clock = heard(volley).clock[0]
    assert began <= clock <= time.monotonic()


def test_silence_is_told_once_and_a_late_answer_is_nobodys(volley: Volley, device: socket.socket) -> None:
    asked_at = time.time()
    ask(volley, device.getsockname()[1])
    assert volley.silent(time.monotonic())[0].size == 0
    devices, sent_at = volley.silent(time.monotonic() + TIMEOUT_S)
    assert devices.tolist() == [0]
    assert abs(sent_at[0] - asked_at) < 5
    assert volley.silent(time.monotonic() + TIMEOUT_S)[0].size == 0
    request, sender = device.recvfrom(2048)
    device.sendto(answer(request, 1), sender)
    ask(volley, device.getsockname()[1])
    request, sender = device.recvfrom(2048)
    device.sendto(answer(request, 2), sender)
    assert heard(volley).values.whole.tolist() == [[2]]


def test_a_device_without_a_route_comes_back_at_once(volley: Volley) -> None:
    number = volley.template("public", (UPTIME,))
    address = int.from_bytes(socket.inet_aton("255.255.255.255"))  # broadcasting is not permitted
    column = np.array([HOME, address, HOME], np.uint32)
    refused = volley.send(Requests(np.array([7, 8, 9], np.int32), np.full(3, number), column, np.full(3, 9, np.uint16)))
    assert refused.tolist() == [8]
    assert volley.room == ROOM - 2


@pytest.fixture
def twice() -> Iterator[Volley]:
    opened = Volley(TIMEOUT_S, wait_s=0)
    yield opened
    opened.close()


def test_what_is_not_answered_in_time_is_asked_once_more(twice: Volley, device: socket.socket) -> None:
    asked_at, began = time.time(), time.monotonic()
    ask(twice, device.getsockname()[1])
    assert twice.silent(began + TIMEOUT_S + 1)[0].size == 0
    first, second = (device.recvfrom(2048)[0] for _ in range(2))
    assert parse(first).oids == parse(second).oids
    assert parse(first).request_id != parse(second).request_id
    devices, sent_at = twice.silent(time.monotonic() + TIMEOUT_S + 1)
    assert devices.tolist() == [0]
    assert abs(sent_at[0] - asked_at) < 5
    assert twice.room == ROOM


@pytest.mark.parametrize("answered", [0, 1])
def test_an_answer_to_either_request_counts_once(twice: Volley, device: socket.socket, answered: int) -> None:
    ask(twice, device.getsockname()[1])
    began = time.monotonic()
    assert twice.silent(began + TIMEOUT_S + 1)[0].size == 0
    requests = [device.recvfrom(2048) for _ in range(2)]
    for request, sender in (requests[answered], requests[1 - answered]):
        device.sendto(answer(request, 5), sender)
    time.sleep(0.05)
    found = heard(twice)
    assert (found.device.tolist(), found.values.whole.tolist()) == ([0], [[5]])
    assert found.sent_at[0] <= found.at[0]
    assert twice.silent(time.monotonic() + 60)[0].size == 0
    assert twice.room == ROOM


def test_a_volley_asks_at_least_once() -> None:
    with pytest.raises(ValueError, match="attempts"):
        Volley(TIMEOUT_S, attempts=0)


def test_ids_are_in_their_range_and_rarely_the_same_at_a_place() -> None:
    pending = Pending(np.random.default_rng(1))
    seen: dict[int, set[int]] = {}
    for _ in range(3):
        places = pending.take(ROOM)
        assert pending.free == 0
        assert sorted(places.tolist()) == list(range(ROOM))
        sendings = [pending.next_ids(places) for _ in range(MOST_SENDINGS)]
        for found in sendings:
            assert ((found >= FIRST_ID) & (found <= LAST_ID)).all()
            assert (found & LAST_PLACE == places).all()
        for place, *found_ids in zip(places[:500].tolist(), *(found.tolist() for found in sendings), strict=False):
            assert len(set(found_ids)) == MOST_SENDINGS
            seen.setdefault(place, set()).update(found_ids)
        pending.give_back(places)
    assert not pending.match(np.array([-1, 0]), np.zeros(2, np.uint32), np.zeros(2, np.uint16)).any()
    # chance gives the same ids again once in 4,000
    assert sum(len(found) for found in seen.values()) > 0.99 * 3 * MOST_SENDINGS * len(seen)


def test_an_id_is_only_good_once_it_was_sent() -> None:
    pending = Pending(np.random.default_rng(1))
    places = pending.take(1)
    here = np.zeros(1, np.uint32), np.zeros(1, np.uint16)
    first = pending.next_ids(places)
    second = first + ROOM
    assert pending.match(first, *here).all()
    assert not pending.match(second, *here).any()
    assert (pending.next_ids(places) == second).all()
    assert pending.match(first, *here).all()
    assert pending.match(second, *here).all()
