"""The browser's tests are about pages: one database is enough for them, and one Chromium for those of a file."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from sqlalchemy import Engine

from tests.browser.driver import chromium
from tests.stores import Schema, store_with


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite store with every table."""
    opened = store_with(Schema.TABLES, tmp_path / "pahunch.db")
    yield opened
    opened.dispose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def browser(running: Browser) -> AsyncIterator[Browser]:
    """Chromium without an open page; each page has a profile of its own (`Browser.new_page`), with nothing in its cache."""
    yield running
    for context in running.contexts:
        await context.close()
