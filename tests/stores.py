"""Stores that begin as a copy: making tables, or running every migration, is done once a process.

tests/test_migrations.py is where migrations themselves are run.
"""

from enum import StrEnum
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from storage.engine import open_engine
from storage.metadata import metadata
from storage.migrate import upgrade


class Schema(StrEnum):
    """The tables of a new database; none has rows but Alembic's own."""

    NONE = "none"
    TABLES = "tables"
    MIGRATED = "migrated"


def fill(engine: Engine, schema: Schema) -> None:
    """Make the tables, as the metadata has them or as the migrations leave them."""
    if schema is Schema.TABLES:
        metadata.create_all(engine)
    elif schema is Schema.MIGRATED:
        upgrade(engine)


def file_with(schema: Schema, file: Path) -> str:
    """A new SQLite file, none yet where it holds nothing; returns its URL."""
    if schema is not Schema.NONE:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_filled(schema))
    return f"sqlite:///{file}"


def store_with(schema: Schema, file: Path) -> Engine:
    return open_engine(file_with(schema, file))


@cache
def _filled(schema: Schema) -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        engine = open_engine(f"sqlite:///{file}")
        fill(engine, schema)
        engine.dispose()  # the last to close writes the WAL into the file
        return file.read_bytes()
