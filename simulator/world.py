"""The simulated devices together: what runs, what is cut, and what every agent therefore shows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from inventory.model import Device, Inventory, Lifecycle, Link, Medium, Role
from simulator import cabling, network, onts
from simulator.boxes import Box, LastDown, Ont, Port, draw
from simulator.census import Census, Mask, texts
from simulator.condition import Condition, Effect, End, Jam, together
from simulator.plugs import Plug
from simulator.traffic import Moment, moment

_LONGEST_UPTIME_S = 200 * 86_400


class Boxes(Mapping[str, Box]):
    """Boxes of the active devices, made when asked for: what no fault ever touched follows from the inventory alone.

    `hold` makes one that stays, to be changed.
    """

    def __init__(self, census: Census, now: float) -> None:
        self._census = census
        self._inventory = census.inventory
        self._flows = cabling.Flows(census)
        self._now = now
        self._held: dict[str, Box] = {}
        self._count = int(census.active.sum())
        self._check_onts()

    def __getitem__(self, name: str) -> Box:
        """Raises KeyError for a device that isn't active."""
        return self._held.get(name) or self._made(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._census.names(np.flatnonzero(self._census.active)))

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: object) -> bool:
        device = self._inventory.devices.get(name) if isinstance(name, str) else None
        return device is not None and device.status is Lifecycle.ACTIVE

    def hold(self, name: str) -> Box:
        box = self._held.get(name)
        if box is None:
            box = self._held[name] = self._made(name)
        return box

    def engine_clock(self, name: str, now: float) -> tuple[int, int]:
        """As `Box.engine_clock` says, without making one."""
        held = self._held.get(name)
        boots, boot = (held.boots, held.boot) if held else self._begun(name)
        return boots, max(int(now - boot), 0)

    def _begun(self, name: str) -> tuple[int, float]:
        """(how often it booted, when it did last) before any fault."""
        boot = self._now - 3600 - draw(name, "boot") * _LONGEST_UPTIME_S
        return 1 + int(draw(name, "boots") * 40), boot

    def plugs(self, name: str) -> Sequence[Plug]:
        """The device's ends of links."""
        census, links = self._census, self._inventory.links
        ends = zip(census.links_of(name), census.ends_of(name).tolist(), strict=True)
        return cabling.plugs_of(name, [(links[link], self._flows[number]) for link, number in ends])

    def olt_of(self, name: str) -> str:
        """The device that tells of this ONT; empty for anything else."""
        device = self._inventory.devices[name]
        seen = device.role is Role.ONT and device.status is Lifecycle.ACTIVE and device.seen_through in self
        return device.seen_through if seen else ""

    def _made(self, name: str) -> Box:
        device = self._inventory.devices[name]
        if device.status is not Lifecycle.ACTIVE:
            raise KeyError(name)
        boots, boot = self._begun(name)
        box = Box(device, self._inventory.sites[device.site], boot, boots=boots)
        if device.primary_ip:
            box.plugs = self.plugs(name)
            box.ports = cabling.ports_of(device, box.plugs, boot)
            if device.role is Role.RADIO:
                _aim(box)
        if device.role is Role.OLT:
            box.onts = onts.rows_of(self._onts_at(name))
        return box

    def _onts_at(self, olt: str) -> Iterable[tuple[Device, Sequence[Plug]]]:
        for name in self._census.seen_through(olt):
            device = self._inventory.devices[name]
            if device.role is Role.ONT:
                yield device, self.plugs(name)

    def _check_onts(self) -> None:
        """Refuse an ONT's wrong `seen_as` now: a table made later could only fail in the middle of an answer."""
        census, devices = self._census, self._inventory.devices
        through, seen_as = texts(devices, "seen_through"), texts(devices, "seen_as")
        for number in np.flatnonzero(census.active & census.has_role([Role.ONT])).tolist():
            if through[number].as_py() in self:
                onts.place_of(census.devices[number].as_py(), seen_as[number].as_py())


