"""transitions_in: the rows of a time and what held at its start, as one table."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from inventory.model import Inventory
from inventory.scope import Scope
from inventory.store import apply
from readiness.archive import close_months
from readiness.model import SubjectKind
from readiness.months import transitions_in
from readiness.sequence import SCHEMA
from readiness.tables import transition

T0 = datetime(2026, 4, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
Told = tuple[str, str, int, str, str]  # kind, subject, hours after T0, from, to

STORY: tuple[Told, ...] = (
    ("site", "gp2", -50, "unknown", "up"),
    ("site", "gp2", -2, "up", "down"),
    ("site", "gp2", 3, "down", "up"),
    ("site", "gp2", 30, "up", "down"),
    ("site", "gp3", 5, "unknown", "up"),
    ("village", "village:V3", -1, "unknown", "ready"),
    ("device", "gp2-r", 1, "unknown", "up"),
)


def tell(engine: Engine, story: tuple[Told, ...] = STORY) -> None:
    rows = [
        {"subject_kind": kind, "subject": subject, "at": T0 + hours * HOUR, "recorded_at": T0 + hours * HOUR,
         "from_status": before, "to_status": after, "reason": "answers"}
        for kind, subject, hours, before, after in story
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(transition), rows)


def read(engine: Engine, folder: Path, start: int, end: int, **limits: object) -> list[Told]:
    kinds = limits.pop("kinds", tuple(SubjectKind))
    table = transitions_in(engine, folder, T0 + start * HOUR, T0 + end * HOUR, kinds=kinds, **limits)  # type: ignore[arg-type]
    assert table.schema == SCHEMA
    return [
        (row["subject_kind"], row["subject"], (row["at"] - T0) // HOUR, row["from_status"], row["to_status"])
        for row in table.to_pylist()
    ]


def test_rows_in_order_after_what_held_at_the_start(engine: Engine, tmp_path: Path) -> None:
    tell(engine)
    assert read(engine, tmp_path, 0, 24) == [
        ("device", "gp2-r", 0, "unknown", "unknown"),
        ("device", "gp2-r", 1, "unknown", "up"),
        ("site", "gp2", -2, "up", "down"),
        ("site", "gp2", 3, "down", "up"),
        ("site", "gp3", 0, "unknown", "unknown"),
        ("site", "gp3", 5, "unknown", "up"),
        ("village", "village:V3", -1, "unknown", "ready"),
    ]


def test_a_transition_at_the_start_is_inside_and_one_at_the_end_is_not(engine: Engine, tmp_path: Path) -> None:
    tell(engine)
    found = [row[2:] for row in read(engine, tmp_path, 3, 30) if row[1] == "gp2"]
    assert found == [(-2, "up", "down"), (3, "down", "up")]


def test_of_two_rows_of_one_moment_the_later_told_holds(engine: Engine, tmp_path: Path) -> None:
    tell(engine, (("site", "gp2", -2, "unknown", "up"), ("site", "gp2", -2, "up", "down")))
    assert read(engine, tmp_path, 0, 1) == [("site", "gp2", -2, "up", "down")]


@pytest.mark.parametrize("closed", [False, True])
def test_a_layer_dated_after_a_recovery_that_was_told_later_is_not_what_held(
    engine: Engine, tmp_path: Path, closed: bool
) -> None:
    cut, layer, back = ("ready", "blocked"), ("blocked", "blocked"), ("blocked", "ready")
    village = ("village", "village:V3")
    tell(
        engine,
        ((*village, -60, *cut), (*village, -50, *layer), (*village, -51, *back), ("site", "gp2", 1, "up", "down")),
    )
    if closed:
        close_months(engine, tmp_path, T0 + timedelta(days=120))
    assert read(engine, tmp_path, 0, 1, kinds=[SubjectKind.VILLAGE]) == [(*village, -51, *back)]
    assert read(engine, tmp_path, 800, 900, kinds=[SubjectKind.VILLAGE]) == [(*village, -51, *back)]
    inside = [row[2:] for row in read(engine, tmp_path, -70, 1, kinds=[SubjectKind.VILLAGE])]
    assert inside == [(-70, "unknown", "unknown"), (-60, *cut), (-51, *back), (-50, *layer)]


def test_nothing_stored_gives_an_empty_table(engine: Engine, tmp_path: Path) -> None:
    assert read(engine, tmp_path, 0, 24) == []


@pytest.mark.parametrize("others", [0, 1000])
def test_kinds_and_subjects_limit_what_is_read(engine: Engine, tmp_path: Path, others: int) -> None:
    tell(engine)
    subjects = ["gp3", *(f"x{n}" for n in range(others))]
    found = read(engine, tmp_path, 0, 24, kinds=[SubjectKind.SITE], subjects=subjects)
    assert {row[:2] for row in found} == {("site", "gp3")}


def test_the_scope_limits_what_is_read(engine: Engine, tmp_path: Path, small: Inventory) -> None:
    apply(engine, small, T0)
    tell(engine)
    found = read(engine, tmp_path, 0, 24, scope=Scope(small.sites["gp3"].area))
    assert {row[1] for row in found} == {"gp3", "village:V3"}
