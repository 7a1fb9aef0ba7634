"""The outages report: what touches a period and an area, with what is behind it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from inventory import store
from inventory.scope import Scope
from readiness import read
from reports.outages import OUTAGES, outages_report
from reports.read import Wanted
from tests.judged import MONDAY, add_outage
from tests.small import DISTRICT, small_inventory

HOUR = timedelta(hours=1)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A cut that began before the period, what it took with it, and an outage that was over by then."""
    store.apply(engine, small_inventory(), MONDAY)
    cut = add_outage(
        engine, "olt1:0/1/3", "link", from_at=MONDAY - 30 * HOUR, segment=["olt1 GPON 0/1/3", "ont5 PON"], villages=3,
        evidence='["3 of 3 ONTs lost light", "=1+1"]',
    )  # fmt: skip
    add_outage(
        engine, "ont5", "device", from_at=MONDAY - 2 * HOUR, to_at=MONDAY - HOUR, root=False, explained_by=cut,
        cause="upstream", citizens=500, evidence='["work announced by us: mast", "explained by olt1:0/1/3"]',
    )  # fmt: skip
    add_outage(engine, "gp1", "device", from_at=MONDAY - 40 * HOUR, to_at=MONDAY - 30 * HOUR)
    return engine


def wanted(engine: Engine, folder: Path, area: str | None = DISTRICT, **more: object) -> Wanted:
    scope = Scope(area)
    return Wanted(
        engine, folder, small_inventory(), scope, scope, MONDAY - 24 * HOUR, MONDAY, MONDAY, **more  # type: ignore[arg-type]
    )  # fmt: skip


def test_outages_that_touch_the_period(filled: Engine, tmp_path: Path) -> None:
    report = outages_report(wanted(filled, tmp_path))
    assert report.table.column_names == [column.name for column in OUTAGES]
    cut, shadow = report.table.to_pylist()
    assert (cut["subject"], cut["root"], cut["to"], cut["in_period_ms"]) == ("olt1:0/1/3", "yes", None, 24 * 3_600_000)
    assert (cut["segment"], cut["citizens"], cut["confidence"]) == ("olt1 GPON 0/1/3 - ont5 PON", None, 0.9)
    assert cut["evidence"] == "3 of 3 ONTs lost light; =1+1"
    assert (shadow["subject"], shadow["root"], shadow["explained_by_subject"]) == ("ont5", None, "olt1:0/1/3")
    assert (shadow["explained_by"], shadow["citizens"], shadow["in_period_ms"]) == (cut["outage"], 500, 3_600_000)
    assert shadow["area"] == small_inventory().sites[small_inventory().devices["ont5"].site].area
    assert shadow["lat"] is not None


def test_what_lies_elsewhere_is_not_named(filled: Engine, tmp_path: Path) -> None:
    area = small_inventory().sites[small_inventory().devices["ont5"].site].area
    rows = outages_report(wanted(filled, tmp_path, area)).table.to_pylist()
    assert {row["area"] for row in rows} == {area}
    assert "ont5" in {row["subject"] for row in rows}
    assert outages_report(wanted(filled, tmp_path, "gp:G1")).table.num_rows == 0


def test_unwatched_time_is_not_counted(filled: Engine, tmp_path: Path) -> None:
    cut, shadow = outages_report(wanted(filled, tmp_path, blind_since=MONDAY - timedelta(minutes=90))).table.to_pylist()
    assert (cut["in_period_ms"], shadow["in_period_ms"]) == (22.5 * 3_600_000, 1_800_000)


def test_what_explains_it_from_elsewhere_is_named_in_no_column(filled: Engine, tmp_path: Path) -> None:
    add_outage(
        filled, "ont5", "device", from_at=MONDAY - HOUR, root=False, evidence='["explained by gp1"]',
        explained_by=add_outage(filled, "gp1", "device", from_at=MONDAY - HOUR),
    )  # fmt: skip
    small = small_inventory()
    *_, everywhere = outages_report(wanted(filled, tmp_path, None)).table.to_pylist()
    assert (everywhere["explained_by_subject"], everywhere["evidence"]) == ("gp1", "explained by gp1")
    area = small.sites[small.devices["ont5"].site].area
    before, here = (row for row in outages_report(wanted(filled, tmp_path, area)).table.to_pylist() if not row["root"])
    assert before["evidence"] == "work announced by us: mast; explained by olt1:0/1/3"
    assert (here["explained_by_subject"], here["evidence"]) == (None, None)
    page = read.outage_page(filled, Scope(area), None, None, after=0, limit=9)
    assert [row.evidence for row in page.rows if not row.root] == [
        ("work announced by us: mast", "explained by olt1:0/1/3"),
        (),
    ]
    page = read.outage_page(filled, Scope(None), None, None, after=0, limit=9)
    assert page.rows[-1].evidence == ("explained by gp1",)


def test_a_page_of_outages_reads_no_more_than_it_shows(filled: Engine) -> None:
    every = read.outages(filled, Scope(None))
    walked: list[read.OutageRow] = []
    after = 0
    while True:
        page = read.outage_page(filled, Scope(None), None, None, after=after, limit=1)
        walked += page.rows
        if page.next is None:
            break
        after = page.next
    assert walked == sorted(every, key=lambda row: row.id)
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(filled, "before_cursor_execute", note)
    read.outage_page(filled, Scope(None), MONDAY - 29 * HOUR, MONDAY, after=0, limit=1)
    assert all("LIMIT" in statement for statement in asked if "outage.evidence" in statement)
    assert asked
