"""The HTTP application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from api.assets import Assets, built_assets
from api.context import Context, Maps
from api.feed import Feed, News, Sight
from api.kept import BusyError
from api.offering import Offering
from api.outlooks import Outlooks
from api.pages.errors import busy, nowhere
from api.reporting import Reporting
from api.ringed import Ringed
from api.routes import (
    alerts,
    configurations,
    events,
    health,
    history,
    maintenance,
    maps,
    minutes,
    network,
    notices,
    pages,
    queue,
    readiness,
    reports,
    rollout,
    status,
    trend,
)
from api.routes import inventory as facts
from api.security import SecurityHeaders
from api.standing import Standing
from api.telling import Telling, numbered
from api.tiles import Tiles
from inventory.model import Inventory
from inventory.scope import checked
from maps.ground import Ground
from readiness.present import changes
from readiness.queue import Repairs
from readiness.read import latest_transition_id, observed_until
from readiness.rules.watch import blind_since
from storage.settings import Settings

ROUTERS = (
    health.router,
    facts.router,
    status.router,
    readiness.router,
    queue.router,
    rollout.router,
    trend.router,
    reports.router,
    network.router,
    history.router,
    configurations.router,
    alerts.router,
    maintenance.router,
    notices.router,
    maps.router,
    events.router,
    minutes.router,
    pages.router,
)
_READ_AT_ONCE = 5000


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    engine: Engine,
    inventory: Inventory,
    settings: Settings,
    registry: CollectorRegistry | None = None,
    *,
    clock: Callable[[], datetime] = _now,
    assets: Assets | None = None,
) -> FastAPI:
    """The API and the pages over one inventory; `registry` is what /metrics tells.

    Raises UnknownAreaError for a wrong `serve.area`, NotBuiltError without the web bundle.
    """
    checked(inventory, settings.serve.area)

    def blind() -> datetime | None:
        return blind_since(observed_until(engine), clock(), settings.judge.restart_gap_s)

    maps_of = Maps(inventory)
    standing = Standing(engine, maps_of.ground)
    feed = Feed(
        lambda after: _changes(engine, maps_of.ground, after),
        lambda: latest_transition_id(engine),
        lambda: Sight(blind(), standing.renewals()),
    )
    outlooks = Outlooks(engine, settings.storage.history, inventory)
    context = Context(
        engine=engine,
        inventory=inventory,
        settings=settings,
        registry=registry,
        feed=feed,
        telling=Telling(feed),
        maps=maps_of,
        standing=standing,
        repairs=Repairs(inventory),
        offering=Offering(engine, inventory, settings, clock),
        outlooks=outlooks,
        ringed=Ringed(engine, inventory),
        reporting=Reporting(engine, settings.storage.history, inventory, outlooks),
        tiles=Tiles(settings.serve.tiles),
        assets=assets or built_assets(),
        clock=clock,
        blind_since=blind,
    )
    # FastAPI's own documentation pages load scripts from a CDN: only the schema is served.
    app = FastAPI(title="Pahunch", version="0.1.0", docs_url=None, redoc_url=None, lifespan=_following)
    app.state.context = context
    app.add_exception_handler(404, nowhere)
    app.add_exception_handler(BusyError, busy)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(GZipMiddleware, compresslevel=6)
    app.add_middleware(SecurityHeaders)
    # A page elsewhere that points its own name at 127.0.0.1 is not answered.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", settings.serve.host])
    return app


@contextlib.asynccontextmanager
async def _following(app: FastAPI) -> AsyncIterator[None]:
    here: Context = app.state.context
    limit = here.settings.serve.area or None
    tasks = [
        asyncio.create_task(work)
        for work in (here.feed.run(), here.tiles.make(here.engine, limit, lambda: here.maps.view(limit)))
    ]
    yield
    here.feed.close()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _changes(engine: Engine, ground: Ground, after: int) -> News:
    found, last = changes(engine, after, _READ_AT_ONCE)
    return News([told for change in found if (told := numbered(ground, change))], last)
