"""Likely next trouble from what is stored: faults of the simulator are foretold, and silence says nothing."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

import manage
from inventory import store
from inventory.model import Device, Inventory, Names, Role, Site, SiteKind
from inventory.scope import Scope
from readiness.trends import DEFAULT_LIMITS, Kind, Limits, Outlook, Trend, trends
from reports.read import Wanted, trend_report
from reports.writers.registry import write
from simulator.condition import Effect
from simulator.courses import fading, wearing
from simulator.onts import received_dbm
from storage.segments import SCHEMAS, Writer
from storage.types import to_millis
from tests.judged import add_outage
from tests.small import DISTRICT, small_inventory
from tests.test_reports_files import sheets

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
TODAY = datetime(2026, 11, 21, tzinfo=UTC)
DAYS = 40
_A_DAY = 86_400
EVERYTHING = Scope()


def equipped() -> Inventory:
    """With a UPS at GP 2 and GP 3, and twelve more feeders of a site each in the district."""
    small = small_inventory()
    upses = {f"ups{n}": Device(f"ups{n}", Role.UPS, f"gp{n}", primary_ip=f"127.1.4.{n}") for n in (2, 3)}
    sites = {f"s{n}": Site(f"s{n}", SiteKind.GP, "gp:G1", Names("S"), feeder=f"f{n:02}") for n in range(12)}
    boxes = {f"r{n}": Device(f"r{n}", Role.ROUTER, f"s{n}") for n in range(12)}
    return replace(small, sites=dict(small.sites) | sites, devices=dict(small.devices) | upses | boxes)


def samples(device: str, metric: str, instance: str, at: list[datetime], value: list[float]) -> pa.Table:
    columns = {"device": device, "metric": metric, "instance": instance}
    return pa.table(
        {"at": [to_millis(each) for each in at], **{name: [text] * len(at) for name, text in columns.items()}, "value": value}
    ).cast(SCHEMAS["samples"])  # fmt: skip


def written(folder: Path, rows: list[pa.Table]) -> None:
    writer = Writer(folder)
    whole = pa.concat_tables(rows).sort_by("at")
    hours = np.asarray(whole["at"].cast(pa.int64())) // 3_600_000
    for hour in np.unique(hours):
        writer.write({"samples": whole.filter(pa.array(hours == hour))})
    writer.close()


def faded(inventory: Inventory, a_day: float) -> tuple[pa.Table, float]:
    """What ont5's OLT reads of its light at noon and at night while the simulator lets it fade, and on which day it is weak."""
    link = inventory.links["pon-5"]
    light = received_dbm(inventory.devices["ont5"], link.length_km)
    course = fading({link.name: light}, a_day / 1440, 0.0)
    (_, first), (weak_s, _) = islice(course, 2)
    chance = np.random.default_rng(3)
    seconds = [day * _A_DAY + hour * 3600 for day in range(DAYS) for hour in (12, 22)]
    read = [light - first.fades[link.name].db(each) + chance.normal(0, 0.1) for each in seconds]
    at = [TODAY - DAYS * DAY + timedelta(seconds=each) for each in seconds]
    return samples("olt1", "ont_rx_dbm", "0/1/3:5", at, read), weak_s / _A_DAY


def steady(device: str, metric: str, instance: str, level: float) -> pa.Table:
    chance = np.random.default_rng(4)
    at = [TODAY - (day + 1) * DAY + timedelta(hours=22) for day in range(DAYS)]
    return samples(device, metric, instance, at, [level + chance.normal(0, 0.1) for _ in at])


def worn() -> pa.Table:
    """What ups2 says at night that it would last, while the simulator lets it wear day by day."""
    course = wearing(Effect(battery_minutes=60.0), frozenset({"ups2"}), 60, _A_DAY, 0.98)
    cycles = [effect for _, effect in islice(course, 0, 2 * DAYS, 2)]
    at = [TODAY - DAYS * DAY + day * DAY + timedelta(hours=22, minutes=30) for day in range(DAYS)]
    return samples("ups2", "ups_runtime_s", "", at, [(each.battery_minutes or 0) * 60 for each in cycles])


