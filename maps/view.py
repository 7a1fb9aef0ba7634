"""What a map of an area shows: its parts, villages and sites, in one fixed order.

Everything that travels apart from the geometry (statuses, changes) names a village or a site by
its position in this order. What lies in one area stands together in it, so the order of an area's
own map is a stretch of the order of every wider map.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from inventory.model import Area, Inventory, Level, Site, SiteKind
from maps.ground import Ground, Picked, Places, stretch_of


@dataclass(frozen=True)
class MapView:
    """The map of `area` (None: the whole inventory), a stretch of the ground.

    `parts` are the areas it is broken down by: districts of a state, blocks of a district. `districts` and `blocks`
    are all of these levels, `area` included. `part_of`, shape (villages,), is the part's number, -1 for a village
    directly in `area`; a position of None is a place nobody has located.
    """

    ground: Ground
    area: Area | None
    span: tuple[int, int]  # ranks of the ground
    parts: tuple[Area, ...]
    part_of: NDArray[np.int32]
    outlines: dict[str, BaseGeometry]
    districts: Picked[Area]
    blocks: Picked[Area]

    @cached_property
    def village_numbers(self) -> slice:
        """The ground's numbers of the view's villages."""
        return self.ground.villages.within(*self.span)

    @cached_property
    def site_numbers(self) -> slice:
        return self.ground.sites.within(*self.span)

    @property
    def villages(self) -> Picked[Area]:
        return Picked(self.ground.inventory.areas, self.ground.villages.keys[self.village_numbers])

    @property
    def sites(self) -> Picked[Site]:
        return Picked(self.ground.inventory.sites, self.ground.sites.keys[self.site_numbers])

    def sites_of(self, kind: SiteKind) -> NDArray[np.bool_]:
        """Which sites are of that kind, shape (sites,)."""
        return np.array(pc.equal(self.ground.sites.kind[self.site_numbers], kind.value), np.bool_)

    @property
    def village_at(self) -> Places:
        return self.ground.villages.at[self.village_numbers]

    @property
    def site_at(self) -> Places:
        return self.ground.sites.at[self.site_numbers]

    @property
    def octets(self) -> int:
        """What the view takes in memory beside the ground, about: parts and keys are objects."""
        points = int(shapely.get_num_coordinates(list(self.outlines.values())).sum()) if self.outlines else 0
        keys = int(self.districts.keys.nbytes + self.blocks.keys.nbytes)
        return 2_000 + self.part_of.nbytes + 24 * points + keys + 1_000 * len(self.parts)

    def village_number(self, key: str) -> int | None:
        """The number of a village; None for one that isn't in the view."""
        return _inside(self.ground.villages.index.get(key), self.village_numbers)

    def site_number(self, name: str) -> int | None:
        return _inside(self.ground.sites.index.get(name), self.site_numbers)

    @cached_property
    def order(self) -> str:
        """Names this order of areas and sites: numbers of another one mean other places."""
        digest = hashlib.sha256()
        for keys in (self.ground.keys[slice(*self.span)], self.sites.keys):
            for piece in range(0, len(keys), _AT_ONCE):
                digest.update("\n".join(keys[piece : piece + _AT_ONCE].to_pylist()).encode() + b"\n")
            digest.update(b"\n")
        return digest.hexdigest()[:16]

    @cached_property
    def approximate(self) -> bool:
        """Whether an outline of the map is derived, not official."""
        return any(area.boundary_approximate for areas in (self.districts, self.blocks) for area in areas)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all that is drawn, with a margin; of India where nothing is."""
        points = [at.degrees[at.known] for at in (self.village_at, self.site_at)]
        edges = [shapely.total_bounds(list(self.outlines.values())).reshape(2, 2)] if self.outlines else []
        corners = np.concatenate([*edges, *points])
        if not len(corners):
            return 68.0, 6.5, 97.5, 37.5
        west, south = (float(edge) for edge in corners.min(axis=0))
        east, north = (float(edge) for edge in corners.max(axis=0))
        margin = max(0.01, 0.02 * max(east - west, north - south))
        return west - margin, south - margin, east + margin, north + margin


_AT_ONCE = 10_000


def _inside(number: int | None, numbers: slice) -> int | None:
    return number - numbers.start if number is not None and numbers.start <= number < numbers.stop else None


def view_of(ground: Ground, area: str | None) -> MapView:
    """The map of the area with that key, or of everything; KeyError where there is no such area."""
    inventory, span = ground.inventory, ground.span(area)
    parts = _parts(ground, area)
    villages = ground.villages.rank[ground.villages.within(*span)]
    return MapView(
        ground=ground,
        area=inventory.areas[area] if area else _single_root(ground),
        span=span,
        parts=parts,
        part_of=stretch_of([ground.span(part.key) for part in parts], villages),
        outlines=_outlines(inventory, area, parts),
        districts=ground.of_level(Level.DISTRICT, area),
        blocks=ground.of_level(Level.BLOCK, area),
    )


def _single_root(ground: Ground) -> Area | None:
    roots = list(ground.children(None))
    return roots[0] if len(roots) == 1 else None


def _parts(ground: Ground, area: str | None) -> tuple[Area, ...]:
    root = ground.inventory.areas[area] if area else _single_root(ground)
    if root is None:
        return tuple(ground.children(None))
    return tuple(sorted(ground.children(root.key), key=lambda child: child.names.en))


def _outlines(inventory: Inventory, area: str | None, parts: Iterable[Area]) -> dict[str, BaseGeometry]:
    """Boundaries of the parts, or of the area itself where its parts have none, thinned for the screen."""
    keys = [part.key for part in parts if part.key in inventory.boundaries]
    if not keys and area in inventory.boundaries:
        keys = [area] if area else []
    if not keys:
        return {}
    shapes = shapely.from_wkb([inventory.boundaries[key] for key in keys])
    west, south, east, north = shapely.total_bounds(shapes)
    # A coverage keeps the borders that neighbours share in one piece. The tolerance is the side of the
    # smallest bulge that is kept: about a pixel of a state on a phone.
    width = max(east - west, north - south)
    thinned = shapely.coverage_simplify(shapes, width / (350 if len(keys) > 1 else 1500))
    return dict(zip(keys, thinned, strict=True))
