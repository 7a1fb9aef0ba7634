"""Closing of months: transitions of a month that is over go to a Parquet file, later the rows leave the database.

What holds at any moment, also after kill -9 or loss of power between any two steps:
- A month's file holds each of its rows with an id up to the file's `top`, and before them what held
  at the month's start (each subject's last row before it).
- A row leaves the database only when it is in its month's file and every later file was made with it.
- The database keeps each subject's newest row, by time and by id, before the first month that is
  wholly in it: restart and pages need no file.
So a reader takes from the files all they hold, and from the database what the files don't.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import structlog
from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, select

from readiness.months import FOLDER
from readiness.outage_months import close_outages, forget_retold
from readiness.recent import newest_before, stored, superseded
from readiness.sequence import COMPLETE, WORDS, in_order, last_of_each, numbers, since, together
from readiness.tables import transition
from storage.damage import MISHAPS
from storage.engine import StoreInUseError, alone, for_writing, snapshot
from storage.monthly import Month, MonthMissingError, months_in, open_month, write_month
from storage.types import from_millis

_SETTLED = timedelta(days=2)  # after the end of a month, for what is told late: cheaper than writing it twice
_RECENT = timedelta(days=45)  # of rows that stay in the database: pages show 30 days
_AT_ONCE = timedelta(hours=1)  # of rows removed: 3,000 of 25 million a year, while the judge waits
_UNDONE: tuple[type[Exception], ...] = (MonthMissingError, StoreInUseError, *MISHAPS)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

_column = transition.c
_log = structlog.get_logger("months")


@dataclass(frozen=True, slots=True)
class Done:
    written: tuple[Month, ...]  # in the order of writing
    removed: int  # rows of the database
    outages: tuple[Month, ...] = ()  # months of which the outages were written


async def keep_closing(
    engine: Engine,
    folder: Path,
    stop: asyncio.Event,
    then: Callable[[], Awaitable[None]],
    *,
    every_s: float = 3600,
) -> None:
    """`close_months` every hour until `stop` is set, and `then` after it has succeeded.

    What fails, also by a month's file that is damaged, is told in the log and tried again in an hour: nothing waits for it.
    """
    while not stop.is_set():
        try:
            done = await asyncio.to_thread(close_months, engine, folder, datetime.now(UTC))
        except _UNDONE as error:
            _log.error("months_not_closed", error=type(error).__name__, said=str(error).partition("\n")[0])
        else:
            if done.written or done.removed:
                _log.info("months_closed", months=[str(month) for month in done.written], removed=done.removed)
            await then()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)


def close_months(engine: Engine, folder: Path, now: datetime) -> Done:
    """Write the months that are over and those of which more was told; remove old rows from the database.

    `folder` is settings.storage.history. May be killed at any moment and called again. Raises
    StoreInUseError while another process does it, or makes a backup.
    """
    with alone(engine, "months"):
        with snapshot(engine) as connection:
            top = connection.execute(select(func.max(_column.id))).scalar()
            if top is None:
                return Done((), 0)
            mended = tuple(_mend(connection, folder / FOLDER, top))
            closed = tuple(_close(connection, folder / FOLDER, top, now))
            outages = tuple(close_outages(connection, folder, now))
        if outages:
            forget_retold(engine, folder, outages)
        return Done(mended + closed, sum(_remove(engine, folder / FOLDER, now)), outages)


def _mend(connection: Connection, folder: Path, top: int) -> Iterator[Month]:
    """Put what was told of closed months into their files, and into later ones where it still held.

    From the newest month back: what was told is in its own month last, so that after a crash it is found again.
    """
    tops = {month: open_month(folder, month).top for month in months_in(folder)}
    if not tops:
        return
    late = stored(connection, _EVER, max(tops).end, tops=tops, schema=COMPLETE)
    month = max(tops)
    while late.num_rows and month.end > from_millis(int(numbers(late, "at").min())):
        old, own = _read(folder, month), since(late, month.start) & ~since(late, month.end)
        is_own = since(old, month.start)
        # Of the time before the first file the database knows all there is.
        before = (
            late.filter(~since(late, month.start))
            if month in tops
            else newest_before(connection, month.start, schema=COMPLETE)
        )
        carried = last_of_each(in_order(together([old.filter(~is_own), before], COMPLETE)))
        if own.any() or _ids(carried) != _ids(old.filter(~is_own)):
            _write(folder, month, [carried, old.filter(is_own), late.filter(own)], top)
            yield month
        month = month.previous


def _close(connection: Connection, folder: Path, top: int, now: datetime) -> Iterator[Month]:
    """Write the months that are over and have no file yet, from the oldest on."""
    known = months_in(folder)
    carried = last_of_each(_read(folder, known[-1])) if known else COMPLETE.empty_table()
    month = known[-1].next if known else Month.of(connection.execute(select(func.min(_column.at))).scalar_one())
    while month.end + _SETTLED <= now:
        rows = _write(folder, month, [carried, stored(connection, month.start, month.end, schema=COMPLETE)], top)
        yield month
        carried, month = last_of_each(rows), month.next


def _write(folder: Path, month: Month, parts: Sequence[pa.Table], top: int) -> pa.Table:
    rows = in_order(together(parts, COMPLETE))
    write_month(folder, month, rows, top)
    return rows


def _read(folder: Path, month: Month) -> pa.Table:
    files = [open_month(folder, month, WORDS)] if month in months_in(folder) else []
    return together([file.read(COMPLETE.names) for file in files], COMPLETE)


def _ids(rows: pa.Table) -> frozenset[int]:
    return frozenset(numbers(rows, "id").tolist())


def _remove(engine: Engine, folder: Path, now: datetime) -> Iterator[int]:
    """Each step is a transaction of its own: what it removes is in a file, whatever follows."""
    old = [month for month in months_in(folder) if month.end + _RECENT <= now]
    for month in old:
        stored_too = and_(_column.id <= open_month(folder, month).top, superseded(old[-1].end))
        position = month.start
        while (at := _first(engine, position, month.end, stored_too)) is not None:
            position = min(at + _AT_ONCE, month.end)
            with for_writing(engine).begin() as connection:
                yield connection.execute(
                    delete(transition).where(_column.at >= at, _column.at < position, stored_too)
                ).rowcount


def _first(engine: Engine, start: datetime, end: datetime, condition: ColumnElement[bool]) -> datetime | None:
    """The time of the earliest such row in [start, end)."""
    query = select(_column.at).where(_column.at >= start, _column.at < end, condition).order_by(_column.at).limit(1)
    with engine.connect() as connection:
        found: datetime | None = connection.execute(query).scalar()
    return found
