"""Notices: what people announce or answer, and what becomes of the causes of outages."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text
from typer.testing import CliRunner

import manage
from inventory.model import Inventory
from inventory.scope import Scope
from inventory.store import apply
from readiness import notice_files, notices, tables
from readiness.model import Cause, Responsible, SubjectKind
from readiness.notices import Announced, NoticeError
from readiness.rules.causes import Evidence, judge, shipped_weights
from readiness.rules.notices import About, Board, Notice, NoticeKind
from readiness.store import moment
from readiness.tables import outage
from storage.engine import for_writing, open_engine
from tests.judging import T0, Court, court
from tests.rounds import World
from tests.small import DISTRICT, small_inventory

WEIGHTS = shipped_weights()
SITE = (About.SITE, "gp-3")
DAY = 86400.0


def notice(kind: NoticeKind, start: float = 0.0, end: float = inf, **more: object) -> Notice:
    made = Notice(1, kind, SITE, start, end, "JE Kurud", start)
    return replace(made, **more)  # type: ignore[arg-type]


def kinds(board: Board, start: float, end: float = inf) -> list[str]:
    return [item.kind for item in board.evidence([SITE], start, end)]


def test_an_announcement_counts_for_what_begins_while_it_is_valid() -> None:
    board = Board.of([(SITE, notice(NoticeKind.POWER_CUT, 3600, 7200))])
    assert kinds(board, 3000) == kinds(board, 7200) == ["notice_power_cut"]
    assert kinds(board, 2000) == kinds(board, 7201) == []
    assert list(board.evidence([(About.SITE, "gp-4")], 5000)) == []


def test_what_is_announced_of_an_area_is_kept_once_and_what_is_over_is_passed_over() -> None:
    """Years of announcements for a district cost no more at an outage than those of today."""
    asked: list[Notice] = []

    class Noted(Notice):
        __slots__ = ()

        def counts_for(self, start: float, end: float) -> bool:
            asked.append(self)
            return super().counts_for(start, end)

    area = (About.AREA, "district:1")
    years = [
        Noted(n, NoticeKind.POWER_CUT, area, n * 3600.0, n * 3600.0 + 1800, "discom", n * 3600.0) for n in range(4000)
    ]
    board = Board.of([(area, each) for each in reversed(years)], lambda _: ["gp:1", "district:1"])
    assert sum(map(len, board.at.values())) == 4000
    assert kinds(board, 3999 * 3600.0 + 60) == ["notice_power_cut"]
    assert asked == years[3999:]
    assert kinds(board, 3000 * 3600.0 + 60) == ["notice_power_cut"]
    assert [item.kind for item in board.evidence([(About.FEEDER, "gp-3")], 0.0)] == []


def test_an_answer_counts_for_what_goes_on_then_and_the_newest_is_the_one() -> None:
    first = notice(NoticeKind.OPERATOR_ANSWER, 5000, cause=Cause.FIBRE)
    later = replace(first, id=2, cause=Cause.POWER, declared_at=9000.0)
    board = Board.of([(SITE, later), (SITE, first)])
    assert kinds(board, 4000) == ["answer_power"]
    assert kinds(board, 4000, 4900) == kinds(board, 5001) == []


CASES = [
    (("notice_unpaid",), Cause.ADMINISTRATIVE),
    (("notice_unpaid", "loss_of_signal"), Cause.UNDETERMINED),
    (("notice_shut_down", "loss_of_signal"), Cause.ADMINISTRATIVE),
    (("notice_power_cut",), Cause.POWER),
    (("notice_power_cut", "loss_of_signal"), Cause.UNDETERMINED),
    (("notice_right_of_way", "several_beyond", "ports_down"), Cause.PLANNED),
    (("notice_right_of_way", "ups_here_on_battery", "dying_gasp"), Cause.POWER),
    (("answer_equipment", "ups_here_on_battery", "dying_gasp", "site_silent"), Cause.EQUIPMENT),
    (("answer_last_mile", "end_device"), Cause.LAST_MILE),
    (("closing_time", "end_device"), Cause.ADMINISTRATIVE),
    (("battery_run_down",), Cause.POWER),
    (("battery_lasted",), Cause.UNDETERMINED),
]


@pytest.mark.parametrize(("found", "cause"), CASES)
def test_cause_of_what_people_said(found: tuple[str, ...], cause: Cause) -> None:
    assert judge([Evidence(kind, kind) for kind in found], WEIGHTS).cause is cause


def test_who_announces_may_name_who_acts() -> None:
    said = Evidence("notice_shut_down", "shut", Responsible.KENDRA_OPERATOR)
    assert judge([said], WEIGHTS).responsible is Responsible.KENDRA_OPERATOR
    power = [said, Evidence("answer_power", "power")]
    assert judge(power, WEIGHTS).responsible is Responsible.POWER_UTILITY


@given(
    st.lists(st.tuples(st.floats(0, DAY), st.floats(0, DAY), st.sampled_from(list(NoticeKind))), max_size=8),
    st.floats(0, DAY),
    st.randoms(use_true_random=False),
)
def test_the_order_of_notices_does_not_matter(
    told: list[tuple[float, float, NoticeKind]], start: float, chance: object
) -> None:
    made = [
        notice(kind, at, at + length, id=number, cause=Cause.POWER if kind is NoticeKind.OPERATOR_ANSWER else None)
        for number, (at, length, kind) in enumerate(told)
    ]
    mixed = sorted(made, key=lambda _: chance.random())  # type: ignore[attr-defined]
    one, other = (Board.of([(SITE, each) for each in some]).evidence([SITE], start) for some in (made, mixed))
    assert one == other


@pytest.fixture(scope="module")
def filled(shared_engine: Engine) -> Engine:
    apply(shared_engine, small_inventory(), moment(T0))
    return shared_engine


BASIC = Announced(NoticeKind.SHUT_DOWN, About.SITE, "gp3", moment(T0), "DPO Raipur")


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (replace(BASIC, subject="gp99"), "subject"),
        (replace(BASIC, about=About.OUTAGE, subject="one"), "subject"),
        (replace(BASIC, about=About.FEEDER, subject=""), "subject"),
        (replace(BASIC, to_at=moment(T0 - 1)), "to"),
        (replace(BASIC, who=" "), "who"),
        (replace(BASIC, who="a\x1b[31mb"), "who"),
        (replace(BASIC, text="x" * 501), "text"),
        (replace(BASIC, cause=Cause.POWER), "cause"),
        (replace(BASIC, kind=NoticeKind.OPERATOR_ANSWER), "cause"),
        (replace(BASIC, kind=NoticeKind.OPERATOR_ANSWER, cause=Cause.UNDETERMINED), "cause"),
    ],
)
def test_what_is_wrong_with_a_notice_is_named(filled: Engine, told: Announced, field: str) -> None:
    with filled.connect() as connection, pytest.raises(NoticeError) as error:
        notices.checked(connection, told, Scope())
    assert error.value.field == field


@pytest.fixture
def seen(engine: Engine, small: Inventory) -> Court:
    return court(engine, small)


def declare(seen: Court, told: Announced) -> int:
    (number,) = notices.declare(seen.engine, [told], moment(T0 + seen.clock))
    assert notices.declare(seen.engine, [told], moment(T0 + seen.clock)) == []
    return number


async def test_an_answer_tells_an_open_outage_and_one_that_is_over(seen: Court) -> None:
    def dies(world: World) -> None:
        world.dead.add("pc8")

    await seen.run(80, {20: dies})
    (before,) = seen.roots()
    assert before.cause is Cause.UNDETERMINED
    about = Announced(
        NoticeKind.OPERATOR_ANSWER,
        About.OUTAGE,
        str(before.id),
        moment(T0 + 80),
        "Sunita, operator",
        cause=Cause.EQUIPMENT,
    )
    first = declare(seen, about)
    await seen.run(90)
    (open_one,) = seen.roots()
    assert (open_one.cause, open_one.confidence, open_one.end) == (Cause.EQUIPMENT, 1.0, None)
    assert open_one.evidence[-1].startswith("Sunita, operator answered on 2027-01-15 at ")
    await seen.run(190, {100: lambda world: world.dead.clear()})
    (over,) = seen.roots()
    assert (over.cause, over.kinds[-1]) == (Cause.EQUIPMENT, "end_started_anew")
    declare(seen, replace(about, cause=Cause.LAST_MILE, who="Engineer"))
    await seen.run(200)
    assert [root.cause for root in seen.roots()] == [Cause.LAST_MILE]
    assert notices.withdraw(seen.engine, first + 1, "Engineer", moment(T0 + 200), Scope())
    await seen.run(210)
    assert [root.cause for root in seen.roots()] == [Cause.EQUIPMENT]


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_an_answer_is_kept_when_those_behind_a_cut_tell_more_of_it(seen: Court, withdrawn: bool) -> None:
    """The answer comes after the cut is over, and before it is judged again by the uptime of what lay behind."""
    await seen.run(140, {60: lambda world: world.cut.update(["ring-1-1", "ring-1-3"])})
    (before,) = seen.roots()
    assert (before.kind, before.cause) == (SubjectKind.LINK, Cause.FIBRE)
    told = Announced(
        NoticeKind.OPERATOR_ANSWER, About.OUTAGE, str(before.id), moment(T0), "Engineer", cause=Cause.POWER
    )  # fmt: skip
    number = declare(seen, told) if withdrawn else 0
    await seen.run(160, {145: lambda world: world.cut.clear()})
    assert withdrawn or declare(seen, told)
    assert not withdrawn or notices.withdraw(seen.engine, number, "Engineer", moment(T0 + seen.clock), Scope())
    await seen.run(230)
    (after,) = [row for row in seen.roots() if row.id == before.id]
    assert (after.end is not None, "behind_ran_on" in after.kinds) == (True, True)
    assert after.cause is (Cause.FIBRE if withdrawn else Cause.POWER)


async def test_what_is_announced_of_an_area_counts_for_its_sites_and_after_a_restart(seen: Court) -> None:
    area = seen.inventory.sites["gp3"].area
    shut = Announced(NoticeKind.SHUT_DOWN, About.AREA, area, moment(T0), "DPO", responsible=Responsible.PANCHAYAT)
    declare(seen, shut)
    seen.restart()
    await seen.run(60, {20: lambda world: world.dead.update(["gp3", "radio8"])})
    found = {root.subject: (root.cause, root.responsible) for root in seen.roots()}
    assert found["gp3"] == (Cause.ADMINISTRATIVE, Responsible.PANCHAYAT)
    assert found["radio8"][0] is not Cause.ADMINISTRATIVE


def test_notices_are_told_to_those_whose_area_they_are_about(engine: Engine, small: Inventory) -> None:
    apply(engine, small, moment(T0))
    there = replace(BASIC, to_at=moment(T0) + timedelta(days=1))
    notices.declare(engine, [there], moment(T0))
    block = small.areas[small.sites["gp3"].area].parent
    assert [row.told for row in notices.listed(engine, Scope(block))] == [there]
    assert notices.listed(engine, Scope("village:V8")) == []
    assert notices.listed(engine, Scope(), at=moment(T0) - timedelta(minutes=1)) == []
    assert len(notices.listed(engine, Scope(), at=moment(T0))) == 1


GOOD = "kind,subject_kind,subject,from,to,cause,responsible,who,source,text\n"
ROWS = "power_cut,feeder,feeder-0,2026-11-23 10:00,2026-11-23 12:00,,,CSPDCL,https://example.in,Maintenance\n"


def files_of(engine: Engine, folder: Path, name: str, content: str | bytes) -> notice_files.Loaded:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return notice_files.load(engine, path, Scope())


def test_files_of_notices_are_read(filled: Engine, tmp_path: Path) -> None:
    found = files_of(filled, tmp_path, "a.csv", "\ufeff" + GOOD + ROWS)
    assert found.problems == ()
    assert found.notices[0].from_at.isoformat() == "2026-11-23T04:30:00+00:00"
    same = """
    [[notice]]
    kind = "power_cut"
    subject_kind = "feeder"
    subject = "feeder-0"
    from = 2026-11-23T10:00:00
    to = "2026-11-23T12:00:00+05:30"
    who = "CSPDCL"
    source = "https://example.in"
    text = "Maintenance"
    """
    assert files_of(filled, tmp_path, "a.toml", same) == found


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", GOOD + ROWS + ROWS.replace("feeder-0", "feeder-99"), "a.csv:3: subject there is no feeder 'feeder-99'"),
        ("a.csv", GOOD + ROWS.replace("power_cut", "flood"), "a.csv:2: kind 'flood' is none of"),
        ("a.csv", GOOD + ROWS.replace("2026-11-23 10:00", "tomorrow"), "a.csv:2: from 'tomorrow' is no ISO 8601"),
        ("a.csv", GOOD + ROWS.replace("CSPDCL", ""), "a.csv:2: who is missing"),
        ("a.csv", GOOD + ROWS.replace(",Maintenance", ",a,b"), "a.csv: line 2 has more cells"),
        ("a.csv", GOOD.replace("who,", ""), "a.csv: who is no column"),
        ("a.csv", b"kind,\xff\n", "a.csv: is not UTF-8"),
        ("a.csv", GOOD + '"open', "a.csv: line 2"),
        ("a.toml", "[[notice]]\nkind = 1\n[[notice]]\nwhen = 2\n", "a.toml:1: subject_kind is missing"),
        ("a.toml", "notice = 3\n", "a.toml: notice is no list"),
        ("a.toml", "[[notice\n", "a.toml: is no TOML"),
        ("a.toml", "maintenance = []\n", "a.toml: maintenance is unknown"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_named(
    filled: Engine, tmp_path: Path, name: str, content: str | bytes, problem: str
) -> None:
    found = files_of(filled, tmp_path, name, content)
    assert str(found.problems[0]).startswith(problem)


def test_commands(small: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", f"sqlite:///{tmp_path}/x.db")
    run = CliRunner().invoke
    made = run(manage.app, ["notice", "list", "--json"])
    assert (made.exit_code, made.stdout) == (0, "")
    apply(open_engine(f"sqlite:///{tmp_path}/x.db"), small, moment(T0))
    added = run(manage.app, ["notice", "add", "unpaid", "site", "gp3", "--who", "DPO", "--from", "2026-11-01"])
    assert (added.exit_code, added.stdout) == (0, "1\n")
    path = tmp_path / "a.csv"
    path.write_text(GOOD + ROWS + ROWS.replace("feeder-0", "feeder-99"), encoding="utf-8")
    refused = run(manage.app, ["notice", "import", str(path), "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["declared"] == []
    path.write_text(GOOD + ROWS, encoding="utf-8")
    for declared in ([2], []):
        taken = run(manage.app, ["notice", "import", str(path), "--json"])
        assert json.loads(taken.stdout) == {"problems": [], "declared": declared}
    assert run(manage.app, ["notice", "withdraw", "1", "--who", "DPO"]).exit_code == 0
    assert run(manage.app, ["notice", "withdraw", "1", "--who", "DPO"]).exit_code == 2
    listed = [json.loads(line) for line in run(manage.app, ["notice", "list", "--json"]).stdout.splitlines()]
    assert [(row["id"], row["withdrawn_by"]) for row in listed] == [(2, ""), (1, "DPO")]


async def test_a_pc_that_falls_silent_every_day_at_that_hour_was_switched_off_also_after_a_restart(seen: Court) -> None:
    root = {
        "subject_kind": "device", "subject": "pc8", "status": "down", "cause": "undetermined", "confidence": 0.5,
        "evidence": "[]", "root": True, "responsible": "kendra_operator", "villages": 0,
    }  # fmt: skip
    days = [moment(T0 - day * DAY) for day in (1, 2, 3)]
    with for_writing(seen.engine).begin() as connection:
        rows = [root | {"from_at": day, "to_at": day + timedelta(hours=1)} for day in days]
        connection.execute(insert(outage), rows)
    seen.restart()
    await seen.run(80, {20: lambda world: world.dead.add("pc8")})
    (found,) = [row for row in seen.roots() if row.end is None]
    assert (found.cause, found.responsible) == (Cause.ADMINISTRATIVE, Responsible.KENDRA_OPERATOR)
    assert "silent_daily" in found.kinds


def test_ended_outages_are_found_by_whatever_a_notice_is_about(engine: Engine, small: Inventory) -> None:
    apply(engine, small, moment(T0))
    row = {
        "status": "down", "cause": "undetermined", "confidence": 0.5, "evidence": "[]", "responsible": "agency",
        "villages": 0, "from_at": moment(T0), "to_at": moment(T0 + 3600),
    }  # fmt: skip
    made = [
        row | {"id": 1, "subject_kind": "device", "subject": "gp3", "root": True, "explained_by": None},
        row | {"id": 2, "subject_kind": "link", "subject": "ring-1-2", "root": True, "explained_by": None},
        row | {"id": 3, "subject_kind": "device", "subject": "pc8", "root": True, "explained_by": None},
        row | {"id": 4, "subject_kind": "device", "subject": "ups3", "root": False, "explained_by": 1},
    ]
    with for_writing(engine).begin() as connection:
        connection.execute(insert(outage), made)

    def found(about: About, subject: str) -> set[int]:
        told = replace(BASIC, about=about, subject=subject, from_at=moment(T0 + 60))
        past = notices.Past.of(notices.NoticeRow(1, told, moment(T0), None, ""), moment(T0 + 7200))
        lot = notices.lot(engine, past)
        assert lot.left is None
        return {row.id for row in lot.ended}

    gp = small.sites["gp3"].area
    assert found(About.SITE, "gp3") == found(About.AREA, gp) == {1, 2}
    assert found(About.FEEDER, "feeder-0") == {1, 2}
    assert (found(About.DEVICE, "pc8"), found(About.LINK, "ring-1-2"), found(About.OUTAGE, "2")) == ({3}, {2}, {2})
    assert [one.id for one in notices.behind(engine, [1])] == [4]


async def test_a_notice_that_reaches_far_back_is_taken_up_a_lot_in_a_turn(
    engine: Engine, small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All outages of two years at once would stop the judge for minutes."""
    monkeypatch.setattr(notices, "LOT", 3)
    here = court(engine, small)
    await here.run(10)
    verdict = judge([Evidence("several_beyond", "seen")], WEIGHTS)
    row = {
        "subject_kind": "device", "subject": "gp3", "root": True, "explained_by": None, "status": "down",
        "cause": verdict.cause.value, "confidence": verdict.confidence, "evidence": json.dumps(verdict.evidence),
        "kinds": json.dumps(verdict.kinds), "weights": verdict.weights, "responsible": "agency", "villages": 0,
    }  # fmt: skip
    shadow = row | {"subject": "ups3", "root": False, "cause": "upstream", "evidence": "[]", "kinds": "[]"}
    days = [moment(T0 - day * DAY) for day in range(1, 41)]
    times = [{"from_at": day, "to_at": day + timedelta(hours=1)} for day in days]
    with for_writing(engine).begin() as connection:
        connection.execute(insert(outage), [row | at | {"id": 1000 + n} for n, at in enumerate(times)])
        shadows = [shadow | at | {"id": 2000 + n, "explained_by": 1000 + n} for n, at in enumerate(times)]
        connection.execute(insert(outage), shadows)
    told = replace(BASIC, about=About.AREA, subject=DISTRICT, from_at=days[-1] - timedelta(days=100))
    (number,) = notices.declare(engine, [told], moment(T0 + 10))

    def judged() -> tuple[int, bool]:
        with engine.connect() as connection:
            every = connection.execute(select(outage.c.evidence).where(outage.c.root)).scalars().all()
            query = select(tables.notice.c.considered_at).where(tables.notice.c.id == number)
            return sum(each != row["evidence"] for each in every), connection.execute(query).scalar() is not None

    seen = list[tuple[int, bool]]()
    for second in range(12, 60, 2):
        await here.run(second)
        seen.append(judged())
    numbers = [count for count, _ in seen]
    steps = [after - before for before, after in pairwise([0, *numbers])]
    assert max(steps) <= 2 * 5  # two turns
    assert numbers[-1] == 40
    assert {done for count, done in seen if count < 40} == {False}
    assert seen[-1][1]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_outages_explain_is_found_by_an_index(engine: Engine) -> None:
    query = "EXPLAIN QUERY PLAN SELECT * FROM outage WHERE explained_by IN (1, 2)"
    with engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(query)))
    assert "ix_outage_explained" in plan
