"""Answers in columns are those that the agents give, one by one."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.model import Role
from simulator import ber
from simulator.agent import Responder
from simulator.ber import Oid
from simulator.condition import Effect
from simulator.datagrams import WIDEST, Inbox, Lot, Outbox
from simulator.desk import Desk
from simulator.fleet import Fleet, Weather
from simulator.known import Known
from simulator.message import Pdu
from simulator.traffic import Moment, moment
from tests.simulated import request
from tests.small import small_inventory

NOW = 1_790_000_000.0
_INTERFACES = (1, 3, 6, 1, 2, 1)
_COLUMNS: tuple[Oid, ...] = tuple(
    (*_INTERFACES, *column)
    for column in (
        (31, 1, 1, 1, 6), (31, 1, 1, 1, 10), (31, 1, 1, 1, 1), (31, 1, 1, 1, 18), (2, 2, 1, 8), (2, 2, 1, 7),
        (2, 2, 1, 10), (2, 2, 1, 11), (2, 2, 1, 13), (2, 2, 1, 14), (2, 2, 1, 16), (2, 2, 1, 19), (2, 2, 1, 20),
    )
)  # fmt: skip
_SCALARS: tuple[Oid, ...] = ((*_INTERFACES, 1, 3, 0), (*_INTERFACES, 1, 5, 0), (*_INTERFACES, 33, 1, 2, 4, 0))
_OBJECTS = st.lists(
    st.one_of(st.sampled_from(_SCALARS), st.tuples(st.sampled_from(_COLUMNS), st.integers(1, 6)).map(lambda o: (*o[0], o[1]))),
    min_size=1,
    max_size=19,
)  # fmt: skip
_ADDRESSES = [device.primary_ip for device in small_inventory().devices.values() if device.primary_ip]


@pytest.fixture(scope="module", autouse=True)
def _community() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
        yield


class _Post:
    """A desk, and a socket to which its answers come."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.desk = Desk(fleet)
        self._from, self._to = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self._to.bind(("127.0.0.1", 0))
        self._to.settimeout(5)
        self.out = Outbox(self._from, room=256)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._from.close()
        self._to.close()

    def ask(self, asked: Sequence[tuple[str, bytes]], at: Moment) -> tuple[dict[tuple[str, bytes], bytes], int]:
        """Answers by the address that they come from and their request-id, and how many were made one by one."""
        alone = self.desk.answer(self._lot(asked, at.now), at, self.out)
        before = self.out.sent
        self.out.send(at.now + 10)
        found = [self._to.recvfrom(WIDEST) for _ in range(self.out.sent - before)]
        return {(peer[0], _identifier(data)): data for data, peer in found}, alone

    def _lot(self, asked: Sequence[tuple[str, bytes]], now: float) -> Lot:
        octets = np.zeros((len(asked), WIDEST), np.uint8)
        octets[:] = 0xEE  # what a datagram before has left there
        for row, (_, data) in enumerate(asked):
            octets[row, : len(data)] = np.frombuffer(data, np.uint8)
        peer = np.zeros(len(asked), [("family", "<u2"), ("port", ">u2"), ("address", ">u4"), ("zero", "<u8")])
        peer["family"], peer["port"], peer["address"] = socket.AF_INET, self._to.getsockname()[1], 0x7F000001
        size = np.array([len(data) for _, data in asked])
        address = np.array([int.from_bytes(_packed(address), "big") for address, _ in asked], np.uint32)
        return Lot(now, octets, size, address, peer)


def _packed(address: str) -> bytes:
    return socket.inet_aton(address)


def _identifier(data: bytes) -> bytes:
    _, at, _ = ber.read_header(data, 0)
    at = ber.read_header(data, ber.read_header(data, at)[2])[2]
    at = ber.read_header(data, at)[1]
    return ber.read(data, at, ber.INTEGER)[0]


def _asked(oids: Sequence[Oid], first: int) -> list[tuple[str, bytes]]:
    return [
        (address, request(Pdu.GET, oids, number=0x01000000 + first + n)) for n, address in enumerate(_ADDRESSES)
    ]  # fmt: skip


def _given(fleet: Fleet, asked: Sequence[tuple[str, bytes]], at: Moment) -> dict[tuple[str, bytes], bytes]:
    """What the agents themselves say, each asked for the first time."""
    found = {}
    for address, data in asked:
        fleet._agents.clear()
        answer = Responder(fleet.find).respond(data, _packed(address), at)
        if answer:
            found[address, _identifier(data)] = answer[0]
    return found


@settings(max_examples=20, deadline=None)
@given(_OBJECTS, st.lists(st.floats(0, 3e7), min_size=2, max_size=4))
def test_all_say_the_same_at_any_moment(oids: list[Oid], offsets: list[float]) -> None:
    with _Post(Fleet(small_inventory(), NOW)) as post:
        for number, offset in enumerate(offsets):
            at, asked = moment(NOW + offset), _asked(oids, 100 * number)
            answers, _ = post.ask(asked, at)
            assert answers == _given(post.fleet, asked, at)


def test_what_a_poll_asks_again_is_answered_in_columns() -> None:
    oids = [_SCALARS[0], *((*column, 3) for column in _COLUMNS)]
    small = small_inventory()
    routers = {device.primary_ip for device in small.devices.values() if device.role is Role.ROUTER}
    with _Post(Fleet(small, NOW)) as post:
        for turn, expected in enumerate((len(routers), 0, 0)):
            asked = [each for each in _asked(oids, 100 * turn) if each[0] in routers]
            _, alone = post.ask(asked, moment(NOW + turn / 100))
            assert alone == expected


