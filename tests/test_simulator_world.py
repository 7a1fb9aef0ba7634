"""Faults on the small inventory: who still answers, what neighbours show, what is truly wrong."""

import io
import json
from dataclasses import replace
from random import Random

import pytest

from inventory.model import Inventory
from simulator import ber, truth
from simulator.condition import Effect
from simulator.effects import course_of
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Fleet
from simulator.message import Pdu
from simulator.traffic import moment
from simulator.truth import Outage, Places, Subject
from simulator.truth_log import TruthLog
from tests.simulated import ask, request

NOW = 1_790_000_000.0
_OPER = (1, 3, 6, 1, 2, 1, 2, 2, 1, 8)
_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
_XPON = (1, 3, 6, 1, 4, 1, 2011, 6, 128, 1, 1, 2)
_PON_3 = 0xFA000000 + 8192 + 3 * 256


@pytest.fixture
def fleet(small: Inventory, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    return Fleet(small, NOW)


def _effect(fleet: Fleet, kind: Kind, **where: str) -> Effect:
    """The first stage of a fault."""
    fault = Fault(kind, Where(**where), battery_minutes=2)  # type: ignore[arg-type]  # every key of Where that is text
    return next(course_of(fault, fleet.world.inventory, Random(1), NOW))[1]


def _silent(fleet: Fleet) -> set[str]:
    return {name for name, agent in fleet.agents.items() if agent.silent}


def _read(fleet: Fleet, device: str, *oids: ber.Oid, now: float = NOW + 1) -> list[int]:
    agent = fleet.agents[device]
    assert not agent.silent
    _, _, rows = ask(agent, request(Pdu.GET, oids), moment(now))
    return [int.from_bytes(value[2:], "big", signed=True) for _, value in rows]


_FIBRE, _OFF, _FAILED, _POWER = Kind.FIBRE_CUT, Kind.SWITCHED_OFF, Kind.DEVICE_FAILURE, Kind.POWER_CUT


@pytest.mark.parametrize(
    ("faults", "silent"),
    [
        ([(_FIBRE, {"link": "ring-1-1"})], set()),
        ([(_FIBRE, {"link": "ring-1-1"}), (_FIBRE, {"link": "ring-1-3"})], {"gp2", "gp3", "pc2", "ups2", "ups3"}),
        ([(_FIBRE, {"link": "ring-1-0"}), (_FAILED, {"device": "gp2"})], {"gp1", "pc1", "gp2", "pc2", "ups2"}),
        ([(_FIBRE, {"link": "olt1:0/1/3"})], {"pc5", "pc6"}),
        ([(_FIBRE, {"link": "pon-5"})], {"pc5"}),
        ([(_FIBRE, {"link": "pop-olt1"})], {"olt1", "pc5", "pc6"}),
        ([(_FIBRE, {"device": "gp4"})], {"gp4"}),
        ([(_FAILED, {"device": "pop-r1"})], {"pop-r1", "olt1", "pc5", "pc6"}),
        ([(_FAILED, {"device": "noc-r1"})], set("abc")),
        ([(_OFF, {"device": "pc8"})], {"pc8"}),
        ([(_OFF, {"site": "gp8"})], {"radio8", "pc8"}),
        ([(_POWER, {"site": "gp1"})], {"gp1", "pc1"}),
        ([(_POWER, {"feeder": "feeder-2"})], {"radio8", "pc8"}),
        ([(_POWER, {"feeder": "feeder-0"})], {"gp1", "pc1", "pc2"}),  # gp2 and gp3 have a UPS
        ([(_POWER, {"area": "gp:G6"})], {"pc6"}),
    ],
)
def test_who_falls_silent(fleet: Fleet, faults: list[tuple[Kind, dict[str, str]]], silent: set[str]) -> None:
    fleet.set_effects(tuple(_effect(fleet, kind, **where) for kind, where in faults), NOW)
    assert _silent(fleet) == (silent if silent != set("abc") else set(fleet.agents))
    fleet.set_effects((), NOW + 60)
    assert _silent(fleet) == set()


def test_ports_at_both_ends_of_a_cut_go_down_and_stop_counting(fleet: Fleet) -> None:
    # gp1: ifIndex 3 is GE0/0/1, 4 GE0/0/2 (towards gp2), 5 LAN1
    octets = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 4)
    assert _read(fleet, "gp1", *((*_OPER, n) for n in (3, 4, 5))) == [1, 1, 1]
    fleet.set_effects((_effect(fleet, _FIBRE, link="ring-1-1"),), NOW + 10)
    assert _read(fleet, "gp1", *((*_OPER, n) for n in (3, 4, 5))) == [1, 2, 1]
    assert _read(fleet, "gp2", *((*_OPER, n) for n in (3, 4))) == [2, 1]
    assert _read(fleet, "gp1", octets, now=NOW + 20) == _read(fleet, "gp1", octets, now=NOW + 300)
    frozen = _read(fleet, "gp1", octets, now=NOW + 300)
    fleet.set_effects((), NOW + 300)
    assert _read(fleet, "gp1", (*_OPER, 4)) == [1]
    assert frozen < _read(fleet, "gp1", octets, now=NOW + 400)


