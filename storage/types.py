"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = _EPOCH, datetime(2200, 1, 1, tzinfo=UTC)
"""What somebody announces or asks for lies between them: near the ends of the calendar reckoning fails."""
_MILLISECOND = timedelta(milliseconds=1)
# A row beyond the calendar must not keep the others from being read; a year is left for zones and for reckoning.
_LEAST = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_MOST = (datetime(9998, 12, 31, tzinfo=UTC) - _EPOCH) // _MILLISECOND


def to_millis(moment: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC; a naive datetime raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}: every stored time carries its zone")
    return (moment - _EPOCH) // _MILLISECOND


def is_usual(moment: datetime) -> bool:
    """Whether an aware moment lies in [FIRST, LAST)."""
    return FIRST <= moment < LAST


def from_millis(millis: int) -> datetime:
    """The aware UTC datetime of `millis` milliseconds since 1970-01-01 UTC."""
    return _EPOCH + timedelta(milliseconds=millis)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored as BIGINT milliseconds since 1970 UTC.

    SQLite keeps no time zone with a DATETIME, and text compares by the letter; an integer
    orders, subtracts and exports the same way on both databases. What lies in the calendar's first or
    last year, or beyond, is read as the nearest moment that does not.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else to_millis(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else from_millis(min(max(int(value), _LEAST), _MOST))
