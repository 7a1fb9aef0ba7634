"""The whole product as a user starts it, over a simulated fleet, for tests from end to end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from inventory.files import write_folder
from inventory.model import Inventory
from simulator.faults import Fault
from simulator.process import FleetProcess
from tests.servers import answers, free_port, wait_until

MANAGE = Path(__file__).parents[2] / "manage.py"
INTERVAL_S = 2.0


@dataclass
class Product:
    """`python manage.py run` in a folder of its own; its settings come as variables."""

    folder: Path
    snmp_port: int
    extra: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> str:
        return f"sqlite:///{self.folder}/pahunch.db"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PAHUNCH_STORAGE__URL": self.store,
            "PAHUNCH_STORAGE__HISTORY": str(self.folder / "history"),
            "PAHUNCH_COLLECT__INTERVAL_S": str(INTERVAL_S),
            "PAHUNCH_COLLECT__SNMP_PORT": str(self.snmp_port),
            "PAHUNCH_COLLECT__TIMEOUT_S": "0.5",
            "PAHUNCH_COLLECT__BURST_SPACING_S": "0.05",
            "PAHUNCH_COLLECT__METRICS_PORT": str(self.metrics_port),
            "PAHUNCH_SERVE__PORT": str(self.port),
            "PAHUNCH_JUDGE__SIGHT_S": "10",
            "PAHUNCH_ALERTS__SITE_DOWN_AFTER_S": "6",
            "PAHUNCH_ALERTS__REDUNDANCY_AFTER_S": "6",
            "PAHUNCH_ALERTS__KENDRA_AFTER_S": "86400",
            "PAHUNCH_TEST_COMMUNITY": "public",
            **self.extra,
        }

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of the product, to its end."""
        argv = [sys.executable, str(MANAGE), *words]
        return subprocess.run(
            argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def json_lines(self, *words: str) -> list[dict[str, Any]]:
        done = self.manage(*words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def install(self, inventory: Inventory) -> None:
        write_folder(inventory, self.folder / "inventory")
        done = self.manage("inventory", "import", str(self.folder / "inventory"))
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        self.spawn()
        wait_until(lambda: answers(f"{self.url}/-/ready"), saying="the product is ready")

    def spawn(self) -> None:
        """Start it without waiting for anything."""
        with (self.folder / "product.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(MANAGE), "run"],
                cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def stop(self) -> int:
        """As Ctrl-C does; returns the exit code."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)

    def kill(self) -> None:
        """kill -9 of all its processes at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def get(self, path: str) -> Any:
        with urlopen(f"{self.url}{path}", timeout=60) as response:  # noqa: S310 - our own address
            return json.load(response)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        request = Request(  # noqa: S310 - our own address
            f"{self.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)

    def villages(self) -> dict[str, tuple[str, str | None]]:
        """Village -> (readiness, first failing layer)."""
        page = self.get("/api/v1/readiness?limit=1000")
        return {row["village"]: (row["status"], row["layer"]) for row in page["items"]}

    def wait_for(self, wanted: Mapping[str, tuple[str, str | None]], *, seconds: float = 60) -> None:
        """Until every village in `wanted` stands as wanted."""
        wait_until(
            lambda: wanted.items() <= self.villages().items(),
            seconds=seconds, every=0.25, saying=f"{dict(wanted)}; now {self.villages()}",
        )  # fmt: skip


def pids_of(session: int) -> list[int]:
    """Processes that still run in a session, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if entry.name.isdigit() and int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


class Events:
    """The page's event stream, read in the background by curl into a file with times of arrival."""

    def __init__(self, url: str, log: Path) -> None:
        self._log = log
        script = (
            "import sys,time,urllib.request\n"
            "for line in urllib.request.urlopen(sys.argv[1]):\n"
            "    print(time.time(), line.decode().rstrip(), flush=True)\n"
        )
        with log.open("wb") as out:
            self._process = subprocess.Popen([sys.executable, "-c", script, url], stdout=out, stderr=out)

    def changes(self) -> Sequence[tuple[float, dict[str, Any]]]:
        """(time of arrival, data) of every `changes` event so far."""
        found = []
        name = ""
        for line in self._lines():
            at, _, text = line.partition(" ")
            if text.startswith("event:"):
                name = text.removeprefix("event:").strip()
            elif text.startswith("data:") and name == "changes":
                found.append((float(at), json.loads(text.removeprefix("data:"))))
        return found

    def begun(self) -> bool:
        """Whether anything has come: from then on changes do. The stream begins with what is in sight."""
        assert self._process.poll() is None, self._log.read_text(errors="replace")
        return bool(self._lines())

    def _lines(self) -> Sequence[str]:
        return self._log.read_text(encoding="utf-8", errors="replace").splitlines()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(60)


@contextmanager
def in_force(fleet: FleetProcess, *faults: Fault) -> Iterator[None]:
    """Faults until the end of the block, however it ends: who is asked again finds the fleet whole."""
    numbers = [fleet.apply(fault) for fault in faults]
    try:
        yield
    finally:
        for number in numbers:
            fleet.clear(number)


@contextmanager
def following(url: str, log: Path) -> Iterator[Events]:
    events = Events(url, log)
    try:
        wait_until(events.begun, saying="the stream of events")
        yield events
    finally:
        events.close()
