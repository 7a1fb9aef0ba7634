"""CSV for spreadsheets: UTF-8 with a byte order mark, without which Excel garbles Hindi."""

import csv
from datetime import datetime
from pathlib import Path

from inventory.cells import FORMULA
from inventory.hours import INDIA
from reports.columns import TEXT, TIME, Column, Value
from reports.report import Report
from reports.writers.about import text

BESIDE = ".about.txt"
_FORMULA = (*FORMULA, "\t", "\r", "\n")  # a spreadsheet skips blanks before one


def write(report: Report, path: Path) -> None:
    """The table alone, one header line; times in Indian time (ISO 8601). What it is stands in a file beside it.

    A comment line would be a row to most programs.
    """
    path.with_name(path.name + BESIDE).write_text(text(report), encoding="utf-8-sig")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.name for column in report.columns)
        writer.writerows(zip(*(_cells(report, column) for column in report.columns), strict=True))


def _cells(report: Report, column: Column) -> list[Value]:
    values: list[Value] = report.table.column(column.name).to_pylist()
    return [cell(value) for value in values] if column.type in (TEXT, TIME) else values


def cell(value: Value) -> Value:
    """A cell that no spreadsheet runs: text that would be a formula gets an apostrophe before it."""
    if isinstance(value, datetime):
        return value.astimezone(INDIA).isoformat(timespec="seconds")
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value
