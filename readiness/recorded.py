"""Transitions in the order in which they were recorded, page by page, from database and closed months."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Engine

from inventory.scope import Scope
from readiness.model import SubjectKind
from readiness.months import FOLDER, opened
from readiness.read import TransitionRow, layer_of, status_of, transitions
from readiness.subjects import names_in
from storage.engine import snapshot
from storage.monthly import MonthFile

_EVER, _NEVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

_NAMES = pa.schema([("kind", pa.string()), ("name", pa.string())])
_Asked = dict[str, str | int | datetime | list[str]]

_PAGE = """
SELECT * FROM read_parquet($path)
WHERE id > $after AND "at" >= $start AND "at" < $end
  AND ($kind = '' OR subject_kind = $kind) AND ($subject = '' OR subject = $subject)
  AND (NOT list_contains($limited, subject_kind) OR (subject_kind, subject) IN (SELECT kind, name FROM inside))
ORDER BY id LIMIT $limit
"""


def recorded(
    engine: Engine,
    folder: Path,
    scope: Scope,
    *,
    kind: SubjectKind | None = None,
    subject: str | None = None,
    after_id: int = 0,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 1000,
) -> list[TransitionRow]:
    """As read.transitions, also what has left the database; `folder` is settings.storage.history."""
    recent = transitions(
        engine, scope, kind=kind, subject=subject, after_id=after_id, start=start, end=end, limit=limit
    )
    files = [file for file in opened(folder, start or _EVER, end or _NEVER) if file.top > after_id]
    if not files:
        return recent
    with snapshot(engine) as connection:
        names = names_in(connection, scope)
    asked: _Asked = {
        "kind": kind or "", "subject": subject or "", "after": after_id, "limit": limit, "limited": [*map(str, names)],
    }  # fmt: skip
    inside = _inside(names)
    period = (start or _EVER, end or _NEVER)
    pages = [_page(folder / FOLDER, file, asked, inside, period) for file in files]
    found = {row.id: row for row in merge(recent, *pages, key=lambda row: row.id)}
    return list(islice(found.values(), limit))


def _inside(names: Mapping[SubjectKind, Sequence[str]]) -> pa.Table:
    pairs = [(kind.value, name) for kind, some in names.items() for name in some]
    return pa.table({"kind": [kind for kind, _ in pairs], "name": [name for _, name in pairs]}, _NAMES)


def _page(
    folder: Path, file: MonthFile, asked: _Asked, inside: pa.Table, period: tuple[datetime, datetime]
) -> list[TransitionRow]:
    """The file's own rows, without what it carries over from the months before."""
    asked = asked | {"start": max(period[0], file.month.start), "end": min(period[1], file.month.end)}
    with duckdb.connect(config={"threads": 1}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("inside", inside)
        found = database.execute(_PAGE, asked | {"path": str(folder / f"{file.month}.parquet")})
        return [_row(row) for row in found.to_arrow_table().to_pylist()]


def _row(told: dict[str, Any]) -> TransitionRow:
    kind = SubjectKind(told["subject_kind"])
    return TransitionRow(
        told["id"], kind, told["subject"], told["at"].astimezone(UTC), told["recorded_at"].astimezone(UTC),
        status_of(kind, told["from_status"]), status_of(kind, told["to_status"]), told["reason"],
        layer_of(told["layer"]), tuple(json.loads(told["evidence"])),
    )  # fmt: skip
