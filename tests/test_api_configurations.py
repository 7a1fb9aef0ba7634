"""Configurations over the API: versions, what changed between them, and events."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from collectors.config.keys import note_key
from collectors.config.store import keep
from tests.pages import NOW, app_over, fill, two_districts

PATH = "/api/v1/devices/gp1/configurations"


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> Iterator[TestClient]:
    inventory = two_districts()
    fill(engine, inventory)
    for day, text in enumerate(("hostname a\nx\n", "hostname b\nx\n", "hostname b\nx\n", "hostname c\nx\n")):
        keep(engine, "gp1", "frr", text, NOW + timedelta(days=day))
    keep(engine, "gp2", "frr", "hostname z\n", NOW)
    note_key(engine, "gp2", "ssh-ed25519 SHA256:x", NOW + timedelta(days=9))
    with TestClient(app_over(engine, inventory, tmp_path), base_url="http://127.0.0.1") as client:
        yield client


def test_versions_and_what_changed_between_them(client: TestClient) -> None:
    newest, middle, oldest = client.get(PATH).json()
    assert (middle["platform"], middle["from_at"], middle["seen_at"]) == (
        "frr", "2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z",
    )  # fmt: skip
    last = client.get(f"{PATH}/diff").json()
    assert (last["device"], last["before"], last["after"]) == ("gp1", middle["id"], newest["id"])
    assert last["diff"].splitlines()[2:] == ["@@ -1,2 +1,2 @@", "-hostname b", "+hostname c", " x"]
    whole = client.get(f"{PATH}/diff", params={"from": oldest["id"], "to": newest["id"]}).json()["diff"]
    assert "-hostname a\n+hostname c\n" in whole
    assert client.get(f"{PATH}/diff", params={"to": middle["id"]}).json()["before"] == oldest["id"]


def test_versions_of_others_and_of_nobody_are_not_there(client: TestClient) -> None:
    (other,) = client.get("/api/v1/devices/gp2/configurations").json()
    assert client.get(f"{PATH}/diff", params={"to": other["id"]}).status_code == 404
    assert client.get("/api/v1/devices/gp2/configurations/diff").status_code == 404  # there is but one
    assert client.get("/api/v1/devices/nobody/configurations").status_code == 404
    assert client.get("/api/v1/devices/gp3/configurations").json() == []


def test_events_come_newest_first_and_in_pages(client: TestClient) -> None:
    found = client.get("/api/v1/device-events").json()
    assert [(one["device"], one["kind"]) for one in found] == [
        ("gp2", "host_key_changed"), ("gp1", "config_changed"), ("gp1", "config_changed"),
    ]  # fmt: skip
    assert found[1]["detail"]["added"] == found[1]["detail"]["removed"] == 1
    first = client.get("/api/v1/device-events", params={"limit": 1}).json()
    rest = client.get("/api/v1/device-events", params={"before": first[0]["id"]}).json()
    assert first + rest == found
    assert len(client.get("/api/v1/device-events", params={"device": "gp2"}).json()) == 1
    assert len(client.get("/api/v1/device-events", params={"from": "2026-11-24T00:00:00Z"}).json()) == 2
