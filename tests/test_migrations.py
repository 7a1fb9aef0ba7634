"""The migrations make the tables that the code declares, on both databases."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
)

from storage.engine import open_engine
from storage.metadata import metadata
from storage.migrate import downgrade, is_current, revisions, upgrade
from storage.types import UtcTime
from tests.judged import MONDAY, add_outage, change_outage

ROOT = Path(__file__).parents[1]


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def test_the_newest_schema_is_the_declared_one(empty_url: str) -> None:
    """If not: make a migration with alembic's `command.revision(config_for(engine, metadata), ..., autogenerate=True)`."""
    engine = open_engine(empty_url)
    assert not is_current(engine)
    upgrade(engine)
    assert is_current(engine)
    assert differences(engine) == []
    upgrade(engine)
    assert differences(engine) == []


def filled(engine: Engine) -> None:
    """Three rows in every table, with a value in every column."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(insert(table), [_row(table, number) for number in range(3)])


def _row(table: Table, number: int) -> dict[str, object]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: Column[object], number: int) -> object:
    if column.foreign_keys:
        (target,) = column.foreign_keys
        own = target.column.table is column.table  # a row may name the one before it
        return _value(target.column, number - own) if number or not own else None
    values = {
        UtcTime: datetime(2026, 11, 21, 10, tzinfo=UTC) + timedelta(hours=number), Date: date(2026, 4, 1 + number),
        Boolean: number == 1, Float: number + 0.25, Integer: number + 1, LargeBinary: bytes([number, 0, 255]),
        String: f"{column.name} {number}: पहुँच 'x' \"y\"",
    }  # fmt: skip
    return next(value for kind, value in values.items() if isinstance(column.type, kind))


Rows = list[dict[str, object]]


def stored(engine: Engine) -> dict[str, Rows]:
    """Rows by table as they are stored, in an order."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)
            for name, table in tables.tables.items()
            if name != "alembic_version"
        }


def columns(rows: dict[str, Rows]) -> set[str]:
    return {f"{name}.{column}" for name, some in rows.items() for column in some[0]}


def only(rows: dict[str, Rows], kept: set[str]) -> dict[str, Rows]:
    """What of the rows is in the columns of `kept`."""
    left = {
        name: [{c: v for c, v in row.items() if f"{name}.{c}" in kept} for row in some] for name, some in rows.items()
    }
    return {name: sorted(some, key=repr) for name, some in left.items() if some[0]}


# What going back before a migration loses; everything else stays as it is.
LOSES = {
    "0014": {"endpoint_certificate"},
    "0013": set(),
    "0012": {"trouble", "maintenance"},
    "0011": {"outage_retold"},
    "0010": {"notice", "ruleset", "outage.kinds", "outage.weights", "word.empty_at"},
    "0009": {
        "service_rollout", "gp_rollout", "service.department_endpoints", "service.statutory_days", "service.source",
        "service.unconfirmed",
    },
    "0008": {"config_text", "config_version", "device_event"},
    "0007": {"checkin_agent", "checkin_heartbeat", "checkin_seen", "checkin_span"},
    "0006": set(),
    "0005": {"endpoint_view"},
    "0004": {"area_version", "area.assigned_by", "area.boundary_approximate"},
    "0003": {
        "endpoint.method", "endpoint.expect_status", "endpoint.expect_text", "endpoint.interval_s",
        "endpoint.timeout_s", "device.ssh_credential",
    },
    "0002": {"word"},
}  # fmt: skip


def test_down_and_up_again_step_by_step_keeps_every_row(empty_url: str) -> None:
    engine = open_engine(empty_url)
    upgrade(engine)
    filled(engine)
    now = stored(engine)
    for before, revision in reversed(list(pairwise(revisions()))):
        downgrade(engine, before)
        left = stored(engine)
        lost = columns(now) - columns(left)
        assert {c if (table := c.partition(".")[0]) in left else table for c in lost} == LOSES[revision]
        assert left == only(now, columns(left))
        upgrade(engine, revision)
        again = stored(engine)
        assert only({name: rows for name, rows in again.items() if rows}, columns(left)) == left
        downgrade(engine, before)
        now = left
    downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert differences(engine) == []


def test_a_database_that_was_upgraded_notes_outages_told_anew(empty_url: str) -> None:
    """The trigger is in no metadata that could be compared."""
    engine = open_engine(empty_url)
    upgrade(engine)
    ended = add_outage(engine, "gp1", to_at=MONDAY)
    for number, cause in ((ended, "power"), (ended, "power"), (add_outage(engine, "gp2"), "power")):
        change_outage(engine, number, cause=cause)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT outage FROM outage_retold")).scalars().all() == [ended]


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE watch (collector TEXT)"))  # in the way of one of the tables
    with pytest.raises(Exception, match="watch"):
        upgrade(engine)
    assert inspect(engine).get_table_names() == ["watch"]


def test_roles_that_start_together_upgrade_once(empty_url: str) -> None:
    code = "import sys; from storage.engine import open_engine as o; from storage.migrate import upgrade; upgrade(o(sys.argv[1]))"
    started = [subprocess.Popen([sys.executable, "-c", code, empty_url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert is_current(open_engine(empty_url))
