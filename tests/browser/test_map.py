"""The interactive map in Chromium: what it shows, how it follows, what a click finds."""

import asyncio
import base64
from collections.abc import AsyncIterator
from math import asinh, pi, radians, tan
from pathlib import Path
from random import Random
from time import monotonic

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from sqlalchemy import Engine

from api.i18n import LANGUAGES
from inventory.pack.pmgsy import build
from tests.browser.driver import READY_MS, app_over, keep, opened
from tests.conftest import SHARED
from tests.pages import NOW, OTHER, change, fill, served, settle, two_districts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

READY, BLOCKED = [0x00, 0x79, 0x5C], [0xB3, 0x26, 0x1E]  # --ready and --blocked of page.css
TILE = 512  # pixels


@pytest_asyncio.fixture(loop_scope="module")
async def base(engine: Engine, tmp_path: Path) -> AsyncIterator[str]:
    inventory = two_districts()
    fill(engine, inventory)
    async with served(app_over(engine, inventory, tmp_path)) as address:
        yield address


async def test_the_map_follows_a_transition(base: str, engine: Engine, browser: Browser) -> None:
    page, watch = await opened(browser, f"{base}/en/")
    await page.wait_for_selector("#map[data-ready]", timeout=READY_MS)
    blocked, drawn = page.locator('[data-count="b"]'), page.locator("#map")
    await expect(blocked).to_have_text("2")
    before = await drawn.screenshot()
    change(engine, ("village", "village:V8"), "blocked", NOW, layer="power")
    began = monotonic()
    await expect(blocked).to_have_text("3", timeout=2000)
    assert monotonic() - began < 2
    async with asyncio.timeout(60):
        while await drawn.screenshot() == before:
            await page.wait_for_timeout(50)
    await expect(page.locator("#lists").get_by_role("link", name="Village 8")).to_have_count(2)
    await expect(page.locator("#live[data-on=true]")).to_be_visible()
    assert watch.complaints == []


async def test_a_click_shows_the_chain_and_keeps_it_up_to_date(base: str, engine: Engine, browser: Browser) -> None:
    page, _ = await opened(browser, f"{base}/hi/area/{OTHER}")
    await page.wait_for_selector("#map[data-ready]", timeout=READY_MS)
    await page.locator(".gl-map").click()  # its only village lies in the middle
    panel = page.locator("#panel")
    await expect(panel.locator("li.first-failing")).to_contain_text("बिजली")
    await keep(page, "panel-hi-1366")
    change(engine, ("village", "village:E1"), "ready", NOW)
    await expect(panel.locator(".verdict.ready")).to_be_visible()
    await page.locator("#panel-close").click()
    await expect(panel).to_be_hidden()


CENTRE = (81.93, 21.27)  # of the villages that fit into the map at zoom 12
_COLOUR = """async ([picture, x, y]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
  pen.drawImage(image, 0, 0);
  return [...pen.getImageData(x, y, 1, 1).data.slice(0, 3)];
}"""


async def _spot(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the screen, in a map at zoom 12 around CENTRE."""
    box = await page.locator(".gl-map").bounding_box()
    assert box
    (x, y), (mid_x, mid_y) = _world(lon, lat), _world(*CENTRE)
    return box["x"] + box["width"] / 2 + x - mid_x, box["y"] + box["height"] / 2 + y - mid_y


def _world(lon: float, lat: float) -> tuple[float, float]:
    """Web Mercator in pixels at zoom 12."""
    scale = TILE * 2**12
    return (lon / 360 + 0.5) * scale, (0.5 - asinh(tan(radians(lat))) / (2 * pi)) * scale


async def _colour(page: Page, x: float, y: float) -> list[int]:
    picture = base64.b64encode(await page.screenshot()).decode()
    found: list[int] = await page.evaluate(_COLOUR, [picture, round(x), round(y)])
    return found


async def test_at_zoom_12_every_village_is_there_and_follows_its_status(
    base: str, engine: Engine, browser: Browser
) -> None:
    villages = two_districts().areas
    page, watch = await opened(browser, f"{base}/en/#map=12/{CENTRE[1]}/{CENTRE[0]}")
    await page.wait_for_selector("#map[data-ready]", timeout=READY_MS)
    for number in range(2, 6):
        village = villages[f"village:V{number}"]
        await page.mouse.click(*await _spot(page, village.lon or 0, village.lat or 0))
        await expect(page.locator("#panel h2")).to_have_text(f"Village {number}")
    await keep(page, "map-zoom-12-en-1366")
    change(engine, ("village", "village:V4"), "ready", NOW)
    spot = await _spot(page, villages["village:V4"].lon or 0, villages["village:V4"].lat or 0)
    await _until(page, spot, READY)
    change(engine, ("village", "village:V4"), "blocked", NOW, layer="power")
    await _until(page, spot, BLOCKED)
    assert watch.complaints == []


async def _until(page: Page, spot: tuple[float, float], wanted: list[int]) -> None:
    async with asyncio.timeout(60):
        while await _colour(page, *spot) != wanted:
            await page.wait_for_timeout(100)


@pytest.mark.soak
async def test_the_map_of_rajasthan(engine: Engine, tmp_path: Path, browser: Browser) -> None:
    """44,796 villages from the state to the village, for the phone and the desk, in every language: pictures to look at."""
    if not SHARED.is_dir():
        pytest.skip(f"the data of the state are not at {SHARED}")
    inventory = build("8", SHARED, lambda _what, _part: None).inventory
    settle(engine, inventory, Random(7))
    async with served(app_over(engine, inventory, tmp_path)) as base:
        for language in LANGUAGES:
            for width in (360, 1366):
                for zoom in (5, 8, 10, 12):
                    place = f"{zoom}/26.6/74.0" if zoom == 5 else f"{zoom}/27.3/75.95"
                    page, watch = await opened(browser, f"{base}/{language}/#map={place}", width=width)
                    await page.wait_for_selector("#map[data-ready]", timeout=4 * READY_MS)
                    await keep(page, f"rajasthan-{language}-{width}-zoom-{zoom}", box="#map")
                    assert watch.complaints == []
                    await page.close()
