"""Every fault kind on the small inventory, over its whole course: what agents show, and what is truly wrong."""

import heapq
import io
import ipaddress
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import Endpoint, Inventory, Names
from simulator import ber, courses, message
from simulator.agent import Responder
from simulator.condition import Condition
from simulator.director import Director
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Fleet
from simulator.message import Pdu
from simulator.portals import Portals
from simulator.scenario import Scenario, ScenarioError, read_scenario
from simulator.traffic import Counter, moment
from simulator.truth_log import TruthLog
from tests.simulated import ask, read_response, request
from tests.small import small_inventory

NOW = 1_790_000_000.0
_IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_ADMIN, _OPER, _OUT_DISCARDS = (*_IF, 7), (*_IF, 8), (*_IF, 19)
_HC_OUT = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 10)
_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
_XPON = (1, 3, 6, 1, 4, 1, 2011, 6, 128, 1, 1, 2)
_PON_3 = 0xFA000000 + 8192 + 3 * 256
_UPS = (1, 3, 6, 1, 2, 1, 33, 1)
_MINUTES_LEFT, _CHARGE, _SOURCE = (*_UPS, 2, 3, 0), (*_UPS, 2, 4, 0), (*_UPS, 4, 1, 0)
_PORTAL = Endpoint("e-district", Names("e-District"), "https://portal.example/")


class ManualClock:
    """Time that passes when told; what is due rings in order."""

    def __init__(self) -> None:
        self._now = NOW
        self._alarms: list[tuple[float, int, Callable[[float], None]]] = []
        self._set = 0

    def now(self) -> float:
        return self._now

    def at(self, when: float, act: Callable[[float], None]) -> None:
        self._set += 1
        heapq.heappush(self._alarms, (when, self._set, act))

    def pass_to(self, seconds: float) -> None:
        """Let everything happen that is due until so long after the start."""
        until = NOW + seconds
        while self._alarms and self._alarms[0][0] <= until:
            when, _, act = heapq.heappop(self._alarms)
            self._now = max(self._now, when)
            act(self._now)
        self._now = until


class _Text(io.StringIO):
    def close(self) -> None:
        """The text is read after the log's close."""


@dataclass
class Stage:
    """A fleet whose time passes when told, with its truth log."""

    fleet: Fleet
    clock: ManualClock
    director: Director
    portals: Portals
    log: TruthLog
    text: _Text
    responder: Responder

    def read(self, device: str, *oids: ber.Oid) -> list[int]:
        """What a manager gets that asks the same again and again: prepared answers must not outlive a change."""
        address = ipaddress.ip_address(self.fleet.world.boxes[device].device.primary_ip).packed
        data = request(Pdu.GET, oids)
        given = self.responder.respond(data, address, moment(self.clock.now()))
        assert given, f"{device} is silent"
        start, end = message.locate_id(data)
        _, _, rows = read_response(given[0], data[start:end])
        return [int.from_bytes(value[2:], "big", signed=True) for _, value in rows]

    def ont(self, number: int) -> list[int]:
        """Active, run state, last-down cause, received power of an ONT, as olt1 tells it."""
        columns = ((46, 1, 1), (46, 1, 15), (46, 1, 24), (51, 1, 4))
        return self.read("olt1", *((*_XPON, *column, _PON_3, number) for column in columns))

    def silent(self) -> set[str]:
        return {name for name, agent in self.fleet.agents.items() if agent.silent}

    def truth(self) -> list[dict[str, object]]:
        self.log.close()
        return [json.loads(line) for line in self.text.getvalue().splitlines()]

    def roots(self) -> list[tuple[str, str, str, str, float, float | None]]:
        """Kind, subject, status, cause, begin and end (seconds after the start) of what failed itself."""
        return sorted(
            (str(row["subject_kind"]), str(row["subject"]), str(row["status"]), str(row["cause"]),
             _after(row["from"]), _after(row["to"]) if row["to"] else None)
            for row in self.truth() if row["root"]
        )  # fmt: skip


