"""The inventory in columns: what one asks of all devices, sites and links at once. Numbers are their order."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import column
from inventory.model import Inventory, Lifecycle, Role

CARRIERS = frozenset({Role.ROUTER, Role.OLT, Role.ONT, Role.SWITCH, Role.RADIO})
"""Roles that pass traffic on; a path doesn't lead through a PC."""

_FEW = 50

Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Groups:
    """Members by the number of their group, in the members' order."""

    start: NDArray[np.int64]  # (groups + 1,)
    members: NDArray[np.int64]

    @classmethod
    def of(cls, group: Numbers, groups: int) -> "Groups":
        """Group i of the members whose `group` is i; those of group -1 are in none."""
        order = np.argsort(group, kind="stable")
        return cls(np.searchsorted(group[order], np.arange(groups + 1)), order)

    def __getitem__(self, group: int) -> NDArray[np.int64]:
        return self.members[self.start[group] : self.start[group + 1]]

    def each(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """The members of all these groups, one group after another."""
        count = self.start[groups + 1] - self.start[groups]
        before = np.cumsum(count) - count
        places: NDArray[np.int64] = np.repeat(self.start[groups] - before, count) + np.arange(count.sum())
        return self.members[places]


class Census:
    """Columns of shape (devices,), (sites,) and (links,); names are looked up in Arrow, no text is kept twice."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        devices, links = inventory.devices, inventory.links
        self.devices = texts(devices, "name")
        self.sites = texts(inventory.sites, "name")
        self.links = texts(links, "name")
        self.role = texts(devices, "role")
        self.active = _mask(pc.equal(texts(devices, "status"), Lifecycle.ACTIVE.value))
        self.carrier = self.active & self.has_role(CARRIERS)
        self.site = _numbers(texts(devices, "site"), self.sites)
        self.a = _numbers(texts(links, "a_device"), self.devices)
        self.b = _numbers(texts(links, "b_device"), self.devices)

    def has_role(self, roles: Iterable[Role]) -> Mask:
        return _mask(pc.is_in(self.role, value_set=pa.array([role.value for role in roles], pa.string())))

    def numbers(self, names: Collection[str]) -> Numbers:
        """Devices' numbers; -1 of a name that none has."""
        return _numbers(pa.array(list(names), pa.string()), self.devices)

    def link_numbers(self, names: Collection[str]) -> Numbers:
        return _numbers(pa.array(list(names), pa.string()), self.links)

    def names(self, devices: NDArray[Any]) -> list[str]:
        return _some(self.devices, devices)

    def at_site(self, site: str) -> Sequence[str]:
        """The active devices there."""
        number = self._site_of.get(site)
        return () if number is None else self.names(self._by_site[number])

    def links_of(self, device: str) -> Sequence[str]:
        """Names of the links that end there."""
        return _some(self.links, self.ends_of(device))

    def ends_of(self, device: str) -> NDArray[np.int64]:
        """Numbers of the links that end there, twice where both ends do."""
        found: NDArray[np.int64] = self._by_end[self.device_of[device]] // 2
        return found

    def seen_through(self, device: str) -> Sequence[str]:
        """The active devices that this one tells of."""
        return self.names(self._by_eye[self.device_of[device]])

    @cached_property
    def device_of(self) -> dict[str, int]:
        """Number of a device by its name: for one at a time."""
        return {name: number for number, name in enumerate(self.devices.to_pylist())}

    @cached_property
    def _site_of(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.sites.to_pylist())}

    @cached_property
    def _by_site(self) -> Groups:
        return Groups.of(np.where(self.active, self.site, np.int32(-1)), len(self.sites))

    @cached_property
    def _by_end(self) -> Groups:
        """Ends of links by device: 2 x link for its a end, one more for its b end."""
        return Groups.of(np.stack([self.a, self.b], axis=1).reshape(-1), len(self.devices))

    @cached_property
    def _by_eye(self) -> Groups:
        eye = _numbers(texts(self.inventory.devices, "seen_through"), self.devices)
        return Groups.of(np.where(self.active, eye, np.int32(-1)), len(self.devices))


def _some(names: pa.Array, places: NDArray[Any]) -> list[str]:
    # Arrow's kernels take long to start, for a few names longer than to look at each.
    if len(places) < _FEW:
        return [names[place].as_py() for place in places.tolist()]
    return list(names.take(pa.array(places)).to_pylist())


def texts(records: Mapping[str, Any], field: str) -> pa.Array:
    """A field that is text (or an enum of it) of all records; a mapping without any has an empty column."""
    found = column(records, field)
    return (found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found).cast(pa.string())


def _numbers(names: pa.Array, among: pa.Array) -> Numbers:
    """The place of each name in `among`, -1 where it isn't."""
    if not len(names):
        return np.zeros(0, np.int32)
    found = pc.fill_null(pc.index_in(names, value_set=among), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int32)


def _mask(values: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), np.bool_)
