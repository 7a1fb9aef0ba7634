"""The map's geometry as it travels: columns, rounded, without any status."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from inventory.model import Names, SiteKind
from maps.view import MapView, Position

KIND_LETTER = {
    SiteKind.GP: "g",
    SiteKind.BLOCK_POP: "b",
    SiteKind.DISTRICT_POP: "d",
    SiteKind.NOC: "n",
    SiteKind.KENDRA: "k",
}


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

    {"bounds": [w, s, e, n], "parts": [key], "villages": {"key", "lon", "lat", "part"},
     "sites": {"key", "kind", "lon", "lat"}, "outlines": FeatureCollection (id = number of the part)}
    """
    number = {part.key: n for n, part in enumerate(view.parts)}
    return document(
        {
            "bounds": [round(edge, 4) for edge in view.bounds],
            "parts": [part.key for part in view.parts],
            "villages": {
                "key": [v.code for v in view.villages],
                **_columns(view.village_at),
                "part": list(view.part_of),
            },
            "sites": {
                "key": [s.name for s in view.sites],
                "kind": "".join(KIND_LETTER[s.kind] for s in view.sites),
                **_columns(view.site_at),
            },
            "outlines": {
                "type": "FeatureCollection",
                "features": [_feature(number.get(key, -1), shape) for key, shape in view.outlines.items()],
            },
        }
    )


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


def _columns(places: tuple[Position | None, ...]) -> dict[str, list[float | None]]:
    return {"lon": [at[0] if at else None for at in places], "lat": [at[1] if at else None for at in places]}


def _feature(number: int, shape: BaseGeometry) -> dict[str, Any]:
    rounded = shapely.set_precision(shape, 0.0001, mode="pointwise")
    return {"type": "Feature", "id": number, "properties": {}, "geometry": shapely.geometry.mapping(rounded)}
