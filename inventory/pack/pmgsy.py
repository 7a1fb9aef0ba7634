"""An inventory of a state from PMGSY's open data: real offices, villages and codes, its equipment planned by rule."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from inventory.model import Area, Credential, Inventory, Level
from inventory.pack.areas import state_and_districts
from inventory.pack.facts import PackError, Pmgsy, State, load_sources, load_state
from inventory.pack.fit import Fitting, lay, summary
from inventory.pack.kendras import Kendra, serving
from inventory.pack.network import CREDENTIAL, Network
from inventory.pack.plan import plan_blocks
from inventory.pack.survey import areas
from inventory.pack.survey.counters import kendras_of, place_at
from inventory.pack.survey.findings import Made, report_on
from inventory.pack.survey.ground import Ground, Outlines, survey
from inventory.pack.survey.kendras import Standing
from inventory.pack.survey.report import Report
from inventory.pack.survey.shapes import wkb_of
from inventory.pack.survey.tables import Tables, read_tables
from inventory.pack.survey.versions import befores, with_versions
from inventory.pack.survey.villages import middles
from inventory.pack.text import chance

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Built:
    inventory: Inventory
    report: Report


def build(state_code: str, folder: Path, progress: Progress) -> Built:
    """The inventory of a state and what it lacks; the same folder always gives the same.

    `progress` is told what is being done and which part of the whole is over, 0 to 1. Raises PackError for a state
    without facts and for a folder that lacks a file or a column.
    """
    state = load_state(state_code)
    if (facts := state.pmgsy) is None:
        raise PackError(f"no [pmgsy] is typed in for {state.names.en}")
    progress("reading tables", 0.0)
    tables = read_tables(folder, state.code, facts.files)
    progress(f"finding the places of {len(tables.gps)} offices and {len(tables.villages)} villages", 0.15)
    ground = survey(folder, state, facts.files, tables)
    progress(f"planning {len(ground.blocks)} blocks", 0.3)
    plans = plan_blocks(ground.blocks, state.ring_blocks)
    feeders = {code: feeder for plan in plans for code, feeder in plan.feeders.items()}
    kendras = kendras_of(state, facts.kendras, ground, tables, feeders)
    progress(f"laying the network to {len(kendras)} kendras", 0.7)
    net = lay(state, plans, _fitting(facts, ground, kendras))
    progress("drawing up the inventory", 0.85)
    inventory, undated = _inventory(state, tables, ground, net, _served_by(ground, kendras))
    progress(summary(inventory), 1.0)
    return Built(inventory, report_on(Made(state, facts, tables, ground, kendras, inventory, undated)))


def _fitting(facts: Pmgsy, ground: Ground, kendras: Sequence[Standing]) -> Fitting:
    hung: dict[str, list[Kendra]] = defaultdict(list)
    for each in kendras:
        hung[each.on].append(Kendra(each.site, network_printer=True, ups=facts.kendra_ups))
    return Fitting({place.code for place in ground.places if chance("ups", place.code) < facts.gp_ups}, hung)


def _served_by(ground: Ground, kendras: Sequence[Standing]) -> list[str | None]:
    """The kendra of each village: that of its gram panchayat, else the nearest; none where nobody knows where it is."""
    in_gp: dict[str, str] = {}
    for each in kendras:
        in_gp.setdefault(each.site.area, each.site.name)
    own = [in_gp.get(f"gp:{ground.offices.code[row]}") if row >= 0 else None for row in ground.members.office]
    return serving(ground.villages.points, own, {each.site.name: place_at(each) for each in kendras})


def _inventory(
    state: State, tables: Tables, ground: Ground, net: Network, served: Sequence[str | None]
) -> tuple[Inventory, list[str]]:
    """The inventory, and keys of areas that came to another district nobody says when."""
    found = {area.key: area for area in _areas(state, tables, ground, served)}
    since = {f"district:{each.code}": each.since for each in state.districts if each.since}
    before, undated = befores(found, _then(tables), since)
    names = _keyed(Level.SUBDISTRICT, tables.subdistricts_2022, "subdistrict_name")
    today, older = with_versions(found, before, names)
    return Inventory(
        areas=today,
        sites=net.sites,
        devices=net.devices,
        links=net.links,
        services={each.code: each for each in state.services},
        endpoints={each.code: each for each in state.endpoints},
        credentials={CREDENTIAL: Credential(CREDENTIAL, "snmp-v2c", community="env:PAHUNCH_COMMUNITY")},
        sources=load_sources("pmgsy", state.code),
        boundaries=_boundaries(state, ground.outlines),
        versions=older,
    ), undated


def _areas(state: State, tables: Tables, ground: Ground, served: Sequence[str | None]) -> list[Area]:
    codes = list(tables.subdistricts["subdistrict_code"])
    older = tables.subdistricts_2022
    census = dict(zip(older["subdistrict_code"], older["census2011_code"], strict=True))
    at = middles(ground.villages.tehsil, ground.villages.points, codes)
    outlines = ground.outlines
    derived = {code: outlines.derived or "." in code for code in outlines.blocks}
    citizens = dict(zip(ground.offices.code, ground.offices.citizens.tolist(), strict=True))
    return [
        *state_and_districts(state),
        *areas.tehsils_in(tables.subdistricts, census, at),
        *areas.blocks_in(ground.blocks, derived),
        *areas.panchayats_in(ground.blocks, citizens),
        *areas.villages_in(ground.villages, ground.members, ground.offices, served),
    ]


def _then(tables: Tables) -> dict[str, str]:
    """Key of a tehsil or block -> key of its district in March 2022."""
    tehsils = _keyed(Level.SUBDISTRICT, tables.subdistricts_2022, "district_code")
    blocks = _keyed(Level.BLOCK, tables.blocks_2022, "district_code")
    return {key: f"district:{district}" for key, district in {**tehsils, **blocks}.items()}


def _keyed(level: Level, rows: pd.DataFrame, column: str) -> dict[str, str]:
    """Area key -> what the older directory says in a column."""
    keys = (f"{level}:{code}" for code in rows[f"{level}_code"])
    return dict(zip(keys, rows[column], strict=True))


def _boundaries(state: State, outlines: Outlines) -> dict[str, bytes]:
    return {
        f"state:{state.code}": wkb_of(outlines.state),
        **{f"district:{code}": wkb_of(shape) for code, shape in outlines.districts.items()},
        **{f"block:{code}": wkb_of(shape) for code, shape in outlines.blocks.items()},
    }
