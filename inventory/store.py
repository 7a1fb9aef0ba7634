"""The inventory in the relational store."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select, text, update

from inventory import snapshot, tables
from inventory.cells import Value, written
from inventory.diff import Diff, compare
from inventory.kinds import AREA_VERSIONS, STORED, Kind, Record
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
            _write(connection, stored, inventory)
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


def _row(kind: Kind, inventory: Inventory, key: str, record: Record) -> _Row:
    """The row of the table."""
    columns = zip(kind.columns, kind.values(record), strict=True)
    row: _Row = {column.name: written(value) if column.encoded else value for column, value in columns}
    if kind.name == "areas":
        row.update(key=key, path=path_of(inventory, key))
    elif kind.name == AREA_VERSIONS.name:
        row.update(version=key)
    return row


def path_of(inventory: Inventory, area: str) -> str:
    """The area's key after those of all wider areas, each followed by "/"."""
    parts = [area]
    while parent := inventory.areas[parts[-1]].parent:
        parts.append(parent)
    return "/".join(reversed(parts)) + "/"


def _write(connection: Connection, stored: Inventory, wanted: Inventory) -> None:
    removed = [(TABLES[kind.name], _upsert(connection, kind, stored, wanted)) for kind in STORED]
    _write_boundaries(connection, stored.boundaries, wanted.boundaries)
    # What is gone goes last, and what refers to others before these.
    for table, keys in reversed(removed):
        _delete(connection, table, keys)


def _upsert(connection: Connection, kind: Kind, stored: Inventory, wanted: Inventory) -> list[str]:
    """Write the rows that differ; returns the keys that are no longer wanted."""
    table, before, after = TABLES[kind.name], kind.of(stored), kind.of(wanted)
    (key_column,) = table.primary_key.columns
    if new := [_row(kind, wanted, key, record) for key, record in after.items() if key not in before]:
        connection.execute(insert(table), new)
    differing = [key for key in after if key in before and _differs(kind, stored, wanted, key)]
    if changed := [{"_key": key, **_row(kind, wanted, key, after[key])} for key in differing]:
        names = [name for name in changed[0] if name not in ("_key", key_column.name)]
        statement = update(table).where(key_column == bindparam("_key"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), changed)
    return [key for key in before if key not in after]


def _differs(kind: Kind, stored: Inventory, wanted: Inventory, key: str) -> bool:
    if kind.of(stored)[key] != kind.of(wanted)[key]:
        return True
    return kind.name == "areas" and path_of(stored, key) != path_of(wanted, key)


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
