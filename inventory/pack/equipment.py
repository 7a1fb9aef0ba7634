"""Sites, devices and links of the network: NOC, district POPs, block POPs, gram panchayats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inventory.model import Medium, Names, Role, Site, SiteKind
from inventory.pack.blocks import Block
from inventory.pack.facts import District, State, Town
from inventory.pack.geometry import as_points
from inventory.pack.network import CARD, LAN, OLT_UPLINK, PON, RULE, WAN, Network
from inventory.pack.places import Place
from inventory.pack.plan import BlockPlan
from inventory.pack.rings import ring_orders
from inventory.pack.text import slug

_BLOCK_RING_LARGEST = 6
_PON_PORTS = 8  # on one card of an OLT
_RADIO = "radio{}"


@dataclass(frozen=True, slots=True)
class Pop:
    """Two routers at one site; a ring leaves by the first and comes back to the second."""

    site: Site
    first: str
    second: str


def lay_noc(net: Network, state: State) -> Pop:
    site = _pop_site(net, f"noc-{state.code}", SiteKind.NOC, state.noc_district, state.noc)
    return _routers(net, site, reference=True)


def lay_district(net: Network, district: District, noc: Pop) -> Pop:
    """The district POP, dual-homed: each of its routers to another one of the NOC."""
    town = district.headquarters
    named = Town(Names(f"{district.names.en} district POP", f"{district.names.hi} जिला पीओपी"), town.lat, town.lon)
    name = f"district-{district.code}-{slug(town.names.en)}"
    pop = _routers(net, _pop_site(net, name, SiteKind.DISTRICT_POP, district.code, named))
    for number, (near, far) in enumerate([(pop.first, noc.first), (pop.second, noc.second)], 1):
        net.join(f"backhaul-{district.code}-{number}", near, far, km=net.fibre_km(near, far))
    return pop


def _pop_site(net: Network, name: str, kind: SiteKind, district: str, town: Town) -> Site:
    return net.add_site(
        Site(name, kind, f"district:{district}", town.names, lat=town.lat, lon=town.lon, planned_by=RULE)
    )


def _routers(net: Network, site: Site, *, reference: bool = False, ring: str = "") -> Pop:
    first, second = (
        net.add_device(f"{site.name}-r{number}", Role.ROUTER, site, reference=reference) for number in (1, 2)
    )
    net.join(f"{site.name}-r1-r2", first, second, km=0.0, ring=ring)
    return Pop(site, first, second)


def lay_blocks(net: Network, district: District, home: Pop, blocks: Sequence[Block]) -> dict[str, Pop]:
    """POPs of the district's blocks in rings through the district POP; block code -> its POP."""
    pops: dict[str, Pop] = {}
    town = district.headquarters
    points = as_points([each.pop.at for each in blocks])
    for number, order in enumerate(ring_orders((town.lat, town.lon), points, _BLOCK_RING_LARGEST), 1):
        ring = f"ring-district-{district.code}-{number}"
        stops = [blocks[each] for each in order]
        for block in stops:
            pops[block.code] = _routers(net, _block_site(net, block), ring=ring)
        _lay_ring(net, ring, home, [(pops[each.code].first, pops[each.code].second) for each in stops])
    return pops


def _block_site(net: Network, block: Block) -> Site:
    return net.add_site(
        Site(
            name=f"pop-{block.pop.code}",
            kind=SiteKind.BLOCK_POP,
            area=f"block:{block.code}",
            names=Names(f"{block.pop.name} POP"),
            lat=block.pop.lat,
            lon=block.pop.lon,
            planned_by=RULE,
            approximate=block.pop.approximate,
        )
    )


def _lay_ring(net: Network, ring: str, home: Pop, stops: Iterable[tuple[str, str]]) -> None:
    """Fibre from the POP's first router into and out of each stop and back to its second router."""
    way = [home.first, *(router for stop in stops for router in stop), home.second]
    for number, (here, there) in enumerate(zip(way[::2], way[1::2], strict=True), 1):
        net.join(f"{ring}-{number}", here, there, km=net.fibre_km(here, there), ring=ring)


def lay_places(net: Network, plan: BlockPlan, pop: Pop) -> dict[str, str]:
    """Sites and boxes of the block's gram panchayats; place code -> the box that serves the place."""
    sites = {place.code: net.add_site(gp_site(place, plan.feeders[place.code])) for place in plan.block.places}
    boxes: dict[str, str] = {}
    for number, members in enumerate(plan.rings, 1):
        routers = [net.add_device(f"gp-{each.code}-r1", Role.ROUTER, sites[each.code]) for each in members]
        boxes.update(zip((each.code for each in members), routers, strict=True))
        _lay_ring(net, f"ring-{plan.block.code}-{number}", pop, [(each, each) for each in routers])
    if plan.pons:
        boxes |= _lay_pons(net, plan, pop, sites)
    for number, place in enumerate(plan.radios):
        boxes[place.code] = _lay_radio(net, place, sites[place.code], (pop.first, pop.second)[number % 2])
    return boxes


def gp_site(place: Place, feeder: str) -> Site:
    return Site(
        name=f"gp-{place.code}",
        kind=SiteKind.GP,
        area=f"gp:{place.code}",
        names=Names(place.name),
        lat=place.lat,
        lon=place.lon,
        feeder=feeder,
        planned_by=RULE,
        approximate=place.approximate,
    )


def _lay_pons(net: Network, plan: BlockPlan, pop: Pop, sites: dict[str, Site]) -> dict[str, str]:
    olt = net.add_device(f"{pop.site.name}-olt1", Role.OLT, pop.site)
    for number, router in enumerate((pop.first, pop.second), 1):
        net.join(f"{olt}-uplink-{number}", router, olt, families=(WAN, OLT_UPLINK), km=0.0)
    boxes: dict[str, str] = {}
    for number, members in enumerate(plan.pons):
        port = f"0/{1 + number // _PON_PORTS}/{number % _PON_PORTS}"
        for ont, place in enumerate(members, 1):
            box = net.add_behind(f"gp-{place.code}-ont1", Role.ONT, sites[place.code], olt, f"{port}:{ont}")
            ends = (f"GPON {port}", PON)
            net.join(f"pon-{place.code}", olt, box, ports=ends, km=net.fibre_km(olt, box), trunk=f"{olt}:{port}")
            boxes[place.code] = box
    return boxes


def _lay_radio(net: Network, place: Place, site: Site, router: str) -> str:
    box = net.add_device(f"gp-{place.code}-radio1", Role.RADIO, site)
    net.join(f"radio-{place.code}", router, box, families=(WAN, _RADIO), medium=Medium.RADIO)
    return box


def add_ups(net: Network, site: Site, box: str) -> None:
    """A UPS with a network card at a site, on the local network of its box."""
    ups = net.add_device(f"{site.name}-ups1", Role.UPS, site)
    medium, km = net.wire(box, ups)
    net.join(f"lan-{ups}", box, ups, families=(LAN, CARD), medium=medium, km=km)
