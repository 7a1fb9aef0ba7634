"""What was found, compared with the inventory: proposals, which somebody has to import. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from collectors.discovery.look import Seen
from inventory.model import Device, Inventory, Link, Role


@dataclass(frozen=True, slots=True)
class Box:
    """`status`: known, moved (the inventory has it at another address) or new. `row` is what could be imported."""

    status: str
    seen: Seen
    name: str
    row: Device | None = None
    why_not: str = ""  # where there is no row for it


class Ends(NamedTuple):
    a: str
    a_port: str
    b: str
    b_port: str


@dataclass(frozen=True, slots=True)
class Wire:
    """`status`: known, new, or missing: in the inventory, but neither end names the other as its neighbour."""

    status: str
    ends: Ends
    row: Link | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]

    def applied(self, inventory: Inventory) -> Inventory:
        """The inventory as it would be with every row of the proposal."""
        devices = {box.row.name: box.row for box in self.boxes if box.row}
        links = {wire.row.name: wire.row for wire in self.wires if wire.row}
        return replace(
            inventory, devices={**dict(inventory.devices), **devices}, links={**dict(inventory.links), **links}
        )


def propose(inventory: Inventory, seen: Sequence[Seen], *, site: str, credential: str) -> Proposal:
    """`site`: where new devices stand that no known neighbour places; empty: they get no row."""
    names = _names(inventory, seen)
    wires = tuple(_wires(inventory, seen, names))
    near = dict(_near(wires, inventory))
    boxes = tuple(
        _box(one, name, inventory.devices.get(name), near.get(name, site), credential)
        for one in seen
        for name in (names[one.address],)
    )
    there = {*inventory.devices, *(box.row.name for box in boxes if box.row)}
    return Proposal(boxes, tuple(_with_row(wire, there) for wire in wires))


def _names(inventory: Inventory, seen: Sequence[Seen]) -> dict[str, str]:
    """By address: what the inventory calls it, by its address or its own name; else its own name, else its address.

    Names as they leave a factory are many devices' own, and a router answers at each of its addresses: a name that
    somebody bears already tells nobody else apart, so who comes later is called by the address.
    """
    by_address = {device.primary_ip: device.name for device in inventory.devices.values() if device.primary_ip}
    names = {one.address: by_address[one.address] for one in seen if one.address in by_address}
    taken = set(names.values())
    for one in seen:
        if one.address not in names:
            names[one.address] = name = one.name if one.name and one.name not in taken else one.address
            taken.add(name)
    return names


def _box(seen: Seen, name: str, before: Device | None, site: str, credential: str) -> Box:
    """`before`: the device of the inventory that it is."""
    if before is not None and before.primary_ip == seen.address:
        return Box("known", seen, name)
    if before is not None:
        return Box("moved", seen, name, replace(before, primary_ip=seen.address))
    if not site:
        return Box("new", seen, name, why_not="no site: no known device is its neighbour; give one by --site")
    if seen.role not in set(Role):
        return Box("new", seen, name, why_not=f"the profile {seen.profile} names no role")
    return Box("new", seen, name, Device(name, Role(seen.role), site, primary_ip=seen.address, credential=credential))


def _wires(inventory: Inventory, seen: Sequence[Seen], names: Mapping[str, str]) -> Iterator[Wire]:
    known_last = sorted(
        seen, key=lambda one: names[one.address] in inventory.devices
    )  # and so what they are called stays
    called = {key: names[one.address] for one in known_last for key in (one.chassis, one.name) if key}
    called |= {name: name for name in inventory.devices if name not in called}
    told = _told(seen, names, called)
    stored = {frozenset((link.a_device, link.b_device)) for link in inventory.links.values()}
    yield from (Wire("known" if frozenset((ends.a, ends.b)) in stored else "new", ends) for ends in told)
    pairs = {frozenset((ends.a, ends.b)) for ends in told}
    tellers = {names[one.address] for one in seen if one.neighbours}
    for link in inventory.links.values():
        both = {link.a_device, link.b_device}
        if both <= set(names.values()) and both & tellers and frozenset(both) not in pairs:
            yield Wire("missing", Ends(link.a_device, link.a_port, link.b_device, link.b_port))


def _told(seen: Sequence[Seen], names: Mapping[str, str], called: Mapping[str, str]) -> list[Ends]:
    """Each connection once, though both ends tell it."""
    found: dict[frozenset[tuple[str, str]], Ends] = {}
    for one in seen:
        for neighbour in one.neighbours:
            other = called.get(neighbour.chassis_id or "") or called.get(neighbour.system_name or "")
            if other and other != names[one.address]:
                ends = Ends(names[one.address], neighbour.local_port or "", other, neighbour.port_id or "")
                found.setdefault(frozenset(((ends.a, ends.a_port), (ends.b, ends.b_port))), ends)
    return list(found.values())


def _near(wires: Sequence[Wire], inventory: Inventory) -> Iterator[tuple[str, str]]:
    """(new device, the site of a known one that it is connected to)."""
    for wire in wires:
        for name, other in ((wire.ends.a, wire.ends.b), (wire.ends.b, wire.ends.a)):
            if name not in inventory.devices and other in inventory.devices:
                yield name, inventory.devices[other].site


def _with_row(wire: Wire, there: set[str]) -> Wire:
    ends = wire.ends
    if wire.status != "new" or not {ends.a, ends.b} <= there or not (ends.a_port and ends.b_port):
        return wire
    return replace(wire, row=Link(f"{ends.a}:{ends.a_port} - {ends.b}:{ends.b_port}", *ends))
