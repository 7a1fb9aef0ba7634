"""Polygons of a state, its districts and its blocks."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from inventory.pack.facts import PackError
from inventory.pack.geometry import Points
from inventory.pack.survey.tables import require, said_with

Shape = shapely.Geometry
_STRAY_DEGREES = 0.05  # about 5 km: a point that far outside all districts has a wrong position
_SLIVER_DEGREES = 0.01  # about 1 km: a gap between neighbours of that width is no place of its own
_DISTRICTS = "boundaries/india_districts_full.parquet"


def read_districts(folder: Path, state: str) -> dict[str, Shape]:
    """LGD district code -> its full polygon. Raises PackError."""
    path, columns = folder / _DISTRICTS, ["state_code", "district_code", "geometry"]
    with said_with(path):
        require(path, columns, pq.read_schema(path).names)
        rows = gpd.read_parquet(path, columns=columns)
    rows = rows[(rows["state_code"] == int(state)) & rows["district_code"].notna()]
    if rows.empty:
        raise PackError(f"{path}: has no district of state {state}")
    shapes = _side_by_side(shapely.force_2d(rows.geometry.to_numpy()))
    return dict(zip(rows["district_code"].astype(str), shapes, strict=True))


def read_blocks(folder: Path, stem: str) -> tuple[dict[str, Shape], bool]:
    """PMGSY block id -> its polygon, and whether they are derived, not official. Raises PackError."""
    official = folder / f"boundaries/blocks_{stem}.topojson"
    derived = official.with_stem(f"{official.stem}_derived")
    path = derived if derived.exists() and not official.exists() else official
    with said_with(path):
        _, _, wkb, (ids,) = pyogrio.raw.read(path, columns=["pmgsy_block_id"])
    shapes = _side_by_side(shapely.force_2d(shapely.from_wkb(wkb)))
    return dict(zip(ids.astype(str), shapes, strict=True)), path == derived


def _side_by_side(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Valid neighbours that share their borders point by point.

    The source drew each alone: hundreds of slivers between districts belonged to none, and a
    border that isn't shared can't be simplified without gaps.
    """
    valid = shapely.make_valid(shapes, method="structure")
    clean = shapely.coverage_clean(valid, gap_width=_SLIVER_DEGREES)  # type: ignore[attr-defined]  # stubs are of 2.1
    return np.asarray(clean)


def whole(districts: Mapping[str, Shape]) -> Shape:
    """The state: its districts in one."""
    return shapely.union_all(np.array(list(districts.values())))


def astray(at: Points, state: Shape) -> NDArray[np.bool_]:
    """Which points (n, 2: lat, lon) lie well outside the state; one without a position doesn't."""
    shapely.prepare(state)
    known = ~np.isnan(at[:, 0])
    far = np.zeros(len(at), dtype=np.bool_)
    far[known] = ~shapely.dwithin(state, shapely.points(at[known][:, ::-1]), _STRAY_DEGREES)
    return far


def wkb_of(shape: Shape) -> bytes:
    """As an import of it gives it back."""
    return shapely.to_wkb(shape, byte_order=1, output_dimension=2)
