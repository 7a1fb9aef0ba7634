"""What the API answers, as OpenAPI describes it."""

from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from alerts.model import Rule, Severity
from inventory.model import Level, Lifecycle, Role, SiteKind
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


Item = TypeVar("Item")


class Page(_Answer, Generic[Item]):
    """`next` is what to give as `after` to get the following items; null on the last page."""

    items: list[Item]
    next: str | None = None


class Error(_Answer):
    detail: str


class Names(_Answer):
    """Empty where nobody has given the name in that language."""

    en: str
    hi: str
    pa: str


class Area(_Answer):
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


class Site(_Answer):
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


class Device(_Answer):
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


class State(_Answer):
    kind: SubjectKind
    subject: str
    status: Status | Readiness
    since: datetime
    reason: str
    layer: Layer | None
    outage: int | None
    transition: int


class Counts(_Answer):
    sites: dict[Status, int]
    villages: dict[Readiness, int]


class StatusAnswer(_Answer):
    as_of: datetime
    observed_until: datetime | None  # long ago: everything is answered as unknown since then
    area: str | None
    sites: dict[Status, int]
    villages: dict[Readiness, int]
    rows: list[State]
    next: str | None = None


class Transition(_Answer):
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


class Outage(_Answer):
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
    responsible: Responsible
    villages: int
    citizens: int | None


class Health(_Answer):
    status: Literal["ok"] = "ok"


class MapTiles(_Answer):
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


class Nearest(_Answer):
    """A village by its number in that order, and where it is."""

    order: str
    village: int
    lon: float
    lat: float


class Sight(_Answer):
    """Since when nobody watches; null while somebody does."""

    blind_since: datetime | None


class Changes(_Answer):
    """Villages as (number, readiness letter, layer letter), sites as (number, status letter)."""

    villages: list[tuple[int, str, str]]
    sites: list[tuple[int, str]]


class Total(_Answer):
    """Columns of equal length; `at` is the start of the step in UTC epoch seconds, `value` the sum of means."""

    metric: str
    at: list[int]
    value: list[float]


class Totals(_Answer):
    """`devices`: how many there are in the area, whether anything is stored of them or not."""

    area: str | None
    devices: int
    series: list[Total]


class Series(_Answer):
    """Columns of equal length; `at` is the start of the step in UTC epoch seconds."""

    metric: str
    at: list[int]
    low: list[float]
    mean: list[float]
    high: list[float]


class History(_Answer):
    device: str
    instance: str
    series: list[Series]


class VillageReadiness(_Answer):
    village: str
    names: Names
    status: Readiness
    layer: Layer | None = Field(description="The first failing layer")
    since: datetime | None
    reason: str


class Step(_Answer):
    layer: Layer
    status: Status
    device: str
    since: datetime | None
    reason: str
    evidence: list[str]


class Endpoint(_Answer):
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


class ServiceReadiness(_Answer):
    service: str
    names: Names
    channel: str
    status: Readiness
    layer: Layer | None = Field(description="The first failing layer")
    endpoint: str = Field(description="The endpoint that decided; empty: none did")


class Chain(_Answer):
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


class AlertSummary(_Answer):
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


class Alert(_Answer):
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
