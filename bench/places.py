"""Inventories of the size that the scale benchmarks need: the country's gram panchayats, a state with kendra equipment.

The country's places are real: GP head-quarters of PMGSY's survey, topped up with the habitations that have most
people (../shared/data, never part of the product). Addresses are loopback's.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from inventory.model import Area, Credential, Device, Inventory, Level, Link, Medium, Names, Role, Site, SiteKind

POINTS = Path(__file__).parents[2] / "shared" / "data" / "points"
COMMUNITY = "PAHUNCH_BENCH_COMMUNITY"

_STATE = Area(Level.STATE, "0", Names("India"))
_NOC = Site("noc", SiteKind.NOC, _STATE.key, Names("NOC"))
_IN_RING = 10  # GPs; BharatNet's second phase has rings of 6 to 12
_FIVE = (Role.ROUTER, Role.SWITCH, Role.UPS, Role.PC, Role.PRINTER)


class PlacesMissingError(Exception):
    """The public data is not on this machine."""


class Place(NamedTuple):
    key: str
    name: str
    population: int
    district: str
    district_name: str
    block: str
    block_name: str
    lat: float
    lon: float


def places(count: int, points: Path = POINTS) -> Iterator[Place]:
    """`count` real places; PlacesMissingError where their files are absent."""
    offices, habitations = points / "gp_hq_india.csv.gz", points / "pmgsy_habitations.parquet"
    for file in (offices, habitations):
        if not file.is_file():
            raise PlacesMissingError(f"{file} is missing: real places are taken from it")
    return islice(chain(_offices(offices), _habitations(habitations, offices)), count)


def _offices(file: Path) -> Iterator[Place]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            yield _place(f"f{row['facility_id']}", row, row["district_name"], row["pmgsy_block"])


def _habitations(file: Path, offices: Path) -> Iterator[Place]:
    """Those without a GP head-quarter in a block that has one, those with most people first."""
    taken, names = set[str](), dict[tuple[str, str], tuple[str, str]]()
    with gzip.open(offices, "rt", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            taken.add(row["hab_id"])
            names[row["district_code"], row["pmgsy_block_id"]] = row["district_name"], row["pmgsy_block"]
    columns = ["hab_id", "name", "population", "district_code", "pmgsy_block_id", "lon", "lat"]
    table = pq.read_table(file, columns=columns).sort_by([("population", "descending"), ("hab_id", "ascending")])
    for batch in table.to_batches(10_000):
        for values in batch.to_pylist():
            row = {key: str(value or 0) if key != "name" else value or "" for key, value in values.items()}
            at = row["district_code"], row["pmgsy_block_id"]
            if at in names and row["hab_id"] not in taken:
                yield _place(f"h{row['hab_id']}", row, *names[at])


def _place(key: str, row: Mapping[str, str], district: str, block: str) -> Place:
    at = row["district_code"]
    return Place(
        key, row["name"] or key, int(row["population"] or 0), at, district, f"{at}.{row['pmgsy_block_id']}", block,
        float(row["lat"]), float(row["lon"]),
    )  # fmt: skip


def country(count: int, points: Path = POINTS) -> Inventory:
    """`count` GPs with a router each, in rings behind the router of their block, behind the NOC's."""
    return _made(places(count, points), (Role.ROUTER,))


def state(count: int, points: Path = POINTS) -> Inventory:
    """`count` GPs as above with five devices each: router, switch, UPS, PC and printer."""
    return _made(places(count, points), _FIVE)


def _made(found: Iterable[Place], roles: tuple[Role, ...]) -> Inventory:
    made = _Made()
    for number, place in enumerate(found):
        made.block(place)
        made.panchayat(place, number, roles)
    return made.inventory()


