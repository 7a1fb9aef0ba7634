"""Closed months of outages: read as if all were in the database, also when the files are behind it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, func, select

from readiness.blame import outages_of
from readiness.model import Cause, Responsible, SubjectKind
from readiness.outage_months import FOLDER, SCHEMA, close_outages, down_in, forget_retold
from readiness.rules.availability import CAUSES, PARTIES
from readiness.tables import outage_retold
from storage.engine import snapshot
from storage.monthly import Month, open_month, write_month
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


def test_a_cause_that_is_told_anew_is_seen_at_once_and_written_again(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    change_outage(told, 1, cause="power", responsible="power_utility")
    change_outage(told, 2, evidence='["nothing that was copied"]')
    names = [(SubjectKind.DEVICE, f"other{number}") for number in range(10_001)]
    for rewritten in ([Month(2026, 8)], []):
        found = outages_of(told, tmp_path, [(SubjectKind.DEVICE, "gp1"), (SubjectKind.DEVICE, "gp4"), *names], *EVER)
        causes = {
            int(n): (CAUSES[c], PARTIES[p]) for n, c, p in zip(found.number, found.root_cause, found.party, strict=True)
        }
        # The fourth outage, still open, hangs on the first.
        assert causes == dict.fromkeys((1, 4), (Cause.POWER, Responsible.POWER_UTILITY))
        assert close(told, tmp_path) == rewritten
    forget_retold(told, tmp_path, [Month(2026, 8)])
    with told.connect() as connection:
        assert connection.execute(select(func.count()).select_from(outage_retold)).scalar() == 0
    change_outage(told, 1, cause="fibre")
    assert close(told, tmp_path) == [Month(2026, 8)]


def test_a_file_without_a_column_that_is_read_now_is_written_again(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    file = open_month(tmp_path / FOLDER, Month(2026, 8))
    write_month(tmp_path / FOLDER, Month(2026, 8), file.read(SCHEMA.names).drop_columns(["responsible"]), file.top)
    assert read(told, tmp_path) == ["gp1", "gp2", "gp3", "gp4"]
    assert close(told, tmp_path) == [Month(2026, 8)]


def test_a_file_that_is_lost_is_written_again(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    (tmp_path / FOLDER / "2026-08.parquet").unlink()
    assert read(told, tmp_path) == ["gp1", "gp2", "gp3", "gp4"]
    assert close(told, tmp_path) == [Month(2026, 8)]


def test_a_file_that_is_damaged_is_written_again(told: Engine, tmp_path: Path) -> None:
    close(told, tmp_path)
    file = tmp_path / FOLDER / "2026-08.parquet"
    whole = file.read_bytes()
    ids = pq.read_metadata(file).row_group(0).column(0)
    last = ids.data_page_offset + ids.total_compressed_size - 1  # of a page, of which the footer knows nothing
    file.write_bytes(b"".join((whole[:last], bytes([whole[last] ^ 1]), whole[last + 1 :])))
    assert read(told, tmp_path) == ["gp1", "gp2", "gp3", "gp4"]
    file.write_bytes(whole[:-20])
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
