"""Short names for the columns that the MIB modules type out."""

from collections.abc import Callable, Mapping
from typing import Any

from simulator import ber
from simulator.traffic import Moment
from simulator.view import Cell, Column, Moving


def number(value: int) -> bytes:
    return ber.integer(value)


def gauge(value: int) -> bytes:
    return ber.integer(value, ber.GAUGE32)


def moving(tag: int, read: Callable[[Moment], float]) -> Moving:
    return Moving(tag, lambda at: int(read(at)))


def columns(entry: str, cells: Mapping[int, Callable[[Any], Cell]]) -> tuple[Column, ...]:
    """Columns of the entry (or scalars of the group) at the dotted `entry`, by their last arc."""
    base = ber.parse_oid(entry)
    return tuple(Column((*base, arc), cell) for arc, cell in cells.items())
