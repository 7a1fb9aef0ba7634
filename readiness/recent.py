"""Transitions that are in the database, as columns."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy import BigInteger, ColumnElement, Connection, and_, func, or_, select, type_coerce, union

from readiness.sequence import SCHEMA, together
from readiness.tables import transition
from storage.bulk import fetch
from storage.monthly import Month

_column = transition.c
_AT_ONCE = 100_000  # rows, as they are spread on the average
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(days=31)


def stored(
    connection: Connection,
    start: datetime,
    end: datetime,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    tops: Mapping[Month, int] | None = None,
    schema: pa.Schema = SCHEMA,
) -> pa.Table:
    """Rows with `at` in [start, end), in no order; of a month in `tops` only those with a higher id."""
    first, last, rows = connection.execute(
        select(func.min(_column.at), func.max(_column.at), func.max(_column.id) - func.min(_column.id) + 1)
    ).one()
    if first is None:
        return schema.empty_table()
    step = min(max(_SHORTEST, (last - first) * _AT_ONCE / rows), _LONGEST)
    slices = _slices(max(start, first), min(end, last + timedelta(milliseconds=1)), step)
    return together([_fetch(connection, [*conditions, _within(*each, tops or {})], schema) for each in slices], schema)


def _slices(start: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """[start, end) in pieces of at most `step`, none of which crosses the end of a month."""
    while start < end:
        following = min(start + step, Month.of(start).end, end)
        yield start, following
        start = following


def _within(start: datetime, end: datetime, tops: Mapping[Month, int]) -> ColumnElement[bool]:
    return and_(_column.at >= start, _column.at < end, _column.id > tops.get(Month.of(start), -1))


def newest_before(
    connection: Connection,
    moment: datetime,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    schema: pa.Schema = SCHEMA,
) -> pa.Table:
    """Each subject's rows of its newest time before `moment`, and of what happened before it the one told last."""
    newest = (
        select(
            _column.subject_kind,
            _column.subject,
            func.max(_column.at).label("at"),
            func.max(_column.id).label("id"),
        )
        .where(*conditions, _column.at < moment)
        .group_by(_column.subject_kind, _column.subject)
        .cte()
    )
    other = transition.alias()
    same = and_(
        other.c.subject_kind == newest.c.subject_kind, other.c.subject == newest.c.subject, other.c.at == newest.c.at
    )
    chosen = union(select(other.c.id).join(newest, same), select(newest.c.id))
    return _fetch(connection, [_column.id.in_(chosen)], schema)


def superseded(end: datetime) -> ColumnElement[bool]:
    """The condition on rows of which neither the time nor the number is their subject's newest before `end`."""
    return and_(_outdone(end, by_time=True), _outdone(end, by_time=False))


def _outdone(end: datetime, *, by_time: bool) -> ColumnElement[bool]:
    other = transition.alias()
    newer = other.c.id > _column.id
    if by_time:
        newer = or_(other.c.at > _column.at, and_(other.c.at == _column.at, newer))
    same = and_(other.c.subject_kind == _column.subject_kind, other.c.subject == _column.subject)
    return select(other.c.id).where(same, other.c.at < end, newer).exists()


def _fetch(connection: Connection, conditions: Sequence[ColumnElement[bool]], schema: pa.Schema) -> pa.Table:
    times = {name for name in schema.names if pa.types.is_timestamp(schema.field(name).type)}
    columns = [
        type_coerce(_column[name], BigInteger).label(name) if name in times else _column[name] for name in schema.names
    ]
    return fetch(connection, select(*columns).where(*conditions), schema)
