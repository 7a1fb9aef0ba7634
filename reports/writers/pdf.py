"""PDF for signing and filing: what is printed of a report, in its language, set by typst."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import typst

from inventory.hours import INDIA
from inventory.model import Names
from reports.columns import Value
from reports.facts import LABELS
from reports.printed import PRINTED, PRINTED_DISTRICTS, Printed
from reports.report import Report
from reports.worded import said
from reports.words import each_way
from reports.writers.about import sources

_MOST_ROWS = 2000  # some 60 pages; the spreadsheet has all
_HOUR = 3_600_000
_MOMENT = "%d.%m.%Y %H:%M"
_DISTRICTS = Names("Districts", "ज़िले", "ਜ਼ਿਲ੍ਹੇ")
_ROWS = Names("Rows", "पंक्तियाँ", "ਕਤਾਰਾਂ")
_NOTES = Names("Notes", "टिप्पणियाँ", "ਟਿੱਪਣੀਆਂ")
_MORE = Names("{more} more rows are not printed", "{more} और पंक्तियाँ नहीं छपीं", "{more} ਹੋਰ ਕਤਾਰਾਂ ਨਹੀਂ ਛਪੀਆਂ")


def write(report: Report, path: Path) -> None:
    """The columns of PRINTED, the districts first. Texts reach typst as data, never as markup."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "report.typ")
        source.write_bytes(files("reports.writers").joinpath("report.typ").read_bytes())
        Path(folder, "data.json").write_text(json.dumps(data_of(report), ensure_ascii=False), encoding="utf-8")
        path.write_bytes(typst.compile(str(source), root=folder))


def data_of(report: Report) -> dict[str, Any]:
    printed = PRINTED[report.name]
    days = [moment.astimezone(INDIA).strftime(_MOMENT) for moment in (report.start, report.end)]
    apart = report.districts.num_rows and not report.districts.equals(report.table)
    tables = [(_DISTRICTS, report.districts, PRINTED_DISTRICTS.get(report.name, printed))] if apart else []
    tables.append((_ROWS, report.table, printed))
    return {
        "language": _language(report),
        "title": _said(report, report.title),
        "area": _said(report, report.area),
        "period": f"{' – '.join(days)} (IST)",
        "warning": _said(report, report.warning) if report.warning else None,
        "tables": [_section(report, *each) for each in tables],
        "notes_title": _said(report, _NOTES),
        "notes": list(_notes(report)),
        "definitions": list(_definitions(report, dict.fromkeys(each for _, _, some in tables for each in some))),
    }


def _section(report: Report, title: Names, table: pa.Table, printed: Sequence[Printed]) -> dict[str, Any]:
    shown = table.slice(0, _MOST_ROWS).to_pylist()
    more = table.num_rows - len(shown)
    return {
        "title": _said(report, title),
        "columns": [{"head": _said(report, each.head), "number": _is_number(table, each.column)} for each in printed],
        "rows": [[_cell(report, row, each.column) for each in printed] for row in shown],
        "more": _said(report, _MORE).format(more=more) if more else None,
    }


def _is_number(table: pa.Table, column: str) -> bool:
    return not pa.types.is_string(table.schema.field(column).type)


def _cell(report: Report, row: dict[str, Value], column: str) -> str | None:
    value = row[column]
    if column.endswith("_en"):  # a name, in the reader's language where a source has one
        value = row.get(column.removesuffix("en") + _language(report)) or value
    words = next((each.words for each in report.columns if each.name == column), None)
    match value:
        case None:
            return None
        case str() if words is not None:
            return said(value, words, _language(report))
        case datetime():
            return value.astimezone(INDIA).strftime(_MOMENT)
        case int() if column.endswith("_ms"):
            return f"{value / _HOUR:.2f}"
        case float() if "rupees" in column:
            return f"{value:.2f}"
        case _:
            return str(value)


def _definitions(report: Report, printed: Iterable[Printed]) -> Iterator[dict[str, str]]:
    meaning = {c.name: Names(c.definition_en, c.definition_hi, c.definition_pa) for c in report.columns}
    for each in printed:
        if each.column.endswith("_en"):
            continue  # a name: its heading says what it is, and it isn't printed in English
        yield {"head": _said(report, each.head), "text": _said(report, meaning[each.column])}


def _notes(report: Report) -> Iterator[tuple[str, str]]:
    """(what it is about, text) of all that a reader has to know, in the report's language."""
    as_of = report.as_of.astimezone(INDIA).strftime(_MOMENT)
    for key, text in (("as_of", each_way(as_of)), *report.facts, *sources(report)):
        yield _said(report, LABELS[key.partition(" ")[0]]), _said(report, text)


def _said(report: Report, names: Names) -> str:
    """In the report's language, or in one that there is."""
    return names.in_language(_language(report))[0] or names.hi or names.pa


def _language(report: Report) -> str:
    return report.language or "en"
