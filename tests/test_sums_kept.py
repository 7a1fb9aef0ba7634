"""Sums of closed months where something is missing, damaged or changed at the wrong moment."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, insert

import readiness
from collectors.checkin.tables import checkin_span
from inventory.model import Inventory
from readiness import month_evidence
from readiness.ledger import ledger
from readiness.model import SubjectKind
from readiness.month_evidence import evidence
from readiness.months import opened
from readiness.months_in_india import starts
from readiness.sum_months import FOLDER
from reports.availability import Of
from storage.engine import snapshot
from storage.monthly import MonthFile
from tests.test_sum_months import AUGUST, DAY, EVERY, OCTOBER, SEPTEMBER, World, late_transition, one_store

VILLAGE = SubjectKind.VILLAGE
CLOSED = (starts(AUGUST), starts(OCTOBER.next))


@pytest.fixture
def stored(engine: Engine, small: Inventory, tmp_path: Path) -> World:
    """A store of closed months, none of which is added up."""
    found = World(engine, tmp_path / "history", small)
    found.close()
    return found


@one_store
def test_where_nothing_of_a_kind_is_there_nothing_is_missing(stored: World) -> None:
    places = {key: area for key, area in stored.inventory.areas.items() if area.level != "village"}
    stored.inventory = replace(stored.inventory, links={}, areas=places)
    assert set(stored.add_up()) == {SubjectKind.SITE, VILLAGE, SubjectKind.DEVICE, SubjectKind.LINK}
    assert stored.add_up() == {}
    for of in (Of.LINK, Of.VILLAGE):
        assert stored.table(of).num_rows == 0
    assert stored.same(Of.SITE)


@one_store
def test_another_kendra_proves_other_time(stored: World) -> None:
    """Both kendras have the same hours and no PC: nothing else of the village changes."""
    start = starts(SEPTEMBER) + 3 * DAY
    with stored.engine.begin() as connection:
        connection.execute(insert(checkin_span).values(site="kendra5", from_at=start, to_at=start + 5 * DAY))
    devices = {name: each for name, each in stored.inventory.devices.items() if each.role != "pc"}
    links = {n: each for n, each in stored.inventory.links.items() if {each.a_device, each.b_device} <= set(devices)}
    kendras = {n: replace(each, hours="") for n, each in stored.inventory.sites.items() if n.startswith("kendra")}
    sites = {**stored.inventory.sites, **kendras}
    stored.inventory = replace(stored.inventory, devices=devices, links=links, sites=sites)
    stored.add_up()
    areas = stored.inventory.areas
    [village, *_] = [each for each in areas.values() if each.served_by == "kendra2"]
    stored.inventory = replace(stored.inventory, areas={**areas, village.key: replace(village, served_by="kendra5")})
    assert stored.same(Of.VILLAGE)
    assert stored.add_up() == {VILLAGE: EVERY}
    assert stored.same(Of.VILLAGE)


@one_store
def test_files_are_opened_after_the_snapshot(stored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves the database before the snapshot is then in the files."""

    def told() -> dict[Any, int]:
        with snapshot(stored.engine) as connection:
            return evidence(connection, stored.folder, sorted(EVERY))

    def meanwhile(*arguments: Any) -> list[MonthFile]:
        late_transition(stored, starts(SEPTEMBER) + DAY)
        return opened(*arguments)

    before = told()
    monkeypatch.setattr("readiness.month_evidence.opened", meanwhile)
    assert told() == before  # it came after the snapshot
    monkeypatch.setattr("readiness.month_evidence.opened", opened)
    assert SEPTEMBER not in told()


@one_store
def test_a_damaged_file_is_made_anew(stored: World) -> None:
    """Wherever it is damaged: what it says of itself, or the figures of a page."""
    stored.add_up_sites()
    file = stored.folder / FOLDER / "site" / "2026-09.parquet"
    whole = file.read_bytes()
    damaged = [whole[:40] + b"damaged!" + whole[48:], whole[:-40] + b"damaged!" + whole[-32:], whole[: len(whole) // 2]]
    figures = pq.ParquetFile(file).metadata.row_group(0).column(9)
    middle = figures.data_page_offset + figures.total_compressed_size - 4
    damaged.append(whole[:middle] + bytes(each ^ 1 for each in whole[middle : middle + 3]) + whole[middle + 3 :])
    for octets in damaged:
        file.write_bytes(octets)
        assert stored.same(Of.SITE)
        assert stored.add_up_sites() == [SEPTEMBER]
        assert file.read_bytes() == whole


def with_another_site(world: World) -> None:
    sites = world.inventory.sites
    world.inventory = replace(world.inventory, sites={**sites, "new": replace(sites["gp1"], name="new")})


@one_store
def test_the_others_are_taken_where_one_is_missing(stored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a report by itself, and when sums are kept: nothing else is added up once more."""
    asked = list[Sequence[str]]()

    def noted(*arguments: Any, **named: Any) -> Any:
        asked.append(arguments[3].subjects)
        return ledger(*arguments, **named)

    stored.add_up_sites()
    with_another_site(stored)
    without = stored.from_transitions
    expected = without(Of.SITE, CLOSED)
    monkeypatch.setattr("readiness.summed.ledger", noted)
    assert stored.table(Of.SITE, CLOSED).equals(expected)
    assert asked == [["new"]]
    assert stored.add_up_sites() == EVERY
    assert asked == [["new"]] * 4
    assert stored.table(Of.SITE, CLOSED).equals(expected)
    assert len(asked) == 4
    assert stored.add_up_sites() == []


@one_store
def test_many_missing_make_a_month_unusable(stored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readiness.summed._FEW", 0)
    stored.add_up_sites()
    with_another_site(stored)
    assert stored.same(Of.SITE)


@one_store
def test_sums_made_by_lots_are_those_of_the_whole(
    engine: Engine, small: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each lot reads a few row groups of many."""
    monkeypatch.setattr("storage.monthly._ROW_GROUP", 7)
    stored = World(engine, tmp_path / "history", small)
    stored.close()
    expected = stored.table(Of.SITE)
    monkeypatch.setattr("readiness.summed._AT_ONCE", 6)
    assert stored.add_up_sites() == EVERY
    assert stored.table(Of.SITE).equals(expected)


# What of these may change without the sums: names and types; what made_of and the evidence tell themselves.
_NOT_SUMMED = {"model.py", "rules/status.py", "tables.py", "read.py", "outage_notes.py", "rules/incidents.py"}
_IN_MADE_OF = {"carriers.py", "places.py"}


def imported(file: str) -> Iterator[str]:
    folder = Path(readiness.__file__ or "").parent
    for node in ast.walk(ast.parse((folder / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("readiness."):
            yield str(node.module).removeprefix("readiness.").replace(".", "/") + ".py"


def test_whatever_reads_or_sums_counts_as_what_makes_the_sums() -> None:
    made_by = set(month_evidence._MADE_BY)
    used = {each for file in made_by - _IN_MADE_OF for each in imported(file)}
    assert used - _NOT_SUMMED <= made_by
