"""Codes in words: complete in three languages, the pages' own, beside the codes in files and instead of them on paper."""

import csv
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import pyarrow as pa
import pytest

from api import i18n
from api import words as pages
from inventory.hours import INDIA
from inventory.model import GpState, Level, Medium, Names, Role, SiteKind, Source
from readiness.model import Cause, Layer, Responsible, Status, SubjectKind
from readiness.rules.claims import Finding
from readiness.trends import Kind, Outlook
from reports import words
from reports.availability import By, Of
from reports.availability_columns import AVAILABILITY
from reports.columns import COVERAGE, Column, schema
from reports.contract_facts import contract_facts
from reports.discrepancy import DISCREPANCY
from reports.facts import LABELS, counted_fact
from reports.outages import OUTAGES
from reports.readiness_columns import QUEUE, READINESS
from reports.report import Report
from reports.sla_columns import SLA
from reports.trend import RULE, TREND
from reports.writers.about import about, sources
from reports.writers.pdf import data_of
from reports.writers.registry import write
from tests.test_reports_sla import example

START = datetime(2026, 4, 1, tzinfo=INDIA)
REPORTS = {
    "coverage": COVERAGE, "availability": AVAILABILITY, "sla": SLA, "discrepancy": DISCREPANCY, "trend": TREND,
    "readiness": READINESS, "queue": QUEUE, "outages": OUTAGES,
}  # fmt: skip
CODED: dict[tuple[str, str], tuple[type[StrEnum], ...]] = {
    ("coverage", "gp_rollout"): (GpState,),
    ("coverage", "gp_status"): (Status,),
    ("coverage", "first_failing_layer"): (Layer,),
    ("availability", "kind"): (SiteKind, Level, Role, Medium),
    ("sla", "kind"): (SiteKind, Level, Role, Medium),
    ("discrepancy", "finding"): (Finding,),
    ("discrepancy", "claimed_state"): (GpState,),
    ("trend", "kind"): (Kind,),
    ("trend", "outlook"): (Outlook,),
    ("readiness", "first_failing_layer"): (Layer,),
    ("queue", "subject_kind"): (SubjectKind,),
    ("queue", "cause"): (Cause,),
    ("queue", "responsible"): (Responsible,),
    ("outages", "subject_kind"): (SubjectKind,),
    ("outages", "status"): (Status,),
    ("outages", "cause"): (Cause,),
    ("outages", "responsible"): (Responsible,),
}
SCRIPTS = {"hi": re.compile("[\u0904-\u0939]"), "pa": re.compile("[\u0a05-\u0a39]")}


def of(report: str, column: str) -> Column:
    return next(each for each in REPORTS[report] if each.name == column)


@pytest.mark.parametrize(("report", "column"), CODED)
def test_every_code_has_a_word(report: str, column: str) -> None:
    wanted = {str(code) for kind in CODED[report, column] for code in kind}
    assert wanted <= set(of(report, column).words or {})


def test_every_definition_and_word_is_in_its_script() -> None:
    for column in (column for columns in REPORTS.values() for column in columns):
        texts = {"hi": column.definition_hi, "pa": column.definition_pa}
        assert [language for language, text in texts.items() if not SCRIPTS[language].search(text)] == [], column.name
        for word in (column.words or {}).values():
            assert all((word.en, SCRIPTS["hi"].search(word.hi), SCRIPTS["pa"].search(word.pa))), word
    for note in (*LABELS.values(), RULE, *(counted_fact(each, by) for each in Of for by in By)):
        assert all((note.en, SCRIPTS["hi"].search(note.hi), SCRIPTS["pa"].search(note.pa))), note


@pytest.mark.parametrize(
    "name",
    ["STATUS", "LAYER", "CAUSE", "RESPONSIBLE", "SUBJECT_KIND", "GP_STATE", "PERMITTED_BY", "LEVEL", "SITE_KIND", "ROLE"],
)  # fmt: skip
def test_reports_call_things_what_pages_call_them(name: str) -> None:
    ours, theirs = getattr(words, name), getattr(pages, name)
    assert {str(code) for code in ours} == {str(code) for code in theirs}
    for code, word in ours.items():
        said = [i18n.catalogue(language).gettext(theirs[code]) for language in ("en", "hi", "pa")]
        assert [word.en, word.hi, word.pa] == said


def queue(language: str = "") -> Report:
    rows = [
        {"place": 1, "subject": "gp2", "subject_kind": "device", "cause": "power", "responsible": "power_utility"},
        {"place": 2, "cause": None},
    ]
    table = pa.Table.from_pylist(rows, schema(QUEUE))
    remark = Names("Nothing here is real.", "यहाँ कुछ भी असली नहीं है।", "ਇੱਥੇ ਕੁਝ ਵੀ ਅਸਲੀ ਨਹੀਂ।")
    return Report(
        "queue", Names("Queue", "क्रम", "ਤਰਤੀਬ"), Names("Raipur", "रायपुर", "ਰਾਏਪੁਰ"), QUEUE, table, table.slice(0, 0), START,
        START, START + timedelta(days=1), (Source("s", "स्रोत", "", "", remark),), {}, language=language,
    )  # fmt: skip


