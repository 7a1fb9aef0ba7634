"""Devices that show another SSH host key than the known one: from the first time until they show a known one."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from collectors.config.store import EventKind, note
from collectors.config.tables import device_event
from storage.engine import for_writing

_KINDS = (EventKind.HOST_KEY_CHANGED, EventKind.HOST_KEY_KNOWN)


def note_key(engine: Engine, device: str, key: str | None, now: datetime) -> bool:
    """A device showed the known key (None) or another one; says whether that is news, and so an event."""
    newest = (
        select(device_event.c.kind, device_event.c.detail)
        .where(device_event.c.device == device, device_event.c.kind.in_(_KINDS))
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


def changed_keys(connection: Connection) -> Mapping[str, datetime]:
    """Device -> when it showed its present unknown key first."""
    newest = select(func.max(device_event.c.id)).where(device_event.c.kind.in_(_KINDS)).group_by(device_event.c.device)
    query = (
        select(device_event.c.device, device_event.c.at)
        .where(device_event.c.id.in_(newest), device_event.c.kind == EventKind.HOST_KEY_CHANGED)
        .order_by(device_event.c.device)
    )
    return {row.device: row.at for row in connection.execute(query)}
