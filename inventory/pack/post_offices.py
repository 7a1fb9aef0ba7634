"""A runnable inventory of a state in which post offices stand in for gram panchayats."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import shapely

from inventory.model import Credential, Inventory
from inventory.pack.areas import areas_of, outline
from inventory.pack.blocks import blocks_of
from inventory.pack.equipment import add_ups, lay_blocks, lay_district, lay_noc, lay_places
from inventory.pack.facts import State, load_sources, load_state
from inventory.pack.kendras import add_place_kendra, add_town_kendras, served_by
from inventory.pack.network import CREDENTIAL, Network
from inventory.pack.packages import read_districts, read_offices
from inventory.pack.places import Place, in_districts, places_of
from inventory.pack.plan import BlockPlan, plan_blocks
from inventory.pack.positions import settle
from inventory.pack.text import chance

_KENDRA_SHARE = 0.70
_UPS_SHARE = 0.20

Progress = Callable[[str, float], None]


def build(state_code: str, progress: Progress) -> Inventory:
    """The inventory of a state; the same packages always give the same one.

    `progress` is told what is being done and which part of the whole is over, 0 to 1. Raises
    PackError for a state without facts or where the packages are absent.
    """
    state = load_state(state_code)
    progress("reading district polygons", 0.0)
    districts = read_districts(state)
    progress("reading post offices", 0.2)
    offices = places_of(read_offices(state, districts))
    places = in_districts(settle(offices, districts), districts)
    left_out = len(offices) - len(places)
    progress(f"dividing {len(places)} places into blocks", 0.5)
    blocks = blocks_of(places, state.smallest_block)
    progress(f"planning {len(blocks)} blocks", 0.6)
    inventory = assemble(state, plan_blocks(blocks, state.ring_blocks), districts)
    progress(f"{summary(inventory)}; {left_out} post offices outside the state left out", 1.0)
    return inventory


def assemble(state: State, plans: Sequence[BlockPlan], districts: Mapping[str, shapely.Geometry]) -> Inventory:
    """Everything about the planned blocks, as an import would give it."""
    net, served = equip(state, plans)
    areas = {area.key: area for area in areas_of(state, [plan.block for plan in plans], served)}
    return Inventory(
        areas=areas,
        sites=net.sites,
        devices=net.devices,
        links=net.links,
        services={each.code: each for each in state.services},
        credentials={CREDENTIAL: Credential(CREDENTIAL, "snmp-v2c", community="env:PAHUNCH_COMMUNITY")},
        sources={each.key: each for each in load_sources()},
        boundaries={f"district:{code}": outline(polygon) for code, polygon in districts.items()},
    )


def equip(state: State, plans: Sequence[BlockPlan]) -> tuple[Network, dict[str, str]]:
    """The whole network with its kendras, and for each place code the kendra that serves it."""
    net = Network()
    noc = lay_noc(net, state)
    plans_of: dict[str, list[BlockPlan]] = defaultdict(list)
    for plan in plans:
        plans_of[plan.block.district].append(plan)
    kendras: dict[str, str] = {}
    for district in state.districts:
        home = lay_district(net, district, noc)
        add_town_kendras(net, district, home)
        local = plans_of[district.code]
        pops = lay_blocks(net, district, home, [plan.block for plan in local])
        for plan in local:
            boxes = lay_places(net, plan, pops[plan.block.code])
            kendras |= _equip_places(net, plan.block.places, boxes)
    return net, served_by([place for plan in plans for place in plan.block.places], kendras)


def _equip_places(net: Network, places: Sequence[Place], boxes: Mapping[str, str]) -> dict[str, str]:
    """UPS and kendras at a share of the places; place code -> kendra site."""
    kendras = {}
    for place in places:
        if chance("ups", place.code) < _UPS_SHARE:
            add_ups(net, place.code, boxes[place.code])
        if chance("kendra", place.code) < _KENDRA_SHARE:
            kendras[place.code] = add_place_kendra(net, place, boxes[place.code])
    return kendras


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
