"""Sensors from what a group's tables say. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping

from collectors.decode import number
from collectors.group import NOTHING, SANE, UNITS, SensorColumn, SensorKind, SensorTable
from collectors.instances import Walked, index_text, row_name
from collectors.reading.model import Sensor
from collectors.snmp.backend import Value
from collectors.text import text

_LONGEST = 120


def scalar(column: SensorColumn) -> bool:
    """Whether it is one object, fetched by GET."""
    return column.get or column.column.endswith(".0") or column.column == "0"


def objects(tables: Iterable[SensorTable]) -> Iterator[str]:
    """What to GET for `tables`."""
    for one in tables:
        yield from (when.object for when in one.when)
        yield from (f"{one.entry}.{column.column}" for column in one.columns if scalar(column))


def holds(table: SensorTable, got: Mapping[str, Value]) -> bool:
    """Whether the device's settings are those that `table` is for."""
    return all(got[when.object] in when.values if when.object in got else when.absent for when in table.when)


def columns(table: SensorTable) -> Iterator[str]:
    """What to walk for `table`: its sensors, then what names and chooses their rows."""
    walked = [f"{table.entry}.{column.column}" for column in table.columns if not scalar(column)]
    yield from walked
    if walked:
        yield from (table.oid(only.where) for only in table.only)
        yield from (table.oid(near) for near in (table.label,) if near)


def sensors_of(table: SensorTable, got: Mapping[str, Value], walked: Walked) -> Iterator[Sensor]:
    """The sensors of one table; a value that is none leaves its sensor out."""
    for column in table.columns if holds(table, got) else ():
        oid = f"{table.entry}.{column.column}"
        if scalar(column):
            if oid in got:
                yield from _sensor(column, got[oid], column.column.rpartition(".")[2], column.name or column.object)
            continue
        row = table.row(column)
        for index, value in walked.get(oid, {}).items():
            name = row_name(row, index, walked) if _counts(table, column, index, walked) else None
            if name is not None:
                yield from _sensor(column, value, index, name)


def sane(kind: SensorKind, value: float) -> bool:
    """Whether a sensor of this class can tell `value` at all."""
    low, high = SANE.get(kind, (-1e15, 1e15))
    return low <= value <= high


def _counts(table: SensorTable, column: SensorColumn, index: str, walked: Walked) -> bool:
    if column.rows and not any(re.search(column.rows, form) for form in (index, index_text(index))):
        return False
    return all(walked.get(table.oid(only.where), {}).get(index) in only.values for only in table.only)


def _sensor(column: SensorColumn, value: Value, index: str, name: str) -> Iterator[Sensor]:
    if value in NOTHING:
        return
    told = number(column, value)
    if told is None or not sane(column.kind, told):
        return
    named = _state(column, told, value) if column.kind is SensorKind.STATE else None
    yield Sensor(
        kind=column.kind.value,
        index=index,
        name=name[:_LONGEST],
        value=told,
        unit=UNITS[column.kind],
        text=named,
    )


def _state(column: SensorColumn, told: float, value: Value) -> str | None:
    """What the number of a state means: by the profile, else the device's own words."""
    return column.states.get(int(told)) or (text(value)[:_LONGEST] if isinstance(value, bytes) else None) or None
