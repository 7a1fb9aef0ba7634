"""Ended outages of whole months as Parquet files: a copy of rows of the database, which is several times as quick to read.

An outage belongs to the month in which it ended, and what is ended changes no more. One may be told
later to have ended in a month that is over: a file counts only while the database holds as many outages of
its month, with the same sum of numbers.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, func, select, type_coerce

from readiness.model import Status
from readiness.sequence import together
from readiness.tables import outage
from storage.bulk import fetch
from storage.monthly import Month, MonthFile, open_month, write_month
from storage.types import to_millis

FOLDER = "outages"
"""Name of the folder in settings.storage.history."""

_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [("id", pa.int64()), ("subject_kind", _WORD), ("subject", _WORD), ("status", _WORD), ("from_at", pa.int64()),
     ("to_at", pa.int64()), ("cause", _WORD), ("explained_by", pa.int64())]
)  # fmt: skip
_WORDS = tuple(field.name for field in SCHEMA if field.type == _WORD)
_SETTLED = timedelta(days=2)
_SLICE = timedelta(days=5)

_column = outage.c


def query(schema: pa.Schema, *conditions: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """The outages under these conditions, with columns as `schema` names and `fetch` wants them."""
    times = {"from_at", "to_at"}
    columns = [
        type_coerce(_column[name], BigInteger).label(name) if name in times else _column[name] for name in schema.names
    ]
    return select(*columns).where(*conditions)


def close_outages(connection: Connection, folder: Path, now: datetime) -> Iterator[Month]:
    """Write the months that are over and not in a file as they are in the database; gives each that was written."""
    first = connection.execute(select(func.min(_column.to_at))).scalar()
    month = Month.of(first or now)
    while month.end + _SETTLED <= now:
        if _file(connection, folder, month) is None:
            rows = together(list(_ended(connection, month.start, month.end)), SCHEMA)
            write_month(folder / FOLDER, month, rows, int(np.asarray(rows["id"]).sum()))
            yield month
        month = month.next


def down_in(connection: Connection, folder: Path, start: datetime, end: datetime) -> pa.Table:
    """Every outage that was down at some time of [start, end), as SCHEMA says, in no order."""
    first, last = connection.execute(select(func.min(_column.to_at), func.max(_column.to_at))).one()
    lots = [fetch(connection, query(SCHEMA, _column.to_at.is_(None)), SCHEMA)]
    if first is not None:
        position, until = max(start, first), last + timedelta(milliseconds=1)
        while position < until:
            month = Month.of(position)
            file = _file(connection, folder, month)
            lots += [file.read(SCHEMA.names)] if file else _ended(connection, position, min(month.end, until))
            position = month.end
    rows = together(lots, SCHEMA)
    to_at = np.asarray(rows["to_at"].fill_null(np.iinfo(np.int64).max))
    touches = (np.asarray(rows["from_at"]) < to_millis(end)) & (to_at > to_millis(start))
    is_down = np.asarray(pc.equal(rows["status"], Status.DOWN.value))
    return rows.filter(touches & is_down)


def _file(connection: Connection, folder: Path, month: Month) -> MonthFile | None:
    """The month's file, unless it is missing or the database tells otherwise."""
    try:
        file = open_month(folder / FOLDER, month, _WORDS)
    except FileNotFoundError:
        return None
    within = and_(_column.to_at >= month.start, _column.to_at < month.end)
    stored = connection.execute(select(func.count(), func.coalesce(func.sum(_column.id), 0)).where(within)).one()
    return file if (file.rows, file.top) == tuple(map(int, stored)) else None


def _ended(connection: Connection, start: datetime, end: datetime) -> Iterator[pa.Table]:
    """Outages that ended in [start, end), some days at once."""
    while start < end:
        following = min(start + _SLICE, end)
        yield fetch(connection, query(SCHEMA, _column.to_at >= start, _column.to_at < following), SCHEMA)
        start = following
