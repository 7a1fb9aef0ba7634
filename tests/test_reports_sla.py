"""The SLA report from the store to the file: its cells, the intervals behind them, and what is wrong with a contract."""

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from inventory import store
from inventory.hours import INDIA
from inventory.model import Endpoint, Inventory, Names
from inventory.scope import Scope, UnknownAreaError
from readiness.rules.contract import Contract, parse_contract
from readiness.rules.sla import EXCUSES
from reports.availability import About
from reports.availability_columns import party_columns
from reports.cli import app
from reports.read import Wanted
from reports.sla import sla_intervals, sla_report
from reports.sla_columns import SLA, excuse_columns
from tests.judged import add_outage
from tests.small import DISTRICT
from tests.stores import Schema, store_with
from tests.told import tell

EXAMPLE = Path(__file__).parents[1] / "reports" / "contracts" / "bharatnet-example.toml"
HOUR = timedelta(hours=1)
START, END = datetime(2026, 4, 1, tzinfo=INDIA), datetime(2026, 7, 1, tzinfo=INDIA)
QUARTER = (END - START) // timedelta(milliseconds=1)


def at(hours: float) -> datetime:
    return START + hours * HOUR


def ms(hours: float) -> int:
    return int(hours * 3_600_000)


@pytest.fixture
def stored(engine: Engine, small: Inventory) -> Engine:
    """gp1: up but for 10 hours of power, 50 of fibre; gp2: up but for 100 unseen hours. The others were never seen."""
    store.apply(engine, small, START)
    for name in ("gp1", "gp2"):
        tell(engine, ("site", name), START - HOUR, "unknown", "up")
    for first, last, before, after in ((10, 20, "up", "down"), (200, 250, "up", "down")):
        tell(engine, ("site", "gp1"), at(first), before, after)
        tell(engine, ("site", "gp1"), at(last), after, before)
    add_outage(engine, "gp1", "device", from_at=at(10), to_at=at(20), cause="power", responsible="power_utility")
    cut = add_outage(engine, "ring-1-0", "link", from_at=at(199), to_at=at(260), cause="fibre")
    add_outage(
        engine, "gp1", "device", from_at=at(200), to_at=at(250), cause="upstream", explained_by=cut, root=False,
        responsible="panchayat", evidence='["explained by ring-1-0"]',
    )  # fmt: skip
    tell(engine, ("site", "gp2"), at(300), "up", "unknown")
    tell(engine, ("site", "gp2"), at(400), "unknown", "up")
    return engine


def wanted(engine: Engine, folder: Path, inventory: Inventory, area: str | None = None) -> Wanted:
    return Wanted(engine, folder, inventory, Scope(area), Scope(area), START, END, now=END)


def example() -> Contract:
    return parse_contract(EXAMPLE.read_text(encoding="utf-8"))


def quiet(_text: str, _over: float) -> None:
    pass


