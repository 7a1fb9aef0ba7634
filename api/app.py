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
from api.feed import Change, Feed, News
from api.pages.errors import nowhere
from api.routes import alerts, events, health, history, maps, pages, readiness, status
from api.routes import inventory as facts
from api.security import SecurityHeaders
from inventory.model import Inventory
from inventory.scope import Scope, checked
from readiness.model import SubjectKind
from readiness.read import latest_transition_id, transitions
from storage.settings import Settings

ROUTERS = (
    health.router,
    facts.router,
    status.router,
    readiness.router,
    history.router,
    alerts.router,
    maps.router,
    events.router,
    pages.router,
)
_SHOWN = frozenset({SubjectKind.SITE, SubjectKind.VILLAGE})
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
    feed = Feed(lambda after: _changes(engine, after), lambda: latest_transition_id(engine))
    context = Context(engine, inventory, settings, registry, feed, Maps(inventory), assets or built_assets(), clock)
    # FastAPI's own documentation pages load scripts from a CDN: only the schema is served.
    app = FastAPI(title="Pahunch", version="0.1.0", docs_url=None, redoc_url=None, lifespan=_following)
    app.state.context = context
    app.add_exception_handler(404, nowhere)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(GZipMiddleware, compresslevel=6)
    app.add_middleware(SecurityHeaders)
    # A page elsewhere that points its own name at 127.0.0.1 is not answered.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", settings.serve.host])
    return app


@contextlib.asynccontextmanager
async def _following(app: FastAPI) -> AsyncIterator[None]:
    feed: Feed = app.state.context.feed
    task = asyncio.create_task(feed.run())
    yield
    feed.close()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _changes(engine: Engine, after: int) -> News:
    rows = transitions(engine, Scope(), after_id=after, limit=_READ_AT_ONCE)
    shown = [Change(row.id, row.kind, row.subject, row.after, row.layer or "") for row in rows if row.kind in _SHOWN]
    return News(shown, rows[-1].id if rows else after)