def test_after_a_fault_they_say_what_has_changed() -> None:
    oids = [_SCALARS[0], *((*column, port) for column in _COLUMNS for port in (3, 4))]
    cut = Effect(cut=frozenset({"ring-1-1"}), failed=frozenset({"gp3"}), jams={})
    with _Post(Fleet(small_inventory(), NOW)) as post:
        stages: list[tuple[Effect, ...]] = [(), (cut,), ()]
        for number, effects in enumerate(stages):
            post.fleet.set_effects(effects, NOW + 60 * number)
            for seconds in (10, 20, 30):
                at, asked = moment(NOW + 60 * number + seconds), _asked(oids, 1000 * number + 50 * seconds)
                answers, _ = post.ask(asked, at)
                assert answers == _given(post.fleet, asked, at)
                assert ("127.1.2.3" in {address for address, _ in answers}) is (effects == ())


def test_chance_is_the_same_in_columns_and_one_by_one() -> None:
    weather, oids = Weather(delay_s=0.0, loss=0.3), [_SCALARS[0], (*_COLUMNS[0], 3), (*_COLUMNS[1], 3)]
    alone = Fleet(small_inventory(), NOW, weather)
    with _Post(Fleet(small_inventory(), NOW, weather)) as post:
        for turn in range(20):
            at, asked = moment(NOW + turn), _asked(oids, 100 * turn)
            assert post.ask(asked, at)[0] == _given(alone, asked, at)


def test_another_community_is_another_request() -> None:
    oids = [_SCALARS[0], (*_COLUMNS[0], 3), (*_COLUMNS[1], 3)]
    with _Post(Fleet(small_inventory(), NOW)) as post:
        for turn in range(3):
            asked = _asked(oids, 100 * turn)
            strange = [(address, data.replace(b"public", b"secret")) for address, data in asked]
            answers, _ = post.ask([*strange, *asked], moment(NOW + turn))
            assert len(answers) == len(asked)


def test_a_device_asked_twice_in_one_lot_answers_twice() -> None:
    oids = [_SCALARS[0], (*_COLUMNS[0], 3), (*_COLUMNS[1], 3)]
    with _Post(Fleet(small_inventory(), NOW)) as post:
        for turn in range(2):
            asked = [*_asked(oids, 100 * turn), *_asked(oids, 100 * turn + 50)]
            assert len(post.ask(asked, moment(NOW + turn))[0]) == len(asked)


@given(st.lists(st.binary(max_size=80), min_size=1, max_size=20))
def test_nothing_that_comes_is_taken_for_a_known_request(strays: list[bytes]) -> None:
    known, data = Known(), request(Pdu.GET, _SCALARS, number=0x01000000)
    start = data.index(bytes((2, 4, 1, 0, 0, 0))) + 2
    number = known.number(data, start)
    octets = np.zeros((len(strays) + 1, WIDEST), np.uint8)
    for row, stray in enumerate([*strays, data]):
        octets[row, : len(stray)] = np.frombuffer(stray, np.uint8)
    size = np.array([*map(len, strays), len(data)])
    lot = Lot(NOW, octets, size, np.zeros(len(size), np.uint32), np.zeros(len(size), "V16"))
    numbers, identifiers = known.read(lot)
    assert numbers.tolist() == [-1] * len(strays) + [number]
    assert identifiers[-1] == 0x01000000
    assert [lot.datagram(row) for row in range(len(size))] == [*strays, data]  # nothing of them is changed


def test_answers_leave_when_they_are_due_and_no_more_wait_than_there_is_room_for() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking,
    ):
        asking.bind(("127.0.0.1", 0))
        asking.settimeout(5)
        sending.bind(("0.0.0.0", 0))
        sending.setsockopt(socket.IPPROTO_IP, 8, 1)
        for n in range(6):
            asking.sendto(bytes((n,)), ("127.0.0.9", sending.getsockname()[1]))
        lot, out = Inbox(sending).receive(NOW), Outbox(sending, room=4)
        assert [lot.datagram(row) for row in range(6)] == [bytes((n,)) for n in range(6)]
        due = NOW + np.array([0.3, 0.1, 0.2, 0.4, 0.5, 0.6])
        out.put(lot.octets[:, :1], lot.size, lot, np.arange(6), due)
        assert (out.unsent, out.next_due()) == (2, NOW + 0.1)
        for after, expected in ((0.05, b""), (0.25, b"\1\2"), (0.45, b"\0\3"), (1.0, b"")):
            sent = out.sent
            out.send(NOW + after)
            came = [asking.recvfrom(16) for _ in range(out.sent - sent)]
            assert sorted(data for data, _ in came) == [expected[n : n + 1] for n in range(len(expected))]
            assert {peer[0] for _, peer in came} <= {"127.0.0.9"}


def test_delays_and_losses_are_spread_around_the_weathers() -> None:
    small = small_inventory()
    many = {
        f"pc{n}": replace(small.devices["pc1"], name=f"pc{n}", primary_ip=f"127.9.{n >> 8}.{n & 255}")
        for n in range(100, 3100)
    }
    inventory = replace(small, devices={**small.devices, **many})
    fleet = Fleet(inventory, NOW, Weather(delay_s=0.04, loss=0.01, spread=0.5))
    assert float(fleet.crowd.delay_s.mean()) == pytest.approx(0.04, rel=0.05)
    assert float(fleet.crowd.loss.mean()) == pytest.approx(0.01, rel=0.05)
    assert float(np.log(fleet.crowd.delay_s).std()) == pytest.approx(0.5, rel=0.05)
    again = Fleet(inventory, NOW, Weather(delay_s=0.04, loss=0.01, spread=0.5))
    assert (again.crowd.delay_s == fleet.crowd.delay_s).all()
