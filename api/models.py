"""What the API answers, as OpenAPI describes it."""

from collections import Counter
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from alerts.model import Rule, Severity
from collectors.config.store import EventKind
from inventory.model import GpState, Level, Lifecycle, Role, ServiceState, SiteKind
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind
from readiness.offer import Offered
from readiness.rules.planned import Scene
from readiness.rules.rings import RingStatus
from readiness.rules.verdicts import WORKING, meaning
from readiness.trends import Kind, Outlook


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """`next` is what to give as `after` to get the following items; null on the last page."""

    items: list[Item]
    next: str | None = None


class Error(Answer):
    detail: str


class Names(Answer):
    """Empty where nobody has given the name in that language."""

    en: str
    hi: str
    pa: str


class Area(Answer):
    key: str
    level: Level
    code: str
    code_source: str
    names: Names
    parent: str | None
    census_code: str
    lat: float | None
    lon: float | None
    population: int | None = Field(description="Null where unknown")
    served_by: str | None = Field(description="Kendra site that serves this village")
    valid_from: date | None
    valid_to: date | None


class Site(Answer):
    name: str
    kind: SiteKind
    area: str
    names: Names
    status: Lifecycle
    lat: float | None
    lon: float | None
    feeder: str
    hours: str
    planned_by: str
    approximate: bool


class Device(Answer):
    """A device without its credential reference: that is nobody's business here."""

    name: str
    role: Role
    site: str
    device_type: str
    manufacturer: str
    status: Lifecycle
    primary_ip: str
    profile: str
    seen_through: str
    seen_as: str
    serial: str
    planned_by: str
    reference: bool


class State(Answer):
    kind: SubjectKind
    subject: str
    status: Status | Readiness
    since: datetime
    reason: str
    layer: Layer | None
    outage: int | None
    transition: int


class Counts(Answer):
    sites: dict[Status, int]
    villages: dict[Readiness, int]


class StatusAnswer(Answer):
    as_of: datetime
    observed_until: datetime | None  # long ago: everything is answered as unknown since then
    area: str | None
    sites: dict[Status, int]
    villages: dict[Readiness, int]
    citizens: dict[Readiness, int | None] = Field(description="Of these villages; null where no population is known")
    villages_without: dict[Readiness, int] = Field(description="Left out of citizens: their population is not known")
    rows: list[State]
    next: str | None = None


class HoursLost(Answer):
    """Citizen-hours in [start, end): `low` if all unobserved time was served, `high` if none was; null where no
    village's population is known.
    """

    start: datetime
    end: datetime
    low: float | None
    high: float | None
    villages: int
    villages_without: int = Field(description="Left out: their population is not known")


class Transition(Answer):
    id: int
    kind: SubjectKind
    subject: str
    at: datetime
    recorded_at: datetime
    before: Status | Readiness
    after: Status | Readiness
    reason: str
    layer: Layer | None
    evidence: list[str]


class Outage(Answer):
    id: int
    kind: SubjectKind
    subject: str
    status: Status
    start: datetime
    end: datetime | None
    cause: Cause
    confidence: float
    evidence: list[str]
    root: bool
    explained_by: int | None
    segment: list[str]
    ring: str
    one_armed: bool = Field(description="A ring lost its second way here, and everybody on it still has one")
    responsible: Responsible
    villages: int
    citizens: int | None


class SinglePoint(Answer):
    kind: SubjectKind
    subject: str
    villages: int
    citizens: int | None = Field(description="Null where no population is known")
    seen: bool = Field(description="False where nobody sees it now: it is taken to work, and may have failed")


class Ring(Answer):
    ring: str
    status: RingStatus
    since: datetime | None
    missing: list[str]
    boxes: int


class Health(Answer):
    status: Literal["ok"] = "ok"


class MapTiles(Answer):
    """The map of an area. `archive` is the address of a PMTiles file, null while it is being made.

    A span is a first number and the one after the last. `spans` has by layer the area's own features in
    the archive, whose numbers are there in the area's order; `villages` has for each of its districts and
    blocks the villages in the area's order.
    """

    order: str
    archive: str | None
    bounds: tuple[float, float, float, float]
    spans: dict[str, tuple[int, int]]
    villages: dict[str, tuple[tuple[int, int], ...]]


class Nearest(Answer):
    """A village by its number in that order, and where it is."""

    order: str
    village: int
    lon: float
    lat: float


class Sight(Answer):
    """Since when nobody watches; null while somebody does."""

    blind_since: datetime | None


