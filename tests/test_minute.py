"""One minute of one village: from the polls to the cause, in the terminal, the API and the pages."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

import manage
from inventory.scope import Scope
from inventory.store import apply
from readiness import notices, ruleset, tables
from readiness.archive import close_months
from readiness.minute import Asked, Minute, minute
from readiness.model import Cause, Readiness, Status, SubjectKind
from readiness.notices import Announced
from readiness.rules.causes import Evidence, judge, shipped_weights
from readiness.rules.notices import About, NoticeKind
from readiness.rules.telling import because
from readiness.tables import outage, transition
from storage.engine import for_writing, open_engine
from storage.metadata import metadata
from storage.monthly import Month
from storage.poll_rows import PollRow, polls
from storage.segments import POLLS, Writer
from tests.pages import NOW, app_over, fill, two_districts
from tests.small import small_inventory

WEIGHTS = shipped_weights()
CUT = NOW - timedelta(hours=1)
VILLAGE = "village:V2"


def poll(device: str, at: datetime, reason: str = "", burst: int = 0) -> dict[str, object]:
    return {
        "at": at, "device": device, "took_ms": 12.0, "reached": not reason, "reason": reason, "burst_sent": burst,
        "burst_answered": 0,
    }  # fmt: skip


def told(kind: str, subject: str, at: datetime, after: str, reason: str, **more: object) -> dict[str, object]:
    return {
        "subject_kind": kind, "subject": subject, "at": at, "recorded_at": at + timedelta(seconds=17),
        "from_status": "unknown", "to_status": after, "reason": reason, "layer": "", "evidence": "[]",
    } | more  # fmt: skip


def rows(cut: datetime) -> list[dict[str, object]]:
    return [
        told("village", VILLAGE, cut - timedelta(days=40), "ready", "the kendra's PC answers"),
        told("device", "pc2", cut - timedelta(days=40), "up", "answers"),
        told("device", "gp2", cut - timedelta(days=40), "up", "answers"),
        told("device", "gp2", cut - timedelta(days=2), "unknown", "the collector sees none of its references"),
        told("device", "gp2", cut - timedelta(days=1), "up", "answers"),
        told("device", "gp2", cut, "down", "silent, and none of 20 probes answered"),
        told("device", "pc2", cut, "down", "silent, and none of 20 probes answered"),
        told("village", VILLAGE, cut, "blocked", "silent", layer="backhaul", evidence='["port down: gp1 GE0/0/2"]'),
    ]


def store(engine: Engine, folder: Path, cut: datetime = CUT) -> None:
    apply(engine, small_inventory(), NOW)
    ruleset.note(engine, cut - timedelta(days=3))
    found = judge(
        [Evidence("several_beyond", "2 sites beyond it fell silent together"), Evidence("ends_alive", "x")], WEIGHTS
    )
    row = {"from_at": cut, "cause": found.cause.value, "confidence": found.confidence, "status": "down", "villages": 3}
    root = row | {
        "subject_kind": "link", "subject": "ring-1-1", "root": True, "responsible": "agency", "weights": found.weights,
        "evidence": json.dumps(found.evidence), "kinds": json.dumps(found.kinds), "explained_by": None,
    }  # fmt: skip
    shadow = root | {"subject_kind": "device", "subject": "gp2", "root": False, "cause": "upstream", "explained_by": 1,
                     "evidence": '["explained by ring-1-1"]', "kinds": "[]", "weights": ""}  # fmt: skip
    with for_writing(engine).begin() as connection:
        connection.execute(insert(transition), rows(cut))
        connection.execute(insert(outage).values(root | {"id": 1}))
        connection.execute(insert(outage).values(shadow | {"id": 2}))
    writer = Writer(folder)
    some = [
        poll("gp2", cut - timedelta(seconds=60)), poll("gp2", cut, "timeout"),
        poll("gp2", cut + timedelta(seconds=10), "timeout", 20), poll("gp1", cut),
    ]  # fmt: skip
    writer.write({"polls": pa.Table.from_pylist(some, POLLS)})
    writer.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="module")
def stored(shared_engine: Engine, folder: Path) -> Engine:
    store(shared_engine, folder)
    return shared_engine


def explained(engine: Engine, folder: Path, at: datetime, blind_since: datetime | None = None) -> Minute:
    found = minute(engine, Scope(), Asked(VILLAGE, at, NOW, folder, 14, blind_since))
    assert found is not None
    return found


def test_a_minute_of_an_outage(stored: Engine, folder: Path) -> None:
    found = explained(stored, folder, CUT + timedelta(minutes=1))
    village, box, pc = found.stood
    assert (village.status, village.rule.name, village.transition) == (Readiness.BLOCKED, "village_chain", 8)
    assert village.rule.version == ruleset.present()["village.py"]
    assert (box.subject, box.status, box.since) == ("gp2", Status.DOWN, CUT)
    assert [(one.at - CUT, one.reached, one.burst_sent) for one in box.polls] == [
        (timedelta(seconds=-60), True, 0), (timedelta(), False, 0), (timedelta(seconds=10), False, 20),
    ]  # fmt: skip
    assert (pc.subject, pc.polls) == ("pc2", ())
    root, shadow = found.outages
    assert (root.outage.subject, root.rule.file, root.rule.version) == ("ring-1-1", "causes.toml", WEIGHTS.version)
    assert root.sentence == "the fibre was cut, confidence 0.98: x"
    assert shadow.sentence.endswith(": explained by ring-1-1")
    assert (shadow.rule.name, shadow.rule.version) == ("shadow_of_root", ruleset.present()["incidents.py"])


def test_a_layer_told_anew_does_not_move_the_beginning(engine: Engine, tmp_path: Path) -> None:
    """What the pages and the API call the beginning is when the village was blocked, whatever layer was found later."""
    store(engine, tmp_path)
    anew = told(
        "village", VILLAGE, CUT + timedelta(seconds=3), "blocked", "no mains", from_status="blocked", layer="power"
    )
    with for_writing(engine).begin() as connection:
        connection.execute(insert(transition), [anew])
    village = explained(engine, tmp_path, CUT + timedelta(minutes=1)).stood[0]
    assert (village.since, village.layer, village.transition) == (CUT, "power", 9)
    assert village.recorded_at == anew["recorded_at"]


def test_a_minute_before_it_and_one_inside_unknown(stored: Engine, folder: Path) -> None:
    before = explained(stored, folder, CUT - timedelta(hours=1))
    assert [one.status for one in before.stood] == [Readiness.READY, Status.UP, Status.UP]
    assert before.outages == ()
    blind = explained(stored, folder, CUT - timedelta(days=2) + timedelta(minutes=3)).stood[1]
    assert (blind.status, blind.rule.name) == (Status.UNKNOWN, "sight")
    never = explained(stored, folder, CUT - timedelta(days=50)).stood
    assert {(one.status, one.reason, one.transition) for one in never} == {("unknown", "not observed yet", 0)}


def test_nothing_is_known_since_nobody_watches(stored: Engine, folder: Path) -> None:
    found = explained(stored, folder, NOW, blind_since=NOW - timedelta(minutes=10))
    assert {(one.status, one.rule.name) for one in found.stood} == {("unknown", "nobody_watched")}


def test_a_minute_of_a_month_that_left_the_database(engine: Engine, tmp_path: Path) -> None:
    cut = CUT - timedelta(days=100)
    store(engine, tmp_path, cut)
    later = told("village", VILLAGE, CUT, "ready", "the kendra's PC answers")
    with for_writing(engine).begin() as connection:
        connection.execute(insert(transition), [later, later | {"subject_kind": "device", "subject": "gp2"}])
    done = close_months(engine, tmp_path, NOW)
    assert Month.of(cut) in done.written
    assert done.removed
    found = explained(engine, tmp_path, cut + timedelta(minutes=1))
    assert [(one.status, one.since) for one in found.stood[:2]] == [(Readiness.BLOCKED, cut), (Status.DOWN, cut)]
    assert found.stood[0].evidence == ("port down: gp1 GE0/0/2",)
    assert found.polls_since == NOW - timedelta(days=14)


def test_a_village_outside_the_scope_is_not_explained(stored: Engine, folder: Path) -> None:
    asked = Asked(VILLAGE, NOW, NOW, folder, 14)
    assert minute(stored, Scope("gp:G8"), asked) is None
    assert minute(stored, Scope(), Asked("village:none", NOW, NOW, folder, 14)) is None


def test_a_cause_is_told_by_what_spoke_most_for_it() -> None:
    kinds = ("feeder_alive", "port_up", "ups_here_on_mains")
    told = because(Cause.EQUIPMENT, 0.97, ("a", "b", "c"), kinds, WEIGHTS)
    assert told == "equipment failed, confidence 0.97: b"
    assert because(Cause.POWER, 0.7, ("a",), ("feeder_alive",), WEIGHTS) == "power was lost, confidence 0.70"
    assert because(Cause.UNDETERMINED, 0.4, (), (), WEIGHTS).startswith("the cause is not determined: nothing")


def test_the_rules_are_noted_once(engine: Engine) -> None:
    ruleset.note(engine, NOW)
    ruleset.note(engine, NOW + timedelta(hours=1))
    with engine.connect() as connection:
        found = ruleset.noted(connection)
    assert found.noted == ((NOW, ruleset.present()),)
    assert found.version("village.py", NOW - timedelta(seconds=1)) == ""
    assert found.version("village.py", NOW) == ruleset.present()["village.py"]


def test_the_rules_are_those_that_decided_not_those_of_the_minute(engine: Engine, tmp_path: Path) -> None:
    """The outage is recorded 17 s after it began, by the rules of then; others judge before and afterwards."""
    store(engine, tmp_path)
    others = [(CUT + timedelta(seconds=seconds), name) for seconds, name in ((-9, "old"), (5, "decided"), (30, "new"))]
    with for_writing(engine).begin() as connection:
        for begun, name in others:
            files = dict.fromkeys(("village.py", "status.py", "incidents.py"), name)
            connection.execute(insert(tables.ruleset).values(from_at=begun, files=json.dumps(files)))
    for minutes in (0, 40):
        found = explained(engine, tmp_path, CUT + timedelta(minutes=minutes))
        assert {one.rule.version for one in found.stood} == {"decided"}
        assert [one.rule.version for one in found.outages] == [WEIGHTS.version, "decided"]
    blind = explained(engine, tmp_path, NOW, blind_since=NOW - timedelta(minutes=10))
    assert {one.rule.version for one in blind.stood} == {ruleset.present()["watch.py"]}
    assert {one.rule.version for one in explained(engine, tmp_path, CUT - timedelta(days=50)).stood} == {""}


def test_the_command_explains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", f"sqlite:///{tmp_path}/x.db")
    monkeypatch.setenv("PAHUNCH_STORAGE__HISTORY", str(tmp_path / "history"))
    run = CliRunner().invoke
    assert run(manage.app, ["notice", "list"]).exit_code == 0  # makes the tables
    store(open_engine(f"sqlite:///{tmp_path}/x.db"), tmp_path / "history")
    at = (CUT + timedelta(minutes=1)).isoformat()
    found = run(manage.app, ["explain", VILLAGE, "--at", at, "--json"])
    assert [one["status"] for one in json.loads(found.stdout)["stood"]] == ["blocked", "down", "down"]
    plain = run(manage.app, ["explain", VILLAGE, "--at", at]).stdout
    assert "then 0 of 20 probes answered" in plain
    assert "the fibre was cut, confidence 0.98: x" in plain
    assert run(manage.app, ["explain", "village:none"]).exit_code == 2
    assert run(manage.app, ["explain", VILLAGE, "--at", "2100-01-01"]).exit_code == 2


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("pages")
    engine = open_engine(f"sqlite:///{folder}/x.db")
    metadata.create_all(engine)
    fill(engine, two_districts())
    about = Announced(NoticeKind.POWER_CUT, About.FEEDER, "feeder-0", CUT, "<b>CSPDCL</b>")
    notices.declare(engine, [about], CUT)
    with TestClient(app_over(engine, two_districts(), folder), base_url="http://127.0.0.1") as made:
        yield made


@pytest.mark.parametrize(("language", "words"), [("en", "What was known"), ("hi", "जो ज्ञात था"), ("pa", "ਜੋ ਪਤਾ ਸੀ")])
def test_the_page_explains_in_three_languages(client: TestClient, language: str, words: str) -> None:
    answer = client.get(f"/{language}/village/village:V3/minute?at=2026-11-21T10:00")
    assert answer.status_code == 200
    assert words in answer.text
    assert "minute" in client.get(f"/{language}/village/village:V3").text


def test_the_api_explains_and_lists_notices(client: TestClient) -> None:
    found = client.get("/api/v1/readiness/village:V3/minute").json()
    assert found["stood"][0]["kind"] == SubjectKind.VILLAGE
    (notice,) = client.get("/api/v1/notices").json()
    assert (notice["told"]["who"], notice["withdrawn_at"]) == ("<b>CSPDCL</b>", None)
    assert client.get("/api/v1/readiness/village:V3/minute?at=2190-01-01T00:00:00Z").status_code == 422
    assert client.get("/en/village/village:V3/minute?at=tomorrow").status_code == 422


def test_of_what_was_told_days_later_the_polls_at_both_ends_are_read(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late check-in tells of last week: all the polls between are thousands, of which twelve would be kept."""
    apply(engine, small_inventory(), NOW)
    began, recorded = NOW - timedelta(days=6), NOW - timedelta(minutes=1)
    late = told("device", "gp2", began, "down", "checked in", recorded_at=recorded)
    with for_writing(engine).begin() as connection:
        connection.execute(insert(transition), [late])
    writer = Writer(tmp_path)
    ends = [began + timedelta(minutes=1), recorded - timedelta(minutes=1)]
    between = [began + timedelta(days=day) for day in range(1, 6)]
    writer.write({"polls": pa.Table.from_pylist([poll("gp2", at) for at in [*ends, *between]], POLLS)})
    writer.close()
    read = list[timedelta]()

    def noted(folder: Path, devices: Sequence[str], start: datetime, end: datetime) -> list[PollRow]:
        read.append(end - start)
        return polls(folder, devices, start, end)

    monkeypatch.setattr("readiness.minute.polls", noted)
    box = explained(engine, tmp_path, NOW - timedelta(days=3, hours=1)).stood[1]
    assert [one.at for one in box.polls] == ends
    assert sum(read, timedelta()) < timedelta(hours=2)
