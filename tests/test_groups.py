"""Groups of MIB objects: for whom they are, what is wrong in them, and what is asked of a device."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.catalogue import ProfileError, load_groups, load_profiles
from collectors.group import Group, InterfaceCell, InterfaceTable
from collectors.model import Failure, Reason
from collectors.plan import make_plan
from collectors.profile import Bits
from collectors.read import read_device
from collectors.reading.interfaces import merged, more
from collectors.reading.model import Interface, Sensor
from collectors.reading.sensors import columns, sensors_of
from collectors.snmp.backend import Limits, Target, Value
from collectors.snmp.remember import Remembering
from tests.recorded import Recorded
from tests.test_sensors import ENTRY, INDICES, VALUES


class Counting(Recorded):
    """Counts requests; falls silent after `most` of them."""

    def __init__(self, rows: Mapping[str, Value], most: int = 1000) -> None:
        super().__init__(rows)
        self.left = most

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        self.left -= 1
        return Failure(Reason.TIMEOUT) if self.left < 0 else await super().walk(target, column, limits)


async def test_nothing_is_asked_twice_and_the_silent_are_left_alone() -> None:
    backend = Counting({"1.3.6.1.2.1.1.1.0": b"x", "1.3.6.1.5.1": 1, "1.3.6.1.5.2": 2}, most=2)
    one, target = Remembering(backend), Target("a")
    assert await one.get(target, ["1.3.6.1.2.1.1.1.0", "1.3.9.0"]) == {"1.3.6.1.2.1.1.1.0": b"x"}
    assert await one.get(target, ["1.3.9.0"]) == {}
    assert backend.asked == ["1.3.6.1.2.1.1.1.0", "1.3.9.0"]
    assert await one.walk(target, "1.3.6.1.5", Limits(rows=1, whole=False)) == {"1": 1}
    assert await one.walk(target, "1.3.6.1.5", Limits()) == {"1": 1, "2": 2}
    assert await one.walk(target, "1.3.6.1.5", Limits(rows=1, whole=False)) == {"1": 1}
    assert backend.left == 0
    assert await one.walk(target, "1.3.7", Limits()) == Failure(Reason.TIMEOUT)
    assert await one.walk(target, "1.3.8", Limits()) == Failure(Reason.TIMEOUT)
    assert backend.left == -1
    assert await one.get(target, ["1.3.8.0"]) == {}  # it may answer GETs


async def test_a_device_that_answers_no_walk_tells_what_a_get_can() -> None:
    rows: dict[str, Value] = {
        "1.3.6.1.2.1.1.1.0": b"RouterOS RB750Gr3",
        "1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.14988.1",
        "1.3.6.1.4.1.14988.1.1.7.3.0": b"ABC123",
    }
    told = await read_device(Counting(rows, most=0), Target("a"), load_profiles(), {14988: "MikroTik"})
    assert isinstance(told, tuple)
    reading = told[0]
    assert (reading.reached, reading.profile, reading.vendor) == (True, "mikrotik-routeros", "MikroTik")
    assert (reading.serial, reading.interfaces) == ("ABC123", None)
    assert Reason.TIMEOUT in {error.reason for error in reading.errors}


async def test_a_device_that_falls_silent_in_the_middle_gives_what_it_told(tmp_path: Path) -> None:
    rows: dict[str, Value] = {
        "1.3.6.1.2.1.1.1.0": b"Some Linux thing",
        "1.3.6.1.2.1.2.2.1.2.1": b"eth0",
        "1.3.6.1.2.1.2.2.1.8.1": 1,
    }
    told = await read_device(Counting(rows, most=12), Target("a"), load_profiles(), {}, groups=load_groups())
    assert isinstance(told, tuple)
    reading = told[0]
    assert reading.interfaces is not None
    assert reading.interfaces[0].name == "eth0"
    assert any(absent.reason == Reason.TIMEOUT for absent in reading.errors)


def test_groups_are_for_somebody_or_for_everybody() -> None:
    group = Group("g", object_ids=("1.3.6.1.4.1.318",), profiles=("apc-ups",))
    assert group.fits("1.3.6.1.4.1.318.1.3", "generic")
    assert group.fits("", "apc-ups")
    assert not group.fits("1.3.6.1.4.1.3180", "generic")
    assert Group("everybody").fits("", "generic")
    assert {group.name for group in load_groups() if group.common} >= {"ups-mib", "host-resources-mib", "printer-mib"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ('objekt_ids = ["1.3"]', "objekt_ids"),
        ('[[sensors]]\nentry = "1.3"\nmib = "X"\ncolumns = [{ kind = "warmth", column = "1", object = "x" }]', "kind"),
        ('[[sensors]]\nentry = "1.3"\nmib = "X"\ncolumns = [{ kind = "dbm", column = ".1", object = "x" }]', "column"),
        ('[[sensors]]\nentry = "1.3"\nmib = "X"\nname = "{what}"\ncolumns = [{ kind = "dbm", column = "1", object = "x" }]', "what"),
        ('[[sensors]]\nentry = "1.3"\nmib = "X"\ncolumns = [{ kind = "dbm", column = "1", object = "x", pattern = "(" }]', "regular"),
        ('[[sensors]]\nentry = "1.3"\nmib = "X"\nlabel = "5"\ncolumns = []', "label"),
        ('[identity]\nmodel = [{ oid = "1.3.6", form = "runes" }]', "runes"),
        ('[[tables]]\nname = "ont"\nindex = "row"\nrow = { name = "{slot}" }', "slot"),
        ('[[interfaces]]\nentry = "1.3"\nmib = "X"\ncolumns = { oper = ".3" }', "name"),
    ],
)  # fmt: skip
def test_a_wrong_group_is_named_with_its_key(tmp_path: Path, wrong: str, named: str) -> None:
    (tmp_path / "groups").mkdir()
    (tmp_path / "groups" / "box.toml").write_text(wrong)
    with pytest.raises(ProfileError, match=r"box\.toml") as raised:
        load_groups(tmp_path)
    assert named in str(raised.value)


@pytest.mark.parametrize(
    ("group", "oid", "value", "name", "state"),
    [
        ("huawei-vrp", "1.3.6.1.4.1.2011.5.25.256.1.3.1.4.7", 2, "ERPS ring 7", "2 protection"),
        ("huawei-vrp", "1.3.6.1.4.1.2011.5.25.113.2.2.1.4.1.3", 5, "RRPP domain 1 ring 3", "5 failed"),
        ("comware", "1.3.6.1.4.1.25506.2.45.2.2.1.4.1.3", 3, "RRPP domain 1 ring 3", "3 fault"),
        ("cisco", "1.3.6.1.4.1.9.9.601.1.3.1.1.4.10", 2, "REP segment 10", "2 incomplete"),
        ("switches", "1.3.6.1.4.1.171.14.78.1.5.1.18.2.82.49.1", 4, "ERPS 2.82.49.1", "4 protection"),
        ("routing-neighbours", "1.3.6.1.2.1.14.10.1.6.10.0.0.1.0", 8, "OSPF neighbour 10.0.0.1", "8 full"),
    ],
)
def test_rings_and_neighbours_are_told_in_words(group: str, oid: str, value: int, name: str, state: str) -> None:
    tables = [one for of in load_groups() if of.name == group for one in of.sensors]
    (told,) = [
        sensor
        for one in tables
        for column in columns(one)
        if oid.startswith(f"{column}.")
        for sensor in sensors_of(one, {}, {column: {oid.removeprefix(f"{column}."): value}})
    ]
    assert (told.name, f"{told.value:g} {told.text}") == (name, state)


PORTS = InterfaceTable(
    ENTRY,
    "X-MIB",
    {InterfaceCell.NAME: ".2", InterfaceCell.OPER: ".3", InterfaceCell.IN_OCTETS: "1.3.6.1.4.1.99999.2.1.7"},
    Bits(0, plus=1000),
    oper={1: "up"},
)


def test_interfaces_of_a_makers_own_table_stand_behind_those_of_if_mib() -> None:
    walked: dict[str, dict[str, Value]] = {
        f"{ENTRY}.2": {"1": b"pon1", "2": b"", "x": b"pon3", "4": b"pon4"},
        f"{ENTRY}.3": {"1": 1, "4": 77},
        "1.3.6.1.4.1.99999.2.1.7": {"1": 5, "4": -1},
    }
    pon1, pon4 = Interface(index=1001, name="pon1", oper="up", in_octets=5), Interface(index=1004, name="pon4")
    assert tuple(more(PORTS, walked)) == (pon1, pon4)
    known = (Interface(index=2, name="eth2"), Interface(index=1004, name="eth1004"))
    assert merged(known, (pon1, pon4)) == (known[0], pon1, known[1])


@given(st.dictionaries(INDICES, VALUES), st.dictionaries(INDICES, VALUES))
def test_no_table_of_interfaces_is_too_hostile(names: dict[str, Value], cells: dict[str, Value]) -> None:
    walked = {f"{ENTRY}.2": names, f"{ENTRY}.3": cells, "1.3.6.1.4.1.99999.2.1.7": cells}
    assert all(one.name and one.index for one in more(PORTS, walked))


async def test_a_new_vendor_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "groups").mkdir()
    (tmp_path / "groups" / "acme.toml").write_text(
        """object_ids = ["1.3.6.1.4.1.99999"]
