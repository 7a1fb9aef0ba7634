"""Configurations are read in their time whatever the wall clock does, and one that fails ends no other."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from collectors.config import daily
from collectors.config.backup import Job
from collectors.config.daily import keep_backing_up
from collectors.model import Failure, Reason
from collectors.ssh.platform import Config
from collectors.ssh.talk import SshTarget
from inventory.model import Inventory
from storage.engine import open_engine
from storage.settings import CollectSettings, Settings

EVERY_S = 0.5
DEVICES = 20
WORKERS = 4
JOBS = [
    Job(f"r{number}", "frr", Config("show running-config"), SshTarget("127.0.0.1", "u", None, Path("known")))
    for number in range(DEVICES)
]
SETTINGS = Settings(collect=CollectSettings(config_interval_s=EVERY_S, ssh_workers=4 * WORKERS))
NONE = Failure(Reason.TIMEOUT)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A store without tables: nothing is kept here, and that must not matter either."""
    opened = open_engine(f"sqlite:///{tmp_path}/pahunch.db")
    yield opened
    opened.dispose()


class Clock:
    """The wall clock can be set, the other one only runs forward."""

    def __init__(self) -> None:
        self.set_by_s = 0.0

    def time(self) -> float:
        return time.time() + self.set_by_s

    def monotonic(self) -> float:
        return time.monotonic()


class Keeping:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.begun: Counter[str] = Counter()
        self.began_at = time.monotonic()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():  # noqa: ASYNC110 - counted elsewhere
                await asyncio.sleep(0.01)

    async def rounds(self, number: int) -> None:
        """Wait until each device was asked so often again."""
        before = Counter(self.begun)
        await self.until(lambda: all(self.begun[job.device] >= before[job.device] + number for job in JOBS))

    @property
    def most(self) -> float:
        """Sessions that may have begun by now."""
        return DEVICES * ((time.monotonic() - self.began_at) / EVERY_S + 2)


@asynccontextmanager
async def keeping(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, talk: Callable[[str], Awaitable[Failure]]
) -> AsyncIterator[Keeping]:
    """The configurations of DEVICES devices are kept, where a session is `talk`; ends when told to stop."""
    clock, stop = Clock(), asyncio.Event()
    found = Keeping(clock)

    async def back_up(job: Job, *_: object) -> Failure:
        found.begun[job.device] += 1
        return await talk(job.device)

    monkeypatch.setattr(daily, "time", clock)
    monkeypatch.setattr(daily, "jobs", lambda *_: JOBS)
    monkeypatch.setattr(daily, "back_up", back_up)
    going = asyncio.create_task(keep_backing_up(engine, Inventory(), SETTINGS, stop))
    try:
        yield found
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await going


async def _silent(_device: str) -> Failure:
    return NONE


@pytest.mark.parametrize("days", [365, -30])
async def test_setting_the_clock_begins_no_sessions_and_holds_none_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    async with keeping(engine, monkeypatch, _silent) as found:
        await found.rounds(1)
        found.clock.set_by_s = days * 86_400.0
        await found.rounds(2)
        assert found.begun.total() <= found.most


async def test_who_still_waits_is_not_asked_again_and_is_left_at_the_end(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()

    async def slow(_device: str) -> Failure:
        await answered.wait()
        return NONE

    with capture_logs() as logs:
        async with keeping(engine, monkeypatch, slow) as found:
            left_out = "no configuration: the session before has not ended"
            await found.until(lambda: sum(line["event"] == left_out for line in logs) > DEVICES)
            asyncio.get_running_loop().call_later(0.05, answered.set)  # when it has been told to stop
    assert found.begun.total() == WORKERS
    assert set(found.begun.values()) == {1}


async def test_a_session_that_crashes_is_told_and_ends_no_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(device: str) -> Failure:
        if device == "r3":
            raise LookupError("enable secret S3cr3t-Word")
        return NONE

    with capture_logs() as logs:
        async with keeping(engine, monkeypatch, crash) as found:
            await found.rounds(2)
    told = [line for line in logs if line["event"] == "backup crashed"]
    assert {(line["device"], line["error"]) for line in told} == {("r3", "LookupError")}
    assert "S3cr3t" not in str(logs)
