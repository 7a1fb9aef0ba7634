"""Excel: the table, its districts, the definition of every column, and where the data come from."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from inventory.hours import INDIA
from reports.columns import Column, Value
from reports.report import Report
from reports.writers.about import about, definitions

# Text stays text: nothing from outside becomes a formula, a link or a number.
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_MOST_ROWS = (1 << 20) - 1  # of a sheet below its head, Excel's own
_CELL_LIMIT = 32_767  # characters, Excel's own


def write(report: Report, path: Path) -> None:
    """Sheets: the report's name (several where it has more rows than fit), districts (where there are any), definitions, about."""
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        formats = {"head": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
                   "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
                   "wrap": book.add_format({"text_wrap": True, "valign": "top"})}  # fmt: skip
        for name, part in parts(report.name, report.table):
            _table(book.add_worksheet(name), report.columns, part, formats)
        if report.districts.num_rows:
            _table(book.add_worksheet("districts"), report.columns, report.districts, formats)
        head = ("column", "unit", "definition", "परिभाषा", "ਪਰਿਭਾਸ਼ਾ")
        _texts(book.add_worksheet("definitions"), [head, *definitions(report)], (26, 12, 70, 70, 70), formats)
        _texts(book.add_worksheet("about"), [("what", "text"), *about(report)], (24, 110), formats)


def parts(name: str, table: pa.Table, most: int = _MOST_ROWS) -> Iterator[tuple[str, pa.Table]]:
    """The sheets of a table, by name: beyond its last row a sheet takes nothing, and says nothing."""
    for number, first in enumerate(range(0, max(table.num_rows, 1), most), start=1):
        yield name if number == 1 else f"{name} {number}", table.slice(first, most)


def _table(sheet: Worksheet, columns: Sequence[Column], table: pa.Table, formats: dict[str, Format]) -> None:
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column.name, formats["head"])
        for row, value in enumerate(table.column(column.name).to_pylist(), start=1):
            _cell(sheet, row, at, value, formats["time"])
    sheet.set_column(0, len(columns) - 1, 14)
    sheet.freeze_panes(1, 4)
    sheet.autofilter(0, 0, table.num_rows, len(columns) - 1)


def _cell(sheet: Worksheet, row: int, column: int, value: Value, time: Format) -> None:
    match value:
        case None:
            return
        case str():
            sheet.write_string(row, column, value[:_CELL_LIMIT])
        case datetime():  # Excel knows no zones: Indian time, as the definitions say
            sheet.write_datetime(row, column, value.astimezone(INDIA).replace(tzinfo=None), time)
        case _:
            sheet.write_number(row, column, value)


def _texts(sheet: Worksheet, rows: Iterable[Sequence[str]], widths: Sequence[int], formats: dict[str, Format]) -> None:
    for row, texts in enumerate(rows):
        for at, text in enumerate(texts):
            sheet.write_string(row, at, text[:_CELL_LIMIT], formats["wrap"] if row else formats["head"])
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
