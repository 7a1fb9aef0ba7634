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

from tests.servers import free_port, program
from tests.stores import Schema, fill

# As root PostgreSQL refuses to run, and pytest's own folders are closed to other users.
_AS = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _run(name: str, *arguments: str, folder: Path) -> None:
    with (folder / "pg_ctl.log").open("ab") as out:
        subprocess.run([program(name), *arguments], check=True, stdout=out, stderr=out, cwd=folder, **_AS)  # type: ignore[call-overload]


@contextmanager
def postgres(more: str = "") -> Iterator[str]:
    """A new cluster until the end of the block, with `more` options; gives the SQLAlchemy URL of its database."""
    program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="pahunch-postgres-"))
    port = free_port()
    try:
        if _AS:
            shutil.chown(folder, "postgres", "postgres")
        _run(
            "initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", folder=folder
        )
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off {more}"
        _run("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "-w", "start", folder=folder)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop", folder=folder)
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL that gives each test a database of its own."""

    admin: Engine
    _numbers: Iterator[int] = field(default_factory=count)
    _templates: set[Schema] = field(default_factory=set)

    @contextmanager
    def database(self, schema: Schema) -> Iterator[str]:
        """A new database until the end of the block; gives its URL.

        Copied from a template, file by file: a tenth of the work of making the tables.
        """
        name = f"test_{next(self._numbers)}"
        self._copy(name, self._template(schema))
        yield self._url(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _template(self, schema: Schema) -> str:
        if schema is Schema.NONE:
            return "template0"
        name = f"with_{schema}"
        if schema not in self._templates:
            self._copy(name, "template0")
            engine = create_engine(self._url(name))
            fill(engine, schema)
            engine.dispose()
            self._templates.add(schema)
        return name

    def _copy(self, name: str, template: str) -> None:
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")

    def _run(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(statement))

    def _url(self, name: str) -> str:
        return self.admin.url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster until the end of the block."""
    with postgres("-c full_page_writes=off -c autovacuum=off") as url:  # no table of a test grows old
        admin = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
        yield Cluster(admin)
        admin.dispose()
