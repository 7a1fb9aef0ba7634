"""The availability report: every millisecond in one bucket, with its cause, over sites, villages and areas."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from inventory import store
from inventory.model import Area, Inventory, Level, Names, Service
from inventory.scope import Scope, UnknownAreaError
from readiness.rules.availability import BUCKETS, PARTIES, Blame, added_up, bounds
from readiness.rules.columns import DOWN, UNKNOWN
from readiness.rules.spells import NONE, Changes, Period, Spans, claimed, spells
from reports.availability import By, Of
from reports.availability_columns import AVAILABILITY, ROOT_CAUSES, bucket_columns
from reports.read import Wanted, availability_report, expanded
from reports.report import Report
from tests.judged import MONDAY, add_outage
from tests.small import DISTRICT
from tests.told import tell

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)
START = MONDAY - timedelta(hours=11)  # midnight in India
WEEK = (START, START + 7 * DAY)
ALL_DAY = list(bucket_columns().values())
OPEN = list(bucket_columns("hours_").values())
HOURS_A_WEEK = 6 * 7


def wanted(
    engine: Engine,
    folder: Path,
    inventory: Inventory,
    area: str | None = None,
    period: tuple[datetime, datetime] = WEEK,
) -> Wanted:
    return Wanted(engine, folder, inventory, Scope(area), Scope(area), *period, now=period[1])


def report(asked: Wanted, by: By = By.SITE, of: Of = Of.SITE) -> Report:
    return availability_report(asked, by, of, lambda _text, _over: None)


def rows(asked: Wanted, by: By = By.SITE, of: Of = Of.SITE) -> dict[str, dict[str, Any]]:
    return {row["row"]: row for row in report(asked, by, of).table.to_pylist()}


def spent(row: dict[str, Any], names: list[str] = ALL_DAY) -> dict[str, float]:
    """Column -> hours, of those that are not 0."""
    return {name: row[name] * MS / HOUR for name in names if row[name]}


def at(hours: float) -> datetime:
    return START + hours * HOUR


@pytest.fixture
def stored(engine: Engine, small: Inventory) -> Engine:
    """gp1 and its village are up from the third hour on."""
    store.apply(engine, small, MONDAY)
    tell(engine, ("site", "gp1"), at(3), "unknown", "up")
    tell(engine, ("site", "kendra1"), at(3), "unknown", "up")
    tell(engine, ("village", "village:V1"), at(3), "unknown", "ready")
    return engine


def down(engine: Engine, subject: tuple[str, str], first: float, last: float) -> None:
    words = ("ready", "blocked") if subject[0] == "village" else ("up", "down")
    tell(engine, subject, at(first), *words)
    tell(engine, subject, at(last), *reversed(words))


def test_a_site(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    down(stored, ("site", "gp1"), 10, 20)
    add_outage(stored, "gp1", "device", from_at=at(10), to_at=at(14), cause="power")
    add_outage(stored, "gp1", "device", from_at=at(14), to_at=at(18), cause="equipment")
    tell(stored, ("site", "gp1"), at(100), "up", "degraded")
    tell(stored, ("site", "gp1"), at(101.5), "degraded", "up")
    row = rows(wanted(stored, tmp_path, small))["gp1"]
    assert spent(row) == {
        "unknown_ms": 3, "up_ms": 153.5, "degraded_ms": 1.5, "down_power_ms": 4, "down_equipment_ms": 4,
        "down_undetermined_ms": 2,
    }  # fmt: skip
    assert row["period_ms"] == sum(row[name] for name in ALL_DAY) == 7 * DAY / MS
    assert (row["counted"], row["outages"], row["outages_ended"]) == (1, 1, 1)
    assert (row["mttr_ms"], row["longest_ms"]) == (10 * HOUR / MS, 10 * HOUR / MS)
    assert row["available_percent_low"] == round(100 * 155 / 168, 4)
    assert row["available_percent_high"] == round(100 * 158 / 168, 4)
    assert (row["kind"], row["area"], row["district_en"]) == ("gp", "gp:G1", "Raipur")


def test_kendra_hours_stand_beside_the_whole_day(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    down(stored, ("site", "kendra1"), 8, 12)  # open from 10: two hours of it
    add_outage(stored, "pc1", "device", from_at=at(8), to_at=at(12), cause="power")
    row = rows(wanted(stored, tmp_path, small))["kendra1"]
    assert row["hours"] == "Mo-Sa 10:00-17:00"
    assert spent(row, OPEN) == {"hours_up_ms": HOURS_A_WEEK - 2, "hours_down_power_ms": 2}
    assert row["hours_period_ms"] == HOURS_A_WEEK * HOUR / MS
    assert row["hours_available_percent_low"] == round(100 * 40 / 42, 4)
    assert spent(row)["down_power_ms"] == 4


def test_whose_hours(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    sites = rows(wanted(stored, tmp_path, small))
    assert [sites[name]["hours"] for name in ("gp1", "kendra1")] == ["Mo-Sa 10:00-17:00"] * 2
    assert (sites["gp3"]["hours"], sites["gp3"]["hours_period_ms"]) == (None, 0)  # no kendra stands there
    assert sites["gp3"]["hours_available_percent_low"] is None
    villages = rows(wanted(stored, tmp_path, small), By.VILLAGE, Of.VILLAGE)
    assert villages["village:V3"]["hours"] == "Mo-Sa 10:00-17:00"  # of kendra2, which serves it


BLAMED: list[tuple[tuple[str, str], list[dict[str, Any]], dict[str, float]]] = [
    # a box in the shadow of a cut
    (
        ("site", "gp1"),
        [
            {"subject": "ring-1-0", "kind": "link", "cause": "fibre"},
            {"subject": "gp1", "kind": "device", "cause": "upstream", "explained_by": 1, "root": False},
        ],
        {"down_upstream_ms": 10, "upstream_fibre_ms": 10},
    ),
    # in the same power cut as another: its own mains failed
    (
        ("site", "gp1"),
        [
            {"subject": "gp2", "kind": "device", "cause": "power"},
            {"subject": "gp1", "kind": "device", "cause": "power", "explained_by": 1, "root": False},
        ],
        {"down_power_ms": 10},
    ),
    # announced work elsewhere is announced here too
    (
        ("site", "gp1"),
        [
            {"subject": "ring-1-0", "kind": "link", "cause": "planned"},
            {"subject": "gp1", "kind": "device", "cause": "upstream", "explained_by": 1, "root": False},
        ],
        {"planned_ms": 10},
    ),
    # an ONT is only seen through its OLT
    (
        ("site", "gp5"),
        [{"subject": "olt1", "kind": "device", "cause": "equipment"}],
        {"down_upstream_ms": 10, "upstream_equipment_ms": 10},
    ),
    # the box of the panchayat comes before the kendra's PC
    (
        ("village", "village:V1"),
        [
            {"subject": "pc1", "kind": "device", "cause": "undetermined"},
            {"subject": "gp1", "kind": "device", "cause": "equipment"},
        ],
        {"down_equipment_ms": 10},
    ),
    (("village", "village:V1"), [{"subject": "pc1", "kind": "device", "cause": "power"}], {"down_power_ms": 10}),
    # a one-armed ring is no reason to be down, nor is another site's box
    (
        ("site", "gp1"),
        [
            {"subject": "gp1", "kind": "device", "cause": "fibre", "status": "degraded"},
            {"subject": "gp2", "kind": "device", "cause": "power"},
        ],
        {"down_undetermined_ms": 10},
    ),
    # the portal that all services at the counter need
    (
        ("village", "village:V1"),
        [{"subject": "portal", "kind": "endpoint", "cause": "upstream"}],
        {"down_upstream_ms": 10, "upstream_undetermined_ms": 10},
    ),
    (("site", "gp1"), [], {"down_undetermined_ms": 10}),
]  # fmt: skip


@pytest.mark.parametrize("case", BLAMED)
def test_what_is_to_blame(
    stored: Engine,
    small: Inventory,
    tmp_path: Path,
    case: tuple[tuple[str, str], list[dict[str, Any]], dict[str, float]],
) -> None:
    subject, outages, expected = case
    services = {"income": Service("income", Names("Income certificate"), endpoints=("portal",))}
    small = replace(small, services=services)
    tell(stored, subject, at(5), "unknown", "ready" if subject[0] == "village" else "up")
    down(stored, subject, 10, 20)
    for fields in outages:
        add_outage(stored, **({"from_at": at(10), "to_at": at(20)} | fields))
    by, of = (By.VILLAGE, Of.VILLAGE) if subject[0] == "village" else (By.SITE, Of.SITE)
    row = rows(wanted(stored, tmp_path, small), by, of)[subject[1]]
    downs = [name for name in ALL_DAY if name not in ("up_ms", "unknown_ms")]
    assert spent(row, [*downs, *(f"upstream_{cause}_ms" for cause in ROOT_CAUSES)]) == expected


def test_an_outage_that_is_open_lasts(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    tell(stored, ("site", "gp1"), at(100), "up", "down")
    add_outage(stored, "gp1", "device", from_at=at(100), cause="fibre")
    row = rows(wanted(stored, tmp_path, small))["gp1"]
    assert spent(row)["down_fibre_ms"] == 68
    assert (row["outages"], row["outages_ended"], row["mttr_ms"]) == (1, 0, None)


def test_areas_add_up_what_they_count(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    down(stored, ("village", "village:V1"), 10, 20)
    asked = wanted(stored, tmp_path, small)
    villages = rows(asked, By.VILLAGE, Of.VILLAGE)
    [district] = rows(asked, By.DISTRICT, Of.VILLAGE).values()
    assert (district["counted"], district["hours_counted"], district["hours"]) == (8, 8, None)
    summed = [*ALL_DAY, *OPEN, "period_ms", "outages", "outages_ended", "hours_period_ms"]
    assert {n: district[n] for n in summed} == {n: sum(v[n] for v in villages.values()) for n in summed}
    assert (district["longest_ms"], district["mttr_ms"]) == (10 * HOUR / MS, 10 * HOUR / MS)
    kendras = rows(asked, By.GP, Of.KENDRA)
    assert [kendras[f"gp:G{n}"]["counted"] for n in (1, 3)] == [1, 0]
    assert (kendras["gp:G3"]["period_ms"], kendras["gp:G3"]["available_percent_low"]) == (0, None)
    assert [row["counted"] for row in rows(asked, By.STATE, Of.GP).values()] == [8]


def test_only_the_asked_area(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    asked = wanted(stored, tmp_path, small, "gp:G1")
    assert list(rows(asked)) == ["gp1", "kendra1"]
    assert rows(asked, By.DISTRICT, Of.SITE) == {}
    with pytest.raises(UnknownAreaError):
        report(wanted(stored, tmp_path, small, "gp:nowhere"))


def test_the_intervals_behind_a_row(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    tell(stored, ("site", "gp1"), at(10), "up", "down", reason="gp1 is down")
    tell(stored, ("site", "gp1"), at(20), "down", "up", reason="all essential devices answer")
    cut = add_outage(stored, "ring-1-0", "link", from_at=at(9), to_at=at(19), evidence='["port down: pop-r1"]')
    own = add_outage(
        stored, "gp1", "device", from_at=at(10), to_at=at(19), cause="upstream", explained_by=cut, root=False,
        evidence='["explained by ring-1-0"]',
    )  # fmt: skip
    asked = wanted(stored, tmp_path, small)
    found = expanded(asked, "gp1", Of.SITE)
    told = [
        ((one.start - START) / HOUR, (one.end - START) / HOUR, one.bucket, one.root_cause, one.outage, one.reasons)
        for one in found
    ]
    assert told == [
        (0, 3, "unknown", "", None, ("",)),
        (3, 10, "up", "", None, ("test",)),
        (10, 19, "upstream", "fibre", own, ("gp1 is down", "explained by ring-1-0")),
        (19, 20, "undetermined", "", None, ("gp1 is down",)),
        (20, 168, "up", "", None, ("all essential devices answer",)),
    ]
    assert found[2].root is not None
    assert (found[2].root.id, found[2].root.evidence) == (cut, ("port down: pop-r1",))
    row = rows(asked)["gp1"]
    for bucket, name in bucket_columns().items():
        assert sum(one.ms for one in found if one.bucket == bucket) == row[name]
    for bucket, name in bucket_columns("hours_").items():
        assert sum(one.open_ms for one in found if one.bucket == bucket) == row[name]


def test_the_intervals_behind_an_area(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    asked = wanted(stored, tmp_path, small, DISTRICT)
    assert {one.subject for one in expanded(asked, "gp:G1", Of.VILLAGE)} == {"village:V1"}
    assert {one.subject for one in expanded(asked, "village:V2", Of.SITE)} == {"village:V2"}
    assert {one.subject for one in expanded(asked, "block:3591", Of.KENDRA)} == {f"kendra{n}" for n in (1, 2, 5, 6, 8)}
    for nowhere in ("gp99", "noc"):
        with pytest.raises(UnknownAreaError):
            expanded(wanted(stored, tmp_path, small, "gp:G1"), nowhere, Of.SITE)


def test_what_nobody_watched_is_unknown_and_says_so(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    asked = replace(wanted(stored, tmp_path, small), blind_since=at(50))
    assert spent(rows(asked)["gp1"]) == {"unknown_ms": 3 + 118, "up_ms": 47}
    assert expanded(asked, "gp1", Of.SITE)[-1].reasons == ("nobody watched",)


def test_an_old_period_has_the_areas_of_then(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    """gp:G2 moved to a block of its own in the middle of November."""
    new = Area(Level.BLOCK, "9999", Names("New"), DISTRICT, valid_from=date(2026, 11, 15))
    old = replace(small.areas["gp:G2"], valid_to=date(2026, 11, 15))
    moved = replace(small.areas["gp:G2"], parent=new.key, valid_from=date(2026, 11, 15))
    now = replace(small, areas={**small.areas, new.key: new, "gp:G2": moved}, versions={"gp:G2": (old,)})
    store.apply(engine, now, MONDAY)
    tell(engine, ("site", "gp2"), START - 30 * DAY, "unknown", "up")
    counted = {}
    for day in (date(2026, 11, 14), date(2026, 11, 16)):
        end = datetime(day.year, day.month, day.day, tzinfo=UTC)
        asked = replace(wanted(engine, tmp_path, now.on(day), period=(end - DAY, end)), scope=Scope())
        counted[day.day] = {key: row["counted"] for key, row in rows(asked, By.BLOCK, Of.VILLAGE).items()}
        assert spent(rows(asked)["gp2"]) == {"up_ms": 24}
    assert counted == {14: {"block:3591": 8}, 16: {"block:3591": 7, "block:9999": 1}}


def test_columns(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    made = report(wanted(stored, tmp_path, small))
    assert made.table.column_names == made.districts.column_names == [column.name for column in AVAILABILITY]
    assert all(column.definition_hi.endswith("।") and column.definition_pa.endswith("।") for column in AVAILABILITY)
    facts = dict(made.facts)
    assert facts["inventory"].en.startswith("import 1 of 2026-11-23T11:00:00+05:30")
    assert facts["areas_in_force_on"].en == "2026-11-29"


moments = st.integers(0, 200)
facts = st.lists(st.tuples(st.integers(0, 2), moments, st.integers(0, 3)), max_size=20)
outages = st.lists(st.tuples(st.integers(0, 2), moments, moments, st.integers(0, 7), st.integers(0, 7)), max_size=8)


def summed(found: list[tuple[int, int, int]], blamed: list[tuple[int, int, int, int, int]], period: Period) -> Any:
    told = np.array(found, np.int64).reshape(-1, 3)
    why = np.array(blamed, np.int64).reshape(-1, 5)
    whole = spells(Changes(told[:, 0], told[:, 1], np.arange(len(told)), told[:, 2].astype(np.int8)), period)
    spans = Spans(why[:, 0], why[:, 1:3].min(axis=1), why[:, 1:3].max(axis=1), np.zeros(len(why), np.int64))
    party = (why[:, 4] % len(PARTIES)).astype(np.int8)
    blame = Blame(why[:, 3].astype(np.int8), why[:, 4].astype(np.int8), why[:, 0] == NONE, party)
    hours = [None] * period.subjects
    return added_up(whole, claimed(whole, spans, period), blame, hours).totals(hours)


@given(facts, outages, moments, moments)
def test_buckets_add_up_to_the_period(
    found: list[tuple[int, int, int]], blamed: list[tuple[int, int, int, int, int]], one: int, other: int
) -> None:
    period = Period(min(one, other), max(one, other) + 1, 3)
    total = summed(found, blamed, period)
    assert total.all_day.sum(axis=1).tolist() == [period.end - period.start] * 3
    assert total.party.sum(axis=1).tolist() == total.all_day.sum(axis=1).tolist()
    upstream = total.all_day[:, BUCKETS.index("upstream")]
    assert total.upstream.sum(axis=1).tolist() == upstream.tolist()
    grouped = total.grouped(np.array([0, 0, NONE]), 2)
    assert grouped.all_day.tolist() == [(total.all_day[0] + total.all_day[1]).tolist(), [0] * len(BUCKETS)]


@given(facts, outages, st.integers(0, 2), moments)
def test_what_is_not_seen_never_narrows_the_bounds(
    found: list[tuple[int, int, int]], blamed: list[tuple[int, int, int, int, int]], subject: int, moment: int
) -> None:
    """From `moment` on one subject is unknown instead of what it was: the bounds move apart."""
    period = Period(0, 201, 3)
    blind = [(whose, at, UNKNOWN if whose == subject and at >= moment else what) for whose, at, what in found]
    low, high = bounds(summed(found, blamed, period).all_day)
    low_blind, high_blind = bounds(summed([*blind, (subject, moment, UNKNOWN)], blamed, period).all_day)
    assert (low_blind <= low).all()
    assert (high_blind >= high).all()


@given(facts, outages)
def test_outages_without_time_down_change_nothing(
    found: list[tuple[int, int, int]], blamed: list[tuple[int, int, int, int, int]]
) -> None:
    works = [(whose, at, what) for whose, at, what in found if what != DOWN]
    with_outages, without = (summed(works, each, Period(0, 201, 3)) for each in (blamed, []))
    assert with_outages.all_day.tolist() == without.all_day.tolist()
