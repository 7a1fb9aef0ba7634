"""What radios and UPSs say: values in the MIBs' types and ranges, that move with what happens to the box."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import ber
from simulator.boxes import Box
from simulator.condition import Effect
from simulator.fleet import Fleet
from simulator.message import Pdu
from simulator.mibs.kinds import view_of
from simulator.power import Battery
from simulator.traffic import moment
from simulator.view import Moving
from tests.simulated import ask, request, walk
from tests.small import small_inventory

NOW = 1_790_000_000.0
_AIROS = (1, 3, 6, 1, 4, 1, 41112, 1, 4)
_MIKROTIK = (1, 3, 6, 1, 4, 1, 14988, 1, 1, 1, 1, 1)
_EPMP = (1, 3, 6, 1, 4, 1, 17713, 21, 1, 2)
_UPS = (1, 3, 6, 1, 2, 1, 33, 1)


def _fleet(maker: str, kilometres: float | None = 5.0) -> Fleet:
    small = small_inventory()
    radio = replace(small.devices["radio8"], manufacturer=maker)
    link = replace(small.links["radio-8"], length_km=kilometres)
    devices, links = {**small.devices, radio.name: radio}, {**small.links, link.name: link}
    return Fleet(replace(small, devices=devices, links=links), NOW)


@pytest.fixture(scope="module", autouse=True)
def _community() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
        yield


def _values(fleet: Fleet, device: str, base: ber.Oid, now: float = NOW) -> Mapping[ber.Oid, tuple[int, int]]:
    """What lies below `base`, by the rest of its OID: tag and number."""
    found = walk(fleet.agents[device], moment(now))
    return {
        oid[len(base) :]: (value[0], int.from_bytes(value[2:], "big", signed=True))
        for oid, value in found
        if oid[: len(base)] == base
    }


def test_airos_tells_signal_noise_quality_and_rates() -> None:
    said = _values(_fleet("Ubiquiti"), "radio8", _AIROS)
    signal, noise, quality = said[5, 1, 5, 1], said[5, 1, 8, 1], said[5, 1, 7, 1]
    assert {tag for tag, _ in (signal, noise, quality)} == {ber.INTEGER}
    assert -75 <= signal[1] <= -55  # 5 km
    assert -97 <= noise[1] <= -92
    assert said[5, 1, 6, 1][1] == signal[1] + 96
    assert 50 <= quality[1] <= 99
    assert said[5, 1, 9, 1][1] >= 52_000_000
    assert said[5, 1, 15, 1] == (ber.GAUGE32, 1)
    assert said[1, 1, 7, 1] == (ber.INTEGER, 5000)
    assert said[1, 1, 4, 1] == (ber.INTEGER, 5780)


def test_mikrotik_tells_it_in_its_own_table_by_ifindex() -> None:
    said = _values(_fleet("MikroTik"), "radio8", _MIKROTIK)
    assert {key[1] for key in said} == {3}  # ifIndex of eth0, after lo and LAN1
    assert -75 <= said[4, 3][1] <= -55
    assert said[2, 3][0] == ber.GAUGE32
    assert said[2, 3][1] >= 52_000_000
    assert said[9, 3][0] == ber.COUNTER32


def test_epmp_tells_it_as_scalars() -> None:
    said = _values(_fleet("Cambium"), "radio8", _EPMP)
    assert -75 <= said[3, 0][1] <= -55
    assert 17 <= said[18, 0][1] <= 45
    assert said[1, 0][1] == 5780


@pytest.fixture(scope="module")
def radio() -> Box:
    return Fleet(small_inventory(), NOW).world.boxes["radio8"]


@given(near=st.floats(0.2, 20), more=st.floats(0, 20), later=st.floats(0, 1e6))
def test_farther_is_weaker_and_slower(radio: Box, near: float, more: float, later: float) -> None:
    """The values of one box as two links of different length would have them."""
    at, said = moment(NOW + later), []
    for kilometres in (near, near + more):
        radio.reach_km = kilometres
        view = view_of(radio)
        cells = [view.get((*_AIROS, 5, 1, column, 1)) for column in (5, 9)]
        said.append([cell.read(at) for cell in cells if isinstance(cell, Moving)])
    assert len(said[0]) == 2
    assert said[1][0] <= said[0][0]
    assert said[1][1] <= said[0][1]


def test_without_its_far_end_a_radio_hears_nothing() -> None:
    fleet = _fleet("Ubiquiti")
    fleet.set_effects((Effect(failed=frozenset({"pop-r2"})),), NOW)
    agent = fleet.agents["radio8"]  # silent to the NOC, but someone beside it could ask
    _, _, rows = ask(agent, request(Pdu.GET, [(*_AIROS, 5, 1, 5, 1), (*_AIROS, 5, 1, 9, 1)]), moment(NOW))
    assert [int.from_bytes(value[2:], "big", signed=True) for _, value in rows] == [-96, 0]


def test_an_olt_tells_the_light_of_its_pon_ports() -> None:
    said = _values(Fleet(small_inventory(), NOW), "olt1", (1, 3, 6, 1, 4, 1, 2011, 6, 128, 1, 1, 2, 23, 1))
    assert {key[1] for key in said} == {0xFA000000 + 8192 + 3 * 256}
    assert 280 <= said[4, 0xFA000000 + 8192 + 3 * 256][1] <= 370


# UPS


def _ups(now: float, effect: Effect) -> Mapping[ber.Oid, tuple[int, int]]:
    fleet = Fleet(small_inventory(), NOW)
    fleet.set_effects((effect,), NOW)
    return _values(fleet, "ups2", _UPS, now)


def test_a_ups_on_mains_is_well() -> None:
    said = _ups(NOW + 10, Effect())
    assert said[2, 1, 0] == (ber.INTEGER, 2)
    assert said[2, 4, 0] == (ber.INTEGER, 100)
    assert said[2, 6, 0][1] == 0
    assert said[3, 1, 0] == (ber.COUNTER32, 0)
    assert said[4, 1, 0] == (ber.INTEGER, 3)
    assert said[6, 1, 0] == (ber.GAUGE32, 0)
    assert 200 <= said[3, 3, 1, 3, 1][1] <= 250
    assert said[9, 1, 0] == (ber.INTEGER, 230)


def test_a_ups_on_battery_says_so_until_the_end() -> None:
    cut = Effect(mains=frozenset({"gp2"}), battery_minutes=10)
    said = _ups(NOW + 60, cut)
    assert said[4, 1, 0][1] == 5
    assert said[2, 2, 0][1] == 60
    assert said[2, 3, 0][1] == 9
    assert said[2, 6, 0][1] > 0
    assert said[3, 1, 0][1] == 1
    assert (said[3, 3, 1, 3, 1][1], said[3, 3, 1, 4, 1][1]) == (0, 0)
    assert said[6, 1, 0][1] == 2  # on battery, input bad
    last = _ups(NOW + 500, cut)
    assert last[2, 1, 0][1] == 3  # batteryLow
    assert last[6, 1, 0][1] == 3


@given(st.lists(st.tuples(st.floats(1, 20_000), st.floats(1, 20_000)), max_size=6), st.floats(1, 120))
def test_charge_and_runtime_stay_in_range_and_fall_only_on_battery(
    cycles: list[tuple[float, float]], minutes: float
) -> None:
    battery, now = Battery(), NOW
    for on_battery, on_mains in cycles:
        battery = battery.lose_mains(now, minutes, 4 * 3600.0)
        before = battery.charge_at(now)
        now += on_battery
        assert 0.0 <= battery.charge_at(now) <= before <= 1.0
        assert battery.seconds_left(now) <= minutes * 60
        battery = battery.regain_mains(now)
        before = battery.charge_at(now)
        now += on_mains
        assert before <= battery.charge_at(now) <= 1.0
    assert battery.outages == len(cycles)


def test_every_box_shows_its_engine() -> None:
    fleet = Fleet(small_inventory(), NOW)
    box: Box = fleet.world.boxes["gp1"]
    said = _values(fleet, "gp1", (1, 3, 6, 1, 6, 3, 10, 2, 1), NOW + 5)
    assert said[2, 0] == (ber.INTEGER, box.boots)
    assert said[3, 0] == (ber.INTEGER, int(NOW + 5 - box.boot))
