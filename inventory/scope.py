"""Limiting what is read to one area: every reader of the layers above takes a Scope.

In SQL a row is in scope by the path of its area, in memory by walking down from the area.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select, true

from inventory import tables
from inventory.cells import quoted
from inventory.columnar import at_rows, keys, rows_with
from inventory.model import Area, Device, Inventory, Level, Link, Site

Text = ColumnElement[str]


class UnknownAreaError(LookupError):
    """The area isn't in the inventory; the message names it."""

    def __init__(self, area: str) -> None:
        super().__init__(f"there is no area {quoted(area)} in the inventory; write level:code, such as district:387")


@dataclass(frozen=True, slots=True)
class Scope:
    """The key of an area ("district:387") and all within it; None is the whole inventory.

    As a condition an unknown area selects nothing; `checked` tells it from an empty one.
    """

    area: str | None = None

    def where(self, path: Text) -> ColumnElement[bool]:
        """The condition on an area's path."""
        if self.area is None:
            return true()
        wanted = _path_of(self.area)
        # Compared as text of that length: LIKE ignores case on SQLite, and collations differ.
        return func.substr(path, 1, func.length(wanted)) == wanted

    def where_area(self, key: Text) -> ColumnElement[bool]:
        """The condition on a column of area keys."""
        if self.area is None:
            return true()
        return key.in_(select(tables.area.c.key).where(self.where(tables.area.c.path)))

    def where_site(self, name: Text) -> ColumnElement[bool]:
        """The condition on a column of site names."""
        if self.area is None:
            return true()
        return name.in_(select(tables.site.c.name).where(self.where_area(tables.site.c.area)))

    def where_device(self, name: Text) -> ColumnElement[bool]:
        """The condition on a column of device names."""
        if self.area is None:
            return true()
        return name.in_(select(tables.device.c.name).where(self.where_site(tables.device.c.site)))

    def where_link(self, name: Text) -> ColumnElement[bool]:
        """The condition on a column of link names: a link is in scope with either end."""
        if self.area is None:
            return true()
        link = tables.link.c
        return name.in_(
            select(link.name).where(or_(self.where_device(link.a_device), self.where_device(link.b_device)))
        )

    def where_subject(self, kind: Text, name: Text) -> ColumnElement[bool]:
        """The condition on what a status, transition or outage is about.

        Endpoints serve everyone and are in every scope.
        """
        if self.area is None:
            return true()
        return or_(
            and_(kind == "device", self.where_device(name)),
            and_(kind == "link", self.where_link(name)),
            and_(kind == "site", self.where_site(name)),
            and_(kind == "village", self.where_area(name)),
            kind == "endpoint",
        )


def _path_of(area: str) -> ScalarSelect[str]:
    wanted = tables.area.alias("scope_area")
    return select(wanted.c.path).where(wanted.c.key == area).scalar_subquery()


def checked(inventory: Inventory, area: str | None) -> Scope:
    """The scope of an area; raises UnknownAreaError. None or the empty text is the whole inventory."""
    if area and area not in inventory.areas:
        raise UnknownAreaError(area)
    return Scope(area or None)


def areas_in(inventory: Inventory, scope: Scope) -> frozenset[str]:
    """Keys of the areas in scope; raises UnknownAreaError."""
    if scope.area is None:
        return frozenset(inventory.areas)
    checked(inventory, scope.area)
    return frozenset(inventory.within(scope.area))


def villages_in(inventory: Inventory, scope: Scope) -> Iterator[Area]:
    """Villages in scope, in the order of the inventory; raises UnknownAreaError."""
    areas = areas_in(inventory, scope)
    villages = at_rows(inventory.areas, rows_with(inventory.areas, "level", pa.array([Level.VILLAGE.value])))
    return (village for village in villages if village.key in areas)


def sites_in(inventory: Inventory, scope: Scope) -> Iterator[Site]:
    """Sites in scope, in the order of the inventory; raises UnknownAreaError."""
    return at_rows(inventory.sites, site_rows(inventory, scope))


def devices_in(inventory: Inventory, scope: Scope) -> Iterator[Device]:
    """Devices in scope, in the order of the inventory; raises UnknownAreaError."""
    return at_rows(inventory.devices, _devices(inventory, scope))


def links_in(inventory: Inventory, scope: Scope) -> Iterator[Link]:
    """Links with either end in scope, in the order of the inventory; raises UnknownAreaError."""
    devices = keys(inventory.devices).take(pa.array(_devices(inventory, scope)))
    ends = [rows_with(inventory.links, end, devices) for end in ("a_device", "b_device")]
    return at_rows(inventory.links, np.union1d(*ends))


def site_rows(inventory: Inventory, scope: Scope) -> NDArray[np.int64]:
    """Places of the sites in scope; raises UnknownAreaError."""
    if scope.area is None:
        return np.arange(len(inventory.sites))
    return rows_with(inventory.sites, "area", pa.array(areas_in(inventory, scope), pa.string()))


def _devices(inventory: Inventory, scope: Scope) -> NDArray[np.int64]:
    if scope.area is None:
        return np.arange(len(inventory.devices))
    sites = keys(inventory.sites).take(pa.array(site_rows(inventory, scope)))
    return rows_with(inventory.devices, "site", sites)
