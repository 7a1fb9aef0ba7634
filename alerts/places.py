"""Where the subject of an outage is, by the inventory. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from inventory.model import Inventory, Level, Link, Names, Role, Site
from readiness.model import SubjectKind

_NARROWER_THAN_STATE = frozenset(Level) - {Level.STATE}


@dataclass(frozen=True, slots=True)
class Place:
    """`site` is None for a link, `role` for everything but a device."""

    area: str
    names: Names
    site: Site | None = None
    role: Role | None = None


def place_of(inventory: Inventory, kind: SubjectKind, subject: str) -> Place | None:
    """Place of a site, device, link, trunk, ring or endpoint; None for what the inventory doesn't have.

    An endpoint serves everybody: its place is the widest area there is.
    """
    if kind is SubjectKind.SITE:
        return _site(inventory, subject, None)
    if kind is SubjectKind.DEVICE and subject in inventory.devices:
        device = inventory.devices[subject]
        return _site(inventory, device.site, device.role)
    if kind is SubjectKind.LINK:
        return _links(inventory, subject)
    if kind is SubjectKind.ENDPOINT and subject in inventory.endpoints:
        widest = next((area.key for area in inventory.areas.values() if area.parent is None), None)
        return None if widest is None else Place(widest, inventory.endpoints[subject].names)
    return None


def ancestry(inventory: Inventory, area: str) -> tuple[str, ...]:
    """`area` and every area around it, narrowest first."""
    found = []
    key: str | None = area
    while key is not None and key in inventory.areas:
        found.append(key)
        key = inventory.areas[key].parent
    return tuple(found)


def surroundings(inventory: Inventory, area: str) -> tuple[Names, ...]:
    """Names of the block and the district around `area`, as far as there are any."""
    around = (inventory.areas[key] for key in ancestry(inventory, area))
    return tuple(a.names for a in around if a.level in (Level.BLOCK, Level.DISTRICT))


def _site(inventory: Inventory, name: str, role: Role | None) -> Place | None:
    site = inventory.sites.get(name)
    return None if site is None else Place(site.area, site.names, site, role)


def _links(inventory: Inventory, subject: str) -> Place | None:
    if subject in inventory.links:
        link = inventory.links[subject]
        a, b = _end(inventory, link.a_device), _end(inventory, link.b_device)
        return Place(_common_area(inventory, [link]), _between(a.names, b.names))
    shared = inventory.bundles.get(subject, ())
    return Place(_common_area(inventory, shared), Names(subject)) if shared else None


def _end(inventory: Inventory, device: str) -> Site:
    return inventory.sites[inventory.devices[device].site]


def _between(a: Names, b: Names) -> Names:
    """Both names in each language that both have."""
    return Names(
        f"{a.en} – {b.en}",
        f"{a.hi} – {b.hi}" if a.hi and b.hi else "",
        f"{a.pa} – {b.pa}" if a.pa and b.pa else "",
    )


def _common_area(inventory: Inventory, links: Iterable[Link]) -> str:
    """The narrowest area that holds every end of `links`.

    Where that is the state, it is the far end's own area instead: the district that the link feeds
    must see it, and a district officer sees no alert of the whole state.
    """
    ends = [_end(inventory, device).area for link in links for device in (link.a_device, link.b_device)]
    shared = set(ancestry(inventory, ends[0])).intersection(*(ancestry(inventory, end) for end in ends[1:]))
    for key in ancestry(inventory, ends[0]):
        if key in shared and inventory.areas[key].level in _NARROWER_THAN_STATE:
            return key
    return ends[-1]
