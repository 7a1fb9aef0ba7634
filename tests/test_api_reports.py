"""Claims and trends as pages, files and JSON: what contradicts a claim, by the area that was asked for."""

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api import i18n
from api.reporting import Asked, Kind, Name
from inventory.model import GpRollout, GpState, Inventory
from inventory.store import apply
from readiness.rules.claims import Finding
from tests.judged import add_outage
from tests.pages import NOW, OTHER, app_over, change, seen_at, two_districts
from tests.small import DISTRICT

DAY = timedelta(days=1)


def claimed() -> Inventory:
    """GP 1 is claimed ready and never works, GP 2 is claimed ready and does, GP 3 works though it is only planned."""
    states = {"G1": GpState.SERVICE_READY, "G2": GpState.OPERATIONAL, "G3": GpState.PLANNED, "E": GpState.OPERATIONAL}
    rows = [
        GpRollout(f"gp:{code}", state, date(2025, 1, 1), (), None, "list <1>", date(2025, 1, 2))
        for code, state in states.items()
    ]
    return replace(two_districts(), gp_rollout={row.key: row for row in rows})


@pytest.fixture(scope="module")
def store(shared_engine: Engine) -> Engine:
    apply(shared_engine, claimed(), NOW)
    for site, status in (("gp1", "down"), ("gp2", "up"), ("gp3", "up"), ("evil-gp", "down")):
        change(shared_engine, ("site", site), status, NOW - 40 * DAY)
    for number in range(12):  # feeder 1 fails again and again
        at = NOW - (number + 2) * DAY
        add_outage(shared_engine, "gp1", "device", cause="power", from_at=at, to_at=at + timedelta(hours=1))
    seen_at(shared_engine, NOW)
    return shared_engine


