"""Troubles of devices and links as rows of the store."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, bindparam, delete, select

from readiness.model import SubjectKind
from readiness.rules.quality import Trouble
from readiness.tables import trouble
from readiness.troubles import KeptTrouble, Key
from storage.bulk import put
from storage.types import to_millis
from storage.understood import understood

_KEY = ("subject_kind", "subject", "about", "kind")
_COLUMNS = (*_KEY, "since", "at", "value", "reason")


def save(connection: Connection, troubles: Mapping[Key, KeptTrouble | None]) -> None:
    """Store what began or goes on, and remove what ended (None)."""
    rows = [
        (*_plain(key), _millis(kept.since), _millis(kept.at), kept.value, kept.reason)
        for key, kept in troubles.items() if kept is not None
    ]  # fmt: skip
    put(connection, trouble, _KEY, _COLUMNS, rows)
    remove(connection, [key for key, kept in troubles.items() if kept is None])


def remove(connection: Connection, keys: list[Key]) -> None:
    if keys:
        same = [trouble.c[name] == bindparam(f"old_{name}") for name in _KEY]
        old = [{f"old_{name}": value for name, value in zip(_KEY, _plain(key), strict=True)} for key in keys]
        connection.execute(delete(trouble).where(*same), old)


def load(connection: Connection) -> dict[Key, KeptTrouble]:
    return dict(understood(connection.execute(select(trouble)), _kept, "trouble"))


def _kept(row: Row[tuple[object, ...]]) -> tuple[Key, KeptTrouble]:
    kept = KeptTrouble(row.since.timestamp(), row.at.timestamp(), row.value, row.reason)
    return (SubjectKind(row.subject_kind), row.subject, row.about, Trouble(row.kind)), kept


def _plain(key: Key) -> tuple[str, str, str, str]:
    kind, subject, about, which = key
    return kind.value, subject, about, which.value


def _millis(at: float) -> int:
    return to_millis(datetime.fromtimestamp(at, UTC))
