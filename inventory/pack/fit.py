"""The whole network of a state: POPs, boxes in gram panchayats, UPS and kendras."""

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from inventory.model import Inventory
from inventory.pack.equipment import Pop, add_ups, lay_blocks, lay_district, lay_noc, lay_places
from inventory.pack.facts import State
from inventory.pack.kendras import Kendra, add_kendra
from inventory.pack.network import Network
from inventory.pack.plan import BlockPlan


@dataclass(frozen=True, slots=True)
class Fitting:
    """Codes of places with a UPS, and the kendras by what they hang on: a place's code or a POP's area."""

    ups: Container[str] = ()
    kendras: Mapping[str, Sequence[Kendra]] = field(default_factory=dict)


def lay(state: State, plans: Sequence[BlockPlan], fitting: Fitting) -> Network:
    net = Network()
    noc = lay_noc(net, state)
    plans_of: dict[str, list[BlockPlan]] = defaultdict(list)
    for plan in plans:
        plans_of[plan.block.district].append(plan)
    for district in state.districts:
        home = lay_district(net, district, noc)
        _add_kendras(net, fitting, home.site.area, home.first)
        local = plans_of[district.code]
        pops = lay_blocks(net, district, home, [plan.block for plan in local])
        for plan in local:
            _lay_block(net, plan, pops[plan.block.code], fitting)
    return net


def _lay_block(net: Network, plan: BlockPlan, pop: Pop, fitting: Fitting) -> None:
    _add_kendras(net, fitting, pop.site.area, pop.first)
    boxes = lay_places(net, plan, pop)
    for place in plan.block.places:
        box = boxes[place.code]
        if place.code in fitting.ups:
            add_ups(net, net.sites[f"gp-{place.code}"], box)
        _add_kendras(net, fitting, place.code, box)


def _add_kendras(net: Network, fitting: Fitting, on: str, box: str) -> None:
    for kendra in fitting.kendras.get(on, ()):
        add_kendra(net, kendra, box)


def summary(inventory: Inventory) -> str:
    """Counts of areas, devices by role, rings, PONs and links, in one line."""
    levels = Counter(area.level for area in inventory.areas.values())
    roles = Counter(device.role for device in inventory.devices.values())
    rings = {link.ring for link in inventory.links.values() if link.ring}
    pons = {link.trunk for link in inventory.links.values() if link.trunk}
    addressed = sum(bool(device.primary_ip) for device in inventory.devices.values())
    counts = [
        *((str(level), count) for level, count in levels.items()),
        *((str(role), count) for role, count in roles.items()),
        ("rings", len(rings)),
        ("PONs", len(pons)),
        ("addresses", addressed),
        ("links", len(inventory.links)),
    ]
    return ", ".join(f"{count} {what}" for what, count in counts)
