"""Closed months of outages: read as if all were in the database, also when the files are behind it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Engine

from readiness.blame import outages_of
from readiness.model import Cause, SubjectKind
from readiness.outage_months import FOLDER, close_outages, down_in
from readiness.rules.availability import CAUSES
from storage.engine import snapshot
from storage.monthly import Month
from tests.judged import add_outage, change_outage

HOUR = timedelta(hours=1)
AUGUST, SEPTEMBER, OCTOBER = (datetime(2026, month, 10, tzinfo=UTC) for month in (8, 9, 10))
NOW = datetime(2026, 10, 15, tzinfo=UTC)
EVER = (datetime(2026, 1, 1, tzinfo=UTC), NOW)


@pytest.fixture
def told(engine: Engine) -> Engine:
    for number, at in enumerate((AUGUST, SEPTEMBER, OCTOBER), start=1):
        add_outage(engine, f"gp{number}", "device", from_at=at, to_at=at + HOUR)
    add_outage(engine, "gp4", "device", from_at=AUGUST, cause="upstream", explained_by=1)
    add_outage(engine, "gp5", "device", from_at=AUGUST, to_at=AUGUST + HOUR, status="degraded")
    return engine


def close(engine: Engine, folder: Path) -> list[Month]:
    with snapshot(engine) as connection:
        return list(close_outages(connection, folder, NOW))


def read(engine: Engine, folder: Path, start: datetime = EVER[0], end: datetime = EVER[1]) -> list[str]:
    with snapshot(engine) as connection:
        return sorted(down_in(connection, folder, start, end)["subject"].to_pylist())


def test_files_change_no_answer(told: Engine, tmp_path: Path) -> None:
    with snapshot(told) as connection:
        before = rows(down_in(connection, tmp_path, *EVER))
    assert close(told, tmp_path) == [Month(2026, 8), Month(2026, 9)]
    assert close(told, tmp_path) == []
    with snapshot(told) as connection:
        assert rows(down_in(connection, tmp_path, *EVER)) == before
    assert [row["subject"] for row in before] == ["gp1", "gp2", "gp3", "gp4"]


def rows(table: pa.Table) -> list[dict[str, object]]:
    found: list[dict[str, object]] = table.sort_by("id").to_pylist()
    return found


def test_only_what_was_down_in_the_period(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    assert read(told, tmp_path, AUGUST + HOUR, SEPTEMBER) == ["gp4"]
    assert read(told, tmp_path, AUGUST + HOUR / 2, SEPTEMBER) == ["gp1", "gp4"]
    assert read(told, tmp_path, SEPTEMBER, SEPTEMBER + HOUR / 2) == ["gp2", "gp4"]
    assert read(told, tmp_path, AUGUST - HOUR, AUGUST) == []


def test_an_end_that_is_told_late_is_seen_at_once_and_written_again(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    change_outage(told, 4, to_at=AUGUST + 2 * HOUR)
    assert read(told, tmp_path, AUGUST + HOUR, OCTOBER) == ["gp2", "gp4"]
    assert close(told, tmp_path) == [Month(2026, 8)]
    assert read(told, tmp_path, AUGUST + HOUR, OCTOBER) == ["gp2", "gp4"]


def test_a_file_that_is_lost_is_written_again(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    (tmp_path / FOLDER / "2026-08.parquet").unlink()
    assert read(told, tmp_path) == ["gp1", "gp2", "gp3", "gp4"]
    assert close(told, tmp_path) == [Month(2026, 8)]


def test_no_outage_yet(engine: Engine, tmp_path: Path) -> None:
    assert close(engine, tmp_path) == []
    assert read(engine, tmp_path) == []


def test_outages_of_few_and_of_all_subjects_are_the_same(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    few = [(SubjectKind.DEVICE, f"gp{number}") for number in range(1, 6)]
    many = [*few, *((SubjectKind.DEVICE, f"other{number}") for number in range(10_001))]
    one, all_of_them = (outages_of(told, tmp_path, names, *EVER) for names in (few, many))
    for column in ("number", "name", "start", "end", "cause", "root", "root_cause"):
        assert sorted(getattr(one, column).tolist()) == sorted(getattr(all_of_them, column).tolist())
    assert CAUSES[one.root_cause[one.number.tolist().index(4)]] is Cause.FIBRE  # of what explains it
