"""kill -9 at random moments: no stored transition is lost, none is invented, the history stays readable.

PAHUNCH_TEST_SEED repeats a run; the machine's own timing is not repeated.
"""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alerts.messages import render
from alerts.model import DeliveryState
from alerts.store import alerts, deliveries
from inventory.scope import Scope
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from storage.engine import open_engine
from storage.segments import Writer
from tests.e2e import chronicle, verdicts
from tests.e2e.product import Product
from tests.e2e.trouble import Troubles
from tests.e2e.witness import Witness, last_look, stored
from tests.servers import answers, free_port, wait_until
from tests.small import small_inventory

ALL_READY = {f"village:V{n}": ("ready", None) for n in range(1, 9)}
_UP_S = 60.0  # 4 s where the machine has nothing else to do
_BOX = {"name": "box", "kind": "apprise", "url": "env:PAHUNCH_BOX"}
_ALL_TOLD_S = 150.0  # a killed worker's delivery is made again when its claim ends, after 120 s


class _Letterbox(BaseHTTPRequestHandler):
    """Takes what apprise posts, slowly, so that kills fall into deliveries."""

    titles: list[str]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.titles.append(body["title"])
        time.sleep(0.3)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def letterbox() -> Iterator[tuple[str, list[str]]]:
    """URL for apprise, and the titles that came."""
    titles: list[str] = []
    handler = type("Letterbox", (_Letterbox,), {"titles": titles})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/", titles
    server.shutdown()
    server.server_close()


@dataclass
class Ordeal:
    """The product through its kills. `sessions` are (up, killed) in UTC epoch seconds."""

    product: Product
    chance: random.Random
    up_s: tuple[float, float]
    sessions: list[tuple[float, float]] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    rows: int = 0

    @property
    def store(self) -> Path:
        return self.product.folder / "pahunch.db"

    @property
    def history(self) -> Path:
        return self.product.folder / "history"

    def start(self) -> float:
        """Returns when it was up: pages answer and polls are judged."""
        began = time.time()
        self.product.spawn()
        wait_until(lambda: self._is_up(began), seconds=_UP_S, saying="the product is up again")
        self.starts_s.append(round(time.time() - began, 1))
        return time.time()

    def _is_up(self, began: float) -> bool:
        process = self.product.process
        assert process
        assert process.poll() is None, (self.product.folder / "product.log").read_text()[-3000:]
        return last_look(self.store) > began and answers(f"{self.product.url}/-/ready")

    def suffer(self, kills: int, up: float) -> None:
        """`up` is when it was first up."""
        for _ in range(kills):
            time.sleep(self.chance.uniform(*self.up_s))
            self._kill(up)
            if self.chance.random() < 0.3:  # and at once again, in the middle of its start
                self.product.spawn()
                time.sleep(self.chance.uniform(0.1, 4))
                self.product.kill()
            up = self.start()
        self.sessions.append((up, float("inf")))

    def _kill(self, up: float) -> None:
        self.sessions.append((up, time.time()))
        how = self.chance.choice([self.product.kill, self.product.kill, self._kill_first, self._kill_one])
        how()
        self.ways.append(how.__name__.strip("_"))
        rows = chronicle.count(self.history)
        assert rows >= self.rows, f"{self.rows - rows} samples were lost by {how.__name__}"
        self.rows = rows
        time.sleep(self.chance.choice([0.0, self.chance.uniform(0, 6)]))

    def _kill_first(self) -> None:
        """Only the process that was started, as `kill -9 PID` does; its children find themselves alone."""
        process = self.product.process
        assert process
        process.kill()
        process.wait(60)

    def _kill_one(self) -> None:
        """One role: the other one ends, and so does what started them."""
        process = self.product.process
        assert process
        roles = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(self.chance.choice(roles)), signal.SIGKILL)
        process.wait(60)


def _untold(ordeal: Ordeal, titles: list[str], kills: int) -> list[str]:
    """Deliveries that didn't arrive, or more often than their claims allow."""
    engine = open_engine(ordeal.product.store)
    known = {alert.id: alert for alert in alerts(engine, Scope())}
    sent: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    wrong = []
    for one in deliveries(engine, Scope()):
        title = render(known[one.alert], one.event, "en", "http://127.0.0.1:8000").title
        sent[title] += one.state is DeliveryState.SENT
        tried[title] += one.attempts
        if one.attempts > 1 + kills or one.state is DeliveryState.FAILED:
            wrong.append(f"{one}")
    engine.dispose()
    came = Counter(titles)
    wrong += [
        f"{title} came {came[title]} times" for title in sent | came if not sent[title] <= came[title] <= tried[title]
    ]
    return wrong


