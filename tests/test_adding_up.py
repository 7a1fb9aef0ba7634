"""The process in which `collect` adds up closed months: whatever becomes of it, collection goes on."""

import asyncio
import errno
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import manage
from inventory.model import Inventory
from readiness.months import FOLDER
from readiness.sum_months import FOLDER as SUMS
from reports.sums import keep_up
from storage.settings import Settings
from tests.stores import Schema, store_with
from tests.test_sum_months import World


def a_month(history: Path, name: str = "2026-08") -> None:
    (history / FOLDER).mkdir(parents=True, exist_ok=True)
    (history / FOLDER / f"{name}.parquet").touch()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = f"sqlite:///{tmp_path}/pahunch.db"
    return Settings.model_validate({"storage": {"url": url, "history": tmp_path / "history"}})


async def test_a_process_that_cannot_start_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: SpawnProcess) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(SpawnProcess, "start", start)
    a_month(settings.storage.history)
    with capture_logs() as logs:
        await manage._add_up(settings, asyncio.Event())
    assert [(log["event"], log["error"]) for log in logs] == [("sums_not_kept", "BlockingIOError")]


async def test_a_month_that_is_missing_is_told(settings: Settings) -> None:
    for name in ("2026-06", "2026-08"):
        a_month(settings.storage.history, name)
    with capture_logs() as logs:
        await manage._add_up(settings, asyncio.Event())
    assert [(log["event"], log["error"]) for log in logs] == [("sums_not_kept", "MonthMissingError")]


async def test_a_process_that_takes_too_long_is_ended(settings: Settings) -> None:
    a_month(settings.storage.history)
    with capture_logs() as logs:
        await manage._add_up(settings, asyncio.Event(), at_most_s=0)
    assert [log["event"] for log in logs] == ["sums_not_kept"]


def test_what_fails_in_the_process_is_in_its_log(tmp_path: Path, small: Inventory, settings: Settings) -> None:
    engine = store_with(Schema.MIGRATED, tmp_path / "pahunch.db")
    World(engine, settings.storage.history, small).close()
    with capture_logs() as logs:
        keep_up(settings)
        keep_up(settings)
        (settings.storage.history / FOLDER / "2026-09.parquet").unlink()
        keep_up(settings)
    engine.dispose()
    assert [log["event"] for log in logs] == ["sums_kept", "sums_not_kept"]
    assert len(list((settings.storage.history / SUMS).rglob("*.parquet"))) == 12
