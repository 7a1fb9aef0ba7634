"""A whole inventory in the order of its maps, in columns: what every map of an area is a stretch of.

Areas are ordered so that what lies in one stands together behind it; villages and sites as their areas.
No area, village or site is kept as an object: of a country there are half a million.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import column, keys
from inventory.model import Area, Inventory, Level, Site
from inventory.texts import Index, positions, texts

Position = tuple[float, float]
"""Longitude, latitude; degrees, WGS 84."""

R = TypeVar("R")
_NOWHERE = -1


class Picked(Sequence[R], Generic[R]):
    """Records by number, each made where it is asked for; a slice is one too. Equal where the keys are."""

    def __init__(self, records: Mapping[str, R], keys: pa.StringArray) -> None:
        self._records = records
        self.keys = keys

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, number: int) -> R: ...
    @overload
    def __getitem__(self, number: slice) -> "Picked[R]": ...
    def __getitem__(self, number: int | slice) -> "R | Picked[R]":
        if isinstance(number, slice):
            return Picked(self._records, self.keys[number])
        return self._records[self.keys[number].as_py()]

    def __iter__(self) -> Iterator[R]:
        return (self._records[key] for key in self.keys.to_pylist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picked) and self.keys.equals(other.keys)

    __hash__ = None  # type: ignore[assignment]  # as a list's


class Places(Sequence[Position | None]):
    """Positions by number, None where nobody has located the place. `degrees`, shape (n, 2), has NaN there."""

    def __init__(self, degrees: NDArray[np.float64]) -> None:
        self.degrees = degrees

    def __len__(self) -> int:
        return len(self.degrees)

    @overload
    def __getitem__(self, number: int) -> Position | None: ...
    @overload
    def __getitem__(self, number: slice) -> "Places": ...
    def __getitem__(self, number: int | slice) -> "Position | Places | None":
        if isinstance(number, slice):
            return Places(self.degrees[number])
        lon, lat = self.degrees[number].tolist()
        return None if np.isnan(lon) else (lon, lat)

    @property
    def known(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.degrees[:, 0])


@dataclass(frozen=True, slots=True)
class Stretch:
    """Villages or sites, numbered in the order of the map, columns of shape (n,).

    `rank` is that of the area, and rises; `kind` is the text of a site's kind, empty for areas.
    """

    keys: pa.StringArray
    rank: NDArray[np.int32]
    at: Places
    kind: pa.StringArray
    index: Index

    def within(self, begin: int, end: int) -> slice:
        """The numbers of those in areas of these ranks."""
        return slice(*np.searchsorted(self.rank, (begin, end)).tolist())


class Ground:
    """`rank` of an area is its place in the order; all below it have the ranks up to `end`."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        areas = keys(inventory.areas)
        place = pc.sort_indices(areas)  # the order is that of the keys, however the mapping is ordered
        parent = positions(texts(column(inventory.areas, "parent")).take(place), areas.take(place))
        rank, size = _preorder(parent)
        by_rank = np.argsort(rank).astype(np.int32)
        self.keys = areas.take(place).take(pa.array(by_rank))
        self.index = Index(self.keys)
        self.end = (rank + size)[by_rank]
        self._level = texts(column(inventory.areas, "level")).take(place).take(pa.array(by_rank))
        parent_rank = np.where(parent < 0, _NOWHERE, rank[parent])[by_rank]
        self.villages = self._villages(_degrees(inventory.areas)[np.asarray(place)][by_rank], parent_rank)
        self.sites = self._sites()
        pa.default_memory_pool().release_unused()

    def span(self, area: str | None) -> tuple[int, int]:
        """First rank of the area and all below it, and the one after the last; KeyError for an unknown area."""
        if area is None:
            return 0, len(self.end)
        rank = self.index.get(area)
        if rank is None:
            raise KeyError(area)
        return rank, int(self.end[rank])

    def of_level(self, level: Level | None, area: str | None) -> Picked[Area]:
        """The areas of a level (None: of every level) in that area, itself included."""
        begin, end = self.span(area)
        inside = self.keys[begin:end]
        if level is not None:
            inside = inside.filter(pc.equal(self._level[begin:end], level.value))
        return Picked(self.inventory.areas, inside)

    def children(self, area: str | None) -> Iterator[Area]:
        """The areas directly in that one (None: those in none) but its villages."""
        rank, end = (-1, len(self.end)) if area is None else self.span(area)
        child = rank + 1
        while child < end:
            if area is None or self._level[child].as_py() != Level.VILLAGE:
                yield self.inventory.areas[self.keys[child].as_py()]
            child = int(self.end[child])

    def _ranks_of(self, level: Level) -> NDArray[np.int32]:
        return np.flatnonzero(pc.equal(self._level, level.value)).astype(np.int32)

    def _villages(self, degrees: NDArray[np.float64], parent: NDArray[np.int32]) -> Stretch:
        """By rank: where each area is, and the rank of the one around it. A village that is known by its tehsil only
        is nowhere.
        """
        villages = self._ranks_of(Level.VILLAGE)
        of_panchayats = np.full((len(degrees) + 1, 2), np.nan)
        panchayats = self._ranks_of(Level.GP)
        of_panchayats[panchayats] = degrees[panchayats]
        own = degrees[villages]
        at = np.where(np.isnan(own), of_panchayats[parent[villages]], own)
        own_keys = self.keys.take(pa.array(villages))
        return Stretch(own_keys, villages, Places(at), pa.array([""] * len(villages), pa.string()), Index(own_keys))

    def _sites(self) -> Stretch:
        sites = self.inventory.sites
        names = keys(sites)
        rank = positions(texts(column(sites, "area")), self.keys)
        order = np.asarray(pc.sort_indices(names))
        order = order[np.argsort(rank[order], kind="stable")]
        order = order[rank[order] >= 0]
        chosen = pa.array(order)
        names = names.take(chosen)
        kind = texts(column(sites, "kind")).take(chosen)
        return Stretch(names, rank[order], Places(_degrees(sites)[order]), kind, Index(names))