def _after(text: object) -> float:
    return round(datetime.fromisoformat(str(text)).timestamp() - NOW, 1)


@contextmanager
def staged(inventory: Inventory) -> Iterator[Stage]:
    with Portals(inventory.endpoints.values(), 0) as portals:
        fleet, clock, text = Fleet(inventory, NOW), ManualClock(), _Text()
        log = TruthLog(text)
        yield Stage(fleet, clock, Director(fleet, clock, log, portals), portals, log, text, Responder(fleet.find))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    with staged(replace(small_inventory(), endpoints={_PORTAL.code: _PORTAL})) as made:
        yield made


def _power_cut(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.POWER_CUT, Where(site="gp2"), lasts=timedelta(minutes=5), battery_minutes=2))
    stage.director.apply(Fault(Kind.POWER_CUT, Where(site="gp5"), lasts=timedelta(minutes=5)))
    assert stage.ont(5)[:3] == [1, 2, 13]  # no UPS there: the ONT gasps and is gone
    stage.clock.pass_to(30)
    assert stage.read("ups2", _SOURCE, _CHARGE, _MINUTES_LEFT) == [5, 75, 1]
    stage.clock.pass_to(119)
    assert stage.read("ups2", _CHARGE, _MINUTES_LEFT) == [1, 0]
    stage.clock.pass_to(121)
    assert stage.silent() == {"gp2", "ups2", "pc2", "pc5"}
    stage.clock.pass_to(301)
    assert stage.silent() == set()
    assert stage.roots() == [
        ("site", "gp2", "degraded", "power", 0.0, 120.0),
        ("site", "gp2", "down", "power", 120.0, 300.0),
        ("site", "gp5", "down", "power", 0.0, 300.0),
    ]


def _fibre_cut(stage: Stage) -> None:
    assert stage.ont(5)[:3] == [1, 1, -1]
    stage.director.apply(Fault(Kind.FIBRE_CUT, Where(link="pon-5"), lasts=timedelta(seconds=60)))
    assert stage.ont(5) == [1, 2, 2, 2_147_483_647]  # the PON's other ONTs are heard: LOSi
    assert stage.silent() == {"pc5"}
    stage.clock.pass_to(61)
    assert stage.ont(5)[:2] == [1, 1]
    stage.director.apply(Fault(Kind.FIBRE_CUT, Where(link="olt1:0/1/3"), lasts=timedelta(seconds=60)))
    assert [stage.ont(number)[:3] for number in (5, 6, 7)] == [[1, 2, 1]] * 3
    stage.clock.pass_to(200)
    assert stage.roots() == [
        ("link", "olt1:0/1/3", "down", "fibre", 61.0, 121.0),
        ("link", "pon-5", "down", "fibre", 0.0, 60.0),
    ]


def _device_failure(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.DEVICE_FAILURE, Where(device="ont5")))
    assert stage.ont(5)[:3] == [1, 2, 2]
    assert stage.roots() == [("device", "ont5", "down", "equipment", 0.0, None)]


def _reboot(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.REBOOT, Where(device="gp3"), lasts=timedelta(seconds=60)))
    assert "gp3" in stage.silent()
    stage.clock.pass_to(70)
    assert stage.read("gp3", _UPTIME) == [1000]
    assert stage.roots() == [("device", "gp3", "down", "equipment", 0.0, 60.0)]


def _switched_off(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.SWITCHED_OFF, Where(device="ont6")))
    assert stage.ont(6)[:3] == [1, 2, 13]
    assert stage.roots() == [("device", "ont6", "down", "power", 0.0, None)]


