"""Which polls go in volleys, and what becomes of the answers, over a real socket."""

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import pytest
from pysnmp.proto.rfc1902 import Counter64, Integer32, Null, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import noSuchInstance

import collectors.volleys
from collectors.batch import BatchBuilder
from collectors.boots import Boots
from collectors.metrics import METRICS
from collectors.model import REASONS, Reason
from collectors.plan import IF_NAME, SYS_UP_TIME, PollPlan, make_plan
from collectors.profile import Profile, Read, Syntax
from collectors.silence import Silence
from collectors.volley.volley import Volley
from collectors.volleys import Turn, Volleys
from collectors.watch import NO_NAMES, fleet
from inventory.model import Credential, Device, Inventory, Role
from storage.settings import Settings
from tests.servers import wait_until
from tests.snmp_agent import Answer, Request, build, parse

OCTETS, STATUS = "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.2.2.1.8"
PROFILE = Profile(
    "router",
    "router",
    ports=(
        Read("ifHCInOctets", OCTETS, "IF-MIB::ifHCInOctets", Syntax.COUNTER64),
        Read("ifOperStatus", STATUS, "IF-MIB::ifOperStatus", Syntax.INTEGER, every_s=300.0),
    ),
)
PLAN: PollPlan = make_plan(PROFILE, ((1, "GE0/0/1"),))
UPTIME = tuple(map(int, SYS_UP_TIME.split(".")))


@dataclass
class Bench:
    """One known router, and the socket that plays it."""

    device: socket.socket
    builder: BatchBuilder = field(default_factory=lambda: BatchBuilder(("r",), np.full(1, 180.0)))
    volley: Volley = field(default_factory=lambda: Volley(0.2, wait_s=0))
    back: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        router = Device(
            "r", Role.ROUTER, "s", primary_ip="127.0.0.1", port=self.device.getsockname()[1], credential="c"
        )
        community = Credential("c", "snmp-v2c", community="public")
        self.fleet = fleet(Inventory(devices={"r": router}, credentials={"c": community}), Settings())
        self.volleys = Volleys(self.fleet, self.volley, self.builder, Boots(1))
        self.watched = self.fleet[0]
        self.watched.plan = PLAN
        self.watched.place = self.builder.place(PLAN, None)
        self.watched.settled, self.watched.recognise_at = True, 1e9 + 86400

    def ask(self, now: float = 1e9) -> list[Turn]:
        return list(self.volleys.send(self.fleet.polled, now))

    def reply(self, values: Mapping[str, object], *, status: int = 0) -> Request:
        datagram, sender = self.device.recvfrom(2048)
        request = parse(datagram)
        self.device.sendto(self.said(request, values, status=status), sender)
        return request

    def said(self, request: Request, values: Mapping[str, object], *, status: int = 0) -> bytes:
        told = [(oid, values.get(".".join(map(str, oid)), noSuchInstance)) for oid in request.oids]
        return build(request, Answer(told if not status else [(o, Null("")) for o in request.oids], status))

    def settle(self) -> list[Turn]:
        turns: list[Turn] = []

        def over() -> bool:
            settled = self.volleys.settle()
            turns.extend(settled.turns)
            self.back.extend(settled.back.tolist())
            return not self.volleys.under_way

        wait_until(over)
        return turns

    def told(self) -> dict[str, float]:
        batch = self.builder.close(0.0)
        assert batch is not None
        return {
            METRICS[m].name: v for m, v in zip(batch.sample_metric.tolist(), batch.sample_value.tolist(), strict=True)
        }


@pytest.fixture
def bench() -> Iterator[Bench]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        device.settimeout(5)
        made = Bench(device)
        yield made
        made.volley.close()


def says(ticks: int, octets: int) -> dict[str, object]:
    return {SYS_UP_TIME: TimeTicks(ticks), f"{OCTETS}.1": Counter64(octets), f"{STATUS}.1": Integer32(1)}


def test_an_answer_becomes_samples_and_budgets_hold(bench: Bench) -> None:
    bench.watched.busy = True
    assert bench.ask() == []
    assert len(bench.reply(says(100, 7)).oids) == 3
    assert bench.settle() == []
    assert not bench.watched.busy
    assert bench.told() == {"sysUpTime": 1.0, "ifHCInOctets": 7.0, "ifOperStatus": 1.0}
    assert bench.ask(1e9 + 60) == []
    status = tuple(map(int, f"{STATUS}.1".split(".")))
    assert (
        status not in bench.reply(says(200, 8)).oids
    )  # the port's status was read a minute ago, and is read every five
    assert bench.settle() == []


