"""Endpoints watched beside a fleet: looks at their time, again at once where one fails, through every sink."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine

from collectors.catalogue import load_profiles
from collectors.config.keys import noting
from collectors.config.store import EventKind, events
from collectors.figures import Figures
from collectors.http import watch
from collectors.http.batch import Columns
from collectors.http.kendra import Login
from collectors.http.look import NOC
from collectors.http.probe import Prober
from collectors.http.watch import watch_endpoints
from collectors.model import Batch, Failure, Reason
from collectors.run import observe
from collectors.sinks.history import HistorySink
from collectors.ssh.talk import SshTarget
from inventory.model import Endpoint, Inventory, Names
from inventory.scope import Scope
from inventory.store import apply
from readiness.evidence import Sighting, sightings
from storage.segments import Writer
from storage.settings import CollectSettings, EndpointSettings, Settings
from tests.fake_snmp import FakeBackend
from tests.webserver import Page, Web, page, web

SETTINGS = Settings(
    collect=CollectSettings(batch_s=0.02), endpoints=EndpointSettings(allow=("127.0.0.1",), interval_s=0.2, timeout_s=2)
)


def facts(server: Web, *paths: str, **fields: int) -> Inventory:
    endpoints = [
        Endpoint(path, Names(path), f"http://127.0.0.1:{server.port}/{path}", interval_s=fields.get(path)) for path in paths
    ]  # fmt: skip
    return Inventory(endpoints={one.code: one for one in endpoints})


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)


def looks(batches: deque[Batch] | list[Batch]) -> list[Sighting]:
    return [seen for batch in list(batches) for seen in sightings(batch)]


async def test_looks_go_through_the_sinks_beside_the_polls(tmp_path: Path) -> None:
    batches: list[Batch] = []

    async def keep(batch: Batch) -> None:
        batches.append(batch)

    history, stop = HistorySink(Writer(tmp_path)), asyncio.Event()
    async with web({"/good": page(), "/bad": page(500)}) as server:
        observing = asyncio.create_task(
            observe(
                facts(server, "good", "bad"), FakeBackend({}), load_profiles(), SETTINGS, sinks=[keep, history.__call__],
                stop=stop,
            )
        )  # fmt: skip
        await until(lambda: {seen.endpoint for seen in looks(batches)} == {"good", "bad"})
        stop.set()
        await observing
    await history.close()
    told = {(seen.endpoint, seen.device, seen.failure, seen.http_status) for seen in looks(batches)}
    assert told == {("good", NOC, None, 200), ("bad", NOC, Reason.STATUS, 500)}
    rows = duckdb.sql(
        f"SELECT DISTINCT device, instance, value FROM read_parquet('{tmp_path}/samples/*/*.parquet')"  # noqa: S608 - the test's folder
        " WHERE metric = 'endpoint_up' ORDER BY instance"
    )
    assert rows.fetchall() == [(NOC, "bad", 0.0), (NOC, "good", 1.0)]


async def test_what_fails_is_looked_at_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour between two looks, and yet three of them when the first fails."""
    monkeypatch.setattr(watch, "_AGAIN_S", 0.02)
    wrong = [page(503), page(503), page()]

    async def answer(writer: asyncio.StreamWriter) -> None:
        await wrong.pop(0)(writer)

    pages: dict[str, Page] = {"/portal": answer}
    ready: deque[Batch] = deque()
    async with web(pages) as server:
        endpoint = facts(server, "portal").endpoints["portal"]
        prober = Prober(SETTINGS.endpoints, _literal)
        columns = Columns((NOC,), ("portal",))
        here = watch._Here([endpoint], SETTINGS, prober, watch.Looks(columns, ready, Figures()))
        await here.look(0)
        await prober.close()
    assert [seen.failure for seen in looks(ready)] == [Reason.STATUS, Reason.STATUS, None]


async def _literal(host: str, port: int) -> tuple[str, ...]:
    return (host,)


async def test_an_endpoint_that_hangs_holds_up_no_other() -> None:
    async def hang(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    ready: deque[Batch] = deque()
    async with web({"/slow": hang, "/quick": page()}) as server:
        watching = asyncio.create_task(watch_endpoints(facts(server, "slow", "quick"), SETTINGS, ready))
        await until(lambda: [seen.endpoint for seen in looks(ready)].count("quick") >= 3)
        watching.cancel()
        await asyncio.wait({watching})
    assert watching.cancelled()
    newest = max(seen.at for seen in looks(ready))
    assert newest <= time.time()


async def test_another_host_key_of_a_kendra_is_an_event_until_it_shows_the_known_one(
    engine: Engine, small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of backups alone: a kendra's PC has none."""
    apply(engine, small, datetime.now(UTC))
    other = Failure(Reason.HOST_KEY_CHANGED, permanent=True, detail="ssh-ed25519 SHA256:other")
    told: list[tuple[()] | Failure] = [(), other, other, Failure(Reason.TIMEOUT), (), ()]

    async def look(*_: object) -> tuple[()] | Failure:
        return told.pop(0)

    monkeypatch.setattr(watch, "looks_from", look)
    pc = Login("pc1", SshTarget("127.0.0.1", "u", Path("key"), Path("known")))
    eyes = watch.Looks(Columns(("pc1",), ()), deque(), Figures())
    with ThreadPoolExecutor(1) as pool:
        kendras = watch._Kendras([pc], (), SETTINGS, pool, eyes, host_keys=noting(engine))
        while told:
            await kendras.look(0)
    found = [(event.device, event.kind, event.detail) for event in reversed(events(engine, Scope()))]
    assert found == [
        ("pc1", EventKind.HOST_KEY_CHANGED, {"key": "ssh-ed25519 SHA256:other"}),
        ("pc1", EventKind.HOST_KEY_KNOWN, {}),
    ]


async def test_nobody_is_asked_where_probing_is_off() -> None:
    off = SETTINGS.model_copy(update={"endpoints": SETTINGS.endpoints.model_copy(update={"enabled": False})})
    ready: deque[Batch] = deque()
    async with web({"/portal": page()}) as server:
        watching = asyncio.create_task(watch_endpoints(facts(server, "portal"), off, ready))
        await asyncio.sleep(0.5)
        watching.cancel()
        await asyncio.wait({watching})
        assert server.heads == []
    assert not ready
