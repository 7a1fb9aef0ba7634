"""Opening the relational store: SQLite beside the product, or PostgreSQL."""

import fcntl
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import DBAPIError

# A server that the network lost is an error soon: the judge's lock is held while it waits.
_POSTGRES_WAITS = {"connect_timeout": 5, "tcp_user_timeout": 20_000}  # seconds, milliseconds

_MORE = 35  # connections beside the 5 that stay open: a web server's threads never wait for one another's


class StoreInUseError(Exception):
    """Another process already does what only one may do on a store."""


def open_engine(url: str, cache: Path | None = None) -> Engine:
    """An engine for `url`, such as `sqlite:///data/pahunch.db` or `postgresql+psycopg://...`.

    `cache` is where `files_of` lets a process keep what it copied from PostgreSQL.

    SQLite runs in WAL mode with synchronous=FULL: what was committed survives kill -9 and
    loss of power, and pages read while the judge writes.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        options = {"cache": cache}
        return create_engine(
            parsed,
            pool_pre_ping=True,
            connect_args=_POSTGRES_WAITS,
            max_overflow=_MORE,
            execution_options=options,
        )
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": 30}, max_overflow=_MORE)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up_sqlite(connection: SqliteConnection, _record: Any) -> None:
    # The driver's own transaction handling starts no transaction before SELECT or DDL;
    # with isolation_level None, `_begin` below decides.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that will write takes the lock at its start: a deferred one that upgrades
    # later fails with "database is locked" without waiting for busy_timeout.
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take SQLite's write lock when they begin."""
    return engine.execution_options(write=True)


def files_of(engine: Engine) -> Path | None:
    """How the names of files begin that belong to this store on this machine; None where it has no place for any."""
    if not _is_postgres(engine):
        database = engine.url.database
        return Path(database) if database and database != ":memory:" else None
    cache: Path | None = engine.get_execution_options().get("cache")
    told = hashlib.sha256(engine.url.render_as_string().encode()).hexdigest()[:12]
    return cache / f"{engine.url.database}-{told}" if cache else None


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection all of whose queries see the store as it was at the first of them.

    SQLite's transactions do so by themselves; on PostgreSQL each query would see the newest commit.
    """
    with at_one_moment(engine).connect() as connection:
        yield connection


def at_one_moment(engine: Engine) -> Engine:
    """The same engine, whose transactions see the store as it was at their first query.

    On PostgreSQL one that writes what another has changed meanwhile fails, as `lost_a_race` tells.
    """
    return engine.execution_options(isolation_level="REPEATABLE READ") if _is_postgres(engine) else engine


def lost_a_race(error: DBAPIError) -> bool:
    """Whether another transaction changed the same at the same moment: doing all of it again may succeed."""
    return getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}  # serialization failure, deadlock


def _is_postgres(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


@contextmanager
def alone(engine: Engine, what: str) -> Iterator[None]:
    """Hold `what` on this store for the length of the block, over all machines that share it.

    Raises StoreInUseError where another process holds it. The lock goes with its holder, also
    after kill -9: PostgreSQL's advisory lock with the connection, the file lock with the process.
    """
    held = _held_in_postgres if _is_postgres(engine) else _held_beside_sqlite
    with held(engine, what):
        yield


@contextmanager
def _held_in_postgres(engine: Engine, what: str) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # a pooled connection would keep the lock after the block
        key = zlib.crc32(f"pahunch {what}".encode())
        if not connection.execute(select(func.pg_try_advisory_lock(key))).scalar_one():
            raise StoreInUseError(f"{what}: another process does that on this store already")
        try:
            yield
        finally:
            # Closing gives it back too, but some time after the block: the next one would be refused under load.
            with suppress(DBAPIError):  # a connection that broke holds nothing
                connection.execute(select(func.pg_advisory_unlock(key)))


@contextmanager
def _held_beside_sqlite(engine: Engine, what: str) -> Iterator[None]:
    with Path(f"{engine.url.database}.{what}.lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreInUseError(f"{what}: another process does that on {engine.url.database} already") from error
        yield
