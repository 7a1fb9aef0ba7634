"""The relational store as one file and back, by each database's own means."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, MetaData, inspect, select, text

FILES = {"sqlite": "store.sqlite", "postgresql": "store.pgdump"}
"""Name of the file in a backup, by database."""

# Of the schema itself, not of an extension: triggers went with their tables, what they call didn't.
_DROP_FUNCTIONS = text("""
DO $$ DECLARE one record; BEGIN
  FOR one IN
    SELECT p.oid::regprocedure AS name FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP EXECUTE 'DROP FUNCTION ' || one.name; END LOOP;
END $$
""")


class DumpError(Exception):
    """The store could not be written to a file or read from it; the message says what to do."""


def dump(engine: Engine, file: Path) -> None:
    """Write the store as it is at this moment; others go on reading and writing meanwhile. Raises DumpError."""
    if engine.dialect.name == "postgresql":
        _run(engine, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")
    else:
        _copy(_path(engine), file)


def load(engine: Engine, file: Path) -> None:
    """Make the store what `file` says; what was in it before is gone. Raises DumpError."""
    if engine.dialect.name != "postgresql":
        _copy(file, _path(engine))
        return
    _run(engine, "pg_restore", "--list", str(file))  # before anything is given up: it is there and can read the file
    everything = MetaData()
    with engine.begin() as connection:
        everything.reflect(connection)
        everything.drop_all(connection)
        connection.execute(_DROP_FUNCTIONS)
    _run(engine, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(file))


def is_empty(engine: Engine) -> bool:
    """Whether no table holds a row; what migrations note is none."""
    tables = MetaData()
    names = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    tables.reflect(engine, only=names)
    with engine.connect() as connection:
        return all(
            connection.execute(select(1).select_from(one).limit(1)).first() is None for one in tables.tables.values()
        )


def _path(engine: Engine) -> Path:
    return Path(engine.url.database or "")


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise DumpError(f"there is no store at {source}")
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target, timeout=30)) as new:
            old.backup(new)
    except sqlite3.Error as error:
        raise DumpError(f"{target}: {error}") from error


def _run(engine: Engine, program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs on the engine's database; the password travels in the environment."""
    if shutil.which(program) is None:
        raise DumpError(
            f"{program} is not installed: apt-get install postgresql-client (at least the server's version)"
        )
    url = engine.url
    options = {name: str(value) for name, value in url.query.items()}
    where = make_conninfo("", host=url.host, port=url.port, user=url.username, dbname=url.database, **options)
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    done = subprocess.run(
        [program, f"--dbname={where}", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DumpError(f"{program}: {done.stderr.strip() or done.returncode}")
