"""The files: read back by other programs, hostile names included; and the command."""

import csv
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from typer.testing import CliRunner

from inventory import store
from inventory.model import Inventory, Level, Names
from inventory.scope import Scope
from reports.availability import By, Of
from reports.availability_columns import AVAILABILITY
from reports.cli import app
from reports.columns import COVERAGE, PLACE, Column
from reports.discrepancy import DISCREPANCY
from reports.outages import OUTAGES
from reports.read import Wanted, availability_report, coverage_report
from reports.readiness_columns import QUEUE, READINESS
from reports.report import Report
from reports.sla_columns import SLA
from reports.trend import TREND
from reports.writers.csv import cell
from reports.writers.registry import WRITERS, write
from reports.writers.shape import short_names
from reports.writers.xlsx import parts
from tests.judged import MONDAY
from tests.small import DISTRICT, small_inventory
from tests.stores import Schema, store_with
from tests.told import tell

HOUR = timedelta(hours=1)
HOSTILE = ['=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", " =1+1", "＝1+1", "{=1}"]
OUTLINE = shapely.box(81, 21, 82, 22)
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def inventory() -> Inventory:
    """The small one with a boundary, a place without coordinates and hostile names."""
    small = small_inventory()
    areas = dict(small.areas)
    for n, name in enumerate(HOSTILE, start=1):
        areas[f"gp:G{n}"] = replace(areas[f"gp:G{n}"], names=Names(name, f"ग्राम {n}"))
    areas["gp:G3"] = replace(areas["gp:G3"], lat=None, lon=None)
    return replace(small, areas=areas, boundaries={DISTRICT: shapely.to_wkb(OUTLINE)})


def wanted(engine: Engine, folder: Path, inventory: Inventory, area: str | None = None) -> Wanted:
    scope = Scope(area)
    return Wanted(engine, folder, inventory, scope, scope, MONDAY.replace(day=1), MONDAY, MONDAY)


@pytest.fixture
def filled(engine: Engine, inventory: Inventory) -> Engine:
    store.apply(engine, inventory, MONDAY)
    tell(engine, ("village", "village:V1"), MONDAY - HOUR, "unknown", "ready")
    tell(engine, ("site", "gp1"), MONDAY - HOUR, "unknown", "up")
    return engine


@pytest.fixture
def report(filled: Engine, inventory: Inventory, tmp_path: Path) -> Report:
    return coverage_report(wanted(filled, tmp_path, inventory), Level.GP)


@pytest.fixture
def availability(filled: Engine, inventory: Inventory, tmp_path: Path) -> Report:
    """By gram panchayats, whose names are hostile."""
    return availability_report(wanted(filled, tmp_path, inventory), By.GP, Of.VILLAGE, lambda _text, _over: None)


def test_csv(report: Report, tmp_path: Path) -> None:
    write(report, "csv", tmp_path / "c.csv")
    raw = (tmp_path / "c.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfarea,")
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [column.name for column in COVERAGE]
    assert [row["name_en"] for row in rows] == [f"'{name}" for name in HOSTILE[:-1]] + [HOSTILE[-1]]
    first, third, last = rows[0], rows[2], rows[-1]
    assert (first["gp_since"], first["as_of"]) == ("2026-11-23T10:00:00+05:30", "2026-11-23T11:00:00+05:30")
    assert (third["lat"], last["citizens_known"], last["villages_unknown"]) == ("", "", "1")


@given(st.text(), st.integers(), st.floats(allow_nan=False))
def test_no_text_cell_is_a_formula_and_no_number_is_text(text: str, whole: int, number: float) -> None:
    assert not re.match(r"[ ]*[=+\-@\t\r\n＝＋－＠]", str(cell(text)))
    assert cell(whole) == whole
    assert cell(number) == number


def sheets(path: Path) -> dict[str, list[list[str]]]:
    """Sheet -> rows -> texts of the cells that are there; fails on a formula or a link."""
    with zipfile.ZipFile(path) as book:
        shared = ["".join(item.itertext()) for item in ET.fromstring(book.read("xl/sharedStrings.xml"))]  # noqa: S314 - written by the test
        names = [each.get("name") or "" for each in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{SHEET}sheet")]  # noqa: S314
        found = {}
        for number, name in enumerate(names, start=1):
            xml = book.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert not re.search(r"<f[ >]|<hyperlink", xml)
            rows = ET.fromstring(xml).iter(f"{SHEET}row")  # noqa: S314
            found[name] = [
                [shared[int(c[0].text or "")] if c.get("t") == "s" else c[0].text or "" for c in row] for row in rows
            ]
    return found


def test_xlsx(report: Report, tmp_path: Path) -> None:
    write(report, "xlsx", tmp_path / "c.xlsx")
    found = sheets(tmp_path / "c.xlsx")
    assert list(found) == ["coverage", "districts", "definitions", "about"]
    assert found["coverage"][0] == [column.name for column in COVERAGE]
    assert [row[3] for row in found["coverage"][1:]] == HOSTILE
    assert found["coverage"][1][4] == "ग्राम 1"
    assert len(found["districts"]) == 2
    assert [row[2:4] for row in found["definitions"][1:]] == [[c.definition_en, c.definition_hi] for c in COVERAGE]
    about = dict(found["about"])
    assert about["as_of"] == "2026-11-23T11:00:00+05:30"
    assert about["source test"] == "Made up for tests. none. nobody"
    assert about["remark test"] == "Nothing here is real."


def test_a_table_longer_than_a_sheet_goes_on_in_the_next(report: Report) -> None:
    """Of what is written below a sheet's last row xlsxwriter says nothing."""
    found = list(parts("coverage", report.table, most=3))
    assert [(name, part.num_rows) for name, part in found] == [("coverage", 3), ("coverage 2", 3), ("coverage 3", 2)]
    assert [value for _, part in found for value in part["name_en"].to_pylist()] == HOSTILE
    assert [name for name, _ in parts("coverage", report.table.slice(0, 0))] == ["coverage"]
    assert [name for name, _ in parts("coverage", report.table)] == ["coverage"]


def test_gpkg(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "c.gpkg"
    write(report, "gpkg", path)
    assert {name for name, _ in pyogrio.list_layers(path)} == {"coverage", "districts", "definitions", "about"}
    points = gpd.read_file(path, layer="coverage")
    assert (points.crs.to_epsg(), len(points)) == (4326, 8)
    assert list(points.columns) == [*(column.name for column in COVERAGE), "geometry"]
    assert points.geometry[0] == shapely.Point(81.92, 21.22)
    assert points.geometry[2] is None
    assert list(points["villages_ready"]) == [1, 0, 0, 0, 0, 0, 0, 0]
    assert list(points["name_en"]) == HOSTILE
    assert list(points["citizens_known"].isna()) == [False] * 7 + [True]
    districts = gpd.read_file(path, layer="districts")
    assert districts.geometry[0].equals(OUTLINE)
    assert list(districts["villages_total"]) == [8]
    assert len(gpd.read_file(path, layer="definitions")) == len(COVERAGE)


def test_geojson(report: Report, tmp_path: Path) -> None:
    write(report, "geojson", tmp_path / "c.geojson")
    points = gpd.read_file(tmp_path / "c.geojson")
    assert (len(points), points.crs.to_epsg()) == (8, 4326)
    assert points["gp_since"][0].isoformat() == "2026-11-23T10:00:00+05:30"


def test_parquet(availability: Report, tmp_path: Path) -> None:
    write(availability, "parquet", tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.drop_columns(["as_of"]).equals(availability.table.drop_columns(["as_of"]))
    facts = {key.decode(): text.decode() for key, text in table.schema.metadata.items()}
    assert (facts["report"], facts["remark test"]) == ("availability", "Nothing here is real.")
    assert facts["holidays"].count("\n") == 2  # in three languages
    unit = {field.name: field.metadata[b"unit"].decode() for field in table.schema}
    assert (unit["up_ms"], unit["row"]) == ("ms", "")
    assert table.schema.field("up_ms").metadata[b"definition_en"].startswith(b"Time in which all that it needs")


def test_what_a_csv_is_stands_in_a_file_beside_it(availability: Report, tmp_path: Path) -> None:
    write(availability, "csv", tmp_path / "a.csv")
    lines = (tmp_path / "a.csv.about.txt").read_text(encoding="utf-8-sig").splitlines()
    assert "as_of: 2026-11-23T11:00:00+05:30" in lines
    assert "source test: Made up for tests. none. nobody" in lines
    assert any(line.startswith("unknown_ms [ms]: Time in which nothing could be observed.") for line in lines)
    assert {each.name for each in tmp_path.iterdir()} >= {"a.csv", "a.csv.about.txt"}


def test_geojson_says_what_it_is(availability: Report, tmp_path: Path) -> None:
    write(availability, "geojson", tmp_path / "a.geojson")
    whole = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert whole["type"] == "FeatureCollection"
    assert {"what": "remark test", "text": "Nothing here is real."} in whole["about"]
    assert [each["column"] for each in whole["definitions"]] == [column.name for column in AVAILABILITY]
    points = gpd.read_file(tmp_path / "a.geojson")
    assert list(points["name_en"]) == HOSTILE
    assert list(points["up_ms"]) == [3_600_000] + [0] * 7


@pytest.mark.parametrize("kind", ["csv", "xlsx", "gpkg", "geojson", "parquet"])
def test_no_format_changes_a_figure(availability: Report, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    write(availability, kind, path)
    names = ["row", "name_hi", "period_ms", "up_ms", "unknown_ms", "available_percent_high"]
    readers: dict[str, Callable[[], pd.DataFrame]] = {
        "csv": lambda: pd.read_csv(path, encoding="utf-8-sig"), "xlsx": lambda: pd.read_excel(path),
        "gpkg": lambda: gpd.read_file(path, layer="availability"), "geojson": lambda: gpd.read_file(path),
        "parquet": lambda: pd.read_parquet(path),
    }  # fmt: skip
    read = readers[kind]()
    assert read[names].to_numpy().tolist() == [
        list(row.values()) for row in availability.table.select(names).to_pylist()
    ]


@pytest.mark.parametrize("kind", WRITERS)
def test_an_area_without_districts_is_written_too(
    engine: Engine, inventory: Inventory, tmp_path: Path, kind: str
) -> None:
    store.apply(engine, inventory, MONDAY)
    narrow = coverage_report(wanted(engine, tmp_path, inventory, "gp:G2"), Level.GP)
    out = tmp_path / "narrow"
    write(narrow, kind, out)
    assert out.stat().st_size > 0
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".report")] == []


@pytest.mark.parametrize("columns", [COVERAGE, AVAILABILITY, SLA, DISCREPANCY, TREND, READINESS, QUEUE, OUTAGES])
def test_a_shapefile_has_a_short_name_for_every_column(columns: tuple[Column, ...]) -> None:
    names = [column.name for column in columns]
    short = short_names([*names, *(f"{column.name}_hi" for column in columns if column.words)])
    assert len(set(short.values())) == len(short) >= len(names)
    assert max(map(len, short.values())) <= 10
    assert all(short[name] == name for name in names if len(name) <= 10)


def test_shapefile(report: Report, tmp_path: Path) -> None:
    """Its files, what the short names stand for, and texts that fit, cut between characters."""
    columns = report.table.column_names
    long = report.table.set_column(columns.index("block_hi"), "block_hi", [["खंड" * 60] * report.table.num_rows])
    write(replace(report, table=long), "shp", tmp_path / "c.zip")
    with zipfile.ZipFile(tmp_path / "c.zip") as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".shp", ".shx", ".dbf", ".prj", ".cpg", ".txt"}
        assert archive.read("c.cpg") == b"UTF-8"
        assert "villages_total" in archive.read("c.shp.about.txt").decode("utf-8-sig")
    found = gpd.read_file(tmp_path / "c.zip")
    assert found.crs.to_epsg() == 4326
    assert found["name_hi"].tolist() == report.table["name_hi"].to_pylist()
    assert set(found["block_hi"]) == {("खंड" * 60).encode()[:254].decode(errors="ignore")}
    assert found[short_names(columns)["villages_total"]].tolist() == report.table["villages_total"].to_pylist()
    assert found.geometry.isna().sum() == 1


def test_docs_define_every_column() -> None:
    text = Path(__file__).parents[1].joinpath("docs", "reports.md").read_text(encoding="utf-8")
    written = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", text, flags=re.MULTILINE)
    columns = (*COVERAGE, *AVAILABILITY, *SLA, *DISCREPANCY, *TREND, *READINESS[len(PLACE) :], *QUEUE, *OUTAGES)
    assert written == [(column.name, column.unit, column.definition_en) for column in columns]


@pytest.fixture
def stored(inventory: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a migrated store in it, named by the settings."""
    engine = store_with(Schema.MIGRATED, tmp_path / "cli.db")
    store.apply(engine, inventory, MONDAY)
    engine.dispose()
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", str(engine.url))
    return tmp_path


@pytest.mark.parametrize("name", ["c.csv", "c.xlsx", "c.gpkg", "c.geojson", "c.parquet", "c.shp", "c.zip"])
def test_the_command_writes_what_the_name_ends_in(stored: Path, name: str) -> None:
    out = stored / name
    for _ in range(2):  # the second time it is there already
        result = CliRunner().invoke(app, ["coverage", "--area", DISTRICT, "--out", str(out)])
        assert (result.exit_code, result.stdout) == (0, "")
    assert "8 rows" in result.stderr
    if out.suffix == ".gpkg":
        assert len(gpd.read_file(out, layer="coverage")) == 8
    if out.suffix in {".shp", ".zip"}:
        assert len(gpd.read_file(out)) == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--area", "district:1", "--out", "c.csv"], "district:1"),
        (["--out", "c.doc"], "give --format"),
        (["--format", "doc", "--out", "c.doc"], "doc"),
        (["--out", "nowhere/c.csv"], "No such file"),
        (["--from", "2026-11-02", "--to", "2026-11-01", "--out", "c.csv"], "the period is empty"),
        (["--from", "2999-01-01", "--out", "c.csv"], "the period is empty"),
        (["--from", "yesterday", "--out", "c.csv"], "yesterday"),
        (["--level", "village", "--out", "c.csv"], "village"),
    ],
)
def test_wrong_use(stored: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(stored)
    result = CliRunner().invoke(app, ["coverage", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert not (stored / "c.csv").exists()


def test_a_report_that_does_not_exist_yet() -> None:
    result = CliRunner().invoke(app, ["discrepancy"])
    assert result.exit_code == 2
    assert "discrepancy" in result.stderr


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.gpkg", "a.geojson", "a.parquet"])
def test_availability_from_the_command_line(stored: Path, name: str) -> None:
    out = stored / name
    result = CliRunner().invoke(app, ["availability", "--by", "gp", "--out", str(out)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "8 rows" in result.stderr
    assert out.stat().st_size > 0


def test_the_intervals_are_printed(stored: Path) -> None:
    period = ["--from", "2026-11-01", "--to", "2026-11-02"]
    result = CliRunner().invoke(app, ["availability", "--expand", "gp1", *period, "--json"])
    assert result.exit_code == 0
    [line] = result.stdout.splitlines()
    assert json.loads(line) == {
        "subject": "gp1", "from": "2026-10-31T18:30:00.000Z", "to": "2026-11-02T18:30:00.000Z", "ms": 172_800_000,
        "open_ms": 7 * 3_600_000, "status": "unknown", "bucket": "unknown", "root_cause": None, "outage": None,
        "root": None, "root_subject": None, "reasons": [], "responsible": "none",
    }  # fmt: skip
    shown = CliRunner().invoke(app, ["availability", "--expand", "gp1", *period])
    assert shown.exit_code == 0
    assert "sum: 172800000 ms" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--area", "district:1", "--out", "a.csv"], "district:1"),
        ([], "give --out, or --expand"),
        (["--by", "site", "--of", "village", "--out", "a.csv"], "--by site can't count"),
        (["--by", "village", "--of", "kendra", "--out", "a.csv"], "--by village can't count"),
        (["--expand", "gp99"], "gp99"),
        (["--area", "gp:G2", "--expand", "gp1"], "gp1"),
    ],
)
def test_wrong_use_of_availability(
    stored: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(stored)
    result = CliRunner().invoke(app, ["availability", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_one_day_is_a_whole_day_in_india(stored: Path) -> None:
    out = stored / "c.xlsx"
    day = ["--from", "2026-11-01", "--to", "2026-11-01"]
    result = CliRunner().invoke(app, ["coverage", *day, "--out", str(out)])
    assert result.exit_code == 0
    about = dict(sheets(out)["about"])
    assert (about["period_start"], about["period_end"]) == ("2026-11-01T00:00:00+05:30", "2026-11-02T00:00:00+05:30")
