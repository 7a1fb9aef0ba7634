"""Where the features of a page's map lie among those of the archive that it is drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.model import Inventory
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


def numbers(inventory: Inventory, whole: MapView, page: MapView) -> Numbers:
    """`page` is the view of an area of `whole`, the view that the archive was made from."""
    spans = _spans(inventory, page)
    own = {
        "village": _own([area.key for area in page.villages], [area.key for area in whole.villages]),
        "site": _own([site.name for site in page.sites], [site.name for site in whole.sites]),
        "district": _own([area.key for area in page.districts], [area.key for area in whole.districts]),
        "block": _own([area.key for area in page.blocks], [area.key for area in whole.blocks]),
    }
    return Numbers(
        own,
        districts=tuple(spans.get(district.key, (0, 0)) for district in page.districts),
        blocks=tuple(spans.get(block.key, (0, 0)) for block in page.blocks),
    )


def _own(page: Sequence[str], whole: Sequence[str]) -> Span:
    first = whole.index(page[0]) if page else 0
    return first, first + len(page)


def _spans(inventory: Inventory, view: MapView) -> dict[str, Span]:
    """The villages of every area above them: one stretch each, by the order of the view."""
    found: dict[str, Span] = {}
    for number, village in enumerate(view.villages):
        above = village.parent
        while above is not None:
            found[above] = (found.get(above, (number, 0))[0], number + 1)
            above = inventory.areas[above].parent
    return found
