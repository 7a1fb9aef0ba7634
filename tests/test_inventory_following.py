"""An import while the roles run: who keeps the inventory in memory hears of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

import inventory.following
from inventory.following import imported
from inventory.model import Inventory, Names
from inventory.store import apply, last_import

NOW = datetime(2026, 6, 12, tzinfo=UTC)
LOOK_S = 0.05


def renamed(facts: Inventory, name: str) -> Inventory:
    village = replace(facts.areas["village:V1"], names=Names(name))
    return replace(facts, areas={**facts.areas, "village:V1": village})


async def test_an_import_stops_the_role(engine: Engine, small: Inventory) -> None:
    stop = asyncio.Event()
    following = asyncio.create_task(imported(engine, last_import(engine), stop, look_s=LOOK_S))
    await asyncio.sleep(4 * LOOK_S)
    assert not stop.is_set()
    apply(engine, small, NOW)
    assert await asyncio.wait_for(following, 30)
    assert stop.is_set()


async def test_nothing_is_begun_anew_for_an_import_that_is_known_or_changed_nothing(
    engine: Engine, small: Inventory
) -> None:
    apply(engine, small, NOW)
    stop = asyncio.Event()
    following = asyncio.create_task(imported(engine, last_import(engine), stop, look_s=LOOK_S))
    apply(engine, small, NOW)
    await asyncio.sleep(4 * LOOK_S)
    stop.set()
    assert not await asyncio.wait_for(following, 30)


async def test_a_row_of_imports_is_one_change(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits until a whole look went by without another."""
    looks = [(number, NOW) for number in (1, 1, 2, 3, 4, 4)]
    left = iter(looks)
    monkeypatch.setattr(inventory.following, "last_import", lambda _: next(left))
    assert await asyncio.wait_for(imported(engine, looks[0], asyncio.Event(), look_s=LOOK_S), 30)
    assert next(left, None) is None


async def test_a_store_that_is_away_for_a_while_is_no_import(engine: Engine, small: Inventory) -> None:
    apply(engine, small, NOW)
    known, stop = last_import(engine), asyncio.Event()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE inventory_import RENAME TO away")
    following = asyncio.create_task(imported(engine, known, stop, look_s=LOOK_S))
    await asyncio.sleep(4 * LOOK_S)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO inventory_import")
    await asyncio.sleep(4 * LOOK_S)
    assert not following.done()
    apply(engine, renamed(small, "Another"), NOW)
    assert await asyncio.wait_for(following, 30)