def _congestion(stage: Stage) -> None:
    """The link from the POP to gp1 (GE0/0/3 is ifIndex 3 of pop-r1... by name) is full."""
    router, port = "pop-r1", _port(stage, "pop-r1", "GE0/0/3")
    usual = _rate(stage, router, port)
    fault = stage.director.apply(Fault(Kind.CONGESTION, Where(link="ring-1-0"), percent=20, delay_ms=250))
    assert _rate(stage, router, port) == pytest.approx(0.985 * 125e6, rel=0.01)
    (before,) = stage.read(router, (*_OUT_DISCARDS, port))
    stage.clock.pass_to(60)
    assert stage.read(router, (*_OUT_DISCARDS, port))[0] > before + 100_000
    # pop-r1 - gp1 - gp2: the way to these; gp3 and gp4 are nearer over the ring's other half.
    slowed = {name for name, agent in stage.fleet.agents.items() if agent.loss == 0.2 and agent.delay_s > 0.25}
    assert slowed == {"gp1", "gp2", "pc1", "pc2", "ups2"}
    assert stage.silent() == set()
    stage.director.clear(fault)
    assert _rate(stage, router, port) < 2 * usual
    assert {agent.loss for agent in stage.fleet.agents.values()} == {0.0}
    assert stage.roots() == [("link", "ring-1-0", "degraded", "undetermined", 0.0, 60.0)]


def _port(stage: Stage, device: str, name: str) -> int:
    return next(port.index for port in stage.fleet.world.boxes[device].ports if port.name == name)


def _rate(stage: Stage, device: str, port: int) -> float:
    """Octets a second that leave, over ten seconds; moves no clock."""
    line = next(p for p in stage.fleet.world.boxes[device].ports if p.index == port).outward.line(ber.COUNTER64)
    now = stage.clock.now()
    return (line.at(moment(now + 10)) - line.at(moment(now))) / 10


def _loss(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.LOSS, Where(device="gp4"), percent=40))
    assert stage.fleet.agents["gp4"].loss == 0.4
    assert stage.roots() == [
        ("device", "gp4", "degraded", "undetermined", 0.0, None),
    ]


def _flapping(stage: Stage) -> None:
    where = Where(link="pon-5")
    stage.director.apply(Fault(Kind.FLAPPING, where, lasts=timedelta(seconds=150), down_s=20, up_s=40))
    seen = []
    for seconds in range(5, 160, 10):
        stage.clock.pass_to(seconds)
        seen.append("pc5" in stage.silent())
    assert seen == [n % 6 < 2 for n in range(15)] + [False]
    assert [row[2:] for row in stage.roots()] == [
        ("degraded", "fibre", 20.0, 60.0),
        ("degraded", "fibre", 80.0, 120.0),
        ("degraded", "fibre", 140.0, 150.0),
        ("down", "fibre", 0.0, 20.0),
        ("down", "fibre", 60.0, 80.0),
        ("down", "fibre", 120.0, 140.0),
    ]


def test_a_flapping_trunk_is_one_root(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.FLAPPING, Where(link="olt1:0/1/3"), lasts=timedelta(seconds=90)))
    stage.clock.pass_to(100)
    assert {(row[:2]) for row in stage.roots()} == {("link", "olt1:0/1/3")}


def test_a_manager_sees_a_ring_cut_at_both_ends_at_once(stage: Stage) -> None:
    ends = [(name, _port(stage, name, port)) for name, port in (("gp2", "GE0/0/2"), ("gp3", "GE0/0/1"))]
    assert [stage.read(name, (*_OPER, port)) for name, port in ends] == [[1], [1]]
    cut = stage.director.apply(Fault(Kind.FIBRE_CUT, Where(link="ring-1-2")))
    assert [stage.read(name, (*_OPER, port)) for name, port in ends] == [[2], [2]]
    stage.director.clear(cut)
    assert [stage.read(name, (*_OPER, port)) for name, port in ends] == [[1], [1]]