def test_the_cells_and_the_intervals_behind_them(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    asked, contract = wanted(stored, tmp_path, small), example()
    made = sla_report(asked, contract, About.SUBJECT, quiet)
    rows: dict[str, dict[str, Any]] = {row["row"]: row for row in made.table.to_pylist()}
    first, second, third = (rows[name] for name in ("gp1", "gp2", "gp3"))
    assert (first["window"], first["whole"], first["counted"], first["measured_ms"]) == (
        "2026-04-01",
        "yes",
        1,
        QUARTER,
    )
    assert (first["down_ms"], first["excluded_ms"], first["excluded_power_ms"]) == (ms(50), ms(10), ms(10))
    assert (first["by_power_utility_ms"], first["by_agency_ms"], first["by_panchayat_ms"]) == (ms(10), ms(50), 0)
    # 91 days less 10 hours are 2,174; 2,124 of them worked.
    assert first["available_percent_low"] == first["available_percent_high"] == 97.7000
    assert (first["met"], first["missed"], first["undecided"]) == (0, 1, 0)
    assert (first["outages"], first["mttr_ms"], first["mtbf_ms"]) == (1, ms(50), ms(2124))
    assert first["deduction_rupees_low"] == first["deduction_rupees_high"] == 450.0
    assert first["arithmetic_low"] == (f"{ms(2124)} / {ms(2174)} ms = 97.7 %: (< 98.0 %: 5.0 % × ₹9000.0 = ₹450.00)")
    assert (second["available_percent_low"], second["available_percent_high"]) == (95.4212, 100.0)
    assert (second["undecided"], second["deduction_rupees_low"], second["deduction_rupees_high"]) == (1, 0.0, 450.0)
    assert (second["outages"], second["outages_if_up"], second["outages_if_down"]) == (0, 0, 1)
    assert (third["unknown_ms"], third["undecided"], third["deduction_rupees_high"]) == (QUARTER, 1, 9000.0)
    for row in rows.values():
        assert row["measured_ms"] == sum(row[f"{part}_ms"] for part in ("worked", "down", "excluded", "unknown"))
        assert row["measured_ms"] == sum(row[name] for name in party_columns().values())
        assert row["excluded_ms"] == sum(row[name] for name in excuse_columns().values())
    [district] = made.districts.to_pylist()
    for name in ("measured_ms", "down_ms", "excluded_ms", "unknown_ms", "missed", "undecided", "deduction_rupees_high"):
        assert district[name] == sum(row[name] for row in rows.values())
    assert district["arithmetic_high"].endswith(" + 6 × (< 75.0 %: 100.0 % × ₹9000.0 = ₹9000.00) = ₹54900.00")
    sums = Counter[str]()
    reasons = set()
    for one, terms in sla_intervals(asked, contract, "gp1"):
        sums[f"{terms['part']}_ms"] += int(terms["measured_ms"] or 0)
        sums[f"excluded_{terms['excuse']}_ms"] += int(terms["measured_ms"] or 0) if terms["excuse"] else 0
        reasons |= set(one.reasons) if terms["part"] == "down" else set()
    assert {name: first[name] for name in sums if name in first} == {name: sums[name] for name in sums if name in first}
    assert "explained by ring-1-0" in reasons


def test_what_a_contract_covers_forgives_and_measures(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    asked, text = wanted(stored, tmp_path, small), EXAMPLE.read_text(encoding="utf-8")
    text = (
        text.replace('of = "gp"', 'of = "gp"\nareas = ["gp:G1"]')
        .replace('"24x7"', '"kendra"')
        .replace('"quarter"', '"month"')
    )
    storm = '\n[[exclude.force_majeure]]\nfrom = 2026-04-09T10:00:00+05:30\nto = 2026-04-09T12:00:00+05:30\nareas = ["block:3591"]\ntext = {en = "Storm"}\n'
    contract = parse_contract(text.replace("[responsible]", f"{storm}\n[responsible]"))
    made = sla_report(asked, contract, About.SUBJECT, quiet)
    rows = {row["window"]: row for row in made.table.to_pylist()}
    assert list(rows) == ["2026-04-01", "2026-05-01", "2026-06-01"]
    # Down from the 9th, 8:00, to the 11th, 10:00: open 10:00 to 17:00, two hours of it storm.
    april = rows["2026-04-01"]
    assert (april["measured_ms"], april["down_ms"], april["excluded_force_majeure_ms"]) == (ms(26 * 7), ms(12), ms(2))
    assert april["excluded_power_ms"] == ms(7)  # on the 1st, of 10:00 to 20:00
    assert rows["2026-05-01"]["available_percent_low"] == 100.0
    facts = dict(made.facts)
    assert "Storm" in facts["force_majeure"].en
    with pytest.raises(UnknownAreaError):
        sla_report(replace(asked, area=Scope("gp:nowhere")), contract, About.SUBJECT, quiet)


def test_devices_links_and_endpoints_are_measured_too(stored: Engine, small: Inventory, tmp_path: Path) -> None:
    portal = Endpoint("portal", Names("Portal"), "https://portal.example")
    asked = wanted(stored, tmp_path, replace(small, endpoints={"portal": portal}))
    for kind, name in (("device", "gp1"), ("link", "ring-1-0"), ("endpoint", "portal")):
        tell(stored, (kind, name), START, "unknown", "up")
        tell(stored, (kind, name), at(200), "up", "down")
        tell(stored, (kind, name), at(250), "down", "up")
        contract = example().model_copy(update={"covers": example().covers.model_copy(update={"of": kind})})
        rows = {row["row"]: row for row in sla_report(asked, contract, About.SUBJECT, quiet).table.to_pylist()}
        assert (rows[name]["worked_ms"], rows[name]["down_ms"]) == (QUARTER - ms(50), ms(50))
        assert rows[name]["by_agency_ms"] == ms(50)
        assert sum(one.ms for one, _ in sla_intervals(asked, contract, name)) == QUARTER


def test_every_text_is_there_in_three_languages() -> None:
    for column in SLA:
        assert column.definition_en.endswith(".")
        assert column.definition_hi.endswith("।")
        assert column.definition_pa.endswith("।") or column.name in {"lat", "lon"}
    contract = example()
    assert all((contract.title.en, contract.title.hi, contract.title.pa))
    assert not contract.confirmed
    assert set(excuse_columns()) == set(EXCUSES) - {"upstream"}


@pytest.fixture
def folder(small: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    engine = store_with(Schema.MIGRATED, tmp_path / "cli.db")
    store.apply(engine, small, START)
    engine.dispose()
    (tmp_path / "holidays.csv").write_text("day,area,site,name_en\n2026-04-14,,,Ambedkar Jayanti\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("day,area,site,name_en\n2026-04-14,district:1,,Nowhere\n", encoding="utf-8")
    (tmp_path / "bad.toml").write_text('name = "x"\n', encoding="utf-8")
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", str(engine.url))
    monkeypatch.setenv("PAHUNCH_REPORTS__HOLIDAYS", str(tmp_path / "holidays.csv"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


DAYS = ["--from", "2026-04-01", "--to", "2026-06-30"]


def test_from_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["sla", "--contract", str(EXAMPLE), "--area", DISTRICT, *DAYS]
    for name in ("s.csv", "s.xlsx"):
        result = CliRunner().invoke(app, [*asked, "--by", "district", "--out", name])
        assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    about = (folder / "s.csv.about.txt").read_text(encoding="utf-8-sig")
    assert "holidays: 2026-04-14\n" in about
    assert "राज्य द्वारा पुष्ट नहीं" in about
    assert "ਰਾਜ ਵੱਲੋਂ ਪੁਸ਼ਟ ਨਹੀਂ" in about
    lines = CliRunner().invoke(app, [*asked, "--expand", "gp1", "--json"]).stdout.splitlines()
    assert [json.loads(line)["part"] for line in lines] == ["unknown"]
    assert "2026-04-01 unknown: 7862400000 ms" in CliRunner().invoke(app, [*asked, "--expand", "gp1"]).stdout
    for arguments, said in (
        (["--contract", "bad.toml", "--out", "s.csv"], "bad.toml: title: Field required"),
        (["--contract", "none.toml", "--out", "s.csv"], "none.toml: No such file"),
        (["--contract", str(EXAMPLE)], "give --out, or --expand"),
        (["--contract", str(EXAMPLE), "--expand", "gp99"], "gp99"),
    ):
        result = CliRunner().invoke(app, ["sla", *arguments])
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr
    monkeypatch.setenv("PAHUNCH_REPORTS__HOLIDAYS", "bad.csv")
    result = CliRunner().invoke(app, [*asked, "--out", "t.csv"])
    assert (result.exit_code, "bad.csv:2: area 'district:1' is not in the inventory" in result.stderr) == (2, True)