@dataclass(frozen=True)
class Stored:
    engine: Engine
    folder: Path

    def trends(self, scope: Scope = EVERYTHING, limits: Limits = DEFAULT_LIMITS) -> list[Trend]:
        return trends(self.engine, self.folder, equipped(), scope, NOW, limits=limits)

    def told(self, scope: Scope = EVERYTHING) -> dict[str, Trend]:
        return {row.subject: row for row in self.trends(scope)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history, which is the same beside every store."""
    made = tmp_path_factory.mktemp("history")
    light, _ = faded(equipped(), 0.1)
    steady_light, steady_ups = steady("olt1", "ont_rx_dbm", "0/1/3:6", -21), steady("ups3", "ups_runtime_s", "", 3600)
    written(made, [light, steady_light, worn(), steady_ups])
    return made


@pytest.fixture(scope="module")
def stored(shared_engine: Engine, folder: Path) -> Stored:
    store.apply(shared_engine, equipped(), NOW)
    for n in range(12):
        for day in range(9 if n == 7 else 1):
            begins = TODAY - (20 + day) * DAY
            add_outage(
                shared_engine, f"r{n}", "device", cause="power", from_at=begins, to_at=begins + timedelta(hours=2)
            )
    add_outage(shared_engine, "r1", "device", cause="fibre", from_at=TODAY - 3 * DAY, to_at=TODAY - 2 * DAY)
    return Stored(shared_engine, folder)


@pytest.fixture(scope="module")
def told(stored: Stored) -> dict[str, Trend]:
    """Everything, by subject."""
    return stored.told()


def test_what_the_simulator_lets_decay_is_foretold(told: dict[str, Trend]) -> None:
    light = told["ont5"]
    _, weak_on = faded(equipped(), 0.1)
    assert (light.kind, light.outlook, light.days, light.site, light.area) == (
        Kind.LIGHT,
        Outlook.FALLING,
        DAYS,
        "gp5",
        "gp:G5",
    )
    assert light.a_day == pytest.approx(-0.1, abs=0.01)
    assert light.days_left_low is not None
    assert light.days_left_high is not None
    assert light.days_left_low < weak_on - DAYS < light.days_left_high + 1
    battery = told["ups2"]
    assert (battery.kind, battery.outlook) == (Kind.BATTERY, Outlook.FALLING)
    assert battery.days_left is not None
    assert (
        5 < battery.days_left < 29
    )  # a straight line is early: what is lost grows less, and 15 minutes last until night 69
    assert told["ups3"].outlook is told["ont6"].outlook is Outlook.STEADY


def test_without_figures_nothing_is_said(stored: Stored, told: dict[str, Trend]) -> None:
    unseen = told["ont7"]
    assert (unseen.outlook, unseen.days, unseen.level, unseen.days_left) == (Outlook.NOT_ENOUGH, 0, None, None)
    nowhere = replace(stored, folder=stored.folder / "nothing").told()
    assert {row.outlook for row in nowhere.values() if row.kind is not Kind.FEEDER} == {Outlook.NOT_ENOUGH}


def test_a_feeder_with_more_cuts_than_its_district(told: dict[str, Trend]) -> None:
    worse, other = told["f07"], told["f01"]
    assert (worse.outlook, worse.cuts, worse.a_month) == (Outlook.MORE_CUTS, 9, 3)
    assert (other.outlook, other.cuts) == (Outlook.STEADY, 1)  # its fibre was cut too, which is no cut of power
    assert worse.chance is not None
    assert worse.chance < 0.001
    assert worse.others_a_month is not None
    assert worse.a_month_low is not None
    assert worse.others_a_month < worse.a_month_low < 3


def test_limits_are_the_readers_choice_and_the_gravest_come_first(stored: Stored) -> None:
    rows = stored.trends(limits=Limits(light_dbm=-20.0))
    outlooks = [list(Outlook).index(row.outlook) for row in rows]
    assert outlooks == sorted(outlooks)
    assert {row.subject for row in rows if row.outlook is Outlook.BEYOND} == {"ont5", "ont6"}


def test_an_area_has_its_own_and_nothing_else(stored: Stored) -> None:
    assert set(stored.told(Scope("gp:G5"))) == {"ont5", "feeder-1"}
    assert "ont5" in stored.told(Scope(DISTRICT))


def test_the_command_prints_trouble_and_counts_the_rest(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", stored.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PAHUNCH_STORAGE__HISTORY", str(stored.folder))
    answer = CliRunner().invoke(manage.app, ["trend", DISTRICT, "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert told["window_days"] == 90
    assert told["counts"]["light"]["not_enough"] >= 1
    assert {row["outlook"] for row in told["rows"]} <= {"falling", "more_cuts", "beyond"}
    shown = CliRunner().invoke(manage.app, ["trend", DISTRICT, "--all"])
    assert "ont7" in shown.stdout
    assert CliRunner().invoke(manage.app, ["trend", "district:0"]).exit_code == 2


def test_the_report_has_every_series_and_counts_them_by_district(stored: Stored, tmp_path: Path) -> None:
    asked = Wanted(stored.engine, stored.folder, equipped(), EVERYTHING, EVERYTHING, NOW - DAY, NOW, NOW)
    made = trend_report(asked)
    outlooks = made.table["outlook"].to_pylist()
    assert made.table["days_left"].to_pylist()[outlooks.index("falling")] is not None
    [district] = made.districts.to_pylist()
    assert district["series"] == len(outlooks) == sum(district[f"series_{each}"] for each in Outlook)
    assert district["series_falling"] == outlooks.count("falling") == 2
    for kind in ("xlsx", "csv", "gpkg"):
        write(made, kind, tmp_path / f"t.{kind}")
    assert len(sheets(tmp_path / "t.xlsx")["trend"]) == len(outlooks) + 1
