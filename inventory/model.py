"""The facts: areas, sites, devices, links, services, endpoints, credential references.

Every value here is what an import file says; nothing is observed. Keys are text and stable over
re-imports: an area is `level:code` (`district:374`), everything else has its own unique name.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any


class Level(StrEnum):
    """Levels of the Local Government Directory, widest first; `subdistrict` is the tehsil."""

    STATE = "state"
    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    BLOCK = "block"
    GP = "gp"
    VILLAGE = "village"


class SiteKind(StrEnum):
    GP = "gp"
    BLOCK_POP = "block_pop"
    DISTRICT_POP = "district_pop"
    NOC = "noc"
    KENDRA = "kendra"


class Role(StrEnum):
    ROUTER = "router"
    OLT = "olt"
    ONT = "ont"
    SWITCH = "switch"
    RADIO = "radio"
    UPS = "ups"
    SOLAR = "solar"
    PC = "pc"
    PRINTER = "printer"
    BIOMETRIC = "biometric"
    CAMERA = "camera"


class Medium(StrEnum):
    FIBRE = "fibre"
    RADIO = "radio"
    COPPER = "copper"


class Lifecycle(StrEnum):
    """NetBox's words for the state of a site or device; only `active` ones are expected to work."""

    ACTIVE = "active"
    PLANNED = "planned"
    STAGED = "staged"
    OFFLINE = "offline"
    DECOMMISSIONING = "decommissioning"


class GpState(StrEnum):
    """How far the roll-out has come in a gram panchayat, in the order in which it goes."""

    PLANNED = "planned"
    RIGHT_OF_WAY = "right_of_way"  # permission to lay the fibre is pending
    LAID = "laid"
    COMMISSIONED = "commissioned"
    SERVICE_READY = "service_ready"
    OPERATIONAL = "operational"


class ServiceState(StrEnum):
    """How far a service has come on its way to the counter's screen."""

    OFFLINE = "offline"  # on paper only
    ONBOARDING = "onboarding"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Names:
    """One name in the product's languages; an empty one is missing, never transliterated."""

    en: str
    hi: str = ""
    pa: str = ""

    def in_language(self, language: str) -> tuple[str, bool]:
        """The name for `language` and whether it is a fallback to English (the page marks it)."""
        wanted: str = {"en": self.en, "hi": self.hi, "pa": self.pa}[language]
        return (wanted, False) if wanted else (self.en, True)