def _shut_down_unpaid(stage: Stage) -> None:
    lan = _port(stage, "gp1", "LAN1")
    assert stage.read("gp1", (*_ADMIN, lan), (*_OPER, lan)) == [1, 1]
    unpaid = stage.director.apply(Fault(Kind.SHUT_DOWN_UNPAID, Where(device="pc1")))
    stage.director.apply(Fault(Kind.SHUT_DOWN_UNPAID, Where(device="ont5")))
    assert stage.read("gp1", (*_ADMIN, lan), (*_OPER, lan)) == [2, 2]
    assert stage.silent() == {"pc1", "pc5"}
    assert stage.ont(5)[:3] == [2, 2, 8]  # taken out of service alone: its PON port and neighbours stay
    assert stage.read("olt1", (*_ADMIN, _PON_3), (*_OPER, _PON_3)) == [1, 1]
    assert stage.ont(6)[:2] == [1, 1]
    booted = stage.fleet.world.boxes["pc1"].boot
    stage.clock.pass_to(60)
    stage.director.clear(unpaid)
    assert stage.read("gp1", (*_ADMIN, lan), (*_OPER, lan)) == [1, 1]
    assert stage.fleet.world.boxes["pc1"].boot == booted  # it was powered all the while
    assert stage.roots() == [
        ("link", "lan-1", "down", "administrative", 0.0, 60.0),
        ("link", "pon-5", "down", "administrative", 0.0, None),
    ]


def _endpoint_outage(stage: Stage) -> None:
    where = Where(endpoint="e-district")
    stage.director.apply(Fault(Kind.ENDPOINT_OUTAGE, where, lasts=timedelta(seconds=30), status=502))
    assert stage.portals.troubles["e-district"].status == 502
    stage.clock.pass_to(40)
    assert stage.portals.troubles == {}
    stage.director.apply(Fault(Kind.ENDPOINT_OUTAGE, where, lasts=timedelta(seconds=30), slow_s=4))
    stage.clock.pass_to(80)
    assert stage.roots() == [
        ("endpoint", "e-district", "degraded", "upstream", 40.0, 70.0),
        ("endpoint", "e-district", "down", "upstream", 0.0, 30.0),
    ]


def _optical_decay(stage: Stage) -> None:
    *_, begin = stage.ont(5)
    stage.director.apply(Fault(Kind.OPTICAL_DECAY, Where(device="ont5"), db_per_minute=2))
    stage.clock.pass_to(60)
    assert stage.ont(5)[3] == pytest.approx(begin - 200, abs=31)
    others = stage.ont(6)[3]
    stage.clock.pass_to(600)
    assert stage.ont(5) == [1, 2, 2, 2_147_483_647]
    assert stage.ont(6)[3] == pytest.approx(others, abs=31)
    assert "pc5" in stage.silent()
    dim, lost = stage.roots()
    assert dim[:4] == ("link", "pon-5", "degraded", "fibre")
    assert lost[:4] == ("link", "pon-5", "down", "fibre")
    assert dim[5] == lost[4] == pytest.approx(dim[4] + 60)  # 2 dB between what is promised and what is lost


def _battery_decay(stage: Stage) -> None:
    """A minute of cut every three: a 3-minute battery carries it until it holds 0.5 to the 2 of that."""
    fault = Fault(
        Kind.BATTERY_DECAY, Where(device="ups2"), battery_minutes=3, cut_minutes=1, every_minutes=3, keeps=0.5
    )
    stage.director.apply(fault)
    left, full = [], []
    for cycle in range(2):
        stage.clock.pass_to(cycle * 180 + 30)
        left.append(stage.fleet.world.boxes["ups2"].battery.seconds_left(stage.clock.now()))
        stage.clock.pass_to(cycle * 180 + 179)
        full += stage.read("ups2", _CHARGE)
    assert left == pytest.approx([150, 60])
    assert full == [100, 100]
    stage.clock.pass_to(360 + 50)
    assert {"gp2", "ups2"} <= stage.silent()  # 45 s are left of three minutes
    stage.clock.pass_to(360 + 61)
    assert stage.silent() == set()
    assert stage.roots() == [
        ("device", "ups2", "degraded", "equipment", 180.0, 405.0),
        ("device", "ups2", "degraded", "equipment", 420.0, None),
        ("site", "gp2", "degraded", "power", 0.0, 60.0),
        ("site", "gp2", "degraded", "power", 180.0, 240.0),
        ("site", "gp2", "degraded", "power", 360.0, 405.0),
        ("site", "gp2", "down", "power", 405.0, 420.0),
    ]


