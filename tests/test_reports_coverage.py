"""The coverage report: its figures, and that they follow the states."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from inventory import store
from inventory.model import GpRollout, GpState, Inventory, Level
from inventory.scope import Scope, UnknownAreaError
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.read import StateRow
from reports.columns import COVERAGE
from reports.coverage import coverage
from reports.read import Wanted, coverage_report
from reports.report import Report
from tests.judged import MONDAY
from tests.small import DISTRICT, small_inventory
from tests.told import tell

DAY = timedelta(days=1)


def village(n: int, status: str, layer: Layer | None = None) -> StateRow:
    return StateRow(SubjectKind.VILLAGE, f"village:V{n}", Readiness(status), MONDAY, "test", layer, None, 1)


def site(name: str, status: str) -> StateRow:
    return StateRow(SubjectKind.SITE, name, Status(status), MONDAY, "test", None, None, 1)


def rows(inventory: Inventory, states: list[StateRow], level: Level, area: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = coverage(
        inventory, states, {}, scope=Scope(area), level=level, period_ms=1, at=MONDAY
    ).to_pylist()  # fmt: skip
    return found


def cells(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


VILLAGES = ("villages_total", "villages_ready", "villages_degraded", "villages_blocked", "villages_unknown")
SHARES = ("served_percent_low", "served_percent_high")
CITIZENS = ("citizens_total", "citizens_known", "citizens_served")


def test_a_district(small: Inventory) -> None:
    states = [
        village(1, "ready"), village(2, "ready"), village(3, "degraded", Layer.GP_EQUIPMENT),
        village(4, "blocked", Layer.BACKHAUL), village(5, "blocked", Layer.BACKHAUL), village(6, "blocked", Layer.POWER),
        site("kendra1", "up"), site("kendra2", "degraded"), site("kendra5", "down"), site("gp1", "down"),
    ]  # fmt: skip
    [row] = rows(small, states, Level.DISTRICT)
    assert cells(row, "area", "name_en", "name_hi", "district_code") == (DISTRICT, "Raipur", "रायपुर", "387")
    assert cells(row, "block_code", "gp_status", "gp_since") == (None, None, None)
    assert cells(row, *VILLAGES) == (8, 2, 1, 3, 2)
    assert cells(row, *SHARES) == (37.5, 62.5)
    assert cells(row, "kendras_total", "kendras_ready", "kendras_unknown") == (5, 2, 2)
    assert cells(row, *CITIZENS) == (None, 28000, 6000)  # of village 8 nobody knows the population
    assert row["first_failing_layer"] == "backhaul"


def test_what_is_stated_of_the_roll_out(small: Inventory) -> None:
    stated = {"gp:G1": GpState.RIGHT_OF_WAY, "gp:G2": GpState.OPERATIONAL}
    claims = [GpRollout(area, state, (MONDAY - DAY).date()) for area, state in stated.items()]
    later = GpRollout("gp:G1", GpState.LAID, (MONDAY + DAY).date())
    inventory = replace(small, gp_rollout={row.key: row for row in (*claims, later)})
    names = ("gps_total", "gps_uncommissioned", "gp_rollout")
    found = {row["code"]: cells(row, *names) for row in rows(inventory, [], Level.GP)}
    assert (found["G1"], found["G2"], found["G3"]) == ((1, 1, "right_of_way"), (1, 0, "operational"), (1, 0, None))
    [district] = rows(inventory, [], Level.DISTRICT)
    assert cells(district, *names) == (8, 1, None)


def test_gram_panchayats(small: Inventory) -> None:
    states = [village(1, "blocked", Layer.POWER), site("gp1", "down"), site("kendra1", "down"), village(8, "ready")]
    found = rows(small, states, Level.GP)
    assert [row["area"] for row in found] == [f"gp:G{n}" for n in range(1, 9)]
    first, last = found[0], found[-1]
    assert cells(first, "block_code", "block_en", "district_en", "lat", "lon") == (
        "3591",
        "Arang",
        "Raipur",
        21.22,
        81.92,
    )
    assert cells(first, *VILLAGES, *SHARES, *CITIZENS) == (1, 0, 0, 1, 0, 0, 0, 1000, 1000, 0)
    assert cells(first, "gp_status", "gp_since", "first_failing_layer") == ("down", MONDAY, "power")
    assert cells(last, *SHARES, *CITIZENS) == (100, 100, None, None, None)  # unknown is empty, never 0
    assert cells(last, "gp_status", "gp_since", "first_failing_layer") == ("unknown", None, None)


def test_no_village_has_no_share(small: Inventory) -> None:
    empty = replace(small, areas={k: a for k, a in small.areas.items() if a.level is not Level.VILLAGE})
    [row] = rows(empty, [], Level.BLOCK)
    assert cells(row, *VILLAGES, *SHARES, *CITIZENS) == (0, 0, 0, 0, 0, None, None, None, None, None)


def test_scope(small: Inventory) -> None:
    assert [row["area"] for row in rows(small, [], Level.GP, "gp:G2")] == ["gp:G2"]
    assert rows(small, [], Level.DISTRICT, "gp:G2") == []
    with pytest.raises(UnknownAreaError):
        rows(small, [], Level.GP, "gp:nowhere")


def test_every_column_is_filled_by_name(small: Inventory) -> None:
    states = [village(n, "blocked", Layer.POWER) for n in range(1, 9)] + [site("gp1", "up")]
    claim = GpRollout("gp:G1", GpState.LAID, MONDAY.date())
    areas = {
        key: area if area.level is Level.BLOCK else replace(area, names=replace(area.names, pa="ਨਾਂ"))
        for key, area in small.areas.items()
    }
    stated = replace(small, areas=areas, gp_rollout={claim.key: claim})
    table = coverage(stated, states, {}, scope=Scope(), level=Level.GP, period_ms=1, at=MONDAY)
    assert table.column_names == [column.name for column in COVERAGE]
    empty = [name for name in table.column_names if table.column(name).null_count == table.num_rows]
    assert empty == ["block_hi", "block_pa"]


def test_units_and_definitions_are_given_in_all_languages() -> None:
    for column in COVERAGE:
        assert column.definition_en.endswith(".")
        assert column.definition_hi.endswith("।")
        assert column.definition_pa.endswith("।")
        assert (column.unit == "") == (str(column.type) == "string")


SMALL = small_inventory()


@given(st.lists(st.sampled_from([*Readiness, None]), min_size=8, max_size=8))
def test_counts_add_up_at_every_level(status: list[Readiness | None]) -> None:
    states = [village(n, each) for n, each in enumerate(status, start=1) if each is not None]
    for level in (Level.STATE, Level.DISTRICT, Level.BLOCK, Level.GP):
        found = rows(SMALL, states, level)
        assert sum(row["villages_total"] for row in found) == 8
        for row in found:
            assert row["villages_total"] == sum(cells(row, *VILLAGES[1:]))
            assert 0 <= row["served_percent_low"] <= row["served_percent_high"] <= 100
            if row["villages_unknown"] == 0:
                assert row["served_percent_low"] == row["served_percent_high"]


def report(
    engine: Engine,
    folder: Path,
    inventory: Inventory,
    days: int = 30,
    area: str | None = None,
    *,
    end: float = 10,
    blind_since: datetime | None = None,
) -> Report:
    """The report of the `days` before MONDAY + `end` days."""
    until, scope = MONDAY + end * DAY, Scope(area)
    wanted = Wanted(
        engine, folder, inventory, scope, scope, until - days * DAY, until, MONDAY + 10 * DAY, blind_since
    )  # fmt: skip
    return coverage_report(wanted, Level.GP)


def turn(engine: Engine, name: str, day: float, before: str, after: str) -> None:
    tell(engine, ("site", name), MONDAY + day * DAY, before, after)


def seen_up(engine: Engine, folder: Path, inventory: Inventory, gp: str, days: int = 10) -> tuple[Any, ...]:
    [row] = report(engine, folder, inventory, days, gp).table.to_pylist()
    return cells(row, "gp_seen_up_percent_low", "gp_seen_up_percent_high")


def test_shares_of_time_have_bounds_from_what_was_not_seen(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    store.apply(engine, small, MONDAY)
    turn(engine, "gp1", 1, "unknown", "up")
    turn(engine, "gp1", 4, "up", "down")
    turn(engine, "gp1", 6, "down", "degraded")
    assert seen_up(engine, tmp_path, small, "gp:G1") == (70, 80)  # 10 days: 1 unknown, 3 up, 2 down, 4 degraded
    assert seen_up(engine, tmp_path, small, "gp:G1", days=5) == (80, 80)  # the last five: 1 down, 4 degraded
    turn(engine, "gp2", -90, "unknown", "up")
    assert seen_up(engine, tmp_path, small, "gp:G2") == (100, 100)  # no change in the period: as it stood before
    assert seen_up(engine, tmp_path, small, "gp:G3") == (0, 100)  # never seen


def test_a_layer_told_after_the_recovery_began_is_no_outage(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    store.apply(engine, small, MONDAY)
    turn(engine, "gp1", 1, "up", "down")
    turn(engine, "gp1", 3, "down", "down")  # only its layer became another, when the answer was on its way
    turn(engine, "gp1", 2, "down", "up")
    [row] = report(engine, tmp_path, small, 10, "gp:G1").table.to_pylist()
    assert cells(row, "gp_status", "gp_since") == ("up", MONDAY + 2 * DAY)
    assert seen_up(engine, tmp_path, small, "gp:G1") == (80, 90)


def test_the_past_is_counted_as_it_stood_at_the_end_of_the_period(
    engine: Engine, small: Inventory, tmp_path: Path
) -> None:
    store.apply(engine, small, MONDAY)
    turn(engine, "gp1", -1, "unknown", "up")
    turn(engine, "gp1", 8, "up", "down")
    tell(engine, ("village", "village:V1"), MONDAY - DAY, "unknown", "ready")
    tell(engine, ("village", "village:V1"), MONDAY + 4 * DAY, "ready", "blocked", layer="backhaul")
    tell(engine, ("village", "village:V1"), MONDAY + 9 * DAY, "blocked", "ready")
    made = report(engine, tmp_path, small, 5, "gp:G1", end=5)
    [row] = made.table.to_pylist()
    assert cells(row, "gp_status", "gp_since", "gp_seen_up_percent_low") == ("up", MONDAY - DAY, 100)
    assert cells(row, *VILLAGES, "first_failing_layer") == (1, 0, 0, 1, 0, "backhaul")
    assert cells(row, "served_time_percent_low", "served_time_percent_high", "as_of") == (80, 80, MONDAY + 5 * DAY)
    assert made.as_of == made.end


def test_the_time_when_nobody_watched_is_unknown(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    store.apply(engine, small, MONDAY)
    turn(engine, "gp1", -90, "unknown", "up")
    turn(engine, "gp2", -90, "unknown", "up")
    turn(engine, "gp2", 2, "up", "down")
    made = report(engine, tmp_path, small, 10, blind_since=MONDAY + 6 * DAY)
    first, second, *_ = made.table.to_pylist()
    seen = ("gp_seen_up_percent_low", "gp_seen_up_percent_high", "gp_status", "gp_since")
    assert cells(first, *seen) == (60, 100, "unknown", MONDAY + 6 * DAY)
    assert cells(second, *seen) == (20, 60, "unknown", MONDAY + 6 * DAY)


def test_the_figures_follow_the_states(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    store.apply(engine, small, MONDAY)
    for n in range(1, 9):
        tell(engine, ("village", f"village:V{n}"), MONDAY, "unknown", "ready")
    [before] = report(engine, tmp_path, small).districts.to_pylist()
    for n in (5, 6, 7):
        tell(engine, ("village", f"village:V{n}"), MONDAY + DAY, "ready", "blocked", layer="backhaul")
    [after] = report(engine, tmp_path, small).districts.to_pylist()
    assert cells(before, *VILLAGES, *SHARES) == (8, 8, 0, 0, 0, 100, 100)
    assert cells(after, *VILLAGES, *SHARES) == (8, 5, 0, 3, 0, 62.5, 62.5)
    assert after["first_failing_layer"] == "backhaul"
