"""The readiness report, the queue as a report, and citizen-hours."""

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from inventory.model import Level
from inventory.scope import Scope, villages_in
from readiness.citizens import by_readiness, hours_lost
from readiness.model import Readiness
from readiness.read import counts
from readiness.rules.columns import DEGRADED, DOWN, UNKNOWN, UP
from readiness.rules.lost import lost
from readiness.rules.spells import Spells
from reports.read import Wanted
from reports.read_readiness import queue_report, readiness_report
from reports.writers.csv import write
from storage.settings import Settings
from tests.pages import NOW, app_over
from tests.small import DISTRICT
from tests.test_offer import HOUR_AGO, catalogue, fill

SEEN = {f"village:V{n}" for n in (1, 2, 3, 4, 5)}


def _wanted(engine: Engine, folder: Path, blind: datetime | None = None) -> Wanted:
    scope = Scope(DISTRICT)
    start = NOW - timedelta(days=1)
    return Wanted(engine, folder, catalogue(), scope, scope, start, NOW, NOW, blind)


def test_readiness_by_service_and_what_it_cost(engine: Engine, tmp_path: Path) -> None:
    fill(engine, catalogue())
    report = readiness_report(_wanted(engine, tmp_path), Level.DISTRICT, Settings())
    write(report, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["service"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"", "form", "print", "later"}
    for row in rows.values():
        assert sum(int(row[f"villages_{each}"]) for each in Readiness) == int(row["villages_total"]) == 8
    assert (rows[""]["villages_blocked"], rows[""]["citizens_affected"]) == ("3", "9000")
    assert (rows[""]["first_failing_layer"], rows[""]["citizens_known"]) == ("power", "28000")
    # Blocked for the last hour, and of the other villages but V1 and V5 nothing was seen all day; these were seen for an hour.
    assert float(rows[""]["citizen_hours_lost_low"]) == 9_000
    assert float(rows[""]["citizen_hours_lost_high"]) == 9_000 + 23 * 15_000 + 24 * 13_000
    assert rows["form"]["villages_blocked"] == "0"
    assert int(rows["form"]["villages_elsewhere"]) >= 3
    assert rows["later"]["first_failing_layer"] == "not_commissioned"
    assert report.districts.num_rows == 1


def test_the_queue_as_a_report(engine: Engine, tmp_path: Path) -> None:
    fill(engine, catalogue())
    (row,) = queue_report(_wanted(engine, tmp_path)).table.to_pylist()
    assert (row["place"], row["subject"], row["responsible"]) == (1, "gp2", "power_utility")
    assert (row["villages_back"], row["citizens_back"], row["since"]) == (3, 9_000, HOUR_AGO)
    assert queue_report(_wanted(engine, tmp_path, HOUR_AGO)).table.num_rows == 0


def test_citizens_and_hours(engine: Engine, tmp_path: Path) -> None:
    inventory = catalogue()
    fill(engine, inventory)
    told = by_readiness(engine, Scope(DISTRICT))
    people = told.citizens
    assert sum(told.villages_without.values()) == 1
    assert people[Readiness.BLOCKED] == 9_000
    assert people[Readiness.READY] == 5_000
    known = [area for area in villages_in(inventory, Scope(DISTRICT)) if area.population]
    unseen = sum(area.population or 0 for area in known if area.key not in SEEN)  # of these nothing is stored
    assert people[Readiness.UNKNOWN] == unseen == 13_000
    assert sum(each or 0 for each in people.values()) == 28_000
    assert counts(engine, Scope(DISTRICT)).villages[Readiness.UNKNOWN] == 3
    unseen_all = by_readiness(engine, Scope(DISTRICT), blind_since=HOUR_AGO)
    blind = unseen_all.citizens
    assert unseen_all.villages_without[Readiness.UNKNOWN] == 1
    assert (blind[Readiness.BLOCKED], blind[Readiness.UNKNOWN]) == (0, 28_000)
    found = hours_lost(engine, tmp_path, inventory, Scope(DISTRICT), (NOW - timedelta(minutes=30), NOW))
    assert found.low == 4_500
    assert (found.villages, found.villages_without) == (8, 1)
    with TestClient(app_over(engine, inventory, tmp_path, DISTRICT), base_url="http://127.0.0.1") as client:
        assert client.get("/api/v1/citizen-hours").json()["low"] == 9_000
        assert client.get("/api/v1/status").json()["citizens"]["blocked"] == 9_000
        assert "9,000 citizens live in blocked villages" in client.get("/en/").text
        assert client.get("/api/v1/citizen-hours?from=2026-11-22T00:00:00Z").status_code == 422
        assert "Restoration queue" in client.get("/en/").text
        assert "3 villages" in client.get("/en/queue").text


_STATUS = st.sampled_from([UP, DEGRADED, DOWN, UNKNOWN])


@given(st.lists(st.tuples(_STATUS, st.integers(1, 10**8)), min_size=1, max_size=8), st.integers(0, 10**6), st.data())
@settings(max_examples=50)
def test_hours_are_bounded_and_neighbouring_periods_add_up(
    parts: list[tuple[int, int]], citizens: int, data: st.DataObject
) -> None:
    status, length = np.array(parts).T
    end = np.cumsum(length)
    whole = _spells(end - length, end, status)
    cut = data.draw(st.integers(0, int(end[-1])))
    before = _spells(np.minimum(whole.start, cut), np.minimum(whole.end, cut), status)
    after = _spells(np.maximum(whole.start, cut), np.maximum(whole.end, cut), status)
    people = np.array([citizens])
    found, first, second = (lost(some, people) for some in (whole, before, after))
    assert 0 <= found.low[0] <= found.high[0] <= citizens * end[-1] / 3.6e6 + 1e-6
    np.testing.assert_allclose(first.low + second.low, found.low, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(first.high + second.high, found.high, rtol=1e-9, atol=1e-6)


def _spells(start: np.ndarray, end: np.ndarray, status: np.ndarray) -> Spells:
    count = len(start)
    return Spells(np.zeros(count, np.int64), start, end, status.astype(np.int8), np.full(count, -1))


def test_what_nobody_knows_is_not_nobody(engine: Engine, tmp_path: Path) -> None:
    """Without any village's population no figure of citizens is 0 where villages are blocked."""
    inventory = replace(catalogue(), areas={key: replace(a, population=None) for key, a in catalogue().areas.items()})
    fill(engine, inventory)
    lost_hours = hours_lost(engine, tmp_path, inventory, Scope(DISTRICT), (NOW - timedelta(minutes=30), NOW))
    assert (lost_hours.low, lost_hours.high, lost_hours.villages_without) == (None, None, 8)
    with TestClient(app_over(engine, inventory, tmp_path, DISTRICT), base_url="http://127.0.0.1") as client:
        status = client.get("/api/v1/status").json()
        assert (status["villages"]["blocked"], status["citizens"]["blocked"]) == (3, None)
        assert status["villages_without"] == status["villages"]
        for service in client.get("/api/v1/services/readiness").json():
            assert service["villages_without"] == service["villages"]
            assert [word for word, some in service["villages"].items() if some] == [
                word for word, some in service["citizens"].items() if some is None
            ]
        hours = client.get("/api/v1/citizen-hours").json()
        assert (hours["low"], hours["high"], hours["villages_without"]) == (None, None, 8)
        assert "How many live in 3 blocked villages is not known" in client.get("/en/").text
        assert "Citizen-hours without services in these days: not known" in client.get("/en/village/village:V2").text
        assert "population not known" in client.get("/en/queue").text
