"""Discovery: who may be asked, and what is proposed of it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from collectors.catalogue import load_profiles
from collectors.discovery import stations
from collectors.discovery.behind import Ends, Hearing
from collectors.discovery.cli import as_object, discover
from collectors.discovery.explore import Bounds, Explored, explore
from collectors.discovery.look import Seen, hints, look
from collectors.discovery.propose import propose
from collectors.model import Failure, Reason
from collectors.reading.model import Neighbour
from collectors.snmp.backend import Target, Value
from collectors.snmp.open import open_backend
from inventory.files import read_folder, write_folder
from inventory.model import Inventory
from tests.fake_snmp import FakeBackend, FakeDevice
from tests.small import small_inventory
from tests.snmpd import COMMUNITY, NAME, snmpd

NETWORK = (ip_network("127.1.0.0/16"),)


def seen(address: str, name: str = "", *neighbours: Neighbour, role: str = "router") -> Seen:
    return Seen(address, name, "", "", "generic-router", role, neighbours=neighbours)


def _mac(last: int) -> bytes:
    return bytes((0, 0x11, 0x22, 0, 0, last))


class Places:
    """Answers for these; remembers who was asked."""

    def __init__(self, *there: Seen) -> None:
        self.there = {one.address: one for one in there}
        self.asked: list[str] = []

    async def __call__(self, address: str) -> Seen | Failure:
        self.asked.append(address)
        return self.there.get(address, Failure(Reason.TIMEOUT))


A = replace(seen("127.1.0.1"), hints=(("lldp", "127.1.0.2"), ("arp", "10.0.0.9"), ("arp", "no address")))
B = replace(seen("127.1.0.2"), hints=(("cdp", "127.1.0.1"), ("arp", "127.1.0.3")))


async def test_seeds_and_what_they_tell_inside_the_networks_are_asked_once() -> None:
    places = Places(A, B)
    found = await explore(["127.1.0.1"], Bounds(NETWORK, rate=1000), places, sweep=False)
    assert places.asked == ["127.1.0.1", "127.1.0.2", "127.1.0.3"]
    assert found.seen == [A, B]
    assert found.told == {"10.0.0.9": "arp", "no address": "arp"}


async def test_without_a_network_only_seeds_are_asked() -> None:
    places = Places(A, B)
    await explore(["127.1.0.1", "127.1.0.1"], Bounds(rate=1000), places, sweep=False)
    assert places.asked == ["127.1.0.1"]


async def test_a_sweep_asks_every_host_and_no_more_than_allowed() -> None:
    places = Places()
    small = Bounds((ip_network("127.5.0.0/29"),), rate=1000)
    found = await explore(["127.1.0.1"], small, places, sweep=True)
    assert places.asked == ["127.1.0.1", *(f"127.5.0.{n}" for n in range(1, 7))]
    assert (small.size(sweep=True), small.size(sweep=False), found.left_out) == (8, 0, 0)
    places.asked.clear()
    found = await explore(["127.1.0.1"], replace(small, most=3), places, sweep=True)
    assert (found.asked, found.left_out, len(places.asked)) == (3, 4, 3)


def test_addresses_are_found_in_tables() -> None:
    walked: Mapping[str, Mapping[str, Value]] = {
        "1.0.8802.1.1.2.1.4.2.1.3": {"0.3.1.1.4.10.0.0.7": 2, "0.3.1.2.16.1.2.3.4": 2, "5": 1},
        "1.3.6.1.4.1.9.9.23.1.2.1.1.4": {"1.1": b"\x0a\0\0\x08", "1.2": b"name", "1.3": b"\x01"},
        "1.3.6.1.2.1.4.22.1.2": {"1.10.0.0.9": _mac(9), "1.10.0.0.10": bytes(6)},  # .10: asked for in vain
        "1.3.6.1.2.1.4.35.1.4": {"1.1.4.10.0.0.11": _mac(11), "1.2.16.1.2.3": _mac(12), "1.1.4.10.0.0.9": _mac(9)},
    }
    assert list(hints(walked)) == [
        ("lldp", "10.0.0.7"), ("cdp", "10.0.0.8"), ("cdp", "110.97.109.101"), ("arp", "10.0.0.9"),
        ("arp", "10.0.0.11"), ("arp", "10.0.0.9"),
    ]  # fmt: skip


async def test_a_device_is_looked_at() -> None:
    remote = "1.0.8802.1.1.2.1.4.1.1"
    objects: dict[str, Value] = {
        "1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.99999.1",
        "1.3.6.1.2.1.1.5.0": b"gp-7",
        "1.0.8802.1.1.2.1.3.2.0": bytes(range(6)),
        "1.0.8802.1.1.2.1.3.7.1.3.4": b"ge4",
        f"{remote}.5.0.4.1": b"other",
        f"{remote}.7.0.4.1": b"ge1",
        f"{remote}.9.0.4.1": b"pop-r1",
        "1.3.6.1.2.1.4.20.1.1.127.1.0.9": "127.1.0.9",
    }
    found = await look(FakeBackend({"127.1.0.9": FakeDevice(objects)}), Target("127.1.0.9"), load_profiles())
    assert isinstance(found, Seen)
    assert (found.name, found.chassis, found.own) == ("gp-7", "00:01:02:03:04:05", ("127.1.0.9",))
    assert found.neighbours == (Neighbour(local_port="ge4", chassis_id="other", port_id="ge1", system_name="pop-r1"),)


@pytest.mark.server
@pytest.mark.parametrize("backend", ["gufo", "pysnmp"])
async def test_a_real_agent_is_looked_at(tmp_path: Path, backend: str) -> None:
    """Debian's snmpd, which tells its own addresses and its machine's ARP table."""
    opened = open_backend(backend)
    with snmpd(tmp_path) as port:
        try:
            found = await look(opened, Target("127.0.0.1", port, 2, COMMUNITY, timeout_s=5.0), load_profiles())
        finally:
            await opened.close()
    assert isinstance(found, Seen), found
    assert (found.name, found.role) == (NAME, "pc")
    assert "127.0.0.1" in found.own
    assert {how for how, _ in found.hints} <= {"arp"}


def to(name: str, local: str, port: str, chassis: str = "") -> Neighbour:
    return Neighbour(local_port=local, port_id=port, system_name=name or None, chassis_id=chassis or None)


def proposed(*found: Seen, site: str = "") -> tuple[list[tuple[str, str, bool]], list[tuple[str, Ends, bool]]]:
    proposal = propose(small_inventory(), found, site=site, credential="net")
    boxes = [(box.status, box.name, box.row is not None) for box in proposal.boxes]
    return boxes, [(wire.status, wire.ends, wire.row is not None) for wire in proposal.wires]


def test_what_the_inventory_has_is_known_and_needs_no_row() -> None:
    boxes, wires = proposed(seen("127.1.1.1", "anything", to("pop-r2", "GE0/0/9", "GE0/0/9")), seen("127.1.1.2", "x"))
    assert boxes == [("known", "pop-r1", False), ("known", "pop-r2", False)]
    assert wires == [("known", Ends("pop-r1", "GE0/0/9", "pop-r2", "GE0/0/9"), False)]


def test_a_device_at_another_address_has_moved() -> None:
    assert proposed(seen("127.9.9.9", "pop-r2"))[0] == [("moved", "pop-r2", True)]


def test_a_name_that_somebody_bears_tells_nobody_else_apart() -> None:
    found = seen("127.9.9.9", "pop-r1"), seen("127.1.1.1", "pop-r1"), seen("127.7.0.1", "box"), seen("127.7.0.2", "box")
    proposal = propose(small_inventory(), found, site="pop", credential="net")
    assert [(box.status, box.name) for box in proposal.boxes] == [
        ("new", "127.9.9.9"), ("known", "pop-r1"), ("new", "box"), ("new", "127.7.0.2"),
    ]  # fmt: skip
    assert proposal.applied(small_inventory()).devices["pop-r1"].primary_ip == "127.1.1.1"


def test_another_address_of_a_box_is_no_other_box() -> None:
    known, new, loopback = "127.1.1.1", ("127.7.0.1", "127.7.0.2"), "10.255.0.1"
    found = [
        replace(seen(loopback, "core"), own=(loopback, known, "192.168.1.1")),
        replace(seen(known, "core", to("box", "GE1", "p1")), own=(loopback, known, "192.168.1.1")),
        *(replace(seen(one, "box"), own=new) for one in new),
        replace(seen("192.168.1.1", "core"), own=("192.168.1.1",)),  # somebody else's private address
    ]
    boxes, wires = proposed(*found, site="pop")
    assert boxes == [
        ("address", "pop-r1", False), ("known", "pop-r1", False), ("new", "box", True), ("address", "box", False),
        ("new", "core", True),
    ]  # fmt: skip
    assert wires == [("new", Ends("pop-r1", "GE1", "box", "p1"), True)]


def test_a_new_device_stands_where_its_known_neighbour_does() -> None:
    known = seen("127.1.1.1", "r", to("new-sw", "GE1", "p1"))
    new = seen("127.7.0.1", "new-sw", to("", "p1", "GE1", "aa"), role="switch")
    boxes, wires = proposed(replace(known, chassis="aa"), new)
    assert boxes == [("known", "pop-r1", False), ("new", "new-sw", True)]
    assert wires == [("new", Ends("pop-r1", "GE1", "new-sw", "p1"), True)]  # once, though both tell it


@pytest.mark.parametrize(
    ("site", "role", "has_row"), [("", "router", False), ("pop", "router", True), ("pop", "", False)]
)
def test_without_a_site_or_a_role_there_is_no_row(site: str, role: str, has_row: bool) -> None:
    assert proposed(seen("127.7.0.1", "stranger", role=role), site=site)[0] == [("new", "stranger", has_row)]


def test_a_link_that_its_ends_do_not_tell_is_missing() -> None:
    one, other = seen("127.1.1.1", "", to("olt1", "GE0/0/8", "ethernet0/9/0")), seen("127.1.1.2")
    assert proposed(one, other)[1] == [
        ("known", Ends("pop-r1", "GE0/0/8", "olt1", "ethernet0/9/0"), False),
        ("missing", Ends("pop-r1", "GE0/0/9", "pop-r2", "GE0/0/9"), False),
    ]
    assert proposed(seen("127.1.1.1"), other)[1] == []  # neither tells of any neighbour: that proves nothing


def test_the_proposal_is_an_inventory_that_can_be_imported(tmp_path: Path) -> None:
    before = small_inventory()
    found = [seen("127.1.1.1", "", to("new-sw", "GE1", "p1")), seen("127.7.0.1", "new-sw", role="switch")]
    write_folder(propose(before, found, site="", credential="net").applied(before), tmp_path)
    loaded = read_folder(tmp_path, day=date(2026, 11, 22))
    assert loaded.problems == ()
    assert set(loaded.inventory.devices) - set(before.devices) == {"new-sw"}
    assert loaded.inventory.devices["new-sw"].site == "pop"
    assert len(loaded.inventory.links) == len(before.links) + 1


def test_what_is_printed_names_what_was_not_asked() -> None:
    explored = Explored(2, [seen("127.7.0.1", "x")], {"10.0.0.9": "arp"})
    told = as_object(explored, propose(Inventory(), explored.seen, site="", credential=""))
    assert json.loads(json.dumps(told))["told"] == [{"address": "10.0.0.9", "how": "arp"}]


def run(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(discover)
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--seed", "nowhere"), "nowhere"),
        (("--seed", "127.0.0.1", "--network", "10.0.0.0/99"), "10.0.0.0/99"),
        (("--seed", "127.0.0.1", "--network", "10.0.0.0/8", "--sweep"), "16777216"),
        (("--seed", "127.0.0.1", "--credential", "nobody"), "net"),
        (("--seed", "127.0.0.1", "--site", "nowhere"), "nowhere"),
    ],
)
def test_wrong_use_is_said(words: Sequence[str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.store.load", lambda _: small_inventory())
    monkeypatch.setattr("storage.engine.open_engine", lambda *_: None)
    code, output = run(*words)
    assert (code, says in output.replace("\n", " ")) == (2, True), output


def test_nobody_there_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.store.load", lambda _: small_inventory())
    monkeypatch.setattr("storage.engine.open_engine", lambda *_: None)
    monkeypatch.setenv("PAHUNCH_COLLECT__TIMEOUT_S", "0.05")
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "x")
    code, output = run("--seed", "127.66.0.1", "--json")
    assert (code, json.loads(output)["answered"]) == (0, 0)


def _hearing(name: str, address: str, *ports: tuple[str, Sequence[int]], role: str = "switch", own: int = 0) -> Seen:
    """A device whose MAC ends in `own`, and what it hears behind which port."""
    heard = tuple((port, b"".join(map(_mac, sorted(last)))) for port, last in ports)
    return replace(seen(address, name, role=role), heard=heard, macs=((_mac(own), "p0"),) if own else ())


def _wires_of(*found: Seen) -> list[tuple[str, Ends, bool]]:
    return [
        (wire.by, wire.ends, wire.row is not None) for wire in propose(Inventory(), found, site="", credential="").wires
    ]


def test_bridges_are_next_to_each_other_where_nobody_else_can_be_between() -> None:
    """a 1 - 1 b 2 - 1 c: everybody hears everybody, and unknown hosts (90 and up) on the way."""
    a = _hearing("a", "127.7.0.1", ("1", [2, 3, 90]), own=1)
    b = _hearing("b", "127.7.0.2", ("1", [1, 90]), ("2", [3, 91]), own=2)
    c = _hearing("c", "127.7.0.3", ("1", [1, 2, 91]), own=3)
    assert _wires_of(a, b, c) == [
        ("forwarding", Ends("a", "1", "b", "1"), False), ("forwarding", Ends("b", "2", "c", "1"), False),
    ]  # fmt: skip


def test_what_a_quiet_bridge_leaves_open_is_not_told() -> None:
    """Nobody hears b, so that a and c seem to be next to each other to a alone."""
    a = _hearing("a", "127.7.0.1", ("1", [3]), own=1)
    b = _hearing("b", "127.7.0.2", ("1", [1]), ("2", [3]), own=2)
    c = _hearing("c", "127.7.0.3", ("1", [1, 2]), own=3)
    assert ("forwarding", Ends("a", "1", "c", "1"), False) not in _wires_of(a, b, c)


@st.composite
def trees(draw: st.DrawFn) -> list[int]:
    """Of each bridge but the first, the one that it hangs from."""
    return [draw(st.integers(0, number)) for number in range(draw(st.integers(1, 8)))]


def _tables(above: Sequence[int], quiet: Collection[int]) -> dict[str, dict[str, frozenset[bytes]]]:
    """What each bridge of a tree hears: a port is named after the bridge behind it."""
    edges = {(one + 1, other) for one, other in enumerate(above)}
    near = {at: {a + b - at for a, b in edges if at in {a, b}} for at in range(len(above) + 1)}

    def beyond(at: int, before: int) -> set[int]:
        return {at}.union(*(beyond(other, at) for other in near[at] - {before}))

    return {
        str(at): {str(port): frozenset(map(_mac, beyond(port, at) - set(quiet))) for port in near[at]} for at in near
    }


@given(trees())
def test_of_whole_tables_every_wire_of_a_tree_is_told_and_no_other(above: list[int]) -> None:
    owners = {_mac(one): (str(one), "") for one in range(len(above) + 1)}
    told = Hearing(_tables(above, ()), owners).wires()
    assert sorted(sorted((ends.a, ends.b)) for ends in told) == sorted(
        sorted((str(a + 1), str(b))) for a, b in enumerate(above)
    )
    assert all((ends.a_port, ends.b_port) == (ends.b, ends.a) for ends in told)


@given(trees(), st.sets(st.integers(0, 8)))
def test_what_is_told_of_tables_without_the_quiet_is_true(above: list[int], quiet: set[int]) -> None:
    owners = {_mac(one): (str(one), "") for one in range(len(above) + 1)}
    told = Hearing(_tables(above, quiet), owners).wires()
    assert {frozenset((ends.a, ends.b)) for ends in told} <= {
        frozenset((str(a + 1), str(b))) for a, b in enumerate(above)
    }


@pytest.mark.parametrize(
    ("role", "heard", "told"),
    [
        ("router", [7], True),
        ("router", [7, 90], False),  # one host among others behind something unknown
        ("radio", [7, 90], True),  # which passes on what the other says
        ("radio", [7, 8], False),  # two that are known: either may be the nearer
    ],
)
def test_who_hears_nobody_is_next_to_whom_nobody_else_is_heard(role: str, heard: list[int], told: bool) -> None:
    switch = _hearing("switch", "127.7.0.1", ("2", heard), own=1)
    other = _hearing("other", "127.7.0.4", role="radio", own=8)
    leaf = _hearing("leaf", "127.7.0.2", role=role, own=7)
    found = _wires_of(switch, leaf, other)
    port = "p0" if role == "router" else ""  # a bridge's MAC is no port's
    assert (("forwarding", Ends("switch", "2", "leaf", port), False) in found) is told


def test_of_two_that_hear_a_leaf_the_nearer_hears_the_other_elsewhere() -> None:
    far = _hearing("far", "127.7.0.1", ("1", [7]), own=1)
    near = _hearing("near", "127.7.0.2", ("1", [7]), ("2", [1]), own=2)
    leaf = _hearing("leaf", "127.7.0.3", role="router", own=7)
    assert _wires_of(far, near, leaf) == [
        ("forwarding", Ends("near", "1", "leaf", "p0"), False), ("forwarding", Ends("near", "2", "far", ""), False),
    ]  # fmt: skip
    blind = replace(near, heard=near.heard[:1])
    assert _wires_of(far, blind, leaf) == []


def test_what_a_neighbour_tells_of_a_port_outweighs_what_is_heard_there() -> None:
    switch = _hearing("switch", "127.7.0.1", ("1", [7]), own=1)
    leaf = _hearing("leaf", "127.7.0.2", role="router", own=7)
    stranger = replace(switch, neighbours=(to("who knows", "1", "x"),))
    assert _wires_of(stranger, leaf) == []
    named = replace(switch, neighbours=(to("", "1", "ether1", chassis=_mac(7).hex(":")),))
    assert _wires_of(named, leaf) == [("neighbour", Ends("switch", "1", "leaf", "ether1"), False)]


def test_a_silent_device_is_found_by_its_address_in_somebodys_arp_table() -> None:
    """pop-r2 of the inventory tells nothing; the MAC that a router has told to be its own stays the router's."""
    router = replace(
        _hearing("gw", "127.7.0.9", role="router", own=9), arp=(("127.1.1.2", _mac(7)), ("127.1.1.3", _mac(9)))
    )
    switch = _hearing("sw", "127.7.0.1", ("2", [7]), ("3", [9]), own=1)
    _, wires = proposed(switch, router, site="pop")
    assert [ends for _, ends, _ in wires] == [Ends("sw", "2", "pop-r2", ""), Ends("sw", "3", "gw", "p0")]
    assert [row for _, _, row in wires] == [False, True]  # without both ports there is no row
    twice = replace(router, macs=((_mac(7), ""),))
    assert _wires_of(switch, twice, replace(twice, address="127.7.0.8", name="clone")) == []


