"""What the tiles hold: lines of GeoJSON for tippecanoe, each with its layer and its zooms.

Layers: `district`, `block` (polygons) and `state` (polygon), `label` (where the name of a district
or block stands), `line` (between two sites), `site`, `village` (points). Numbers of features are
those of maps.view. Names are given in the languages that there are (`en`, `hi`, `pa`).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import asinh, pi, radians, tan

import shapely
from shapely.geometry.base import BaseGeometry

from inventory.model import Area, Inventory, Level, Names, SiteKind
from maps.view import MapView, Position

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
_RING_ZOOM, _SPUR_ZOOM = 7, 9
_AREA_ZOOM: Mapping[Level, int] = {Level.STATE: 0, Level.DISTRICT: 0, Level.BLOCK: 6}

Properties = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class _Zooms:
    low: int
    high: int = DEEPEST


def features(inventory: Inventory, view: MapView) -> Iterator[str]:
    """One GeoJSON feature a line of everything that `view` draws."""
    state = (view.area,) if view.area and view.area.level is Level.STATE else ()
    for areas in (state, view.districts, view.blocks):
        yield from _areas(inventory, areas)
    yield from _lines(inventory, view)
    yield from _sites(view)
    yield from _villages(view)


def lowest_zoom(places: Iterable[Position], crowd: int) -> int:
    """The first zoom at which no tile holds more than `crowd` of the places; DEEPEST - 1 at most."""
    unit = [_mercator(lon, lat) for lon, lat in places]
    for zoom in range(DEEPEST - 1):
        held = Counter((int(x * 2**zoom), int(y * 2**zoom)) for x, y in unit)
        if max(held.values(), default=0) <= crowd:
            return zoom
    return DEEPEST - 1


def _mercator(lon: float, lat: float) -> Position:
    """Web Mercator, 0 to 1 from the north-west."""
    return lon / 360 + 0.5, 0.5 - asinh(tan(radians(lat))) / (2 * pi)


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
    place = dict(zip(view.site_index, view.site_at, strict=True))
    told = set()
    for link in inventory.links.values():
        ends = sorted(inventory.devices[device].site for device in (link.a_device, link.b_device))
        places = [place.get(end) for end in ends]
        what = (*ends, link.ring, link.medium)
        if None in places or places[0] == places[1] or what in told:
            continue
        told.add(what)
        a, b = (view.site_index[end] for end in ends)
        ring = {"ring": link.ring} if link.ring else {}
        zooms = _Zooms(_RING_ZOOM if ring else _SPUR_ZOOM)
        path = json.dumps({"type": "LineString", "coordinates": places})
        yield _line("line", None, zooms, {"a": a, "b": b, "medium": link.medium, **ring}, path)


def _sites(view: MapView) -> Iterator[str]:
    gps = lowest_zoom(_known(view, SiteKind.GP), _CROWD)
    for number, (site, at) in enumerate(zip(view.sites, view.site_at, strict=True)):
        if at is None:
            continue
        zooms = _Zooms(max(_SITE_ZOOM[site.kind], gps if site.kind is SiteKind.GP else 0))
        names = _names(site.names) if site.kind is SiteKind.GP else {}
        yield _line("site", number, zooms, {"kind": KIND_LETTER[site.kind], **names}, _point(at))


def _known(view: MapView, kind: SiteKind) -> list[Position]:
    return [at for site, at in zip(view.sites, view.site_at, strict=True) if at and site.kind is kind]


def _villages(view: MapView) -> Iterator[str]:
    """Each village twice: without its name for the zooms that have no room for names, and with it."""
    low = lowest_zoom((at for at in view.village_at if at), _CROWD)
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
