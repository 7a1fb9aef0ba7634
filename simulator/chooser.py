"""The things of an inventory that a `Where` means, by what a fault needs. Pure; `random` comes seeded."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from inventory.model import Device, Inventory, Medium, Role
from simulator import network
from simulator.condition import End
from simulator.faults import Where

_FAR = 1_000_000  # hops to what no link leads to


@dataclass(frozen=True)
class Chooser:
    """Its methods raise ValueError, with what is wrong, for a place that isn't there."""

    inventory: Inventory
    where: Where
    random: Random

    @cached_property
    def area_sites(self) -> frozenset[str]:
        """Sites within the area asked for; all of them without one."""
        if not self.where.area:
            return frozenset(self.inventory.sites)
        areas = frozenset(self.inventory.within(_known(self.where.area, self.inventory.areas, "area")))
        return frozenset(site.name for site in self.inventory.sites.values() if site.area in areas)

    def sites(self) -> frozenset[str]:
        """Sites that lose mains together; at random whole feeders are chosen."""
        where, sites = self.where, self.inventory.sites
        if where.site:
            return frozenset({_known(where.site, sites, "site")})
        if where.feeder:
            return frozenset(
                self._fed_by({_known(where.feeder, {site.feeder: 1 for site in sites.values()}, "feeder")})
            )
        having = {device.site for device in self._of_role(self.inventory.devices.values())}
        fitting = [name for name in sites if name in self.area_sites and (not where.role or name in having)]
        if where.random:
            return frozenset(self._fed_by(self._pick({sites[name].feeder for name in fitting} - {""})))
        if not where.area:
            raise ValueError("needs a site, feeder, area or random")
        return self._pick(fitting)

    def _fed_by(self, feeders: Collection[str]) -> Iterable[str]:
        return (site.name for site in self.inventory.sites.values() if site.feeder in feeders)

    def devices(self, role: Role | None = None) -> frozenset[str]:
        """Devices, of `role` alone where one is given."""
        where, devices = self.where, self.inventory.devices
        if where.device:
            return frozenset({_known(where.device, devices, "device")})
        if where.site:
            at = {_known(where.site, self.inventory.sites, "site")}
        elif where.area or where.random:
            at = set(self.area_sites)
        else:
            raise ValueError("needs a device, site, area or random")
        # Chance leaves the reference targets alone: without them the collector couldn't judge anything.
        fitting = (device for device in self._of_role(devices.values()) if not (where.random and device.reference))
        return self._pick([box.name for box in fitting if box.site in at and role in {None, box.role}])

    def endpoints(self) -> frozenset[str]:
        if self.where.endpoint:
            return frozenset({_known(self.where.endpoint, self.inventory.endpoints, "endpoint")})
        if not self.where.random:
            raise ValueError("needs an endpoint or random")
        return self._pick(self.inventory.endpoints)

    def ends(self) -> frozenset[End]:
        """The operator's end of each link to the chosen devices' sites: the one nearer to the NOC, in a ring both ways."""
        hops, links = network.graph_of(self.inventory).hops(), self.inventory.links
        if self.where.link:
            link = links[_known(self.where.link, links, "link")]
            return frozenset({End(link.name, min(link.a_device, link.b_device, key=lambda end: hops.get(end, _FAR)))})
        sites = {name: self.inventory.devices[name].site for name in self.devices()}
        found = frozenset(
            End(link.name, far)
            for link in links.values()
            for near, far in ((link.a_device, link.b_device), (link.b_device, link.a_device))
            if near in sites and sites[near] != self.inventory.devices[far].site
            if link.ring or hops.get(far, _FAR) < hops.get(near, _FAR)
        )
        # Chance may have chosen nothing, or a box that hangs on its own site alone.
        if not found and not self.where.random:
            raise ValueError("no link leads there")
        return found

    def links(self) -> frozenset[str]:
        """A link by its name, all of a trunk, or the fibres and radio links that end at the chosen devices."""
        if self.where.link in self.inventory.links:
            return frozenset({self.where.link})
        if self.where.link:
            return self.fibres(0)[0]
        devices = self.devices()
        links = [link for link in self.inventory.links.values() if link.medium is not Medium.COPPER]
        found = frozenset(link.name for link in links if not devices.isdisjoint((link.a_device, link.b_device)))
        if not found and not self.where.random:
            raise ValueError("no fibre or radio link is there")
        return found

    def lights(self) -> Mapping[str, str]:
        """Fibre -> the ONT that it ends at."""
        inventory = self.inventory
        named = self.fibres(0)[0] if self.where.link else None
        onts = frozenset(inventory.devices) if named is not None else self.devices(Role.ONT)
        found = {
            link.name: end
            for link in (inventory.links.values() if named is None else map(inventory.links.__getitem__, sorted(named)))
            for end in (link.a_device, link.b_device)
            if link.medium is Medium.FIBRE and end in onts and inventory.devices[end].role is Role.ONT
        }
        if not found and not self.where.random:
            raise ValueError("no fibre of an ONT is there")
        return found

    def fibres(self, cuts: int) -> tuple[frozenset[str], frozenset[str]]:
        """Links cut, and the trunks that are cut whole. With `cuts`, rings only, each at so many places."""
        segments = self._segments()
        if self.where.link:
            chosen: Iterable[str] = self._named_segment(segments)
        else:
            fitting = [name for name, links in segments.items() if self._touches(links, ring_only=cuts > 0)]
            chosen = self._pick(fitting)
        chosen = {further for name in sorted(chosen) for further in (name, *self._more_of_ring(name, cuts - 1))}
        cut = frozenset(link for name in chosen for link in segments.get(name, [name]))
        return cut, frozenset(name for name in chosen if name in segments and name not in self.inventory.links)

    def _more_of_ring(self, name: str, count: int) -> Iterable[str]:
        links = self.inventory.links
        if count < 1 or name not in links or not links[name].ring:
            return ()
        others = [link.name for link in links.values() if link.ring == links[name].ring and link.name != name]
        return self.random.sample(others, min(count, len(others)))

    def _segments(self) -> Mapping[str, Sequence[str]]:
        """Fibres by what one cut takes: a trunk's links together, any other link alone."""
        found: dict[str, list[str]] = {}
        for link in self.inventory.links.values():
            if link.medium is Medium.FIBRE:
                found.setdefault(link.trunk or link.name, []).append(link.name)
        return found

    def _named_segment(self, segments: Mapping[str, Sequence[str]]) -> tuple[str]:
        name = self.where.link
        link = self.inventory.links.get(name)
        if link is None and name not in segments:
            raise ValueError(f"no link or trunk {name!r}")
        if link is not None and link.medium is not Medium.FIBRE:
            raise ValueError(f"link {name!r} is {link.medium}, not fibre")
        return (name,)

    def _touches(self, names: Sequence[str], *, ring_only: bool) -> bool:
        """Whether one of these links has an end at the place and of the role asked for."""
        where, links = self.where, [self.inventory.links[name] for name in names]
        ends = [self.inventory.devices[name] for link in links for name in (link.a_device, link.b_device)]
        if not (where.device or where.site or where.area or where.random):
            raise ValueError("needs a link, device, site, area or random")
        return (
            (not ring_only or all(link.ring for link in links))
            and (not where.device or where.device in {end.name for end in ends})
            and (not where.site or where.site in {end.site for end in ends})
            and any(end.site in self.area_sites for end in ends)
            and any(True for _ in self._of_role(ends))
        )

    def _of_role(self, devices: Iterable[Device]) -> Iterable[Device]:
        return (device for device in devices if not self.where.role or device.role == self.where.role)

    def _pick(self, names: Collection[str]) -> frozenset[str]:
        """All of them, or up to `random` of them: a scenario for any inventory asks for what may not be there."""
        if self.where.random:
            return frozenset(self.random.sample(sorted(names), min(self.where.random, len(names))))
        if not names:
            raise ValueError("nothing is there")
        return frozenset(names)


def _known(name: str, names: Mapping[str, object], what: str) -> str:
    if name not in names:
        raise ValueError(f"no {what} {name!r}")
    return name
