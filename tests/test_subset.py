"""A subset of an inventory is a whole inventory."""

from dataclasses import replace

from inventory.model import Area, Inventory, Level, Names, Site, SiteKind
from inventory.subset import subset


def _two_districts(small: Inventory) -> Inventory:
    areas = [
        Area(Level.DISTRICT, "637", Names("Narayanpur"), "state:22"),
        Area(Level.GP, "N1", Names("Far"), "district:637"),
        Area(Level.VILLAGE, "NV1", Names("Far"), "gp:N1", served_by="kendra1"),
    ]
    sites = [Site("far", SiteKind.GP, "gp:N1", Names("Far"))]
    return replace(
        small,
        areas={**small.areas, **{a.key: a for a in areas}},
        sites={**small.sites, **{s.name: s for s in sites}},
    )


def test_the_smallest_district_is_enough_for_one_gp(small: Inventory) -> None:
    few = subset(_two_districts(small), 1)
    assert {a.code for a in few.areas.values() if a.level is Level.GP} == {"N1"}
    assert set(few.sites) == {"noc", "far"}
    assert "district:387" in few.areas  # the NOC stands there
    assert few.areas["village:NV1"].served_by is None  # its kendra was left out


def test_nothing_refers_to_what_was_left_out(small: Inventory) -> None:
    for wanted in (1, 2, 100):
        few = subset(_two_districts(small), wanted)
        assert all(a.parent is None or a.parent in few.areas for a in few.areas.values())
        assert all(s.area in few.areas for s in few.sites.values())
        assert all(d.site in few.sites for d in few.devices.values())
        assert all({x.a_device, x.b_device} <= few.devices.keys() for x in few.links.values())


def test_asking_for_more_than_there_is_gives_all(small: Inventory) -> None:
    assert subset(small, 1000) == small
