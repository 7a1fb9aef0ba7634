"""Ended outages of whole months as Parquet files: a copy of rows of the database, which is several times as quick to read.

An outage belongs to the month in which it ended. One may be told later to have ended in a month that is over, or
anew with a better cause: a file counts only while the database holds as many outages of its month, with the same
sum of numbers, and none of them was told anew since (`outage_retold`). Such a month is read from the database
until its file is written again.

What outage_notes.py makes of the outages is kept beside them: whoever only wants to know whether anything was told
anew (month_evidence.py) reads numbers, and few of them.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, Select, and_, delete, func, select, type_coerce

from readiness.model import Status
from readiness.outage_notes import NOTES, Inner, Notes, added_up, with_told
from readiness.rules.columns import Mask
from readiness.sequence import numbers, together
from readiness.tables import outage, outage_retold
from storage.bulk import fetch
from storage.damage import UnreadableError
from storage.engine import for_writing
from storage.monthly import Month, MonthFile, open_month, write_month
from storage.types import to_millis

FOLDER = "outages"
"""Name of the folder in settings.storage.history."""

_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [("id", pa.int64()), ("subject_kind", _WORD), ("subject", _WORD), ("status", _WORD), ("from_at", pa.int64()),
     ("to_at", pa.int64()), ("cause", _WORD), ("explained_by", pa.int64()), ("responsible", _WORD)]
)  # fmt: skip
_FILE = pa.schema([*SCHEMA, NOTES.field("told")])
_WORDS = tuple(field.name for field in SCHEMA if field.type == _WORD)
_SETTLED = timedelta(days=2)
_SLICE = timedelta(days=5)

_column = outage.c
_retold = outage_retold.c
_log = structlog.get_logger("months")


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
    top = connection.execute(select(func.coalesce(func.max(_retold.id), 0))).scalar_one()
    month = Month.of(first or now)
    while month.end + _SETTLED <= now:
        if _valid(connection, folder, month) is None:
            _write(folder, month, together(list(_ended(connection, month.start, month.end)), SCHEMA), top)
            yield month
        month = month.next


def forget_retold(engine: Engine, folder: Path, months: Iterable[Month]) -> None:
    """Remove the notes of outages told anew that the files of these months were made with."""
    with for_writing(engine).begin() as connection:
        for month in months:
            top = open_month(folder / FOLDER, month).top
            written = select(_column.id).where(_within(month))
            connection.execute(delete(outage_retold).where(_retold.id <= top, _retold.outage.in_(written)))


def _write(folder: Path, month: Month, found: pa.Table, top: int) -> None:
    rows = with_told(found).cast(_FILE)
    inner, inside = added_up(rows, month)
    told = {"ids": int(numbers(rows, "id").sum()), "inner": inner.added, "inner_rows": inner.rows}
    write_month(folder / FOLDER, month, rows.filter(inside), top, apart=rows.filter(~inside), told=told)


def down_in(connection: Connection, folder: Path, start: datetime, end: datetime) -> pa.Table:
    """Every outage that was down at some time of [start, end), as SCHEMA says, in no order."""
    lots, files = _in(connection, folder, start, end)
    read = [_read(connection, folder, file.month) for file in files]
    rows = together([*lots, *read], SCHEMA)
    return rows.filter(_touches(rows, start, end) & np.asarray(pc.equal(rows["status"], Status.DOWN.value)))


def _read(connection: Connection, folder: Path, month: Month) -> pa.Table:
    """The outages of a month's file; the database's where its pages are damaged, which a footer does not show."""
    try:
        return open_month(folder / FOLDER, month, _WORDS).read(SCHEMA.names)
    except UnreadableError as error:
        _log.error("outages of a month unreadable, the database's are taken", file=str(error.path), error=error.reason)
        return together(list(_ended(connection, month.start, month.end)), SCHEMA)


def notes_in(connection: Connection, folder: Path, start: datetime, end: datetime) -> Notes:
    """Every outage that went on at some time of [start, end), and others of the same months."""
    lots, files = _in(connection, folder, start, end)
    inner = {file.month: Inner(file.told("inner_rows") or 0, file.told("inner") or 0) for file in files}
    stored = with_told(together(lots, SCHEMA)).select(NOTES.names)
    rows = together([stored, *(file.apart(NOTES.names) for file in files)], NOTES)
    return Notes(inner, rows.filter(_touches(rows, start, end)))


def _in(connection: Connection, folder: Path, start: datetime, end: datetime) -> tuple[list[pa.Table], list[MonthFile]]:
    """Outages that went on at some time of [start, end), and others: those of the database, and files that hold the rest."""
    first, last = connection.execute(select(func.min(_column.to_at), func.max(_column.to_at))).one()
    begun, files = _column.from_at < end, list[MonthFile]()
    lots = [fetch(connection, query(SCHEMA, _column.to_at.is_(None), begun), SCHEMA)]
    position, until = max(start, first or end), (last or start) + timedelta(milliseconds=1)
    while position < until:
        month = Month.of(position)
        if file := _valid(connection, folder, month):
            files.append(file)
        else:
            lots += _ended(connection, position, min(month.end, until), begun)
        position = month.end
    return lots, files


def _touches(rows: pa.Table, start: datetime, end: datetime) -> Mask:
    to_at = np.asarray(rows["to_at"].fill_null(np.iinfo(np.int64).max))
    touches: Mask = (numbers(rows, "from_at") < to_millis(end)) & (to_at > to_millis(start))
    return touches


def _valid(connection: Connection, folder: Path, month: Month) -> MonthFile | None:
    """The month's file; None where it is missing, damaged, of an older kind, or the database tells otherwise."""
    try:
        known = open_month(folder / FOLDER, month)
    except FileNotFoundError:
        return None
    except UnreadableError as error:  # the database has all of it
        _log.error("outages of a month unreadable, they are written again", file=str(error.path), error=error.reason)
        return None
    if not set(_FILE.names) <= set(known.file.schema_arrow.names) or _told_since(connection, month, known.top):
        return None
    stored = connection.execute(
        select(func.count(), func.coalesce(func.sum(_column.id), 0)).where(_within(month))
    ).one()
    return known if (known.rows, known.told("ids")) == tuple(map(int, stored)) else None


def _told_since(connection: Connection, month: Month, top: int) -> bool:
    """Whether an outage of the month was told anew since the note `top`."""
    query = select(_retold.id).join(outage, _column.id == _retold.outage).where(_retold.id > top, _within(month))
    return connection.execute(query.limit(1)).first() is not None


def _within(month: Month) -> ColumnElement[bool]:
    return and_(_column.to_at >= month.start, _column.to_at < month.end)


def _ended(
    connection: Connection, start: datetime, end: datetime, *conditions: ColumnElement[bool]
) -> Iterator[pa.Table]:
    """Outages that ended in [start, end), some days at once."""
    while start < end:
        following = min(start + _SLICE, end)
        asked = query(SCHEMA, _column.to_at >= start, _column.to_at < following, *conditions)
        yield fetch(connection, asked, SCHEMA)
        start = following
