"""Strangers are known by volleys as they would be by themselves, over real sockets."""

import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from pysnmp.proto.rfc1902 import Integer32, ObjectIdentifier, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import noSuchInstance

from collectors.batch import BatchBuilder
from collectors.boots import Boots
from collectors.model import REASONS, Reason
from collectors.newcomers import Newcomers
from collectors.plan import IF_NAME, SYS_UP_TIME
from collectors.profile import Match, Profile, Read, Syntax
from collectors.recognise import SYS_DESCR, SYS_OBJECT_ID
from collectors.silence import Silence
from collectors.volley.volley import Volley
from collectors.watch import fleet
from inventory.model import Credential, Device, Inventory, Link, Role
from storage.settings import Settings
from tests.servers import wait_until
from tests.snmp_agent import Answer, build, parse

STATUS, OCTETS, SPEED = "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.15"
ROUTER = Profile(
    "router",
    "router",
    ports=(
        Read("ifOperStatus", STATUS, "IF-MIB::ifOperStatus"),
        Read("ifHCInOctets", OCTETS, "IF-MIB::ifHCInOctets", Syntax.COUNTER64),
        Read("ifSpeed", SPEED, "IF-MIB::ifHighSpeed", Syntax.GAUGE),
    ),
    max_objects=4,
    match=Match(object_ids=("1.3.6.1.4.1.99",)),
)
PORTS = ((1, "GE1"), (2, "GE2"))


def router(*, ports: Mapping[int, str] | None = None, kind: str = "1.3.6.1.4.1.99.1.300") -> dict[str, object]:
    """What a router says."""
    says: dict[str, object] = {SYS_UP_TIME: TimeTicks(100), SYS_OBJECT_ID: ObjectIdentifier(kind)}
    says[SYS_DESCR] = OctetString("a router")
    for index, name in (dict(PORTS) if ports is None else ports).items():
        says |= {f"{IF_NAME}.{index}": OctetString(name)}
        says |= {f"{column}.{index}": Integer32(index) for column in (STATUS, OCTETS, SPEED)}
    return says


@dataclass
class Lan:
    """Routers r0, r1, ... of two linked ports, each a socket that says what is in `says`; None: nothing."""

    sockets: list[socket.socket]
    linked: bool = True
    profile: Profile = ROUTER
    says: list[dict[str, object] | None] = field(init=False)
    asked: list[int] = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.sockets)
        self.says, self.asked = [router() for _ in range(count)], [0] * count
        ends = [("GE1", "GE2")] if self.linked else []
        places = Inventory(
            devices={
                f"r{n}": Device(
                    f"r{n}", Role.ROUTER, "s", primary_ip="127.0.0.1", port=one.getsockname()[1], credential="c"
                )
                for n, one in enumerate(self.sockets)
            },
            links={f"l{n}": Link(f"l{n}", f"r{n}", a, f"r{(n + 1) % count}", b) for n in range(count) for a, b in ends},
            credentials={"c": Credential("c", "snmp-v2c", community="public")},
        )
        self.fleet, self.boots = fleet(places, Settings()), Boots(count)
        self.builder = BatchBuilder(self.fleet.names, np.full(count, 180.0))
        self.volley = Volley(0.2, wait_s=0.0)
        catalogue = {"router": self.profile, "generic": Profile("generic", "")}
        self.newcomers = Newcomers(self.fleet, self.volley, self.builder, self.boots, catalogue=catalogue)
        self.alone: list[int] = []
        self.known: list[int] = []

    def send(self, *numbers: int) -> None:
        devices = np.array(numbers, np.int32)
        assert self.newcomers.fitting(devices).all()
        self.fleet.busy[devices] = True
        self.newcomers.send(devices)

    def settle(self) -> None:
        """Go on until everybody is settled who can be."""

        def over() -> bool:
            for number in range(len(self.sockets)):
                self._answer(number)
            met = self.newcomers.settle()
            self.alone.extend(met.alone.tolist())
            self.known.extend(met.known.tolist())
            return not self.newcomers.under_way

        wait_until(over)

    def walk(self, number: int) -> None:
        """As if it had been recognised by itself, and found to have PORTS."""
        plan = self.fleet.plans.make(ROUTER, PORTS)
        self.fleet.know(np.array([number]), self.fleet.plans.narrow(plan, frozenset()), self.builder)
        self.fleet.busy[number] = False

    def _answer(self, number: int) -> None:
        says = self.says[number]
        while True:
            try:
                datagram, sender = self.sockets[number].recvfrom(2048)
            except BlockingIOError:
                return
            self.asked[number] += 1
            if says is not None:
                request = parse(datagram)
                told = [(oid, says.get(".".join(map(str, oid)), noSuchInstance)) for oid in request.oids]
                self.sockets[number].sendto(build(request, Answer(told)), sender)


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    opened = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(6)]
    for one in opened:
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
    yield opened
    for one in opened:
        one.close()


@pytest.fixture
def lan(sockets: list[socket.socket]) -> Iterator[Lan]:
    made = Lan(sockets)
    yield made
    made.volley.close()