def test_silence_at_every_attempt_is_a_poll_dated_by_its_first_request(bench: Bench) -> None:
    before = time.time()
    bench.watched.busy = True
    assert bench.ask() == []
    assert bench.settle() == []
    batch = bench.builder.close(0.0)
    assert batch is not None
    assert (batch.poll_reached.tolist(), [REASONS[r] for r in batch.poll_reason]) == ([False], [Reason.TIMEOUT])
    assert before <= batch.poll_at[0] <= time.time() - 2 * 0.2
    assert batch.poll_took_ms[0] >= 2 * 0.2 * 1000
    assert not bench.watched.busy
    assert not bench.watched.alone
    assert bench.ask(1e9 + 60) == [Turn(bench.watched)]  # the next is by itself: it sees an ICMP error


def test_a_device_known_to_be_silent_is_asked_by_volleys_until_it_answers(bench: Bench) -> None:
    bench.watched.silence = Silence(9, confirmed=True)
    assert bench.ask() == []
    assert bench.settle() == []
    assert bench.watched.silence == Silence(10, confirmed=True)
    assert bench.ask(1e9 + 60) == [Turn(bench.watched)]  # now and then one by itself
    bench.watched.silence = Silence(11, confirmed=True)
    assert bench.ask(1e9 + 120) == []
    for _ in range(3):  # both attempts that got no answer lie there too
        bench.reply(says(100, 7))
    assert bench.settle() == []
    assert bench.back == [0]
    assert bench.watched.silence == Silence()


def test_a_device_that_refuses_a_volley_is_polled_by_itself_from_then_on(bench: Bench) -> None:
    assert bench.ask() == []
    bench.reply({}, status=1)
    (turn,) = bench.settle()
    (turn,) = bench.ask(1e9 + 60)
    assert turn == Turn(bench.watched)


def test_a_device_that_booted_is_asked_by_itself_but_stays_for_volleys(bench: Bench) -> None:
    bench.ask()
    bench.reply(says(1_000_000, 7))
    assert bench.settle() == []
    bench.ask(1e9 + 60)
    bench.reply(says(100, 9))
    (turn,) = bench.settle()
    assert turn.watched == bench.watched
    assert bench.told()["ifHCInOctets"] == 7.0
    assert bench.ask(1e9 + 120) == []


@pytest.mark.parametrize("unlike", ["silent", "unknown", "due for recognition", "IPv6 or SNMPv3"])
def test_what_is_not_a_plain_get_to_a_known_device_is_a_poll_by_itself(bench: Bench, unlike: str) -> None:
    match unlike:
        case "silent":
            bench.watched.silence = Silence(polls=1)
        case "unknown":
            bench.fleet.plan[0] = -1
            bench.watched.settled = False
        case "due for recognition":
            bench.watched.recognise_at = 1e9
        case _:
            bench.fleet.facts.ipv4[0] = 0
    assert bench.ask() == [Turn(bench.watched)]


def test_other_names_of_ports_call_for_recognition(bench: Bench) -> None:
    names = f"{IF_NAME}.1"
    assert bench.ask() == []  # the hour's reading waits for its slot
    bench.reply(says(100, 7))
    assert bench.settle() == []
    for hour, name in enumerate((b"GE0/0/1", b"GE0/0/1", b"GE0/0/2"), start=1):
        assert bench.ask(1e9 + 100 + 3600 * hour) == []
        asked = bench.reply(says(100, 7) | {names: OctetString(name)})
        assert names in {".".join(map(str, oid)) for oid in asked.oids}
        turns = bench.settle()
        assert len(turns) == (hour == 3)
    assert bench.watched.recognise_at == 0
    assert set(bench.told()) == {"sysUpTime", "ifHCInOctets", "ifOperStatus"}


# Ports that change their numbers without a reboot

AGAIN = 1e9 + 3700 + 600  # the status is due again


@pytest.mark.parametrize("down", [False, True], ids=["counter falls", "status changes"])
def test_what_may_be_another_ports_is_believed_when_names_are_as_they_were(bench: Bench, down: bool) -> None:
    name = {f"{IF_NAME}.1": OctetString(b"GE0/0/1")}
    _told_once(bench)
    bench.ask(AGAIN)
    odd = says(200, 7000 if down else 3) | {f"{STATUS}.1": Integer32(2 if down else 1)}
    asked, turns = converse(bench, [odd, odd | name])
    assert [names_asked(request) for request in asked] == [False, True]
    assert turns == []
    told = bench.told()
    assert (told["ifHCInOctets"], told["ifOperStatus"]) == (7000.0 if down else 3.0, 2.0 if down else 1.0)
    bench.ask(AGAIN + 60)
    asked, _ = converse(bench, [says(300, 8000) | name])  # whose counters are odd costs no further exchange
    assert [names_asked(request) for request in asked] == [True]
    bench.ask(AGAIN + 120)
    assert not names_asked(bench.reply(says(400, 9000)))
    bench.settle()


