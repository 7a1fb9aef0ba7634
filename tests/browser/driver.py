"""Chromium over the product's own server: what browser tests share."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from fastapi import FastAPI
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright, expect
from sqlalchemy import Engine
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from inventory.model import Inventory
from storage.settings import ServeSettings, Settings, StorageSettings
from tests.pages import NOW

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",  # pages are put together in memory: as WebGL in software that costs as much as the map
]
READY_MS = 60_000  # software WebGL on a busy machine
expect.set_options(timeout=READY_MS)  # instead of 5 s; what is there sooner is not waited for


@dataclass
class Watch:
    """What a page asked for and complained about."""

    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def asked(self, request: Request) -> None:
        if not request.url.startswith("data:"):
            self.hosts.add(urlsplit(request.url).hostname or request.url)

    def said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "GPU stall" not in message.text:
            self.complaints.append(message.text)


class Weigh:
    """Middleware: bytes of the bodies by path, as gzip, which every browser takes."""

    def __init__(self, app: ASGIApp, sent: Counter[str]) -> None:
        self.app, self.sent = app, sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def weighed(message: Message) -> None:
            self.sent[scope["path"]] += len(message.get("body", b""))
            await send(message)

        if scope["type"] == "http":
            MutableHeaders(scope=scope)["accept-encoding"] = "gzip"
        await self.app(scope, receive, weighed if scope["type"] == "http" else send)


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """It keeps in a folder of its own what it would write into the user's home, whatever its profile: crash reports,
    with the lock of their list.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        own: dict[str, str | float | bool] = {**os.environ, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=[*FLAGS, *more], env=own
            )
            yield browser
            await browser.close()


async def opened(browser: Browser, address: str, *, width: int = 1366, js: bool = True) -> tuple[Page, Watch]:
    watch = Watch()
    page = await browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=js)
    page.on("request", watch.asked)
    page.on("console", watch.said)
    page.on("pageerror", lambda error: watch.complaints.append(str(error)))
    await page.goto(address)
    return page, watch


def app_over(engine: Engine, inventory: Inventory, folder: Path) -> FastAPI:
    """As in production, with the bundle that `make web` built."""
    settings = Settings(
        storage=StorageSettings(url=str(engine.url), history=folder / "history"),
        serve=ServeSettings(tiles=folder / "tiles"),
    )
    return create_app(engine, inventory, settings, clock=lambda: NOW)


async def keep(page: Page, name: str, *, whole: bool = False, box: str = "") -> None:
    """A picture of the page, of its whole length, or of one element."""
    ARTEFACTS.mkdir(exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    if box:
        await page.locator(box).screenshot(path=path)
    else:
        await page.screenshot(path=path, full_page=whole)
