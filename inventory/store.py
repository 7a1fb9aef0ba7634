"""The inventory in the relational store."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select, text, update

from inventory import snapshot, tables
from inventory.cells import Value, written
from inventory.columnar import column, keys
from inventory.diff import Diff, KindDiff, compare
from inventory.kinds import STORED, Kind, Record
from inventory.model import Inventory
from inventory.snapshot import Snapshot
from inventory.stored import TABLES, Batches, fetched, inventory_from
from storage.engine import files_of, for_writing
from storage.engine import snapshot as one_moment

_log = structlog.get_logger()
_Row = dict[str, Value | bytes]


def load(engine: Engine) -> Inventory:
    """The stored inventory, each kind in the order of its keys.

    Areas, sites, devices and links are Records over a file that processes share (snapshot.py).
    """
    with _collector_at_rest():
        return inventory_from(_shared(engine))


def _shared(engine: Engine) -> Batches:
    stem = _stem(engine)
    with engine.connect() as connection:
        current = _snapshot(connection, stem)
    if current is None or stem is None:
        return _fetched(engine)
    found = snapshot.mapped(current)
    return _made(engine, stem) if found is None else found


def _made(engine: Engine, stem: Path) -> Batches:
    """The tables' rows by way of a new file; without it where none can be written."""
    try:
        with snapshot.one_maker(stem), one_moment(engine) as connection:
            current = _snapshot(connection, stem)
            if current is not None and (found := _mapped_or_made(connection, current)):
                return found
    except OSError as error:
        _log.warning("inventory_not_shared", file=str(stem), error=str(error))
    return _fetched(engine)


def _mapped_or_made(connection: Connection, current: Snapshot) -> Batches | None:
    found = snapshot.mapped(current)  # somebody made it while we waited
    if found is None:
        snapshot.make(current, lambda name: fetched(connection, name))
        found = snapshot.mapped(current)
    snapshot.sweep(current)
    return found


def _fetched(engine: Engine) -> Batches:
    with one_moment(engine) as connection:
        return {name: fetched(connection, name) for name in TABLES}


def _stem(engine: Engine) -> Path | None:
    files = files_of(engine)
    return files.with_name(f"{files.name}.inventory") if files else None


def _snapshot(connection: Connection, stem: Path | None) -> Snapshot | None:
    """The file of the last import, which needn't be there; None for a store without import, or without files."""
    made = tables.inventory_import
    row = connection.execute(select(made).order_by(made.c.id.desc()).limit(1)).first()
    if row is None or stem is None:
        return None
    # A store that was put back from a backup gives numbers again, but not at the same microsecond.
    return Snapshot(stem, row.id, f"{row.at.isoformat()} {row.added} {row.changed} {row.removed}")


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    # Nothing that is made here is garbage in circles: walking it again and again took a third of the time.
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def apply(engine: Engine, inventory: Inventory, now: datetime) -> Diff:
    """Make the store hold exactly `inventory`, in one transaction; returns what changed.

    Only rows that differ are written. The inventory must be free of problems (files.read_folder).
    """
    with for_writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":  # two imports at once: the second waits, as on SQLite
            connection.execute(text("LOCK TABLE inventory_import IN EXCLUSIVE MODE"))
        stored = _stored(connection, _stem(engine))
        diff = compare(stored, inventory)
        if diff:
            _write(connection, stored, inventory, diff)
            _record(connection, diff, now)
    if diff:
        _shared(engine)  # so that no role has to make the file when it starts
    return diff


def _stored(connection: Connection, stem: Path | None) -> Inventory:
    current = _snapshot(connection, stem)
    found = snapshot.mapped(current) if current else None
    return inventory_from(found or {name: fetched(connection, name) for name in TABLES})


def last_import(engine: Engine) -> tuple[int, datetime] | None:
    """(number, time) of the last import that changed something; None for an empty store."""
    wanted = tables.inventory_import
    with engine.connect() as connection:
        row = connection.execute(select(wanted.c.id, wanted.c.at).order_by(wanted.c.id.desc()).limit(1)).first()
    return (row.id, row.at) if row else None


def _row(kind: Kind, paths: Mapping[str, str], key: str, record: Record) -> _Row:
    """The row of the table."""
    columns = zip(kind.columns, kind.values(record), strict=True)
    row: _Row = {column.name: written(value) if column.encoded else value for column, value in columns}
    (key_column,) = TABLES[kind.name].primary_key.columns
    row[key_column.name] = key
    if kind.name == "areas":
        row["path"] = paths[key]
    return row


def _paths(inventory: Inventory) -> dict[str, str]:
    """Area key -> the keys of all wider areas and its own, each followed by "/"."""
    names = keys(inventory.areas).to_pylist()
    parents = dict(zip(names, column(inventory.areas, "parent").to_pylist(), strict=True))
    found: dict[str, str] = {}
    for key in names:
        chain: list[str] = []
        at: str | None = key
        while at is not None and at not in found:
            chain.append(at)
            at = parents[at]
        for each in reversed(chain):
            found[each] = found.get(parents[each] or "", "") + each + "/"
    return found


class _Paths(NamedTuple):
    """The path of each area, and areas whose path is another than before."""

    of: Mapping[str, str]
    moved: Sequence[str]


def _write(connection: Connection, stored: Inventory, wanted: Inventory, diff: Diff) -> None:
    changes = {each.kind: each for each in diff.kinds}
    before, after = (_paths(stored), _paths(wanted)) if "areas" in changes else ({}, {})
    paths = _Paths(after, [key for key, path in after.items() if before.get(key, path) != path])
    for kind in STORED:
        _upsert(connection, kind, kind.of(wanted), changes.get(kind.name, KindDiff(kind.name)), paths)
    _write_boundaries(connection, stored.boundaries, wanted.boundaries)
    # What is gone goes last, and what refers to others before these.
    for kind in reversed(STORED):
        _delete(connection, TABLES[kind.name], changes.get(kind.name, KindDiff(kind.name)).removed)


def _upsert(connection: Connection, kind: Kind, records: Mapping[str, Record], change: KindDiff, paths: _Paths) -> None:
    """Write the rows that differ; those of areas also where their path does."""
    table = TABLES[kind.name]
    (key_column,) = table.primary_key.columns
    if new := [_row(kind, paths.of, key, records[key]) for key in change.added]:
        connection.execute(insert(table), new)
    differing = dict.fromkeys((*(row.key for row in change.changed), *(paths.moved if kind.name == "areas" else ())))
    if changed := [{"_key": key, **_row(kind, paths.of, key, records[key])} for key in differing]:
        names = [name for name in changed[0] if name not in ("_key", key_column.name)]
        statement = update(table).where(key_column == bindparam("_key"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), changed)


def _write_boundaries(connection: Connection, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    table = tables.boundary
    gone = [key for key, wkb in before.items() if after.get(key) != wkb]
    _delete(connection, table, gone)
    if new := [{"area": key, "wkb": wkb} for key, wkb in after.items() if before.get(key) != wkb]:
        connection.execute(insert(table), new)


def _delete(connection: Connection, table: Table, keys: Sequence[str]) -> None:
    (key_column,) = table.primary_key.columns
    if keys:
        connection.execute(delete(table).where(key_column == bindparam("_key")), [{"_key": key} for key in keys])


def _record(connection: Connection, diff: Diff, now: datetime) -> None:
    added, changed, removed = (sum(counts) for counts in zip(*(kind.counts for kind in diff.kinds), strict=True))
    row = {"at": now, "added": added, "changed": changed, "removed": removed}
    connection.execute(insert(tables.inventory_import), [row])
