"""The history of configurations in the store, and events of devices."""

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from collectors.config.diff import NONE, Counts, counts
from collectors.config.tables import config_text, config_version, device_event
from inventory.scope import Scope
from storage.engine import for_writing


class EventKind(StrEnum):
    CONFIG_CHANGED = "config_changed"  # detail: version, before (numbers of versions), added, removed (lines)
    HOST_KEY_CHANGED = "host_key_changed"  # detail: key (type and fingerprint of the one that was shown)
    HOST_KEY_KNOWN = "host_key_known"  # the end of that


KEY_EVENTS = (EventKind.HOST_KEY_CHANGED, EventKind.HOST_KEY_KNOWN)
"""The newest of these says whether a device shows another key now, however long since."""


@dataclass(frozen=True, slots=True)
class Version:
    """A configuration from its first reading to its last one without another between."""

    id: int
    device: str
    platform: str
    sha256: str
    from_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    at: datetime
    device: str
    kind: EventKind
    detail: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a configuration that was read: `before` is None for the first one of a device."""

    version: Version
    changed: bool
    before: Version | None = None
    counts: Counts = NONE


def keep(engine: Engine, device: str, platform: str, text: str, now: datetime) -> Kept:
    """Take up a configuration, without secrets, that was read at `now`. A change is an event."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with for_writing(engine).begin() as connection:
        before = _newest(connection, device)
        if before and before.sha256 == sha256:
            seen = update(config_version).where(config_version.c.id == before.id).values(seen_at=now)
            connection.execute(seen)
            return Kept(replace(before, seen_at=now), changed=False)
        _keep_text(connection, sha256, text)
        row = {"device": device, "platform": platform, "text": sha256, "from_at": now, "seen_at": now}
        number = connection.execute(insert(config_version).values(row).returning(config_version.c.id)).scalar_one()
        version = Version(number, device, platform, sha256, now, now)
        if before is None:
            return Kept(version, changed=False)
        changed = counts(_text(connection, before), text)
        detail = {"version": number, "before": before.id, "added": changed.added, "removed": changed.removed}
        note(connection, device, EventKind.CONFIG_CHANGED, detail, now)
        return Kept(version, changed=True, before=before, counts=changed)


def versions(engine: Engine, device: str, scope: Scope | None = None) -> list[Version]:
    """Of one device, newest first."""
    query = (
        select(config_version)
        .where(config_version.c.device == device, (scope or Scope()).where_device(config_version.c.device))
        .order_by(config_version.c.id.desc())
    )
    with engine.connect() as connection:
        return [_version(row) for row in connection.execute(query)]


def text_of(engine: Engine, version: Version) -> str:
    with engine.connect() as connection:
        return _text(connection, version)


def events(
    engine: Engine,
    scope: Scope,
    *,
    since: datetime | None = None,
    device: str = "",
    before: int | None = None,
    limit: int = 1000,
) -> list[Event]:
    """Events of devices in scope, newest first; only those with an id below `before`."""
    conditions = [scope.where_device(device_event.c.device)]
    if since is not None:
        conditions.append(device_event.c.at >= since)
    if device:
        conditions.append(device_event.c.device == device)
    if before is not None:
        conditions.append(device_event.c.id < before)
    query = select(device_event).where(*conditions).order_by(device_event.c.id.desc()).limit(limit)
    with engine.connect() as connection:
        return [_event(row) for row in connection.execute(query)]


def config_changes(connection: Connection, since: datetime) -> list[Event]:
    """Changes of configurations after `since`, of all devices, oldest first."""
    wanted = (device_event.c.kind == EventKind.CONFIG_CHANGED, device_event.c.at > since)
    query = select(device_event).where(*wanted).order_by(device_event.c.id)
    return [_event(row) for row in connection.execute(query)]


def _event(row: Row[tuple[object, ...]]) -> Event:
    return Event(row.id, row.at, row.device, EventKind(row.kind), json.loads(row.detail))


def forget(engine: Engine, device: str, before: datetime) -> int:
    """Remove versions of a device last seen, and its events, before that moment; returns how many versions.

    The newest version stays, and what says that the device shows another host key.
    """
    newest = select(func.max(config_version.c.id)).where(config_version.c.device == device)
    of_keys = (device_event.c.device == device, device_event.c.kind.in_(KEY_EVENTS))
    standing = select(func.coalesce(func.max(device_event.c.id), 0)).where(*of_keys)
    with for_writing(engine).begin() as connection:
        _remove_events(connection, device, before, device_event.c.id != standing.scalar_subquery())
        return _remove_versions(connection, device, before, config_version.c.id.not_in(newest))


def forget_gone(engine: Engine, here: Collection[str], before: datetime) -> int:
    """As `forget` for the devices that aren't `here` any more, of which nothing stays; returns how many versions."""
    removed = 0
    with for_writing(engine).begin() as connection:
        known = select(config_version.c.device).union(select(device_event.c.device))
        for device in set(connection.execute(known).scalars()) - set(here):
            _remove_events(connection, device, before)
            removed += _remove_versions(connection, device, before)
    return removed


def _remove_events(connection: Connection, device: str, before: datetime, *also: ColumnElement[bool]) -> None:
    of_it = (device_event.c.device == device, device_event.c.at < before)
    connection.execute(delete(device_event).where(*of_it, *also))


def _remove_versions(connection: Connection, device: str, before: datetime, *also: ColumnElement[bool]) -> int:
    """And the texts that no other version has."""
    old = (config_version.c.device == device, config_version.c.seen_at < before, *also)
    texts = connection.execute(select(config_version.c.text).where(*old)).scalars().all()
    removed = connection.execute(delete(config_version).where(*old)).rowcount
    unused = config_text.c.sha256.not_in(select(config_version.c.text))
    connection.execute(delete(config_text).where(config_text.c.sha256.in_(texts), unused))
    return removed


def at(found: Sequence[Version], moment: datetime) -> Version | None:
    """Which of a device's versions, newest first, was in force as far as is known."""
    return next((version for version in found if version.from_at <= moment), None)


def _newest(connection: Connection, device: str) -> Version | None:
    query = (
        select(config_version).where(config_version.c.device == device).order_by(config_version.c.id.desc()).limit(1)
    )
    row = connection.execute(query).one_or_none()
    return _version(row) if row else None


def _version(row: Row[tuple[object, ...]]) -> Version:
    return Version(row.id, row.device, row.platform, row.text, row.from_at, row.seen_at)


def _keep_text(connection: Connection, sha256: str, text: str) -> None:
    # Another device may come with the same text at the same moment.
    row = {"sha256": sha256, "body": zlib.compress(text.encode(), 9)}
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(config_text).values(row).on_conflict_do_nothing())
    else:
        connection.execute(postgresql.insert(config_text).values(row).on_conflict_do_nothing())


def _text(connection: Connection, version: Version) -> str:
    body = connection.execute(select(config_text.c.body).where(config_text.c.sha256 == version.sha256)).scalar_one()
    return zlib.decompress(body).decode()


def note(connection: Connection, device: str, kind: EventKind, detail: Mapping[str, str | int], now: datetime) -> None:
    """Add an event of a device."""
    row = {"at": now, "device": device, "kind": kind, "detail": json.dumps(detail)}
    connection.execute(insert(device_event).values(row))
