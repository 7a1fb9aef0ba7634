"""What the API answers, over a store with known rows."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Engine, insert

from alerts.tables import alert
from api.app import create_app
from inventory.model import Inventory
from inventory.scope import UnknownAreaError
from storage.engine import for_writing, open_engine
from storage.migrate import upgrade
from storage.settings import ServeSettings, Settings
from tests.pages import NOW, OTHER, app_over, assets, change, fill, seen_at, traffic, two_districts
from tests.small import DISTRICT

LOCAL = "http://127.0.0.1"


@pytest.fixture
def inventory() -> Inventory:
    return two_districts()


@pytest.fixture
def client(engine: Engine, inventory: Inventory, tmp_path: Path) -> Iterator[TestClient]:
    fill(engine, inventory)
    with TestClient(app_over(engine, inventory, tmp_path), base_url=LOCAL) as client:
        yield client


def test_lists_come_in_pages_without_gap_or_overlap(client: TestClient, inventory: Inventory) -> None:
    found: list[str] = []
    after = ""
    while True:
        page = client.get("/api/v1/devices", params={"limit": 4, "after": after}).json()
        found += [item["name"] for item in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert found == sorted(inventory.devices)


def test_a_device_shows_no_credential(client: TestClient) -> None:
    answer = client.get("/api/v1/devices/gp1").json()
    assert answer["primary_ip"] == "127.1.2.1"
    assert not [key for key in answer if "credential" in key]


def test_lists_can_be_narrowed(client: TestClient) -> None:
    kendras = client.get("/api/v1/sites", params={"kind": "kendra", "area": OTHER}).json()["items"]
    assert [site["name"] for site in kendras] == ["evil-kendra"]
    villages = client.get("/api/v1/areas", params={"level": "village"}).json()["items"]
    assert len(villages) == 9


@pytest.mark.parametrize(
    "path", ["/api/v1/areas/gp:0", "/api/v1/sites/x", "/api/v1/devices/x", "/api/v1/status?area=gp:0"]
)
def test_what_does_not_exist_is_404_with_a_reason(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "no " in answer.json()["detail"]


def test_wrong_parameters_are_named(client: TestClient) -> None:
    answer = client.get("/api/v1/sites", params={"kind": "castle"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "kind"]


def test_a_living_collector_changes_nothing(client: TestClient, engine: Engine) -> None:
    before = client.get("/api/v1/status").json()
    page = client.get("/en/").text
    seen_at(engine, NOW - timedelta(minutes=4))
    assert before["observed_until"] is None
    assert client.get("/api/v1/status").json() == {**before, "observed_until": "2026-11-21T09:56:00Z"}
    assert client.get("/en/").text == page


def test_everything_is_unknown_while_nobody_watches(client: TestClient, engine: Engine) -> None:
    seen_at(engine, NOW - timedelta(minutes=20))
    answer = client.get("/api/v1/status").json()
    assert answer["villages"] == {"ready": 0, "degraded": 0, "blocked": 0, "unknown": 9}
    assert answer["sites"] == {"up": 0, "degraded": 0, "down": 0, "unknown": 17}
    assert {(row["status"], row["since"]) for row in answer["rows"]} == {("unknown", answer["observed_until"])}
    assert set(client.get("/api/v1/map/status").content) == {0}
    assert {row["status"] for row in client.get("/api/v1/readiness").json()["items"]} == {"unknown"}
    assert client.get("/api/v1/readiness/village:V3").json()["readiness"] == "unknown"


@pytest.mark.parametrize("address", ["", "village/village:V3", f"fragment/tables?area={DISTRICT}"])
def test_pages_say_that_nobody_watches(client: TestClient, engine: Engine, address: str) -> None:
    seen_at(engine, NOW - timedelta(minutes=20))
    english, hindi = client.get(f"/en/{address}").text, client.get(f"/hi/{address}").text
    assert "No observation since 21 Nov, 15:10: the collector is not running" in english
    assert "15:10 के बाद कोई निगरानी नहीं: संग्राहक नहीं चल रहा है" in hindi


def test_status_counts_what_was_never_judged_as_unknown(client: TestClient) -> None:
    answer = client.get("/api/v1/status", params={"kind": "village"}).json()
    assert answer["villages"] == {"ready": 1, "degraded": 1, "blocked": 2, "unknown": 5}
    assert sum(answer["sites"].values()) == 17
    assert {row["subject"]: row["status"] for row in answer["rows"]} == {
        "village:V1": "ready", "village:V2": "degraded", "village:V3": "blocked", "village:E1": "blocked",
    }  # fmt: skip


def test_transitions_go_on_after_an_id(client: TestClient) -> None:
    first = client.get("/api/v1/transitions", params={"limit": 3}).json()
    rest = client.get("/api/v1/transitions", params={"after": first["next"]}).json()
    ids = [row["id"] for row in first["items"] + rest["items"]]
    assert ids == sorted(set(ids))
    assert len(ids) == 4 + 17
    assert rest["next"] is None


def test_outages_of_a_period(client: TestClient) -> None:
    found = client.get("/api/v1/outages", params={"to": NOW.isoformat()}).json()["items"]
    assert [(row["cause"], row["responsible"], row["end"]) for row in found] == [("fibre", "agency", None)]
    earlier = client.get("/api/v1/outages", params={"to": (NOW - timedelta(hours=2)).isoformat()}).json()
    assert earlier["items"] == []


def test_readiness_of_every_village(client: TestClient) -> None:
    rows = {row["village"]: row for row in client.get("/api/v1/readiness").json()["items"]}
    assert len(rows) == 9
    assert (rows["village:V3"]["status"], rows["village:V3"]["layer"]) == ("blocked", "backhaul")
    assert (rows["village:V8"]["status"], rows["village:V8"]["since"]) == ("unknown", None)
    blocked = client.get("/api/v1/readiness", params={"status": "blocked", "area": DISTRICT}).json()["items"]
    assert [row["village"] for row in blocked] == ["village:V3"]


def test_the_chain_of_a_village(client: TestClient) -> None:
    chain = client.get("/api/v1/readiness/village:V3").json()
    assert [step["layer"] for step in chain["steps"]] == ["power", "gp_equipment", "backhaul", "kendra_hardware"]
    assert chain["layer"] == "backhaul"
    assert client.get("/api/v1/readiness/village:V8").status_code == 404


def test_history_needs_a_known_metric_and_a_sane_period(client: TestClient) -> None:
    asked = {"device": "gp1", "metric": "in_bps", "instance": "GE0/0/1"}
    assert client.get("/api/v1/history", params=asked).json()["series"][0]["at"] == []
    assert client.get("/api/v1/history", params={**asked, "metric": "mood"}).status_code == 422
    assert client.get("/api/v1/history", params={**asked, "from": "2020-01-01T00:00:00Z", "step": 1}).status_code == 422
    assert client.get("/api/v1/history", params={**asked, "from": "2026-11-21T00:00:00"}).status_code == 422


def test_history_in_steps(client: TestClient, tmp_path: Path) -> None:
    traffic(tmp_path / "history", "gp1", "GE0/0/1")
    asked = "metric=in_bps&metric=out_bps&device=gp1&instance=GE0/0/1&step=3600"
    received, sent = client.get(f"/api/v1/history?{asked}").json()["series"]
    assert (received["metric"], sent["metric"]) == ("in_bps", "out_bps")
    assert len(received["at"]) == 24
    assert received["at"][-1] == int(NOW.timestamp()) - 3600
    assert received["low"][0] < received["mean"][0] < received["high"][0]
    assert set(sent["mean"]) == {1e6}


READY, DEGRADED, BLOCKED = 1, 2, 3  # maps.letters.packed
BY_BACKHAUL, BY_POWER = 4 << 2, 2 << 2


def test_map_status_is_one_byte_each(client: TestClient, engine: Engine) -> None:
    answer = client.get("/api/v1/map/status")
    assert answer.headers["content-type"] == "application/octet-stream"
    villages = int(answer.headers["pahunch-villages"])
    wanted = [*[0] * 5, READY, DEGRADED, BLOCKED | BY_POWER, BLOCKED | BY_BACKHAUL]
    assert sorted(answer.content[:villages]) == wanted
    assert sorted(answer.content[villages:]) == [*[READY] * 16, BLOCKED]
    last = change(engine, ("village", "village:V8"), "ready", NOW)
    later = client.get("/api/v1/map/status", headers={"If-None-Match": answer.headers["etag"]})
    assert int(later.headers["pahunch-last"]) == last == int(answer.headers["pahunch-last"]) + 1
    assert later.content.count(READY) == answer.content.count(READY) + 1


def test_map_status_is_not_sent_twice(client: TestClient, engine: Engine) -> None:
    first = client.get("/api/v1/map/status")
    again = client.get("/api/v1/map/status", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    seen_at(engine, NOW - timedelta(minutes=20))  # nothing has changed in the store, and yet all is unknown
    blind = client.get("/api/v1/map/status", headers={"If-None-Match": first.headers["etag"]})
    assert set(blind.content) == {0}
    assert blind.headers["pahunch-blind-since"] == "2026-11-21T09:40:00+00:00"


def _plan(client: TestClient, area: str = "") -> dict[str, Any]:
    """The plan of the map, when its archive is made."""
    for _ in range(1200):
        plan: dict[str, Any] = client.get("/api/v1/map/tiles", params={"area": area} if area else {}).json()
        if plan["archive"]:
            return plan
        sleep(0.05)
    pytest.fail("no archive after a minute")


def test_the_archive_is_read_by_ranges_and_kept_for_good(client: TestClient) -> None:
    address = _plan(client)["archive"]
    whole = client.get(address)
    assert whole.content.startswith(b"PMTiles\x03")
    part = client.get(address, headers={"Range": "bytes=100-199", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert "content-encoding" not in part.headers
    assert "immutable" in part.headers["cache-control"]
    assert part.headers["etag"] == whole.headers["etag"]
    assert client.get("/api/v1/map/tiles/all-0123456789abcdef.pmtiles").status_code == 404


def test_while_the_archive_is_being_made_the_page_is_there(
    engine: Engine, inventory: Inventory, tmp_path: Path
) -> None:
    fill(engine, inventory)
    client = TestClient(app_over(engine, inventory, tmp_path), base_url=LOCAL)  # not started: nothing is made yet
    assert client.get("/api/v1/map/tiles").json()["archive"] is None
    assert 'id="svg-map"' in client.get("/en/").text


def test_a_districts_map_is_a_part_of_the_archive(client: TestClient) -> None:
    state, district = _plan(client), _plan(client, DISTRICT)
    assert district["archive"] == state["archive"]
    assert state["spans"]["village"] == [0, 9]
    first, end = district["spans"]["village"]
    assert end - first == 8
    assert district["villages"] == {"district": [[0, 8]], "block": [[0, 8]]}
    assert district["order"] == client.get("/api/v1/map/status", params={"area": DISTRICT}).headers["pahunch-order"]


def test_the_nearest_village(client: TestClient) -> None:
    found = client.get("/api/v1/map/nearest", params={"lon": 81.1, "lat": 20.1, "area": OTHER}).json()
    assert (found["village"], found["lon"], found["lat"]) == (0, 81.0, 20.0)
    assert client.get("/api/v1/map/nearest", params={"lon": 181, "lat": 20}).status_code == 422


def test_an_alert_is_acknowledged_once(client: TestClient, engine: Engine) -> None:
    _store_alert(engine)
    seen = client.post("/api/v1/alerts/1/acknowledge", json={"by": "asha"}).json()
    assert (seen["acknowledged_by"], seen["summary"]["cause"]) == ("asha", "fibre")
    assert client.post("/api/v1/alerts/1/acknowledge", json={"by": "ravi"}).json()["acknowledged_by"] == "asha"
    assert client.get("/api/v1/alerts").json()["items"] == [seen]
    assert client.post("/api/v1/alerts/2/acknowledge", json={"by": "asha"}).status_code == 404


def test_no_other_site_presses_the_button(client: TestClient, engine: Engine) -> None:
    _store_alert(engine)
    crossing = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/v1/alerts/1/acknowledge", json={"by": "x"}, headers=crossing).status_code == 403
    assert client.get("/api/v1/alerts").json()["items"][0]["acknowledged_at"] is None


def _store_alert(engine: Engine) -> None:
    from alerts.model import Summary
    from alerts.summary import to_json
    from inventory.model import Names
    from readiness.model import Cause, Layer, Responsible

    summary = Summary(
        Names("Gram 3"),
        (Names("Raipur"),),
        Cause.FIBRE,
        0.9,
        Layer.BACKHAUL,
        Responsible.AGENCY,
        ("a", "b"),
        "",
        1,
        1,
        None,
    )
    row = {"rule": "site_down", "subject_kind": "site", "subject": "gp3", "area": "gp:G3", "severity": "critical"}
    with for_writing(engine).begin() as connection:
        connection.execute(insert(alert).values(**row, summary=to_json(summary), opened_at=NOW))


def test_health(engine: Engine, inventory: Inventory, tmp_path: Path) -> None:
    with TestClient(app_over(engine, inventory, tmp_path), base_url=LOCAL) as client:
        assert client.get("/-/healthy").json() == {"status": "ok"}
        assert client.get("/-/ready").status_code == 503  # tables without a migration's mark
        assert client.get("/metrics").status_code == 404
    migrated = open_engine(f"sqlite:///{tmp_path}/migrated.db")
    upgrade(migrated)
    with TestClient(app_over(migrated, inventory, tmp_path), base_url=LOCAL) as client:
        assert client.get("/-/ready").status_code == 200


def test_metrics_are_those_of_the_registry(engine: Engine, inventory: Inventory, tmp_path: Path) -> None:
    registry = CollectorRegistry()
    Counter("pahunch_test", "A counter", registry=registry).inc(3)
    app = create_app(engine, inventory, Settings(), registry, assets=assets(tmp_path))
    with TestClient(app, base_url=LOCAL) as client:
        answer = client.get("/metrics")
    assert "pahunch_test_total 3.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_the_schema_describes_every_answer_and_loads_nothing(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/api/v1/areas", "/api/v1/status", "/api/v1/history", "/api/v1/events", "/-/ready"} <= set(paths)
    assert client.get("/docs").status_code == 404


def test_an_unknown_area_in_the_settings_is_an_error(engine: Engine, inventory: Inventory, tmp_path: Path) -> None:
    with pytest.raises(UnknownAreaError):
        create_app(engine, inventory, Settings(serve=ServeSettings(area="district:0")), assets=assets(tmp_path))


@pytest.mark.parametrize(
    "address",
    [
        "transitions?from=2026-01-01T00:00:00",
        "outages?to=2026-01-01",
        "transitions?from=0001-01-01T00:00:00%2B05:30",
        "history?device=gp1&metric=in_bps&to=9999-12-31T23:59:59-05:30",
        f"transitions?after={2**63}",
        f"outages?after={2**63}",
        f"alerts?before={2**63}",
        "alerts?before=-1",
        "transitions?subject=%00",
    ],
)
def test_what_no_store_can_hold_is_wrong_use(client: TestClient, address: str) -> None:
    assert client.get(f"/api/v1/{address}").status_code == 422


@pytest.mark.parametrize(("number", "by"), [(2**63, "A. Officer"), (1, "A.\x00Officer"), (1, "\x1b[31mA. Officer")])
def test_a_strange_acknowledgement_is_wrong_use(client: TestClient, number: int, by: str) -> None:
    assert client.post(f"/api/v1/alerts/{number}/acknowledge", json={"by": by}).status_code == 422
