"""What the API tells of one minute of one village, and of notices."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from api.models import Outage
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind
from readiness.rules.notices import About, NoticeKind


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Rule(_Answer):
    """`version` is the SHA-256 of the file as it judged then, of causes.toml its date and the begin of that."""

    name: str
    file: str
    version: str


class Poll(_Answer):
    device: str
    at: datetime
    took_ms: float
    reached: bool
    reason: str
    burst_sent: int
    burst_answered: int


class Stood(_Answer):
    kind: SubjectKind
    subject: str
    status: Status | Readiness
    since: datetime
    reason: str
    layer: Layer | None
    evidence: list[str]
    transition: int
    recorded_at: datetime | None
    rule: Rule
    polls: list[Poll]


class Told(_Answer):
    outage: Outage
    sentence: str
    rule: Rule


class Minute(_Answer):
    village: str
    at: datetime
    kendra: str | None
    stood: list[Stood]
    outages: list[Told]
    polls_since: datetime


class Announced(_Answer):
    kind: NoticeKind
    about: About
    subject: str
    from_at: datetime
    who: str
    to_at: datetime | None
    cause: Cause | None
    responsible: Responsible | None
    source: str
    text: str


class Notice(_Answer):
    id: int
    told: Announced
    declared_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