def _degrees(records: Mapping[str, Area] | Mapping[str, Site]) -> NDArray[np.float64]:
    """Longitude and latitude of every record, shape (n, 2); both are NaN where either is unknown."""
    found = [column(records, name).cast(pa.float64()).fill_null(float("nan")) for name in ("lon", "lat")]
    degrees = np.round(np.stack([each.to_numpy(zero_copy_only=False) for each in found], axis=1), 5)
    degrees[np.isnan(degrees).any(axis=1)] = np.nan
    return degrees


def _preorder(parent: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rank of each node, and how many nodes there are in and below it; a node stands before all below it."""
    depths = list(_by_depth(parent))
    size = np.ones(len(parent), np.int32)
    for nodes in reversed(depths[1:]):
        np.add.at(size, parent[nodes], size[nodes])
    rank = np.zeros(len(parent) + 1, np.int32)  # the last entry: what all roots stand behind
    rank[-1] = -1
    for nodes in depths:
        family = nodes[np.argsort(parent[nodes], kind="stable")]
        before = np.cumsum(size[family]) - size[family]
        first = np.append(True, np.diff(parent[family]) != 0)
        rank[family] = (
            rank[parent[family]]
            + 1
            + before
            - np.repeat(before[first], np.diff(np.append(np.flatnonzero(first), len(family))))
        )
    return rank[:-1], size


def _by_depth(parent: NDArray[np.int32]) -> Iterator[NDArray[np.intp]]:
    """The nodes without a parent, those right below them, and so on."""
    nodes = np.flatnonzero(parent == _NOWHERE)
    while len(nodes):
        yield nodes
        nodes = np.flatnonzero(np.isin(parent, nodes))


def stretch_of(parts: Sequence[tuple[int, int]], ranks: NDArray[np.int32]) -> NDArray[np.int32]:
    """The part in whose span each rank lies, -1 where in none; `parts` are spans that don't overlap."""
    if not parts:
        return np.full(len(ranks), _NOWHERE, np.int32)
    begin, end = np.array(parts).T
    order = np.argsort(begin)
    found = order[np.maximum(np.searchsorted(begin[order], ranks, side="right") - 1, 0)]
    inside = (begin[found] <= ranks) & (ranks < end[found])
    return np.where(inside, found, _NOWHERE).astype(np.int32)
