"""Parquet for programs: the table, with what it is in the file's key-value metadata."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from reports.report import Report
from reports.writers.about import about, definitions


def write(report: Report, path: Path) -> None:
    """Each column has its unit and definitions as metadata, the file the facts of `about`."""
    table = report.table
    fields = [
        table.schema.field(name).with_metadata(
            {"unit": unit, "definition_en": en, "definition_hi": hi, "definition_pa": pa_}
        )
        for name, unit, en, hi, pa_ in definitions(report)
    ]
    facts: dict[str, str] = {}
    for key, text in about(report):
        facts[key] = f"{facts[key]}\n{text}" if key in facts else text
    pq.write_table(table.cast(pa.schema(fields, metadata=facts)), path, compression="zstd")