def _settled(ordeal: Ordeal) -> bool:
    """All is well, but for what an OLT is to be asked about in its minute."""
    _, outages = stored(ordeal.store)
    return ordeal.product.villages() == ALL_READY and all(one.end is not None for one in outages if one.root)


def _waits(ordeal: Ordeal) -> bool:
    """Whether somebody is still to be told, or something to be seen to work."""
    engine = open_engine(ordeal.product.store)
    waiting = deliveries(engine, Scope(), states=[DeliveryState.PENDING, DeliveryState.CLAIMED])
    engine.dispose()
    _, outages = stored(ordeal.store)
    return bool(waiting) or any(one.end is None for one in outages)


def _run(
    folder: Path, kills: int, *, up_s: tuple[float, float], lasting: tuple[float, float], to_the_last: bool = False
) -> None:
    seed = int(os.environ.get("PAHUNCH_TEST_SEED") or random.randrange(10**6))
    print(f"PAHUNCH_TEST_SEED={seed}", flush=True)
    os.environ["PAHUNCH_TEST_COMMUNITY"] = "public"
    began = datetime.now(UTC)
    chronicle.seed(folder / "history", began)
    plan = Plan(small_inventory(), weather=Weather(delay_s=0.02), truth=folder / "truth.jsonl")
    with letterbox() as (url, titles), FleetProcess(plan) as fleet:
        product = Product(folder, fleet.port, {"PAHUNCH_BOX": url, "PAHUNCH_ALERTS__CHANNELS": json.dumps([_BOX])})
        product.install(small_inventory())
        ordeal = Ordeal(product, random.Random(f"kills {seed}"), up_s)
        witness = Witness(ordeal.store)
        troubles = Troubles(fleet, seed, lasting=lasting)
        witness.start()
        try:
            up = ordeal.start()
            product.wait_for(ALL_READY)
            troubles.start()
            ordeal.suffer(kills, up)
            troubles.cease()
            wait_until(lambda: _settled(ordeal), seconds=90, every=0.5, saying="all is well again")
            if to_the_last:
                wait_until(
                    lambda: not _waits(ordeal),
                    seconds=_ALL_TOLD_S,
                    every=1,
                    saying="everybody is told, everything ended",
                )
            witness.close()
            assert product.stop() == 0
        finally:
            if product.process and product.process.poll() is None:
                product.kill()
    print(f"{ordeal.ways}, up after {ordeal.starts_s} s; {len(troubles.happened)} troubles; {witness.looks} looks")
    told, outages = stored(ordeal.store)
    assert witness.wrong == []
    assert verdicts.lost(witness.seen, told) == []
    assert verdicts.broken_chains(told) == []
    assert verdicts.invented(told, verdicts.truth(folder / "truth.jsonl")) == []
    assert verdicts.outage_complaints(outages, troubles.happened, ordeal.sessions) == []
    assert chronicle.complaints(ordeal.history, began, datetime.now(UTC)) == []
    assert _untold(ordeal, titles, kills) == []


def test_a_second_collector_is_refused_before_it_touches_the_store(tmp_path: Path) -> None:
    """Numbers of transitions are given in memory: of two judges one would overwrite what the other stored."""
    product = Product(tmp_path, free_port())
    product.install(small_inventory())
    writer = Writer(tmp_path / "history")
    done = product.manage("collect")
    writer.close()
    assert done.returncode != 0
    assert "is written by another process" in done.stderr
    with sqlite3.connect(tmp_path / "pahunch.db") as store:
        assert store.execute("SELECT count(*) FROM state").fetchone() == (0,)


def test_three_kills(tmp_path: Path) -> None:
    _run(tmp_path, 3, up_s=(0.5, 10), lasting=(6, 14))


@pytest.mark.soak
def test_twenty_kills(tmp_path: Path) -> None:
    _run(tmp_path, 20, up_s=(0.5, 30), lasting=(6, 60), to_the_last=True)
