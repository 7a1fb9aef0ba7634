"""Tiles are shown only over the inventory whose numbers they carry."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.tiles import Tiles
from inventory.model import Area, Inventory, Level, Names
from inventory.store import apply
from maps.ground import Ground
from maps.view import MapView, view_of
from tests.pages import NOW, empty_store, two_districts


def over(inventory: Inventory) -> MapView:
    return view_of(Ground(inventory), None)


def test_any_other_numbering_has_another_name() -> None:
    inventory = two_districts()
    empty = Area(Level.DISTRICT, "000", Names("New"), "state:22")  # before the others, without a village
    assert over(replace(inventory, areas={**inventory.areas, empty.key: empty})).order != over(inventory).order


def archives(folder: Path) -> dict[Path, int]:
    """And when each was made."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("*.pmtiles")}


async def test_an_import_while_serve_starts_leaves_the_pages_without_tiles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = empty_store(tmp_path)
    loaded = two_districts()
    first = Area(Level.VILLAGE, "A0", Names("New"), "gp:G1", lat=21.2, lon=81.9)
    imported = replace(loaded, areas={**loaded.areas, first.key: first})
    apply(engine, imported, NOW)
    tiles = Tiles(tmp_path)
    await tiles.make(engine, None, lambda: over(loaded))
    assert tiles.archive(None) is None
    assert "start serve again" in "".join(capsys.readouterr())
    made = archives(tmp_path)
    await tiles.make(engine, None, lambda: over(loaded))  # the same from what was noted
    assert tiles.archive(None) is None
    await tiles.make(engine, None, lambda: over(imported))
    assert [tiles.archive(None)] == list(made)
    assert archives(tmp_path) == made
