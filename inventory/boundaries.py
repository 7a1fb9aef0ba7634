"""Reading and writing boundaries.geojson: the polygons of areas."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon
from shapely.errors import ShapelyError
from shapely.geometry import shape

from inventory.cells import quoted
from inventory.kinds import BOUNDARIES_FILE
from inventory.places import EAST, NORTH, SOUTH, WEST
from inventory.problems import Problem
from inventory.rows import decoded

Boundaries = dict[str, bytes]
_AREAL = (Polygon, MultiPolygon)


def read_boundaries(content: bytes) -> tuple[Boundaries, list[Problem]]:
    """Area key -> WKB (EPSG:4326) of a FeatureCollection of (multi)polygons."""
    text = decoded(BOUNDARIES_FILE, content)
    if isinstance(text, Problem):
        return {}, [text]
    try:
        document = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return {}, [Problem(BOUNDARIES_FILE, error.lineno, "", f"is not JSON: {error.msg}")]
    except (ValueError, RecursionError) as error:
        return {}, [Problem(BOUNDARIES_FILE, 0, "", f"is not JSON that can be read: {error}")]
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        return {}, [Problem(BOUNDARIES_FILE, 1, "features", "is missing: a GeoJSON FeatureCollection is wanted")]
    return _collect(features)


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _collect(features: list[Any]) -> tuple[Boundaries, list[Problem]]:
    found: Boundaries = {}
    problems: list[Problem] = []
    for number, feature in enumerate(features):
        try:
            key, wkb = _boundary(feature)
        except ValueError as error:
            problems.append(Problem(BOUNDARIES_FILE, 0, f"features[{number}]", str(error)))
            continue
        if key in found:
            problems.append(Problem(BOUNDARIES_FILE, 0, f"features[{number}]", f"{quoted(key)} has a boundary already"))
        found[key] = wkb
    return found, problems


def _boundary(feature: Any) -> tuple[str, bytes]:
    """(area key, WKB) of one GeoJSON feature; raises ValueError with the reason."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    key = properties.get("area") if isinstance(properties, dict) else None
    if not isinstance(key, str):
        raise ValueError('has no property "area" such as "district:387"')  # noqa: TRY004 - one reason, one type
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise ValueError("is neither a Polygon nor a MultiPolygon")
    try:
        polygon = shape(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"has coordinates that make no polygon: {quoted(str(error), 120)}") from None
    if not isinstance(polygon, _AREAL):
        raise ValueError("encloses nothing")  # noqa: TRY004
    return key, shapely.to_wkb(_checked(polygon), byte_order=1, output_dimension=2)


def _checked(polygon: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """A polygon that can be drawn and asked; a ring that crosses itself is mended."""
    if polygon.is_empty:
        raise ValueError("encloses nothing")
    west, south, east, north = polygon.bounds
    if not (WEST <= west <= east <= EAST and SOUTH <= south <= north <= NORTH):
        raise ValueError("lies outside India; GeoJSON writes [longitude, latitude], in degrees")
    if polygon.is_valid:
        return polygon
    mended = shapely.make_valid(polygon, method="structure")
    if not isinstance(mended, _AREAL) or mended.is_empty:
        raise ValueError(f"encloses nothing: {shapely.is_valid_reason(polygon)}")
    return mended


def written_boundaries(boundaries: Mapping[str, bytes]) -> bytes:
    """The FeatureCollection of these boundaries, one feature a line."""
    return "\n".join(_lines(boundaries)).encode()


def _lines(boundaries: Mapping[str, bytes]) -> Iterator[str]:
    yield '{"type": "FeatureCollection", "features": ['
    for number, (key, wkb) in enumerate(boundaries.items(), start=1):
        geometry = shapely.geometry.mapping(shapely.from_wkb(wkb))
        feature = {"type": "Feature", "properties": {"area": key}, "geometry": geometry}
        yield json.dumps(feature, ensure_ascii=False) + ("," if number < len(boundaries) else "")
    yield "]}\n"
