"""A small inventory with one of everything: two POP routers, a ring, a PON, a radio, kendras, UPS.

noc-r1 ==== pop-r1, pop-r2 (district POP; r1-r2 linked)
ring "ring-1": pop-r1 - gp1 - gp2 - gp3 - gp4 - pop-r2
PON: pop-r1 - olt1, PON port 0/1/3 (trunk "olt1:0/1/3"): ont5, ont6, ont7
radio: pop-r2 - radio8 (GP 8)
kendras with a PC at GP 1, 2, 5, 6, 8; a UPS card at GP 2 and GP 3
"""

from itertools import pairwise

from inventory.model import (
    Area,
    Credential,
    Device,
    Inventory,
    Level,
    Link,
    Medium,
    Names,
    Role,
    Site,
    SiteKind,
    Source,
)

DISTRICT = "district:387"


def small_inventory() -> Inventory:
    areas = [
        Area(Level.STATE, "22", Names("Chhattisgarh", "छत्तीसगढ़"), lat=21.3, lon=82.0),
        Area(Level.DISTRICT, "387", Names("Raipur", "रायपुर"), "state:22", lat=21.25, lon=81.63),
        Area(Level.BLOCK, "3591", Names("Arang"), DISTRICT, lat=21.2, lon=81.97),
    ]
    sites = [
        Site("noc", SiteKind.NOC, DISTRICT, Names("State NOC"), lat=21.16, lon=81.79),
        Site("pop", SiteKind.DISTRICT_POP, DISTRICT, Names("Raipur POP"), lat=21.25, lon=81.63),
    ]
    devices = [
        Device("noc-r1", Role.ROUTER, "noc", primary_ip="127.1.0.1", credential="net", reference=True),
        Device("pop-r1", Role.ROUTER, "pop", primary_ip="127.1.1.1", credential="net"),
        Device("pop-r2", Role.ROUTER, "pop", primary_ip="127.1.1.2", credential="net"),
        Device("olt1", Role.OLT, "pop", primary_ip="127.1.1.3", credential="net"),
    ]
    links = [
        Link("noc-pop1", "noc-r1", "GE0/0/1", "pop-r1", "GE0/0/0"),
        Link("noc-pop2", "noc-r1", "GE0/0/2", "pop-r2", "GE0/0/0"),
        Link("pop-pop", "pop-r1", "GE0/0/9", "pop-r2", "GE0/0/9"),
        Link("pop-olt1", "pop-r1", "GE0/0/8", "olt1", "ethernet0/9/0"),
    ]
    for n in range(1, 9):
        gp = f"gp:G{n}"
        lat, lon = 21.2 + n / 50, 81.9 + (n % 3) / 50
        areas.append(Area(Level.GP, f"G{n}", Names(f"Gram {n}", f"ग्राम {n}"), "block:3591", lat=lat, lon=lon))
        served = f"kendra{n}" if n in (1, 2, 5, 6, 8) else "kendra2" if n < 5 else "kendra6"
        areas.append(
            Area(Level.VILLAGE, f"V{n}", Names(f"Village {n}"), gp, lat=lat, lon=lon, served_by=served,
                 population=1000 * n if n != 8 else None)
        )  # fmt: skip
        sites.append(Site(f"gp{n}", SiteKind.GP, gp, Names(f"Gram {n}"), lat=lat, lon=lon, feeder=f"feeder-{n // 4}"))
        if n <= 4:
            devices.append(Device(f"gp{n}", Role.ROUTER, f"gp{n}", primary_ip=f"127.1.2.{n}", credential="net"))
        elif n <= 7:
            devices.append(Device(f"ont{n}", Role.ONT, f"gp{n}", seen_through="olt1", seen_as=f"0/1/3:{n}"))
            links.append(
                Link(f"pon-{n}", "olt1", "GPON 0/1/3", f"ont{n}", "PON", length_km=3.0 + n, trunk="olt1:0/1/3")
            )
        else:
            devices.append(Device("radio8", Role.RADIO, "gp8", primary_ip="127.1.2.8", credential="net"))
            links.append(Link("radio-8", "pop-r2", "GE0/0/7", "radio8", "eth0", Medium.RADIO))
        box = {1: "gp1", 2: "gp2", 5: "ont5", 6: "ont6", 8: "radio8"}.get(n)
        if box:
            sites.append(
                Site(f"kendra{n}", SiteKind.KENDRA, gp, Names(f"Kendra {n}"), lat=lat, lon=lon,
                     hours="Mo-Sa 10:00-17:00", feeder=f"feeder-{n // 4}")
            )  # fmt: skip
            devices.append(Device(f"pc{n}", Role.PC, f"kendra{n}", primary_ip=f"127.1.3.{n}", credential="net"))
            devices.append(Device(f"finger{n}", Role.BIOMETRIC, f"kendra{n}"))
            links.append(Link(f"lan-{n}", box, "LAN1", f"pc{n}", "eth0", Medium.COPPER))
    for n in (2, 3):
        devices.append(Device(f"ups{n}", Role.UPS, f"gp{n}", primary_ip=f"127.1.4.{n}", credential="net"))
        links.append(Link(f"ups-lan-{n}", f"gp{n}", "LAN2", f"ups{n}", "eth0", Medium.COPPER))
    ring = ["pop-r1", "gp1", "gp2", "gp3", "gp4", "pop-r2"]
    links += [
        Link(f"ring-1-{i}", a, "GE0/0/3" if i == 0 else "GE0/0/2", b, "GE0/0/3" if i == 4 else "GE0/0/1", ring="ring-1")
        for i, (a, b) in enumerate(pairwise(ring))
    ]
    credentials = [Credential("net", "snmp-v2c", community="env:PAHUNCH_TEST_COMMUNITY")]
    source = Source("test", "Made up for tests", "none", "nobody", Names("Nothing here is real."))
    return Inventory(
        areas={a.key: a for a in areas},
        sites={s.name: s for s in sites},
        devices={d.name: d for d in devices},
        links={link.name: link for link in links},
        credentials={c.name: c for c in credentials},
        sources={source.key: source},
    )
