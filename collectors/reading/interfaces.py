"""IF-MIB (RFC 2863): ifTable and ifXTable as interfaces, and makers' own tables beside them. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from collectors.group import InterfaceCell, InterfaceTable
from collectors.instances import Walked, bits_of
from collectors.reading.model import Absent, Interface
from collectors.snmp.backend import Value
from collectors.text import text

_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_DESCR, _SPEED, _ADMIN, _OPER = (f"{_IF}.{column}" for column in (2, 5, 7, 8))
_IN, _IN_DISCARDS, _IN_ERRORS = (f"{_IF}.{column}" for column in (10, 13, 14))
_OUT, _OUT_DISCARDS, _OUT_ERRORS = (f"{_IF}.{column}" for column in (16, 19, 20))
_NAME, _HC_IN, _HC_OUT, _HIGH_SPEED, _ALIAS = (f"{_IFX}.{column}" for column in (1, 6, 10, 15, 18))

IF_TABLE = (_DESCR, _SPEED, _ADMIN, _OPER, _IN, _IN_DISCARDS, _IN_ERRORS, _OUT, _OUT_DISCARDS, _OUT_ERRORS)
IF_X_TABLE = (_NAME, _HC_IN, _HC_OUT, _HIGH_SPEED, _ALIAS)

ADMIN = {1: "up", 2: "down", 3: "testing"}
OPER = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}
_MOST_32 = 2**32 - 1


def interfaces(walked: Walked) -> tuple[Interface, ...]:
    """A row for each ifIndex of ifTable, by ifIndex; of ifXTable where there is no ifTable.

    Some devices have names in ifXTable for which there is no interface.
    """
    indices = _indices(walked, IF_TABLE) or _indices(walked, IF_X_TABLE)
    return tuple(_interface(index, walked) for index in sorted(indices))


def more(table: InterfaceTable, walked: Walked) -> Iterator[Interface]:
    """The interfaces of a maker's own table; a row without a name or a number is none."""
    names = walked.get(table.oid(table.columns[InterfaceCell.NAME]), {})
    for index, name in names.items():
        number = bits_of(table.number, index)
        if number is not None and _words(name):
            cells = {cell: walked.get(table.oid(near), {}).get(index) for cell, near in table.columns.items()}
            yield _told(table, number, cells)


def merged(interfaces: Iterable[Interface], others: Iterable[Interface]) -> tuple[Interface, ...]:
    """All of them by their number; of two with the same number the first."""
    by_number: dict[int | None, Interface] = {}
    for interface in (*interfaces, *others):
        by_number.setdefault(interface.index, interface)
    return tuple(sorted(by_number.values(), key=lambda one: one.index or 0))


def _told(table: InterfaceTable, number: int, cells: Mapping[InterfaceCell, Value | None]) -> Interface:
    def count(cell: InterfaceCell) -> int | None:
        value = cells.get(cell)
        return value if isinstance(value, int) and 0 <= value < 2**64 else None

    return Interface(
        index=number,
        name=_words(cells[InterfaceCell.NAME]),
        alias=_words(cells.get(InterfaceCell.ALIAS)) or None,
        admin=table.admin.get(count(InterfaceCell.ADMIN) or 0),
        oper=table.oper.get(count(InterfaceCell.OPER) or 0),
        speed_bps=count(InterfaceCell.SPEED) or None,
        in_octets=count(InterfaceCell.IN_OCTETS),
        out_octets=count(InterfaceCell.OUT_OCTETS),
        in_errors=count(InterfaceCell.IN_ERRORS),
        out_errors=count(InterfaceCell.OUT_ERRORS),
        in_discards=count(InterfaceCell.IN_DISCARDS),
        out_discards=count(InterfaceCell.OUT_DISCARDS),
    )


def absent(walked: Walked) -> Iterator[Absent]:
    """Which of the two tables the device lacks."""
    for name, columns in (("ifTable", IF_TABLE), ("ifXTable", IF_X_TABLE)):
        if not any(walked.get(column) for column in columns):
            yield Absent(what=name, reason="absent")


def _indices(walked: Walked, columns: tuple[str, ...]) -> set[int]:
    return {int(index) for column in columns for index in walked.get(column, {}) if index.isdigit()}


def _interface(index: int, walked: Walked) -> Interface:
    def raw(column: str) -> Value | None:
        return walked.get(column, {}).get(str(index))

    def count(column: str, most: int = _MOST_32) -> int | None:
        value = raw(column)
        return value if isinstance(value, int) and 0 <= value <= most else None

    def octets(wide: str, narrow: str) -> int | None:
        value = count(wide, 2**64 - 1)
        return count(narrow) if value is None else value

    alias = raw(_ALIAS)
    return Interface(
        index=index,
        name=_words(raw(_NAME)) or _words(raw(_DESCR)) or str(index),
        alias=_words(alias) if isinstance(alias, bytes) else None,
        admin=ADMIN.get(count(_ADMIN) or 0),
        oper=OPER.get(count(_OPER) or 0),
        speed_bps=_speed(count(_HIGH_SPEED), count(_SPEED)),
        in_octets=octets(_HC_IN, _IN),
        out_octets=octets(_HC_OUT, _OUT),
        in_errors=count(_IN_ERRORS),
        out_errors=count(_OUT_ERRORS),
        in_discards=count(_IN_DISCARDS),
        out_discards=count(_OUT_DISCARDS),
    )


def _speed(megabits: int | None, bits: int | None) -> int | None:
    """ifHighSpeed, else ifSpeed, where they aren't at the end of their 32 bits; 0 tells nothing."""
    if megabits and megabits != _MOST_32:
        return megabits * 1_000_000
    return bits if bits and bits != _MOST_32 else None


def _words(value: Value | None) -> str:
    return text(value) if isinstance(value, bytes) else ""
