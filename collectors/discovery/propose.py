"""What was found, compared with the inventory: proposals, which somebody has to import. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collectors.discovery.behind import Ends, Hearing, Owners
from collectors.discovery.look import Seen
from collectors.discovery.stations import macs
from inventory.model import Device, Inventory, Link, Role

_PASSING = frozenset({Role.SWITCH, Role.RADIO, Role.OLT, Role.ONT})
"""Those behind whom others are heard by the same port."""


@dataclass(frozen=True, slots=True)
class Box:
    """`row` is what could be imported.

    `status`: known, moved (the inventory has it at another address), new, or address: another one of a box that is
    known, moved or new by its first.
    """

    status: str
    seen: Seen
    name: str
    row: Device | None = None
    why_not: str = ""  # where there is no row for it


@dataclass(frozen=True, slots=True)
class Wire:
    """`status`: known, new, or missing: in the inventory, but neither end names the other as its neighbour.

    `by`: neighbour (LLDP, CDP), or forwarding: nobody names it, but forwarding tables leave no other.
    """

    status: str
    ends: Ends
    row: Link | None = None
    by: str = "neighbour"


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
    mains = _mains(inventory, seen)
    names = _names(inventory, [one for one in seen if mains[one.address] == one.address])
    names |= {address: names[main] for address, main in mains.items()}
    wires = tuple(_wires(inventory, seen, names))
    near = dict(_near(wires, inventory))
    boxes = tuple(
        _box(one, name, inventory.devices.get(name), near.get(name, site), credential)
        if mains[one.address] == one.address
        else Box("address", one, name)
        for one in seen
        for name in (names[one.address],)
    )
    there = {*inventory.devices, *(box.row.name for box in boxes if box.row)}
    return Proposal(boxes, tuple(_with_row(wire, there) for wire in wires))


def _mains(inventory: Inventory, seen: Sequence[Seen]) -> dict[str, str]:
    """By address: that by which its box is proposed, the inventory's rather than another.

    Two addresses are of one box if what answers at each says that both are its own, and is called the same: the same
    private address is many boxes' own.
    """
    stored = {device.primary_ip for device in inventory.devices.values()}
    there = {one.address: one for one in seen}
    mains: dict[str, str] = {}
    for one in sorted(seen, key=lambda one: one.address not in stored):
        same = [mains[own] for own in one.own if own in mains and _is_one_box(one, there[own])]
        mains[one.address] = same[0] if same and one.address not in stored else one.address
    return mains


def _is_one_box(one: Seen, other: Seen) -> bool:
    called = (one.name, one.object_id, one.description) == (other.name, other.object_id, other.description)
    return called and one.address in other.own and other.address in one.own


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
    found = _found(inventory, seen, names)
    stored = {frozenset((link.a_device, link.b_device)) for link in inventory.links.values()}
    for by, ends in found:
        yield Wire("known" if frozenset((ends.a, ends.b)) in stored else "new", ends, by=by)
    pairs = {frozenset((ends.a, ends.b)) for _, ends in found}
    tellers = {names[one.address] for one in seen if one.neighbours}
    for link in inventory.links.values():
        both = {link.a_device, link.b_device}
        if both <= set(names.values()) and both & tellers and frozenset(both) not in pairs:
            yield Wire("missing", Ends(link.a_device, link.a_port, link.b_device, link.b_port))


def _found(inventory: Inventory, seen: Sequence[Seen], names: Mapping[str, str]) -> list[tuple[str, Ends]]:
    """(by, connection): what neighbours tell, then of whom nobody tells what forwarding tables prove."""
    owners = _owners(inventory, seen, names)
    known_last = sorted(
        seen, key=lambda one: names[one.address] in inventory.devices
    )  # and so what they are called stays
    called = {mac.hex(":"): owner[0] for mac, owner in owners.items()}  # of those that tell no chassis id
    called |= {key: names[one.address] for one in known_last for key in (one.chassis, one.name) if key}
    called |= {name: name for name in inventory.devices if name not in called}
    told = _told(seen, names, called)
    hearing = _without(told, seen, names, _hearing(inventory, seen, names, owners).wires())
    return [*(("neighbour", ends) for ends in told), *(("forwarding", ends) for ends in hearing)]


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


def _owners(inventory: Inventory, seen: Sequence[Seen], names: Mapping[str, str]) -> Owners:
    """Whose MAC is whose, as they tell it; for those that don't, by their address in somebody's ARP table.

    A MAC that two bear is nobody's: makers have given one twice. A router that answers ARP for others has told it.
    """
    told = _bearers((mac, (names[one.address], port)) for one in seen for mac, port in one.macs)
    telling = {name for bearer in told.values() for name in bearer}
    silent = {address: name for address, name in _addresses(inventory, names).items() if name not in telling}
    talked = ((mac, (silent[address], "")) for one in seen for address, mac in one.arp if address in silent)
    every = _bearers(talked) | told
    return {mac: next(iter(bearer.items())) for mac, bearer in every.items() if len(bearer) == 1}


def _bearers(rows: Iterable[tuple[bytes, tuple[str, str]]]) -> dict[bytes, dict[str, str]]:
    """By MAC: device -> port."""
    found: dict[bytes, dict[str, str]] = {}
    for mac, (name, port) in rows:
        found.setdefault(mac, {}).setdefault(name, port)
    return found


def _addresses(inventory: Inventory, names: Mapping[str, str]) -> dict[str, str]:
    known = {device.primary_ip: device.name for device in inventory.devices.values() if device.primary_ip}
    return known | dict(names)


def _hearing(inventory: Inventory, seen: Sequence[Seen], names: Mapping[str, str], owners: Owners) -> Hearing:
    heard = {names[one.address]: {port: macs(packed) for port, packed in one.heard} for one in seen if one.heard}
    roles = {device.name: device.role for device in inventory.devices.values()}
    roles |= {names[one.address]: Role(one.role) for one in seen if one.role in set(Role)}
    return Hearing(heard, owners, frozenset(name for name, role in roles.items() if role in _PASSING))


def _without(
    told: Sequence[Ends], seen: Sequence[Seen], names: Mapping[str, str], found: Iterable[Ends]
) -> tuple[Ends, ...]:
    """Those of `found` of which nobody tells anything: neither of the two, nor of one of their ports."""
    pairs = {frozenset((ends.a, ends.b)) for ends in told}
    ports = {(names[one.address], neighbour.local_port) for one in seen for neighbour in one.neighbours}
    ports |= {(ends.b, ends.b_port) for ends in told}
    return tuple(
        ends
        for ends in found
        if frozenset((ends.a, ends.b)) not in pairs and not ports & {(ends.a, ends.a_port), (ends.b, ends.b_port)}
    )


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