def _planned_work(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.PLANNED_WORK, Where(link="olt1:0/1/3"), lasts=timedelta(seconds=60)))
    stage.director.apply(Fault(Kind.PLANNED_WORK, Where(device="gp4"), lasts=timedelta(seconds=60)))
    assert stage.silent() == {"gp4", "pc5", "pc6"}
    stage.clock.pass_to(61)
    assert stage.silent() == set()
    assert stage.roots() == [
        ("device", "gp4", "down", "planned", 0.0, 60.0),
        ("link", "olt1:0/1/3", "down", "planned", 0.0, 60.0),
    ]


def _collector_blind(stage: Stage) -> None:
    stage.director.apply(Fault(Kind.COLLECTOR_BLIND, Where(), lasts=timedelta(seconds=60)))
    assert stage.silent() == set(stage.fleet.agents)
    assert stage.portals.troubles["e-district"].silent
    stage.clock.pass_to(61)
    assert stage.silent() == set()
    assert stage.portals.troubles == {}
    assert stage.truth() == []  # nothing was wrong with what it looked at


def _clock_step(stage: Stage) -> None:
    date = (1, 3, 6, 1, 2, 1, 25, 1, 2, 0)
    fault = Fault(Kind.CLOCK_STEP, Where(device="pc1"), lasts=timedelta(seconds=60), seconds=7200)
    stage.director.apply(fault)
    right, wrong = (_clock(stage, name, date) for name in ("pc2", "pc1"))
    assert (wrong - right).total_seconds() == 7200
    stage.clock.pass_to(61)
    assert _clock(stage, "pc1", date) == _clock(stage, "pc2", date)
    assert stage.truth() == []  # a PC with a wrong clock is not down


def _clock(stage: Stage, device: str, oid: ber.Oid) -> datetime:
    _, _, rows = ask(stage.fleet.agents[device], request(Pdu.GET, [oid]), moment(stage.clock.now()))
    octets = rows[0][1][2:]
    assert len(octets) == 11
    assert octets[8:] == b"+\x05\x1e"
    month, day, hour, minute, second = octets[2:7]
    year, ist = int.from_bytes(octets[:2], "big"), timezone(timedelta(minutes=330))
    return datetime(year, month, day, hour, minute, second, tzinfo=ist)