class Changes(Answer):
    """Villages as (number, readiness letter, layer letter), sites as (number, status letter)."""

    villages: list[tuple[int, str, str]]
    sites: list[tuple[int, str]]


class Total(Answer):
    """Columns of equal length; `at` is the start of the step in UTC epoch seconds, `value` the sum of means."""

    metric: str
    at: list[int]
    value: list[float]


class Totals(Answer):
    """`devices`: how many there are in the area, whether anything is stored of them or not."""

    area: str | None
    devices: int
    series: list[Total]


class Series(Answer):
    """Columns of equal length; `at` is the start of the step in UTC epoch seconds."""

    metric: str
    at: list[int]
    low: list[float]
    mean: list[float]
    high: list[float]


class History(Answer):
    device: str
    instance: str
    series: list[Series]


class VillageReadiness(Answer):
    village: str
    names: Names
    status: Readiness
    layer: Layer | None = Field(description="The first failing layer")
    since: datetime | None
    reason: str


class Step(Answer):
    layer: Layer
    status: Status
    device: str
    since: datetime | None
    reason: str
    evidence: list[str]


class Endpoint(Answer):
    endpoint: str
    names: Names
    status: Status
    since: datetime | None
    looked_at: datetime | None
    reason: str
    eyes: str = Field(
        description='Who saw it: "noc", "kendras" (most of those that look), the site of the village\'s own kendra; '
        "empty: nobody"
    )
    outage: int | None


class KendraInReach(Answer):
    """`km` is estimated: a straight line times the road factor of the settings."""

    site: str = Field(description="Empty where it lies outside the area that you may see")
    names: Names
    km: float
    hours: str
    status: Readiness


class NearestKendras(Answer):
    """Distances are estimates: straight lines times `road_factor`. Kendras beyond `travel_km` only where none is nearer."""

    service: str
    lon: float
    lat: float
    travel_km: float
    road_factor: float
    kendras: list[KendraInReach]


class ServiceReadiness(Answer):
    """As the village's own kendra gives it."""

    service: str
    names: Names
    channel: str
    status: Readiness
    layer: Layer | None = Field(description="The first failing layer")
    endpoint: str = Field(description="The endpoint that decided; empty: none did")
    peripheral: str = Field(description="The peripheral whose absence decided; empty: none did")
    responsible: Responsible = Field(description="Who has to act")
    online: bool = Field(description="Whether the state gives the service yet")
    instead: KendraInReach | None = Field(
        description="While the own kendra does not give it: the nearest within the travel limit that does"
    )


class ServiceCounts(Answer):
    """Villages by what their citizens get; `elsewhere` of the ready and degraded ones get it at another kendra than their own.

    `in_the_way` counts the villages that don't get it, by the first failing layer ("" where that is open).
    """

    service: str
    names: Names
    villages: dict[Readiness, int]
    citizens: dict[Readiness, int | None] = Field(description="Of these villages; null where no population is known")
    villages_without: dict[Readiness, int] = Field(description="Left out of citizens: their population is not known")
    elsewhere: int
    in_the_way: dict[str, int]

    @classmethod
    def of(cls, offered: Offered) -> "ServiceCounts":
        villages, citizens, without = (dict.fromkeys(Readiness, 0) for _ in range(3))
        elsewhere, layers = 0, Counter[str]()
        figures = (each.tolist() for each in (offered.villages, offered.citizens, offered.without))
        for word, (some, people, unfigured) in enumerate(zip(*figures, strict=True)):
            if some:
                means = meaning(word)
                villages[means.status] += some
                citizens[means.status] += people
                without[means.status] += unfigured
                elsewhere += some * means.elsewhere
                layers[means.layer or ""] += 0 if means.status in WORKING else some
        names = Names.model_validate(offered.names)
        return cls(
            service=offered.service, names=names, villages=villages,
            citizens={each: None if villages[each] and without[each] == villages[each] else citizens[each] for each in Readiness},
            villages_without=without, elsewhere=elsewhere, in_the_way=dict(+layers),
        )  # fmt: skip


class People(Answer):
    villages: int
    citizens: int | None = Field(description="Null where no population of them is known")


class Missing(Answer):
    """Who stays without services after the repair until these outages are repaired too."""

    outages: list[int]
    subjects: list[str] = Field(description="Empty where it lies outside the area that you may see")
    people: People


