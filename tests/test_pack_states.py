"""The three states' packs from the real folder; skipped where that isn't beside the checkout."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import shapely

from inventory.files import read_folder, write_folder
from inventory.model import Inventory, Level, Role, SiteKind
from inventory.pack.facts import load_state
from inventory.pack.pmgsy import Built, build
from tests.conftest import SHARED
from tests.test_pack_equipment import reached

_SIZES = {"22": (33, 10_621, 20_167), "3": (23, 7_824, 12_715), "8": (41, 8_524, 44_796)}


@pytest.fixture(scope="module")
def data() -> Path:
    if not (SHARED / "points").is_dir():
        pytest.skip(f"the open data of the states is not at {SHARED}")
    return SHARED


@pytest.fixture(scope="module", params=_SIZES)
def built(request: pytest.FixtureRequest, data: Path) -> tuple[str, Built]:
    return request.param, build(request.param, data, lambda _text, _over: None)


@pytest.fixture(scope="module")
def pack(built: tuple[str, Built]) -> Inventory:
    return built[1].inventory


def test_every_office_and_village_of_the_data_is_there(built: tuple[str, Built]) -> None:
    state, made = built
    levels = Counter(area.level for area in made.inventory.areas.values())
    assert (levels[Level.DISTRICT], levels[Level.GP], levels[Level.VILLAGE]) == _SIZES[state]
    rows = {each.code: each.count for each in made.report.findings}
    assert rows["villages-by-code"] + rows["villages-by-nearest"] + rows["villages-by-tehsil"] == rows["villages"]


def test_export_and_import_give_it_back_without_a_problem(pack: Inventory, tmp_path: Path) -> None:
    write_folder(pack, tmp_path)
    loaded = read_folder([tmp_path])
    assert loaded.problems == ()
    assert loaded.inventory == pack


def test_villages_have_a_reason_and_those_on_the_map_a_kendra(pack: Inventory) -> None:
    for area in pack.areas.values():
        if area.level is Level.VILLAGE:
            assert area.assigned_by in {"village_code", "nearest-office", "tehsil"}
            assert (area.parent or "").startswith("subdistrict:" if area.assigned_by == "tehsil" else "gp:")
            assert (area.served_by is None) == (area.lat is None)


def test_kendras_are_as_many_as_the_state_has(built: tuple[str, Built]) -> None:
    state, made = built
    sites = [site for site in made.inventory.sites.values() if site.kind is SiteKind.KENDRA]
    where = Counter(site.area.partition(":")[0] for site in sites)
    surveyed = sum(not site.planned_by for site in sites)
    if state == "22":
        assert where == {"gp": 7825, "subdistrict": 142, "district": 33 + 33}
    elif state == "3":
        assert len(sites) == 520
        assert surveyed == 33  # two records are of one building
    else:
        assert surveyed == 516
        assert where["district"] == 41


def test_all_is_reachable_also_with_a_cut_in_every_ring(pack: Inventory) -> None:
    first_of = {link.ring: link.name for link in reversed(list(pack.links.values())) if link.ring}
    assert reached(pack.devices, pack.links, set(first_of.values())) == set(pack.devices)


def test_addresses_are_unique_and_many_enough(built: tuple[str, Built]) -> None:
    state, made = built
    given = [device.primary_ip for device in made.inventory.devices.values() if device.primary_ip]
    assert len(set(given)) == len(given)
    assert state != "22" or 40_000 <= len(given) <= 65_000
    behind = [device for device in made.inventory.devices.values() if device.role is Role.ONT]
    assert all(device.seen_through and not device.primary_ip for device in behind)


def test_typed_in_districts_are_the_directorys_and_their_headquarters_lie_in_them(built: tuple[str, Built]) -> None:
    state, made = built
    with (SHARED / "lgd" / "districts.csv").open(encoding="utf-8") as rows:
        listed = {row["district_code"]: row for row in csv.DictReader(rows) if row["state_code"] == state}
    typed = load_state(state).districts
    assert {each.code: each.names.en for each in typed} == {c: row["district_name"] for c, row in listed.items()}
    for each in typed:
        assert each.census == listed[each.code]["census2011_code"].removeprefix("0")
        polygon = shapely.from_wkb(made.inventory.boundaries[f"district:{each.code}"])
        assert shapely.contains_xy(polygon, each.headquarters.lon, each.headquarters.lat)


def test_boundaries_are_valid_and_blocks_say_whether_theirs_are_derived(built: tuple[str, Built]) -> None:
    state, made = built
    shapes = {key: shapely.from_wkb(wkb) for key, wkb in made.inventory.boundaries.items()}
    assert all(shapely.is_valid(shape) for shape in shapes.values())
    for key in shapes:
        if key.startswith("block:"):
            assert made.inventory.areas[key].boundary_approximate == (state == "22" or "." in key)


def test_before_september_2022_chhattisgarh_had_28_districts(built: tuple[str, Built]) -> None:
    state, made = built
    if state != "22":
        assert not made.inventory.versions
        return
    then = made.inventory.on(date(2022, 5, 1))
    assert sum(area.level is Level.DISTRICT for area in then.areas.values()) == 28
    assert sum(area.level is Level.GP for area in then.areas.values()) == _SIZES["22"][1]
    assert then.areas["subdistrict:3308"].parent == "district:388"  # Mohla, then Rajnandgaon's
    assert made.inventory.areas["subdistrict:3308"].parent == "district:761"
