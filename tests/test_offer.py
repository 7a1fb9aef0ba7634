"""Which kendra gives which service: from the store, over the API, on the page and in the terminal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

from bench.naive import road_km
from inventory.model import (
    Area,
    Device,
    Endpoint,
    Inventory,
    Level,
    Names,
    Role,
    Service,
    ServiceRollout,
    ServiceState,
    Site,
    SiteKind,
)
from inventory.store import apply
from manage import app
from readiness.model import Layer, Readiness, Responsible
from readiness.offer import Offer
from readiness.rules.reach import Travel
from readiness.rules.verdicts import meaning
from readiness.tables import endpoint_view
from storage.engine import for_writing
from tests.judged import add_outage, set_state
from tests.pages import NOW, app_over, change, seen_at, two_districts
from tests.small import DISTRICT

TRAVEL = Travel(15, 1.3)
HOUR_AGO = NOW - timedelta(hours=1)


def catalogue() -> Inventory:
    """Kendra 1 has a printer seen through its PC; kendra "near" stands 2 km from village E1, in the other district's view."""
    small = two_districts()
    services = [
        Service("form", Names("Form", "फ़ॉर्म", "ਫਾਰਮ"), channels=("kendra", "portal")),
        Service("print", Names("Certificate", "प्रमाण पत्र", "ਸਰਟੀਫਿਕੇਟ"), channels=("kendra",), peripherals=("printer",), endpoints=("portal",)),
        Service("later", Names("Later"), channels=("kendra",)),
    ]  # fmt: skip
    devices = {
        "printer1": Device("printer1", Role.PRINTER, "kendra1", seen_through="pc1", seen_as="usb:printer"),
        "far-pc": Device("far-pc", Role.PC, "far", primary_ip="127.1.8.1"),
    }
    # In the other district, 3 km from village V1.
    far = Site("far", SiteKind.KENDRA, "gp:E", Names("Faraway"), lat=21.22, lon=81.95, hours="Mo-Sa 10:00-17:00")
    village = Area(Level.VILLAGE, "E2", Names("E two"), "gp:E", lat=21.22, lon=81.95, served_by="far", population=70)
    waits = ServiceRollout("later", ServiceState.ONBOARDING, date(2026, 1, 1), target=date(2027, 1, 1))
    return replace(
        small,
        services={one.code: one for one in services},
        endpoints={"portal": Endpoint("portal", Names("Portal"), "https://portal.test/")},
        devices={**small.devices, **devices},
        sites={**small.sites, "far": far},
        areas={**small.areas, village.key: village},
        service_rollout={waits.key: waits},
    )


@pytest.fixture
def inventory() -> Inventory:
    return catalogue()


@pytest.fixture
def stored(engine: Engine, inventory: Inventory) -> Engine:
    return fill(engine, inventory)


def fill(engine: Engine, inventory: Inventory) -> Engine:
    """V1 has no printer; V2 to V4 (kendra2) have no power; V5 and E2 are ready, of the others nothing is known."""
    apply(engine, inventory, NOW)
    number = add_outage(engine, "gp2", "device", cause="power", responsible="power_utility", from_at=HOUR_AGO)
    change(engine, ("village", "village:V1"), "degraded", HOUR_AGO, layer="kendra_hardware")
    for n in (2, 3, 4):
        change(engine, ("village", f"village:V{n}"), "blocked", HOUR_AGO, layer="power")
        set_state(engine, "village", f"village:V{n}", "blocked", HOUR_AGO, layer="power", outage=number)
    change(engine, ("village", "village:V5"), "ready", HOUR_AGO)
    change(engine, ("village", "village:E2"), "ready", HOUR_AGO)
    change(engine, ("device", "printer1"), "down", HOUR_AGO)
    change(engine, ("device", "pc1"), "up", HOUR_AGO)
    change(engine, ("endpoint", "portal"), "up", HOUR_AGO)
    seen_at(engine, NOW)
    return engine


def everywhere(_site: str) -> bool:
    return True


