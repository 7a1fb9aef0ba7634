"""The simulated devices together: what runs, what is cut, and what every agent therefore shows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inventory.model import Device, Inventory, Lifecycle, Role
from simulator import cabling, network, onts
from simulator.boxes import Box, LastDown, Port, draw
from simulator.portals import Trouble
from simulator.traffic import Moment, moment

_LONGEST_UPTIME_S = 200 * 86_400


@dataclass(frozen=True, slots=True)
class Effect:
    """What one running fault does. Sites in `mains` have lost it; `battery_minutes` is their UPS's life."""

    cut: frozenset[str] = frozenset()  # links
    trunks: frozenset[str] = frozenset()  # fibres of which all links are in `cut`
    failed: frozenset[str] = frozenset()  # devices
    off: frozenset[str] = frozenset()  # devices
    mains: frozenset[str] = frozenset()  # sites
    battery_minutes: float = 30.0
    lossy: frozenset[str] = frozenset()  # devices
    loss: float = 0.0  # share of exchanges that get no answer
    portals: Mapping[str, Trouble] = field(default_factory=dict)  # endpoint -> what it does


@dataclass(frozen=True, slots=True)
class Condition:
    """What is wrong at one time, as far as faults reach: the ground truth."""

    cut: frozenset[str] = frozenset()
    trunks: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    mains: frozenset[str] = frozenset()
    dark: frozenset[str] = frozenset()  # sites without mains whose battery is empty or absent
    dead: frozenset[str] = frozenset()  # devices that don't run
    lost: frozenset[str] = frozenset()  # devices, running or not, that the NOC doesn't reach
    lossy: Mapping[str, float] = field(default_factory=dict)
    portals: Mapping[str, Trouble] = field(default_factory=dict)  # endpoint -> what it does


