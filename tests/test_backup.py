"""db backup and restore: what was stored comes back as it was, on both databases."""

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Engine, insert, select
from typer.testing import CliRunner

import storage.cli
from inventory.model import Inventory
from inventory.store import apply
from inventory.store import load as load_inventory
from readiness.archive import close_months
from readiness.model import SubjectKind
from readiness.months import transitions_in
from readiness.tables import transition
from storage.backup import BackupError, back_up, put_back
from storage.dump import DumpError, load
from storage.engine import StoreInUseError, alone, open_engine
from storage.metadata import metadata
from storage.monthly import SUMS
from storage.segments import SAMPLES, Writer
from tests.servers import program
from tests.stores import Schema, store_with

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
Contents = dict[str, list[tuple[object, ...]]]


def quiet(_what: str, _done: int, _total: int) -> None:
    """No progress bar."""


@pytest.fixture
def full(migrated_url: str, tmp_path: Path, small: Inventory) -> Iterator[Engine]:
    """A store with an inventory, half a year of transitions of which months are closed, and samples beside it."""
    engine = open_engine(migrated_url)
    if engine.dialect.name == "postgresql":
        program("pg_dump")
    apply(engine, small, NOW)
    rows = [
        {"subject_kind": "site", "subject": f"gp{n % 5}", "at": NOW - (180 - n) * DAY, "recorded_at": NOW,
         "from_status": "up", "to_status": "down", "reason": "answers"}
        for n in range(180)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(transition), rows)
    close_months(engine, tmp_path / "history", NOW)
    writer = Writer(tmp_path / "history")
    sample = {"at": NOW, "device": "r1", "metric": "in_bps", "instance": "1", "value": 1.0}
    writer.write({"samples": pa.Table.from_pylist([sample], SAMPLES)})
    writer.close()
    yield engine
    engine.dispose()


