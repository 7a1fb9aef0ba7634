"""Where the features of a page's map lie among those of the archive that it is drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.model import Area, Inventory
from maps.view import MapView

Span = tuple[int, int]
"""First number, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What to add to the numbers of a page's villages and sites to have those of the archive, and
    for each of its districts and blocks the span of its villages in the page's numbers.
    """

    first_village: int
    first_site: int
    first_district: int
    first_block: int
    districts: tuple[Span, ...]
    blocks: tuple[Span, ...]


def numbers(inventory: Inventory, whole: MapView, page: MapView) -> Numbers:
    """`page` is the view of an area of `whole`, the view that the archive was made from."""
    spans = _spans(inventory, page)
    return Numbers(
        first_village=_first(page.villages, [village.key for village in whole.villages]),
        first_site=whole.site_index[page.sites[0].name] if page.sites else 0,
        first_district=_first(page.districts, [district.key for district in whole.districts]),
        first_block=_first(page.blocks, [block.key for block in whole.blocks]),
        districts=tuple(spans.get(district.key, (0, 0)) for district in page.districts),
        blocks=tuple(spans.get(block.key, (0, 0)) for block in page.blocks),
    )


def _first(page: Sequence[Area], whole: Sequence[str]) -> int:
    return whole.index(page[0].key) if page else 0


def _spans(inventory: Inventory, view: MapView) -> dict[str, Span]:
    """The villages of every area above them: one stretch each, by the order of the view."""
    found: dict[str, Span] = {}
    for number, village in enumerate(view.villages):
        above = village.parent
        while above is not None:
            found[above] = (found.get(above, (number, 0))[0], number + 1)
            above = inventory.areas[above].parent
    return found