def test_a_port_goes_down_with_the_device_behind_it_and_that_device_counts_from_0(fleet: Fleet) -> None:
    octets = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 3)
    fleet.set_effects((_effect(fleet, _FAILED, device="gp3"),), NOW)
    assert _read(fleet, "gp2", (*_OPER, 4)) == [2]
    fleet.set_effects((), NOW + 100)
    assert _read(fleet, "gp2", (*_OPER, 4)) == [1]
    assert _read(fleet, "gp3", _UPTIME, octets, now=NOW + 100) == [0, 0]
    ticks, counted = _read(fleet, "gp3", _UPTIME, octets, now=NOW + 110)
    assert ticks == 1000
    assert 0 < counted < 100_000_000


def _ont(fleet: Fleet, number: int) -> list[int]:
    """Run state, last-down cause, received power of an ONT, as olt1 tells it."""
    return _read(
        fleet, "olt1", *((*_XPON, *column, _PON_3, number) for column in ((46, 1, 15), (46, 1, 24), (51, 1, 4)))
    )


def test_an_olt_tells_why_an_ont_is_gone(fleet: Fleet) -> None:
    state, cause, light = _ont(fleet, 5)
    assert (state, cause) == (1, -1)
    assert -2900 < light < -1500
    fleet.set_effects((_effect(fleet, _FIBRE, link="pon-5"),), NOW)
    assert _ont(fleet, 5) == [2, 2, 2147483647]  # the PON's other ONTs are heard: LOSi
    assert _ont(fleet, 6)[0] == 1
    assert _read(fleet, "olt1", (*_OPER, _PON_3)) == [1]
    fleet.set_effects((_effect(fleet, _POWER, site="gp5"), _effect(fleet, _FIBRE, link="olt1:0/1/3")), NOW + 60)
    assert _ont(fleet, 5)[:2] == [2, 2]  # it was gone already: the cause stays
    assert _ont(fleet, 6)[:2] == [2, 1]
    assert _read(fleet, "olt1", (*_OPER, _PON_3)) == [2]
    fleet.set_effects((), NOW + 90)
    fleet.set_effects((_effect(fleet, _OFF, device="ont6"),), NOW + 120)
    assert _ont(fleet, 5)[:2] == [1, 2]
    assert _ont(fleet, 6) == [2, 13, 2147483647]


_UPS_MIB = (1, 3, 6, 1, 2, 1, 33, 1)
_SOURCE, _SECONDS, _MINUTES, _CHARGE, _VOLTS = (
    (*_UPS_MIB, 4, 1, 0), (*_UPS_MIB, 2, 2, 0), (*_UPS_MIB, 2, 3, 0), (*_UPS_MIB, 2, 4, 0), (*_UPS_MIB, 3, 3, 1, 3, 1),
)  # fmt: skip


def test_a_ups_carries_its_site_until_its_battery_is_empty(fleet: Fleet) -> None:
    cut = (_effect(fleet, _POWER, site="gp2"),)  # two minutes of battery
    assert _read(fleet, "ups2", _SOURCE, _SECONDS, _CHARGE) == [3, 0, 100]
    fleet.set_effects(cut, NOW)
    assert _read(fleet, "ups2", _SOURCE, _SECONDS, _MINUTES, _CHARGE, _VOLTS, now=NOW + 60) == [5, 60, 1, 50, 0]
    assert "gp2" not in _silent(fleet)
    empty = fleet.world.next_empty(NOW)
    assert empty == pytest.approx(NOW + 120)
    fleet.set_effects(cut, NOW + 120.001)
    assert {"gp2", "ups2"} <= _silent(fleet)
    fleet.set_effects((), NOW + 600)
    assert _silent(fleet) == set()
    assert _read(fleet, "ups2", _SOURCE, _SECONDS, _CHARGE, now=NOW + 600) == [3, 0, 0]
    assert _read(fleet, "ups2", _CHARGE, now=NOW + 600 + 7200) == [50]


