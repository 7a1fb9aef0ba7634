"""The pages in Chromium: every language, phone and desk, with and without scripts and WebGL."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from sqlalchemy import Engine

from api.assets import DIST
from api.i18n import LANGUAGES
from api.tiles import Tiles
from inventory.model import Endpoint, Inventory, Names, Service
from inventory.pack.post_offices import build
from maps.ground import Ground
from maps.view import view_of
from tests.browser.driver import READY_MS, Weigh, app_over, chromium, keep, opened
from tests.pages import NOW, OTHER, change, empty_store, fill, seen_at, served, settle, traffic, two_districts
from tests.small import DISTRICT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def base(engine: Engine, tmp_path: Path) -> AsyncIterator[str]:
    inventory = two_districts()
    fill(engine, inventory)
    async with served(app_over(engine, inventory, tmp_path)) as address:
        yield address


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Inventory, Path]:
    """Chhattisgarh with known states, which no test changes, and its folder; its tiles are made once for all."""
    inventory, folder = build("22", lambda _what, _part: None), tmp_path_factory.mktemp("state")
    engine = empty_store(folder)
    settle(engine, inventory, random.Random(7))
    asyncio.run(Tiles(folder / "tiles").make(engine, None, lambda: view_of(Ground(inventory), None)))
    assert list((folder / "tiles").glob("*.pmtiles"))
    return engine, inventory, folder


@dataclass(frozen=True)
class Served:
    """A server's address, and the bytes that it sent so far, by path."""

    base: str
    sent: Counter[str]


@pytest_asyncio.fixture(loop_scope="module")
async def weighed(state: tuple[Engine, Inventory, Path]) -> AsyncIterator[Served]:
    """The state's pages, and how much they weigh."""
    app, sent = app_over(*state), Counter[str]()
    app.add_middleware(Weigh, sent=sent)
    async with served(app) as base:
        yield Served(base, sent)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [360, 1366])
@pytest.mark.parametrize("js", [True, False], ids=["js", "nojs"])
async def test_the_page_of_a_state(weighed: Served, language: str, width: int, js: bool, browser: Browser) -> None:
    page, watch = await opened(browser, f"{weighed.base}/{language}/", width=width, js=js)
    await expect(page.locator("h1")).to_have_text({"en": "Chhattisgarh", "hi": "छत्तीसगढ़", "pa": "ਛੱਤੀਸਗੜ੍ਹ"}[language])
    if js:
        await page.wait_for_selector("#map[data-ready]", timeout=READY_MS)
        assert await page.evaluate("document.documentElement.scrollWidth") == width
    else:
        await expect(page.locator("#svg-map")).to_be_visible()
        await expect(page.locator("#lists tbody tr").first).to_be_visible()
    await keep(page, f"state-{language}-{width}-{'js' if js else 'nojs'}")
    assert watch.hosts == {"127.0.0.1"}
    assert watch.complaints == []
    weight = sum(weighed.sent.values()) + _script_and_fonts(weighed.sent, language)
    print(f"{'with the map' if js else 'first page'} {weight / 1000:.0f} KB")
    assert weight < (WITH_MAP if js else FIRST_PAGE)


FIRST_PAGE, WITH_MAP = 150_000, 700_000  # bytes; the first page's script and fonts count, asked for or not
_FONTS = {"hi": ("noto-sans-devanagari-*.woff2",), "pa": ("noto-sans-gurmukhi-*.woff2",)}


