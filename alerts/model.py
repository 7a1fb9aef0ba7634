"""The words of alerting, and the values its rules read and return."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    FLAPPING = "flapping"
    CONFIG_CHANGED = "config_changed"
    CERTIFICATE_ENDS = "certificate_ends"


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
    PASSED = "passed"  # it was for information, and its time is over: resolve without a word
    MERGED = "merged"  # another outage turned out to explain it: resolve without a word
    TOO_SHORT = "too_short"  # held back: may pass by itself
    EXPLAINED = "explained"  # held back: another open outage is its cause and has its own alert
    CLOSED_HOURS = "closed_hours"  # held back: the kendra is shut at this hour
    PLANNED = "planned"  # held back: announced work
    FLAPPING = "flapping"  # held back: it goes down again and again, and that has an alert of its own
    UNSEEN = "unseen"  # held back: nothing is known of it at present, as after a restart until it is asked
    NOT_WATCHED = "not_watched"  # no rule is about this kind of outage


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage as the rules need it. `sites` counts the sites that are down with it.

    `heir`: another open outage, that explains this one or is about the same subject, says that
    what it was about is down. `unseen`: of its subject and of all that it explains nothing is known at present.
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
    unseen: bool = False
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
class ConfigChange:
    """A device's configuration was read at `at`, and had other lines than when it was read before."""

    device: str
    at: datetime
    added: int
    removed: int


Subject = tuple[SubjectKind, str]


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
    added: int | None = None  # lines of a changed configuration
    removed: int | None = None
    ends_at: datetime | None = None  # of a certificate


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
    """Everything the rules look at, at one moment; of `configs` what changed lately.

    `outages` are the open roots and those that an unresolved alert is about; `alerts` the
    unresolved ones and those of what still lasts; `kendras` the ones that are down or have an
    unresolved alert.
    """

    outages: Mapping[int, Outage]
    kendras: tuple[KendraState, ...]
    alerts: tuple[Alert, ...]
    keys: tuple[KeyChange, ...] = ()
    configs: tuple[ConfigChange, ...] = ()
    certificates: Mapping[str, datetime] = field(default_factory=dict)  # endpoint -> when its certificate ends
    flapping: Mapping[Subject, datetime] = field(default_factory=dict)  # what goes down again and again, since when