def test_loss_hits_the_device_alone(fleet: Fleet) -> None:
    fleet.set_effects((_effect(fleet, Kind.LOSS, device="gp1"),), NOW)
    assert [fleet.agents[name].loss for name in ("gp1", "gp2")] == [0.3, 0.0]
    fleet.set_effects((), NOW)
    assert fleet.agents["gp1"].loss == 0.0


def _truth(fleet: Fleet, *effects: Effect) -> dict[tuple[str, str], tuple[str, str, bool]]:
    fleet.set_effects(effects, NOW)
    found = truth.outages(fleet.world.condition, Places(fleet.world.inventory))
    return {(str(kind), name): (each.status, each.cause, each.root) for (kind, name), each in found.items()}


def test_the_truth_of_a_trunk_cut_has_one_root(fleet: Fleet) -> None:
    found = _truth(fleet, _effect(fleet, _FIBRE, link="olt1:0/1/3"))
    assert [key for key, (_, _, root) in found.items() if root] == [("link", "olt1:0/1/3")]
    assert found["link", "olt1:0/1/3"] == ("down", "fibre", True)
    assert {name for kind, name in found if kind == "site"} == {"gp5", "gp6", "gp7", "kendra5", "kendra6"}
    assert {name for kind, name in found if kind == "village"} == {"village:V5", "village:V6", "village:V7"}
    assert {value for key, value in found.items() if key[0] != "link"} == {("down", "upstream", False)}


def test_the_truth_of_a_ring_cut_is_the_link_alone(fleet: Fleet) -> None:
    assert _truth(fleet, _effect(fleet, _FIBRE, link="ring-1-2")) == {("link", "ring-1-2"): ("down", "fibre", True)}


def test_the_truth_of_a_power_cut_tells_dark_sites_from_those_on_battery(fleet: Fleet) -> None:
    found = _truth(fleet, _effect(fleet, _POWER, feeder="feeder-0"))
    sites = {name: value for (kind, name), value in found.items() if kind == "site"}
    assert sites == {
        **dict.fromkeys(("gp1", "kendra1", "kendra2"), ("down", "power", True)),
        **dict.fromkeys(("gp2", "gp3"), ("degraded", "power", True)),
    }
    assert found["device", "gp1"] == ("down", "power", False)
    assert found["village", "village:V3"] == ("down", "power", False)  # its kendra is kendra2


def test_the_log_writes_intervals_when_they_end_and_open_ones_at_the_close() -> None:
    out = io.StringIO()
    out.close = lambda: None  # type: ignore[method-assign]  # the text is read after the log's close
    log, down = TruthLog(out), Outage("down", "fibre", True)
    log.update({(Subject.LINK, "a"): down}, NOW)
    log.update({(Subject.LINK, "a"): down, (Subject.SITE, "s"): Outage("degraded", "power", True)}, NOW + 1)
    assert out.getvalue() == ""
    log.update({(Subject.SITE, "s"): Outage("down", "power", True)}, NOW + 2.5)
    log.close()
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(row["subject"], row["status"], row["from"][-10:], row["to"] and row["to"][-10:]) for row in rows] == [
        ("a", "down", "13:20.000Z", "13:22.500Z"),
        ("s", "degraded", "13:21.000Z", "13:22.500Z"),
        ("s", "down", "13:22.500Z", None),
    ]
    assert set(rows[0]) == {"subject", "subject_kind", "status", "cause", "root", "from", "to"}


def test_an_inventory_without_a_noc_is_refused(small: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    devices = {name: device for name, device in small.devices.items() if name != "noc-r1"}
    links = {name: link for name, link in small.links.items() if name not in ("noc-pop1", "noc-pop2")}
    with pytest.raises(ValueError, match="no device at a site of kind noc"):
        Fleet(replace(small, devices=devices, links=links), NOW)
