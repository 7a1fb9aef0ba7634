"""Counting what a pack holds and what its data lacks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.model import Inventory, Level, Role
from inventory.pack.facts import Pmgsy, State
from inventory.pack.geometry import paired_km
from inventory.pack.survey.blocks import is_part
from inventory.pack.survey.ground import Ground
from inventory.pack.survey.kendras import Standing
from inventory.pack.survey.report import Finding, Report
from inventory.pack.survey.tables import Tables
from inventory.pack.survey.villages import BY_CODE, BY_NEAREST, BY_TEHSIL

_FAR_KM = 25.0
_TEXTS = {
    "gps": "gram panchayat offices in the data",
    "gps-missing": "gram panchayats missing, of about {panchayats:,} that exist",
    "gps-without-lgd-code": "gram panchayats without an LGD local body code: it is in no file",
    "gps-without-village-code": "offices without a village code",
    "gps-sharing-village": "offices whose village code another has too",
    "gps-tehsil-by-village": "offices whose tehsil is that of the nearest village",
    "gps-without-tehsil": "offices without a tehsil",
    "gps-doubtful": "offices whose position cannot be right: at their block's middle, approximate",
    "gps-without-village": "offices to which no village belongs",
    "blocks": "blocks, parts of divided ones included",
    "block-parts": "parts of blocks that a district's border cuts off",
    "gps-across-border": "offices just across their block's district border, kept in the block's district",
    "blocks-without-lgd-code": "blocks known by PMGSY's number only",
    "blocks-without-gp": "blocks of the directory of 2022 without any office in the data (left out)",
    "blocks-without-polygon": "blocks without a polygon",
    "block-pops-approximate": "block POPs at the middle of their block, approximate",
    "villages": "villages",
    "villages-by-code": "villages that came to their gram panchayat by village code",
    "villages-far": "of them more than 25 km from its office: a namesake, or a wrong position, in the data",
    "villages-by-nearest": "villages that came to the nearest office of their tehsil",
    "villages-by-tehsil": "villages known to be in their tehsil only",
    "villages-at-office": "villages without a position of their own: at their office",
    "villages-nowhere": "villages without a position: listed, not drawn, unknown",
    "villages-outside": "villages whose position lay outside the state: it was dropped",
    "villages-without-kendra": "villages without a kendra to serve them",
    "habitations": "habitations",
    "citizens": "citizens of all habitations",
    "citizens-of-villages": "citizens of the villages of which any are known",
    "villages-without-population": "villages whose citizens are unknown",
    "kendras": "kendras",
    "kendras-in-gps": "kendras in gram panchayats",
    "kendras-in-blocks": "kendras that stand in a block, in no gram panchayat of the data",
    "kendras-in-tehsils": "kendras in tehsils",
    "kendras-in-headquarters": "kendras in collectorates and district hospitals",
    "kendras-surveyed": "kendras that surveyors named; the others stand by rule",
    "kendras-approximate": "kendras whose position is approximate",
    "tehsils": "tehsils",
    "tehsils-without-village": "tehsils without a village of 2011: formed since",
    "area-versions": "older versions of areas, from before their district was divided",
    "areas-moved-undated": "tehsils and blocks that came to another district since 2022, nobody here says when",
    "areas-without-hindi": "areas without a Hindi name",
    "devices": "devices, planned by rule",
    "devices-addressed": "of them with an address",
    **{f"devices-{role}": f"{role}, {{addressed:,}} with an address" for role in Role},
}
Counts = Iterator[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Made:
    """Everything a report counts. `undated`: keys of areas that changed district, nobody says when."""

    state: State
    facts: Pmgsy
    tables: Tables
    ground: Ground
    kendras: Sequence[Standing]
    inventory: Inventory
    undated: Sequence[str]


def report_on(made: Made) -> Report:
    addressed = Counter(device.role for device in made.inventory.devices.values() if device.primary_ip)
    known = {f"devices-{role}": addressed[role] for role in Role}
    parts = (_offices, _blocks, _villages, _citizens, _kendras, _areas, _equipment)
    findings = (
        Finding(code, count, _TEXTS[code].format(panchayats=made.facts.panchayats, addressed=known.get(code, 0)))
        for part in parts
        for code, count in part(made)
    )
    return Report(made.state.names.en, tuple(findings))


def _offices(made: Made) -> Counts:
    offices = made.ground.offices
    codes = Counter(code for code in offices.village if code)
    unplaced = int((made.tables.gps["subdistrict_code"] == "").sum())
    without_tehsil = int((offices.tehsil == "").sum())
    yield "gps", len(offices)
    yield "gps-missing", max(0, made.facts.panchayats - len(offices))
    yield "gps-without-lgd-code", len(offices)
    yield "gps-without-village-code", int((offices.village == "").sum())
    yield "gps-sharing-village", sum(count - 1 for count in codes.values())
    yield "gps-tehsil-by-village", unplaced - without_tehsil
    yield "gps-without-tehsil", without_tehsil
    yield "gps-doubtful", int(offices.doubtful.sum())
    yield "gps-without-village", len(offices) - len(set(made.ground.members.office.tolist()) - {-1})


def _blocks(made: Made) -> Counts:
    ground, division = made.ground, made.ground.division
    listed = set(made.tables.blocks_2022["block_code"])
    own = zip(ground.offices.district, division.block, strict=True)
    yield "blocks", len(ground.blocks)
    yield "block-parts", sum(map(is_part, division.district_of))
    yield "gps-across-border", sum(district != division.district_of[block] for district, block in own)
    yield "blocks-without-lgd-code", sum(block.code.startswith("pmgsy-") for block in ground.blocks)
    yield "blocks-without-gp", len(listed - division.district_of.keys())
    yield "blocks-without-polygon", sum(block.code not in ground.outlines.blocks for block in ground.blocks)
    yield "block-pops-approximate", sum(block.pop.approximate for block in ground.blocks)


def _villages(made: Made) -> Counts:
    villages, members, offices = made.ground.villages, made.ground.members, made.ground.offices
    nowhere = int(np.isnan(villages.points[:, 0]).sum())
    unplaced = int(made.tables.villages["lat"].isna().sum()) + made.ground.dropped
    coded = members.by == BY_CODE
    away = paired_km(villages.points[coded], offices.points[members.office[coded]])
    served = sum(area.level is Level.VILLAGE and bool(area.served_by) for area in made.inventory.areas.values())
    yield "villages", len(villages)
    yield "villages-by-code", int(coded.sum())
    yield "villages-far", int((away > _FAR_KM).sum())
    yield "villages-by-nearest", int((members.by == BY_NEAREST).sum())
    yield "villages-by-tehsil", int((members.by == BY_TEHSIL).sum())
    yield "villages-at-office", unplaced - nowhere
    yield "villages-nowhere", nowhere
    yield "villages-outside", made.ground.dropped
    yield "villages-without-kendra", len(villages) - served


def _citizens(made: Made) -> Counts:
    people, around = made.ground.villages.population, made.tables.habitations["population"]
    yield "habitations", len(around)
    yield "citizens", int(np.nansum(around))
    yield "citizens-of-villages", int(np.nansum(people))
    yield "villages-without-population", int(np.isnan(people).sum())


def _kendras(made: Made) -> Counts:
    sites = [each.site for each in made.kendras]
    where = Counter(site.area.partition(":")[0] for site in sites)
    yield "kendras", len(sites)
    yield "kendras-in-gps", where[Level.GP]
    yield "kendras-in-blocks", where[Level.BLOCK]
    yield "kendras-in-tehsils", where[Level.SUBDISTRICT]
    yield "kendras-in-headquarters", where[Level.DISTRICT]
    yield "kendras-surveyed", sum(not site.planned_by for site in sites)
    yield "kendras-approximate", sum(site.approximate for site in sites)


def _areas(made: Made) -> Counts:
    tehsils = [area for area in made.inventory.areas.values() if area.level is Level.SUBDISTRICT]
    yield "tehsils", len(tehsils)
    yield "tehsils-without-village", len({area.code for area in tehsils} - set(made.ground.villages.tehsil))
    yield "area-versions", len(made.inventory.area_versions)
    yield "areas-moved-undated", len(made.undated)
    yield "areas-without-hindi", sum(not area.names.hi for area in made.inventory.areas.values())


def _equipment(made: Made) -> Counts:
    devices = made.inventory.devices.values()
    roles = Counter(device.role for device in devices)
    yield "devices", len(devices)
    yield "devices-addressed", sum(bool(device.primary_ip) for device in devices)
    for role, count in roles.items():
        yield f"devices-{role}", count
