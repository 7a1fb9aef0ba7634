"""What others read of the judgement: scopes, strips, chains, and the two commands."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

from inventory.model import Area, Inventory, Level, Names, Site, SiteKind
from inventory.scope import Scope
from inventory.store import apply
from readiness import cli, read
from readiness.explain import Chain, explain
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.rules.watch import blind_since
from readiness.store import moment
from readiness.tables import transition
from tests.judged import set_state
from tests.judging import T0, Court, court

ELSEWHERE = Scope("district:374")


@pytest.fixture
async def seen(engine: Engine, small: Inventory) -> Court:
    """The small network and an empty district beside it, 90 s on, with the trunk cut since second 60."""
    areas = {**small.areas, "district:374": Area(Level.DISTRICT, "374", Names("Bastar"), "state:22")}
    sites = {**small.sites, "pop374": Site("pop374", SiteKind.DISTRICT_POP, "district:374", Names("[red]Bastar"))}
    made = court(engine, Inventory(areas, sites, small.devices, small.links, credentials=small.credentials))
    await made.run(90, {60: lambda world: world.cut.update(["pon-5", "pon-6", "pon-7"])})
    return made


async def test_nothing_of_one_district_is_read_in_another(seen: Court) -> None:
    assert [row.subject for row in read.states(seen.engine, ELSEWHERE)] == ["pop374"]
    assert read.transitions(seen.engine, ELSEWHERE) == []
    assert read.outages(seen.engine, ELSEWHERE) == []
    assert sum(read.counts(seen.engine, ELSEWHERE).villages.values()) == 0
    assert explain(seen.engine, ELSEWHERE, "village:V5") is None
    strip = read.strip(seen.engine, ELSEWHERE, SubjectKind.VILLAGE, "village:V5", days=1, now=moment(T0 + 90))
    assert set(strip[0].parts) == {Readiness.UNKNOWN}


async def test_a_trunk_is_read_in_the_district_of_its_links(seen: Court) -> None:
    inside = read.outages(seen.engine, Scope("district:387"), open_only=True)
    assert [row.subject for row in inside if row.root] == ["olt1:0/1/3"]
    assert read.outage_by_id(seen.engine, Scope("district:387"), inside[0].id) == inside[0]


async def test_outages_of_a_period(seen: Court) -> None:
    assert read.outages(seen.engine, Scope(), moment(T0), moment(T0 + 61)) == []
    assert len(read.outages(seen.engine, Scope(), moment(T0 + 61), moment(T0 + 62))) == 4


async def test_transitions_go_on_after_an_id(seen: Court) -> None:
    rows = read.transitions(seen.engine, Scope(), limit=10)
    more = read.transitions(seen.engine, Scope(), after_id=rows[-1].id)
    assert len(rows) == 10
    assert more[0].id == rows[-1].id + 1
    assert more[-1].id == read.latest_transition_id(seen.engine)


async def test_strip_of_a_village(seen: Court) -> None:
    days = read.strip(seen.engine, Scope(), SubjectKind.VILLAGE, "village:V5", days=30, now=moment(T0 + 90))
    assert len(days) == 30
    today = {status: round(part.total_seconds(), 2) for status, part in days[-1].parts.items()}
    assert (today[Readiness.BLOCKED], today[Readiness.READY]) == (28.89, 57.41)
    assert set(days[0].parts) == {Status.UNKNOWN}


async def test_a_layer_told_after_the_recovery_began_is_no_new_status(seen: Court) -> None:
    at = {"subject_kind": "village", "subject": "village:V1", "reason": "test", "from_status": "blocked"}
    with seen.engine.begin() as connection:
        for number, (second, after) in enumerate(((95, "blocked"), (93, "ready")), 1_000_001):
            row = {**at, "id": number, "at": moment(T0 + second), "recorded_at": moment(T0 + 96), "to_status": after}
            connection.execute(insert(transition).values(row))
    days = read.strip(seen.engine, Scope(), SubjectKind.VILLAGE, "village:V1", days=1, now=moment(T0 + 100))
    assert Readiness.BLOCKED not in days[-1].parts


def test_blind_once_the_gap_has_passed() -> None:
    assert blind_since(moment(T0), moment(T0 + 300), 300) is None
    assert blind_since(moment(T0), moment(T0 + 300.1), 300) == moment(T0)
    assert blind_since(None, moment(T0), 300) is None  # nobody ever watched


async def test_what_nobody_watches_is_unknown(seen: Court) -> None:
    engine, blind = seen.engine, read.observed_until(seen.engine)
    assert blind is not None
    assert T0 + 80 < blind.timestamp() <= T0 + 90
    rows = read.states(engine, Scope(), blind_since=blind)
    assert len(rows) == len(read.states(engine, Scope()))
    known = [row for row in read.states(engine, Scope()) if row.status is Status.UP]
    answered = {(row.kind, row.subject): row for row in rows}
    for row in known:
        now = answered[row.kind, row.subject]
        assert (now.status, now.since, now.reason) == (Status.UNKNOWN, blind, "nobody watched")
    assert {(row.status, row.layer, row.outage) for row in rows} == {(Status.UNKNOWN, None, None)}
    assert read.states(engine, Scope(), SubjectKind.VILLAGE, status=Readiness.BLOCKED, blind_since=blind) == []
    unknown = read.states(engine, Scope(), SubjectKind.VILLAGE, status=Readiness.UNKNOWN, blind_since=blind)
    assert len(unknown) == 8
    village = read.state_of(engine, Scope(), SubjectKind.VILLAGE, "village:V5", blind_since=blind)
    assert village == answered[SubjectKind.VILLAGE, "village:V5"]
    assert set(read.words(engine, Scope(), SubjectKind.VILLAGE, blind_since=blind).values()) == {("unknown", "")}
    counts = read.counts(engine, Scope(), blind_since=blind)
    assert (counts.villages[Readiness.UNKNOWN], sum(counts.villages.values())) == (8, 8)
    assert counts.sites[Status.UNKNOWN] == sum(counts.sites.values()) == 16


async def test_chain_and_strip_while_nobody_watches(seen: Court) -> None:
    blind = moment(T0 + 90)
    chain = explain(seen.engine, Scope(), "village:V5", blind_since=blind)
    assert chain is not None
    assert (chain.readiness, chain.since, chain.layer, chain.outage) == (Readiness.UNKNOWN, blind, None, None)
    assert {(step.status, step.since, step.evidence) for step in chain.steps} == {(Status.UNKNOWN, blind, ())}
    days = read.strip(
        seen.engine, Scope(), SubjectKind.VILLAGE, "village:V5", days=1, now=moment(T0 + 690), blind_since=blind
    )
    assert round(days[-1].parts[Readiness.BLOCKED].total_seconds(), 2) == 28.89  # and 600 s more unknown


def chain_of(seen: Court, village: str) -> Chain:
    chain = explain(seen.engine, Scope(), village)
    assert chain is not None
    return chain


async def test_chain_of_a_blocked_village(seen: Court) -> None:
    chain = chain_of(seen, "village:V5")
    assert (chain.kendra, chain.readiness, chain.layer) == ("kendra5", Readiness.BLOCKED, Layer.BACKHAUL)
    steps = {step.layer: (step.status, step.device) for step in chain.steps}
    assert steps[Layer.BACKHAUL] == (Status.DOWN, "ont5")
    assert steps[Layer.GP_EQUIPMENT] == (Status.DOWN, "ont5")
    assert steps[Layer.KENDRA_HARDWARE] == (Status.DOWN, "pc5")
    assert steps[Layer.POWER][0] is Status.UNKNOWN
    assert "3 of 3 ONTs" in next(step for step in chain.steps if step.layer is Layer.BACKHAUL).evidence[0]


async def test_chain_of_a_ready_village(seen: Court) -> None:
    chain = chain_of(seen, "village:V1")
    assert (chain.readiness, chain.layer) == (Readiness.READY, None)
    assert {step.status for step in chain.steps} == {Status.UP}


def run(monkeypatch: pytest.MonkeyPatch, seen: Court, *arguments: str, now: float = 90) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(cli.status)
    app.command()(cli.outages)
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", seen.engine.url.render_as_string())
    monkeypatch.setattr(cli, "_now", lambda: moment(T0 + now))
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout


async def test_status_command(seen: Court, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = run(monkeypatch, seen, "status", "district:387", "--json")
    told = json.loads(text)
    assert (code, told["area"]) == (0, "district:387")
    assert told["sites"] == {"up": 10, "degraded": 0, "down": 5, "unknown": 0}
    assert told["villages"] == {"ready": 5, "degraded": 0, "blocked": 3, "unknown": 0}
    row = next(row for row in told["rows"] if row["site"] == "gp5")
    assert (row["kind"], row["name"], row["status"], row["first_failing_layer"]) == ("gp", "Gram 5", "down", "backhaul")
    assert row["since"] == "2027-01-15T08:01:01Z"


async def test_status_command_for_a_reader(seen: Court, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = run(monkeypatch, seen, "status", "--fail")
    assert code == 1
    assert "5 down" in text
    assert run(monkeypatch, seen, "status", "district:nowhere")[0] == 2


async def test_status_command_while_nobody_watches(
    seen: Court, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = run(monkeypatch, seen, "status", "district:387", "--json", "--fail", now=1000)
    told = json.loads(text)
    last = read.observed_until(seen.engine)
    assert last is not None
    assert code == 0  # unknown is not down
    assert told["sites"] == {"up": 0, "degraded": 0, "down": 0, "unknown": 15}
    assert told["villages"] == {"ready": 0, "degraded": 0, "blocked": 0, "unknown": 8}
    assert told["observed_until"] == last.isoformat(timespec="seconds").replace("+00:00", "Z")
    assert {row["since"] for row in told["rows"]} == {told["observed_until"]}


async def test_outages_command(seen: Court, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = run(monkeypatch, seen, "outages", "--from", "2027-01-15", "--to", "2027-01-16", "--json")
    lines: list[Mapping[str, object]] = [json.loads(line) for line in text.splitlines()]
    root = next(line for line in lines if line["root"])
    assert code == 0
    assert root == {
        "subject": "olt1:0/1/3", "subject_kind": "link", "status": "down", "from": "2027-01-15T08:01:01Z", "to": None,
        "cause": "fibre", "confidence": root["confidence"], "evidence": root["evidence"], "root": True,
        "explained_by": None, "segment": ["olt1 GPON 0/1/3", "ont5 PON"], "ring": "", "one_armed": False,
        "responsible": "agency", "villages": 3, "citizens": 18000,
    }  # fmt: skip
    assert {line["explained_by"] for line in lines if not line["root"]} == {"olt1:0/1/3"}
    assert run(monkeypatch, seen, "outages", "--from", "yesterday")[0] == 2
    assert run(monkeypatch, seen, "outages", "--from", "2027-01-15", "--to", "2027-01-14")[0] == 2
    assert run(monkeypatch, seen, "outages", "--from", "2030-01-01", "--to", "2030-02-01")[0] == 2
    assert run(monkeypatch, seen, "outages", "--to", "2027-01-12", "--json") == (0, "")  # the day before
    assert run(monkeypatch, seen, "outages", "district:374", "--from", "2027-01-15", "--json") == (0, "")


def test_sites_that_an_import_removed_are_counted_no_more(engine: Engine, small: Inventory) -> None:
    """The judge forgets them when it starts anew with the new inventory; pages count by what is stored."""
    apply(engine, small, moment(T0))
    for name in small.sites:
        set_state(engine, "site", name, "up")
    kept = {name: site for name, site in small.sites.items() if name != "gp8"}
    devices = {name: device for name, device in small.devices.items() if device.site in kept}
    links = {name: link for name, link in small.links.items() if link.a_device in devices and link.b_device in devices}
    apply(engine, replace(small, sites=kept, devices=devices, links=links), moment(T0 + 1))
    counts = read.counts(engine, Scope())
    assert sum(counts.sites.values()) == len(kept)
