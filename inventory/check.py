"""What an inventory lacks without being wrong: each warning names what it costs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from inventory.columnar import column, keys
from inventory.model import Inventory, Level, Lifecycle, Link, Role, SiteKind
from inventory.places import FAR_KM, area_places, drawn_by, site_places, strays


@dataclass(frozen=True, slots=True)
class Warned:
    """`code` is stable; `keys` are the rows it is about (none: the whole inventory)."""

    code: str
    text: str
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        some = ", ".join(self.keys[:5]) + (", …" if len(self.keys) > 5 else "")
        return f"{self.text} ({len(self.keys)}: {some})" if self.keys else self.text


R = TypeVar("R")
Keys = Iterator[str]


def check(inventory: Inventory, day: date | None = None) -> tuple[Warned, ...]:
    """Every warning that applies (on `day`, where it is given), the gravest first."""
    found = [Warned(code, text, tuple(rule(inventory))) for code, text, rule in RULES]
    blind = () if any(device.reference for device in inventory.devices.values()) else (_NO_REFERENCE,)
    due = _due(inventory, day) if day else ()
    return (*blind, *due, *(warned for warned in found if warned.keys))


def _due(inventory: Inventory, day: date) -> tuple[Warned, ...]:
    if inventory.on(day) is inventory:
        return ()
    now = inventory.on(day).areas
    keys = sorted(key for key in inventory.areas.keys() | now.keys() if inventory.areas.get(key) != now.get(key))
    text = "areas have begun, changed or ended since the last import: import again (any file) to make that take effect"
    return (Warned("areas-due", text, tuple(keys)),) if keys else ()


_NO_REFERENCE = Warned(
    "no-reference", "no device is a reference target: the collector cannot prove its own sight and calls nothing down"
)


def _no_credential(inventory: Inventory) -> Keys:
    devices = inventory.devices
    return _keys(devices, pc.and_(_filled(devices, "primary_ip"), _blank(devices, "credential")))


def _gp_without_device(inventory: Inventory) -> Keys:
    equipped = {device.site for device in inventory.devices.values()}
    gps = (s for s in inventory.sites.values() if s.kind is SiteKind.GP and s.status is Lifecycle.ACTIVE)
    return (site.name for site in gps if site.name not in equipped)


def _village_without_kendra(inventory: Inventory) -> Keys:
    return _villages(inventory, _blank(inventory.areas, "served_by"))


def _village_without_gp(inventory: Inventory) -> Keys:
    in_gp = pc.starts_with(_text(inventory.areas, "parent"), f"{Level.GP}:")
    return _villages(inventory, pc.invert(in_gp))


def _village_without_position(inventory: Inventory) -> Keys:
    return _villages(inventory, column(inventory.areas, "lat").is_null())


def _state_without_boundary(inventory: Inventory) -> Keys:
    states = (key for key, area in inventory.areas.items() if area.level is Level.STATE)
    return (key for key in states if not drawn_by(inventory, key))


def _kendra_without_hours(inventory: Inventory) -> Keys:
    sites = inventory.sites
    return _keys(sites, pc.and_(pc.equal(_text(sites, "kind"), SiteKind.KENDRA.value), _blank(sites, "hours")))


def _ont_unseen(inventory: Inventory) -> Keys:
    devices = inventory.devices
    unseen = pc.and_(_blank(devices, "primary_ip"), _blank(devices, "seen_as"))
    return _keys(devices, pc.and_(pc.equal(_text(devices, "role"), Role.ONT.value), unseen))


def _link_without_ports(inventory: Inventory) -> Keys:
    return _keys(inventory.links, pc.or_(_blank(inventory.links, "a_port"), _blank(inventory.links, "b_port")))


def _port_shared(inventory: Inventory) -> Keys:
    """Ports that several links name which share no trunk."""
    ends = Counter(end for link in inventory.links.values() if not link.trunk for end in _ports(link))
    return (f"{device} {port}" for (device, port), count in ends.items() if count > 1)


def _ports(link: Link) -> Iterator[tuple[str, str]]:
    ends = ((link.a_device, link.a_port), (link.b_device, link.b_port))
    return (end for end in ends if end[1])


def _site_without_position(inventory: Inventory) -> Keys:
    return _keys(inventory.sites, column(inventory.sites, "lat").is_null())


def _outside_district(inventory: Inventory) -> Keys:
    for places in (area_places(inventory), site_places(inventory)):
        yield from (stray.place.key for stray in strays(inventory, places, Level.DISTRICT))


def _population_unknown(inventory: Inventory) -> Keys:
    return _villages(inventory, column(inventory.areas, "population").is_null())


def _no_hindi(inventory: Inventory) -> Keys:
    return _keys(inventory.areas, _blank(inventory.areas, "names.hi"))


def _villages(inventory: Inventory, which: pa.BooleanArray) -> Keys:
    villages = pc.equal(_text(inventory.areas, "level"), Level.VILLAGE.value)
    return _keys(inventory.areas, pc.and_(villages, which))


def _keys(records: Mapping[str, R], which: pa.BooleanArray) -> Keys:
    return iter(keys(records).filter(which).to_pylist())


def _text(records: Mapping[str, R], field: str) -> pa.StringArray:
    return column(records, field).cast(pa.string()).fill_null("")


def _blank(records: Mapping[str, R], field: str) -> pa.BooleanArray:
    return pc.equal(_text(records, field), "")


def _filled(records: Mapping[str, R], field: str) -> pa.BooleanArray:
    return pc.not_equal(_text(records, field), "")


RULES: tuple[tuple[str, str, Callable[[Inventory], Keys]], ...] = (
    ("no-credential", "devices have an address but no credential: they cannot be asked", _no_credential),
    ("ont-unseen", "ONTs say not by which index their OLT sees them: they stay unknown", _ont_unseen),
    ("gp-without-device", "active GPs have no device: they stay unknown", _gp_without_device),
    ("village-without-kendra", "villages have no kendra: they cannot become ready", _village_without_kendra),
    ("village-without-gp", "villages belong to no gram panchayat, only to a wider area", _village_without_gp),
    ("village-without-position", "villages have no position: they are missing from the map", _village_without_position),
    ("link-without-ports", "links lack a port: no port's state can show that they are cut", _link_without_ports),
    ("port-shared", "ports carry several links that share no trunk", _port_shared),
    ("kendra-without-hours", "kendras state no hours: alerts assume Mo-Sa 10:00-17:00", _kendra_without_hours),
    ("site-without-position", "sites have no position: they are missing from the map", _site_without_position),
    ("state-without-boundary", "states have no boundary: a place in another state is not found", _state_without_boundary),
    ("outside-district", f"places lie more than {FAR_KM:.0f} km outside their district", _outside_district),
    ("population-unknown", "villages have no population: citizens are not counted there", _population_unknown),
    ("no-hindi-name", "areas have no Hindi name: the pages show the English one, marked", _no_hindi),
)  # fmt: skip