def test_after_a_pioneer_its_siblings_are_known_without_a_walk(lan: Lan) -> None:
    lan.send(*range(6))
    lan.settle()
    assert (lan.alone, lan.known, lan.newcomers.held) == ([0, 1, 2], [], 3)
    lan.walk(1)
    lan.settle()
    assert sorted(lan.known) == [3, 4, 5]
    assert lan.newcomers.held == 0
    assert {lan.fleet[n].plan for n in (1, 3, 4, 5)} == {lan.fleet[1].plan}
    assert lan.fleet.settled[[3, 4, 5]].all()
    assert lan.asked[3] == 1 + 3  # nine objects in GETs of four
    assert lan.boots.all()[0][3] == 100
    lan.walk(0)
    lan.walk(2)
    lan.fleet.plan[5], lan.fleet.settled[5] = -1, False
    lan.send(5)
    lan.settle()
    assert sorted(lan.known) == [3, 4, 5, 5]  # now nobody has to wait
    assert len(lan.alone) == 3


def test_those_who_wait_go_on_when_their_pioneers_say_that_they_are_something_else(lan: Lan) -> None:
    lan.send(*range(6))
    lan.settle()
    assert (lan.alone, lan.newcomers.held) == ([0, 1, 2], 3)
    for number in (0, 1, 2):
        lan.says[number] = router(kind="1.3.6.1.4.1.99.1.400")
    lan.send(0, 1, 2)  # their recognition failed; they are asked anew before anybody noticed
    lan.settle()
    assert (sorted(lan.alone[3:]), lan.newcomers.held) == ([0, 1, 2, 3, 4, 5], 0)


def test_what_differs_from_the_sibling_is_seen(lan: Lan) -> None:
    lan.says[3] = router(ports={1: "GE2", 2: "GE1"})
    lan.says[4] = {oid: value for oid, value in router().items() if oid != f"{OCTETS}.2"}
    lan.says[5] = router() | {f"{IF_NAME}.3": OctetString("GE3"), f"{STATUS}.1": noSuchInstance}
    lan.send(*range(6))
    lan.settle()
    lan.walk(0)
    lan.settle()
    assert 3 in lan.alone
    assert sorted(lan.known) == [4, 5]
    shapes = {n: lan.fleet.plans.shape(int(lan.fleet.plan[n])) for n in (0, 4, 5)}
    assert {shape.ports for shape in shapes.values()} == {PORTS}
    assert [sorted(shapes[n].absent) for n in (0, 4, 5)] == [[], [f"{OCTETS}.2"], [f"{STATUS}.1"]]


def test_another_sysobjectid_or_an_unknown_kind_is_no_sibling(lan: Lan) -> None:
    lan.says[3] = router(kind="1.3.6.1.4.1.99.1.301")
    lan.says[4] = router(kind="1.3.6.1.4.1.1234.1")
    lan.send(0, 3, 4, 5)
    lan.settle()
    assert sorted(lan.alone) == [0, 3, 4, 5]
    lan.walk(0)
    lan.send(1)
    lan.settle()
    assert lan.known == [1]
    assert lan.fleet.plan[3] < 0


def test_those_who_wait_go_by_themselves_when_pioneers_teach_nothing(lan: Lan) -> None:
    lan.send(*range(5))
    lan.settle()
    assert lan.newcomers.held == 2
    lan.fleet.busy[[0, 1, 2]] = False  # their recognition failed
    lan.settle()
    assert sorted(lan.alone) == [0, 1, 2, 3, 4]
    assert lan.newcomers.held == 0


@pytest.mark.parametrize(("role", "alone"), [("router", [0, 1, 2]), ("ups", [0, 1, 2, 3, 4, 5])])
def test_whom_a_weak_sign_tells_is_believed_where_the_inventory_says_the_same(
    sockets: list[socket.socket], role: str, alone: list[int]
) -> None:
    weak = replace(ROUTER, role=role, match=Match(object_ids=("1.3.6.1.4.1.99",), weak=("1.3.6.1.4.1.99",)))
    lan = Lan(sockets, profile=weak)
    lan.send(*range(6))
    lan.settle()
    assert sorted(lan.alone) == alone
    lan.volley.close()


def test_where_links_name_no_port_everybody_goes_by_itself(sockets: list[socket.socket]) -> None:
    lan = Lan(sockets, linked=False)
    lan.send(0, 1, 2, 3)
    lan.settle()
    assert sorted(lan.alone) == [0, 1, 2, 3]
    lan.volley.close()


def test_silence_is_a_silent_poll_and_a_second_one_is_checked_by_itself(lan: Lan) -> None:
    lan.says[0] = None
    before = time.time()
    lan.send(0)
    lan.settle()
    batch = lan.builder.close(0.0)
    assert batch is not None
    assert (batch.poll_reached.tolist(), [REASONS[r] for r in batch.poll_reason]) == ([False], [Reason.TIMEOUT])
    assert before <= batch.poll_at[0] <= time.time() - 2 * 0.2
    assert (lan.alone, lan.fleet.busy[0], lan.fleet[0].silence) == ([], False, Silence(1))
    lan.send(0)
    lan.settle()
    assert lan.builder.close(0.0) is None
    assert lan.alone == [0]
    for silence, fits in [
        (Silence(2), False),
        (Silence(11, confirmed=True), True),
        (Silence(20, confirmed=True), False),
    ]:
        lan.fleet[0].silence = silence
        assert lan.newcomers.fitting(np.array([0], np.int32)).tolist() == [fits]


def test_a_device_that_stops_answering_in_between_is_asked_by_itself(lan: Lan) -> None:
    lan.send(*range(4))
    lan.settle()
    lan.says[3] = None
    lan.walk(0)
    lan.settle()
    assert 3 in lan.alone
    assert lan.builder.close(0.0) is None  # its silence after an answer is no silent poll
