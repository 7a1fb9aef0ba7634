"""Discovery: who may be asked, and what is proposed of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from collectors.catalogue import load_profiles
from collectors.discovery.cli import as_object, discover
from collectors.discovery.explore import Bounds, Explored, explore
from collectors.discovery.look import Seen, hints, look
from collectors.discovery.propose import Ends, propose
from collectors.model import Failure, Reason
from collectors.reading.model import Neighbour
from collectors.snmp.backend import Target, Value
from inventory.files import read_folder, write_folder
from inventory.model import Inventory
from tests.fake_snmp import FakeBackend, FakeDevice
from tests.small import small_inventory

NETWORK = (ip_network("127.1.0.0/16"),)


def seen(address: str, name: str = "", *neighbours: Neighbour, role: str = "router") -> Seen:
    return Seen(address, name, "", "", "generic-router", role, neighbours=neighbours)


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
        "1.3.6.1.2.1.4.22.1.3": {"1.10.0.0.9": "10.0.0.9"},
    }
    assert list(hints(walked)) == [
        ("lldp", "10.0.0.7"), ("cdp", "10.0.0.8"), ("cdp", "110.97.109.101"), ("arp", "10.0.0.9")
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
    }
    found = await look(FakeBackend({"127.1.0.9": FakeDevice(objects)}), Target("127.1.0.9"), load_profiles())
    assert isinstance(found, Seen)
    assert (found.name, found.chassis) == ("gp-7", "00:01:02:03:04:05")
    assert found.neighbours == (Neighbour(local_port="ge4", chassis_id="other", port_id="ge1", system_name="pop-r1"),)


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
