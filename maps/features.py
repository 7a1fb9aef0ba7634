"""What the tiles hold: lines of GeoJSON for tippecanoe, each with its layer and its zooms.

Layers: `district`, `block` (polygons) and `state` (polygon), `label` (where the name of a district
or block stands), `line` (between two sites), `site`, `village` (points). Numbers of features are
those of maps.view. Names are given in the languages that there are (`en`, `hi`, `pa`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from inventory.columnar import column, keys
from inventory.model import Area, Inventory, Level, Names, SiteKind
from inventory.texts import positions, texts
from maps.ground import Position
from maps.view import MapView

DEEPEST = 12
"""Zoom of the most detailed tiles; a map that is closer enlarges these."""

KIND_LETTER: Mapping[SiteKind, str] = {
    SiteKind.GP: "g",
    SiteKind.BLOCK_POP: "b",
    SiteKind.DISTRICT_POP: "d",
    SiteKind.NOC: "n",
    SiteKind.KENDRA: "k",
}

_NAMED = 11  # from here on there is room for the names of villages
_CROWD = 2000  # most villages in a tile: some 20 KB, four seconds at 50 kbit/s
_FINE = 0.0003  # degrees; smaller bulges of an outline aren't drawn at any zoom
_SITE_ZOOM: Mapping[SiteKind, int] = {
    SiteKind.NOC: 5,
    SiteKind.DISTRICT_POP: 6,
    SiteKind.BLOCK_POP: 8,
    SiteKind.GP: 8,
    SiteKind.KENDRA: 9,
}
_NOWHERE = -1
_RING_ZOOM, _SPUR_ZOOM = 7, 9
_AREA_ZOOM: Mapping[Level, int] = {Level.STATE: 0, Level.DISTRICT: 0, Level.BLOCK: 6}

Properties = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class _Zooms:
    low: int
    high: int = DEEPEST


def features(view: MapView) -> Iterator[str]:
    """One GeoJSON feature a line of everything that `view` draws."""
    inventory = view.ground.inventory
    state = (view.area,) if view.area and view.area.level is Level.STATE else ()
    for areas in (state, view.districts, view.blocks):
        yield from _areas(inventory, areas)
    yield from _lines(inventory, view)
    yield from _sites(view)
    yield from _villages(view)


def lowest_zoom(degrees: NDArray[np.float64], crowd: int) -> int:
    """The first zoom at which no tile holds more than `crowd` of the places, shape (n, 2); DEEPEST - 1 at most."""
    unit = _mercator(degrees)
    for zoom in range(DEEPEST - 1):
        x, y = (unit * 2**zoom).astype(np.int64).T
        _, held = np.unique(x << DEEPEST | y, return_counts=True)
        if held.max(initial=0) <= crowd:
            return zoom
    return DEEPEST - 1


def _mercator(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Web Mercator, 0 to 1 from the north-west."""
    lon, lat = degrees.T
    return np.stack([lon / 360 + 0.5, 0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * pi)], axis=1)


def _areas(inventory: Inventory, areas: Sequence[Area]) -> Iterator[str]:
    """Outlines and labels of areas of one level."""
    drawn = [area.key for area in areas if area.key in inventory.boundaries]
    full = shapely.from_wkb([inventory.boundaries[key] for key in drawn])
    thinned = dict(zip(drawn, shapely.coverage_simplify(full, _FINE), strict=True)) if drawn else {}
    for number, area in enumerate(areas):
        zooms = _Zooms(_AREA_ZOOM[area.level])
        shape = thinned.get(area.key)
        if shape is not None:
            approximate: Properties = {"approximate": True} if area.boundary_approximate else {}
            yield _line(area.level, number, zooms, approximate, shapely.to_geojson(shape))
        at = _label_at(area, shape)
        if at and area.level is not Level.STATE:
            yield _line("label", number, zooms, {"level": area.level, **_names(area.names)}, _point(at))


def _label_at(area: Area, shape: BaseGeometry | None) -> Position | None:
    if shape is not None:
        inside = shape.representative_point()
        return inside.x, inside.y
    return None if area.lon is None or area.lat is None else (area.lon, area.lat)


def _lines(inventory: Inventory, view: MapView) -> Iterator[str]:
    """One line for all links between the same two sites; both have to be in the view.

    `a` and `b` are the numbers of the sites, `ring` the ring's name, `medium` fibre, radio or copper.
    """
    places = view.site_at
    for a, b, name, medium in sorted(set(_between_sites(inventory, view))):
        ring = {"ring": name} if name else {}
        zooms = _Zooms(_RING_ZOOM if ring else _SPUR_ZOOM)
        path = json.dumps({"type": "LineString", "coordinates": [places[a], places[b]]})
        yield _line("line", None, zooms, {"a": a, "b": b, "medium": medium, **ring}, path)


def _between_sites(inventory: Inventory, view: MapView) -> Iterator[tuple[int, int, str, str]]:
    """The two sites of every link that joins located ones at different places; its ring and medium."""
    devices = keys(inventory.devices)
    site = positions(texts(column(inventory.devices, "site")), view.sites.keys)
    site[(site >= 0) & ~np.append(view.site_at.known, values=False)[site]] = _NOWHERE
    at_device = np.append(site, np.int32(_NOWHERE))
    ends = [at_device[positions(texts(column(inventory.links, f"{end}_device")), devices)] for end in "ab"]
    a, b = np.minimum(*ends), np.maximum(*ends)
    degrees = np.append(view.site_at.degrees, [[0.0, 0.0]], axis=0)
    drawn = (a >= 0) & (degrees[a] != degrees[b]).any(axis=1)
    told = [texts(column(inventory.links, name)).filter(pa.array(drawn)).to_pylist() for name in ("ring", "medium")]
    yield from zip(a[drawn].tolist(), b[drawn].tolist(), *told, strict=True)


def _sites(view: MapView) -> Iterator[str]:
    at_gps = view.site_at.degrees[view.site_at.known & view.sites_of(SiteKind.GP)]
    gps = lowest_zoom(at_gps, _CROWD)
    for number, (site, at) in enumerate(zip(view.sites, view.site_at, strict=True)):
        if at is None:
            continue
        zooms = _Zooms(max(_SITE_ZOOM[site.kind], gps if site.kind is SiteKind.GP else 0))
        names = _names(site.names) if site.kind is SiteKind.GP else {}
        yield _line("site", number, zooms, {"kind": KIND_LETTER[site.kind], **names}, _point(at))


def _villages(view: MapView) -> Iterator[str]:
    """Each village twice: without its name for the zooms that have no room for names, and with it."""
    low = lowest_zoom(view.village_at.degrees[view.village_at.known], _CROWD)
    for number, (village, at) in enumerate(zip(view.villages, view.village_at, strict=True)):
        if at is None:
            continue
        if low < _NAMED:
            yield _line("village", number, _Zooms(low, _NAMED - 1), {}, _point(at))
        yield _line("village", number, _Zooms(_NAMED), _names(village.names), _point(at))


def _names(names: Names) -> Properties:
    told = {"en": names.en, "hi": names.hi, "pa": names.pa}
    return {language: name for language, name in told.items() if name}


def _point(at: Position) -> str:
    return json.dumps({"type": "Point", "coordinates": at})


def _line(layer: str, number: int | None, zooms: _Zooms, properties: Properties, geometry: str) -> str:
    head: dict[str, object] = {"type": "Feature"} if number is None else {"type": "Feature", "id": number}
    head["tippecanoe"] = {"layer": layer, "minzoom": zooms.low, "maxzoom": zooms.high}
    head["properties"] = properties
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "geometry": {geometry}}}\n'
