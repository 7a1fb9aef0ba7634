"""The main job: villages fail, are explained, and come back, on the page, in alerts and in reports.

The tests of this file run in their order over one product. Each waits until what was before it is over, so that one
that is asked again (tests/standstill.py) begins as it did the first time.
"""

import csv
import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import geopandas
import pytest

from maps.letters import READINESS
from readiness.model import Readiness
from simulator.faults import Fault, Kind, Where
from storage.history import series
from tests.e2e.conftest import Surroundings
from tests.e2e.product import Events, following, in_force, pids_of
from tests.servers import wait_until

pytestmark = pytest.mark.server

_EVER = datetime.min.replace(tzinfo=UTC)
ALL_READY = {f"village:V{n}": ("ready", None) for n in range(1, 9)}


def _roots(running: Surroundings, since: datetime) -> list[dict[str, Any]]:
    rows = running.product.json_lines("outages", "--from", since.isoformat(), "--json")
    return [row for row in rows if row["root"] and row["from"] >= since.isoformat()[:19]]


def _alerts(running: Surroundings, since: datetime) -> list[dict[str, Any]]:
    items = running.product.get("/api/v1/alerts?limit=1000")["items"]
    return [item for item in items if datetime.fromisoformat(item["opened_at"]) >= since]


def _told_to_alertmanager(running: Surroundings) -> list[dict[str, Any]]:
    with urlopen(f"{running.alertmanager}/api/v2/alerts", timeout=60) as response:  # noqa: S310 - on 127.0.0.1
        found: list[dict[str, Any]] = json.load(response)
    return found


def _is_told_to_alertmanager(running: Surroundings, name: str) -> bool:
    return any(name in str(alert["labels"]) or "Gram 8" in str(alert) for alert in _told_to_alertmanager(running))


def _newest(running: Surroundings) -> int:
    """The newest transition's number."""
    return max(int(row["id"]) for row in running.product.get("/api/v1/transitions?limit=1000")["items"])


def _when_all_is_over(running: Surroundings) -> datetime:
    """Now, when every village is ready again and every alert has ended."""
    running.product.wait_for(ALL_READY, seconds=90)
    wait_until(lambda: all(one["resolved_at"] for one in _alerts(running, _EVER)), saying="every alert is resolved")
    return datetime.now(UTC)


def _blocked(events: Events) -> list[float]:
    """When the page was told of each village that it is blocked, UTC epoch seconds."""
    first: dict[int, float] = {}
    for at, data in events.changes():
        for number, letter, _ in data["villages"]:
            if letter == READINESS[Readiness.BLOCKED]:
                first.setdefault(number, at)
    return list(first.values())


def test_all_is_unknown_first_and_up_when_polled(running: Surroundings) -> None:
    product = running.product
    if product.process is None:
        product.start()
    first = product.get("/api/v1/transitions?limit=1000")["items"]
    assert {row["before"] for row in first if row["kind"] == "village"} <= {"unknown"}
    product.wait_for(ALL_READY)
    status = product.json_lines("status", "--json")[0]
    assert status["villages"] == {"ready": 8, "degraded": 0, "blocked": 0, "unknown": 0}
    assert status["sites"]["unknown"] == status["sites"]["down"] == 0


def test_a_cut_pon_feeder_blocks_its_villages_at_once_and_alerts_once(running: Surroundings) -> None:
    product, since = running.product, _when_all_is_over(running)
    # Villages 5 and 6 have kendras on this feeder, 7 is served by that of 6.
    wanted = {f"village:V{n}": ("blocked", "backhaul") for n in (5, 6, 7)}
    with (
        following(f"{product.url}/api/v1/events?after={_newest(running)}", product.folder / "events-pon.log") as events,
        in_force(running.fleet, Fault(Kind.FIBRE_CUT, Where(link="olt1:0/1/3"))),
    ):
        product.wait_for(wanted)
        decided = [
            t for t in product.get("/api/v1/transitions?limit=1000&kind=village")["items"] if t["after"] == "blocked"
        ]
        recorded = max(datetime.fromisoformat(t["recorded_at"]).timestamp() for t in decided)
        wait_until(lambda: len(_blocked(events)) == len(wanted), saying="the page was told")
        assert max(_blocked(events)) - recorded < 2
        wait_until(lambda: len(_alerts(running, since)) == 1, saying="one alert")
    product.wait_for(ALL_READY, seconds=90)
    wait_until(lambda: _alerts(running, since)[0]["resolved_at"] is not None, saying="the alert is resolved")
    roots = [row for row in _roots(running, since) if row["cause"] == "fibre"]
    assert [(row["subject_kind"], row["subject"], row["villages"]) for row in roots] == [("link", "olt1:0/1/3", 3)]
    assert roots[0]["to"] is not None
    assert len(_alerts(running, since)) == 1


def test_one_cut_in_a_ring_costs_only_its_redundancy(running: Surroundings) -> None:
    product, since = running.product, _when_all_is_over(running)
    before = len(product.get("/api/v1/transitions?limit=1000&kind=village")["items"])
    with in_force(running.fleet, Fault(Kind.FIBRE_CUT, Where(link="ring-1-2"))):
        wait_until(lambda: bool(_alerts(running, since)), saying="a redundancy notice")
        (alert,) = _alerts(running, since)
        assert (alert["rule"], alert["summary"]["villages"]) == ("redundancy_lost", 0)
    wait_until(lambda: _alerts(running, since)[0]["resolved_at"] is not None, saying="resolved")
    assert len(product.get("/api/v1/transitions?limit=1000&kind=village")["items"]) == before