_WALK: dict[Kind, Callable[[Stage], None]] = {
    Kind.POWER_CUT: _power_cut,
    Kind.FIBRE_CUT: _fibre_cut,
    Kind.DEVICE_FAILURE: _device_failure,
    Kind.CONGESTION: _congestion,
    Kind.LOSS: _loss,
    Kind.FLAPPING: _flapping,
    Kind.REBOOT: _reboot,
    Kind.SWITCHED_OFF: _switched_off,
    Kind.SHUT_DOWN_UNPAID: _shut_down_unpaid,
    Kind.ENDPOINT_OUTAGE: _endpoint_outage,
    Kind.OPTICAL_DECAY: _optical_decay,
    Kind.BATTERY_DECAY: _battery_decay,
    Kind.PLANNED_WORK: _planned_work,
    Kind.COLLECTOR_BLIND: _collector_blind,
    Kind.CLOCK_STEP: _clock_step,
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_over_its_course(stage: Stage, kind: Kind) -> None:
    _WALK[kind](stage)


@pytest.mark.parametrize("kind", Kind)
def test_after_every_kind_all_is_as_before(stage: Stage, kind: Kind) -> None:
    where = {
        Kind.COLLECTOR_BLIND: Where(),
        Kind.ENDPOINT_OUTAGE: Where(endpoint="e-district"),
        Kind.BATTERY_DECAY: Where(device="ups2"),
        Kind.OPTICAL_DECAY: Where(device="ont5"),
    }.get(kind, Where(site="gp2"))
    stage.director.apply(Fault(kind, where, lasts=timedelta(minutes=20)))
    stage.clock.pass_to(1201)
    condition = stage.fleet.world.condition
    assert condition == Condition()
    assert stage.silent() == set()
    assert {agent.loss for agent in stage.fleet.agents.values()} == {0.0}
    assert all(port.up and port.admin_up for box in stage.fleet.world.boxes.values() for port in box.ports)
    assert all(ont.online and ont.active and ont.fade is None for ont in stage.fleet.world.boxes["olt1"].onts)
    assert not [row for row in stage.truth() if row["to"] is None]


# Properties


@given(
    changes=st.lists(st.tuples(st.sampled_from("hrfx"), st.floats(0.1, 5000)), max_size=12),
    rate=st.floats(1, 1e9),
)
def test_a_counter_never_falls_whatever_happens_to_its_link(changes: list[tuple[str, float]], rate: float) -> None:
    counter, now, before = Counter(7, 1e5, NOW), NOW, 0
    for change, after in changes:
        now += after
        at = moment(now)
        match change:
            case "h":
                counter.halt(at)
            case "r":
                counter.resume(at)
            case "f":
                counter.run_freely(at)
            case _:
                counter.run_at(rate, at)
        value = counter.line(ber.COUNTER64).at(at)
        assert value >= before - 1  # a float's last place
        before = value


@given(
    light=st.dictionaries(st.text("abc", min_size=1, max_size=3), st.floats(-27, -15), min_size=1, max_size=5),
    speed=st.floats(0.1, 10),
)
def test_light_is_weak_before_it_is_lost_and_all_is_lost_in_the_end(light: dict[str, float], speed: float) -> None:
    lost: frozenset[str] = frozenset()
    last = -1.0
    for at, effect in courses.fading(light, speed, NOW):
        assert at > last
        assert lost <= effect.cut
        assert not effect.dim & effect.cut
        lost, last = effect.cut, at
    assert lost == light.keys()


# The scenario with everything

_EVERY_FAULT = read_scenario(Path(__file__).parents[1] / "simulator" / "scenarios" / "every-fault.toml")


def test_the_scenario_with_everything_has_every_kind_each_in_its_own_district() -> None:
    assert {fault.kind for fault in _EVERY_FAULT.faults} == set(Kind)
    districts = [fault.where.area for fault in _EVERY_FAULT.faults if fault.where.area]
    assert len(districts) == len(set(districts)) == len(_EVERY_FAULT.faults) - 3  # two of portals, one of the collector


def test_the_scenario_with_everything_says_that_it_needs_the_whole_state(stage: Stage) -> None:
    with pytest.raises(
        ScenarioError, match=r"^scenario '.*': fault\[1\]: no area '.*' in this inventory; .*without --gps"
    ):
        stage.director.play(_EVERY_FAULT, NOW)


def test_the_scenario_with_everything_plays_and_ends(stage: Stage) -> None:
    """On the small inventory, whose one district stands for all."""
    stage.director.play(
        Scenario(
            _EVERY_FAULT.name,
            _EVERY_FAULT.seed,
            tuple(
                replace(fault, where=replace(fault.where, area="district:387" if fault.where.area else ""))
                for fault in _EVERY_FAULT.faults
            ),
        ),
        NOW,
    )
    stage.clock.pass_to(17 * 60)
    assert stage.fleet.world.condition == Condition()
    stage.clock.pass_to(18 * 60)
    assert stage.silent() == set(stage.fleet.agents)
    stage.clock.pass_to(20 * 60)
    assert stage.silent() == set()
    told = {(kind, cause) for kind, _, _, cause, _, end in stage.roots() if end}
    assert told >= {
        ("link", "fibre"),
        ("link", "administrative"),
        ("link", "undetermined"),
        ("device", "equipment"),
        ("device", "administrative"),
        ("device", "planned"),
        ("site", "power"),
        ("endpoint", "upstream"),
    }
