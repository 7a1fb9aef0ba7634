"""A report as a value: what every writer is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from inventory.model import Names, Source
from reports.columns import Column

Fact = tuple[str, Names]


@dataclass(frozen=True)
class Report:
    """`table` and `districts` have exactly `columns`; `districts` has one row a district.

    The period [start, end) is what shares of time are about; counts are of `as_of`. Each of
    `boundaries` is the WKB (EPSG:4326) of the area whose key it stands under. `facts` are (key, text) of
    what else a reader has to know. `language` is the one that was asked for, empty: none. A printed report is in it, or in
    English; the files have words for codes in it beside all that they have in every language.
    """

    name: str
    title: Names
    area: Names
    columns: tuple[Column, ...]
    table: pa.Table
    districts: pa.Table
    as_of: datetime
    start: datetime
    end: datetime
    sources: tuple[Source, ...]
    boundaries: Mapping[str, bytes]
    facts: tuple[Fact, ...] = ()
    warning: Names | None = None
    language: str = ""
