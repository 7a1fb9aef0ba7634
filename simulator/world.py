"""The simulated devices together: what runs, what is cut, and what every agent therefore shows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from inventory.model import Device, Inventory, Lifecycle, Link, Medium, Role
from simulator import cabling, network, onts
from simulator.boxes import Box, LastDown, Ont, Port, draw
from simulator.cabling import Plug
from simulator.condition import Condition, Effect, End, together
from simulator.traffic import Moment, moment

_LONGEST_UPTIME_S = 200 * 86_400


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
            plugs = self.plugs.get(device.name, ())
            box.ports = cabling.ports_of(device, plugs, boot)
            if device.role is Role.RADIO:
                _aim(box, plugs)
        return box

    def settle(self, effects: Iterable[Effect], now: float) -> set[str]:
        """Let exactly these faults be in force; returns the devices whose agents show something else.

        To be called again at `next_empty`, when a battery runs out.
        """
        effects, before, at = list(effects), self.condition, moment(now)
        said = together(effects)
        self._switch_mains(effects, said.mains, now)
        self.condition = after = self._judge(said, now)
        changed = {box.device.name for site in said.mains ^ before.mains for box in self._upses.get(site, ())}
        for name in before.dead - after.dead:
            self.boxes[name].restart(at)
            changed.add(name)
        changed |= self._set_ports(before, after, at)
        changed |= self._set_jams(before, after, at)
        changed |= self._set_clocks(before, after)
        changed |= self._set_wear(before, after)
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
            weakest = min((effect for effect in effects if site in effect.mains), key=lambda each: each.battery_minutes)
            for ups in self._upses.get(site, ()):
                ups.battery = ups.battery.lose_mains(now, weakest.battery_minutes, weakest.recharge_s)
        for site in self.condition.mains - mains:
            for ups in self._upses.get(site, ()):
                ups.battery = ups.battery.regain_mains(now)

    def _judge(self, said: Condition, now: float) -> Condition:
        """What follows from what the faults say."""
        dark = frozenset(site for site in said.mains if not self._has_battery(site, now))
        dead = said.failed | said.off | {box.device.name for site in dark for box in self._at_site.get(site, ())}
        broken = said.cut | {end.link for end in said.shut}
        reached = self.graph.reachable(dead, broken)
        behind = self.graph.behind(said.jams.keys(), dead, broken) if said.jams else {}
        return replace(
            said,
            broken=broken,
            dark=dark,
            dead=dead,
            lost=frozenset(name for name in self.boxes if name not in reached),
            slowed={name: said.jams[link] for name, link in behind.items()},
        )

    def _has_battery(self, site: str, now: float) -> bool:
        return any(ups.battery.charge_at(now) > 1e-9 for ups in self._upses.get(site, ()))

    def _set_ports(self, before: Condition, after: Condition, at: Moment) -> set[str]:
        changed = set()
        for name, port in self._touched_ports(before, after):
            up, admin_up = self._is_up(name, port, after), self._is_allowed(name, port, after)
            if (up, admin_up) != (port.up, port.admin_up):
                changed.add(name)
            if up != port.up:
                port.set_up(up, self.boxes[name].uptime().at(at), at)
            port.admin_up = admin_up
        return changed

    def _touched_ports(self, before: Condition, after: Condition) -> Iterable[tuple[str, Port]]:
        links = {self.inventory.links[name] for name in before.broken ^ after.broken}
        links |= {plug.link for name in before.dead ^ after.dead for plug in self.plugs.get(name, ())}
        links |= {self.inventory.links[end.link] for end in before.shut ^ after.shut}
        for link in links:
            yield from self._ports_of(link)

    def _ports_of(self, link: Link) -> Iterable[tuple[str, Port]]:
        for device, port in ((link.a_device, link.a_port), (link.b_device, link.b_port)):
            if device in self._ports:
                yield device, self._ports[device][port]

    def _is_up(self, name: str, port: Port, condition: Condition) -> bool:
        return any(
            plug.link.name not in condition.broken and plug.far not in condition.dead
            for plug in self.plugs[name]
            if plug.near_port == port.name
        )

    def _is_allowed(self, name: str, port: Port, condition: Condition) -> bool:
        """Whether nobody shut the port; an ONT is taken out of service alone, its PON port stays."""
        return not any(
            End(plug.link.name, name) in condition.shut and plug.far not in self._onts
            for plug in self.plugs[name]
            if plug.near_port == port.name
        )

    def _set_jams(self, before: Condition, after: Condition, at: Moment) -> set[str]:
        if before.jams == after.jams:
            return set()
        changed = set()
        for name in before.jams.keys() - after.jams.keys():
            for device, port in self._ports_of(self.inventory.links[name]):
                port.relieve(at)
                changed.add(device)
        for name, jam in after.jams.items():
            link = self.inventory.links[name]
            for device, port in self._ports_of(link):
                port.fill(jam.loss, outward=device == link.a_device, at=at)
                changed.add(device)
        return changed

    def _set_clocks(self, before: Condition, after: Condition) -> set[str]:
        changed = {name for name in before.clocks.keys() | after.clocks.keys() if name in self.boxes}
        for name in changed:
            self.boxes[name].clock_s = after.clocks.get(name, 0.0)
        return changed

    def _set_wear(self, before: Condition, after: Condition) -> set[str]:
        changed = {name for name in before.worn ^ after.worn if name in self.boxes}
        for name in changed:
            box = self.boxes[name]
            box.battery = replace(box.battery, worn=name in after.worn)
        return changed

    def _set_onts(self, before: Condition, after: Condition) -> set[str]:
        links = (before.broken ^ after.broken) | {end.link for end in before.shut ^ after.shut}
        links |= before.fades.keys() ^ after.fades.keys()
        touched = (before.dead ^ after.dead) | {
            end for name in links for end in (self.inventory.links[name].a_device, self.inventory.links[name].b_device)
        }
        changed = set()
        for name in touched & self._onts.keys():
            self._set_ont(name, self._onts[name], after)
            changed.add(self.boxes[name].device.seen_through)
        return changed

    def _set_ont(self, name: str, ont: Ont, condition: Condition) -> None:
        olt = self.boxes[name].device.seen_through
        ways = [plug for plug in self.plugs.get(name, ()) if plug.far == olt]
        fibres = [plug.link.name for plug in ways]
        ont.active = not any(End(fibre, olt) in condition.shut for fibre in fibres)
        ont.fade = next((condition.fades[fibre] for fibre in fibres if fibre in condition.fades), None)
        cause = self._ont_fault(name, ont, ways, condition)
        if ont.online and cause is not None:
            ont.last_down = cause
        ont.online = cause is None

    def _ont_fault(self, name: str, ont: Ont, ways: Sequence[Plug], condition: Condition) -> LastDown | None:
        """Why the OLT misses it: without light from any ONT of the PON that is LOS, from this one alone LOSi."""
        if not ont.active:
            return LastDown.DEACTIVATED
        if ways and all(plug.link.name in condition.broken for plug in ways):
            lit = any(self._ports[plug.far][plug.far_port].up for plug in ways if plug.far in self._ports)
            return LastDown.LOSI if lit else LastDown.LOS
        if name in condition.failed:
            return LastDown.LOSI
        return LastDown.DYING_GASP if name in condition.dead else None


def _aim(radio: Box, plugs: Iterable[Plug]) -> None:
    """Tell a radio which of its ports goes through the air, and how far."""
    for plug in plugs:
        if plug.link.medium is Medium.RADIO:
            radio.air = next(port for port in radio.ports if port.name == plug.near_port)
            radio.reach_km = plug.link.length_km


def _by_site(boxes: Iterable[Box]) -> Mapping[str, Sequence[Box]]:
    found: dict[str, list[Box]] = defaultdict(list)
    for box in boxes:
        found[box.site.name].append(box)
    return found
