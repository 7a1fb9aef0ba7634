"""Debian's FRR: a zebra of its own for a test, and its shell vtysh."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import alive, program, wait_until

_ZEBRA = Path("/usr/lib/frr/zebra")
_RUN = Path("/run/frr")


@dataclass(frozen=True)
class Zebra:
    folder: Path

    @property
    def shell(self) -> str:
        """The command line of vtysh that reaches it."""
        return f"{program('vtysh')} --vty_socket {self.folder}"

    def configure(self, *lines: str) -> None:
        commands = [part for line in ("configure terminal", *lines) for part in ("-c", line)]
        subprocess.run([*self.shell.split(), *commands], check=True, capture_output=True)


@contextmanager
def zebra() -> Iterator[Zebra]:
    """It gives up root's rights at its start, so it needs a folder of its user's."""
    if not _ZEBRA.is_file() or os.getuid() != 0:
        pytest.skip("FRR is not installed (make servers), or only root can start it")
    _RUN.mkdir(exist_ok=True)
    shutil.chown(_RUN, "frr", "frr")
    folder = Path(tempfile.mkdtemp(dir=_RUN))
    shutil.chown(folder, "frr", "frr")
    files = [f"-i{folder}/pid", f"-z{folder}/zserv.api", f"--vty_socket={folder}"]
    subprocess.run([_ZEBRA, "-A", "127.0.0.1", "-P", "0", "-d", *files], check=True, capture_output=True)
    try:
        wait_until((folder / "zebra.vty").exists, saying="zebra's shell answers")
        yield Zebra(folder)
    finally:
        pid = int((folder / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not alive(pid), saying="zebra ends, and takes its own files away")
        shutil.rmtree(folder)
