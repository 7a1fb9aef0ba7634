"""Claims of the roll-out: which holds on a day, and what an import refuses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from inventory import rollout
from inventory.files import read_folder, write_folder
from inventory.kinds import BY_NAME
from inventory.model import GpRollout, GpState, Inventory, Names, Service, ServiceRollout, ServiceState
from inventory.store import apply, load
from inventory.subset import subset
from tests.small import small_inventory
from tests.test_inventory_records import columns_of
from tests.test_inventory_store import NOW

DAY = date(2026, 6, 1)
_DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
_CLAIMS = st.dictionaries(st.tuples(st.sampled_from(["gp:G1", "gp:G2", "gp:G3"]), _DAYS), st.sampled_from(GpState))


def claimed(*rows: GpRollout, services: tuple[ServiceRollout, ...] = ()) -> Inventory:
    named = {row.service: Service(row.service, Names(row.service)) for row in services}
    return replace(
        small_inventory(),
        services=named,
        gp_rollout={row.key: row for row in rows},
        service_rollout={row.key: row for row in services},
    )


def test_nothing_stated_is_nothing() -> None:
    small = small_inventory()
    assert rollout.gps(small, DAY) == {}
    assert rollout.uncommissioned(small, DAY) == frozenset()
    assert rollout.not_online(small, DAY) == frozenset()


@settings(max_examples=40)
@given(_CLAIMS, _DAYS)
def test_of_each_gram_panchayat_the_last_row_that_had_begun_holds(
    claims: dict[tuple[str, date], GpState], day: date
) -> None:
    expected: dict[str, GpState] = {}
    for (area, begins), state in sorted(claims.items(), key=lambda claim: claim[0][1]):
        if begins <= day:
            expected[area] = state
    rows = [GpRollout(area, state, begins) for (area, begins), state in claims.items()]
    plain = claimed(*rows)
    columns = columns_of(BY_NAME["gp_rollout"], plain.gp_rollout)
    stored = replace(plain, gp_rollout=cast("Mapping[str, GpRollout]", columns))
    for inventory in (plain, stored):
        assert {area: row.state for area, row in rollout.gps(inventory, day).items()} == expected
        assert {area: rollout.gp(inventory, area, day) for area in expected} == rollout.gps(inventory, day)
        assert rollout.uncommissioned(inventory, day) == {a for a, s in expected.items() if s in rollout.UNCOMMISSIONED}


def test_a_service_is_online_from_the_day_it_is_said_to_be() -> None:
    rows = [
        ServiceRollout("tele", ServiceState.ONBOARDING, date(2026, 1, 1), target=date(2026, 7, 1)),
        ServiceRollout("tele", ServiceState.ONLINE, date(2026, 8, 1)),
        ServiceRollout("paper", ServiceState.OFFLINE, date(2026, 1, 1)),
    ]
    inventory = claimed(services=tuple(rows))
    assert rollout.not_online(inventory, date(2025, 12, 31)) == frozenset()
    assert rollout.not_online(inventory, date(2026, 7, 31)) == {"tele", "paper"}
    assert rollout.not_online(inventory, date(2026, 8, 1)) == {"paper"}
    assert rollout.services(inventory, DAY)["tele"].target == date(2026, 7, 1)


def test_the_store_and_a_smaller_inventory_keep_claims(engine: Engine) -> None:
    row = GpRollout("gp:G1", GpState.RIGHT_OF_WAY, DAY, ("forest", "railway"), date(2027, 3, 31), "BBNL list", DAY)
    inventory = claimed(row, services=(ServiceRollout("tele", ServiceState.ONLINE, DAY),))
    apply(engine, inventory, NOW)
    assert load(engine) == inventory
    assert rollout.gps(load(engine), DAY) == {"gp:G1": row}
    assert not apply(engine, inventory, NOW)
    assert subset(inventory, 1).gp_rollout == {row.key: row}


_GP = "area,state,pending_with,valid_from\n"


@pytest.mark.parametrize(
    ("text", "line", "field", "reason"),
    [
        ("gp:G9,laid,,2026-01-01\n", 2, "area", "which is not in areas.csv"),
        ("block:3591,laid,,2026-01-01\n", 2, "area", "is no gram panchayat"),
        ("gp:G1,ready,,2026-01-01\n", 2, "state", "is not one of: planned, right_of_way"),
        ("gp:G1,laid,forest,2026-01-01\n", 2, "pending_with", "needs the state right_of_way"),
        ("gp:G1,right of way,army,2026-01-01\n", 2, "pending_with", "is not one of: forest"),
        ("gp:G1,laid,,\n", 2, "valid_from", "is required"),
        ("gp:G1,laid,,2026-01-01\ngp:G1,planned,,2026-01-01\n", 3, "valid_from", "stands already in line 2"),
    ],
)
def test_a_bad_claim_is_told_with_its_place(tmp_path: Path, text: str, line: int, field: str, reason: str) -> None:
    (tmp_path / "gp_rollout.csv").write_text(_GP + text)
    (problem,) = read_folder(tmp_path / "gp_rollout.csv", small_inventory()).problems
    assert (problem.file, problem.line, problem.field) == ("gp_rollout.csv", line, field)
    assert reason in problem.reason


def test_two_claims_without_a_day_are_two_problems_and_no_double(tmp_path: Path) -> None:
    (tmp_path / "gp_rollout.csv").write_text(_GP + "gp:G1,laid,,soon\ngp:G1,laid,,later\n")
    problems = read_folder(tmp_path / "gp_rollout.csv", small_inventory()).problems
    assert [(each.line, each.field) for each in problems] == [(2, "valid_from"), (3, "valid_from")]
    assert all("is not a day" in each.reason for each in problems)


def test_a_service_that_is_rolled_out_must_be_in_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "service_rollout.csv").write_text("service,state,valid_from\ntele,online,2026-01-01\n")
    (problem,) = read_folder(tmp_path / "service_rollout.csv", small_inventory()).problems
    assert (problem.line, problem.field) == (2, "service")
    assert "services.csv" in problem.reason


def test_a_gram_panchayat_that_has_ended_keeps_its_history(tmp_path: Path) -> None:
    small = small_inventory()
    ended = replace(small.areas["gp:G1"], code="G0", valid_to=date(2026, 1, 1))
    row = GpRollout("gp:G0", GpState.PLANNED, date(2025, 1, 1))
    inventory = replace(small, versions={ended.key: (ended,)}, gp_rollout={row.key: row})
    write_folder(inventory, tmp_path)
    assert read_folder(tmp_path, day=DAY).problems == ()