class Repair(Answer):
    """An open root outage; its place is told only where it lies in the area that you may see."""

    outage: int
    kind: SubjectKind
    subject: str
    cause: Cause
    confidence: float
    responsible: Responsible
    since: datetime
    segment: list[str]
    ring: str
    back: People = Field(description="Get services again by this repair alone")
    better: People = Field(description="Get all their services again instead of some")
    missing: list[Missing]


class Queue(Answer):
    """`repairs`: how many there are in all. `unexplained`: blocked, and no open outage is to blame yet."""

    as_of: datetime
    observed_until: datetime | None
    area: str | None
    repairs: int
    unexplained: People
    rows: list[Repair]


class Rollout(Answer):
    """A claim, not an observation: what `source` said on `stated_on`."""

    valid_from: date
    target: date | None
    source: str
    stated_on: date | None


class GpRollout(Rollout):
    area: str
    state: GpState
    pending_with: list[str] = Field(description="Whose permission the right of way waits for")


class ServiceRollout(Rollout):
    state: ServiceState


class Service(Answer):
    """A service of the catalogue and what it needs; null where nobody has stated it."""

    code: str
    names: Names
    department: str
    channels: list[str]
    bandwidth_kbps: int | None
    latency_ms: int | None
    loss_percent: float | None
    peripherals: list[str]
    endpoints: list[str]
    department_endpoints: list[str] = Field(description="Without them an application is accepted, but not decided")
    statutory_days: int | None
    source: str
    unconfirmed: bool = Field(description="Typed in from public pages; the state has yet to confirm it")
    rollout: ServiceRollout | None = Field(default=None, description="Null: it counts as online")


class Trend(Answer):
    """`a_day` is the change a day and `days_left` the days until `limit`, each with its interval; null: not known, or never."""

    kind: Kind
    subject: str
    site: str
    area: str
    outlook: Outlook
    days: int = Field(description="Days with figures")
    level: float | None = Field(description="dBm for light, s for a battery")
    limit: float | None
    a_day: float | None
    a_day_low: float | None
    a_day_high: float | None
    days_left: float | None
    days_left_low: float | None
    days_left_high: float | None
    cuts: int | None = Field(description="Power cuts of a feeder in 90 days; a_month is their rate in 30 days")
    a_month: float | None
    a_month_low: float | None
    a_month_high: float | None
    others_a_month: float | None = Field(description="The district's other feeders")
    chance: float | None = Field(description="Of so many cuts, if all feeders of the district were alike")


class Trends(Answer):
    counts: dict[Outlook, int]
    items: list[Trend]


class Chain(Answer):
    village: str
    kendra: str | None
    readiness: Readiness
    since: datetime
    reason: str
    layer: Layer | None
    outage: int | None
    steps: list[Step]
    endpoints: list[Endpoint] = Field(default=[], description="As they stand for this village")
    services: list[ServiceReadiness] = Field(
        default=[], description="In each channel; beyond the kendra's counter the citizen's own line is not observed"
    )


class AlertSummary(Answer):
    names: Names
    within: list[Names] = Field(description="Block and district, nearest first")
    cause: Cause
    confidence: float
    layer: Layer
    responsible: Responsible
    segment: list[str]
    ring: str
    sites: int
    villages: int
    citizens: int | None
    added: int | None = Field(description="Lines of a changed configuration")
    removed: int | None
    ends_at: datetime | None = Field(description="Until when a certificate is valid")


class Maintenance(Answer):
    """Announced work. It counts from when it was declared at the earliest, and until it was called off."""

    id: int
    kind: Scene
    subject: str
    start: datetime
    end: datetime
    declared_at: datetime
    by: str
    reason: str
    cancelled_at: datetime | None
    cancelled_by: str


class Alert(Answer):
    id: int
    rule: Rule
    subject_kind: SubjectKind
    subject: str
    area: str
    outage: int | None
    severity: Severity
    summary: AlertSummary
    opened_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str


class DeviceEvent(Answer):
    """`detail` of a changed configuration: version and before (ids), added and removed (lines)."""

    id: int
    at: datetime
    device: str
    kind: EventKind
    detail: dict[str, str | int]


class Configuration(Answer):
    id: int
    device: str
    platform: str
    sha256: str = Field(description="Of the text without its secrets")
    from_at: datetime = Field(description="When it was first read")
    seen_at: datetime = Field(description="When it was last read, with no other one between")


class ConfigurationDiff(Answer):
    device: str
    before: int
    after: int
    diff: str = Field(description="Unified, with three lines of context")
