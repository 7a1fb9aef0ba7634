"""A runnable inventory of a state in which post offices stand in for gram panchayats."""

from collections.abc import Callable, Mapping, Sequence

import shapely

from inventory.model import Credential, Inventory, Names
from inventory.pack.areas import areas_of, outline
from inventory.pack.blocks import blocks_of
from inventory.pack.equipment import gp_site
from inventory.pack.facts import KendraFacts, PackError, State, framed, load_sources, load_state
from inventory.pack.fit import Fitting, lay, summary
from inventory.pack.kendras import Kendra, place_site, serving, town_sites
from inventory.pack.network import CREDENTIAL
from inventory.pack.packages import read_districts, read_offices
from inventory.pack.places import in_districts, places_of, points_of
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
    if (facts := state.post_offices) is None:
        raise PackError(f"no [post_offices] is typed in for {state.names.en}; `--from pmgsy DIR` may serve")
    progress("reading district polygons", 0.0)
    districts = read_districts(facts, state.districts)
    progress("reading post offices", 0.2)
    offices = places_of(read_offices(facts, state.districts, districts))
    places = in_districts(settle(offices, districts), districts)
    left_out = len(offices) - len(places)
    progress(f"dividing {len(places)} places into blocks", 0.5)
    blocks = blocks_of(places, facts.smallest_block)
    progress(f"planning {len(blocks)} blocks", 0.6)
    inventory = assemble(state, plan_blocks(blocks, state.ring_blocks), districts)
    progress(f"{summary(inventory)}; {left_out} post offices outside the state left out", 1.0)
    return inventory


def assemble(state: State, plans: Sequence[BlockPlan], districts: Mapping[str, shapely.Geometry]) -> Inventory:
    """Everything about the planned blocks, as an import would give it."""
    kendras = place_kendras(plans, state.kendra)
    net = lay(state, plans, fitting(state, plans, kendras))
    areas = {each.key: each for each in areas_of(state, [plan.block for plan in plans], served_by(plans, kendras))}
    return Inventory(
        areas=areas,
        sites=net.sites,
        devices=net.devices,
        links=net.links,
        services={each.code: each for each in state.services},
        endpoints={each.code: each for each in state.endpoints},
        credentials={CREDENTIAL: Credential(CREDENTIAL, "snmp-v2c", community="env:PAHUNCH_COMMUNITY")},
        sources=load_sources("post-offices", state.code),
        boundaries={f"district:{code}": outline(polygon) for code, polygon in districts.items()},
    )


def place_kendras(plans: Sequence[BlockPlan], kendra: KendraFacts) -> dict[str, Kendra]:
    """Place code -> its kendra, at a share of the places. A town's has a network printer, others one on USB."""
    return {
        place.code: Kendra(
            place_site(
                gp_site(place, plan.feeders[place.code]), framed(kendra.panchayat, Names(place.name)), kendra.hours
            ),
            network_printer=place.is_main,
        )
        for plan in plans
        for place in plan.block.places
        if chance("kendra", place.code) < _KENDRA_SHARE
    }


def fitting(state: State, plans: Sequence[BlockPlan], place_kendras: Mapping[str, Kendra]) -> Fitting:
    """UPS at a share of the places; kendras at some, and at each district's collectorate and hospital."""
    places = [place for plan in plans for place in plan.block.places]
    in_towns = {
        f"district:{each.code}": [Kendra(site, network_printer=True) for site in town_sites(each, state.kendra)]
        for each in state.districts
    }
    return Fitting(
        ups={place.code for place in places if chance("ups", place.code) < _UPS_SHARE},
        kendras={**in_towns, **{code: [kendra] for code, kendra in place_kendras.items()}},
    )


def served_by(plans: Sequence[BlockPlan], kendras: Mapping[str, Kendra]) -> dict[str, str]:
    """Place code -> kendra site."""
    places = [place for plan in plans for place in plan.block.places]
    own = [kendras[place.code].site.name if place.code in kendras else None for place in places]
    at = {kendras[place.code].site.name: place.at for place in places if place.code in kendras}
    found = serving(points_of(places), own, at)
    return {place.code: kendra for place, kendra in zip(places, found, strict=True) if kendra}
