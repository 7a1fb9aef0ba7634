"""Kendras: in gram panchayats, and at the collectorate and hospital of each district headquarters."""

from collections.abc import Mapping, Sequence

import numpy as np

from inventory.model import Medium, Names, Role, Site, SiteKind
from inventory.pack.equipment import Pop
from inventory.pack.facts import District
from inventory.pack.geometry import distances_km, moved
from inventory.pack.network import CARD, LAN, RULE, Network
from inventory.pack.places import Place, points_of

_HOURS = "Mo-Sa 10:00-17:00"
_ROWS = 512  # places at a time: bounds the matrix of distances
# The typed-in headquarters are a town's middle; apart from the POP each can be seen and clicked.
_IN_TOWN = (
    ("collectorate", "Collectorate kendra, {}", "कलेक्टोरेट लोक सेवा केंद्र, {}", (0.6, 0.0)),
    ("hospital", "District hospital kendra, {}", "जिला अस्पताल लोक सेवा केंद्र, {}", (-0.6, 0.6)),
)


def add_place_kendra(net: Network, place: Place, box: str) -> str:
    """A kendra in the panchayat of `place`; returns its site. A town's has a network printer, others one on USB."""
    gp = net.sites[f"gp-{place.code}"]
    site = net.add_site(
        Site(
            name=f"kendra-{place.code}",
            kind=SiteKind.KENDRA,
            area=gp.area,
            names=Names(f"{place.name} kendra"),
            lat=gp.lat,
            lon=gp.lon,
            feeder=gp.feeder,
            hours=_HOURS,
            planned_by=RULE,
            approximate=gp.approximate,
        )
    )
    _equip(net, site, box, medium=Medium.COPPER, larger=place.is_main)
    return site.name


def add_town_kendras(net: Network, district: District, pop: Pop) -> None:
    town = district.headquarters
    for kind, english, hindi, (north, east) in _IN_TOWN:
        lat, lon = moved((town.lat, town.lon), north, east)
        site = net.add_site(
            Site(
                name=f"kendra-{district.code}-{kind}",
                kind=SiteKind.KENDRA,
                area=f"district:{district.code}",
                names=Names(english.format(town.names.en), hindi.format(town.names.hi)),
                lat=lat,
                lon=lon,
                feeder=f"feeder-district-{district.code}",
                hours=_HOURS,
                planned_by=RULE,
                approximate=True,
            )
        )
        _equip(net, site, pop.first, medium=Medium.FIBRE, larger=True)


def _equip(net: Network, site: Site, box: str, *, medium: Medium, larger: bool) -> None:
    pc = net.add_device(f"{site.name}-pc1", Role.PC, site)
    km = net.fibre_km(box, pc) if medium is Medium.FIBRE else None
    net.join(f"lan-{pc}", box, pc, families=(LAN, CARD), medium=medium, km=km)
    net.add_behind(f"{site.name}-finger1", Role.BIOMETRIC, site, pc, "usb:fingerprint")
    if larger:
        printer = net.add_device(f"{site.name}-printer1", Role.PRINTER, site)
        net.join(f"lan-{printer}", box, printer, families=(LAN, CARD), medium=medium, km=km)
    else:
        net.add_behind(f"{site.name}-printer1", Role.PRINTER, site, pc, "usb:printer")


def served_by(places: Sequence[Place], kendras: Mapping[str, str]) -> dict[str, str]:
    """Place code -> kendra site: the place's own in `kendras` (place code -> site), else the nearest one's."""
    with_one = [place for place in places if place.code in kendras]
    if not with_one:
        return {}
    there = points_of(with_one)
    served = dict(kendras)
    without = [place for place in places if place.code not in kendras]
    for start in range(0, len(without), _ROWS):
        part = without[start : start + _ROWS]
        nearest = np.argmin(distances_km(points_of(part), there), axis=1)
        served.update((place.code, kendras[with_one[each].code]) for place, each in zip(part, nearest, strict=True))
    return served