def test_two_cuts_in_a_ring_cut_off_what_lies_between(running: Surroundings) -> None:
    product, since = running.product, _when_all_is_over(running)
    # gp1 - cut - gp2 - gp3 - cut - gp4; villages 2, 3 and 4 are served by the kendra at GP 2.
    with in_force(running.fleet, *(Fault(Kind.FIBRE_CUT, Where(link=link)) for link in ("ring-1-1", "ring-1-3"))):
        product.wait_for({f"village:V{n}": ("blocked", "backhaul") for n in (2, 3, 4)})
        assert product.villages()["village:V1"] == ("ready", None)
        wait_until(lambda: bool(_alerts(running, since)), saying="an alert")
    product.wait_for(ALL_READY, seconds=90)
    wait_until(lambda: _alerts(running, since)[0]["resolved_at"] is not None, saying="resolved")
    (alert,) = [each for each in _alerts(running, since) if each["rule"] == "site_down"]
    assert alert["summary"]["villages"] == 3
    assert [
        row["ring"] for row in product.get("/api/v1/outages?limit=1000")["items"] if row["id"] == alert["outage"]
    ] == ["ring-1"]


def test_a_power_cut_is_called_power_where_a_ups_said_so(running: Surroundings) -> None:
    product = running.product
    _when_all_is_over(running)
    # Seven polls can hear the UPS say that it is on battery: with three a crowded machine heard none.
    gram_panchayat = Fault(Kind.POWER_CUT, Where(site="gp2"), battery_minutes=0.25)
    with in_force(running.fleet, gram_panchayat, Fault(Kind.POWER_CUT, Where(site="kendra2"))):
        product.wait_for({"village:V2": ("blocked", "power")}, seconds=90)
    product.wait_for(ALL_READY, seconds=90)


def test_each_notice_arrived_once(running: Surroundings) -> None:
    alerts = running.product.get("/api/v1/alerts?limit=1000")["items"]
    wait_until(lambda: len(running.inbox.messages) >= 2 * len(alerts), saying="mail for every notice")
    time.sleep(3)
    subjects = Counter(running.inbox.subjects())
    alike = Counter((alert["rule"], alert["subject"]) for alert in alerts)  # one each, where no test was asked again
    assert sorted(subjects.values()) == sorted([*alike.values()] * 2), subjects
    told = _told_to_alertmanager(running)
    assert all(alert["endsAt"] <= datetime.now(UTC).isoformat() for alert in told)


def test_an_alert_is_acknowledged_by_the_api(running: Surroundings) -> None:
    product, since = running.product, _when_all_is_over(running)
    with in_force(running.fleet, Fault(Kind.DEVICE_FAILURE, Where(device="radio8"))):
        wait_until(lambda: bool(_alerts(running, since)), saying="an alert")
        number = _alerts(running, since)[0]["id"]
        wait_until(lambda: _is_told_to_alertmanager(running, "radio8"), saying="Alertmanager has it")
        answer = product.post(f"/api/v1/alerts/{number}/acknowledge", {"by": "engineer"})
        assert answer["acknowledged_by"] == "engineer"
        done = product.manage("report", "coverage", "--format", "csv", "--out", str(product.folder / "down.csv"))
        assert done.returncode == 0, done.stderr
    product.wait_for(ALL_READY, seconds=90)
    for name in ("up.csv", "up.xlsx", "up.gpkg"):
        done = product.manage("report", "coverage", "--out", str(product.folder / name))
        assert done.returncode == 0, done.stderr


def test_the_coverage_report_followed(running: Surroundings) -> None:
    folder = running.product.folder
    blocked = {name: _column(folder / name, "villages_blocked") for name in ("down.csv", "up.csv")}
    assert blocked == {"down.csv": 1, "up.csv": 0}
    layers = geopandas.list_layers(folder / "up.gpkg")["name"].tolist()
    points = geopandas.read_file(folder / "up.gpkg", layer=layers[0])
    assert points.crs.to_epsg() == 4326
    assert len(points) == 8


def _column(path: Any, name: str) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(int(row[name] or 0) for row in csv.DictReader(file))


def test_what_influx_was_sent_reads_back_equal(running: Surroundings) -> None:
    """One device's newest uptime in VictoriaMetrics is a value that the history holds as well."""
    query = quote('{__name__="pahunch_sysUpTime",device="gp1"}')
    start = time.time() - 120

    def read() -> list[float]:
        with urlopen(f"{running.influx}/api/v1/export?match[]={query}&start={start}", timeout=60) as response:  # noqa: S310
            return [value for line in response.read().splitlines() for value in json.loads(line)["values"]]

    wait_until(lambda: len(read()) >= 5, saying="samples in VictoriaMetrics")
    sent = set(read())

    def stored() -> set[float]:
        found = series(
            running.product.folder / "history", "gp1", "sysUpTime", "",
            start=datetime.fromtimestamp(start - 60, UTC), end=datetime.now(UTC), step=timedelta(milliseconds=1),
        )  # fmt: skip
        return {round(float(value), 3) for value in found.high}

    # The history is on disk after 10 s.
    wait_until(lambda: {round(value, 3) for value in sent} <= stored(), every=1, saying=f"{sent} in the history")


def test_ctrl_c_leaves_no_process_and_exit_code_0(running: Surroundings) -> None:
    assert running.product.process is not None
    session = running.product.process.pid
    assert pids_of(session)
    assert running.product.stop() == 0
    wait_until(lambda: not pids_of(session), saying="no process is left")
