"""One field of many records as an Arrow column, however the records are kept."""

from collections.abc import Mapping
from typing import TypeVar

import pyarrow as pa

R = TypeVar("R")


def column(records: Mapping[str, R], field: str) -> pa.Array:
    """`field` of every record in the mapping's order, shape (n,); None is null, an enum is its text."""
    return pa.array([getattr(record, field) for record in records.values()])
