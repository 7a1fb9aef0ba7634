"""An inventory and a store for the tests of api and maps: two districts, hostile names, known states."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import sin
from pathlib import Path
from random import Random

import pyarrow as pa
import shapely
from fastapi import FastAPI
from sqlalchemy import Engine, insert

from api.app import create_app
from api.assets import Assets
from api.serve import serve_until
from inventory.model import Area, Device, Inventory, Level, Link, Names, Role, Site, SiteKind
from inventory.store import apply
from readiness.tables import outage, state, transition, watch
from storage.engine import for_writing
from storage.segments import SAMPLES, Writer
from storage.settings import ServeSettings, Settings, StorageSettings
from tests.servers import free_port
from tests.small import DISTRICT, small_inventory
from tests.stores import Schema, store_with

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
OTHER = "district:999"
EVIL = '<script>alert("x")</script>'
LAYERS = {"village:V3": "backhaul", "village:E1": "power"}
STATES: Mapping[str, str] = {
    "village:V1": "ready",
    "village:V2": "degraded",
    "village:V3": "blocked",
    "village:E1": "blocked",
}


def two_districts() -> Inventory:
    """small_inventory, and beside it a district whose every name is an attack."""
    small = small_inventory()
    areas = [
        Area(Level.DISTRICT, "999", Names(EVIL), "state:22", lat=20.0, lon=81.0),
        Area(Level.BLOCK, "9991", Names(EVIL), OTHER),
        Area(Level.GP, "E", Names(EVIL), "block:9991", lat=20.0, lon=81.0),
        Area(Level.VILLAGE, "E1", Names(EVIL), "gp:E", lat=20.0, lon=81.0, served_by="evil-kendra"),
    ]
    sites = [
        Site("evil-gp", SiteKind.GP, "gp:E", Names(EVIL), lat=20.0, lon=81.0),
        Site("evil-kendra", SiteKind.KENDRA, "gp:E", Names(EVIL), lat=20.0, lon=81.0),
    ]
    devices = [
        Device("evil-r", Role.ROUTER, "evil-gp", primary_ip="127.1.9.1"),
        Device("evil-pc", Role.PC, "evil-kendra", primary_ip="127.1.9.2"),
    ]
    links = [
        Link("evil-up", "pop-r1", "GE0/0/6", "evil-r", "GE0/0/1"),
        Link("evil-lan", "evil-r", "LAN1", "evil-pc", "eth0"),
    ]
    return replace(
        small,
        areas={**small.areas, **{a.key: a for a in areas}},
        sites={**small.sites, **{s.name: s for s in sites}},
        devices={**small.devices, **{d.name: d for d in devices}},
        links={**small.links, **{link.name: link for link in links}},
        boundaries={
            DISTRICT: shapely.to_wkb(shapely.box(81.5, 21.0, 82.2, 21.6)),
            OTHER: shapely.to_wkb(shapely.box(80.5, 19.5, 81.5, 20.5)),
        },
    )


def empty_store(folder: Path) -> Engine:
    """As the fixture `engine`, for tests that only read and so share one."""
    return store_with(Schema.TABLES, folder / "pahunch.db")


def fill(engine: Engine, inventory: Inventory) -> None:
    """Store the inventory; STATES since an hour ago; sites up but gp3; an outage behind V3."""
    apply(engine, inventory, NOW)
    since = NOW - timedelta(hours=1)
    with for_writing(engine).begin() as connection:
        connection.execute(
            insert(outage).values(
                id=1, subject_kind="link", subject="ring-1-2", status="down", from_at=since, cause="fibre", confidence=0.9,
                evidence=json.dumps(["port down: gp2 GE0/0/2"]), root=True, responsible="agency", villages=1,
            )
        )  # fmt: skip
    for village, status in STATES.items():
        change(engine, ("village", village), status, since, layer=LAYERS.get(village, ""))
    for site in inventory.sites:
        change(engine, ("site", site), "down" if site == "gp3" else "up", since)


def settle(engine: Engine, inventory: Inventory, chance: Random) -> None:
    """Store a large inventory, most of its villages ready and a few blocks cut off."""
    apply(engine, inventory, NOW)
    cut = set(chance.sample([a.key for a in inventory.areas.values() if a.level is Level.BLOCK], 8))
    rows = [_settled(inventory, a, cut, chance) for a in inventory.areas.values() if a.level is Level.VILLAGE]
    with for_writing(engine).begin() as connection:
        connection.execute(insert(state), rows)


def _settled(inventory: Inventory, village: Area, cut: set[str], chance: Random) -> dict[str, object]:
    block = inventory.areas[village.parent or ""].parent
    status = (
        "blocked" if block in cut else chance.choices(["ready", "degraded", "blocked", "unknown"], [96, 2, 1, 1])[0]
    )
    return {
        "subject_kind": "village", "subject": village.key, "status": status, "reason": "answers", "transition": 0,
        "since": NOW - timedelta(minutes=chance.randrange(3000)), "layer": "backhaul" if status == "blocked" else "",
    }  # fmt: skip


def change(engine: Engine, subject: tuple[str, str], after: str, at: datetime, *, layer: str = "") -> int:
    """Commit a transition of (kind, name) and the state it leads to; returns its id."""
    kind, name = subject
    told = {"subject_kind": kind, "subject": name, "reason": "answers", "layer": layer}
    behind = 1 if name == "village:V3" and after == "blocked" else None
    with for_writing(engine).begin() as connection:
        happened = insert(transition).values(**told, at=at, recorded_at=at, from_status="unknown", to_status=after)
        number: int = connection.execute(happened.returning(transition.c.id)).scalar_one()
        connection.execute(state.delete().where(state.c.subject_kind == kind, state.c.subject == name))
        now = insert(state).values(**told, status=after, since=at, transition=number, outage=behind)
        connection.execute(now)
    return number


def seen_at(engine: Engine, at: datetime) -> None:
    """Let that be when a collector last saw something."""
    with for_writing(engine).begin() as connection:
        connection.execute(watch.delete())
        connection.execute(insert(watch).values(collector="c1", last_at=at))


def traffic(folder: Path, device: str, port: str) -> None:
    """A day of readings every 5 minutes up to NOW: 8 Mbit/s received with a wave, 1 Mbit/s sent."""
    at = [NOW - timedelta(minutes=5 * n) for n in range(1, 289)]
    values = {"in_bps": [8e6 + 4e6 * sin(n / 40) for n in range(288)], "out_bps": [1e6] * 288}
    rows = [{"at": moment, "device": device, "metric": metric, "instance": port, "value": value}
            for metric, column in values.items() for moment, value in zip(at, column, strict=True)]  # fmt: skip
    writer = Writer(folder)
    writer.write({"samples": pa.Table.from_pylist(rows, SAMPLES)})
    writer.close()


def assets(folder: Path) -> Assets:
    """A bundle of one line a file, compressed copies included as npm's build would."""
    names = ("page.js", "page.css", "map.css", "map-worker.js", "licences.txt")
    for name in names:
        (folder / f"X-{name}").write_text(f"/* {name} */", encoding="utf-8")
        (folder / f"X-{name}.gz").write_bytes(gzip.compress(b"packed"))
    return Assets(folder, {name: f"X-{name}" for name in names})


def app_over(engine: Engine, inventory: Inventory, folder: Path, area: str = "") -> FastAPI:
    settings = Settings(
        storage=StorageSettings(url=str(engine.url), history=folder / "history"),
        serve=ServeSettings(area=area, tiles=folder / "tiles"),
    )
    return create_app(engine, inventory, settings, clock=lambda: NOW, assets=assets(folder))


@asynccontextmanager
async def served(app: FastAPI, port: int | None = None) -> AsyncIterator[str]:
    """The application on 127.0.0.1, on a free port unless one is given; gives its base address."""
    port = port or free_port()
    stop = asyncio.Event()
    running = asyncio.create_task(serve_until(app, "127.0.0.1", port, stop))
    await asyncio.sleep(0)  # now its socket listens: requests wait there until it answers
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await running
