"""What a device lets a manager see: objects in lexicographic order, with values read when asked."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from simulator import ber
from simulator.ber import Oid
from simulator.traffic import Line, Moment


class Moving(NamedTuple):
    """A number that is read anew for every answer; its tag is one of ber's."""

    tag: int
    read: Callable[[Moment], int]


Cell = bytes | Line | Moving
"""A whole encoded value, or how to come by one."""


class View(Protocol):
    def get(self, oid: Oid) -> Cell:
        """The value, or ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE."""
        ...

    def after(self, oid: Oid) -> tuple[Oid, Cell] | None:
        """The first object after `oid`, None past the last one."""
        ...


class Column(NamedTuple):
    """One object type of a table (or a scalar: a table with the one key (0,)).

    `cell` makes the value from a row of that table.
    """

    oid: Oid
    cell: Callable[[Any], Cell]


class Layout:
    """The columns of one kind of device, in order. `tables[i]` are the columns of its i-th table."""

    def __init__(self, *tables: Sequence[Column]) -> None:
        flat = sorted(
            ((column.oid, number, column.cell) for number, table in enumerate(tables) for column in table),
            key=lambda entry: entry[0],
        )
        self.oids = [oid for oid, _, _ in flat]
        self.tables = [number for _, number, _ in flat]
        self.cells = [cell for _, _, cell in flat]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one table of one device: keys sorted, `rows[i]` is what the columns' cells take."""

    keys: Sequence[Oid]
    rows: Sequence[Any]


class TableView:
    """A Layout with a device's own rows. Columns never nest, so order within one is the keys' order."""

    __slots__ = ("_layout", "_tables")

    def __init__(self, layout: Layout, tables: Sequence[Table]) -> None:
        self._layout = layout
        self._tables = tuple(tables)

    def get(self, oid: Oid) -> Cell:
        number = bisect_right(self._layout.oids, oid) - 1
        if number < 0 or oid[: len(self._layout.oids[number])] != self._layout.oids[number]:
            return ber.NO_SUCH_OBJECT
        table, key = self._tables[self._layout.tables[number]], oid[len(self._layout.oids[number]) :]
        at = bisect_left(table.keys, key)
        if at == len(table.keys) or table.keys[at] != key:
            return ber.NO_SUCH_INSTANCE
        return self._layout.cells[number](table.rows[at])

    def after(self, oid: Oid) -> tuple[Oid, Cell] | None:
        number = max(bisect_right(self._layout.oids, oid) - 1, 0)
        for candidate in range(number, len(self._layout.oids)):
            found = self._first_in(candidate, oid)
            if found:
                return found
        return None

    def _first_in(self, number: int, oid: Oid) -> tuple[Oid, Cell] | None:
        prefix, table = self._layout.oids[number], self._tables[self._layout.tables[number]]
        if oid < prefix:
            at = 0
        elif oid[: len(prefix)] == prefix:
            at = bisect_right(table.keys, oid[len(prefix) :])
        else:
            return None
        if at == len(table.keys):
            return None
        return prefix + table.keys[at], self._layout.cells[number](table.rows[at])