def test_a_missing_printer_blocks_only_what_needs_one(stored: Engine, inventory: Inventory) -> None:
    offer = Offer(inventory, TRAVEL)
    offer.refresh(stored, NOW)
    at = offer.at("village:V1", everywhere)
    assert (at.village.status, at.village.layer) == (Readiness.READY, None)
    assert at.counter.absent == {"printer"}
    assert set(at.instead) == {"print"}
    assert at.instead["print"].site == "far"
    km = road_km((81.92, 21.22), (81.95, 21.22), 1.3)
    assert at.instead["print"].km == pytest.approx(km, abs=0.06)
    by_service = {one.service: one for one in offer.counts()}
    served = {meaning(word).status for word in by_service["form"].villages.nonzero()[0].tolist()}
    assert Readiness.READY in served


def test_who_has_no_power_is_served_next_door_until_power_is_back(stored: Engine, inventory: Inventory) -> None:
    offer = Offer(inventory, TRAVEL)
    offer.refresh(stored, NOW)
    assert offer.at("village:V3", everywhere).instead["form"].site == "kendra1"
    for n in (2, 3, 4):
        change(stored, ("village", f"village:V{n}"), "ready", NOW)
    offer.refresh(stored, NOW)
    assert offer.at("village:V3", everywhere).instead == {}
    change(stored, ("village", "village:V1"), "blocked", NOW, layer="backhaul")
    offer.refresh(stored, NOW)
    own = offer.at("village:V1", everywhere)
    assert (own.village.layer, own.instead["form"].site) == (Layer.BACKHAUL, "kendra2")
    offer.refresh(stored, NOW, blind_since=HOUR_AGO)
    assert offer.at("village:V1", everywhere).instead == {}
    assert offer.at("village:V5", everywhere).village.status is Readiness.UNKNOWN
    offer.refresh(stored, NOW)
    assert offer.at("village:V5", everywhere).village.status is Readiness.READY


def test_a_portal_that_only_one_kendra_reaches(stored: Engine, inventory: Inventory) -> None:
    change(stored, ("endpoint", "portal"), "down", NOW)
    row = {"endpoint": "portal", "eyes": "kendra5", "status": "up", "since": NOW, "looked_at": NOW, "reason": "r"}
    with for_writing(stored).begin() as connection:
        connection.execute(insert(endpoint_view), [row])
    offer = Offer(inventory, TRAVEL)
    offer.refresh(stored, NOW)
    assert [one.site for one in offer.nearest("print", 81.9, 21.2, 5, everywhere)] == ["kendra5"]
    assert offer.at("village:V3", everywhere).instead["print"].site == "kendra5"


@pytest.fixture(scope="module")
def told(shared_engine: Engine) -> Engine:
    """As `stored`, for tests that only read."""
    return fill(shared_engine, catalogue())


@pytest.fixture(scope="module")
def client(told: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("state")
    with TestClient(app_over(told, catalogue(), folder), base_url="http://127.0.0.1") as client:
        yield client


def test_the_services_of_a_village(client: TestClient) -> None:
    told = {
        (one["service"], one["channel"]): one for one in client.get("/api/v1/readiness/village:V3").json()["services"]
    }
    form, later = told["form", "kendra"], told["later", "kendra"]
    assert (form["status"], form["layer"], form["responsible"]) == ("blocked", "power", "power_utility")
    assert (form["instead"]["site"], form["instead"]["status"]) == ("kendra1", "ready")
    assert told["form", "portal"]["status"] == "ready"
    assert (later["status"], later["layer"], later["online"], later["instead"]) == (
        "unknown", "not_commissioned", False, None,
    )  # fmt: skip
    (first,) = [
        one for one in client.get("/api/v1/readiness/village:V1").json()["services"] if one["service"] == "print"
    ]
    assert (first["status"], first["peripheral"], first["responsible"]) == (
        "blocked", "printer", Responsible.KENDRA_OPERATOR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("absent at the kendra: Printer", "Instead: ", "about 4", "The state does not give this service yet.")),
        ("hi", ("केंद्र पर अनुपस्थित: प्रिंटर", "इसके बदले:", "सड़क से लगभग", "राज्य यह सेवा अभी नहीं देता।")),
        ("pa", ("ਗ਼ੈਰਹਾਜ਼ਰ: ਪ੍ਰਿੰਟਰ", "ਇਸ ਦੀ ਥਾਂ:", "ਸੜਕ ਰਾਹੀਂ ਲਗਭਗ", "ਰਾਜ ਇਹ ਸੇਵਾ ਹਾਲੇ ਨਹੀਂ ਦਿੰਦਾ।")),
    ],
)
def test_the_page_of_a_village_in_three_languages(client: TestClient, language: str, words: tuple[str, ...]) -> None:
    page = client.get(f"/{language}/village/village:V1").text
    assert [word for word in words if word not in page] == []


