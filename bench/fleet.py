"""The devices that benchmarks ask."""

from inventory.model import Area, Credential, Device, Inventory, Level, Link, Names, Role, Site, SiteKind


def routers(count: int) -> Inventory:
    """A ring of routers of two ports each; the first stands in the NOC, from where the simulator looks, each other at a GP."""
    area = Area(Level.STATE, "22", Names("Bench"))
    kinds = [SiteKind.NOC, *[SiteKind.GP] * (count - 1)]
    sites = [Site(f"s{n}", kind, area.key, Names("Bench")) for n, kind in enumerate(kinds, start=1)]
    devices = [
        Device(f"r{n}", Role.ROUTER, f"s{n}", primary_ip=f"127.2.{n >> 8}.{n & 255}", credential="bench")
        for n in range(1, count + 1)
    ]
    links = [Link(f"l{n}", f"r{n}", "GE0/0/2", f"r{n % count + 1}", "GE0/0/1") for n in range(1, count + 1)]
    return Inventory(
        areas={area.key: area},
        sites={site.name: site for site in sites},
        devices={device.name: device for device in devices},
        links={link.name: link for link in links},
        credentials={"bench": Credential("bench", "snmp-v2c", community="env:PAHUNCH_BENCH_COMMUNITY")},
    )
