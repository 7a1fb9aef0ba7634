"""What a page says of one village: the chain from mains to kendra, its last days, its traffic."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import asin, cos, radians, sin, sqrt
from urllib.parse import urlencode

from api import words
from api.context import Context, allowed, seen_by
from api.pages.services import Offered, offered
from inventory import rollout
from inventory.hours import INDIA, parse_hours
from inventory.model import Area, Device, GpRollout, Inventory, Link, Medium, Names, Role, Site, SiteKind
from inventory.scope import Scope
from readiness import explain, read, services
from readiness.model import Readiness, SubjectKind
from readiness.read import OutageRow
from readiness.rules.causes import shipped_weights
from readiness.rules.telling import because
from readiness.rules.uptime import Day
from readiness.services import EndpointRow, ServiceRow
from storage.history import series

STRIP_DAYS = 30
CHART = timedelta(hours=24)
CHART_STEP_S = 300
_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Uplink:
    """The port of the panchayat's equipment that faces the network."""

    device: str
    port: str

    def history(self, end: datetime) -> str:
        """Address of its traffic over the last day."""
        start = (end - CHART).replace(microsecond=0).isoformat()
        asked = {"device": self.device, "instance": self.port, "from": start, "step": CHART_STEP_S}
        return f"/api/v1/history?metric=in_bps&metric=out_bps&{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class Rates:
    """Over the last day, in bit/s."""

    mean: float
    high: float


@dataclass(frozen=True)
class Detail:
    """`chain` is None while nothing is known of the village; `traffic` is empty where none is stored."""

    village: Area
    chain: explain.Chain | None
    outage: OutageRow | None
    kendra: Site | None
    kendra_km: float | None
    strip: tuple[Day, ...]
    uplink: Uplink | None
    traffic: tuple[tuple[str, Rates], ...]
    endpoints: tuple[EndpointRow, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    rollout: GpRollout | None = None
    opens: datetime | None = None  # when the kendra opens next; None while it is open, or nobody knows its hours

    @property
    def told(self) -> str:
        """The cause of the outage in one sentence; empty where none is open."""
        one = self.outage
        return because(one.cause, one.confidence, one.evidence, one.kinds, shipped_weights()) if one else ""

    @property
    def hours_lost(self) -> float | None:
        """Citizen-hours without services in the days of the strip; None where some are lost and nobody knows how many."""
        blocked = sum((day.parts.get(Readiness.BLOCKED, timedelta()) for day in self.strip), timedelta())
        if self.village.population is None:
            return None if blocked else 0.0
        return self.village.population * (blocked / timedelta(hours=1))

    @cached_property
    def offered(self) -> Offered:
        return offered(self.services)

    @property
    def endpoint_names(self) -> Mapping[str, Names]:
        return {row.endpoint: row.names for row in self.endpoints}

    @property
    def status(self) -> Readiness:
        return self.chain.readiness if self.chain else Readiness.UNKNOWN


def detail(here: Context, scope: Scope, village: Area) -> Detail:
    blind = here.blind_since()
    chain = explain.explain(here.engine, scope, village.key, blind_since=blind)
    kendra = here.inventory.sites.get(village.served_by or "")
    port = uplink(here.inventory, village.parent)
    seen = services.endpoints(here.engine, village.served_by or "", blind_since=blind)
    # The outage behind a village may lie in another district; that it is this village's
    # outage makes it this village's business.
    outage = read.outage_by_id(here.engine, Scope(), chain.outage) if chain and chain.outage else None
    return Detail(
        village=village,
        chain=chain,
        outage=outage,
        kendra=kendra,
        kendra_km=distance_km(village, kendra) if kendra else None,
        strip=read.strip(
            here.engine, scope, SubjectKind.VILLAGE, village.key, days=STRIP_DAYS, now=here.clock(), blind_since=blind
        ),
        uplink=port,
        traffic=_traffic(here, port) if port else (),
        endpoints=seen,
        services=_services(here, chain, outage, seen, blind) if chain else (),
        rollout=rollout.gp(here.inventory, village.parent or "", here.clock().astimezone(INDIA).date()),
        opens=_opens(kendra, here.clock()),
    )


def _opens(kendra: Site | None, now: datetime) -> datetime | None:
    """By its weekly hours; holidays are of reports (reports.holidays)."""
    hours = parse_hours(kendra.hours) if kendra and kendra.hours else None
    return None if hours is None or hours.opened_at(now) else hours.opens_after(now)


def _services(
    here: Context, chain: explain.Chain, outage: OutageRow | None, seen: tuple[EndpointRow, ...], blind: datetime | None
) -> tuple[ServiceRow, ...]:
    at = here.offering.now(blind).at(chain.village, seen_by(here, allowed(here)))
    day = here.clock().astimezone(INDIA).date()
    return services.services(here.inventory, at, seen, outage.responsible if outage else None, day)


def _traffic(here: Context, port: Uplink) -> tuple[tuple[str, Rates], ...]:
    """Received and sent, as words.TRAFFIC names them; empty unless both are stored."""
    found = []
    for name, metric in zip(words.TRAFFIC, ("in_bps", "out_bps"), strict=True):
        one = series(
            here.settings.storage.history, port.device, metric, port.port,
            start=here.clock() - CHART, end=here.clock(), step=CHART,
        )  # fmt: skip
        if not one.at.size:
            return ()
        found.append((name, Rates(float((one.mean * one.count).sum() / one.count.sum()), float(one.high.max()))))
    return tuple(found)


def distance_km(village: Area, site: Site) -> float | None:
    """Straight-line distance; None where either place is not known."""
    if village.lat is None or village.lon is None or site.lat is None or site.lon is None:
        return None
    lat, lon, to_lat, to_lon = map(radians, (village.lat, village.lon, site.lat, site.lon))
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))


def uplink(inventory: Inventory, area: str | None) -> Uplink | None:
    """The first port by which the panchayat's router or radio leaves its site; an ONT has no counters of its own."""
    return next(_uplinks(inventory, area), None)


def _uplinks(inventory: Inventory, area: str | None) -> Iterator[Uplink]:
    for site in inventory.sites.values():
        if site.area == area and site.kind is SiteKind.GP:
            boxes = {d.name: d for d in inventory.devices.values() if d.site == site.name and _counts(d)}
            yield from (end for link in inventory.links.values() if (end := _outward(inventory, link, boxes)))


def _counts(device: Device) -> bool:
    return device.role in {Role.ROUTER, Role.RADIO} and bool(device.primary_ip)


def _outward(inventory: Inventory, link: Link, boxes: dict[str, Device]) -> Uplink | None:
    if link.medium is Medium.COPPER:
        return None
    ends = ((link.a_device, link.a_port, link.b_device), (link.b_device, link.b_port, link.a_device))
    for device, port, other in ends:
        if device in boxes and inventory.devices[other].site != boxes[device].site:
            return Uplink(device, port)
    return None
