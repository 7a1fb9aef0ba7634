"""The printed report: hostile names are text, each language has its headings, and what is left out is said."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from inventory.hours import INDIA
from inventory.model import Names
from reports.availability_columns import AVAILABILITY
from reports.columns import COVERAGE, schema
from reports.discrepancy import DISCREPANCY
from reports.outages import OUTAGES
from reports.printed import PRINTED, PRINTED_DISTRICTS
from reports.readiness_columns import QUEUE, READINESS
from reports.report import Report
from reports.sla_columns import SLA
from reports.trend import TREND
from reports.writers.pdf import data_of, write

START = datetime(2026, 4, 1, tzinfo=INDIA)
HOSTILE = '#import "x" $a$ *b* <c> \\ // `d` @e #panic()'


def made(rows: int) -> Report:
    values = {
        "row": "gp1",
        "name_en": HOSTILE,
        "name_hi": "ग्राम",
        "worked_ms": 9_000_000,
        "deduction_rupees_low": 450.0,
    }
    fields = [(column.name, column.type) for column in SLA]
    table = pa.Table.from_pylist([values] * rows, pa.schema(fields))
    return Report(
        "sla", Names("Service level", "सेवा स्तर", "ਸੇਵਾ ਪੱਧਰ"), Names("Raipur", "रायपुर"), SLA, table, table.slice(0, 0),
        START, START, START + timedelta(days=91), (), {}, facts=(("contract", Names(HOSTILE)),), warning=Names("Not confirmed", "पुष्ट नहीं"),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "hi", "pa"])
def test_it_is_set_in_each_language(tmp_path: Path, language: str) -> None:
    write(replace(made(3), language=language), tmp_path / "s.pdf")
    assert (tmp_path / "s.pdf").read_bytes().startswith(b"%PDF-")
    assert [each.name for each in tmp_path.iterdir()] == ["s.pdf"]


def test_what_is_printed() -> None:
    told = data_of(replace(made(2001), language="hi"))
    [section] = told["tables"]
    assert [column["head"] for column in section["columns"]][:3] == ["पंक्ति", "नाम", "से"]
    assert section["rows"][0][:5] == ["gp1", "ग्राम", None, None, "2.50"]
    assert (len(section["rows"]), section["more"]) == (2000, "1 और पंक्तियाँ नहीं छपीं")
    assert (told["warning"], told["title"], told["area"]) == ("पुष्ट नहीं", "सेवा स्तर", "रायपुर")
    assert data_of(made(1))["tables"][0]["rows"][0][1] == HOSTILE


def test_the_columns_of_districts_are_defined_too() -> None:
    rows = [{"area": "gp:1", "name_en": "One", "finding": "agrees"}]
    table = pa.Table.from_pylist(rows, schema(DISCREPANCY))
    districts = pa.Table.from_pylist([{"area": "district:1", "name_en": "D", "gps": 1}], schema(DISCREPANCY))
    told = data_of(
        replace(made(1), name="discrepancy", columns=DISCREPANCY, table=table, districts=districts, language="hi")
    )
    heads = [column["head"] for section in told["tables"] for column in section["columns"]]
    assert [each["head"] for each in told["definitions"]] == [
        head for head in dict.fromkeys(heads) if head != "नाम"
    ]  # fmt: skip


def test_every_heading_is_there_in_three_languages() -> None:
    for columns in (*PRINTED.values(), *PRINTED_DISTRICTS.values()):
        assert all((each.head.en, each.head.hi, each.head.pa) for each in columns)


def test_every_report_is_printed_by_columns_that_it_has() -> None:
    columns = {
        "availability": AVAILABILITY, "coverage": COVERAGE, "sla": SLA, "readiness": READINESS, "queue": QUEUE,
        "discrepancy": DISCREPANCY, "trend": TREND, "outages": OUTAGES,
    }  # fmt: skip
    assert columns.keys() == PRINTED.keys()
    for name, those in columns.items():
        printed = (*PRINTED[name], *PRINTED_DISTRICTS.get(name, ()))
        assert {each.column for each in printed} <= {column.name for column in those}
