"""The file of the inventory that processes share: a copy that is never trusted further than it can be checked."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, event

from inventory import tables
from inventory.model import Inventory, Names
from inventory.records import Records
from inventory.store import apply, load
from storage.atomic import TEMPORARY
from storage.engine import open_engine

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def store(migrated_url: str, tmp_path: Path) -> Iterator[Engine]:
    """An empty store whose files lie in tmp_path/files: SQLite's by a folder of its own, PostgreSQL's by the setting."""
    engine = open_engine(migrated_url, tmp_path / "files")
    yield engine
    engine.dispose()


def files(store: Engine, tmp_path: Path) -> list[Path]:
    """What there is of snapshots, finished or not."""
    folder = Path(store.url.database or "").parent if store.dialect.name == "sqlite" else tmp_path / "files"
    return sorted(path for path in folder.rglob("*") if path.suffix == ".arrow")


def named(inventory: Inventory, name: str) -> Inventory:
    site = replace(inventory.sites["gp1"], names=Names(name))
    return replace(inventory, sites={**inventory.sites, "gp1": site})


def reads(store: Engine) -> list[str]:
    """The statements from here on."""
    asked: list[str] = []
    event.listen(store, "before_cursor_execute", lambda _c, _cur, sql, *_: asked.append(sql))
    return asked


def about_devices(asked: list[str]) -> int:
    return sum("FROM device" in sql for sql in asked)


def test_what_was_applied_is_read_from_the_file(store: Engine, small: Inventory, tmp_path: Path) -> None:
    apply(store, small, NOW)
    assert len(files(store, tmp_path)) == 1
    asked = reads(store)
    assert load(store) == small
    assert isinstance(load(store).devices, Records)
    assert about_devices(asked) == 0


def test_a_file_that_was_removed_is_made_again(store: Engine, small: Inventory, tmp_path: Path) -> None:
    apply(store, small, NOW)
    (path,) = files(store, tmp_path)
    content = path.read_bytes()
    path.unlink()
    assert load(store) == small
    assert path.read_bytes() == content


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "shorter than its checksum": lambda content: content[:20],
    "cut": lambda content: content[:-1000],
    "longer": lambda content: content + b"x",
    "one bit": _flipped,
    "zeros": lambda content: bytes(len(content)),
    "without checksum": lambda content: content[:-32],
    "no columns at all": lambda _: b"<!DOCTYPE html>" * 1000,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_anew(store: Engine, small: Inventory, tmp_path: Path, damage: str) -> None:
    apply(store, small, NOW)
    (path,) = files(store, tmp_path)
    content = path.read_bytes()
    path.write_bytes(DAMAGES[damage](content))
    assert load(store) == small
    assert path.read_bytes() == content


def test_the_file_of_another_import_is_not_taken_for_this_one(store: Engine, small: Inventory, tmp_path: Path) -> None:
    apply(store, small, NOW)
    (first,) = files(store, tmp_path)
    content = first.read_bytes()
    apply(store, named(small, "Elsewhere"), NOW)
    (second,) = files(store, tmp_path)
    second.write_bytes(content)
    assert load(store).sites["gp1"].names == Names("Elsewhere")


def test_a_store_that_gives_a_number_again_has_another_file(store: Engine, small: Inventory, tmp_path: Path) -> None:
    """As after a backup was put back: the next import has the number of one that was undone."""
    apply(store, small, NOW)
    apply(store, named(small, "Undone"), NOW + timedelta(hours=1))
    (undone,) = files(store, tmp_path)
    content = undone.read_bytes()
    with store.begin() as connection:
        connection.execute(delete(tables.inventory_import).where(tables.inventory_import.c.id == 2))
        row = {"id": 2, "at": NOW + timedelta(hours=2), "added": 0, "changed": 1, "removed": 0}
        connection.execute(tables.inventory_import.insert(), [row])
        connection.execute(tables.site.update().where(tables.site.c.name == "gp1").values(name_en="Done"))
    assert load(store).sites["gp1"].names.en == "Done"
    undone.write_bytes(content)
    assert load(store).sites["gp1"].names.en == "Done"


def _import(url: str, cache: Path, wanted: Inventory) -> None:
    engine = open_engine(url, cache)
    apply(engine, wanted, NOW + timedelta(minutes=1))
    engine.dispose()


def test_another_process_imports_while_the_file_is_mapped(
    store: Engine, small: Inventory, tmp_path: Path, migrated_url: str
) -> None:
    apply(store, small, NOW)
    before = load(store)
    (old,) = files(store, tmp_path)
    wanted = named(small, "New")
    other = multiprocessing.get_context("spawn").Process(
        target=_import, args=(migrated_url, tmp_path / "files", wanted)
    )
    other.start()
    other.join(120)
    assert other.exitcode == 0
    assert not old.exists()
    assert before == small
    assert before.sites["gp1"] == small.sites["gp1"]
    assert load(store) == wanted
    assert len(files(store, tmp_path)) == 1


def test_unfinished_files_go_when_a_new_one_is_made(store: Engine, small: Inventory, tmp_path: Path) -> None:
    apply(store, small, NOW)
    (path,) = files(store, tmp_path)
    dead = path.with_name(TEMPORARY + path.name.replace("-1-", "-0-"))
    dead.write_bytes(b"half")
    apply(store, named(small, "New"), NOW)
    assert dead not in files(store, tmp_path)
    assert len(files(store, tmp_path)) == 1


def test_who_start_together_share_one_file(store: Engine, small: Inventory, tmp_path: Path) -> None:
    apply(store, small, NOW)
    (path,) = files(store, tmp_path)
    path.unlink()
    asked = reads(store)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == small for found in pool.map(load, [store] * 4))
    assert files(store, tmp_path) == [path]
    assert about_devices(asked) == 1


def test_a_store_without_a_place_for_files_is_read(migrated_url: str, small: Inventory, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    engine = open_engine(migrated_url, tmp_path / "file")  # where no folder can be
    apply(engine, small, NOW)
    if engine.dialect.name == "sqlite":
        return_to = Path(engine.url.database or "")
        (lock,) = return_to.parent.glob("*.inventory.lock")
        for path in return_to.parent.glob("*.arrow"):
            path.unlink()
        lock.unlink()
        lock.mkdir()
    assert load(engine) == small
    engine.dispose()