@pytest.fixture(scope="module")
def client(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with TestClient(
        app_over(store, claimed(), tmp_path_factory.mktemp("reports")), base_url="http://127.0.0.1"
    ) as client:
        yield client


def test_what_contradicts_its_claim_is_told_with_the_threshold(client: TestClient) -> None:
    told = client.get(f"/api/v1/discrepancy?area={DISTRICT}").json()
    assert [(row["area"], row["finding"]) for row in told["items"]] == [
        ("gp:G1", "never_operated"), ("gp:G3", "operates_unclaimed"),
    ]  # fmt: skip
    assert (told["operates_percent"], told["least_days"], told["area"]) == (25, 7, DISTRICT)
    assert (told["counts"]["agrees"], sum(told["counts"].values())) == (1, 8)
    first = told["items"][0]
    assert (first["claimed_state"], first["claim_stated_on"], first["pending_with"]) == (
        "service_ready",
        "2025-01-02",
        [],
    )
    assert first["operated_percent_high"] == 0
    agreeing = client.get("/api/v1/discrepancy?finding=agrees").json()["items"]
    assert [row["area"] for row in agreeing] == ["gp:G2"]
    assert len(client.get("/api/v1/discrepancy?limit=1").json()["items"]) == 1
    assert client.get("/api/v1/discrepancy?finding=false").status_code == 422


@pytest.mark.parametrize(
    ("language", "finding", "source"),
    [
        ("en", "claimed ready, never seen to work", "list &lt;1&gt;"),
        ("hi", "तैयार बताई गई, कभी चालू नहीं दिखी", "25 %"),
        ("pa", "ਤਿਆਰ ਦੱਸੀ ਗਈ, ਕਦੇ ਚਾਲੂ ਨਹੀਂ ਦਿਸੀ", "25 %"),
    ],
)
def test_the_page_of_claims(client: TestClient, language: str, finding: str, source: str) -> None:
    page = client.get(f"/{language}/discrepancy?area={DISTRICT}").text
    assert finding in page
    assert source in page
    assert "area=district%3A387" in re.findall(r'href="(/api/v1/reports/discrepancy[^"]*format=pdf[^"]*)"', page)[0]
    assert f"language={language}" in page
    assert f'href="/{language}/area/gp:G1"' in page


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_page_of_an_area_leads_to_its_reports(client: TestClient, language: str) -> None:
    page = client.get(f"/{language}/area/{DISTRICT}").text
    for name in ("queue", "discrepancy", "trend"):
        (address,) = re.findall(
            rf'href="(/{language}/{name}\?area=district%3A387|/{language}/{name}\?area=district:387)"', page
        )
        assert client.get(address).status_code == 200


def test_a_csv_has_all_rows_and_words_in_the_language_of_the_page(client: TestClient) -> None:
    answer = client.get(f"/api/v1/reports/discrepancy?area={DISTRICT}&language=hi")
    assert answer.headers["content-disposition"] == 'attachment; filename="discrepancy-district-387-2026-11-21.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 8
    assert (rows[0]["finding"], rows[0]["finding_hi"]) == ("never_operated", "तैयार बताई गई, कभी चालू नहीं दिखी")


def test_what_a_csv_is_can_be_had_beside_it(client: TestClient) -> None:
    page = client.get(f"/pa/discrepancy?area={DISTRICT}").text
    (address,) = re.findall(r'href="(/api/v1/reports/discrepancy[^"]*format=txt[^"]*)"', page)
    answer = client.get(html.unescape(address))
    assert answer.headers["content-disposition"].endswith('-district-387-2026-11-21.txt"')
    told = answer.content.decode("utf-8-sig")
    assert "period_start: 2026-10-22T" in told
    table = client.get(f"/api/v1/reports/discrepancy?area={DISTRICT}&language=pa")
    columns = table.content.decode("utf-8-sig").splitlines()[0].split(",")
    assert "finding_pa" in columns
    assert [column for column in columns if not re.search(rf"^{column}[: ]", told, re.MULTILINE)] == []
    assert table.links["describedby"]["url"] == html.unescape(address)


def test_a_file_is_named_after_the_day_in_india(store: Engine, tmp_path: Path) -> None:
    evening = NOW.replace(hour=19)
    with TestClient(app_over(store, claimed(), tmp_path), base_url="http://127.0.0.1") as client:
        here = client.app.state.context  # type: ignore[attr-defined]
        object.__setattr__(here, "clock", lambda: evening)
        named = client.get("/api/v1/reports/discrepancy").headers["content-disposition"]
    assert named == 'attachment; filename="discrepancy-2026-11-22.csv"'


@pytest.mark.parametrize(("name", "kind", "begins"), [("discrepancy", "xlsx", b"PK"), ("trend", "pdf", b"%PDF-")])
def test_the_other_files(client: TestClient, name: str, kind: str, begins: bytes) -> None:
    answer = client.get(f"/api/v1/reports/{name}?format={kind}&language=pa")
    assert answer.content.startswith(begins)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("availability", 422), ("trend?format=gpkg", 422), ("trend?language=xx", 404), ("trend?area=district:0", 404),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused(client: TestClient, address: str, code: int) -> None:
    assert client.get(f"/api/v1/reports/{address}").status_code == code


def test_the_page_of_trends_names_the_feeder_and_its_district(client: TestClient) -> None:
    told = client.get("/api/v1/trend").json()["items"]
    page = client.get("/en/trend").text
    assert [row["subject"] for row in told if row["subject"] not in page] == []
    assert "-27 dBm" in page  # the thresholds are stated
    assert "900 s" in page


def test_a_report_is_made_once_an_hour_for_an_area(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    reporting = client.app.state.context.reporting  # type: ignore[attr-defined]
    asked = Asked(Name.DISCREPANCY, OTHER, NOW, None)
    first = reporting.report(asked)
    assert reporting.report(asked._replace(now=NOW + timedelta(minutes=59))) is first
    later = reporting.report(asked._replace(now=NOW + timedelta(minutes=61)))
    assert later is not first
    assert (later.end - first.end, first.end - first.start) == (timedelta(hours=1), timedelta(days=30))
    assert reporting.report(asked._replace(blind_since=NOW - 20 * DAY)) is not first
    assert reporting.file(asked, Kind.CSV, "en") is reporting.file(asked, Kind.CSV, "en")


def test_nobody_is_accused_while_nobody_watches(store: Engine, tmp_path: Path) -> None:
    with TestClient(app_over(store, claimed(), tmp_path), base_url="http://127.0.0.1") as client:
        reporting = client.app.state.context.reporting  # type: ignore[attr-defined]
        made = reporting.report(Asked(Name.DISCREPANCY, DISTRICT, NOW, NOW - 29 * DAY))
        assert set(made.table["finding"].to_pylist()) <= {Finding.UNDECIDED, Finding.NOT_CLAIMED}


def test_of_a_country_no_page_is_worked_out(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.reporting.MOST_GPS", 1)
    asked = [client.get(f"/en/discrepancy{area}").text for area in ("", f"?area={DISTRICT}", f"?area={OTHER}")]
    assert ["too many gram panchayats here for one page" in page for page in asked] == [True, True, False]
    assert ["format=csv" in page for page in asked] == [False, False, True]
    assert client.get("/api/v1/discrepancy").status_code == 200


def test_those_for_whom_no_thread_is_left_are_told_to_ask_again(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.reporting.AT_ONCE", 0)
    with TestClient(app_over(store, claimed(), tmp_path), base_url="http://127.0.0.1") as client:
        for address, told in (("pa/discrepancy", "<h1>"), ("api/v1/discrepancy", '"detail"'), ("en/trend", "<h1>")):
            answer = client.get(f"/{address}")
            assert (answer.status_code, answer.headers["retry-after"], told in answer.text) == (503, "15", True)
