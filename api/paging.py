"""Pages of a list by key: the next page begins after the last key given, whatever was added meanwhile."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import Query

from api.params import LINE

Limit = Annotated[int, Query(ge=1, le=5000, description="Most items in one answer")]
After = Annotated[str, Query(pattern=LINE, description="Key after which to begin: `next` of the page before")]

T = TypeVar("T")


def page_of(keys: pa.StringArray, after: str, limit: int) -> tuple[list[str], str | None]:
    """As `page`, of a column of keys."""
    later = keys.filter(pc.greater(keys, after)) if after else keys
    first = pc.bottom_k_unstable(later, limit + 1) if len(later) > limit else pc.sort_indices(later)
    found: list[str] = later.take(first).to_pylist()
    return found[:limit], found[limit - 1] if len(found) > limit else None


def page(items: Sequence[T], key: Callable[[T], str], after: str, limit: int) -> tuple[list[T], str | None]:
    """Items with a key above `after`, at most `limit`, and the key to go on from; `items` need no order."""
    ordered = sorted(items, key=key)
    start = bisect_right(ordered, after, key=key) if after else 0
    found = list(ordered[start : start + limit])
    more = start + limit < len(ordered)
    return found, key(found[-1]) if more else None
