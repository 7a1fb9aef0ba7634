"""Files for GIS programs, in WGS 84 (EPSG:4326): areas as points, districts as polygons."""

import json
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from inventory.hours import INDIA
from reports.columns import TIME, Column
from reports.report import Report
from reports.writers.about import about, definitions

_CRS = "EPSG:4326"
_DEFINITION = ("column", "unit", "definition_en", "definition_hi", "definition_pa")
_TYPES = {pa.int64(): pd.Int64Dtype()}  # whole numbers that may be missing


def write_gpkg(report: Report, path: Path) -> None:
    """GeoPackage with the layers <report> (points) and, where there are any, districts (polygons).

    The tables `definitions` and `about` lie beside them. What has no place or boundary on record
    has no geometry.
    """
    points(report).to_file(path, layer=report.name, driver="GPKG")
    if report.districts.num_rows:
        districts(report).to_file(path, layer="districts", driver="GPKG")
    named = pd.DataFrame(definitions(report), columns=_DEFINITION)
    pyogrio.write_dataframe(named, path, layer="definitions", driver="GPKG")
    pyogrio.write_dataframe(pd.DataFrame(about(report), columns=["what", "text"]), path, layer="about", driver="GPKG")


def write_geojson(report: Report, path: Path) -> None:
    """GeoJSON (RFC 7946) of the points alone, with the members `about` and `definitions` before them."""
    points(report).to_file(path, driver="GeoJSON", RFC7946="YES")
    kind, rest = path.read_text(encoding="utf-8").split('"FeatureCollection",', 1)
    members = {
        "about": [{"what": what, "text": text} for what, text in about(report)],
        "definitions": [dict(zip(_DEFINITION, row, strict=True)) for row in definitions(report)],
    }
    more = json.dumps(members, ensure_ascii=False)[1:-1]
    path.write_text(f'{kind}"FeatureCollection",\n{more},{rest}', encoding="utf-8")


def points(report: Report) -> gpd.GeoDataFrame:
    """One feature a row of the table."""
    frame = _frame(report.table, report.columns)
    places = [
        None if pd.isna(lat) or pd.isna(lon) else shapely.Point(lon, lat)
        for lat, lon in zip(frame["lat"], frame["lon"], strict=True)
    ]
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(places, crs=_CRS))


def districts(report: Report) -> gpd.GeoDataFrame:
    """One feature a district, with the same columns."""
    frame = _frame(report.districts, report.columns)
    outlines = [shapely.from_wkb(report.boundaries[key]) if key in report.boundaries else None for key in frame["area"]]
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(outlines, crs=_CRS))


def _frame(table: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    """Times become text in Indian time: GeoPackage knows only UTC, and shows it without saying so."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_TYPES.get)
    for column in columns:
        if column.type == TIME:
            times = table.column(column.name).to_pylist()
            frame[column.name] = [t and t.astimezone(INDIA).isoformat(timespec="seconds") for t in times]
    return frame
