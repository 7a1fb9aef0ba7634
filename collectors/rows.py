"""Which rows its steady tables have, by device: between two walks their cells are asked for by GET.

A PC's disks are walked in eight exchanges and asked for in one, and they are the same ones for months. What is
remembered is only which rows count; what they are called, their units and capacities are read anew each time.
"""

from collections.abc import Mapping

import numpy as np

from collectors.instances import Column, columns, counting
from collectors.profile import TableRead
from collectors.snmp.backend import Value

Rows = Mapping[tuple[str, str], tuple[str, ...]]
"""Name of a table and column of it -> the indexes that count there: columns of one table may have other ones."""
_UNKNOWN, _REFUSED = -1, -2
_WALK_EVERY_S = 4 * 3600.0  # a new disk or cartridge is seen after so long; a reboot or recognition shows it at once
_MOST_KINDS = 10_000
_MOST_CELLS = 72  # of a table: three GETs; above this a walk is no dearer


class SteadyRows:
    """Rows by device, shape (devices,): devices with the same rows share them. 12 octets a device."""

    def __init__(self, devices: int) -> None:
        self._kind = np.full(devices, _UNKNOWN, np.int32)
        self._until = np.zeros(devices)  # UTC epoch seconds
        self._kinds: list[Rows] = []
        self._numbers: dict[tuple[tuple[tuple[str, str], tuple[str, ...]], ...], int] = {}

    def of(self, device: int, now: float) -> Rows:
        """What is known of it at `now` (UTC epoch seconds); nothing where that is too old."""
        kind = int(self._kind[device])
        new = 0 < self._until[device] - now <= _WALK_EVERY_S  # a clock that was set back leaves it too far ahead
        return self._kinds[kind] if kind >= 0 and new else {}

    def keep(self, device: int, walked: Rows, now: float) -> None:
        """These columns were walked at `now`; others that are known stay, until the first of all is too old."""
        if self._kind[device] == _REFUSED:
            return
        known = self.of(device, now)
        if not known:
            self._until[device] = now + _WALK_EVERY_S
        self._kind[device] = self._number({**known, **walked})

    def refuse(self, device: int) -> None:
        """It doesn't answer for them: it is walked until it is recognised anew."""
        self._kind[device] = _REFUSED

    def forget(self, device: int) -> None:
        """It may have others now."""
        self._kind[device] = _UNKNOWN

    def _number(self, rows: Rows) -> int:
        key = tuple(sorted(rows.items()))
        if key not in self._numbers:
            if len(self._kinds) >= _MOST_KINDS:  # devices whose rows change at every walk would fill the memory
                self._kinds, self._numbers = [], {}
                self._kind[self._kind != _REFUSED] = _UNKNOWN
            self._numbers[key] = len(self._kinds)
            self._kinds.append(rows)
        return self._numbers[key]


def cells(table: TableRead, known: Rows) -> tuple[str, ...]:
    """The objects that tell what a walk of `table` would; none where one of its columns is not `known`."""
    keys = [(table.name, column) for column in columns(table)]
    if not all(key in known for key in keys):
        return ()
    return tuple(f"{key[1]}.{index}" for key in keys for index in known[key])


def columns_of(table: TableRead, known: Rows, values: Mapping[str, Value]) -> Mapping[str, Column] | None:
    """The table as a walk would show it, from the `values` of its cells; None where that is to be walked.

    That is where it isn't known, a cell is gone, or a row doesn't count any more: rows may have moved.
    """
    there: dict[str, Column] = {}
    for column in columns(table):
        indexes = known.get((table.name, column))
        if indexes is None or not all(f"{column}.{index}" in values for index in indexes):
            return None
        there[column] = {index: values[f"{column}.{index}"] for index in indexes}
    rows = {index for read in table.columns for index in there[read.oid]}
    return there if counting(table, there) == rows else None


def steady(table: TableRead, walked: Mapping[str, Column]) -> Rows:
    """What of a `walked` table can be asked for by GET from now on: nothing where its rows come and go, or are many."""
    if not table.steady or not all(column in walked for column in columns(table)):
        return {}
    counts = counting(table, walked)
    rows = {
        (table.name, column): tuple(index for index in walked[column] if index in counts) for column in columns(table)
    }
    return rows if sum(map(len, rows.values())) <= _MOST_CELLS else {}
