"""The map's geometry as it travels: columns, rounded, without any status."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from inventory.model import Area, Names, SiteKind
from maps.view import MapView, Position

KIND_LETTER = {
    SiteKind.GP: "g",
    SiteKind.BLOCK_POP: "b",
    SiteKind.DISTRICT_POP: "d",
    SiteKind.NOC: "n",
    SiteKind.KENDRA: "k",
}

DECIMALS = 4  # of a degree: 11 m
WIDE = 2.0  # degrees; wider maps take outlines to 100 m


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document and the hash of its content, for caching."""

    body: bytes
    etag: str


def document(content: Any) -> Document:
    """`content` as compact JSON in UTF-8."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Document(body, hashlib.sha256(body).hexdigest()[:16])


def geometry(view: MapView) -> Document:
    """Villages and sites as parallel columns, outlines as GeoJSON; `lon`/`lat` are null where unknown.

    {"bounds": [w, s, e, n], "parts": number, "centres": {"lon", "lat"} of the parts,
     "villages": {"lon", "lat", "part"}, "sites": {"kind", "step", "lon", "lat"},
     "outlines": FeatureCollection (id = number of the part)}

    A site at a village's own place gives as `step` how many villages on from the last such site
    that is; the others have a null there, and their places in `lon`/`lat`, in order.
    """
    places, steps = _own_places(view)
    return document(
        {
            "bounds": [round(edge, 4) for edge in view.bounds],
            "parts": len(view.parts),
            "centres": _columns([_centre(view, part) for part in view.parts]),
            "villages": {**_columns(view.village_at), "part": list(view.part_of)},
            "sites": {"kind": "".join(KIND_LETTER[s.kind] for s in view.sites), "step": steps, **_columns(places)},
            "outlines": _outlines(view),
        }
    )


def _own_places(view: MapView) -> tuple[list[Position | None], list[int | None]]:
    """Places of the sites that stand apart from every village, and the steps of the others."""
    village = {at: number for number, at in enumerate(view.village_at) if at}
    places: list[Position | None] = []
    steps: list[int | None] = []
    before = 0
    for at in view.site_at:
        number = village.get(at) if at else None
        if number is None:
            places.append(at)
            steps.append(None)
        else:
            steps.append(number - before)
            before = number
    return places, steps


def _centre(view: MapView, part: Area) -> Position | None:
    """A point inside the part, for its name."""
    if part.key in view.outlines:
        spot = view.outlines[part.key].representative_point()
        return spot.x, spot.y
    return None if part.lon is None or part.lat is None else (part.lon, part.lat)


def _outlines(view: MapView) -> dict[str, Any]:
    number = {part.key: n for n, part in enumerate(view.parts)}
    west, _, east, _ = view.bounds
    grid = 0.001 if east - west > WIDE else 0.0001
    features = [_feature(number.get(key, -1), shape, grid) for key, shape in view.outlines.items()]
    return {"type": "FeatureCollection", "features": features}


def names(view: MapView, language: str) -> Document:
    """Names of parts and villages in one language, in the order of `geometry`; a map needs them only for labels."""
    return document(
        {
            "parts": [_name(part.names, language) for part in view.parts],
            "villages": [_name(village.names, language) for village in view.villages],
        }
    )


def _name(names: Names, language: str) -> str:
    return names.in_language(language)[0]


def _columns(places: Sequence[Position | None]) -> dict[str, list[float | None]]:
    lons = [round(at[0], DECIMALS) if at else None for at in places]
    return {"lon": lons, "lat": [round(at[1], DECIMALS) if at else None for at in places]}


def _feature(number: int, shape: BaseGeometry, grid: float) -> dict[str, Any]:
    rounded = shapely.set_precision(shape, grid, mode="pointwise")
    return {"type": "Feature", "id": number, "properties": {}, "geometry": shapely.geometry.mapping(rounded)}