class _Made:
    """An inventory in the making."""

    def __init__(self) -> None:
        self._areas = {_STATE.key: _STATE}
        self._sites = {_NOC.name: _NOC}
        noc = Device("noc-router", Role.ROUTER, _NOC.name, primary_ip="127.200.0.1", credential="bench", reference=True)
        self._devices = {noc.name: noc}
        self._links: dict[str, Link] = {}
        self._pops: dict[str, str] = {}  # block -> its router
        self._rings: dict[str, list[str]] = {}  # block -> routers of the ring that is being made
        self._closed = Counter[str]()  # block -> rings that are made

    def block(self, place: Place) -> None:
        """The router of the place's block."""
        if place.block in self._pops:
            return
        district = self._area(Area(Level.DISTRICT, place.district, Names(place.district_name), _STATE.key))
        block = self._area(Area(Level.BLOCK, place.block, Names(place.block_name), district))
        number = len(self._pops)
        site = Site(
            f"pop-{place.block}", SiteKind.BLOCK_POP, block, Names(place.block_name), lat=place.lat, lon=place.lon
        )
        self._sites[site.name] = site
        router = self._device(f"{site.name}-router", Role.ROUTER, site.name, _address(201, number))
        self._link("noc-router", f"GE1/0/{number}", router, "GE0/0/1")
        self._pops[place.block] = router

    def panchayat(self, place: Place, number: int, roles: tuple[Role, ...]) -> None:
        """A GP with devices of `roles`, the first of which is its router."""
        area = self._area(
            Area(
                Level.GP, place.key, Names(place.name), f"block:{place.block}", "pmgsy", lat=place.lat, lon=place.lon,
                population=place.population,
            )
        )  # fmt: skip
        site = Site(f"gp-{place.key}", SiteKind.GP, area, Names(place.name), lat=place.lat, lon=place.lon)
        self._sites[site.name] = site
        names = [
            self._device(f"{site.name}-{role}", role, site.name, _address(2, number * len(roles) + at))
            for at, role in enumerate(roles)
        ]
        for at, name in enumerate(names[1:]):
            self._link(names[0], f"GE0/0/{at + 3}", name, "", Medium.COPPER)
        ring = self._rings.setdefault(place.block, [])
        ring.append(names[0])
        if len(ring) == _IN_RING:
            self._close(place.block)

    def _close(self, block: str) -> None:
        """Lay the fibre of a ring: from the block's router over its GPs and back."""
        pop, ring = self._pops[block], self._rings.pop(block)
        number = self._closed[block] = self._closed[block] + 1
        first, last = (f"GE0/{number}/{end}" for end in (1, 2))
        self._link(pop, first, ring[0], "GE0/0/1", ring=ring[0])
        for near, far in pairwise(ring):
            self._link(near, "GE0/0/2", far, "GE0/0/1", ring=ring[0])
        self._link(ring[-1], "GE0/0/2", pop, last, ring=ring[0])

    def inventory(self) -> Inventory:
        for block in list(self._rings):
            self._close(block)
        credential = Credential("bench", "snmp-v2c", community=f"env:{COMMUNITY}")
        return Inventory(
            areas=self._areas,
            sites=self._sites,
            devices=self._devices,
            links=self._links,
            credentials={credential.name: credential},
        )

    def _area(self, area: Area) -> str:
        self._areas.setdefault(area.key, area)
        return area.key

    def _device(self, name: str, role: Role, site: str, address: str) -> str:
        self._devices[name] = Device(name, role, site, primary_ip=address, credential="bench")
        return name

    def _link(self, a: str, a_port: str, b: str, b_port: str, medium: Medium = Medium.FIBRE, *, ring: str = "") -> None:
        name = f"{a} {a_port} {b}"
        self._links[name] = Link(name, a, a_port, b, b_port, medium, ring=ring)


def _address(first: int, number: int) -> str:
    """The `number`th address of 127.`first`.0.0 and what follows; none ends in .0 or .255 of a /24 on purpose."""
    high, low = divmod(number, 250)
    return f"127.{first + (high >> 8)}.{high & 255}.{low + 1}"
