"""What pages, API and terminal say of endpoints and services, and whose eyes saw them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

from inventory.model import Endpoint, Inventory, Names, Service
from manage import app
from readiness.tables import endpoint_view
from storage.engine import for_writing
from tests.pages import EVIL, NOW, app_over, change, fill, seen_at, two_districts

AN_HOUR_AGO = NOW - timedelta(hours=1)


@pytest.fixture
def inventory() -> Inventory:
    services = [
        Service("income", Names("Income certificate", "आय प्रमाण पत्र"), channels=("kendra", "portal"), endpoints=("portal",)),
        Service("pension", Names("Pension"), channels=("kendra",), endpoints=("auth",)),
    ]  # fmt: skip
    endpoints = [
        Endpoint("portal", Names("State portal", "राज्य पोर्टल"), "https://portal.test/"),
        Endpoint("auth", Names(EVIL), "https://auth.test/"),
    ]
    return replace(two_districts(), services={s.code: s for s in services}, endpoints={e.code: e for e in endpoints})


@pytest.fixture
def stored(engine: Engine, inventory: Inventory) -> Engine:
    """The portal is down for all but kendra1, which reaches it; nobody has looked at the gateway."""
    fill(engine, inventory)
    change(engine, ("endpoint", "portal"), "down", AN_HOUR_AGO)
    views = [("portal", "noc", "down", "answers with status 503"), ("portal", "kendra1", "up", "answers as it should")]
    rows = [
        {"endpoint": code, "eyes": eyes, "status": status, "since": AN_HOUR_AGO, "looked_at": NOW, "reason": reason}
        for code, eyes, status, reason in views
    ]
    with for_writing(engine).begin() as connection:
        connection.execute(insert(endpoint_view), rows)
    return engine


@pytest.fixture
def client(stored: Engine, inventory: Inventory, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(app_over(stored, inventory, tmp_path), base_url="http://127.0.0.1") as client:
        yield client


def test_endpoints_as_they_stand_for_everybody(client: TestClient) -> None:
    auth, portal = client.get("/api/v1/endpoints").json()
    assert (portal["endpoint"], portal["status"], portal["eyes"]) == ("portal", "down", "noc")
    assert (auth["status"], auth["eyes"], auth["since"]) == ("unknown", "", None)


def test_of_what_is_unknown_nothing_is_said_to_fail(client: TestClient) -> None:
    pages = [client.get(f"/en/village/village:{village}").text for village in ("V1", "V2")]
    assert [page.count("What fails first:") for page in pages] == [0, 1]  # an endpoint's, at V2's counter
    assert all("Pension" in page for page in pages)


@pytest.mark.parametrize(
    ("village", "status", "eyes", "income"), [("V1", "up", "kendra1", "ready"), ("V2", "down", "noc", "blocked")]
)
def test_a_kendras_own_eyes_count_for_its_villages(
    client: TestClient, village: str, status: str, eyes: str, income: str
) -> None:
    chain = client.get(f"/api/v1/readiness/village:{village}").json()
    seen = {each["endpoint"]: (each["status"], each["eyes"]) for each in chain["endpoints"]}
    assert seen == {"portal": (status, eyes), "auth": ("unknown", "")}
    ready = {(each["service"], each["channel"]): each["status"] for each in chain["services"]}
    assert ready["income", "kendra"] == income
    assert ready["pension", "kendra"] == "unknown"
    assert set(ready) == {("income", "kendra"), ("income", "portal"), ("pension", "kendra")}


def test_while_nobody_watches_no_endpoint_is_known(client: TestClient, stored: Engine) -> None:
    seen_at(stored, AN_HOUR_AGO)
    assert {each["status"] for each in client.get("/api/v1/endpoints").json()} == {"unknown"}
    chain = client.get("/api/v1/readiness/village:V1").json()
    assert {each["status"] for each in chain["endpoints"]} == {"unknown"}
    assert {each["status"] for each in chain["services"]} == {"unknown"}


def test_pages_say_whose_eyes(client: TestClient) -> None:
    own = client.get("/en/village/village:V1").text
    assert "seen from this kendra" in own
    assert "seen from the state network centre" not in own
    assert "seen from the state network centre" in client.get("/en/village/village:V2").text
    hindi = client.get("/hi/village/village:V2").text
    assert "राज्य पोर्टल" in hindi
    assert "राज्य नेटवर्क केंद्र से देखा गया" in hindi
    district = client.get("/en/area/district:387").text
    assert "Portals and gateways:" in district
    assert EVIL not in own + district


def test_the_terminal_says_whose_eyes(stored: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", str(stored.url))
    told = json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)
    assert [(one["endpoint"], one["status"], one["eyes"]) for one in told["endpoints"]] == [
        ("auth", "unknown", ""), ("portal", "down", "noc"),
    ]  # fmt: skip
    shown = CliRunner().invoke(app, ["status"], env={"COLUMNS": "160"}).stdout
    assert "State portal" in shown
