"""Limiting what is read to one area: every reader of the layers above takes a Scope.

In SQL a row is in scope by the path of its area, in memory by walking down from the area.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select, true

from inventory import tables
from inventory.cells import quoted
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
    return (area for key, area in inventory.areas.items() if area.level is Level.VILLAGE and key in areas)


def sites_in(inventory: Inventory, scope: Scope) -> Iterator[Site]:
    """Sites in scope, in the order of the inventory; raises UnknownAreaError."""
    areas = areas_in(inventory, scope)
    return (site for site in inventory.sites.values() if site.area in areas)


def devices_in(inventory: Inventory, scope: Scope) -> Iterator[Device]:
    """Devices in scope, in the order of the inventory; raises UnknownAreaError."""
    sites = {site.name for site in sites_in(inventory, scope)}
    return (device for device in inventory.devices.values() if device.site in sites)


def links_in(inventory: Inventory, scope: Scope) -> Iterator[Link]:
    """Links with either end in scope, in the order of the inventory; raises UnknownAreaError."""
    devices = {device.name for device in devices_in(inventory, scope)}
    return (link for link in inventory.links.values() if link.a_device in devices or link.b_device in devices)