def _script_and_fonts(sent: Counter[str], language: str) -> int:
    """The page's own script, and the fonts that this machine has and so did not ask for."""
    wanted = [
        "page-*.js.gz",
        "noto-sans-latin-*.woff2",
        *_FONTS.get(language, ()),
    ]
    files = [path for pattern in wanted for path in DIST.glob(pattern)]
    return sum(path.stat().st_size for path in files if not sent[f"/static/{path.name.removesuffix('.gz')}"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [360, 1366])
async def test_the_page_of_a_village(base: str, language: str, width: int, browser: Browser) -> None:
    page, watch = await opened(browser, f"{base}/{language}/village/village:V3", width=width)
    await expect(page.locator("ol.chain > li")).to_have_count(4)
    await expect(page.locator("li.first-failing")).to_have_count(1)
    await expect(page.locator("#live[data-on=true]")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await keep(page, f"village-{language}-{width}", whole=True)
    assert watch.complaints == []


async def test_pages_of_tables_fit_a_phone_without_scripts(base: str, browser: Browser) -> None:
    area = f"area={DISTRICT}"
    addresses = ["hi/village/village:V3/minute", f"pa/queue?{area}", f"hi/discrepancy?{area}", f"pa/trend?{area}"]
    page, watch = await opened(browser, f"{base}/pa/area/{DISTRICT}", width=360, js=False)
    for address in addresses:
        await page.goto(f"{base}/{address}")
        await expect(page.locator("h1")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 360, address
    assert watch.complaints == []


async def test_the_traffic_is_drawn(base: str, tmp_path: Path, browser: Browser) -> None:
    traffic(tmp_path / "history", "gp3", "GE0/0/1")
    page, watch = await opened(browser, f"{base}/hi/village/village:V3")
    await expect(page.locator(".chart canvas")).to_be_visible()
    await page.wait_for_timeout(500)
    await keep(page, "traffic-hi-1366", whole=True)
    assert watch.complaints == []
    plain, _ = await opened(browser, f"{base}/en/village/village:V3", js=False)
    await expect(plain.locator(".chart")).to_contain_text("mean 1 Mbit/s, highest 1 Mbit/s")


async def test_without_webgl_the_drawn_map_follows_too(base: str, engine: Engine) -> None:
    async with chromium("--disable-3d-apis") as browser:
        page, watch = await opened(browser, f"{base}/en/area/{DISTRICT}", width=360)
        await expect(page.locator("#live[data-on=true]")).to_be_visible()
        marks = page.locator('#svg-map path[data-letter="b"]')
        before = await marks.get_attribute("d")
        change(engine, ("village", "village:V1"), "blocked", NOW)
        await expect(marks).not_to_have_attribute("d", before or "")
        assert (await marks.get_attribute("d") or "").lower().count("m") == 2
        assert (await page.locator('#svg-map path[data-letter="r"]').get_attribute("d")) == ""
        assert watch.complaints == []


async def test_the_drawn_map_can_be_clicked(base: str) -> None:
    async with chromium("--disable-3d-apis") as browser:
        page, _ = await opened(browser, f"{base}/en/area/{OTHER}", width=360)
        await expect(page.locator("#live[data-on=true]")).to_be_visible()
        await page.locator("#svg-map").click()
        await expect(page.locator("#panel li.first-failing")).to_contain_text("Power")


async def test_what_a_reader_unfolds_stays_open_while_the_page_follows(engine: Engine, tmp_path: Path) -> None:
    portal = Endpoint("portal", Names("Portal"), "https://portal.test/")
    pension = Service("pension", Names("Pension"), channels=("portal",), endpoints=("portal",))
    inventory = replace(two_districts(), endpoints={"portal": portal}, services={"pension": pension})
    fill(engine, inventory)
    change(engine, ("endpoint", "portal"), "up", NOW)
    change(engine, ("device", "gp2"), "down", NOW)
    async with (
        chromium("--disable-3d-apis") as browser,
        served(app_over(engine, inventory, tmp_path)) as base,
    ):
        page, watch = await opened(browser, f"{base}/en/")
        lists = page.locator("#summary details[data-fold], #lists details[data-fold]")
        await expect(lists).to_have_count(2)
        for number in range(2):
            await lists.nth(number).locator("summary").click()
        beside, _ = await opened(browser, f"{base}/en/area/{OTHER}")
        await expect(beside.locator("#live[data-on=true]")).to_be_visible()
        await beside.locator("#svg-map").click()
        folds = beside.locator("#panel details[data-fold]")
        await expect(folds).to_have_count(2)
        await folds.first.locator("summary").click()
        change(engine, ("village", "village:E1"), "ready", NOW)
        await expect(beside.locator("#panel .verdict.ready")).to_be_visible()
        assert await folds.evaluate_all(_OPEN) == [True, False]
        await expect(page.locator("#lists .cards tbody tr")).to_have_count(2)  # a village and a ring
        assert await lists.evaluate_all(_OPEN) == [True, True]
        assert watch.complaints == []


_OPEN = "folds => folds.map((fold) => fold.open)"


async def test_a_page_that_lost_its_server_says_so_and_comes_back(
    engine: Engine, tmp_path: Path, browser: Browser
) -> None:
    inventory = two_districts()
    fill(engine, inventory)
    async with served(app_over(engine, inventory, tmp_path)) as base:
        page, _ = await opened(browser, f"{base}/en/")
        await expect(page.locator("#live[data-on=true]")).to_be_visible()
    await expect(page.locator("#live")).to_have_text("Connection lost, trying again")
    change(engine, ("village", "village:V1"), "blocked", NOW)
    async with served(app_over(engine, inventory, tmp_path), urlsplit(base).port):
        await expect(page.locator('[data-count="b"]')).to_have_text("3")
        await expect(page.locator("#live")).to_have_text("Updates by itself")


async def test_an_open_page_learns_that_the_collector_died(base: str, engine: Engine, browser: Browser) -> None:
    page, watch = await opened(browser, f"{base}/en/")
    await expect(page.locator("#live[data-on=true]")).to_be_visible()
    seen_at(engine, NOW - timedelta(minutes=20))
    await expect(page.locator("#summary")).to_contain_text("No observation since")
    await expect(page.locator('[data-count="?"]')).to_have_text("9")
    seen_at(engine, NOW)
    await expect(page.locator("#summary")).not_to_contain_text("No observation since")
    await expect(page.locator('[data-count="?"]')).to_have_text("5")
    assert watch.complaints == []


async def test_the_whole_page_can_be_reached_by_keyboard(base: str, browser: Browser) -> None:
    page, _ = await opened(browser, f"{base}/en/area/{DISTRICT}")
    await page.keyboard.press("Tab")
    await expect(page.locator("a.skip")).to_be_focused()
    link = page.locator("#lists").get_by_role("link", name="Village 3").first
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Village 3")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_restoration_queue_fits_a_phone(base: str, language: str, browser: Browser) -> None:
    page, watch = await opened(browser, f"{base}/{language}/queue", width=360)
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.locator("tbody tr")).to_have_count(1)
    await keep(page, f"queue-{language}-360")
    plain, _ = await opened(browser, f"{base}/{language}/queue", width=360, js=False)
    await expect(plain.locator("tbody tr")).to_have_count(1)
    assert not watch.complaints
