"""A throw-away PostgreSQL on 127.0.0.1, so that every store test can run on both databases."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from storage.metadata import metadata
from tests.servers import free_port, program

# As root PostgreSQL refuses to run, and pytest's own folders are closed to other users.
_AS = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _run(name: str, *arguments: str, folder: Path) -> None:
    with (folder / "pg_ctl.log").open("ab") as out:
        subprocess.run([program(name), *arguments], check=True, stdout=out, stderr=out, cwd=folder, **_AS)  # type: ignore[call-overload]


@contextmanager
def postgres() -> Iterator[str]:
    """A new cluster until the end of the block; gives the SQLAlchemy URL of its database."""
    program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="pahunch-postgres-"))
    port = free_port()
    try:
        if _AS:
            shutil.chown(folder, "postgres", "postgres")
        _run(
            "initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", folder=folder
        )
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "-w", "start", folder=folder)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop", folder=folder)
        shutil.rmtree(folder)


_TABLES = "with_tables"
_EMPTY = "template0"


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL that gives each test a database of its own."""

    admin: Engine
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def database(self, *, tables: bool) -> Iterator[str]:
        """A new database until the end of the block, with every table or none; gives its URL.

        Copied from a template, which takes a tenth of the time of making the tables.
        """
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TABLES if tables else _EMPTY}")
        yield self._url(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def make_template(self) -> None:
        self._run(f"CREATE DATABASE {_TABLES} TEMPLATE {_EMPTY}")
        engine = create_engine(self._url(_TABLES))
        metadata.create_all(engine)
        engine.dispose()

    def _run(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(statement))

    def _url(self, name: str) -> str:
        return self.admin.url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster with its template, until the end of the block."""
    with postgres() as url:
        admin = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
        made = Cluster(admin)
        made.make_template()
        yield made
        admin.dispose()