@pytest.mark.parametrize("known", [True, False], ids=["names known", "never read"])
def test_what_is_another_ports_is_not_stored_but_asked_anew(bench: Bench, known: bool) -> None:
    _told_once(bench)
    if not known:
        bench.fleet.names_read[0] = NO_NAMES
    bench.ask(AGAIN)
    odd = says(200, 3)
    _, turns = converse(bench, [odd, odd | {f"{IF_NAME}.1": OctetString(b"GE0/0/2")}])
    assert turns == [Turn(bench.watched, frozenset(part.name for part in PLAN.parts))]
    assert bench.watched.recognise_at == 0
    assert bench.builder.close(0.0) is None


def test_without_names_what_is_doubted_is_not_stored(bench: Bench) -> None:
    _told_once(bench)
    bench.ask(AGAIN)
    asked, turns = converse(bench, [says(200, 3), None, None])
    assert (len(asked), turns) == (3, [])
    assert bench.told() == {}


def test_where_names_never_come_values_are_believed_at_last(bench: Bench) -> None:
    found = [bench.fleet.doubt(bench.fleet.polled, np.array([False])).tolist() for _ in range(5)]
    assert found == [[True], [True], [True], [False], [False]]
    assert bench.fleet.renamed(0, [b"GE0/0/1"])  # nobody knows what it was
    assert bench.fleet.doubt(bench.fleet.polled, np.array([False])).tolist() == [True]


def _told_once(bench: Bench) -> None:
    """A poll that reads names too, which then rest for an hour."""
    for at in (1e9, 1e9 + 3700):
        bench.ask(at)
        asked, _ = converse(bench, [says(100, 5000) | {f"{IF_NAME}.1": OctetString(b"GE0/0/1")}])
    assert names_asked(asked[0])
    assert bench.told()["ifHCInOctets"] == 5000.0
    bench.builder.close(0.0)


def names_asked(request: Request) -> bool:
    return f"{IF_NAME}.1" in {".".join(map(str, oid)) for oid in request.oids}


# Polls of several GETs

REFUSED = "refused"
PORTS = 30  # two objects each: three GETs
LONG = make_plan(PROFILE, tuple((n, f"GE0/0/{n}") for n in range(1, PORTS + 1)))


def of_long(ticks: int) -> dict[str, object]:
    octets = {f"{OCTETS}.{n}": Counter64(1000 * n) for n in range(1, PORTS + 1)}
    return {SYS_UP_TIME: TimeTicks(ticks), **octets, **{f"{STATUS}.{n}": Integer32(1) for n in range(1, PORTS + 1)}}


def converse(bench: Bench, said: Sequence[Mapping[str, object] | str | None]) -> tuple[list[Request], list[Turn]]:
    """Answer each request in its turn (None: not at all) until the poll is over; what was asked, and the turns."""
    asked: list[Request] = []
    turns: list[Turn] = []
    bench.device.settimeout(0.01)

    def over() -> bool:
        with suppress(TimeoutError):
            datagram, sender = bench.device.recvfrom(2048)
            asked.append(parse(datagram))
            answer = said[len(asked) - 1]
            if isinstance(answer, str):
                bench.device.sendto(bench.said(asked[-1], {}, status=5), sender)
            elif answer is not None:
                bench.device.sendto(bench.said(asked[-1], answer), sender)
        settled = bench.volleys.settle()
        turns.extend(settled.turns)
        bench.back.extend(settled.back.tolist())
        return not bench.volleys.under_way

    wait_until(over, every=0)
    return asked, turns


@pytest.fixture
def long(bench: Bench) -> Bench:
    bench.watched.plan = LONG
    bench.watched.place = bench.builder.place(LONG, bench.watched.place)
    bench.watched.busy = True
    return bench


