"""A throw-away PostgreSQL on 127.0.0.1, so that every store test can run on both databases."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
