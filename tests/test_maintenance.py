"""Announced work: what begins in its time is planned, what outlasts it is not."""

import tracemalloc
from dataclasses import replace
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from inventory.model import Inventory
from inventory.scope import Scope
from inventory.store import apply
from readiness import maintenance, read, tables
from readiness.maintenance import Announced, MaintenanceError
from readiness.model import Cause, Responsible, Status, SubjectKind
from readiness.rules.graph import build
from readiness.rules.outages import Finding
from readiness.rules.planned import Plans, Scene, Work
from readiness.store import moment
from storage.engine import for_writing
from tests.judging import T0, court
from tests.pages import NOW, app_over, fill, two_districts
from tests.small import DISTRICT, small_inventory

GRAPH = build(small_inventory())
RADIO, LINK_OF_IT = (SubjectKind.DEVICE, "radio8"), (SubjectKind.LINK, "radio-8")


def plans(*works: tuple[float, float]) -> Plans:
    return Plans(GRAPH, [Work(n, Scene.DEVICE, "radio8", *at, "agency", "new mast") for n, at in enumerate(works)])


def finding(
    start: float, subject: tuple[SubjectKind, str] = RADIO, root: tuple[SubjectKind, str] | None = None
) -> Finding:
    return Finding(subject, Status.DOWN, start, Cause.FIBRE, 0.8, ("seen",), Responsible.AGENCY, root)


@pytest.mark.parametrize(
    ("start", "now", "expected"),
    [
        (9, 50, (Cause.FIBRE, 9)),  # it was down before
        (10, 50, (Cause.PLANNED, 10)),
        (99, 99, (Cause.PLANNED, 99)),
        (50, 100, (Cause.FIBRE, 100)),  # it lasts longer than the work
        (100, 120, (Cause.FIBRE, 100)),
    ],
)
def test_what_begins_in_the_time_of_work_is_planned_until_its_end(
    start: float, now: float, expected: tuple[Cause, float]
) -> None:
    laid = plans((10, 100)).laid_over({RADIO: finding(start)}, now)[RADIO]
    assert (laid.cause, laid.start) == expected
    assert (laid.responsible is Responsible.NONE) == (laid.cause is Cause.PLANNED)


def test_work_that_follows_without_a_gap_goes_on() -> None:
    two = plans((10, 100), (90, 200))
    assert two.laid_over({RADIO: finding(20)}, 150)[RADIO].cause is Cause.PLANNED
    assert two.laid_over({RADIO: finding(20)}, 250)[RADIO].start == 200
    assert plans((10, 100), (110, 200)).laid_over({RADIO: finding(20)}, 150)[RADIO].start == 100


def test_what_work_explains_is_planned_with_it_and_all_else_is_not() -> None:
    pc, other = (SubjectKind.DEVICE, "pc8"), (SubjectKind.DEVICE, "gp1")
    found = {
        RADIO: finding(20),
        pc: finding(21, pc, RADIO),
        other: finding(22, other),
        LINK_OF_IT: finding(23, LINK_OF_IT),
    }
    laid = plans((10, 100)).laid_over(found, 50)
    assert {subject for subject, one in laid.items() if one.cause is Cause.PLANNED} == {RADIO, pc, LINK_OF_IT}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_much_announced_work_takes_memory_for_itself_and_not_for_each_device(engine: Engine) -> None:
    """2,000 works of two months over 65,000 devices kept 130 MB of masks, each tested for every root."""
    small = small_inventory()
    base = {"declared_at": moment(T0), "declared_by": "x", "reason": "y"}
    span = {"from_at": moment(T0), "to_at": moment(T0 + 3600)}
    every = [(Scene.AREA, DISTRICT), (Scene.SITE, "gp8"), (Scene.DEVICE, "radio8"), (Scene.DEVICE, "gp1")]
    rows = [base | span | {"subject_kind": kind, "subject": subject} for kind, subject in every]
    with for_writing(engine).begin() as connection:
        connection.execute(insert(tables.maintenance), rows * 500)
    devices = {name: replace(small.devices["radio8"], name=name) for name in (f"r{n}" for n in range(5_000))}
    wide = replace(small, devices={**small.devices, **devices})
    graph = build(wide)
    calendar = maintenance.Calendar(engine, wide, graph)
    tracemalloc.start()
    assert calendar.refresh(T0 + 1)
    found = [len(calendar.plans.on((SubjectKind.DEVICE, name))) for name in ("radio8", "gp2", "gp1", "r7", "pc8")]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [1500, 500, 1000, 1000, 500]
    assert len(calendar.plans.on(LINK_OF_IT)) == 1500
    assert held < 4_000_000  # the rows themselves; masks over these few devices took 10 MB
    assert (calendar.plans.next_turn(T0 + 1), calendar.plans.next_turn(T0 + 3600)) == (T0 + 3600, inf)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=5), st.integers(0, 90), st.integers(0, 200))
def test_no_minute_is_planned_that_nobody_announced(spans: list[tuple[int, int]], start: int, later: int) -> None:
    works = [(float(begin), float(begin + length)) for begin, length in spans]
    now = float(start + later)
    laid = plans(*works).laid_over({RADIO: finding(start)}, now)[RADIO]
    if laid.cause is Cause.PLANNED:
        assert any(begin <= now < end for begin, end in works)
        assert any(begin <= start < end for begin, end in works)
    assert start <= laid.start <= max(now, start)


