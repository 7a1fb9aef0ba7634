"""An officer limited to one district meets no other district, in any route."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import ROUTERS
from collectors.config.store import keep
from inventory.model import Names, Service
from inventory.scope import Scope, devices_in
from readiness.rules.claims import FINDINGS
from tests.pages import NOW, OTHER, app_over, change, fill, traffic, two_districts
from tests.small import DISTRICT

FOREIGN = ("evil", "village:E1", "gp:E", "block:9991", OTHER)
# Every GET route with what it needs; a new route has to be added here.
ROUTES: dict[str, tuple[str, ...]] = {
    "/-/healthy": ("/-/healthy",),
    "/-/ready": ("/-/ready",),
    "/metrics": ("/metrics",),
    "/api/v1/areas": ("/api/v1/areas?limit=5000",),
    "/api/v1/areas/{key}": (f"/api/v1/areas/{OTHER}", "/api/v1/areas/village:E1", "/api/v1/areas/state:22"),
    "/api/v1/sites": ("/api/v1/sites",),
    "/api/v1/sites/{name}": ("/api/v1/sites/evil-gp",),
    "/api/v1/devices": ("/api/v1/devices",),
    "/api/v1/devices/{name}": ("/api/v1/devices/evil-r",),
    "/api/v1/devices/{name}/configurations": ("/api/v1/devices/evil-r/configurations",),
    "/api/v1/devices/{name}/configurations/diff": ("/api/v1/devices/evil-r/configurations/diff",),
    "/api/v1/device-events": ("/api/v1/device-events", "/api/v1/device-events?device=evil-r"),
    "/api/v1/status": ("/api/v1/status?kind=village", "/api/v1/status?kind=site", f"/api/v1/status?area={OTHER}"),
    "/api/v1/citizen-hours": ("/api/v1/citizen-hours", f"/api/v1/citizen-hours?area={OTHER}"),
    "/api/v1/transitions": ("/api/v1/transitions", "/api/v1/transitions?kind=village&subject=village:E1"),
    "/api/v1/outages": ("/api/v1/outages",),
    "/api/v1/readiness": ("/api/v1/readiness", f"/api/v1/readiness?area={OTHER}", "/api/v1/readiness?area=state:22"),
    "/api/v1/readiness/{village}": ("/api/v1/readiness/village:E1",),
    "/api/v1/services/readiness": ("/api/v1/services/readiness", f"/api/v1/services/readiness?area={OTHER}"),
    "/api/v1/nearest": (
        "/api/v1/nearest?service=form&lat=20&lon=81&limit=50",
        "/api/v1/nearest?service=form&village=village:E1",
        "/api/v1/nearest?service=form&village=village:V3",
    ),
    "/api/v1/queue": ("/api/v1/queue", f"/api/v1/queue?area={OTHER}"),
    "/api/v1/readiness/{village}/minute": (
        "/api/v1/readiness/village:E1/minute",
        "/api/v1/readiness/village:V3/minute",
    ),
    "/api/v1/notices": ("/api/v1/notices", f"/api/v1/notices?area={OTHER}"),
    "/{language}/village/{key}/minute": ("/en/village/village:E1/minute", "/hi/village/village:V3/minute"),
    "/api/v1/single-points": ("/api/v1/single-points?least=1", f"/api/v1/single-points?area={OTHER}"),
    "/api/v1/rings": ("/api/v1/rings", f"/api/v1/rings?area={OTHER}"),
    "/api/v1/endpoints": ("/api/v1/endpoints", f"/api/v1/endpoints?area={OTHER}"),
    "/api/v1/rollout": ("/api/v1/rollout", f"/api/v1/rollout?area={OTHER}"),
    "/api/v1/services": ("/api/v1/services",),
    "/api/v1/trend": ("/api/v1/trend", "/api/v1/trend?outlook=not_enough", f"/api/v1/trend?area={OTHER}"),
    "/api/v1/discrepancy": (
        *(f"/api/v1/discrepancy?finding={each}" for each in FINDINGS),
        f"/api/v1/discrepancy?area={OTHER}",
    ),
    "/api/v1/reports/{name}": (
        "/api/v1/reports/discrepancy",
        "/api/v1/reports/trend?language=hi",
        f"/api/v1/reports/discrepancy?area={OTHER}",
    ),
    "/{language}/discrepancy": ("/en/discrepancy", f"/en/discrepancy?area={OTHER}"),
    "/{language}/trend": ("/en/trend", f"/en/trend?area={OTHER}"),
    "/api/v1/history": ("/api/v1/history?device=evil-r&metric=in_bps",),
    "/api/v1/history/total": ("/api/v1/history/total", f"/api/v1/history/total?area={OTHER}"),  # and below
    "/api/v1/alerts": ("/api/v1/alerts",),
    "/api/v1/maintenance": ("/api/v1/maintenance", f"/api/v1/maintenance?area={OTHER}"),
    "/api/v1/map/tiles": ("/api/v1/map/tiles", f"/api/v1/map/tiles?area={OTHER}"),
    "/api/v1/map/tiles/{name}": (),  # below: its content is compressed
    "/api/v1/map/nearest": ("/api/v1/map/nearest?lon=81&lat=20", f"/api/v1/map/nearest?lon=81&lat=20&area={OTHER}"),
    "/api/v1/map/status": ("/api/v1/map/status", "/api/v1/map/status?area=block:9991"),
    "/api/v1/events": (),  # test_api_events.py
    "/": ("/",),
    "/static/{name}": ("/static/X-page.js",),
    "/{language}/": ("/en/", "/hi/"),
    "/{language}/area/{key}": (f"/en/area/{DISTRICT}", f"/en/area/{OTHER}", "/en/area/state:22", "/en/area/block:9991"),
    "/{language}/queue": ("/en/queue", f"/en/queue?area={OTHER}"),
    "/{language}/village/{key}": ("/en/village/village:V3", "/en/village/village:E1"),
    "/{language}/fragment/drawing": ("/en/fragment/drawing", f"/en/fragment/drawing?area={OTHER}"),
    "/{language}/fragment/tables": ("/en/fragment/tables", f"/en/fragment/tables?area={OTHER}"),
    "/{language}/fragment/village/{number}": tuple(f"/en/fragment/village/{n}?order=ORDER" for n in range(10)),
    "/{language}/fragment/site/{number}": tuple(f"/en/fragment/site/{n}?order=ORDER" for n in range(20)),
}


@pytest.fixture(scope="module")
def client(shared_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("district")
    form = Service("form", Names("Form"), channels=("kendra",))
    inventory, engine = replace(two_districts(), services={form.code: form}), shared_engine
    fill(engine, inventory)
    change(engine, ("device", "evil-r"), "down", NOW)
    for number, text in enumerate(("a\n", "evil\n")):
        keep(engine, "evil-r", "frr", text, NOW + timedelta(days=number))
    change(engine, ("village", "village:E1"), "ready", NOW)  # so its kendra is one to be told of
    with TestClient(app_over(engine, inventory, folder, DISTRICT), base_url="http://127.0.0.1") as client:
        yield client


def test_every_route_is_tried() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert {route.path for route in routes if "GET" in (route.methods or ())} == set(ROUTES)


@pytest.mark.parametrize("address", [address for tried in ROUTES.values() for address in tried])
def test_nothing_of_another_district_is_told(client: TestClient, address: str) -> None:
    order = client.get("/api/v1/map/status").headers["pahunch-order"]
    answer = client.get(address.replace("ORDER", order))
    told = answer.text
    if answer.status_code == 404:  # an error may repeat what was asked
        for asked in re.split("[/?&=]", address):
            told = told.replace(asked, "") if asked else told
    assert not [word for word in FOREIGN if word in told]


@pytest.mark.parametrize(
    "address",
    [
        f"/api/v1/areas/{OTHER}",
        "/api/v1/areas/state:22",
        "/api/v1/sites/evil-gp",
        "/api/v1/devices/evil-r",
        "/api/v1/devices/evil-r/configurations",
        "/api/v1/devices/evil-r/configurations/diff",
        f"/api/v1/device-events?area={OTHER}",
        f"/api/v1/status?area={OTHER}",
        "/api/v1/outages?area=state:22",
        "/api/v1/readiness/village:E1",
        "/api/v1/history?device=evil-r&metric=in_bps",
        f"/api/v1/history/total?area={OTHER}",
        "/api/v1/history/total?area=state:22",
        f"/api/v1/map/tiles?area={OTHER}",
        f"/api/v1/map/status?area={OTHER}",
        f"/api/v1/events?area={OTHER}",
        f"/api/v1/discrepancy?area={OTHER}",
        f"/api/v1/reports/trend?area={OTHER}",
        f"/en/discrepancy?area={OTHER}",
        f"/en/area/{OTHER}",
        "/en/village/village:E1",
    ],
)
def test_what_lies_outside_is_answered_like_what_does_not_exist(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_home_page_is_the_district(client: TestClient) -> None:
    page = client.get("/en/").text
    assert "<h1><bdi>Raipur</bdi>" in page
    assert "area/state:22" not in page


def test_the_same_rows_are_told_to_the_state(engine: Engine, tmp_path: Path) -> None:
    """What the tests above find absent would be there without the limit."""
    inventory = two_districts()
    fill(engine, inventory)
    with TestClient(app_over(engine, inventory, tmp_path), base_url="http://127.0.0.1") as client:
        for address in ("/api/v1/areas", "/api/v1/devices", "/api/v1/transitions", "/api/v1/readiness", "/en/"):
            assert [word for word in FOREIGN if word in client.get(address).text], address


def test_a_sum_is_over_the_district_alone(client: TestClient, engine: Engine, tmp_path: Path) -> None:
    history = client.app.state.context.settings.storage.history  # type: ignore[attr-defined]
    for device in ("gp1", "evil-r"):
        traffic(history, device, "GE0/0/1")
    own = client.get("/api/v1/history/total").json()
    inventory = two_districts()
    assert own["devices"] == sum(1 for _ in devices_in(inventory, Scope(DISTRICT)))
    assert {one["metric"]: set(one["value"]) for one in own["series"]}["out_bps"] == {1e6}
    fill(engine, inventory)
    with TestClient(app_over(engine, inventory, tmp_path), base_url="http://127.0.0.1") as other:
        state = other.app.state.context  # type: ignore[attr-defined]
        for device in ("gp1", "evil-r"):
            traffic(state.settings.storage.history, device, "GE0/0/1")
        everything = other.get("/api/v1/history/total?metric=out_bps&step=3600").json()
        assert [set(one["value"]) for one in everything["series"]] == [{2e6}]
        assert other.get("/api/v1/history/total?metric=temperature").status_code == 422
        assert other.get("/api/v1/history/total?step=60").status_code == 422
        assert other.get("/api/v1/history/total?from=2026-10-01T00:00:00Z").status_code == 422
