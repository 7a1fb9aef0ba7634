"""`simulate replay` as its own process: recordings answer on UDP, community = file name."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import wait_until

_SERVE = """
import sys
from pathlib import Path
from simulator.replay import serve
serve(Path(sys.argv[1]), 0, ready=lambda port: Path(sys.argv[2]).write_text(str(port)))
"""


@contextmanager
def replay(folder: Path, scratch: Path) -> Iterator[int]:
    """Gives the port on 127.0.0.1."""
    told = scratch / "port"
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder), str(told)], cwd=Path(__file__).parents[1]
    ) as process:
        try:
            wait_until(lambda: told.exists() and told.read_text() != "", saying="replay answers")
            yield int(told.read_text())
        finally:
            process.terminate()
            process.wait(60)
