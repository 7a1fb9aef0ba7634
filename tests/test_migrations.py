"""The migrations make the tables that the code declares, on both databases."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from storage.engine import open_engine
from storage.metadata import metadata
from storage.migrate import config_for, is_current, upgrade
from tests.postgres import postgres

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    found: str = request.getfixturevalue("cluster")
    engine = open_engine(found)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return found


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def test_the_newest_schema_is_the_declared_one(url: str) -> None:
    """If not: make a migration with alembic's `command.revision(config_for(engine, metadata), ..., autogenerate=True)`."""
    engine = open_engine(url)
    assert not is_current(engine)
    upgrade(engine)
    assert is_current(engine)
    assert differences(engine) == []
    upgrade(engine)
    assert differences(engine) == []


def test_down_and_up_again(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    command.downgrade(config_for(engine), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert differences(engine) == []


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE watch (collector TEXT)"))  # in the way of one of the tables
    with pytest.raises(Exception, match="watch"):
        upgrade(engine)
    assert inspect(engine).get_table_names() == ["watch"]


def test_roles_that_start_together_upgrade_once(url: str) -> None:
    code = "import sys; from storage.engine import open_engine as o; from storage.migrate import upgrade; upgrade(o(sys.argv[1]))"
    started = [subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert is_current(open_engine(url))
