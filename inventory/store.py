"""The inventory in the relational store."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select, text, update

from inventory import tables
from inventory.cells import Value, written
from inventory.diff import Diff, compare
from inventory.kinds import AREA_VERSIONS, STORED, Column, Kind, Record, inventory_of
from inventory.model import Inventory
from storage.engine import for_writing

_TABLES: Mapping[str, Table] = {
    "credentials": tables.credential,
    "sources": tables.source,
    "endpoints": tables.endpoint,
    "services": tables.service,
    "areas": tables.area,
    "area_versions": tables.area_version,
    "sites": tables.site,
    "devices": tables.device,
    "links": tables.link,
}
_Row = dict[str, Value | bytes]


def load(engine: Engine) -> Inventory:
    """The stored inventory, each kind in the order of its keys."""
    with engine.connect() as connection, _collector_at_rest():
        return _load(connection)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    # All that is made here stays: walking it again and again for garbage took a third of the time.
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
        stored = _load(connection)
        diff = compare(stored, inventory)
        if diff:
            _write(connection, stored, inventory)
            _record(connection, diff, now)
    return diff


def last_import(engine: Engine) -> tuple[int, datetime] | None:
    """(number, time) of the last import that changed something; None for an empty store."""
    wanted = tables.inventory_import
    with engine.connect() as connection:
        row = connection.execute(select(wanted.c.id, wanted.c.at).order_by(wanted.c.id.desc()).limit(1)).first()
    return (row.id, row.at) if row else None


def _load(connection: Connection) -> Inventory:
    records = {kind.name: _records(connection, kind) for kind in STORED}
    boundary = tables.boundary
    rows = connection.execute(select(boundary.c.area, boundary.c.wkb))
    return inventory_of(records, dict(sorted((row.area, row.wkb) for row in rows)))


def _records(connection: Connection, kind: Kind) -> dict[str, Record]:
    table = _TABLES[kind.name]
    encoded = [(i, column) for i, column in enumerate(kind.columns) if column.encoded]
    found: dict[str, Record] = {}
    for row in connection.execute(select(*(table.c[name] for name in kind.plain))).all():
        values: list[Value] = list(row)
        for i, column in encoded:
            values[i] = _decoded(column, values[i])
        record = kind.record(values)
        found[kind.key_of(record)] = record
    # Sorted here because databases order text in ways of their own.
    return dict(sorted(found.items()))


def _decoded(column: Column, stored: Value) -> Value:
    return column.parse(stored) if isinstance(stored, str) and stored else column.empty


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
    removed = [(_TABLES[kind.name], _upsert(connection, kind, stored, wanted)) for kind in STORED]
    _write_boundaries(connection, stored.boundaries, wanted.boundaries)
    # What is gone goes last, and what refers to others before these.
    for table, keys in reversed(removed):
        _delete(connection, table, keys)


def _upsert(connection: Connection, kind: Kind, stored: Inventory, wanted: Inventory) -> list[str]:
    """Write the rows that differ; returns the keys that are no longer wanted."""
    table, before, after = _TABLES[kind.name], kind.of(stored), kind.of(wanted)
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
