"""The formats: a new one is a module with a function of this signature and a line here."""

import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from shutil import make_archive
from typing import cast

from reports.report import Report
from reports.worded import worded

Write = Callable[[Report, Path], None]
"""Writes the whole report to a path that does not exist yet; its ending is that of the format.

What else it writes has that path and more as its name, or another ending (the parts of a Shapefile).
"""

PRINT = "pdf"
"""Says words instead of codes; the others have them beside the codes."""

WRITERS: Mapping[str, str] = {
    "csv": "csv:write",
    "xlsx": "xlsx:write",
    "gpkg": "geo:write_gpkg",
    "geojson": "geo:write_geojson",
    "parquet": "parquet:write",
    "shp": "shape:write",
    PRINT: "pdf:write",
}
"""Format -> module and function, imported when it is asked for: geopandas alone takes 100 MB."""


def write(report: Report, kind: str, path: Path) -> None:
    """Write `report` to `path`, which is replaced only when everything is written. Raises OSError."""
    module, _, function = WRITERS[kind].partition(":")
    writer = cast("Write", getattr(import_module(f"reports.writers.{module}"), function))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".report-") as folder:
        unfinished = Path(folder, f"{path.stem or 'report'}.{kind}")
        writer(report if kind == PRINT else worded(report), unfinished)
        if kind == "shp" and path.suffix.lower() != ".shp":
            _pack(Path(folder), path)
            return
        for each in sorted(Path(folder).glob("*"), reverse=True):  # what lies beside it first
            more = each.name.removeprefix(unfinished.name)
            each.replace(path.with_suffix(each.suffix) if more == each.name else path.with_name(path.name + more))


def _pack(folder: Path, path: Path) -> None:
    """The files of a Shapefile as one archive."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".report-") as other:
        archive = Path(make_archive(str(Path(other, "files")), "zip", folder))
        archive.replace(path)