def test_the_page_says_when_a_closed_kendra_opens(engine: Engine, tmp_path: Path) -> None:
    """It is Saturday afternoon."""
    inventory = catalogue()
    weekdays = replace(inventory.sites["kendra1"], hours="Mo-Fr 10:00-17:00")
    inventory = replace(inventory, sites={**inventory.sites, "kendra1": weekdays})
    fill(engine, inventory)
    with TestClient(app_over(engine, inventory, tmp_path), base_url="http://127.0.0.1") as client:
        for language, words in (("en", "opens 23 Nov, 10:00"), ("hi", "केंद्र बंद है"), ("pa", "ਕੇਂਦਰ ਬੰਦ ਹੈ")):
            assert words in client.get(f"/{language}/village/village:V1").text
        assert "services can be had at its own kendra now" in client.get("/en/village/village:V5").text


def test_counts_of_an_area_add_up(client: TestClient) -> None:
    for address, villages in (("/api/v1/services/readiness", 10), (f"/api/v1/services/readiness?area={DISTRICT}", 8)):
        told = {one["service"]: one for one in client.get(address).json()}
        assert {sum(one["villages"].values()) for one in told.values()} == {villages}
        # V2 to V4 have no power, and V1's kendra gives forms.
        assert told["form"]["elsewhere"] >= 3
        assert told["later"]["villages"]["unknown"] == villages
        assert told["later"]["in_the_way"] == {"not_commissioned": villages}


def test_nearest_from_a_point_and_from_a_village(client: TestClient) -> None:
    told = client.get("/api/v1/nearest?service=form&lat=21.22&lon=81.921&limit=3").json()
    assert [one["site"] for one in told["kendras"]] == ["kendra1", "far", "kendra5"]
    assert told["kendras"][1]["hours"] == "Mo-Sa 10:00-17:00"
    assert told["kendras"][0]["km"] < told["kendras"][1]["km"] < told["travel_km"]
    village = client.get("/api/v1/nearest?service=print&village=village:V1&limit=1").json()
    assert [one["site"] for one in village["kendras"]] == ["far"]
    beyond = client.get("/api/v1/nearest?service=form&lat=28.6&lon=77.2&limit=1").json()
    assert beyond["kendras"][0]["km"] > beyond["travel_km"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("service=form", 422), ("service=form&lat=21", 422), ("service=form&lat=21&lon=81&village=village:V1", 422),
        ("service=form&lat=nan&lon=81", 422), ("service=no&lat=21&lon=81", 404), ("service=form&village=gp:G1", 404),
        ("service=form&village=village:no", 404),
    ],
)  # fmt: skip
def test_wrong_questions_are_refused(client: TestClient, address: str, code: int) -> None:
    assert client.get(f"/api/v1/nearest?{address}").status_code == code


def test_an_officer_is_told_no_kendra_of_another_district(told: Engine, tmp_path: Path) -> None:
    with TestClient(app_over(told, catalogue(), tmp_path, DISTRICT), base_url="http://127.0.0.1") as client:
        near = client.get("/api/v1/nearest?service=print&lat=21.22&lon=81.95&limit=50").json()
        assert [one["site"] for one in near["kendras"]] == ["kendra5"]
        village = client.get("/api/v1/readiness/village:V1").text + client.get("/en/village/village:V1").text
        assert "far" not in village.lower()
        assert "Instead: a kendra in another area" in village


def test_the_terminal(told: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", told.url.render_as_string(hide_password=False))
    runner = CliRunner()
    near = runner.invoke(app, ["nearest", "form", "--lat", "21.22", "--lon", "81.921", "--json"])
    # The store was last seen long before now: nothing is known any more.
    assert json.loads(near.stdout)["kendras"] == []
    assert "the collector is not running" in near.stderr
    assert runner.invoke(app, ["nearest", "form", "village:none"]).exit_code == 2
    assert runner.invoke(app, ["nearest", "form"]).exit_code == 2
    wrong = runner.invoke(app, ["nearest", "from", "--lat", "21.22", "--lon", "81.921"])
    assert (wrong.exit_code, "form" in wrong.stderr, "services.csv" in wrong.stderr) == (2, True, True)
    queue = json.loads(runner.invoke(app, ["queue", "--json"]).stdout)
    assert queue["rows"] == []