[identity]
vendor = [{ text = "Acme" }]
model = [{ oid = "1.3.6.1.4.1.99999.2.0", values = { 3 = "Anvil 3000" } }]
os_version = [{ pattern = 'v(\\d+)\\.(\\d+)', join = "{0} sp {1}" }]
serial = [{ oid = "1.3.6.1.4.1.99999.4.0", form = "hex" }]
[[sensors]]
entry = "1.3.6.1.4.1.99999.1"
mib = "ACME-MIB"
columns = [{ kind = "temperature", column = "1.0", object = "heat", name = "Heat", scale = 0.5 }]
"""
    )
    rows: dict[str, Value] = {
        "1.3.6.1.2.1.1.1.0": b"Box v4.2",
        "1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.99999.7",
        f"{ENTRY}.1.0": 43,
        "1.3.6.1.4.1.99999.2.0": 3,
        "1.3.6.1.4.1.99999.4.0": bytes.fromhex("00af10"),
    }
    told = await read_device(Recorded(rows), Target("a"), load_profiles(), {}, groups=load_groups(tmp_path))
    assert isinstance(told, tuple)
    reading = told[0]
    assert (reading.vendor, reading.model, reading.os_version) == ("Acme", "Anvil 3000", "4 sp 2")
    assert reading.serial == "00AF10"
    assert reading.sensors == (Sensor(kind="temperature", index="0", name="Heat", value=21.5, unit="°C"),)


def test_what_polls_read_stays_small() -> None:
    """Groups are the probe's; a profile has at most 31 reads with budgets of their own, ONT optics at most hourly."""
    for profile in load_profiles().values():
        plan = make_plan(profile, ((1, "a"), (2, "b")))
        assert len(plan.reads) <= 31, profile.name
        for one in (read for of in profile.tables for read in of.columns):
            if one.metric in {"ont_rx_dbm", "ont_distance_m", "optical_rx_dbm", "optical_tx_dbm"}:
                assert one.every_s >= 3600, (profile.name, one.metric)
            if one.metric.startswith("ont_"):
                assert one.every_s >= 60, (profile.name, one.metric)
