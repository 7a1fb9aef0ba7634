"""What of the truth anybody could see from the network centre, and what there was to tell its cause by.

Taken from the simulator's world alone, so that judgement is measured against it: a cut between two boxes that are
both cut off is seen by nobody, and a router that falls silent alone says not whether it broke or lost its mains.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bench.announced import is_announced
from inventory.model import Medium, Role, SiteKind
from simulator.boxes import LastDown
from simulator.census import CARRIERS
from simulator.condition import Condition
from simulator.truth import Key, Outage, Places, Subject
from simulator.world import World

_SHARE = 0.6  # of a feeder's sites that anybody could see
_FEW = 3  # sites of one feeder: fewer may be chance


@dataclass(frozen=True, slots=True)
class Seen:
    """A root of the truth and for how long it could be seen; `evidence`: whether anything told its cause then."""

    subject_kind: str
    subject: str
    status: str
    cause: str
    start: float
    end: float
    visible_s: float = 0.0
    evidence: bool = False


@dataclass
class _Open:
    seen: Seen
    visible_since: float | None = None
    told_since: float | None = None  # since when something tells its cause

    def heard(self, now: float, interval_s: float) -> None:
        """What is told for an interval is heard: everything is asked once in that."""
        told = self.told_since is not None and now - self.told_since >= interval_s
        self.seen = replace(self.seen, evidence=self.seen.evidence or told)


@dataclass
class Sight:
    """Follows the roots of the truth from one change to the next."""

    world: World
    interval_s: float
    _open: dict[Key, _Open] = field(default_factory=dict)
    _over: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._eyes = Eyes(self.world)

    def update(self, outages: Mapping[Key, Outage], condition: Condition, now: float) -> None:
        roots = {key: outage for key, outage in outages.items() if outage.root}
        before: dict[Key, _Open] = {}  # a UPS that was heard before its battery was empty told of what came then
        for key, one in list(self._open.items()):
            true = roots.get(key)
            if true is None or (true.status, true.cause) != (one.seen.status, one.seen.cause):
                self._over.append(self._until(self._open.pop(key), now))
                if true is not None and true.cause == one.seen.cause:
                    before[key] = one
        for (kind, name), true in roots.items():
            if (kind, name) not in self._open:
                told = (kind, name) in before and before[kind, name].seen.evidence
                self._open[kind, name] = _Open(Seen(kind, name, true.status, true.cause, now, now, evidence=told))
            self._look((kind, name), self._open[kind, name], condition, now)

    def close(self, now: float) -> tuple[Seen, ...]:
        """All of them, those that go on until now."""
        return (*self._over, *(self._until(one, now) for one in self._open.values()))

    def _look(self, key: Key, one: _Open, condition: Condition, now: float) -> None:
        visible = self._eyes.see(key, condition)
        if one.visible_since is not None:
            one.seen = replace(one.seen, visible_s=one.seen.visible_s + now - one.visible_since)
        one.visible_since = now if visible else None
        one.heard(now, self.interval_s)
        if not visible or not self._eyes.can_tell(key, one.seen.cause, condition):
            one.told_since = None
        elif one.told_since is None:
            one.told_since = now

    def _until(self, one: _Open, now: float) -> Seen:
        one.heard(now, self.interval_s)
        more = 0.0 if one.visible_since is None else now - one.visible_since
        return replace(one.seen, end=now, visible_s=one.seen.visible_s + more)


class Eyes:
    """Questions about one condition of the world."""

    def __init__(self, world: World) -> None:
        inventory = self._inventory = world.inventory
        self._world, self._places = world, Places(inventory)
        self._trunks: dict[str, list[str]] = {}
        self._on_feeder: dict[str, list[str]] = {}
        for link in inventory.links.values():
            if link.trunk:
                self._trunks.setdefault(link.trunk, []).append(link.name)
        for site in inventory.sites.values():
            if site.feeder:
                self._on_feeder.setdefault(site.feeder, []).append(site.name)

    def see(self, key: Key, condition: Condition) -> bool:
        """Whether something that still answers shows it: its neighbour, its OLT, or a portal's own silence."""
        kind, name = key
        if condition.blind:
            return False
        if kind is Subject.LINK:
            return any(self._lit_ends(link, condition) for link in self._links(name))
        if kind is Subject.DEVICE:
            return self._places.site_of(name) not in condition.dark and self._shows(name, condition)
        if kind is Subject.SITE:
            # A box that is out of order by itself shows nobody that its mains went as well, nor the other way round.
            powered = set(self._places.mainstays(name)) - condition.failed - condition.off
            return any(self._shows(each, condition) for each in powered)
        return True

    def _shows(self, name: str, condition: Condition) -> bool:
        return name not in condition.lost or self._beside_lit(name, condition)

    def can_tell(self, key: Key, cause: str, condition: Condition) -> bool:
        """Whether what can be observed while it lasts speaks for this cause and against the others."""
        kind, name = key
        if kind is Subject.ENDPOINT or is_announced(key, cause):
            return True
        if kind is Subject.LINK:
            return cause == "fibre" and self._tells_cut(name, condition)
        if cause == "power":
            return self._told_power([name] if kind is Subject.DEVICE else self._places.mainstays(name), condition)
        return cause == "equipment" and self._told_equipment(name, condition)

    def _links(self, name: str) -> Iterable[str]:
        return self._trunks.get(name, [name])

    def _ends(self, link: str) -> tuple[str, str]:
        one = self._inventory.links[link]
        return one.a_device, one.b_device

    def _lit_ends(self, link: str, condition: Condition) -> list[str]:
        """Ends whose box answers and tells of its ports.

        A port is down already where the box behind it doesn't run: of a cut between the two it tells nothing.
        """
        devices, (a, b) = self._inventory.devices, self._ends(link)
        return [
            end for end, far in ((a, b), (b, a))
            if far not in condition.dead and end not in condition.lost and devices[end].primary_ip
        ]  # fmt: skip

    def _ways(self, name: str, condition: Condition) -> list[str]:
        """The boxes at the far ends of its links that carry something; of a device without links those of its site."""
        links = [link for link in self._places.links_of(name) if link not in condition.broken]
        far = [end for link in links for end in self._ends(link) if end != name]
        if self._places.links_of(name):
            return far
        devices = self._inventory.devices
        return [each for each in self._world.census.at_site(devices[name].site) if devices[each].role in CARRIERS]

    def _beside_lit(self, name: str, condition: Condition) -> bool:
        return any(far not in condition.lost for far in self._ways(name, condition))

    def _tells_cut(self, name: str, condition: Condition) -> bool:
        """Several ONTs of a trunk lost their light; or both ends live; or several sites lie between the cuts."""
        links = list(self._links(name))
        if any(self._is_pon(link) for link in links):
            return len(links) > 1 and sum(link in condition.cut for link in links) > 1
        ends = [end for link in links for end in self._ends(link)]
        if all(end not in condition.lost for end in ends):
            return True
        return len({self._inventory.devices[far].site for far in self._beyond(links, condition)}) > 1

    def _is_pon(self, link: str) -> bool:
        return any(self._inventory.devices[end].role is Role.ONT for end in self._ends(link))

    def _beyond(self, links: Iterable[str], condition: Condition) -> set[str]:
        """The dark boxes with power that hang together behind these cuts."""
        found = {end for link in links for end in self._ends(link) if end in condition.lost} - condition.dead
        waiting = list(found)
        while waiting and len(found) < 64:
            for far in self._ways(waiting.pop(), condition):
                if far in condition.lost - condition.dead - found and self._inventory.devices[far].role in CARRIERS:
                    found.add(far)
                    waiting.append(far)
        return found

    def _told_power(self, names: Iterable[str], condition: Condition) -> bool:
        """A dying gasp, a UPS on the feeder that was heard on its battery, or most of a feeder's sites at once."""
        sites = {self._places.site_of(name) for name in names}
        if any(self._gasped(name, condition) for name in names):
            return True
        feeders = {feeder for site in sites if (feeder := self._inventory.sites[site].feeder)}
        near = [each for feeder in feeders for each in self._on_feeder[feeder]] or list(sites)
        if not sites <= condition.mains:
            return False
        boxes = {site for site in near if self._has_box(site)}
        dark = boxes & condition.dark
        fibres = {fibre for site in dark for fibre in self._fibres_to(site)}
        many = len(dark) >= _FEW and len(dark) >= _SHARE * len(boxes) and len(fibres) >= _FEW
        return many or self._heard_ups(near, condition)

    def _gasped(self, name: str, condition: Condition) -> bool:
        """Whether its OLT, which still answers, heard an ONT's dying gasp: its light was there when mains went."""
        olt = self._world.boxes.olt_of(name)
        if not olt or olt in condition.lost:
            return False
        ont = next(row for row in self._world.boxes[olt].onts if row.name == name)
        return not ont.online and ont.last_down is LastDown.DYING_GASP

    def _fibres_to(self, site: str) -> set[str]:
        """Trunks, rings and links that lead there: what one cut could take."""
        links = [
            self._inventory.links[link] for box in self._places.mainstays(site) for link in self._places.links_of(box)
        ]
        return {link.trunk or link.ring or link.name for link in links if link.medium is not Medium.COPPER}

    def _has_box(self, site: str) -> bool:
        return self._inventory.sites[site].kind is not SiteKind.KENDRA and bool(self._places.mainstays(site))

    def _heard_ups(self, sites: Iterable[str], condition: Condition) -> bool:
        devices, boxes = self._inventory.devices, self._world.boxes
        return any(
            not boxes[name].battery.mains and name not in condition.lost
            for site in sites if site in condition.mains
            for name in self._world.census.at_site(site) if devices[name].role is Role.UPS
        )  # fmt: skip

    def _told_equipment(self, name: str, condition: Condition) -> bool:
        """Another box of its site answers, so there are mains; and two neighbours lost it, so it is no fibre."""
        devices = self._inventory.devices
        beside = [each for each in self._world.census.at_site(devices[name].site) if each != name]
        powered = any(
            each not in condition.lost and devices[each].primary_ip and devices[each].role in CARRIERS
            for each in beside
        )
        lit = [far for far in self._ways(name, condition) if far not in condition.lost]
        return powered and len(lit) > 1
