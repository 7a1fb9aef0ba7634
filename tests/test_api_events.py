"""The event stream, over a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Container
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, insert
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.feed import Feed, News, Sight, Told
from maps.letters import LAYER
from readiness.model import SubjectKind
from readiness.tables import state
from storage.engine import for_writing
from tests.pages import NOW, OTHER, app_over, change, fill, seen_at, served, two_districts
from tests.small import DISTRICT
from tests.waiting import waiting


@dataclass
class Event:
    name: str
    id: str
    data: dict[str, Any]


@asynccontextmanager
async def listening(
    address: str, told: Container[str] = ("changes", "reset"), **headers: str
) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of these names."""
    async with httpx2.AsyncClient(timeout=60) as client, client.stream("GET", address, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (event async for event in _events(answer.aiter_lines()) if event.name in told)


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield Event(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            fields = {}


@pytest.fixture
def app(engine: Engine, tmp_path: Path) -> FastAPI:
    inventory = two_districts()
    fill(engine, inventory)
    return app_over(engine, inventory, tmp_path)


@pytest.fixture
async def base(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as address:
        await _read(app, 1)  # what is stored before the feed's first look is no news
        yield address


async def _read(app: FastAPI, number: int) -> None:
    """Return when the feed has read the transition `number`."""
    async with asyncio.timeout(60):
        while app.state.context.feed.last < number:  # noqa: ASYNC110 - it tells of changes only
            await asyncio.sleep(0.01)


async def _status(base: str, area: str = "") -> tuple[bytes, int]:
    async with httpx2.AsyncClient(timeout=60) as client:
        answer = await client.get(f"{base}/api/v1/map/status{area}")
    villages = int(answer.headers["pahunch-villages"])
    return answer.content[:villages], int(answer.headers["pahunch-last"])


async def test_a_committed_transition_arrives_within_a_second(base: str, engine: Engine) -> None:
    villages, last = await _status(base)
    async with listening(f"{base}/api/v1/events?after={last}") as events:
        number = await asyncio.to_thread(change, engine, ("village", "village:V1"), "blocked", NOW, layer="power")
        async with waiting() as waited:
            event = await anext(events)
            assert waited() < 1
    assert event.name == "changes"
    assert event.id == str(number)
    position, letter, layer = event.data["villages"][0]
    assert (letter, layer) == ("b", "p")
    assert (await _status(base))[0][int(str(position))] == (3 | 2 << 2) != villages[int(str(position))]


async def test_a_client_that_comes_back_misses_nothing(base: str, app: FastAPI, engine: Engine) -> None:
    _, last = await _status(base)
    first = change(engine, ("village", "village:V1"), "blocked", NOW)
    change(engine, ("village", "village:V1"), "ready", NOW)
    await _read(app, change(engine, ("site", "gp1"), "down", NOW))
    async with listening(f"{base}/api/v1/events?after=0", **{"Last-Event-ID": str(first)}) as events:
        event = await anext(events)
    assert [letter for _, letter, _ in event.data["villages"]] == ["r"]
    assert [letter for _, letter in event.data["sites"]] == ["x"]
    async with listening(f"{base}/api/v1/events?after={last}") as events:
        merged = await anext(events)
    assert merged.data == event.data


@pytest.mark.parametrize("place", ["after=999999", "after=0&order=0123456789abcdef"])
async def test_a_place_in_another_store_or_inventory_is_reset(base: str, place: str) -> None:
    async with listening(f"{base}/api/v1/events?{place}") as events:
        assert (await anext(events)).name == "reset"


async def test_the_stream_tells_when_the_collector_dies_and_comes_back(engine: Engine, tmp_path: Path) -> None:
    inventory = two_districts()
    fill(engine, inventory)
    seen_at(engine, NOW)
    async with (
        served(app_over(engine, inventory, tmp_path)) as base,
        listening(f"{base}/api/v1/events?after=18", told={"sight"}) as events,
    ):
        assert (await anext(events)).data == {"blind_since": None}
        seen_at(engine, NOW - timedelta(minutes=20))
        assert (await anext(events)).data == {"blind_since": "2026-11-21T09:40:00Z"}
        seen_at(engine, NOW)
        assert (await anext(events)).data == {"blind_since": None}


async def test_who_is_judged_for_the_first_time_is_told_though_it_is_no_transition(base: str, engine: Engine) -> None:
    """A village without a device is as unknown as before, and has a layer."""
    _, last = await _status(base)
    async with httpx2.AsyncClient(timeout=60) as client, listening(f"{base}/api/v1/events?after={last}") as events:
        before = await client.get(f"{base}/api/v1/map/status")
        with for_writing(engine).begin() as connection:
            row = {"subject_kind": "village", "subject": "village:V7", "status": "unknown", "since": NOW, "reason": "",
                   "layer": "not_commissioned", "transition": 0}  # fmt: skip
            connection.execute(insert(state), row)
        assert (await anext(events)).name == "reset"
        tag = {"if-none-match": before.headers["etag"]}
        after = await client.get(f"{base}/api/v1/map/status", headers=tag)
    letter = list(LAYER).index("not_commissioned") << 2
    assert [(a, b) for a, b in zip(before.content, after.content, strict=True) if a != b] == [(0, letter)]


async def test_devices_and_other_districts_are_not_told(base: str, engine: Engine) -> None:
    _, last = await _status(base, f"?area={DISTRICT}")
    async with listening(f"{base}/api/v1/events?area={DISTRICT}&after={last}") as events:
        change(engine, ("village", "village:E1"), "ready", NOW)
        change(engine, ("site", "evil-gp"), "down", NOW)
        change(engine, ("device", "gp1"), "down", NOW)
        change(engine, ("site", "gp2"), "down", NOW)
        event = await anext(events)
    assert event.data["villages"] == []
    assert len(event.data["sites"]) == 1


async def test_the_other_district_has_its_own_numbers(base: str, engine: Engine) -> None:
    _, last = await _status(base, f"?area={OTHER}")
    async with listening(f"{base}/api/v1/events?area={OTHER}&after={last}") as events:
        change(engine, ("village", "village:E1"), "ready", NOW)
        assert (await anext(events)).data["villages"] == [[0, "r", "-"]]


async def test_open_streams_do_not_keep_the_server_from_ending(engine: Engine, tmp_path: Path) -> None:
    inventory = two_districts()
    fill(engine, inventory)
    async with AsyncExitStack() as until_open:
        base = await until_open.enter_async_context(served(app_over(engine, inventory, tmp_path)))
        client = await until_open.enter_async_context(httpx2.AsyncClient(timeout=60))
        streams = [client.stream("GET", f"{base}/api/v1/events") for _ in range(20)]
        for stream in streams:
            await stream.__aenter__()
        server = until_open.pop_all()
    async with waiting() as waited:
        await server.aclose()
        assert waited() < 3


def _change(number: int) -> Told:
    return Told(number, SubjectKind.VILLAGE, number, ("r", "-"))


def _seen() -> Sight:
    return Sight(None, 0)


async def _run(feed: Feed, until: int) -> None:
    running = asyncio.create_task(feed.run())
    async with asyncio.timeout(60):
        while feed.last < until:  # noqa: ASYNC110 - the feed tells of changes, not of rows it passes over
            await asyncio.sleep(0.01)
    running.cancel()


async def test_the_feed_forgets_the_oldest_and_says_so() -> None:
    rows = [_change(n) for n in range(1, 101)]

    def read(after: int) -> News:
        return News(rows[after : after + 30], min(after + 30, 100))

    feed = Feed(read, lambda: 0, _seen, every_s=0, keep=50)
    await _run(feed, 100)
    assert feed.since(10) is None
    found = feed.since(70)
    assert found is not None
    assert [one.id for one in found] == list(range(71, 101))
    assert feed.since(100) == []


async def test_the_feed_passes_over_what_no_page_shows() -> None:
    """Thousands of device transitions in a row must not stop it."""
    feed = Feed(lambda after: News([], min(after + 5000, 20_000)), lambda: 0, _seen, every_s=0)
    await _run(feed, 20_000)


async def test_the_feed_outlives_a_store_that_is_away() -> None:
    failures: list[SQLAlchemyError] = [
        OperationalError("select", {}, Exception("database is locked")),
        PoolTimeoutError("every connection is in use"),
    ]

    def read(after: int) -> News:
        if failures:
            raise failures.pop()
        return News([_change(1)] if after == 0 else [], 1)

    feed = Feed(read, lambda: 0, _seen, every_s=0)
    await _run(feed, 1)
    assert feed.since(0) == [_change(1)]
