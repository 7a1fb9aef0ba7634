"""Closing of months: whatever moment it is interrupted at, each transition is read once."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, func, insert, select
from structlog.testing import capture_logs

import readiness.archive
from inventory.model import Inventory
from inventory.scope import Scope
from inventory.store import apply
from readiness.archive import Done, close_months, keep_closing
from readiness.model import SubjectKind
from readiness.months import FOLDER, transitions_in
from readiness.read import TransitionRow, strip, transitions
from readiness.recent import stored
from readiness.recorded import recorded
from readiness.sequence import COMPLETE
from readiness.tables import transition
from storage.damage import UnreadableError
from storage.engine import StoreInUseError, alone
from storage.monthly import Month, MonthMissingError, months_in, open_month, write_month

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SUBJECTS = [("site", f"gp{n}") for n in range(12)] + [("village", f"village:V{n}") for n in range(8)]
WORDS = {"site": ("up", "down"), "village": ("ready", "blocked")}
Rows = list[tuple[str, str, datetime, int, str]]


def tell(engine: Engine, days: list[float], subject: tuple[str, str] | None = None, *, seed: int = 1) -> None:
    """A transition at each of those days after JANUARY, told in that order."""
    chance = Random(seed)
    rows = []
    for number, day in enumerate(days):
        kind, name = subject or chance.choice(SUBJECTS)
        before, after = WORDS[kind] if number % 2 else WORDS[kind][::-1]
        rows.append(
            {"subject_kind": kind, "subject": name, "at": JANUARY + day * DAY, "recorded_at": JANUARY + day * DAY,
             "from_status": before, "to_status": after, "reason": 'said "no", or\nnothing', "evidence": '["a \\"b\\""]'}
        )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(transition), rows)


def half_a_year(engine: Engine) -> None:
    tell(engine, [n * 181 / 400 for n in range(400)])
    tell(engine, [3.0], ("site", "gp-quiet"))  # has not changed since


def read(engine: Engine, folder: Path, first: float, last: float, **limits: object) -> Rows:
    kinds = limits.pop("kinds", tuple(SubjectKind))
    table = transitions_in(engine, folder, JANUARY + first * DAY, JANUARY + last * DAY, kinds=kinds, **limits)  # type: ignore[arg-type]
    return [(r["subject_kind"], r["subject"], r["at"], r["id"], r["to_status"]) for r in table.to_pylist()]


PERIODS = ((-80, 200), (20, 40), (45, 46), (59, 120), (100.5, 181), (190, 200))


def everything(engine: Engine, folder: Path) -> list[Rows]:
    return [read(engine, folder, *period) for period in PERIODS]


def in_database(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(transition)).scalar_one())


def test_closed_months_read_as_they_did_from_the_database(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    before = everything(engine, tmp_path / "none")
    done = close_months(engine, tmp_path, JANUARY + 181 * DAY)
    assert [str(month) for month in done.written] == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]
    assert 0 < in_database(engine) < 401
    assert done.removed == 401 - in_database(engine)
    assert everything(engine, tmp_path) == before
    again = close_months(engine, tmp_path, JANUARY + 181 * DAY)
    assert (again.written, again.removed) == ((), 0)


def test_few_subjects_and_kinds_are_found_in_the_files(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    one = read(engine, tmp_path / "none", 10, 170, subjects=["gp3"])
    sites = read(engine, tmp_path / "none", 10, 170, kinds=[SubjectKind.SITE])
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    assert read(engine, tmp_path, 10, 170, subjects=["gp3"]) == one
    assert read(engine, tmp_path, 10, 170, kinds=[SubjectKind.SITE]) == sites
    assert {row[1] for row in one} == {"gp3"}


def test_a_month_is_closed_only_after_it_has_settled(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    assert close_months(engine, tmp_path, JANUARY + 32 * DAY).written == ()
    assert close_months(engine, tmp_path, JANUARY + 33 * DAY).written == (Month(2026, 1),)


def test_the_newest_row_of_each_subject_stays(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 900 * DAY)
    with engine.connect() as connection:
        left = connection.execute(select(transition.c.subject_kind, transition.c.subject)).all()
        highest = connection.execute(select(func.max(transition.c.id))).scalar()
    assert len(left) == len(SUBJECTS) + 1 == len({tuple(row) for row in left})
    assert highest == 401  # numbers go on where they were


def test_a_row_dated_before_a_newer_one_keeps_both(engine: Engine, tmp_path: Path) -> None:
    tell(engine, [1, 9, 5], ("site", "gp0"))  # the last told is not the newest
    close_months(engine, tmp_path, JANUARY + 400 * DAY)
    with engine.connect() as connection:
        left = connection.execute(select(transition.c.id).order_by(transition.c.id)).scalars().all()
    assert left == [2, 3]


@pytest.mark.parametrize("day", [2.5, 45, 119.9])
def test_what_is_told_late_is_in_the_answer_at_once_and_then_in_the_files(
    engine: Engine, tmp_path: Path, day: float
) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    tell(engine, [day], ("site", "gp-quiet"))
    at_once = everything(engine, tmp_path)
    assert any(row[3] == 402 for period in at_once for row in period)
    done = close_months(engine, tmp_path, JANUARY + 181 * DAY)
    assert done.written[-1] == Month.of(JANUARY + day * DAY)
    assert everything(engine, tmp_path) == at_once
    assert close_months(engine, tmp_path, JANUARY + 181 * DAY).written == ()


def test_a_late_row_reaches_later_months_only_until_a_newer_one(engine: Engine, tmp_path: Path) -> None:
    tell(engine, [10, 40, 70, 100], ("site", "gp0"))
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    tell(engine, [15], ("site", "gp0"))
    assert close_months(engine, tmp_path, JANUARY + 181 * DAY).written == (Month(2026, 2), Month(2026, 1))


def test_what_is_told_late_of_a_time_before_all_files(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    tell(engine, [-40], ("site", "gp-old"))
    at_once = everything(engine, tmp_path)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    assert months_in(tmp_path / FOLDER)[:2] == [Month(2025, 11), Month(2025, 12)]
    assert everything(engine, tmp_path) == at_once


class Killed(BaseException):
    """What no handler catches, as kill -9."""


def deaths(engine: Engine, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Closing dies after each of its steps in turn: a month written, some rows removed."""

    def written(*arguments: object) -> None:
        write_month(*arguments)  # type: ignore[arg-type]
        raise Killed("written")

    def next_to_remove(*arguments: object) -> datetime | None:
        if found:
            raise Killed("removed")
        found.append(first(*arguments))  # type: ignore[arg-type]
        return found.pop() if found[0] is None else found[0]

    first, found = readiness.archive._first, list[datetime | None]()
    with monkeypatch.context() as patch:
        patch.setattr("readiness.archive.write_month", written)
        patch.setattr("readiness.archive._first", next_to_remove)
        while True:
            found.clear()
            try:
                close_months(engine, folder, now)
            except Killed as death:
                yield str(death)
            else:
                return


