"""The things of an inventory that a `Where` means, by what a fault needs. Pure; `random` comes seeded."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from inventory.columnar import column
from inventory.model import Inventory, Medium, Role
from simulator import network
from simulator.census import Census, Mask, texts
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
        return frozenset(name for name, area in _rows(self.inventory.sites, "name", "area") if area in areas)

    def sites(self) -> frozenset[str]:
        """Sites that lose mains together; at random whole feeders are chosen."""
        where, sites = self.where, self.inventory.sites
        if where.site:
            return frozenset({_known(where.site, sites, "site")})
        if where.feeder:
            return frozenset(self._fed_by({_known(where.feeder, dict(_rows(sites, "feeder", "name")), "feeder")}))
        having = {site for site, role in _rows(self.inventory.devices, "site", "role") if role == where.role}
        fitting = {name for name in sites if name in self.area_sites and (not where.role or name in having)}
        if where.random:
            feeders = {feeder for name, feeder in _rows(sites, "name", "feeder") if name in fitting}
            return frozenset(self._fed_by(self._pick(feeders - {""})))
        if not where.area:
            raise ValueError("needs a site, feeder, area or random")
        return self._pick(fitting)

    def _fed_by(self, feeders: Collection[str]) -> Iterable[str]:
        return (name for name, feeder in _rows(self.inventory.sites, "name", "feeder") if feeder in feeders)

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
        rows = _rows(devices, "name", "site", "role", "reference")
        wanted = {where.role or role, role or where.role} - {"", None}
        fitting = [row for row in rows if not (where.random and row[3]) and (not wanted or {row[2]} == wanted)]
        return self._pick([name for name, site, _, _ in fitting if site in at])

    def endpoints(self) -> frozenset[str]:
        if self.where.endpoint:
            return frozenset({_known(self.where.endpoint, self.inventory.endpoints, "endpoint")})
        if not self.where.random:
            raise ValueError("needs an endpoint or random")
        return self._pick(self.inventory.endpoints)

    def ends(self) -> frozenset[End]:
        """The operator's end of each link to the chosen devices' sites: the one nearer to the NOC, in a ring both ways."""
        hops, links = self._hops(), self.inventory.links
        if self.where.link:
            link = links[_known(self.where.link, links, "link")]
            return frozenset({End(link.name, min(link.a_device, link.b_device, key=lambda end: hops.get(end, _FAR)))})
        sites = {name: self.inventory.devices[name].site for name in self.devices()}
        found = frozenset(
            End(name, far)
            for name, a, b, ring in _rows(links, "name", "a_device", "b_device", "ring")
            for near, far in ((a, b), (b, a))
            if near in sites and sites[near] != self.inventory.devices[far].site
            if ring or hops.get(far, _FAR) < hops.get(near, _FAR)
        )
        # Chance may have chosen nothing, or a box that hangs on its own site alone.
        if not found and not self.where.random:
            raise ValueError("no link leads there")
        return found

    def _hops(self) -> Mapping[str, int]:
        census = Census(self.inventory)
        hops = network.graph_of(census).hops()
        reached = np.flatnonzero(hops >= 0)
        return dict(zip(census.names(reached), hops[reached].tolist(), strict=True))

    def links(self) -> frozenset[str]:
        """A link by its name, all of a trunk, or the fibres and radio links that end at the chosen devices."""
        if self.where.link in self.inventory.links:
            return frozenset({self.where.link})
        if self.where.link:
            return self.fibres(0)[0]
        devices = self.devices()
        rows = _rows(self.inventory.links, "name", "a_device", "b_device", "medium")
        found = frozenset(name for name, *ends, medium in rows if medium != Medium.COPPER and devices & {*ends})
        if not found and not self.where.random:
            raise ValueError("no fibre or radio link is there")
        return found

    def lights(self) -> Mapping[str, str]:
        """Fibre -> the ONT that it ends at."""
        inventory = self.inventory
        named = self.fibres(0)[0] if self.where.link else inventory.links.keys()
        onts = inventory.devices.keys() if self.where.link else self.devices(Role.ONT)
        found = {
            name: end
            for name, a, b, medium in _rows(inventory.links, "name", "a_device", "b_device", "medium")
            for end in (a, b)
            if name in named and medium == Medium.FIBRE and end in onts and inventory.devices[end].role is Role.ONT
        }
        if not found and not self.where.random:
            raise ValueError("no fibre of an ONT is there")
        return found

    def fibres(self, cuts: int) -> tuple[frozenset[str], frozenset[str]]:
        """Links cut, and the trunks that are cut whole. With `cuts`, rings only, each at so many places."""
        fibres = _Fibres(self.inventory)
        if self.where.link:
            chosen: Iterable[str] = self._named_segment(fibres)
        else:
            chosen = self._pick(self._touched(fibres, ring_only=cuts > 0))
        chosen = {further for name in sorted(chosen) for further in (name, *self._more_of_ring(name, cuts - 1))}
        cut = frozenset(link for name in chosen for link in fibres.of_segment(name) or [name])
        trunks = frozenset(name for name in chosen if fibres.of_segment(name) and name not in self.inventory.links)
        return cut, trunks

    def _more_of_ring(self, name: str, count: int) -> Iterable[str]:
        links = self.inventory.links
        if count < 1 or name not in links or not links[name].ring:
            return ()
        others = texts(links, "name").filter(pc.equal(texts(links, "ring"), links[name].ring)).to_pylist()
        others.remove(name)
        return self.random.sample(others, min(count, len(others)))

    def _named_segment(self, fibres: "_Fibres") -> tuple[str]:
        name = self.where.link
        link = self.inventory.links.get(name)
        if link is None and not fibres.of_segment(name):
            raise ValueError(f"no link or trunk {name!r}")
        if link is not None and link.medium is not Medium.FIBRE:
            raise ValueError(f"link {name!r} is {link.medium}, not fibre")
        return (name,)

    def _touched(self, fibres: "_Fibres", *, ring_only: bool) -> Sequence[str]:
        """The segments of which a link has an end at the place and of the role asked for."""
        where, census = self.where, fibres.census
        if not (where.device or where.site or where.area or where.random):
            raise ValueError("needs a link, device, site, area or random")
        wanted = np.ones(len(fibres.segments), np.bool_)
        if ring_only:
            wanted &= ~fibres.any_link(~fibres.ringed)
        if where.device:
            wanted &= fibres.any_end(_among(census.devices, [where.device]))
        if where.site:
            wanted &= fibres.any_end(_among(texts(self.inventory.devices, "site"), [where.site]))
        if where.area:
            wanted &= fibres.any_end(_among(texts(self.inventory.devices, "site"), self.area_sites))
        if where.role:
            wanted &= fibres.any_end(_among(census.role, [where.role]))
        return list(fibres.segments.filter(pa.array(wanted)).to_pylist())

    def _pick(self, names: Collection[str]) -> frozenset[str]:
        """All of them, or up to `random` of them: a scenario for any inventory asks for what may not be there."""
        if self.where.random:
            return frozenset(self.random.sample(sorted(names), min(self.where.random, len(names))))
        if not names:
            raise ValueError("nothing is there")
        return frozenset(names)


def _rows(records: Mapping[str, Any], *fields: str) -> Iterable[tuple[Any, ...]]:
    """These fields of every record: all are read, but no record is made."""
    return zip(*(column(records, field).to_pylist() for field in fields), strict=True)


def _known(name: str, names: Mapping[str, object], what: str) -> str:
    if name not in names:
        raise ValueError(f"no {what} {name!r}")
    return name


class _Fibres:
    """Fibres by what one cut takes: a trunk's links together, any other link alone. Columns, for a country has many."""

    def __init__(self, inventory: Inventory) -> None:
        links = inventory.links
        trunk, ring = texts(links, "trunk"), texts(links, "ring")
        fibre = pc.equal(texts(links, "medium"), Medium.FIBRE.value)
        self.census = Census(inventory)
        self._links = self.census.links.filter(fibre)
        named = pc.if_else(_said(trunk), trunk, self.census.links).filter(fibre).dictionary_encode()
        self.segments = named.dictionary
        self._segment = np.asarray(named.indices)
        at = np.flatnonzero(np.asarray(fibre))
        self.ringed = np.asarray(_said(ring))[at]
        self._ends = np.stack([self.census.a[at], self.census.b[at]])

    def of_segment(self, name: str) -> Sequence[str]:
        """The links that a cut of this takes; none where there is no such segment."""
        number = pc.index(self.segments, name).as_py()
        return list(self._links.filter(pa.array(self._segment == number)).to_pylist()) if number >= 0 else []

    def any_link(self, links: Mask) -> Mask:
        """Segments with one of these fibres, (segments,); `links` is (fibres,)."""
        found: Mask = np.bincount(self._segment[links], minlength=len(self.segments)) > 0
        return found

    def any_end(self, devices: Mask) -> Mask:
        """Segments with an end at one of these, (segments,); `devices` is (devices,)."""
        touched = np.logical_or(*devices[self._ends])
        return self.any_link(touched)


def _said(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.not_equal(column, ""), False)


def _among(column: pa.Array, names: Collection[str]) -> Mask:
    return np.asarray(pc.is_in(column, value_set=pa.array(list(names), pa.string())), np.bool_)
