"""A reading as tables for people."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields

from rich.console import Console
from rich.table import Table
from rich.text import Text

from collectors.reading.model import Reading

_ROWS = ("interfaces", "sensors", "onts", "neighbours", "peripherals", "errors")


def show(reading: Reading, console: Console) -> None:
    """Print what the device said; nothing from the device is taken as markup."""
    for table in (_facts(reading), *_tables(reading)):
        console.print(table)


def _facts(reading: Reading) -> Table:
    table = Table("", "", title=Text(reading.address), show_header=False, title_justify="left")
    told = asdict(reading)
    for name in ("profile", "role", "vendor", "model", "os", "os_version", "serial"):
        _row(table, name, told[name])
    for group in ("system", "ups", "printer", "host"):
        for name, value in (told[group] or {}).items():
            _row(table, f"{group} {name}", value)
    return table


def _row(table: Table, name: str, value: object) -> None:
    if value not in (None, ""):
        table.add_row(Text(name.replace("_", " ")), Text(_plain(value)))


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(_plain(one) for one in value.values() if one is not None)
    if isinstance(value, (tuple, list)):
        return ", ".join(_plain(one) for one in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tables(reading: Reading) -> Iterator[Table]:
    for name in _ROWS:
        rows: Iterable[object] = getattr(reading, name) or ()
        if rows:
            yield _table(name, list(rows))


def _table(title: str, rows: list[object]) -> Table:
    """One line a row; columns that nobody fills are left out."""
    names = [field.name for field in fields(type(rows[0])) if any(_told(row, field.name) for row in rows)]  # type: ignore[arg-type]  # dataclasses all
    table = Table(*(name.replace("_", " ") for name in names), title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(_plain(getattr(row, name)) if _told(row, name) else "") for name in names))
    return table


def _told(row: object, name: str) -> bool:
    return getattr(row, name) not in (None, "")