def cells(report: Report, folder: Path) -> list[dict[str, str]]:
    write(report, "csv", folder / "q.csv")
    with (folder / "q.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_words_stand_beside_the_codes_in_the_language_asked_for(tmp_path: Path) -> None:
    plain, hindi = cells(queue(), tmp_path), cells(queue("hi"), tmp_path)
    assert [set(each) - set(plain[0]) for each in hindi] == [
        {"subject_kind_hi", "cause_hi", "responsible_hi"}
    ] * 2  # fmt: skip
    first, second = hindi
    assert (first["cause"], first["cause_hi"], first["responsible_hi"]) == ("power", "बिजली आपूर्ति", "विद्युत कंपनी")
    assert (second["cause"], second["cause_hi"]) == ("", "")
    assert {key: first[key] for key in plain[0]} == plain[0]
    assert cells(queue("en"), tmp_path)[0]["responsible_en"] == "electricity company"


@pytest.mark.parametrize("kind", ["xlsx", "gpkg", "geojson", "parquet", "pdf"])
def test_every_format_takes_a_language(tmp_path: Path, kind: str) -> None:
    write(queue("pa"), kind, tmp_path / f"q.{kind}")
    assert (tmp_path / f"q.{kind}").stat().st_size > 0


def test_several_codes_of_one_cell_are_said(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{"pending_with": "forest; railway"}], schema(DISCREPANCY))
    made = replace(queue("hi"), name="discrepancy", columns=DISCREPANCY, table=table, districts=table.slice(0, 0))
    assert cells(made, tmp_path)[0]["pending_with_hi"] == "वन विभाग; रेलवे"


@pytest.mark.parametrize("language", ["hi", "pa"])
def test_paper_says_words_and_no_english(language: str) -> None:
    told = data_of(queue(language))
    [section] = told["tables"]
    printed = [*(column["head"] for column in section["columns"]), *_flat(section["rows"]), *_flat(told["notes"])]
    printed += [each["text"] for each in told["definitions"]]
    english = {word for text in printed if text for word in re.findall("[A-Za-z]{3,}", text)}
    # A code in a definition says what the file's column has; WGS is what it is called everywhere.
    assert english <= {"device", "link", "site", "endpoint", "WGS"}
    assert len(told["notes"]) == 3  # as of, the source, the remark


def _flat(rows: Iterable[Iterable[str | None]]) -> list[str]:
    return [cell for row in rows for cell in row if cell]


def test_districts_are_printed_by_their_counts() -> None:
    row = {"name_en": "Raipur", "gps": 3, "gps_agrees": 2, "gps_undecided": 1}
    districts = pa.Table.from_pylist([row], schema(DISCREPANCY))
    made = replace(
        queue("hi"), name="discrepancy", columns=DISCREPANCY, table=districts.slice(0, 0), districts=districts
    )  # fmt: skip
    first, rows = data_of(made)["tables"]
    assert first["rows"] == [["Raipur", "3", None, None, None, None, "1", None, "2"]]
    assert len(rows["columns"]) == 9


def test_a_service_is_printed_by_its_name_in_the_language() -> None:
    table = pa.Table.from_pylist([{"service_en": "Form", "service_hi": "फ़ॉर्म"}], schema(READINESS))
    made = replace(queue("hi"), name="readiness", columns=READINESS, table=table, districts=table.slice(0, 0))
    assert data_of(made)["tables"][0]["rows"][0][2] == "फ़ॉर्म"


def test_a_source_without_a_licence_has_no_empty_label() -> None:
    assert dict(about(queue()))["source s"] == "स्रोत"


def test_codes_are_explained_in_the_file() -> None:
    told = dict(about(queue()))
    assert told["code responsible power_utility"] == "electricity company / विद्युत कंपनी / ਬਿਜਲੀ ਕੰਪਨੀ"


def test_what_a_contract_promises_is_said_in_three_languages() -> None:
    facts = dict(contract_facts(example()))
    assert {key.partition(" ")[0] for key in facts} <= set(LABELS)
    for key in ("contract", "measure", "excluded"):
        assert SCRIPTS["hi"].search(facts[key].hi)
        assert SCRIPTS["pa"].search(facts[key].pa)


def test_a_remark_that_is_not_in_english_is_kept_everywhere(tmp_path: Path) -> None:
    hindi = Source("s", "Source", "", "", Names("", "यहाँ कुछ भी असली नहीं है।"))
    for language in ("en", "hi", "pa"):
        made = replace(queue(language), sources=(hindi,))
        assert ("remark s", hindi.remark) in list(sources(made))
        assert data_of(made)["notes"][-1][1] == hindi.remark.hi
