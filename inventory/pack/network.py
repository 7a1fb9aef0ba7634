"""A growing set of sites, devices and links that hands out addresses and port names."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from inventory.model import Device, Link, Medium, Role, Site
from inventory.pack.geometry import Point, distance_km
from inventory.pack.rings import FIBRE_PER_STRAIGHT

RULE = "rule"
CREDENTIAL = "net-v2c"
WAN = "GE0/0/{}"
LAN = "LAN{}"
CARD = "eth{}"
OLT_UPLINK = "ethernet0/9/{}"
PON = "PON"

_FIRST_NUMBER = {LAN: 1}
_FIRST_ADDRESS = IPv4Address("127.16.0.0")
_KINDS = {
    Role.ROUTER: "IP-MPLS router (planned)",
    Role.OLT: "GPON OLT (planned)",
    Role.ONT: "GPON ONT (planned)",
    Role.RADIO: "Point-to-point radio (planned)",
    Role.UPS: "UPS with network card (planned)",
    Role.PC: "Kendra PC (planned)",
    Role.PRINTER: "Printer (planned)",
    Role.BIOMETRIC: "Fingerprint reader (planned)",
}


def addresses(first: IPv4Address = _FIRST_ADDRESS) -> Iterator[str]:
    """Addresses from `first` on, without those that end in .0 or .255."""
    number = int(first)
    while True:
        if 0 < number % 256 < 255:
            yield str(IPv4Address(number))
        number += 1


@dataclass
class Network:
    """Everything in it is planned by rule."""

    sites: dict[str, Site] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    _addresses: Iterator[str] = field(default_factory=addresses)
    _ports: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add_site(self, site: Site) -> Site:
        self.sites[site.name] = site
        return site

    def add_device(self, name: str, role: Role, site: Site, *, reference: bool = False) -> str:
        """A device with an address of its own, polled over SNMP; returns its name."""
        self.devices[name] = Device(
            name=name,
            role=role,
            site=site.name,
            device_type=_KINDS[role],
            manufacturer="generic",
            primary_ip=next(self._addresses),
            credential=CREDENTIAL,
            reference=reference,
            planned_by=RULE,
        )
        return name

    def add_behind(self, name: str, role: Role, site: Site, through: str, seen_as: str) -> str:
        """A device without an address that is seen through another one; returns its name."""
        self.devices[name] = Device(
            name=name,
            role=role,
            site=site.name,
            device_type=_KINDS[role],
            manufacturer="generic",
            seen_through=through,
            seen_as=seen_as,
            planned_by=RULE,
        )
        return name

    def port(self, device: str, family: str) -> str:
        """The next free port of `device` in a family such as `WAN`."""
        number = self._ports[device, family]
        self._ports[device, family] += 1
        return family.format(number + _FIRST_NUMBER.get(family, 0))

    def join(
        self,
        name: str,
        a: str,
        b: str,
        *,
        ports: tuple[str, str] | None = None,
        families: tuple[str, str] = (WAN, WAN),
        medium: Medium = Medium.FIBRE,
        km: float | None = None,
        ring: str = "",
        trunk: str = "",
    ) -> None:
        """Join two devices by the named `ports`, or by the next free ones of `families`."""
        a_port, b_port = ports or (self.port(a, families[0]), self.port(b, families[1]))
        self.links[name] = Link(name, a, a_port, b, b_port, medium, km, ring, trunk, RULE)

    def position(self, device: str) -> Point:
        site = self.sites[self.devices[device].site]
        if site.lat is None or site.lon is None:
            raise ValueError(f"site {site.name} has no position")
        return site.lat, site.lon

    def wire(self, box: str, device: str) -> tuple[Medium, float | None]:
        """What joins a device to a box, and its length: copper (unknown) in one building, else fibre."""
        if self.position(box) == self.position(device):
            return Medium.COPPER, None
        return Medium.FIBRE, self.fibre_km(box, device)

    def fibre_km(self, a: str, b: str) -> float:
        """Length of fibre between two devices' sites, to 10 m."""
        return round(distance_km(self.position(a), self.position(b)) * FIBRE_PER_STRAIGHT, 2)
