"""Starting Debian's servers on 127.0.0.1 for a test, and stopping them by their pid."""

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

_PORTS = range(12_000, 32_000)
_given: set[int] = set()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that stays free until its server binds it, and while its server is started again.

    None of those that the kernel hands out (ip_local_port_range): between two looks one of them may have become
    somebody's client. Each of pytest-xdist's workers has its own, and gives none twice.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = set(_PORTS[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))])
    while True:
        port = random.SystemRandom().choice(sorted(own - _given))  # other runs on this machine choose too
        _given.add(port)
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def program(name: str) -> str:
    """Path of a server's program; the test skips where Debian's package isn't installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/postgresql/15/bin")
    if found is None:
        pytest.skip(f"{name} is not installed (make servers)")
    return found


def wait_until(what: Callable[[], bool], *, seconds: float = 60, every: float = 0.1, saying: str = "") -> None:
    """Return as soon as `what()` is true; fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {saying or what}")
        time.sleep(every)


def answers(url: str) -> bool:
    """Whether a GET of `url` gives status 200."""
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310 - a URL on 127.0.0.1 made by the test
            return int(response.status) == 200
    except (URLError, OSError):
        return False


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def running(argv: Sequence[str], log: Path, ready: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A server process until the end of the block; `ready` is a URL that answers 200 when it is up."""
    with log.open("ab") as out:
        process = subprocess.Popen([program(argv[0]), *argv[1:]], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        if ready:
            wait_until(lambda: process.poll() is not None or answers(ready), saying=f"{argv[0]} at {ready}")
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def prometheus(config: Path, folder: Path) -> Iterator[str]:
    """Debian's Prometheus with `config`; gives its base URL."""
    url = f"http://127.0.0.1:{free_port()}"
    argv = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address={url.removeprefix('http://')}"]  # fmt: skip
    with running(argv, folder / "prometheus.log", f"{url}/-/ready"):
        yield url


@contextmanager
def alertmanager(config: Path, folder: Path) -> Iterator[str]:
    """Debian's Alertmanager with `config`; gives its base URL."""
    url = f"http://127.0.0.1:{free_port()}"
    argv = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder}/alertmanager",
            f"--web.listen-address={url.removeprefix('http://')}", "--cluster.listen-address="]  # fmt: skip
    with running(argv, folder / "alertmanager.log", f"{url}/-/ready"):
        yield url


@contextmanager
def victoria_metrics(folder: Path, port: int = 0) -> Iterator[str]:
    """Debian's VictoriaMetrics (takes the InfluxDB v2 write API, answers PromQL); gives its base URL.

    It keeps what tests date by their own calendar: by default it refuses what is older than a month.
    """
    url = f"http://127.0.0.1:{port or free_port()}"
    argv = ["victoria-metrics", f"-storageDataPath={folder}/victoria", "-retentionPeriod=100y",
            f"-httpListenAddr={url.removeprefix('http://')}"]  # fmt: skip
    with running(argv, folder / "victoria.log", f"{url}/health"):
        yield url
