"""Devices that show another SSH host key than the known one: from the first time until they show a known one."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from collectors.config.store import KEY_EVENTS, EventKind, note
from collectors.config.tables import device_event
from storage.engine import for_writing

_CHANGED = (
    select(device_event.c.device, device_event.c.at)
    .where(
        device_event.c.id.in_(
            select(func.max(device_event.c.id))
            .where(device_event.c.kind.in_(KEY_EVENTS))
            .group_by(device_event.c.device)
        ),
        device_event.c.kind == EventKind.HOST_KEY_CHANGED,
    )
    .order_by(device_event.c.device)
)

_log = structlog.get_logger("configurations")


def note_key(engine: Engine, device: str, key: str | None, now: datetime) -> bool:
    """A device showed the known key (None) or another one; says whether that is news, and so an event."""
    newest = (
        select(device_event.c.kind, device_event.c.detail)
        .where(device_event.c.device == device, device_event.c.kind.in_(KEY_EVENTS))
        .order_by(device_event.c.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        row = connection.execute(newest).one_or_none()
    before = json.loads(row.detail)["key"] if row and row.kind == EventKind.HOST_KEY_CHANGED else None
    if before == key:
        return False
    with for_writing(engine).begin() as connection:
        kind = EventKind.HOST_KEY_KNOWN if key is None else EventKind.HOST_KEY_CHANGED
        note(connection, device, kind, {} if key is None else {"key": key}, now)
    return True


def noting(engine: Engine) -> Callable[[str, str | None], Awaitable[bool]]:
    """As `note_key`, now; False where the store is away."""

    async def note_now(device: str, key: str | None) -> bool:
        try:
            await asyncio.to_thread(note_key, engine, device, key, datetime.now(UTC))
        except SQLAlchemyError as error:
            _log.error("store is away: a host key was not noted", device=device, error=type(error).__name__)
            return False
        return True

    return note_now


def changed_keys(connection: Connection) -> Mapping[str, datetime]:
    """Device -> when it showed its present unknown key first."""
    return {row.device: row.at for row in connection.execute(_CHANGED)}
