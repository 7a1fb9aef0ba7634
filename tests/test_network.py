"""What the network hangs on: rules about rings, and single points by what is stored."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

import manage
from inventory.scope import Scope
from inventory.store import apply
from readiness.model import SubjectKind
from readiness.network import Network, SinglePoint, of_rings
from readiness.rules import graph as graphs
from readiness.rules.columns import DOWN, UNKNOWN, UP
from readiness.rules.rings import RingStatus, rings_of
from tests.judged import MONDAY, set_state
from tests.pages import NOW, app_over, seen_at
from tests.small import DISTRICT, small_inventory


@pytest.mark.parametrize(
    ("links", "devices", "status"),
    [
        ({}, {}, RingStatus.WHOLE),
        ({"ring-1-2": DOWN}, {}, RingStatus.ONE_ARMED),
        ({"ring-1-2": DOWN, "ring-1-4": UNKNOWN}, {"gp4": UNKNOWN}, RingStatus.UNKNOWN),  # gp4 may be cut off
        ({"ring-1-2": DOWN, "ring-1-4": UNKNOWN}, {}, RingStatus.ONE_ARMED),
        ({"ring-1-2": DOWN, "ring-1-4": DOWN}, {"gp3": DOWN, "gp4": DOWN}, RingStatus.BROKEN),
        ({}, {"gp2": DOWN}, RingStatus.BROKEN),
        ({"ring-1-1": UNKNOWN}, {}, RingStatus.UNKNOWN),
        ({"lan-1": DOWN}, {"pc1": DOWN, "radio8": DOWN}, RingStatus.WHOLE),
    ],
)
def test_a_ring_by_its_links_and_boxes(links: dict[str, int], devices: dict[str, int], status: RingStatus) -> None:
    graph = graphs.build(small_inventory())
    of_devices, of_links = np.full(len(graph.names), UP, np.int8), np.full(len(graph.a), UP, np.int8)
    for name, code in devices.items():
        of_devices[graph.index[name]] = code
    for name, code in links.items():
        of_links[graph.link_index[name]] = code
    (ring,) = rings_of(graph, of_devices, of_links)
    assert (ring.name, ring.status) == ("ring-1", status)
    assert {graph.link_names[link] for link in ring.links} == {name for name in links if links[name] == DOWN} - {
        "lan-1"
    }


def works(engine: Engine) -> Network:
    inventory = small_inventory()
    apply(engine, inventory, MONDAY)
    for name in inventory.links:
        set_state(engine, "link", name, "up")
    for name, device in inventory.devices.items():
        if device.primary_ip or device.seen_through:
            set_state(engine, "device", name, "up")
    return Network(inventory)


def test_single_points_and_rings_follow_what_is_stored(engine: Engine, tmp_path: Path) -> None:
    network = works(engine)
    before = network.single_points(engine, Scope())
    assert before[0] == SinglePoint(SubjectKind.DEVICE, "noc-r1", 8, 28_000)
    assert SinglePoint(SubjectKind.LINK, "olt1:0/1/3", 3, 18_000) in before
    assert SinglePoint(SubjectKind.DEVICE, "radio8", 1, None) in before
    assert [row.status for row in network.rings(engine, Scope())] == [RingStatus.WHOLE]
    set_state(engine, "link", "ring-1-4", "down")
    after = {row.subject: row.villages for row in network.single_points(engine, Scope())}
    assert (after["ring-1-0"], after["ring-1-1"]) == (4, 3)
    assert "ring-1-0" not in {row.subject for row in before}
    (ring,) = network.rings(engine, Scope())
    assert (ring.status, ring.since, ring.missing, ring.boxes) == (RingStatus.ONE_ARMED, MONDAY, ("ring-1-4",), 6)
    assert network.single_points(engine, Scope("block:3591"))
    for scope in (Scope(), Scope(DISTRICT), Scope("gp:G1"), Scope("gp:G8")):  # the last is on no ring
        alone = of_rings(small_inventory(), scope, 100)
        assert alone is not None
        assert alone.rings(engine, scope) == network.rings(engine, scope)
    assert of_rings(small_inventory(), Scope(), 2) is None  # too many links
    with TestClient(app_over(engine, small_inventory(), tmp_path, DISTRICT), base_url="http://127.0.0.1") as client:
        assert client.get("/api/v1/rings?status=one_armed").json()[0]["missing"] == ["ring-1-4"]
        assert client.get("/api/v1/rings?status=whole").json() == []
        page = client.get(f"/en/area/{DISTRICT}").text
        assert "without a second way 1" in page
        assert "in another area" in client.get("/en/area/gp:G1").text
        assert re.search("ring-1.*without a second way.*ring-1-4", page[page.index("<details") :], re.DOTALL)
        points = client.get("/api/v1/single-points?limit=1").json()
        assert points == [{"kind": "device", "subject": "noc-r1", "villages": 8, "citizens": 28000, "seen": True}]


def test_a_page_says_where_its_rings_are_too_many(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works(engine)
    monkeypatch.setattr("api.ringed.MOST_LINKS", 2)
    with TestClient(app_over(engine, small_inventory(), tmp_path), base_url="http://127.0.0.1") as client:
        assert "too many for one page: choose a district" in client.get("/en/").text
        assert "too many for one page" not in client.get("/en/area/gp:G8").text  # it has none


def test_nothing_of_the_network_is_known_since_nobody_watches(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = works(engine)
    set_state(engine, "link", "ring-1-4", "down")
    blind = NOW - timedelta(days=3)
    (ring,) = network.rings(engine, Scope(), blind_since=blind)
    assert (ring.status, ring.since, ring.missing) == (RingStatus.UNKNOWN, None, ())
    assert all(row.seen for row in network.single_points(engine, Scope()))
    points = network.single_points(engine, Scope(), blind_since=blind)
    assert "ring-1-0" not in {row.subject for row in points}  # taken to work, like all that nobody sees
    assert not any(row.seen for row in points)
    seen_at(engine, blind)
    with TestClient(app_over(engine, small_inventory(), tmp_path, DISTRICT), base_url="http://127.0.0.1") as client:
        assert [row["status"] for row in client.get("/api/v1/rings").json()] == ["unknown"]
        assert {row["seen"] for row in client.get("/api/v1/single-points").json()} == {False}
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", engine.url.render_as_string(hide_password=False))
    for command, key, told in (("rings", "status", "unknown"), ("single-points", "seen", False)):
        answer = CliRunner().invoke(manage.app, [command, "--json"])
        assert {json.loads(line)[key] for line in answer.stdout.splitlines()} == {told}
        assert "no observation since" in answer.stderr
    told = json.loads(CliRunner().invoke(manage.app, ["status", "--json"]).stdout)
    assert (told["rings"], told["rings_lost"]) == ({"whole": 0, "one_armed": 0, "broken": 0, "unknown": 1}, [])
    seen_at(engine, datetime.now(UTC))
    told = json.loads(CliRunner().invoke(manage.app, ["status", DISTRICT, "--json"]).stdout)
    assert told["rings"]["one_armed"] == 1
    assert [(row["ring"], row["missing"], row["since"]) for row in told["rings_lost"]] == [
        ("ring-1", ["ring-1-4"], f"{MONDAY.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    ]
