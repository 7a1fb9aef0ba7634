"""Rows of the store that this version cannot understand: none of them may keep the others from being used.

Another version wrote them, or somebody by hand. They stay where they are.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Row, Select

Made = TypeVar("Made")

FAULTS: tuple[type[Exception], ...] = (ArithmeticError, LookupError, TypeError, ValueError)
"""What a value may raise that isn't what it should be."""

_KEY = 2  # so many first columns say which row it is
_LONGEST = 200  # of what is told of it, in characters

_log = structlog.get_logger()


class _Told:
    """What was said in the log: rows are read again and again, and each is told once.

    Of a table whose rows are all of another version the first thousand are enough.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._said: dict[str, set[tuple[str, str]]] = {}

    def __call__(self, table: str, row: str, error: str) -> None:
        row, error = row[:_LONGEST], error[:_LONGEST]
        said = self._said.setdefault(table, set())
        if (row, error) in said or len(said) > self._most:
            return
        said.add((row, error))
        if len(said) > self._most:
            _log.error("more stored rows not understood, left out and not told one by one", table=table)
        else:
            _log.error("stored row not understood, left out", table=table, row=row, error=error)


tell = _Told(1000)
"""Say in the log that a stored row is left out, or what else is made of it."""


def understood(rows: Iterable[Row[Any]], read: Callable[[Row[Any]], Made], table: str) -> Iterator[Made]:
    """What `read` makes of the rows; those that it raises FAULTS for are left out, and told in the log."""
    for row in rows:
        try:
            made = read(row)
        except FAULTS as error:
            tell(table, " ".join(str(value) for value in row[:_KEY]), f"{type(error).__name__}: {error}")
        else:
            yield made


def first(
    connection: Connection, query: Select[Any], read: Callable[[Row[Any]], Made], table: str, limit: int
) -> list[Made]:
    """What `read` makes of the first `limit` rows of `query` that are understood: fewer only where there are no more."""
    found: list[Made] = []
    passed = wanted = 0
    while passed == wanted and len(found) < limit:
        rows = connection.execute(query.offset(passed).limit(limit - len(found))).all()
        wanted += limit - len(found)
        passed += len(rows)
        found += understood(rows, read, table)
    return found
