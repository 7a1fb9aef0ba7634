"""Kendras as they are planned, and which of them serves a village."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inventory.model import Names, Role, Site, SiteKind
from inventory.pack.equipment import add_ups
from inventory.pack.facts import District, KendraFacts, framed
from inventory.pack.geometry import Point, Points, as_points, moved, nearest
from inventory.pack.network import CARD, LAN, RULE, Network

_IN_TOWN_KM = ((0.6, 0.0), (-0.6, 0.6))  # north, east of the middle: apart from the POP each can be seen and clicked


@dataclass(frozen=True, slots=True)
class Kendra:
    """A kendra to be equipped: its printer has an address where `network_printer`, else it hangs on the PC's USB."""

    site: Site
    network_printer: bool
    ups: bool = False


def place_site(gp: Site, names: Names, hours: str) -> Site:
    """The site of a kendra in the building of a gram panchayat's site."""
    return Site(
        name=f"kendra-{gp.name.removeprefix('gp-')}",
        kind=SiteKind.KENDRA,
        area=gp.area,
        names=names,
        lat=gp.lat,
        lon=gp.lon,
        feeder=gp.feeder,
        hours=hours,
        planned_by=RULE,
        approximate=gp.approximate,
    )


def town_sites(district: District, kendra: KendraFacts) -> tuple[Site, Site]:
    """The kendras at the collectorate and at the district hospital, near the typed-in middle of the headquarters."""
    town = district.headquarters
    kinds = (("collectorate", kendra.collectorate), ("hospital", kendra.hospital))
    first, second = (
        _town_site(district, kind, framed(frame, town.names), moved((town.lat, town.lon), *shift), kendra.hours)
        for (kind, frame), shift in zip(kinds, _IN_TOWN_KM, strict=True)
    )
    return first, second


def _town_site(district: District, kind: str, names: Names, at: Point, hours: str) -> Site:
    return Site(
        name=f"kendra-{district.code}-{kind}",
        kind=SiteKind.KENDRA,
        area=f"district:{district.code}",
        names=names,
        lat=at[0],
        lon=at[1],
        feeder=f"feeder-district-{district.code}",
        hours=hours,
        planned_by=RULE,
        approximate=True,
    )


def add_kendra(net: Network, kendra: Kendra, box: str) -> None:
    """Equip a kendra that hangs on `box`: by copper in the same building, else by fibre."""
    site = net.add_site(kendra.site)
    pc = net.add_device(f"{site.name}-pc1", Role.PC, site)
    _join(net, box, pc)
    net.add_behind(f"{site.name}-finger1", Role.BIOMETRIC, site, pc, "usb:fingerprint")
    if kendra.network_printer:
        _join(net, box, net.add_device(f"{site.name}-printer1", Role.PRINTER, site))
    else:
        net.add_behind(f"{site.name}-printer1", Role.PRINTER, site, pc, "usb:printer")
    if kendra.ups:
        add_ups(net, site, box)


def _join(net: Network, box: str, device: str) -> None:
    medium, km = net.wire(box, device)
    net.join(f"lan-{device}", box, device, families=(LAN, CARD), medium=medium, km=km)


def serving(at: Points, own: Sequence[str | None], kendras: Mapping[str, Point]) -> list[str | None]:
    """The kendra (site name) that serves each village: its `own`, else the nearest in a straight line.

    `at`: where each village is, NaN where that is unknown; such a one without its own kendra has none.
    """
    names = list(kendras)
    found = list(own)
    asked = [number for number, each in enumerate(own) if each is None and not np.isnan(at[number, 0])]
    if names:
        for number, kendra in zip(asked, nearest(at[asked], as_points(list(kendras.values()))), strict=True):
            found[number] = names[kendra]
    return found
