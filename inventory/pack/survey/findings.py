"""Counting what a pack holds and what its data lacks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.model import Inventory, Level, Role
from inventory.pack.facts import Pmgsy, State
from inventory.pack.survey.blocks import is_part
from inventory.pack.survey.ground import Ground
from inventory.pack.survey.kendras import Standing
from inventory.pack.survey.report import Finding, Report
from inventory.pack.survey.tables import Tables
from inventory.pack.survey.villages import BY_CODE, BY_NEAREST, BY_TEHSIL

Findings = Iterator[tuple[str, int, str]]


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
    parts = (_offices, _blocks, _villages, _citizens, _kendras, _areas, _equipment)
    findings = tuple(Finding(code, int(count), text) for part in parts for code, count, text in part(made))
    return Report(made.state.names.en, findings)


def _offices(made: Made) -> Findings:
    offices, source = made.ground.offices, made.tables.gps
    codes = Counter(code for code in offices.village if code)
    about = made.facts.panchayats
    unplaced = source["subdistrict_code"] == ""
    with_village = set(made.ground.members.office.tolist()) - {-1}
    yield "gps", len(offices), "gram panchayat offices in the data"
    yield "gps-missing", max(0, about - len(offices)), f"gram panchayats missing, of about {about:,} that exist"
    yield "gps-without-lgd-code", len(offices), "gram panchayats without an LGD local body code: it is in no file"
    yield "gps-without-village-code", int((offices.village == "").sum()), "offices without a village code"
    yield "gps-sharing-village", sum(n - 1 for n in codes.values()), "offices whose village code another has too"
    yield (
        "gps-tehsil-by-village",
        int(unplaced.sum() - (offices.tehsil == "").sum()),
        "offices whose tehsil is that of the nearest village",
    )
    yield "gps-without-tehsil", int((offices.tehsil == "").sum()), "offices without a tehsil"
    yield (
        "gps-doubtful",
        int(offices.doubtful.sum()),
        "offices whose position cannot be right: at their block's middle, approximate",
    )
    yield "gps-without-village", len(offices) - len(with_village), "offices to which no village belongs"


def _blocks(made: Made) -> Findings:
    ground, division = made.ground, made.ground.division
    listed = set(made.tables.blocks_2022["block_code"])
    own = zip(ground.offices.district, division.block, strict=True)
    across = sum(district != division.district_of[block] for district, block in own)
    yield "blocks", len(ground.blocks), "blocks, parts of divided ones included"
    yield "block-parts", sum(map(is_part, division.district_of)), "parts of blocks that a district's border cuts off"
    yield "gps-across-border", across, "offices just across their block's district border, kept in the block's district"
    yield (
        "blocks-without-lgd-code",
        sum(each.code.startswith("pmgsy-") for each in ground.blocks),
        "blocks known by PMGSY's number only",
    )
    yield (
        "blocks-without-gp",
        len(listed - division.district_of.keys()),
        "blocks of the directory of 2022 without any office in the data (left out)",
    )
    yield (
        "blocks-without-polygon",
        sum(each.code not in ground.outlines.blocks for each in ground.blocks),
        "blocks without a polygon",
    )
    yield (
        "block-pops-approximate",
        sum(each.pop.approximate for each in ground.blocks),
        "block POPs at the middle of their block, approximate",
    )


def _villages(made: Made) -> Findings:
    villages, members = made.ground.villages, made.ground.members
    nowhere = np.isnan(villages.points[:, 0])
    source = int(made.tables.villages["lat"].isna().sum())
    yield "villages", len(villages), "villages"
    yield (
        "villages-by-code",
        int((members.by == BY_CODE).sum()),
        "villages that came to their gram panchayat by village code",
    )
    yield (
        "villages-by-nearest",
        int((members.by == BY_NEAREST).sum()),
        "villages that came to the nearest office of their tehsil",
    )
    yield "villages-by-tehsil", int((members.by == BY_TEHSIL).sum()), "villages known to be in their tehsil only"
    yield (
        "villages-at-office",
        source + made.ground.dropped - int(nowhere.sum()),
        "villages without a position of their own: at their office",
    )
    yield "villages-nowhere", int(nowhere.sum()), "villages without a position: listed, not drawn, unknown"
    yield "villages-outside", made.ground.dropped, "villages whose position lay outside the state: it was dropped"
    yield (
        "villages-without-kendra",
        sum(a.level is Level.VILLAGE and not a.served_by for a in made.inventory.areas.values()),
        "villages without a kendra to serve them",
    )


def _citizens(made: Made) -> Findings:
    people, around = made.ground.villages.population, made.tables.habitations["population"]
    yield "habitations", len(around), "habitations"
    yield "citizens", int(np.nansum(around)), "citizens of all habitations"
    yield "citizens-of-villages", int(np.nansum(people)), "citizens of the villages of which any are known"
    yield "villages-without-population", int(np.isnan(people).sum()), "villages whose citizens are unknown"


def _kendras(made: Made) -> Findings:
    sites = [each.site for each in made.kendras]
    kinds = Counter(site.area.partition(":")[0] for site in sites)
    yield "kendras", len(sites), "kendras"
    yield "kendras-in-gps", kinds["gp"], "kendras in gram panchayats"
    yield "kendras-in-tehsils", kinds["subdistrict"], "kendras in tehsils"
    yield "kendras-in-headquarters", kinds["district"], "kendras in collectorates and district hospitals"
    yield (
        "kendras-surveyed",
        sum(not site.planned_by for site in sites),
        "kendras that surveyors named; the others stand by rule",
    )
    yield "kendras-approximate", sum(site.approximate for site in sites), "kendras whose position is approximate"


def _areas(made: Made) -> Findings:
    areas = made.inventory.areas.values()
    tehsils = set(made.ground.villages.tehsil)
    empty = [a for a in areas if a.level is Level.SUBDISTRICT and a.code not in tehsils]
    yield "tehsils", sum(a.level is Level.SUBDISTRICT for a in areas), "tehsils"
    yield "tehsils-without-village", len(empty), "tehsils without a village of 2011: formed since"
    yield (
        "area-versions",
        len(made.inventory.area_versions),
        "older versions of areas, from before their district was divided",
    )
    yield (
        "areas-moved-undated",
        len(made.undated),
        "tehsils and blocks that came to another district since 2022, nobody here says when",
    )
    yield "areas-without-hindi", sum(not a.names.hi for a in areas), "areas without a Hindi name"


def _equipment(made: Made) -> Findings:
    devices = made.inventory.devices.values()
    roles = Counter(device.role for device in devices)
    addressed = Counter(device.role for device in devices if device.primary_ip)
    yield "devices", len(devices), "devices, planned by rule"
    yield "devices-addressed", addressed.total(), "of them with an address"
    for role in Role:
        if roles[role]:
            yield f"devices-{role}", roles[role], f"{role}, {addressed[role]:,} with an address"
