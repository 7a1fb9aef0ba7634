"""Claimed against observed: each finding, and that unobserved time decides nothing."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from inventory import store
from inventory.model import GpRollout, GpState, Inventory, Lifecycle
from inventory.scope import Scope
from readiness.rules.claims import FINDINGS, Finding, Seen, findings, seen, shares
from readiness.rules.columns import CODE, UP
from readiness.rules.spells import Changes, Period, spells
from reports.discrepancy import DISCREPANCY
from reports.read import Wanted, discrepancy_report
from reports.report import Report
from reports.writers.registry import write
from tests.judged import MONDAY
from tests.small import DISTRICT, small_inventory
from tests.test_reports_files import sheets
from tests.told import tell

DAY = timedelta(days=1)
START, END = MONDAY, MONDAY + 10 * DAY
LONG_AGO = date(2025, 1, 1)
EVER = date(1, 1, 1)  # as other programs write a day that nobody knows; stored before imports refused it


def claims(small: Inventory) -> Inventory:
    """GP 1 to 5 are claimed service-ready, 6 and 7 not; of 8 nobody said anything. GP 5's box is only planned."""
    states = dict.fromkeys((1, 2, 3, 4, 5), GpState.SERVICE_READY) | {6: GpState.LAID, 7: GpState.PLANNED}
    rows = [GpRollout(f"gp:G{n}", state, LONG_AGO, (), None, "list", LONG_AGO) for n, state in states.items()]
    unseen = replace(small.devices["ont5"], status=Lifecycle.PLANNED)
    return replace(
        small, devices={**small.devices, "ont5": unseen}, gp_rollout={row.key: row for row in rows}
    )  # fmt: skip


def turn(engine: Engine, name: str, day: float, before: str, after: str) -> None:
    tell(engine, ("site", name), START + day * DAY, before, after)


def report(engine: Engine, folder: Path, inventory: Inventory, *, end: datetime = END, percent: float = 25) -> Report:
    asked = Wanted(engine, folder, inventory, Scope(), Scope(), START, end, max(end, END))
    return discrepancy_report(asked, percent)


def rows(made: Report) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in made.table.to_pylist()}


def told(engine: Engine, small: Inventory) -> Inventory:
    inventory = claims(small)
    store.apply(engine, inventory, MONDAY)
    turn(engine, "gp1", -1, "unknown", "up")  # works throughout
    turn(engine, "gp2", -1, "unknown", "down")  # never
    turn(engine, "gp3", -1, "unknown", "down")
    turn(engine, "gp3", 4, "down", "degraded")  # for a day
    turn(engine, "gp3", 5, "degraded", "down")
    turn(engine, "gp4", 8, "unknown", "down")  # nobody looked before
    turn(engine, "gp6", -1, "unknown", "up")
    turn(engine, "gp7", -1, "unknown", "down")
    return inventory


