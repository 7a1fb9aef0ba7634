"""What one GET may cost: work over everything is done now and then, not for each page; lists and periods end."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from api.offering import REST, Offering
from api.outlooks import Outlooks
from inventory.scope import Scope
from readiness.offer import Offer
from readiness.tables import watch
from readiness.trends import Trend
from storage.engine import for_writing
from storage.settings import Settings, StorageSettings
from tests.pages import NOW, app_over, change
from tests.small import DISTRICT
from tests.test_offer import HOUR_AGO, catalogue, fill

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def test_an_offer_is_taken_up_only_where_something_moved_and_not_for_every_page(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, catalogue())
    times = list[datetime]()
    refresh = Offer.refresh

    def noted(self: Offer, engine: Engine, now: datetime, blind_since: datetime | None = None) -> None:
        times.append(now)
        refresh(self, engine, now, blind_since)

    monkeypatch.setattr(Offer, "refresh", noted)
    clock = [NOW]
    offering = Offering(engine, catalogue(), Settings(storage=StorageSettings(history=tmp_path)), lambda: clock[0])

    def blocked() -> int:
        return int(offering.now(None).counts()[0].villages.tolist() != before)

    before = offering.now(None).counts()[0].villages.tolist()
    change(engine, ("village", "village:V5"), "blocked", HOUR_AGO, layer="power")
    assert (blocked(), len(times)) == (0, 1)  # within the rest
    clock[0] += REST
    assert (blocked(), len(times)) == (1, 2)
    clock[0] += REST
    assert (blocked(), len(times)) == (1, 2)  # nothing moved
    with for_writing(engine).begin() as connection:
        connection.execute(insert(watch).values(collector="x", last_at=NOW + timedelta(days=1)))
    clock[0] += REST
    assert (blocked(), len(times)) == (1, 3)  # lines and endpoints are seen anew without a transition
    offering.now(NOW)
    assert len(times) == 4  # nobody watches: at once
    offering.now(None)
    assert len(times) == 5
    clock[0] -= timedelta(hours=1)
    offering.now(None)
    assert len(times) == 5
    change(engine, ("village", "village:V5"), "ready", HOUR_AGO)
    clock[0] -= timedelta(hours=1)  # the clock was set back: it does not rest until then
    offering.now(None)
    assert len(times) == 6


def test_likely_trouble_is_worked_out_once_an_hour(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[tuple[str | None, datetime]]()

    def noted(engine: Engine, history: Path, inventory: object, scope: Scope, now: datetime) -> list[Trend]:
        asked.append((scope.area, now))
        return []

    monkeypatch.setattr("api.outlooks.trends", noted)
    outlooks = Outlooks(engine, tmp_path, catalogue())
    for minutes in (0, 1, 59, 60):
        outlooks.of(Scope(DISTRICT), NOW.replace(minute=0) + timedelta(minutes=minutes))
    outlooks.of(Scope(), NOW.replace(minute=0))
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    assert asked == [(DISTRICT, hour), (DISTRICT, hour + timedelta(hours=1)), (None, hour)]


def test_lists_and_periods_end(engine: Engine, tmp_path: Path) -> None:
    fill(engine, catalogue())
    with TestClient(app_over(engine, catalogue(), tmp_path), base_url="http://127.0.0.1") as client:
        every = client.get("/api/v1/trend?outlook=not_enough").json()
        one = client.get("/api/v1/trend?outlook=not_enough&limit=1").json()
        assert (one["items"], one["counts"]) == (every["items"][:1], every["counts"])
        assert len(every["items"]) > 1
        assert len(client.get("/api/v1/rings?limit=1").json()) == 1
        for address in ("trend?limit=5001", "rings?limit=0", "single-points?limit=5001"):
            assert client.get(f"/api/v1/{address}").status_code == 422
        long = client.get("/api/v1/citizen-hours?from=2000-01-01T00:00:00Z")
        assert (long.status_code, "longer than 400 days" in long.json()["detail"]) == (422, True)