class World:
    """Boxes of every active device, changed by `settle`. Raises ValueError as `network.graph_of` does."""

    def __init__(self, inventory: Inventory, now: float) -> None:
        self.inventory = inventory
        self.graph = network.graph_of(inventory)
        self.plugs = cabling.plugs_of(inventory)
        self.condition = Condition()
        self.boxes = {
            device.name: self._box(device, now)
            for device in inventory.devices.values()
            if device.status is Lifecycle.ACTIVE
        }
        self._ports = {name: {port.name: port for port in box.ports} for name, box in self.boxes.items() if box.ports}
        self._at_site = _by_site(self.boxes.values())
        self._upses = {
            site: [box for box in boxes if box.device.role is Role.UPS] for site, boxes in self._at_site.items()
        }
        self._onts = onts.attach(self.boxes, self.plugs)

    def _box(self, device: Device, now: float) -> Box:
        boot = now - 3600 - draw(device.name, "boot") * _LONGEST_UPTIME_S
        box = Box(device, self.inventory.sites[device.site], boot, boots=1 + int(draw(device.name, "boots") * 40))
        if device.primary_ip:
            box.ports = cabling.ports_of(device, self.plugs.get(device.name, ()), self.inventory, boot)
        return box

    def settle(self, effects: Iterable[Effect], now: float) -> set[str]:
        """Let exactly these faults be in force; returns the devices whose agents show something else.

        To be called again at `next_empty`, when a battery runs out.
        """
        effects, before, at = list(effects), self.condition, moment(now)
        mains = _union(effect.mains for effect in effects)
        self._switch_mains(effects, mains, now)
        after = self._judge(effects, mains, now)
        changed = {box.device.name for site in mains ^ before.mains for box in self._upses.get(site, ())}
        for name in before.dead - after.dead:
            self.boxes[name].restart(at)
            changed.add(name)
        self.condition = after
        changed |= self._set_ports(before, after, at)
        return changed | self._set_onts(before, after)

    def next_empty(self, now: float) -> float | None:
        """When the next battery runs out."""
        ends = [
            ups.battery.since + ups.battery.charge * ups.battery.minutes * 60
            for site in self.condition.mains - self.condition.dark
            for ups in self._upses.get(site, ())
        ]
        return min((end for end in ends if end > now), default=None)

    def _switch_mains(self, effects: Sequence[Effect], mains: frozenset[str], now: float) -> None:
        for site in mains - self.condition.mains:
            minutes = min(effect.battery_minutes for effect in effects if site in effect.mains)
            for ups in self._upses.get(site, ()):
                ups.battery = ups.battery.lose_mains(now, minutes)
        for site in self.condition.mains - mains:
            for ups in self._upses.get(site, ()):
                ups.battery = ups.battery.regain_mains(now)

    def _judge(self, effects: Sequence[Effect], mains: frozenset[str], now: float) -> Condition:
        cut = _union(effect.cut for effect in effects)
        failed, off = _union(effect.failed for effect in effects), _union(effect.off for effect in effects)
        dark = frozenset(site for site in mains if not self._has_battery(site, now))
        dead = failed | off | {box.device.name for site in dark for box in self._at_site.get(site, ())}
        reached = self.graph.reachable(dead, cut)
        return Condition(
            cut=cut,
            trunks=_union(effect.trunks for effect in effects),
            failed=failed,
            off=off,
            mains=mains,
            dark=dark,
            dead=dead,
            lost=frozenset(name for name in self.boxes if name not in reached),
            lossy={name: effect.loss for effect in effects for name in effect.lossy},
            portals={code: trouble for effect in effects for code, trouble in effect.portals.items()},
        )

    def _has_battery(self, site: str, now: float) -> bool:
        return any(ups.battery.charge_at(now) > 1e-9 for ups in self._upses.get(site, ()))

    def _set_ports(self, before: Condition, after: Condition, at: Moment) -> set[str]:
        changed = set()
        for name, port in self._touched_ports(before, after):
            up = self._is_up(name, port, after)
            if up != port.up:
                port.set_up(up, self.boxes[name].uptime().at(at), at)
                changed.add(name)
        return changed

    def _touched_ports(self, before: Condition, after: Condition) -> Iterable[tuple[str, Port]]:
        links = {self.inventory.links[name] for name in before.cut ^ after.cut}
        links |= {plug.link for name in before.dead ^ after.dead for plug in self.plugs.get(name, ())}
        for link in links:
            for device, port in ((link.a_device, link.a_port), (link.b_device, link.b_port)):
                if device in self._ports:
                    yield device, self._ports[device][port]

    def _is_up(self, name: str, port: Port, condition: Condition) -> bool:
        return any(
            plug.link.name not in condition.cut and plug.far not in condition.dead
            for plug in self.plugs[name]
            if plug.near_port == port.name
        )

    def _set_onts(self, before: Condition, after: Condition) -> set[str]:
        touched = (before.dead ^ after.dead) | {
            plug
            for name in before.cut ^ after.cut
            for plug in (self.inventory.links[name].a_device, self.inventory.links[name].b_device)
        }
        changed = set()
        for name in touched & self._onts.keys():
            ont = self._onts[name]
            cause = self._ont_fault(name, after)
            if ont.online and cause is not None:
                ont.last_down = cause
            ont.online = cause is None
            changed.add(self.boxes[name].device.seen_through)
        return changed

    def _ont_fault(self, name: str, condition: Condition) -> LastDown | None:
        olt = self.boxes[name].device.seen_through
        fibres = [plug.link.name for plug in self.plugs.get(name, ()) if plug.far == olt]
        if fibres and all(fibre in condition.cut for fibre in fibres):
            return LastDown.LOS
        if name in condition.failed:
            return LastDown.LOSI
        return LastDown.DYING_GASP if name in condition.dead else None


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def _by_site(boxes: Iterable[Box]) -> Mapping[str, Sequence[Box]]:
    found: dict[str, list[Box]] = defaultdict(list)
    for box in boxes:
        found[box.site.name].append(box)
    return found