def test_each_finding_with_its_evidence(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    inventory = told(engine, small)
    made = report(engine, tmp_path, inventory)
    found = rows(made)
    assert {code: row["finding"] for code, row in found.items()} == {
        "G1": "agrees", "G2": "never_operated", "G3": "rarely_operated", "G4": "undecided", "G5": "not_monitored",
        "G6": "operates_unclaimed", "G7": "agrees", "G8": "not_claimed",
    }  # fmt: skip
    assert [row["finding"] for row in made.table.to_pylist()] == sorted(
        (row["finding"] for row in found.values()), key=lambda each: FINDINGS.index(Finding(each))
    )
    third = found["G3"]
    assert (third["operated_percent_low"], third["operated_percent_high"], third["unknown_percent"]) == (10, 10, 0)
    assert (third["first_seen"], third["last_seen"]) == (START + 4 * DAY, START + 5 * DAY)
    assert (third["claimed_state"], third["claim_source"], third["claim_stated_on"]) == (
        "service_ready",
        "list",
        "2025-01-01",
    )
    assert (found["G4"]["operated_percent_low"], found["G4"]["operated_percent_high"]) == (0, 80)
    assert found["G2"]["last_seen"] is None
    assert found["G5"]["operated_percent_high"] is None  # nothing can be observed there: no figure, and no zero
    assert found["G1"]["last_seen"] == END
    [district] = made.districts.to_pylist()
    assert (district["area"], district["gps"], district["gps_agrees"], district["gps_undecided"]) == (DISTRICT, 8, 2, 1)
    assert district["gps"] == sum(district[f"gps_{each}"] for each in FINDINGS)
    assert any("25 %" in text.en for key, text in made.facts if key == "threshold")


def test_a_claim_is_compared_from_its_first_day_only(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    inventory = told(engine, small)
    begins = (START + 8 * DAY).date()
    ever = GpRollout("gp:G1", GpState.SERVICE_READY, EVER)
    first = {ever.key: ever, **{key: row for key, row in inventory.gp_rollout.items() if row.area != "gp:G1"}}
    inventory = replace(inventory, gp_rollout=first)
    assert rows(report(engine, tmp_path, inventory))["G1"]["finding"] == "agrees"
    later = GpRollout("gp:G3", GpState.OPERATIONAL, begins)
    earlier = replace(inventory.gp_rollout[f"gp:G3:{LONG_AGO}"], state=GpState.LAID)
    changed = {**inventory.gp_rollout, earlier.key: earlier, later.key: later}
    inventory = replace(inventory, gp_rollout=changed)
    row = rows(report(engine, tmp_path, inventory, end=START + 16 * DAY))["G3"]
    assert (row["finding"], row["claimed_state"]) == ("never_operated", "operational")  # the day of work was before
    assert row["observed_from"].date() == begins
    assert row["first_seen"] is None
    before = rows(report(engine, tmp_path, inventory, end=START + 7 * DAY))["G3"]
    assert (before["finding"], before["claimed_state"]) == ("agrees", "laid")


def test_a_power_cut_on_the_first_day_of_a_claim_accuses_nobody(
    engine: Engine, small: Inventory, tmp_path: Path
) -> None:
    inventory = told(engine, small)
    turn(engine, "gp1", 8, "up", "down")  # worked until the day before it was claimed
    for days, finding in ((2, "undecided"), (8, "never_operated")):
        begins = (START + 9 * DAY).date()
        claim = GpRollout("gp:G1", GpState.OPERATIONAL, begins)
        stated = replace(inventory, gp_rollout={claim.key: claim})
        made = report(engine, tmp_path, stated, end=START + (9 + days) * DAY)
        assert rows(made)["G1"]["finding"] == finding
        assert any("less than 7 days" in text.en for key, text in made.facts if key == "threshold")


def test_the_threshold_is_the_readers_choice(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    inventory = told(engine, small)
    assert rows(report(engine, tmp_path, inventory, percent=10))["G3"]["finding"] == "agrees"
    assert rows(report(engine, tmp_path, inventory, percent=10.1))["G3"]["finding"] == "rarely_operated"


def test_the_spreadsheet_says_the_same(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    made = report(engine, tmp_path, told(engine, small))
    for kind in ("xlsx", "csv", "gpkg"):
        write(made, kind, tmp_path / f"d.{kind}")
    head, *cells = sheets(tmp_path / "d.xlsx")["discrepancy"]
    assert head == [column.name for column in DISCREPANCY]
    told_findings = made.table["finding"].to_pylist()
    assert [[text for text in row if text in FINDINGS] for row in cells] == [[each] for each in told_findings]
    lines = (tmp_path / "d.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 9


_CHANGES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 100), st.sampled_from(sorted(CODE.values()))), max_size=12
)
_PERIOD = Period(10, 90, 3)


def _seen(changes: list[tuple[int, int, int]], since: int) -> Seen:
    subject, at, status = (np.array([each[n] for each in changes], np.int64) for n in range(3))
    known = Changes(subject, at, np.arange(len(changes)), status.astype(np.int8))
    return seen(spells(known, _PERIOD), np.full(3, since), _PERIOD)


@settings(max_examples=60)
@given(_CHANGES, st.integers(0, 90), st.booleans(), st.floats(0.1, 100))
def test_what_unobserved_time_could_change_is_undecided(
    changes: list[tuple[int, int, int]], since: int, ready: bool, percent: float
) -> None:
    found = _seen(changes, since)
    low, high = shares(found)
    assert (low <= high).all()
    assert ((found.first == -1) == (found.worked == 0)).all()
    every = np.ones(3, np.bool_)
    codes = findings(found, ready=every & ready, claimed=every, monitored=every, percent=percent, least_ms=0)
    nothing = replace(found, unknown=np.zeros(3, np.int64))
    all_up = replace(nothing, worked=found.worked + found.unknown)
    known = [
        findings(each, ready=every & ready, claimed=every, monitored=every, percent=percent, least_ms=0)
        for each in (nothing, all_up)
    ]
    agree, undecided = FINDINGS.index(Finding.AGREES), FINDINGS.index(Finding.UNDECIDED)
    for code, one, other in zip(codes, *known, strict=True):
        assert (code == undecided) == ((one == agree) != (other == agree))
        if code == agree:
            assert one == other == agree


def test_a_gram_panchayat_without_a_site_is_not_monitored(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    inventory = told(engine, small)
    sites = {name: site for name, site in inventory.sites.items() if name != "gp2"}
    row = rows(report(engine, tmp_path, replace(inventory, sites=sites)))["G2"]
    assert (row["finding"], row["site"], row["operated_percent_low"]) == ("not_monitored", None, None)


def test_no_period_of_observation_gives_no_share() -> None:
    found = _seen([(0, 0, UP)], since=90)
    assert [each.tolist() for each in shares(found)] == [[0.0] * 3, [100.0] * 3]
    assert small_inventory().gp_rollout == {}
