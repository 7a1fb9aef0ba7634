"""Areas through time: what is in force on a day, and that no history can be imported that leaves a village nowhere."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from inventory.changes import ChangeKind, changes, summary, told
from inventory.files import Loaded, read_folder, write_folder
from inventory.model import Area, Device, Inventory, Level, Link, Names, Role, Site, SiteKind
from inventory.periods import all_rows, split, upward
from inventory.problems import Origin
from inventory.subset import subset
from inventory.validate import validate
from tests.chhattisgarh import INAUGURATED, KHAIRAGARH, MANENDRAGARH, MOHLA, SAKTI, SARANGARH, chhattisgarh
from tests.conftest import SHARED

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def of(rows: Sequence[Area], day: date = TODAY) -> Inventory:
    areas, versions = split(rows, day)
    return Inventory(areas=areas, versions=versions)


def district_of(inventory: Inventory, key: str) -> list[str]:
    return [k for k in upward(inventory.areas, key) if inventory.areas[k].level is Level.DISTRICT]


# --- Chhattisgarh, 2022


@pytest.fixture(scope="module")
def real() -> Inventory:
    folder = SHARED / "lgd"
    if not folder.is_dir():
        pytest.skip(f"the Local Government Directory is not at {folder}")
    return chhattisgarh(folder, TODAY)


def test_districts_of_chhattisgarh_grew_from_28_to_33(real: Inventory) -> None:
    def count(day: date) -> int:
        return len([key for key in real.on(day).children["state:22"] if key.startswith("district:")])

    days = [date(2022, 3, 11), date(2022, 9, 1), *sorted(set(INAUGURATED.values())), TODAY]
    assert [count(day) for day in days] == [28, 28, 29, 31, 33, 33]
    assert real.on(TODAY) is real
    assert real.on(date(2022, 9, 5)) is real.on(date(2022, 9, 8))


def test_every_village_is_in_one_district_on_every_day(real: Inventory) -> None:
    villages = {key for key, area in real.areas.items() if area.level is Level.VILLAGE}
    assert len(villages) == 20_167
    for day in (date.min, *(day + n * DAY for day in set(INAUGURATED.values()) for n in (-1, 0)), date.max - DAY):
        then = real.on(day)
        districts = [key for key, area in then.areas.items() if area.level is Level.DISTRICT]
        held = [key for district in districts for key in then.within(district) if key in villages]
        assert len(held) == len(set(held)) == len(villages)


def test_a_village_was_in_the_old_district(real: Inventory) -> None:
    village = next(key for key in real.within("subdistrict:3234") if key.startswith("village:"))  # Manendragarh
    assert district_of(real, village) == [f"district:{MANENDRAGARH}"]
    then = real.on(date(2022, 9, 8))
    assert district_of(then, village) == ["district:384"]
    assert village in set(then.within("district:384"))
    assert f"district:{MANENDRAGARH}" not in then.areas


def test_what_happened_to_chhattisgarh_follows_from_its_rows(real: Inventory) -> None:
    split_up = {(c.area, c.others) for c in changes(real) if c.kind is ChangeKind.SPLIT}
    assert split_up == {
        ("district:384", (f"district:{MANENDRAGARH}",)),  # Korea
        ("district:379", (f"district:{SAKTI}",)),  # Janjgir-Champa
        ("district:388", (f"district:{MOHLA}",)),  # Rajnandgaon, on the 2nd
        ("district:388", (f"district:{KHAIRAGARH}",)),  # and on the 3rd
        ("district:386", (f"district:{SARANGARH}",)),  # Raigarh
        ("district:644", (f"district:{SARANGARH}",)),  # Baloda Bazar
    }
    moved = [c for c in changes(real) if c.kind is ChangeKind.MOVED]
    assert len(moved) == 15
    first = next(c for c in changes(real) if c.kind is ChangeKind.SPLIT)
    assert told(real, first) == (
        f"2022-09-02 split: district:388 'Rajnandgaon' → district:{MOHLA} 'Mohla-Manpur-Ambagarh Chouki'"
    )


def test_its_files_give_it_back(real: Inventory, tmp_path: Path) -> None:
    write_folder(real, tmp_path)
    loaded = read_folder(tmp_path, day=TODAY)
    assert loaded.problems == ()
    assert loaded.inventory == real
    then = read_folder(tmp_path, day=date(2022, 9, 1)).inventory
    assert then == real.on(date(2022, 9, 1))


# --- the docs


def test_the_worked_example_of_the_docs(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "docs" / "inventory.md").read_text(encoding="utf-8")
    files, said = text.partition("### Areas that change")[2].split("```\n")[1:4:2]
    (tmp_path / "areas.csv").write_text(files, encoding="utf-8")
    loaded = read_folder(tmp_path, day=TODAY)
    assert loaded.problems == ()
    assert list(summary(loaded.inventory, changes(loaded.inventory))) == said.splitlines()
    then = loaded.inventory.on(date(2022, 9, 8))
    assert set(then.children["district:384"]) == {f"subdistrict:{code}" for code in (3231, 3233, 3234)}
    assert then.on(TODAY).children["district:384"] == ("subdistrict:3233",)


# --- any history

_CODES = ("1", "2")
_DAYS = [date(2020, 1, 1) + n * DAY for n in range(4)]
_ABOVE = {Level.BLOCK: ("district:1", "district:2"), Level.VILLAGE: ("block:1", "block:2")}


@st.composite
def histories(draw: st.DrawFn) -> list[Area]:
    """Rows of a few areas over a few days, as often wrong as right."""
    rows = [Area(Level.STATE, "1", Names("State"))]
    for level, codes in ((Level.DISTRICT, _CODES), (Level.BLOCK, _CODES), (Level.VILLAGE, ("1",))):
        for code in codes:
            parents = st.just("state:1") if level is Level.DISTRICT else st.sampled_from(_ABOVE[level])
            for start, end in draw(_periods()):
                rows.append(Area(level, code, Names("X"), draw(parents), valid_from=start, valid_to=end))
    return list({row.version: row for row in rows}.values())


_Period = tuple[date | None, date | None]


def _periods() -> st.SearchStrategy[list[_Period]]:
    """Periods that follow each other without a gap, or any: with gaps, overlaps, empty, beginning after their end."""
    turns = st.lists(st.sampled_from(_DAYS), max_size=2, unique=True).map(sorted)
    whole: st.SearchStrategy[list[_Period]] = turns.map(lambda days: list(pairwise([None, *days, None])))
    some = st.none() | st.sampled_from(_DAYS)
    return st.one_of(whole, whole, whole, st.lists(st.tuples(some, some), max_size=2))


@given(histories())
def test_a_history_without_faults_leaves_no_area_without_parent_on_any_day(rows: list[Area]) -> None:
    """And one with faults has a day on which something is wrong: rows in force twice, never or nowhere."""
    inventory = of(rows)
    faults = list(validate(inventory, Origin()))
    wrong = [row for row in rows if row.valid_from and row.valid_to and row.valid_from >= row.valid_to]
    for day in (date(2019, 1, 1), *_DAYS, date(2021, 1, 1)):
        then = inventory.on(day)
        in_force = [row for row in rows if row.in_force(day)]
        wrong += [row for row in in_force if then.areas[row.key] is not row]
        wrong += [row for row in in_force if row.parent and row.parent not in then.areas]
    assert bool(faults) == bool(wrong), (faults, wrong)


@given(histories(), st.sampled_from(_DAYS), st.sampled_from(_DAYS))
def test_the_day_of_reading_does_not_matter(rows: list[Area], one: date, other: date) -> None:
    inventory = of(rows, one)
    if not list(validate(inventory, Origin())):
        assert inventory.on(other) == of(rows, other)
        assert inventory.on(other).on(one) == inventory
        assert sorted(map(repr, all_rows(inventory.on(other)))) == sorted(map(repr, rows))
        assert changes(inventory.on(other)) == changes(inventory)


# --- what stands in areas

BLOCK_MOVED = date(2024, 4, 1)


@pytest.fixture
def moved(small: Inventory) -> Inventory:
    """The small inventory, whose block came to a new district of its own, with a POP of that."""
    block = small.areas["block:3591"]
    new = Area(Level.DISTRICT, "999", Names("Arang"), "state:22", valid_from=BLOCK_MOVED)
    gp = replace(small.areas["gp:G8"], valid_from=BLOCK_MOVED + DAY)
    village = small.areas["village:V8"]
    rows = [
        *(area for area in small.areas.values() if area not in (block, small.areas["gp:G8"], village)),
        replace(block, valid_to=BLOCK_MOVED),
        replace(block, parent=new.key, valid_from=BLOCK_MOVED),
        new,
        gp,
        replace(village, parent="gp:G7", valid_to=BLOCK_MOVED + DAY),
        replace(village, valid_from=BLOCK_MOVED + DAY),
    ]
    areas, versions = split(rows, TODAY)
    pop = Site("new-pop", SiteKind.DISTRICT_POP, new.key, Names("Arang POP"))
    boxes = {
        key: shapely.to_wkb(shapely.box(81, 20, 83, 22)) for key in ("state:22", "district:387", new.key, block.key)
    }
    return replace(small, areas=areas, versions=versions, sites={**small.sites, pop.name: pop}, boundaries=boxes)


def problems(inventory: Inventory, folder: Path) -> Loaded:
    write_folder(inventory, folder)
    return read_folder(folder, day=TODAY)


def test_sites_stand_in_the_areas_of_then(moved: Inventory, tmp_path: Path) -> None:
    assert problems(moved, tmp_path).problems == ()
    then = moved.on(BLOCK_MOVED - DAY)
    assert "gp:G1" in set(then.within("district:387"))
    assert moved.sites["gp8"].area == "gp:G8"
    assert then.sites["gp8"].area == "block:3591", "its GP was not there yet, the block around it was"
    assert then.sites["new-pop"].area == "state:22"
    assert (then.devices, then.links) == (moved.devices, moved.links)
    assert then.areas["village:V8"].parent == "gp:G7"


def test_a_site_of_a_new_area_stood_where_that_came_from(small: Inventory) -> None:
    """Its GP began in the one block and is in another today."""
    gp, other = small.areas["gp:G8"], replace(small.areas["block:3591"], code="7", valid_from=BLOCK_MOVED)
    first = replace(gp, valid_from=BLOCK_MOVED - 9 * DAY, valid_to=BLOCK_MOVED)
    rows = [area for area in small.areas.values() if area not in (gp, small.areas["village:V8"])]
    areas, versions = split([*rows, other, first, replace(gp, parent=other.key, valid_from=BLOCK_MOVED)], TODAY)
    then = replace(small, areas=areas, versions=versions).on(BLOCK_MOVED - 10 * DAY)
    assert then.sites["gp8"].area == "block:3591"


def test_an_area_ends_under_what_stands_in_it(small: Inventory, tmp_path: Path) -> None:
    """The import of that day is refused, whatever file it brings; until then it is in order."""
    gp = small.areas["gp:G8"]
    village = replace(small.areas["village:V8"], valid_to=TODAY)
    ends = replace(small, areas={**small.areas, gp.key: replace(gp, valid_to=TODAY), village.key: village})
    write_folder(ends, tmp_path)
    assert read_folder(tmp_path / "devices.csv", ends, TODAY - DAY).problems == ()
    said = [str(problem) for problem in read_folder(tmp_path / "devices.csv", ends, TODAY).problems]
    reason = "area names 'gp:G8', which is in areas.csv only before 2026-11-22"
    assert said == [f"sites.csv: {reason}"] * 2
    said = [str(problem) for problem in read_folder(tmp_path / "areas.csv", small, TODAY).problems]
    lacks = "areas.csv: has 'gp:G8' only before 2026-11-22, which {} of the stored sites names as its area"
    assert said == [lacks.format("'gp8'"), lacks.format("'kendra8'")]


def test_boundaries_of_areas_that_changed_are_not_shown_for_the_time_before(moved: Inventory) -> None:
    assert moved.on(BLOCK_MOVED - DAY).boundaries.keys() == {"state:22", "block:3591"}
    assert moved.on(BLOCK_MOVED).boundaries.keys() == {"state:22", "block:3591", "district:387", "district:999"}


def test_before_there_was_any_area_nothing_stood_anywhere(small: Inventory) -> None:
    state = replace(small.areas["state:22"], valid_from=date(2000, 11, 1))
    rows = [replace(area, valid_from=date(2000, 11, 1)) for area in small.areas.values()]
    then = replace(small, areas={area.key: area for area in [*rows, state]}).on(date(2000, 10, 31))
    assert (then.areas, then.sites, then.devices, then.links) == ({}, {}, {}, {})
    assert len(then.versions) == len(small.areas)


def test_a_small_part_is_of_today(moved: Inventory) -> None:
    part = subset(moved, 8)
    assert part.versions == {}
    assert part.on(date(1990, 1, 1)) is part


def test_links_to_what_was_nowhere_go_too(small: Inventory) -> None:
    island = Area(Level.STATE, "9", Names("Island"), valid_from=BLOCK_MOVED)
    there = Site("there", SiteKind.NOC, island.key, Names("There"))
    both = replace(
        small,
        areas={**small.areas, island.key: island},
        sites={**small.sites, "there": there},
        devices={**small.devices, "there": Device("there", Role.ROUTER, "there")},
        links={**small.links, "cable": Link("cable", "there", "1", "noc-r1", "9")},
    )
    assert both.on(BLOCK_MOVED) is both
    then = both.on(BLOCK_MOVED - DAY)
    assert (then.sites, then.devices, then.links) == (small.sites, small.devices, small.links)
