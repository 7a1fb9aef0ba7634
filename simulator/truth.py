"""What is really wrong: the reference that judgement is measured against. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inventory.columnar import column
from inventory.model import Inventory, Level, Lifecycle, Role, SiteKind
from simulator.census import CARRIERS, Census
from simulator.condition import Condition
from simulator.portals import Trouble


class Subject(StrEnum):
    DEVICE = "device"
    LINK = "link"
    SITE = "site"
    VILLAGE = "village"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Outage:
    """`root` marks the very thing that failed. What is only cut off has cause `upstream`."""

    status: str  # "down" or "degraded"
    cause: str
    root: bool


Key = tuple[Subject, str]
_UPSTREAM = Outage("down", "upstream", False)
_SLOWED = Outage("degraded", "upstream", False)  # behind a full link


class Places:
    """The things of an inventory that the truth tells of."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._census = Census(inventory)
        self.villages = _villages(inventory)
        self.villages_of: dict[str, list[str]] = defaultdict(list)  # site -> those that need it
        for village, sites in self.villages.items():
            for site in sites:
                self.villages_of[site].append(village)

    def tells_of(self, name: str) -> bool:
        """Whether this device is expected to work, and anybody could see that it doesn't."""
        device = self._inventory.devices[name]
        return device.status is Lifecycle.ACTIVE and bool(device.primary_ip or device.seen_through)

    def switched_off(self, name: str) -> str:
        """Its cause: who closes a counter shuts its PC down, any other box is without power then."""
        return "administrative" if self._inventory.devices[name].role is Role.PC else "power"

    def site_of(self, device: str) -> str:
        return self._inventory.devices[device].site

    def links_of(self, device: str) -> Sequence[str]:
        return self._census.links_of(device)

    def trunk_of(self, link: str) -> str:
        return self._inventory.links[link].trunk

    def mainstays(self, site: str) -> Sequence[str]:
        """The devices without which it is down: its carriers, at a kendra without any its PCs."""
        role = {name: self._inventory.devices[name].role for name in self._census.at_site(site) if self.tells_of(name)}
        carriers = [name for name in role if role[name] in CARRIERS]
        return carriers or [name for name in role if role[name] is Role.PC]


def _villages(inventory: Inventory) -> Mapping[str, Sequence[str]]:
    """Village -> the sites that it needs: its panchayat's and its kendra."""
    gps: dict[str, list[str]] = defaultdict(list)
    sites = (column(inventory.sites, field).to_pylist() for field in ("name", "area", "kind"))
    for name, area, kind in zip(*sites, strict=True):
        if kind == SiteKind.GP:
            gps[area].append(name)
    areas = (column(inventory.areas, field).to_pylist() for field in ("level", "code", "parent", "served_by"))
    return {
        f"{level}:{code}": (*gps[parent or ""], *([served_by] if served_by else []))
        for level, code, parent, served_by in zip(*areas, strict=True)
        if level == Level.VILLAGE
    }


def outages(condition: Condition, places: Places) -> dict[Key, Outage]:
    """Everything that is down or degraded under this condition."""
    found = {(Subject.LINK, name): outage for name, outage in _links(condition, places)}
    found |= {(Subject.ENDPOINT, code): _endpoint(trouble) for code, trouble in condition.portals.items()}
    found |= {(Subject.DEVICE, name): outage for name, outage in _devices(condition, places)}
    sites = dict(_sites(condition, places, found))
    found |= {(Subject.SITE, name): outage for name, outage in sites.items()}
    for village in {village for site in sites for village in places.villages_of.get(site, ())}:
        broken = [sites[site] for site in places.villages[village] if site in sites and sites[site].status == "down"]
        if broken:
            found[Subject.VILLAGE, village] = Outage("down", broken[0].cause, False)
    return found


def _links(condition: Condition, places: Places) -> Iterator[tuple[str, Outage]]:
    """Where a trunk was cut, the trunk is the root and its links lie upstream of nothing but it."""
    for trunk in sorted(condition.trunks):
        yield trunk, Outage("down", _cut_by(trunk, condition), True)
    for name in sorted(condition.unsteady | condition.dim):
        yield name, Outage("degraded", "fibre", True)
    for name in sorted(condition.jams):
        yield name, Outage("degraded", "undetermined", True)
    for device in sorted(condition.dead):
        yield from ((link, _UPSTREAM) for link in places.links_of(device))
    for end in sorted(condition.shut):
        yield end.link, Outage("down", "administrative", True)
    for name in sorted(condition.cut):
        alone = places.trunk_of(name) not in condition.trunks
        yield name, Outage("down", _cut_by(name, condition), True) if alone else _UPSTREAM


def _cut_by(name: str, condition: Condition) -> str:
    return "planned" if name in condition.planned else "fibre"


def _devices(condition: Condition, places: Places) -> Iterator[tuple[str, Outage]]:
    for name in sorted(filter(places.tells_of, condition.lost)):
        if name in condition.failed:
            yield name, Outage("down", "equipment", True)
        elif name in condition.off:
            yield name, Outage("down", "planned" if name in condition.planned else places.switched_off(name), True)
        else:
            yield name, Outage("down", "power", False) if name in condition.dead else _UPSTREAM

    def seen(names: Iterable[str]) -> list[str]:
        return sorted(name for name in names if name not in condition.lost and places.tells_of(name))

    for name in seen(condition.slowed):
        yield name, _SLOWED
    for name in seen(condition.worn):
        yield name, Outage("degraded", "equipment", True)
    for name in seen(condition.lossy):
        yield name, Outage("degraded", "undetermined", True)


def _endpoint(trouble: Trouble) -> Outage:
    """Its cause lies beyond everything that the inventory knows of."""
    return Outage("degraded" if trouble.slow_s else "down", "upstream", True)


def _sites(condition: Condition, places: Places, devices: Mapping[Key, Outage]) -> Iterator[tuple[str, Outage]]:
    touched = {places.site_of(name) for kind, name in devices if kind is Subject.DEVICE}
    for name in sorted(touched | condition.mains):
        needed = places.mainstays(name)
        if not needed:
            continue
        broken = [outage for device in needed if (outage := devices.get((Subject.DEVICE, device)))]
        if name in condition.dark:
            yield name, Outage("down", "power", True)
        elif len(broken) == len(needed) and all(outage.status == "down" for outage in broken):
            yield name, Outage("down", broken[0].cause, False)
        elif name in condition.mains:
            yield name, Outage("degraded", "power", True)
        elif len(broken) == len(needed):
            worst = next(outage for outage in broken if outage.status == "degraded")
            yield name, Outage("degraded", worst.cause, False)