def test_forwarding_tables_are_read_by_the_names_of_ports() -> None:
    walked: Mapping[str, Mapping[str, Value]] = {
        "1.3.6.1.2.1.17.1.4.1.2": {"1": 1001},
        "1.3.6.1.2.1.31.1.1.1.1": {"1001": b"ge1"},
        "1.3.6.1.2.1.2.2.1.2": {"2": b"two"},
        stations.BY_VLAN: {f"10.0.17.34.0.0.{last}": port for last, port in ((1, 1), (2, 2), (3, 0))},
        stations.PLAIN: {"0.17.34.0.0.4": 3, "1.0.94.0.0.1": 3, "0.0.94.0.1.7": 3, "1.2": 3, "0.17.34.0.0.999": 3},
    }
    assert stations.heard(walked) == (("3", _mac(4)), ("ge1", _mac(1)), ("two", _mac(2)))
    assert stations.macs(_mac(1) + _mac(2)) == {_mac(1), _mac(2)}


def test_a_mac_is_the_ports_that_alone_bears_it() -> None:
    walked: Mapping[str, Mapping[str, Value]] = {
        "1.3.6.1.2.1.2.2.1.2": {"1": b"ge1", "2": b"ge2", "3": b"ge2.100", "4": b"lo"},
        "1.3.6.1.2.1.2.2.1.3": {"1": 6, "2": 6, "3": 135},
        "1.3.6.1.2.1.2.2.1.6": {"1": _mac(1), "2": _mac(2), "3": _mac(2), "4": b"", "5": b"\0\0\x5e\0\1\7"},
        "1.3.6.1.2.1.17.1.1": {"0": _mac(9)},
    }
    assert dict(stations.own(walked)) == {_mac(1): "ge1", _mac(2): "ge2", _mac(9): ""}


async def test_the_plain_table_is_walked_where_there_is_none_by_vlan() -> None:
    objects: dict[str, Value] = {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.99999.1", f"{stations.PLAIN}.0.17.34.0.0.4": 3}
    for more, heard in (({}, _mac(4)), ({f"{stations.BY_VLAN}.1.0.17.34.0.0.5": 3}, _mac(5))):
        found = await look(FakeBackend({"127.1.0.9": FakeDevice(objects | more)}), Target("127.1.0.9"), load_profiles())
        assert isinstance(found, Seen)
        assert found.heard == (("3", heard),)
