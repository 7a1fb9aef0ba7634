"""The formats: a new one is a module with a function of this signature and a line here."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from reports.report import Report
from reports.writers import csv, geo, parquet, xlsx

Write = Callable[[Report, Path], None]
"""Writes the whole report to a path that does not exist yet; its ending is that of the format.

What else it writes has that path and more as its name.
"""

WRITERS: Mapping[str, Write] = {
    "csv": csv.write,
    "xlsx": xlsx.write,
    "gpkg": geo.write_gpkg,
    "geojson": geo.write_geojson,
    "parquet": parquet.write,
}


def write(report: Report, kind: str, path: Path) -> None:
    """Write `report` to `path`, which is replaced only when everything is written. Raises OSError."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".report-") as folder:
        unfinished = Path(folder, f"{path.stem or 'report'}.{kind}")
        WRITERS[kind](report, unfinished)
        for each in sorted(Path(folder).glob("*"), reverse=True):  # what lies beside it first
            each.replace(path.with_name(path.name + each.name.removeprefix(unfinished.name)))
