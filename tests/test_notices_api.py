"""Notices over HTTP: declared, known already, refused, withdrawn, and only about what lies in the server's area."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from inventory.scope import Scope
from readiness import notices
from readiness.rules.notices import About, NoticeKind
from readiness.tables import outage
from tests.pages import NOW, app_over, fill, two_districts
from tests.small import DISTRICT

ANSWER = {"kind": "operator_answer", "about": "site", "subject": "gp8", "who": "Sunita, operator", "cause": "power"}
BILL = {"kind": "unpaid", "about": "site", "subject": "gp8", "who": "CSPDCL", "responsible": "panchayat", "text": "₹ 3,200"}  # fmt: skip
OTHER = "evil-gp"


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> Iterator[TestClient]:
    inventory = two_districts()
    fill(engine, inventory)
    with TestClient(app_over(engine, inventory, tmp_path, DISTRICT), base_url="http://127.0.0.1") as made:
        yield made


def test_an_answer_is_stored_and_withdrawn(client: TestClient) -> None:
    made = client.post("/api/v1/notices", json=ANSWER)
    assert made.status_code == 201, made.text
    told = made.json()["told"]
    assert (told["kind"], told["subject"], told["cause"], told["to_at"]) == ("operator_answer", "gp8", "power", None)
    assert told["from_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert client.get("/api/v1/notices").json() == [made.json()]
    path = f"/api/v1/notices/{made.json()['id']}/withdraw"
    withdrawn = client.post(path, json={"who": "Engineer"}).json()
    assert (withdrawn["withdrawn_by"], withdrawn["told"]) == ("Engineer", told)
    assert client.post(path, json={"who": "another"}).json() == withdrawn


def test_times_of_microseconds_are_kept_in_milliseconds(client: TestClient) -> None:
    """A clock tells microseconds, the store keeps milliseconds."""
    told = ANSWER | {"start": "2026-11-21T10:00:00.123456Z"}
    made = client.post("/api/v1/notices", json=told)
    assert made.status_code == 201, made.text
    assert made.json()["told"]["from_at"] == "2026-11-21T10:00:00.123000Z"
    assert client.post("/api/v1/notices", json=told).json() == made.json()
    assert client.get("/api/v1/notices").json() == [made.json()]


def test_what_is_known_comes_back_as_it_stands(client: TestClient) -> None:
    times = {"start": NOW.isoformat(), "end": (NOW + timedelta(days=30)).isoformat()}
    first = client.post("/api/v1/notices", json=BILL | times).json()
    assert client.post("/api/v1/notices", json=BILL | times).json() == first
    assert (first["told"]["responsible"], first["told"]["text"]) == ("panchayat", "₹ 3,200")
    assert len(client.get("/api/v1/notices").json()) == 1


REFUSED: list[tuple[dict[str, object], int, str]] = [
    ({"cause": None}, 422, "cause: is what an operator_answer says"),
    ({"kind": "unpaid"}, 422, "cause: is what an operator_answer says"),
    ({"cause": "undetermined"}, 422, "cause: is none of"),
    ({"start": NOW.isoformat(), "end": (NOW - timedelta(1)).isoformat()}, 422, "to: lies before from"),
    ({"start": "0001-01-01T00:00:00Z"}, 422, "between 1970"),
    ({"who": " "}, 422, "who: is missing"),
    ({"who": "a\x00b"}, 422, "pattern"),
    ({"subject": "gp\x00"}, 422, "pattern"),
    ({"text": "x" * 501}, 422, "500"),
    ({"subject": "nobody"}, 404, "no site"),
    ({"subject": OTHER}, 404, "no site"),
    ({"about": "area", "subject": "state:22"}, 404, "no area"),
    ({"about": "outage", "subject": "99"}, 404, "no outage"),
]


def test_what_is_not_in_order_or_lies_elsewhere_is_refused(client: TestClient) -> None:
    for change, status, says in REFUSED:
        answer = client.post("/api/v1/notices", json=ANSWER | change)
        assert (answer.status_code, says in answer.text) == (status, True), (change, answer.text)
    assert client.get("/api/v1/notices").json() == []


def test_nobody_speaks_of_another_districts_outage_or_withdraws_its_notices(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        for number, subject in ((101, OTHER), (102, "gp8")):
            connection.execute(
                insert(outage).values(
                    id=number, subject_kind="site", subject=subject, status="down", from_at=NOW, cause="undetermined",
                    confidence=0.0, evidence="[]", root=True, responsible="none", villages=0,
                )
            )  # fmt: skip
    about = ANSWER | {"about": "outage"}
    assert client.post("/api/v1/notices", json=about | {"subject": "101"}).status_code == 404
    assert client.post("/api/v1/notices", json=about | {"subject": "102"}).status_code == 201
    there = notices.Announced(NoticeKind.UNPAID, About.SITE, OTHER, NOW, "CSPDCL")
    (number,) = notices.declare(engine, [there], NOW)
    assert client.post(f"/api/v1/notices/{number}/withdraw", json={"who": "x"}).status_code == 404
    assert next(row for row in notices.listed(engine, Scope()) if row.id == number).withdrawn_at is None


def test_no_page_of_another_site_declares_or_withdraws(client: TestClient) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    number = client.post("/api/v1/notices", json=ANSWER).json()["id"]
    assert client.post("/api/v1/notices", json=BILL, headers=foreign).status_code == 403
    assert client.post(f"/api/v1/notices/{number}/withdraw", json={"who": "x"}, headers=foreign).status_code == 403
    assert [row["withdrawn_at"] for row in client.get("/api/v1/notices").json()] == [None]
