"""What is stored and not understood is left out: judgement, pages and all other rows go on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert, text
from structlog.testing import capture_logs

from inventory.model import Inventory
from inventory.scope import Scope
from inventory.store import apply
from readiness import maintenance, notices, present, read, trouble_rows, views
from readiness.maintenance import Announced as Work
from readiness.maintenance import MaintenanceError
from readiness.model import Cause, Responsible, Status, SubjectKind
from readiness.notices import Announced
from readiness.rules.graph import build
from readiness.rules.notices import About, NoticeKind
from readiness.rules.planned import Scene
from readiness.states import States
from readiness.store import load, moment
from readiness.tables import notice
from storage import understood
from storage.types import from_millis
from tests.judging import T0, Court, court
from tests.pages import NOW, app_over, fill, two_districts
from tests.rounds import World

YEAR_10000_MS = 253402347599000
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def seen(engine: Engine, small: Inventory) -> Court:
    return court(engine, small)


def stored(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def work(engine: Engine, kind: str, from_ms: int, to_ms: int) -> None:
    stored(
        engine,
        "INSERT INTO maintenance (subject_kind, subject, from_at, to_at, declared_at, declared_by, reason)"
        " VALUES (:kind, 'gp8', :start, :end, :start, 'agency', 'mast')",
        kind=kind, start=from_ms, end=to_ms,
    )  # fmt: skip


def gp1_dies(world: World) -> None:
    world.dead.add("gp1")


def gp1_returns(world: World) -> None:
    world.dead.clear()


def ms(after: float) -> int:
    return round((T0 + after) * 1000)


def test_a_moment_beyond_the_calendar_is_read_as_its_end(engine: Engine) -> None:
    work(engine, "site", YEAR_10000_MS - 1000, YEAR_10000_MS)
    work(engine, "site", -YEAR_10000_MS, ms(600))
    early, late = maintenance.listed(engine, Scope(), since=moment(T0))
    assert (early.start.year, late.end.year) == (2, 9998)
    with pytest.raises(OverflowError):
        from_millis(YEAR_10000_MS)


async def test_work_that_cannot_be_understood_ends_no_judgement_and_hides_no_other_work(seen: Court) -> None:
    await seen.run(30)
    work(seen.engine, "site", YEAR_10000_MS - 1000, YEAR_10000_MS)
    work(seen.engine, "planet", ms(30), ms(3600))
    work(seen.engine, "site", ms(30), ms(3600))
    await seen.run(60)
    seen.restart()
    await seen.run(150, {70: lambda world: world.dead.add("radio8")})
    assert [(root.subject, root.cause) for root in seen.roots()] == [("radio8", Cause.PLANNED)]
    assert len(maintenance.listed(seen.engine, Scope(), since=moment(T0))) == 2


async def test_a_notice_from_the_year_one_counts_and_one_of_another_version_is_left_out(seen: Court) -> None:
    await seen.run(90, {20: gp1_dies, 80: gp1_returns})
    base = {"subject_kind": "site", "subject": "gp1", "who": "discom", "declared_at": moment(T0 + 30)}
    year_one = {**base, "kind": "power_cut", "from_at": datetime(1, 1, 1, tzinfo=UTC), "to_at": moment(T0 + 3600)}
    with seen.engine.begin() as connection:
        connection.execute(insert(notice), [year_one, {**year_one, "kind": "eclipse", "from_at": moment(T0)}])
    await seen.run(100)
    (root,) = seen.roots()
    assert "announced by discom: mains are cut at gp1" in root.evidence
    assert [row.told.kind for row in notices.listed(seen.engine, Scope())] == [NoticeKind.POWER_CUT]


async def test_an_outage_judged_by_another_versions_words_is_judged_anew_by_the_words_known_here(seen: Court) -> None:
    await seen.run(90, {20: gp1_dies, 80: gp1_returns})
    other = """UPDATE outage SET kinds = '["retired_kind"]', evidence = '["it was so"]', cause = 'eclipse'"""
    stored(seen.engine, other + ", responsible = 'moon' WHERE root")
    (root,) = seen.roots()
    assert (root.cause, root.responsible) == (Cause.UNDETERMINED, Responsible.NONE)
    told = Announced(NoticeKind.OPERATOR_ANSWER, About.SITE, "gp1", moment(T0 + 30), "Sunita", cause=Cause.POWER)
    assert notices.declare(seen.engine, [told], moment(T0 + 90))
    await seen.run(100)
    (root,) = seen.roots()
    assert root.cause is Cause.POWER
    assert root.kinds == ("retired_kind", "answer_power")


async def test_an_open_outage_of_another_version_goes_on_and_ends(seen: Court) -> None:
    await seen.run(60, {20: gp1_dies})
    (before,) = seen.roots()
    assert before.end is None
    stored(seen.engine, """UPDATE outage SET cause = 'eclipse', kinds = '["retired_kind"]' WHERE root""")
    stored(seen.engine, "UPDATE outage SET evidence = 'no JSON' WHERE NOT root AND subject = 'pc1'")
    seen.restart()
    await seen.run(160, {80: gp1_returns})
    (after,) = seen.roots()
    assert (after.id, after.end) == (before.id, moment(T0 + 81.48))


async def test_what_another_version_stored_of_the_present_is_unknown_until_it_is_seen(seen: Court) -> None:
    await seen.run(60, {20: gp1_dies})
    stored(seen.engine, "UPDATE state SET status = 'sleeping' WHERE subject = 'gp2'")
    stored(seen.engine, "UPDATE state SET layer = 'weather' WHERE subject = 'gp3'")
    stored(seen.engine, "UPDATE state SET since = :ms WHERE subject = 'radio8'", ms=2**62)
    stored(
        seen.engine,
        "INSERT INTO trouble (subject_kind, subject, about, kind, since, at, value, reason)"
        " VALUES ('device', 'gp2', '', 'boredom', 1, 1, 1.0, 'x')",
    )
    stored(
        seen.engine,
        "INSERT INTO endpoint_view (endpoint, eyes, status, since, looked_at, reason)"
        " VALUES ('portal', 'noc', 'sleeping', 1, 1, 'x')",
    )
    states = States(seen.inventory, build(seen.inventory), moment(T0 + 60))
    load(seen.engine, states)
    kept = states.of[SubjectKind.DEVICE]
    assert {kept.names[at] for at in kept.unsaved.nonzero()[0]} == {"gp2", "gp3", "radio8"}
    with seen.engine.connect() as connection:
        assert not trouble_rows.load(connection)
        assert not views.load(connection)
    assert {row.subject for row in read.states(seen.engine, Scope(), SubjectKind.DEVICE)}.isdisjoint({"gp2", "gp3"})
    seen.restart()
    await seen.run(100)
    assert {seen.state(SubjectKind.DEVICE, name).status for name in ("gp2", "gp3", "radio8")} == {Status.UP}
    assert seen.state(SubjectKind.DEVICE, "gp1").status is Status.DOWN


async def test_the_outage_of_another_version_is_none_by_its_number_either(seen: Court) -> None:
    await seen.run(60, {20: gp1_dies})
    (root,) = seen.roots()
    assert read.outage_by_id(seen.engine, Scope(), root.id) == root
    stored(seen.engine, "UPDATE outage SET status = 'collapsed' WHERE root")
    assert read.outage_by_id(seen.engine, Scope(), root.id) is None


def test_a_table_of_another_version_fills_no_log(engine: Engine) -> None:
    """Each row is told once, and of very many the first ones: also where all are read again and again."""
    tell = understood._Told(3)
    with capture_logs() as said:
        for _ in range(3):
            for number in range(8):
                tell("outage", str(number), "KeyError: 'moon'")
            tell("notice", "1", "ValueError: year 0")
    assert [(line["table"], line.get("row")) for line in said] == [
        *(("outage", str(number)) for number in range(3)), ("outage", None), ("notice", "1"),
    ]  # fmt: skip


async def test_a_ups_whose_counter_is_full_of_ones_ends_no_judgement(seen: Court) -> None:
    sayings = seen.judge._knowledge.sayings
    node = build(seen.inventory).index["ups2"]
    sayings._take_ups(node, T0, on_battery=True)
    for left_s, empty_at in ((3600.0, T0 + 3600), (4294967295 * 60.0, T0 + 3600), (float("nan"), T0 + 3600)):
        sayings._take_runtime(node, T0, left_s)
        assert sayings.unsaved()["ups2"].empty_at == empty_at if left_s == 3600.0 else not sayings.unsaved()
    await seen.run(20)


def test_no_work_and_no_notice_is_taken_that_lies_beyond_the_usual(engine: Engine, small: Inventory) -> None:
    apply(engine, small, moment(T0))
    end = datetime.fromisoformat("9999-12-31T23:59:59-12:00")
    for start, until in ((datetime(9999, 12, 20, tzinfo=UTC), end), (datetime(1, 1, 1, tzinfo=UTC), moment(T0 + 60))):
        with pytest.raises(MaintenanceError, match="between 1970 and 2200"):
            maintenance.declare(engine, small, Work(Scene.SITE, "gp8", start, until, "a", "b"), moment(T0))
    for field, told in (
        ("from", Announced(NoticeKind.UNPAID, About.SITE, "gp8", datetime(1, 1, 1, tzinfo=UTC), "a")),
        ("to", Announced(NoticeKind.UNPAID, About.SITE, "gp8", moment(T0), "a", end)),
    ):
        with engine.connect() as connection, pytest.raises(notices.NoticeError, match="between 1970") as raised:
            notices.checked(connection, told, Scope())
        assert raised.value.field == field


def test_over_http_no_work_of_another_age(engine: Engine, tmp_path: Path) -> None:
    inventory = two_districts()
    fill(engine, inventory)
    work(engine, "site", YEAR_10000_MS - 1000, YEAR_10000_MS)
    told = {"kind": "site", "subject": "gp8", "by": "agency", "reason": "mast", "start": NOW.isoformat()}
    with TestClient(app_over(engine, inventory, tmp_path), base_url="http://127.0.0.1") as client:
        body = told | {"end": "9999-12-31T23:59:59-12:00"}
        assert client.post("/api/v1/maintenance", json=body).status_code == 422
        assert client.get("/api/v1/maintenance?since=0001-01-01T00:00:00%2B14:00").status_code == 422
        assert client.get("/api/v1/maintenance").status_code == 200
        order = client.get("/api/v1/map/status").headers["pahunch-order"]
        assert client.get(f"/hi/fragment/site/1?order={order}").status_code == 200


def test_a_row_that_is_left_out_makes_no_page_the_last(engine: Engine, small: Inventory) -> None:
    """Two of the first page's three villages are not understood: it is filled up with the next ones."""
    apply(engine, small, NOW)
    for number in range(1, 9):
        stored(
            engine,
            "INSERT INTO state (subject_kind, subject, status, since, reason, layer, transition)"
            " VALUES ('village', :name, :status, 0, 'x', '', 0)",
            name=f"village:V{number}",
            status="upp" if number in {1, 3} else "ready",
        )
    found, after = list[str](), ""
    while rows := present.page(engine, Scope(), SubjectKind.VILLAGE, after=after, limit=3):
        found += [row.subject for row in rows]
        assert len(rows) == 3
        after = rows[-1].subject
    assert found == [f"village:V{number}" for number in (2, 4, 5, 6, 7, 8)]
