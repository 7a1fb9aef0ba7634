"""Who can be reached from the NOC: plain graph search over the inventory's links. Pure."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from inventory.model import Device, Inventory, Lifecycle, Role, SiteKind

CARRIERS = frozenset({Role.ROUTER, Role.OLT, Role.ONT, Role.SWITCH, Role.RADIO})
"""Roles that pass traffic on; a path doesn't lead through a PC."""
_WITHIN_SITE = ""  # stands for the cable inside a site, which no fault cuts


@dataclass(frozen=True, slots=True)
class Graph:
    """`neighbours`: device -> (link, far device) pairs. `free` devices hang on nothing: nothing cuts them off."""

    neighbours: Mapping[str, tuple[tuple[str, str], ...]]
    carriers: frozenset[str]
    sources: tuple[str, ...]
    free: frozenset[str]

    def reachable(self, dead: AbstractSet[str], cut: AbstractSet[str]) -> set[str]:
        """Devices that a manager at the NOC reaches, given dead devices and cut links."""
        found = {name for name in (*self.sources, *self.free) if name not in dead}
        waiting = [name for name in found if name in self.carriers]
        while waiting:
            for link, far in self.neighbours.get(waiting.pop(), ()):
                if far not in found and far not in dead and link not in cut:
                    found.add(far)
                    if far in self.carriers:
                        waiting.append(far)
        return found

    def hops(self) -> dict[str, int]:
        """Device -> links on its shortest path from the NOC while nothing is broken."""
        found = dict.fromkeys(self.sources, 0)
        waiting = deque(name for name in found if name in self.carriers)
        while waiting:
            name = waiting.popleft()
            for _, far in self.neighbours.get(name, ()):
                if far not in found:
                    found[far] = found[name] + 1
                    if far in self.carriers:
                        waiting.append(far)
        return found

    def behind(self, links: AbstractSet[str], dead: AbstractSet[str], cut: AbstractSet[str]) -> dict[str, str]:
        """Device -> the last of these links on its shortest path from the NOC, where there is one."""
        found: dict[str, str] = dict.fromkeys((name for name in (*self.sources, *self.free) if name not in dead), "")
        waiting = deque(name for name in found if name in self.carriers)
        while waiting:
            name = waiting.popleft()
            for link, far in self.neighbours.get(name, ()):
                if far not in found and far not in dead and link not in cut:
                    found[far] = link if link in links else found[name]
                    if far in self.carriers:
                        waiting.append(far)
        return {name: link for name, link in found.items() if link}


def graph_of(inventory: Inventory) -> Graph:
    """Raises ValueError for an inventory whose links have no NOC to start from."""
    active = {name: device for name, device in inventory.devices.items() if device.status is Lifecycle.ACTIVE}
    neighbours: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for link in inventory.links.values():
        if link.a_device in active and link.b_device in active:
            neighbours[link.a_device].append((link.name, link.b_device))
            neighbours[link.b_device].append((link.name, link.a_device))
    carriers = frozenset(name for name, device in active.items() if device.role in CARRIERS)
    sources = tuple(name for name, device in active.items() if inventory.sites[device.site].kind is SiteKind.NOC)
    if neighbours and not sources:
        raise ValueError("the inventory has links but no device at a site of kind noc: nothing could be reached")
    _plug_in(active.values(), carriers, neighbours)
    return Graph(
        {name: tuple(pairs) for name, pairs in neighbours.items()},
        carriers,
        sources,
        frozenset(name for name in active if name not in neighbours),
    )


def _plug_in(
    devices: Iterable[Device], carriers: AbstractSet[str], neighbours: dict[str, list[tuple[str, str]]]
) -> None:
    """A device without any link is cabled to every carrier of its own site."""
    by_site: dict[str, list[str]] = defaultdict(list)
    loose = []
    for device in devices:
        if device.name in carriers:
            by_site[device.site].append(device.name)
        elif device.name not in neighbours:
            loose.append(device)
    for device in loose:
        for carrier in by_site[device.site]:
            neighbours[carrier].append((_WITHIN_SITE, device.name))
            neighbours[device.name].append((_WITHIN_SITE, carrier))
