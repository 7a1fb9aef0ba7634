"""Who can be reached from the NOC: search by levels over the inventory's links, all edges of a level at once. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inventory.model import SiteKind
from simulator.census import Census, Groups, Mask, Numbers, texts

_WITHIN_SITE = -1  # stands for the cable inside a site, which no fault cuts
_NOWHERE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Graph:
    """Edges, each in both directions: `from_`(grouped by device), `far` and `link` of shape (edges,).

    Devices are numbers of the census. `free` devices hang on nothing: nothing cuts them off.
    """

    edges: Groups
    far: Numbers
    link: Numbers
    carrier: Mask
    sources: NDArray[np.int64]
    free: NDArray[np.int64]

    def reachable(self, dead: Mask, cut: Mask) -> Mask:
        """Devices that a manager at the NOC reaches, given dead devices and cut links."""
        found = np.zeros(len(dead), np.bool_)
        begin = np.concatenate([self.sources, self.free])
        for devices, _, _ in self._levels(begin[~dead[begin]], dead, cut):
            found[devices] = True
        return found

    def hops(self) -> Numbers:
        """Links on each device's shortest path from the NOC while nothing is broken; -1 where there is none."""
        found = np.full(len(self.carrier), -1, np.int32)
        for hops, (devices, _, _) in enumerate(self._levels(self.sources, self._nothing, np.zeros(0, np.bool_))):
            found[devices] = hops
        return found

    def behind(self, links: Mask, dead: Mask, cut: Mask) -> Numbers:
        """The last of these links on each device's shortest path from the NOC; -1 where there is none."""
        found = np.full(len(self.carrier), -1, np.int32)
        begin = np.concatenate([self.sources, self.free])
        chosen = np.append(links, False)  # the cable within a site is none of them
        for devices, before, link in self._levels(begin[~dead[begin]], dead, cut):
            if len(before):
                found[devices] = np.where(chosen[link], link, found[before])
        return found

    @property
    def _nothing(self) -> Mask:
        return np.zeros(len(self.carrier), np.bool_)

    def _levels(
        self, begin: NDArray[np.int64], dead: Mask, cut: Mask
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Numbers]]:
        """Devices level by level as a breadth-first search finds them, with the device and link before each."""
        passed = dead.copy()
        passed[begin] = True
        broken = np.append(cut, False) if len(cut) else None
        yield begin, _NOWHERE, self.link[:0]
        devices = begin
        while len(devices := devices[self.carrier[devices]]):
            edges = self.edges.each(devices)
            before = np.repeat(devices, self.edges.start[devices + 1] - self.edges.start[devices])
            open_ = ~passed[self.far[edges]]
            if broken is not None:
                open_ &= ~broken[self.link[edges]]
            edges, before = edges[open_], before[open_]
            first = np.sort(np.unique(self.far[edges], return_index=True)[1])
            devices, before = self.far[edges[first]].astype(np.int64), before[first]
            passed[devices] = True
            yield devices, before, self.link[edges[first]]


def graph_of(census: Census) -> Graph:
    """Raises ValueError for an inventory whose links have no NOC to start from."""
    near, far, link = _cables(census)
    linked = np.zeros(len(census.active), np.bool_)
    linked[near] = True
    at_noc = np.asarray(texts(census.inventory.sites, "kind").to_numpy(zero_copy_only=False) == SiteKind.NOC.value)
    sources = np.flatnonzero(census.active & np.append(at_noc, False)[census.site])
    if len(near) and not len(sources):
        raise ValueError("the inventory has links but no device at a site of kind noc: nothing could be reached")
    loose, carrier = _plugged_in(census, linked)
    near = np.concatenate([near, np.stack([carrier, loose], axis=1).reshape(-1)])
    far = np.concatenate([far, np.stack([loose, carrier], axis=1).reshape(-1)])
    link = np.concatenate([link, np.full(2 * len(loose), _WITHIN_SITE)])
    linked[near] = True
    groups = Groups.of(near.astype(np.int32), len(linked))
    # Edges in the order of their groups: then a group's members are its edges' own places.
    edges = Groups(groups.start, np.arange(len(near)))
    order = groups.members
    return Graph(
        edges,
        far[order].astype(np.int32),
        link[order].astype(np.int32),
        census.carrier,
        sources,
        np.flatnonzero(census.active & ~linked),
    )


def _cables(census: Census) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(device, far device, link) of every link between active devices, from either end."""
    ends = np.stack([census.a, census.b], axis=1).astype(np.int64)
    working = np.flatnonzero((ends >= 0).all(axis=1) & census.active[ends].all(axis=1))
    near, far = ends[working], ends[working][:, ::-1]
    return near.reshape(-1), far.reshape(-1), np.repeat(working, 2)


def _plugged_in(census: Census, linked: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(device, carrier): a device without any link is cabled to every carrier of its own site."""
    loose = np.flatnonzero(census.active & ~census.carrier & ~linked)
    by_site = Groups.of(np.where(census.carrier, census.site, np.int32(-1)), len(census.sites))
    sites = census.site[loose].astype(np.int64)
    return np.repeat(loose, by_site.start[sites + 1] - by_site.start[sites]), by_site.each(sites)