@dataclass(frozen=True, slots=True)
class Area:
    """A place of the Local Government Directory, as it is from `valid_from` until before `valid_to`.

    `code` is the LGD code where `code_source` is "lgd"; a pack that has to stand something in
    for an area says what ("post-office"). `population` is None where unknown, never 0 for that.
    One key may have several versions, whose periods don't overlap; None leaves a period open.
    """

    level: Level
    code: str
    names: Names
    parent: str | None = None
    code_source: str = "lgd"
    census_code: str = ""
    lat: float | None = None
    lon: float | None = None
    population: int | None = None
    served_by: str | None = None  # site key of the kendra that serves this village
    valid_from: date | None = None
    valid_to: date | None = None
    assigned_by: str = ""  # how a village came to its GP: "village_code", "nearest-office", "tehsil"
    boundary_approximate: bool = False  # its polygon is derived, not official

    @property
    def key(self) -> str:
        return f"{self.level}:{self.code}"

    @property
    def version(self) -> str:
        """The key of this row among all versions of all areas."""
        return f"{self.key}@{self.valid_from or ''}"

    def in_force(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Site:
    """A place with equipment. `feeder` names the electricity feeder area that powers it."""

    name: str
    kind: SiteKind
    area: str
    names: Names
    status: Lifecycle = Lifecycle.ACTIVE
    lat: float | None = None
    lon: float | None = None
    feeder: str = ""
    hours: str = ""  # opening hours of a kendra, OpenStreetMap syntax: "Mo-Sa 10:00-17:00"
    planned_by: str = ""  # "rule" where no survey or operator named this equipment
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A box at a site.

    With a `primary_ip` it is polled; with `seen_through` (a device name) and `seen_as` (that
    device's own index for it, "0/1/3:12") it is read through another one; with neither it is not
    seen at all and stays unknown.
    """

    name: str
    role: Role
    site: str
    device_type: str = ""
    manufacturer: str = ""
    status: Lifecycle = Lifecycle.ACTIVE
    primary_ip: str = ""
    port: int | None = None  # SNMP port where it is not 161
    profile: str = ""  # empty: recognised at the first poll
    credential: str = ""
    interval_s: int | None = None  # poll policy: None takes the collector's default
    reference: bool = False  # a target by which a collector proves its own sight
    seen_through: str = ""
    seen_as: str = ""
    serial: str = ""
    planned_by: str = ""
    ssh_credential: str = ""  # by which a kendra's PC that is polled over SNMP is asked what it reaches itself


@dataclass(frozen=True, slots=True)
class Link:
    """Two device ports joined by fibre, radio or copper.

    `ring` names the ring a link belongs to. `trunk` names the fibre that several links share (a
    GPON feeder up to its splitter): one cut there takes all of them.
    """

    name: str
    a_device: str
    a_port: str
    b_device: str
    b_port: str
    medium: Medium = Medium.FIBRE
    length_km: float | None = None
    ring: str = ""
    trunk: str = ""
    planned_by: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One citizen service. Needs are None where the state hasn't stated them.

    What fails of `endpoints` takes the service away; what fails of `department_endpoints` delays the
    department's answer to what was applied for.
    """

    code: str
    names: Names
    department: str = ""
    channels: tuple[str, ...] = ()
    bandwidth_kbps: int | None = None
    latency_ms: int | None = None
    loss_percent: float | None = None
    peripherals: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    department_endpoints: tuple[str, ...] = ()
    statutory_days: int | None = None  # within which the law wants it delivered
    source: str = ""  # where the row's facts come from
    unconfirmed: bool = False  # typed in from public pages; the state has yet to confirm it


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a service needs elsewhere, and how one sees whether it is there: how `url` has to answer."""

    code: str
    names: Names
    url: str
    method: str = "GET"  # or HEAD
    expect_status: str = "200-399"  # one status, or the first and the last of a range
    expect_text: str = ""  # has to stand in the beginning of the answer's body
    interval_s: int | None = None  # None takes the collector's default, as timeout_s does
    timeout_s: float | None = None  # of one probe, redirects and all

    def expects(self, status: int) -> bool:
        first, _, last = self.expect_status.partition("-")
        return int(first) <= status <= int(last or first)


@dataclass(frozen=True, slots=True)
class GpRollout:
    """A gram panchayat's state of roll-out from a day on, as `source` claimed it on `stated_on`. Not an observation."""

    area: str
    state: GpState
    valid_from: date
    pending_with: tuple[str, ...] = ()  # who has to permit the way: "forest", "highway", "railway", "other"
    target: date | None = None  # day on which it is to be service-ready
    source: str = ""
    stated_on: date | None = None

    @property
    def key(self) -> str:
        return f"{self.area}:{self.valid_from}"


@dataclass(frozen=True, slots=True)
class ServiceRollout:
    """A service's state of roll-out from a day on; `target` is the day on which it is to be online."""

    service: str
    state: ServiceState
    valid_from: date
    target: date | None = None
    source: str = ""
    stated_on: date | None = None

    @property
    def key(self) -> str:
        return f"{self.service}:{self.valid_from}"


@dataclass(frozen=True, slots=True)
class Credential:
    """How to get the secrets of a kind of device: references (`env:NAME`, `file:PATH`), not values."""

    name: str
    kind: str  # "snmp-v1", "snmp-v2c", "snmp-v3", "ssh" or "checkin"
    community: str = ""
    user: str = ""
    auth_protocol: str = ""  # "SHA-256", RFC 7860
    auth: str = ""
    priv_protocol: str = ""  # "AES", RFC 3826
    priv: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an inventory comes from: printed with the map and in every report."""

    key: str
    title: str
    licence: str
    attribution: str
    remark: Names = field(default_factory=lambda: Names(""))


@dataclass(frozen=True)
class Inventory:
    """One whole inventory in memory, each mapping by key, in the order of the import."""

    areas: Mapping[str, Area] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    boundaries: Mapping[str, bytes] = field(default_factory=dict)  # area key -> WKB, EPSG:4326
    versions: Mapping[str, tuple[Area, ...]] = field(
        default_factory=dict
    )  # area key -> rows not in force, by valid_from
    gp_rollout: Mapping[str, GpRollout] = field(default_factory=dict)
    service_rollout: Mapping[str, ServiceRollout] = field(default_factory=dict)

    def on(self, day: date) -> "Inventory":
        """The inventory with the areas that were in force on `day`; see inventory/periods.py."""
        from inventory.periods import as_of

        turns, then = self._calendar
        turn = bisect_right(turns, day)
        if turn not in then:
            then[turn] = as_of(self, day)
        return then[turn]

    @cached_property
    def area_versions(self) -> Mapping[str, Area]:
        """`versions` row by row, by `Area.version`."""
        return {area.version: area for areas in self.versions.values() for area in areas}

    @cached_property
    def _calendar(self) -> tuple[list[date], dict[int, "Inventory"]]:
        """The days on which any area begins or ends; how many of them are over -> the inventory, where asked for."""
        from inventory.periods import turning_points

        return turning_points(self), {}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Area key -> keys of the areas directly in it."""
        from inventory.groups import children

        return children(self.areas)

    @cached_property
    def bundles(self) -> Mapping[str, tuple[Link, ...]]:
        """Name of a trunk or ring -> its links."""
        from inventory.groups import bundles

        return bundles(self.links)

    def __reduce__(self) -> tuple[Any, ...]:
        # Without what was derived: it is quickly derived again, and not all of it can be pickled.
        return Inventory, tuple(getattr(self, each.name) for each in fields(self))

    def within(self, area: str) -> Iterator[str]:
        """`area` and every area below it; raises KeyError for an area that isn't there."""
        self.areas[area]
        waiting = [area]
        while waiting:
            key = waiting.pop()
            yield key
            waiting.extend(self.children.get(key, ()))
