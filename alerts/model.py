"""The words of alerting, and the values its rules read and return."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inventory.model import Names
from readiness.model import Cause, Layer, Responsible, Status, SubjectKind


class Rule(StrEnum):
    SITE_DOWN = "site_down"
    REDUNDANCY_LOST = "redundancy_lost"
    KENDRA_NOT_READY = "kendra_not_ready"
    ENDPOINT_DOWN = "endpoint_down"
    HOST_KEY_CHANGED = "host_key_changed"


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Event(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


class DeliveryState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"  # given up after the last attempt; kept to be seen
    CANCELLED = "cancelled"  # the alert ended before anybody was told


class Reason(StrEnum):
    """Why an alert is opened, changed, ended, or held back."""

    LASTED = "lasted"  # true long enough: open it
    RETURNED = "returned"  # merged into another outage before, now its own cause again: open it again
    CHANGED = "changed"  # still true, with other figures
    HOLDS = "holds"  # still true, nothing new
    ENDED = "ended"  # what it was about is over: resolve, and say so
    MERGED = "merged"  # another outage turned out to explain it: resolve without a word
    TOO_SHORT = "too_short"  # held back: may pass by itself
    EXPLAINED = "explained"  # held back: another open outage is its cause and has its own alert
    CLOSED_HOURS = "closed_hours"  # held back: the kendra is shut at this hour
    NOT_WATCHED = "not_watched"  # no rule is about this kind of outage


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage as the rules need it. `sites` counts the sites that are down with it.

    `heir`: another open outage, that explains this one or is about the same subject, says that
    what it was about is down.
    """

    id: int
    subject_kind: SubjectKind
    subject: str
    status: Status
    from_at: datetime
    to_at: datetime | None
    cause: Cause
    confidence: float
    root: bool
    segment: tuple[str, ...]
    ring: str
    responsible: Responsible
    villages: int
    citizens: int | None  # None: population unknown
    sites: int = 0
    heir: bool = False
    layer: Layer | None = None  # first failing layer of most villages behind it


@dataclass(frozen=True, slots=True)
class KendraState:
    """Status of a kendra's site; `outage` is the root of what explains it."""

    site: str
    status: Status
    since: datetime
    outage: int | None


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A device shows another SSH host key than the known one; nothing is asked of it until somebody looked."""

    device: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """What a message is made from. `within` holds the names of block and district, nearest first."""

    names: Names
    within: tuple[Names, ...]
    cause: Cause
    confidence: float
    layer: Layer
    responsible: Responsible
    segment: tuple[str, ...]
    ring: str
    sites: int
    villages: int
    citizens: int | None


@dataclass(frozen=True, slots=True)
class Alert:
    id: int
    rule: Rule
    subject_kind: SubjectKind
    subject: str
    area: str
    outage: int | None
    severity: Severity
    summary: Summary
    opened_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str


@dataclass(frozen=True, slots=True)
class Opening:
    """An alert that should exist and does not yet."""

    reason: Reason
    rule: Rule
    subject_kind: SubjectKind
    subject: str
    area: str
    outage: int | None
    severity: Severity
    opened_at: datetime
    summary: Summary


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to an alert that exists. `at` is when it ended, for ENDED and MERGED."""

    reason: Reason
    alert: Alert
    at: datetime
    summary: Summary


Decision = Opening | Change


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the rules look at, at one moment.

    `outages` are the open roots and those that an unresolved alert is about; `alerts` the
    unresolved ones and those of what still lasts; `kendras` the ones that are down or have an
    unresolved alert.
    """

    outages: Mapping[int, Outage]
    kendras: tuple[KendraState, ...]
    alerts: tuple[Alert, ...]
    keys: tuple[KeyChange, ...] = ()