class World:
    """Boxes of every active device, changed by `settle`. Raises ValueError as `network.graph_of` does."""

    def __init__(self, inventory: Inventory, now: float) -> None:
        self.inventory = inventory
        self.census = Census(inventory)
        self.graph = network.graph_of(self.census)
        self.condition = Condition()
        self.boxes = Boxes(self.census, now)

    def settle(self, effects: Iterable[Effect], now: float) -> set[str]:
        """Let exactly these faults be in force; returns the devices whose agents show something else.

        To be called again at `next_empty`, when a battery runs out.
        """
        effects, before, at = list(effects), self.condition, moment(now)
        said = together(effects)
        self._switch_mains(effects, said.mains, now)
        self.condition = after = self._judge(said, now)
        changed = {box.device.name for site in said.mains ^ before.mains for box in self._upses(site)}
        for name in before.dead - after.dead:
            self.boxes.hold(name).restart(at)
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
            for ups in self._upses(site)
        ]
        return min((end for end in ends if end > now), default=None)

    def _switch_mains(self, effects: Sequence[Effect], mains: frozenset[str], now: float) -> None:
        for site in mains - self.condition.mains:
            weakest = min((effect for effect in effects if site in effect.mains), key=lambda each: each.battery_minutes)
            for ups in self._upses(site):
                ups.battery = ups.battery.lose_mains(now, weakest.battery_minutes, weakest.recharge_s)
        for site in self.condition.mains - mains:
            for ups in self._upses(site):
                ups.battery = ups.battery.regain_mains(now)

    def _upses(self, site: str) -> Sequence[Box]:
        devices = self.inventory.devices
        return [self.boxes.hold(name) for name in self.census.at_site(site) if devices[name].role is Role.UPS]

    def _judge(self, said: Condition, now: float) -> Condition:
        """What follows from what the faults say."""
        dark = frozenset(site for site in said.mains if not self._has_battery(site, now))
        dead = said.failed | said.off | {name for site in dark for name in self.census.at_site(site)}
        broken = said.cut | {end.link for end in said.shut}
        stopped, torn = self._devices(dead), self._links(broken)
        return replace(
            said,
            broken=broken,
            dark=dark,
            dead=dead,
            lost=frozenset(
                self.census.names(np.flatnonzero(self.census.active & ~self.graph.reachable(stopped, torn)))
            ),
            slowed=self._slowed(said.jams, stopped, torn) if said.jams else {},
        )

    def _slowed(self, jams: Mapping[str, Jam], dead: Mask, cut: Mask) -> Mapping[str, Jam]:
        behind = self.graph.behind(self._links(jams), dead, cut)
        hit = np.flatnonzero(behind >= 0)
        links = self.census.links.take(pa.array(behind[hit])).to_pylist()
        return {name: jams[link] for name, link in zip(self.census.names(hit), links, strict=True)}

    def _devices(self, names: Collection[str]) -> Mask:
        found = np.zeros(len(self.census.devices), np.bool_)
        numbers = self.census.numbers(names)
        found[numbers[numbers >= 0]] = True
        return found

    def _links(self, names: Collection[str]) -> Mask:
        found = np.zeros(len(self.census.links), np.bool_)
        found[self.census.link_numbers(names)] = True
        return found

    def _has_battery(self, site: str, now: float) -> bool:
        return any(ups.battery.charge_at(now) > 1e-9 for ups in self._upses(site))

    def _set_ports(self, before: Condition, after: Condition, at: Moment) -> set[str]:
        changed = set()
        for name, port in self._touched_ports(before, after):
            box = self.boxes.hold(name)
            plugs = [plug for plug in box.plugs if plug.near_port == port.name]
            up, admin_up = _is_up(plugs, after), self._is_allowed(name, plugs, after)
            if (up, admin_up) != (port.up, port.admin_up):
                changed.add(name)
            if up != port.up:
                port.set_up(up, box.uptime().at(at), at)
            port.admin_up = admin_up
        return changed

    def _touched_ports(self, before: Condition, after: Condition) -> Iterable[tuple[str, Port]]:
        links = {*(before.broken ^ after.broken), *(end.link for end in before.shut ^ after.shut)}
        links |= {link for name in before.dead ^ after.dead for link in self.census.links_of(name)}
        for link in links:
            yield from self._ports_of(self.inventory.links[link])

    def _ports_of(self, link: Link) -> Iterable[tuple[str, Port]]:
        for device, port in ((link.a_device, link.a_port), (link.b_device, link.b_port)):
            if device in self.boxes:
                yield from ((device, each) for each in self.boxes.hold(device).ports if each.name == port)

    def _is_allowed(self, name: str, plugs: Iterable[Plug], condition: Condition) -> bool:
        """Whether nobody shut the port; an ONT is taken out of service alone, its PON port stays."""
        return not any(
            End(plug.link.name, name) in condition.shut and not self.boxes.olt_of(plug.far) for plug in plugs
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
            self.boxes.hold(name).clock_s = after.clocks.get(name, 0.0)
        return changed

    def _set_wear(self, before: Condition, after: Condition) -> set[str]:
        changed = {name for name in before.worn ^ after.worn if name in self.boxes}
        for name in changed:
            box = self.boxes.hold(name)
            box.battery = replace(box.battery, worn=name in after.worn)
        return changed

    def _set_onts(self, before: Condition, after: Condition) -> set[str]:
        links = (before.broken ^ after.broken) | {end.link for end in before.shut ^ after.shut}
        links |= before.fades.keys() ^ after.fades.keys()
        touched = (before.dead ^ after.dead) | {
            end for name in links for end in (self.inventory.links[name].a_device, self.inventory.links[name].b_device)
        }
        changed = set()
        for name in touched:
            if olt := self.boxes.olt_of(name):
                self._set_ont(name, olt, after)
                changed.add(olt)
        return changed

    def _set_ont(self, name: str, olt: str, condition: Condition) -> None:
        ont = next(row for row in self.boxes.hold(olt).onts if row.name == name)
        ways = [plug for plug in self.boxes.plugs(name) if plug.far == olt]
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
            lit = any(
                port.up for plug in ways for port in self.boxes.hold(plug.far).ports if port.name == plug.far_port
            )
            return LastDown.LOSI if lit else LastDown.LOS
        if name in condition.failed:
            return LastDown.LOSI
        return LastDown.DYING_GASP if name in condition.dead else None


def _is_up(plugs: Iterable[Plug], condition: Condition) -> bool:
    return any(plug.link.name not in condition.broken and plug.far not in condition.dead for plug in plugs)


def _aim(radio: Box) -> None:
    """Tell a radio which of its ports goes through the air, and how far."""
    for plug in radio.plugs:
        if plug.link.medium is Medium.RADIO:
            radio.air = next(port for port in radio.ports if port.name == plug.near_port)
            radio.reach_km = plug.link.length_km
