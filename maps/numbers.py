"""Where the features of a page's map lie among those of the archive that it is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inventory.model import Area
from maps.ground import Picked
from maps.view import MapView

Span = tuple[int, int]
"""First number, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """`own` has by layer the span of the page's features in the archive; `districts` and `blocks` have for
    each of these the span of its villages in the page's own order.
    """

    own: Mapping[str, Span]
    districts: tuple[Span, ...]
    blocks: tuple[Span, ...]


def numbers(whole: MapView, page: MapView) -> Numbers:
    """`page` is the view of an area of `whole`, the view that the archive was made from."""
    own = {
        "village": _own(page.village_numbers, whole.village_numbers),
        "site": _own(page.site_numbers, whole.site_numbers),
        "district": _first_of(page.districts, whole.districts),
        "block": _first_of(page.blocks, whole.blocks),
    }
    return Numbers(own, districts=_villages_of(page, page.districts), blocks=_villages_of(page, page.blocks))


def _own(page: slice, whole: slice) -> Span:
    """An empty stretch begins at 0."""
    length = page.stop - page.start
    first = page.start - whole.start if length else 0
    return first, first + length


def _first_of(page: Picked[Area], whole: Picked[Area]) -> Span:
    first = whole.keys.index(page.keys[0]).as_py() if len(page) else 0
    return first, first + len(page)


def _villages_of(view: MapView, areas: Picked[Area]) -> tuple[Span, ...]:
    """The villages of each area, by their numbers in the view; (0, 0) where it has none."""
    ground = view.ground
    ranks = np.array([ground.span(key) for key in areas.keys.to_pylist()]).reshape(-1, 2)
    found = np.searchsorted(ground.villages.rank, ranks) - view.village_numbers.start
    found[found[:, 0] == found[:, 1]] = 0
    return tuple((first, end) for first, end in found.tolist())