async def test_an_outage_in_announced_work_is_split_where_the_work_ends(engine: Engine, small: Inventory) -> None:
    here = court(engine, small)
    await here.run(15)
    announced = Announced(Scene.SITE, "gp8", moment(T0 + 16), moment(T0 + 100), "agency", "new mast")
    row = maintenance.declare(engine, small, announced, moment(T0 + 15))
    await here.run(30)
    here.world.dead.add("radio8")
    await here.run(60)
    (root,) = here.roots()
    assert (root.subject, root.cause, root.responsible) == ("radio8", Cause.PLANNED, Responsible.NONE)
    assert root.evidence[0] == "work announced by agency: new mast"
    assert here.state(SubjectKind.VILLAGE, "village:V8").status == "blocked"  # work changes no observation
    await here.run(130)
    planned, late = here.roots()
    assert (planned.end, late.start) == (row.end, row.end)
    assert late.cause is not Cause.PLANNED
    assert late.evidence[0] == "work announced by agency was to be over by then"
    behind = [one for one in read.outages(engine, Scope()) if one.subject == "pc8"]
    assert [one.cause is Cause.PLANNED for one in behind] == [True, False]
    assert behind[0].end == behind[1].start == row.end
    here.restart()
    await here.run(150)
    assert len(here.roots()) == 2
    here.world.dead.clear()
    await here.run(180)
    assert [one for one in read.outages(engine, Scope()) if one.end is None] == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_cannot_be_announced(engine: Engine, small: Inventory) -> None:
    now = moment(T0)

    def refused(kind: Scene, subject: str, start: int, end: int, by: str = "x") -> str:
        with pytest.raises(MaintenanceError) as raised:
            maintenance.declare(
                engine, small, Announced(kind, subject, moment(T0 + start), moment(T0 + end), by, "y"), now
            )
        return str(raised.value)

    assert "nobody-9" in refused(Scene.DEVICE, "nobody-9", 0, 60)
    assert "before it begins" in refused(Scene.SITE, "gp8", 60, 60)
    assert "over already" in refused(Scene.SITE, "gp8", -120, -60)
    assert "31 days" in refused(Scene.AREA, DISTRICT, 0, 40 * 86400)
    assert "who" in refused(Scene.SITE, "gp8", 0, 60, by=" ")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_work_counts_from_when_it_was_announced_until_it_was_called_off(engine: Engine, small: Inventory) -> None:
    apply(engine, small, moment(T0))
    announced = Announced(Scene.AREA, "gp:G8", moment(T0 - 600), moment(T0 + 600), "agency", "new mast")
    row = maintenance.declare(engine, small, announced, moment(T0))
    assert row.counts_from == moment(T0)
    assert not row.is_on(moment(T0 - 1))
    assert maintenance.cancel(engine, Scope("district:999"), row.id, "officer", moment(T0 + 60)) is None
    gone = maintenance.cancel(engine, Scope(DISTRICT), row.id, "officer", moment(T0 + 60))
    again = maintenance.cancel(engine, Scope(DISTRICT), row.id, "somebody", moment(T0 + 90))
    assert gone is not None
    assert gone == again
    assert (gone.cancelled_by, gone.counts_until) == ("officer", moment(T0) + timedelta(seconds=60))
    assert maintenance.listed(engine, Scope("gp:G1"), since=moment(T0)) == []
    assert maintenance.listed(engine, Scope(DISTRICT), since=moment(T0)) == [gone]


@pytest.mark.parametrize(
    ("scope", "kind", "subject", "allowed"),
    [
        (None, Scene.AREA, "state:22", True),
        (DISTRICT, Scene.AREA, "state:22", False),
        (DISTRICT, Scene.AREA, "gp:G1", True),
        ("gp:G1", Scene.DEVICE, "gp1", True),
        ("gp:G1", Scene.DEVICE, "gp2", False),
        ("gp:G1", Scene.SITE, "kendra1", True),
        ("gp:G1", Scene.SITE, "nowhere", False),
        ("gp:G1", Scene.DEVICE, "nothing", False),
        ("district:9", Scene.DEVICE, "gp1", False),
    ],
)
def test_who_is_limited_to_an_area_announces_work_there_only(
    scope: str | None, kind: Scene, subject: str, allowed: bool
) -> None:
    assert maintenance.is_in_scope(small_inventory(), Scope(scope), kind, subject) is allowed


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_over_http(engine: Engine, tmp_path: Path) -> None:
    inventory = two_districts()
    fill(engine, inventory)
    with TestClient(app_over(engine, inventory, tmp_path, DISTRICT), base_url="http://127.0.0.1") as client:
        told = {"kind": "site", "subject": "gp8", "by": "agency", "reason": "new mast"}
        times = {"start": NOW.isoformat(), "end": (NOW + timedelta(hours=2)).isoformat()}
        made = client.post("/api/v1/maintenance", json=told | times)
        assert made.status_code == 201, made.text
        path = f"/api/v1/maintenance/{made.json()['id']}/cancel"
        assert [one["subject"] for one in client.get("/api/v1/maintenance").json()["items"]] == ["gp8"]
        elsewhere = client.post("/api/v1/maintenance", json=told | times | {"subject": "evil-gp"})
        assert elsewhere.status_code == 404
        assert client.post("/api/v1/maintenance", json=told | times | {"end": times["start"]}).status_code == 422
        order = client.get("/api/v1/map/status").headers["pahunch-order"]
        panels = [client.get(f"/hi/fragment/site/{n}?order={order}").text for n in range(20)]
        assert [panel for panel in panels if "new mast" in panel and "नियोजित कार्य" in panel]
        foreign = client.post(path, json={"by": "x"}, headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403
        assert client.post(path, json={"by": "officer"}).json()["cancelled_by"] == "officer"
        assert client.get("/api/v1/maintenance").json()["items"][0]["cancelled_at"] is not None


def test_what_somebody_answered_outranks_what_was_announced() -> None:
    answered = replace(finding(20), kinds=("answer_fibre",))
    assert plans((10, 100)).laid_over({RADIO: answered}, 50)[RADIO] == answered