@pytest.fixture
def other(request: pytest.FixtureRequest, full: Engine, tmp_path: Path) -> Iterator[Engine]:
    """Another database of the same kind, without tables."""
    if full.dialect.name == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path}/other.db")
        yield engine
        engine.dispose()
        return
    with request.getfixturevalue("cluster").database(Schema.NONE) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def contents(engine: Engine) -> Contents:
    """Every row of every table, in an order."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def history(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_what_was_stored_comes_back(full: Engine, other: Engine, tmp_path: Path, name: str) -> None:
    back_up(full, tmp_path / "history", tmp_path / name, NOW, quiet)
    put_back(other, tmp_path / "elsewhere", tmp_path / name, quiet)
    assert contents(other) == contents(full)
    assert history(tmp_path / "elsewhere") == history(tmp_path / "history")
    period = (NOW - 200 * DAY, NOW)
    told = [
        transitions_in(engine, folder, *period, kinds=[SubjectKind.SITE])
        for engine, folder in ((full, tmp_path / "history"), (other, tmp_path / "elsewhere"))
    ]
    assert told[0].equals(told[1])
    assert told[0].num_rows > 180
    assert not list(tmp_path.rglob(".tmp-*")) + list(tmp_path.rglob(".restoring-*"))


def test_rows_that_come_after_a_restore_find_their_numbers(full: Engine, other: Engine, tmp_path: Path) -> None:
    back_up(full, tmp_path / "history", tmp_path / "backup", NOW, quiet)
    put_back(other, tmp_path / "elsewhere", tmp_path / "backup", quiet)
    with other.begin() as connection:
        row = {"subject_kind": "site", "subject": "gp1", "at": NOW, "recorded_at": NOW, "from_status": "down",
               "to_status": "up", "reason": "answers"}  # fmt: skip
        number = connection.execute(insert(transition).values(row).returning(transition.c.id)).scalar_one()
    assert number == 181


def test_a_store_that_holds_something_is_given_up_only_with_force(
    full: Engine, tmp_path: Path, small: Inventory
) -> None:
    before = contents(full)
    back_up(full, tmp_path / "history", tmp_path / "backup", NOW, quiet)
    with full.begin() as connection:
        connection.execute(transition.delete())
    files = history(tmp_path / "history")
    with pytest.raises(BackupError, match="--force"):
        put_back(full, tmp_path / "history", tmp_path / "backup", quiet)
    put_back(full, tmp_path / "history", tmp_path / "backup", quiet, force=True)
    assert contents(full) == before
    assert history(tmp_path / "history") == files


def test_history_alone_is_reason_enough_to_refuse(full: Engine, other: Engine, tmp_path: Path) -> None:
    back_up(full, tmp_path / "history", tmp_path / "backup", NOW, quiet)
    with pytest.raises(BackupError, match="--force"):
        put_back(other, tmp_path / "history", tmp_path / "backup", quiet)


def test_nobody_may_collect_while_a_backup_is_put_back(full: Engine, tmp_path: Path) -> None:
    back_up(full, tmp_path / "history", tmp_path / "backup", NOW, quiet)
    with alone(full, "collect"), pytest.raises(StoreInUseError):
        put_back(full, tmp_path / "history", tmp_path / "backup", quiet, force=True)


def test_samples_may_be_left_out(full: Engine, tmp_path: Path) -> None:
    manifest = back_up(full, tmp_path / "history", tmp_path / "backup", NOW, quiet, samples=False)
    assert {name.split("/")[1] for name in manifest.files if "/" in name} == {"transitions"}


def test_sums_are_left_out(tmp_path: Path, small: Inventory) -> None:
    """A file of sums may be replaced while it is copied: its checksum would be that of the file before."""
    file = tmp_path / "history" / SUMS / "site" / "2026-05.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"replaced at any moment")
    engine = store_with(Schema.MIGRATED, tmp_path / "small.db")
    apply(engine, small, NOW)
    assert list(back_up(engine, tmp_path / "history", tmp_path / "backup", NOW, quiet).files) == ["store.sqlite"]
    engine.dispose()


@pytest.fixture
def made(tmp_path: Path, small: Inventory) -> Path:
    """A backup of a small store."""
    engine = store_with(Schema.MIGRATED, tmp_path / "small.db")
    apply(engine, small, NOW)
    back_up(engine, tmp_path / "history", tmp_path / "backup", NOW, quiet)
    engine.dispose()
    return tmp_path / "backup"


def empty(folder: Path) -> Engine:
    return open_engine(f"sqlite:///{folder}/empty.db")


def test_a_backup_is_a_plain_copy(made: Path, small: Inventory) -> None:
    assert load_inventory(open_engine(f"sqlite:///{made}/store.sqlite")) == small


def test_a_damaged_backup_changes_nothing(made: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(made / "store.sqlite")) as store, store:
        store.execute("DELETE FROM link")
    with pytest.raises(BackupError, match=r"store.sqlite isn't what the manifest says"):
        put_back(empty(tmp_path), tmp_path / "elsewhere", made, quiet)
    assert contents_of(empty(tmp_path)) == []


def contents_of(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())


def changed(made: Path, **fields: object) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps(manifest | fields))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"database": "postgresql"}, "a backup of postgresql"),
        ({"revision": "9999"}, "newer than this version"),
        ({"files": {"../x": {"sha256": "", "octets": 0}}}, "leads out of it"),
        ({"files": []}, "no whole backup"),
    ],
)
def test_what_cannot_be_put_back_says_why(made: Path, tmp_path: Path, fields: dict[str, object], said: str) -> None:
    changed(made, **fields)
    with pytest.raises(BackupError, match=said):
        put_back(empty(tmp_path), tmp_path / "elsewhere", made, quiet)
    assert contents_of(empty(tmp_path)) == []


def test_a_tar_that_broke_off_is_no_backup(made: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "broken.tar", "w") as tar:
        tar.add(made / "store.sqlite", "store.sqlite")
    with pytest.raises(BackupError, match="no whole backup"):
        put_back(empty(tmp_path), tmp_path / "elsewhere", tmp_path / "broken.tar", quiet)


@pytest.mark.parametrize("name", ["kept", "kept.tar"])
def test_a_backup_is_for_its_owner_alone(made: Path, tmp_path: Path, name: str) -> None:
    engine = empty(tmp_path)
    put_back(engine, tmp_path / "elsewhere", made, quiet)
    back_up(engine, tmp_path / "elsewhere", tmp_path / name, NOW, quiet)
    assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_backup_takes_no_other_ones_place(made: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="already"):
        back_up(empty(tmp_path), tmp_path / "history", made, NOW, quiet)


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, cluster: object, tmp_path: Path) -> None:
    with cluster.database(Schema.MIGRATED) as url:  # type: ignore[attr-defined]
        engine = open_engine(url)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(DumpError, match=r"pg_dump is not installed.*postgresql-client"):
            back_up(engine, tmp_path / "history", tmp_path / "backup", NOW, quiet)
        with pytest.raises(DumpError, match="pg_restore is not installed"):
            load(engine, tmp_path / "store.pgdump")
        monkeypatch.undo()
        with pytest.raises(DumpError, match="pg_restore: "):  # no such file
            load(engine, tmp_path / "store.pgdump")
        assert "site" in contents(engine)
        engine.dispose()
    assert not (tmp_path / "backup").exists()


def test_the_commands(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", f"sqlite:///{tmp_path}/new.db")
    run = CliRunner()
    restored = run.invoke(storage.cli.app, ["restore", str(made)])
    assert (restored.exit_code, "Restored as of 2026-07-01" in restored.stdout) == (0, True)
    assert run.invoke(storage.cli.app, ["backup", "again.tar"]).exit_code == 0
    refused = run.invoke(storage.cli.app, ["restore", "again.tar"])
    assert (refused.exit_code, "--force" in refused.stderr) == (2, True)
    assert run.invoke(storage.cli.app, ["restore", "--force", "again.tar"]).exit_code == 0
    assert run.invoke(storage.cli.app, ["downgrade", "no-such"]).exit_code == 2
    assert run.invoke(storage.cli.app, ["downgrade", "0001"]).exit_code == 0
    assert run.invoke(storage.cli.app, ["upgrade"]).exit_code == 0
