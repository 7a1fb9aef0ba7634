"""What a device lets a manager see: objects in lexicographic order, with values read when asked."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
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

    def follow(self, oid: Oid) -> Iterator[tuple[Oid, Cell]]:
        """The objects after `oid`, in order."""
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

    def follow(self, oid: Oid) -> Iterator[tuple[Oid, Cell]]:
        layout = self._layout
        for number in range(max(bisect_right(layout.oids, oid) - 1, 0), len(layout.oids)):
            prefix, table, cell = layout.oids[number], self._tables[layout.tables[number]], layout.cells[number]
            for at in range(_first_after(oid, prefix, table.keys), len(table.keys)):
                yield prefix + table.keys[at], cell(table.rows[at])


def _first_after(oid: Oid, prefix: Oid, keys: Sequence[Oid]) -> int:
    """The place of the first key of the column `prefix` that comes after `oid`."""
    if oid < prefix:
        return 0
    return bisect_right(keys, oid[len(prefix) :]) if oid[: len(prefix)] == prefix else len(keys)
