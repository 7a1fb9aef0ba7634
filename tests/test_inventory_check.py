"""Each warning, by an inventory that lacks just that; and the docs name all of them."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapely

from inventory.check import RULES, check
from inventory.kinds import KINDS, Kind
from inventory.model import Device, Inventory, Lifecycle, Link, Names, Role, Site, SiteKind

DOCS = Path(__file__).parents[1] / "docs" / "inventory.md"


def devices(inventory: Inventory, name: str, **change: Any) -> Inventory:
    return replace(inventory, devices={**inventory.devices, name: replace(inventory.devices[name], **change)})


def sites(inventory: Inventory, name: str, **change: Any) -> Inventory:
    return replace(inventory, sites={**inventory.sites, name: replace(inventory.sites[name], **change)})


def areas(inventory: Inventory, key: str, **change: Any) -> Inventory:
    return replace(inventory, areas={**inventory.areas, key: replace(inventory.areas[key], **change)})


def links(inventory: Inventory, link: Link) -> Inventory:
    return replace(inventory, links={**inventory.links, link.name: link})


def bare_gp(inventory: Inventory) -> Inventory:
    gp = replace(inventory.sites["gp1"], name="bare")
    planned = replace(gp, name="planned", status=Lifecycle.PLANNED)
    return replace(inventory, sites={**inventory.sites, "bare": gp, "planned": planned})


def bounded(inventory: Inventory) -> Inventory:
    """The district ends west of its eastern GPs; its state is known to go on."""
    boxes = {"district:387": shapely.box(81, 20, 81.8, 22), "state:22": shapely.box(81, 20, 83, 22)}
    return replace(inventory, boundaries={key: shapely.to_wkb(box) for key, box in boxes.items()})


CASES: list[tuple[str, Callable[[Inventory], Inventory], set[str]]] = [
    ("no-reference", lambda i: devices(i, "noc-r1", reference=False), set()),
    ("no-credential", lambda i: devices(i, "gp1", credential=""), {"gp1"}),
    ("ont-unseen", lambda i: devices(i, "ont5", seen_as=""), {"ont5"}),
    ("gp-without-device", bare_gp, {"bare"}),
    ("village-without-kendra", lambda i: replace(i, areas={k: replace(a, served_by=None) for k, a in i.areas.items()}),
     {f"village:V{n}" for n in range(1, 9)}),
    ("link-without-ports", lambda i: links(i, replace(i.links["lan-1"], b_port="")), {"lan-1"}),
    ("port-shared", lambda i: links(i, Link("x", "gp1", "GE0/0/1", "gp4", "GE0/0/7")), {"gp1 GE0/0/1"}),
    ("kendra-without-hours", lambda i: sites(i, "kendra1", hours=""), {"kendra1"}),
    ("site-without-position", lambda i: sites(i, "gp1", lat=None, lon=None), {"gp1"}),
    ("village-without-gp", lambda i: areas(i, "village:V1", parent="block:3591"), {"village:V1"}),
    ("village-without-position", lambda i: areas(i, "village:V1", lat=None, lon=None), {"village:V1"}),
    ("state-without-boundary", lambda i: i, {"state:22"}),
    ("population-unknown", lambda i: i, {"village:V8"}),
    ("no-hindi-name", lambda i: i, {"block:3591", *(f"village:V{n}" for n in range(1, 9))}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "change", "keys"), CASES, ids=[case[0] for case in CASES])
def test_what_is_lacking_is_named(
    small: Inventory, code: str, change: Callable[[Inventory], Inventory], keys: set[str]
) -> None:
    found = {warned.code: set(warned.keys) for warned in check(change(small))}
    assert found[code] == keys
    usual = {"population-unknown", "no-hindi-name", "state-without-boundary"}
    assert found.keys() == {code} | usual


def test_places_far_outside_their_district(small: Inventory) -> None:
    """The border lies at 81.8 east, a degree is 104 km here: what stands east of 81.897 is far."""
    found = {warned.code: set(warned.keys) for warned in check(bounded(small))}
    assert found["outside-district"] == {
        *(key for key, area in small.areas.items() if area.lon is not None and area.lon > 81.897 and key != "state:22"),
        *(name for name, site in small.sites.items() if site.lon is not None and site.lon > 81.897),
    }


def test_areas_that_have_come_into_force_are_due(small: Inventory) -> None:
    day = date(2027, 4, 1)
    village = replace(small.areas["village:V1"], valid_to=day)
    renamed = replace(village, names=Names("New name"), valid_from=day, valid_to=None)
    planned = replace(small, areas={**small.areas, village.key: village}, versions={village.key: (renamed,)})

    def due(on: date) -> list[tuple[str, ...]]:
        return [warned.keys for warned in check(planned, on) if warned.code == "areas-due"]

    assert due(date(2027, 3, 31)) == []
    assert due(day) == [("village:V1",)]


def test_a_ready_inventory_has_no_warning() -> None:
    device = Device("r", Role.ROUTER, "noc", primary_ip="127.1.0.1", credential="c", reference=True)
    site = Site("noc", SiteKind.NOC, "state:1", Names("NOC"), lat=20.0, lon=80.0)
    assert check(Inventory(sites={"noc": site}, devices={"r": device})) == ()


def test_the_docs_name_every_warning() -> None:
    text = DOCS.read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", text.partition("## What `inventory check`")[2], re.MULTILINE))
    assert documented == {"no-reference", "areas-due", *(code for code, _, _ in RULES)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_docs_explain_every_column(kind: Kind) -> None:
    section = DOCS.read_text(encoding="utf-8").partition(f"\n## {kind.file}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|([^|]*)\|", section, re.MULTILINE)
    documented = {name: (cell, need.strip()) for cell, need in rows for name in re.findall(r"`([a-z0-9_]+)`", cell)}
    assert documented.keys() == set(kind.plain)
    for column in kind.columns:
        need = documented[column.name][1]
        assert (need in {"yes", f"`{column.name}`"}) == column.required, column.name