@pytest.mark.parametrize("late", [(5.5, 40.5), (-30.0, -70.0), (61.0,)])
def test_dying_at_any_step_loses_and_doubles_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: tuple[float, ...]
) -> None:
    tell(engine, [n * 4.0 for n in range(25)])
    for told_late, deaths_at_least in ((), 10), (late, 2):
        tell(engine, [*told_late, 99], ("site", "gp-quiet"))
        told = everything(engine, tmp_path)
        seen = []
        for death in deaths(engine, tmp_path, JANUARY + 181 * DAY, monkeypatch):
            seen.append(death)
            assert everything(engine, tmp_path) == told, seen
        assert everything(engine, tmp_path) == told
        assert len(seen) >= deaths_at_least
    assert in_database(engine) <= len(SUBJECTS) * 2


def test_dying_while_a_file_is_written_leaves_the_one_before(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(engine, [n * 4.0 for n in range(25)])
    close_months(engine, tmp_path, JANUARY + 40 * DAY)
    tell(engine, [5.5], ("site", "gp3"))
    told = everything(engine, tmp_path)

    def dies(_: int) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", dies)
        with pytest.raises(Killed):
            close_months(engine, tmp_path, JANUARY + 40 * DAY)
    assert everything(engine, tmp_path) == told


def test_a_file_that_is_replaced_while_it_is_read_stays_readable(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 40 * DAY)
    opened = open_month(tmp_path / FOLDER, Month(2026, 1))
    rows = opened.rows
    tell(engine, [5.5], ("site", "gp3"))
    close_months(engine, tmp_path, JANUARY + 40 * DAY)
    assert opened.read(["id"]).num_rows == rows
    assert open_month(tmp_path / FOLDER, Month(2026, 1)).rows == rows + 1


def test_a_reader_that_a_closing_overtakes_counts_each_row_once(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_a_year(engine)
    expected = read(engine, tmp_path / "none", 0, 200)

    def overtaken(*arguments: object, **named: object) -> pa.Table:
        found = stored(*arguments, **named)  # type: ignore[arg-type]
        monkeypatch.undo()
        close_months(engine, tmp_path, JANUARY + 181 * DAY)
        return found

    monkeypatch.setattr("readiness.months.stored", overtaken)
    assert read(engine, tmp_path, 0, 200) == expected
    assert in_database(engine) < 401


def test_a_missing_month_is_told(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    (tmp_path / FOLDER / "2026-03.parquet").unlink()
    with pytest.raises(MonthMissingError, match="2026-03"):
        read(engine, tmp_path, 0, 181)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def of_others(file: Path) -> None:
    pq.write_table(pa.table({"id": [1]}), file)


def spotted(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[200] ^= 1
    file.write_bytes(whole)


def test_a_damaged_month_is_told_by_its_name(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    month = tmp_path / FOLDER / "2026-03.parquet"
    whole = month.read_bytes()
    for harm in (cut, of_others, spotted):
        month.write_bytes(whole)
        harm(month)
        with pytest.raises(UnreadableError, match="2026-03"):
            read(engine, tmp_path, 0, 181)


async def test_the_loop_outlives_a_damaged_month_and_goes_on_when_it_is_put_back(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    month = tmp_path / FOLDER / "2026-05.parquet"
    whole, stop, tries = month.read_bytes(), asyncio.Event(), list[int]()
    cut(month)

    async def then() -> None:
        stop.set()

    def again(engine: Engine, folder: Path, now: datetime) -> Done:
        tries.append(1)
        if len(tries) > 1:
            month.write_bytes(whole)
        return close_months(engine, folder, now)

    monkeypatch.setattr("readiness.archive.close_months", again)
    with capture_logs() as logs:
        await keep_closing(engine, tmp_path, stop, then, every_s=0.01)
    told = [(log["event"], log.get("error")) for log in logs if log["log_level"] == "error"]
    assert told == [("months_not_closed", "UnreadableError")]


def test_strangers_beside_the_months_are_nobodys(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)
    close_months(engine, tmp_path, JANUARY + 100 * DAY)
    known = months_in(tmp_path / FOLDER)
    for name in ("2026-01-copy", "2026-01 (1)", "0000-01", "2026-13", "9999-12", "2026-1"):
        (tmp_path / FOLDER / f"{name}.parquet").write_bytes(b"")
    assert months_in(tmp_path / FOLDER) == known
    assert close_months(engine, tmp_path, JANUARY + 181 * DAY).written


def test_only_one_closes(engine: Engine, tmp_path: Path) -> None:
    with alone(engine, "months"), pytest.raises(StoreInUseError):
        close_months(engine, tmp_path, JANUARY)


def test_reasons_and_evidence_come_back_as_they_were(engine: Engine, tmp_path: Path) -> None:
    half_a_year(engine)

    def complete() -> list[dict[str, object]]:
        table = transitions_in(
            engine, tmp_path, JANUARY, JANUARY + 100 * DAY, kinds=[SubjectKind.SITE], schema=COMPLETE
        )
        assert table.schema == COMPLETE
        return table.to_pylist()  # type: ignore[no-any-return]

    before = complete()
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    assert complete() == before
    assert before[0]["reason"] == ""  # unknown at the start
    assert before[1]["reason"] == 'said "no", or\nnothing'
    assert before[1]["evidence"] == '["a \\"b\\""]'


async def test_the_loop_goes_on_after_a_failure(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_a_year(engine)
    stop, tries, afterwards = asyncio.Event(), list[datetime](), list[int]()

    async def then() -> None:
        afterwards.append(len(tries))

    def failing_once(engine: Engine, folder: Path, now: datetime) -> Done:
        tries.append(now)
        if len(tries) == 1:
            raise StoreInUseError("months: a backup is made")
        stop.set()
        return close_months(engine, folder, now)

    monkeypatch.setattr("readiness.archive.close_months", failing_once)
    await keep_closing(engine, tmp_path, stop, then, every_s=0.01)
    assert len(tries) == 2
    assert afterwards == [2]
    assert len(months_in(tmp_path / FOLDER)) >= 5


@pytest.mark.parametrize(
    "limits", [{}, {"kind": SubjectKind.VILLAGE}, {"subject": "gp3"}, {"start": JANUARY + 20 * DAY}]
)
def test_pages_of_what_was_recorded_go_on_from_files_to_database(
    engine: Engine, tmp_path: Path, limits: dict[str, Any]
) -> None:
    half_a_year(engine)
    expected = transitions(engine, Scope(), limit=1000, **limits)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    found = list[TransitionRow]()
    while page := recorded(engine, tmp_path, Scope(), after_id=found[-1].id if found else 0, limit=90, **limits):
        found += page
    assert found == expected
    assert len(transitions(engine, Scope(), limit=1000)) < 401


def test_pages_of_what_was_recorded_keep_to_the_scope(engine: Engine, tmp_path: Path, small: Inventory) -> None:
    apply(engine, small, JANUARY)
    half_a_year(engine)
    scope = Scope(small.sites["gp3"].area)
    expected = transitions(engine, scope)
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    assert recorded(engine, tmp_path, scope) == expected
    assert {row.subject for row in expected} == {"gp3", "village:V3"}


def test_of_a_kind_that_the_area_has_nothing_of_no_page_shows_any(
    engine: Engine, tmp_path: Path, small: Inventory
) -> None:
    apply(engine, small, JANUARY)
    tell(engine, [1, 2, 3], ("site", "gp3"))
    tell(engine, [1, 2, 3], ("village", "village:V3"))
    close_months(engine, tmp_path, JANUARY + 181 * DAY)
    found = recorded(engine, tmp_path, Scope("village:V3"))
    assert {row.subject for row in found} == {"village:V3"}


def test_a_page_shows_an_outage_of_which_only_the_layer_has_stayed_in_the_database(
    engine: Engine, tmp_path: Path, small: Inventory
) -> None:
    apply(engine, small, JANUARY)
    tell(engine, [0.5, 1], ("village", "village:V3"))
    again = {"from_status": "blocked", "to_status": "blocked", "layer": "power", "recorded_at": JANUARY + 2 * DAY}
    with engine.begin() as connection:
        row = {"subject_kind": "village", "subject": "village:V3", "at": JANUARY + 1.1 * DAY, "reason": "", **again}
        connection.execute(insert(transition), [row])
    now = JANUARY + 181 * DAY
    before = strip(engine, Scope(), SubjectKind.VILLAGE, "village:V3", days=2, now=now)
    close_months(engine, tmp_path, now)
    assert in_database(engine) == 1
    assert strip(engine, Scope(), SubjectKind.VILLAGE, "village:V3", days=2, now=now) == before
    assert {status for day in before for status in day.parts} == {"blocked"}