def test_a_poll_of_several_gets_is_one_poll_when_all_are_answered(long: Bench) -> None:
    before = time.time()
    long.watched.silence = Silence(1001, confirmed=True)
    assert long.ask() == []
    asked, turns = converse(long, [of_long(100)] * 3)
    assert turns == []
    assert [len(request.oids) for request in asked] == [24, 24, 15]
    assert all(".".join(map(str, request.oids[0])) == SYS_UP_TIME for request in asked)
    batch = long.builder.close(0.0)
    assert batch is not None
    assert (batch.poll_reached.tolist(), batch.poll_reason.tolist()) == ([True], [-1])
    assert before <= batch.poll_at[0] <= time.time()
    assert 0 < batch.poll_took_ms[0] < (time.time() - before) * 1000
    metrics = [METRICS[metric].name for metric in batch.sample_metric]
    assert {name: metrics.count(name) for name in metrics} == {"sysUpTime": 1, "ifHCInOctets": 30, "ifOperStatus": 30}
    octets = batch.sample_value[np.array(metrics) == "ifHCInOctets"]
    assert sorted(octets.tolist()) == [1000.0 * n for n in range(1, PORTS + 1)]
    assert not long.watched.busy
    assert long.back == [0]
    assert long.watched.silence == Silence()


def test_a_get_that_stays_silent_leaves_what_the_others_brought(long: Bench) -> None:
    assert long.ask() == []
    asked, turns = converse(long, [of_long(100), None, None])
    assert asked[1].oids == asked[2].oids != asked[0].oids
    assert turns == []
    batch = long.builder.close(0.0)
    assert batch is not None
    assert (batch.poll_reached.tolist(), [REASONS[r] for r in batch.poll_reason]) == ([True], [Reason.DEADLINE])
    assert len(batch.sample_value) == 24
    assert batch.poll_took_ms[0] >= 2 * 0.2 * 1000
    assert not long.watched.busy
    assert long.watched.silence == Silence()
    assert long.ask(1e9 + 1) == []  # it is no silence: the next goes in a volley too
    asked, turns = converse(long, [of_long(200)] * 2)  # and begins anew; the status waits for its five minutes
    assert (len(asked), turns) == (2, [])
    assert set(long.told()) == {"sysUpTime", "ifHCInOctets", "in_bps"}


@pytest.mark.parametrize("second", [of_long(100), REFUSED], ids=["booted", "refused"])
def test_what_comes_otherwise_between_two_gets_is_asked_for_by_itself(
    long: Bench, second: Mapping[str, object] | str
) -> None:
    assert long.ask() == []
    asked, turns = converse(long, [of_long(1_000_000), second])
    assert turns == [Turn(long.watched, frozenset(part.name for part in LONG.parts))]
    assert len(asked) == 2
    assert long.builder.close(0.0) is None
    assert long.watched.alone == (second == REFUSED)


# Devices that volleys cannot hear


def test_a_device_that_only_answers_by_itself_is_asked_so_until_recognised_anew(bench: Bench) -> None:
    for poll in range(4):
        assert not bench.watched.alone
        assert bench.ask(1e9 + 60 * poll) == []
        assert bench.settle() == []
        bench.watched.silence = Silence()  # it answered by itself
    assert bench.ask(1e9 + 300) == [Turn(bench.watched)]
    bench.watched.recognise(PLAN, 1e9)
    assert not bench.watched.alone


def test_an_answer_to_a_volley_shows_that_silences_were_chance(bench: Bench) -> None:
    for poll in range(5):
        assert bench.ask(1e9 + 120 * poll) == []
        assert bench.settle() == []
        bench.watched.silence = Silence()
        assert bench.ask(1e9 + 120 * poll + 60) == []
        for _ in range(3):  # both attempts that got no answer lie there too
            bench.reply(says(100 + poll, 7))
        assert bench.settle() == []
    assert not bench.watched.alone


# Plans that come and go


def test_what_no_device_is_asked_any_more_is_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors.volleys, "_LEAST_PLANS", 3)
    monkeypatch.setattr(collectors.volleys, "_STEP_S", 0.0)
    bench = Bench(bench.device, volley=bench.volley)  # with these bounds
    numbers = set[int]()
    for n in range(1, 30):
        bench.watched.plan = plan = bench.fleet.plans.make(PROFILE, ((n, "GE0/0/1"),))
        bench.watched.place = bench.builder.place(plan, bench.watched.place)
        assert bench.ask(1e9 + 600 * n) == []
        bench.reply({SYS_UP_TIME: TimeTicks(100 * n), f"{OCTETS}.{n}": Counter64(n), f"{STATUS}.{n}": Integer32(1)})
        assert bench.settle() == []
        assert bench.told()["ifHCInOctets"] == n
        numbers.add(int(bench.fleet.plan[0]))
    assert max(numbers) <= 7
    assert len(bench.fleet.plans) <= 7
    assert len(bench.fleet.plans.shapes()) == len(bench.fleet.plans)
    unheard_of = bench.volley.template("public", (SYS_UP_TIME,))
    assert unheard_of is not None
    assert unheard_of <= 16
