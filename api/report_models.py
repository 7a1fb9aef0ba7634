"""What the API answers of claims against observation."""

from datetime import date, datetime

from pydantic import Field

from api.models import Answer
from inventory.model import GpState
from readiness.rules.claims import Finding


class Discrepancy(Answer):
    """A gram panchayat: what was claimed of it, and what was seen of its site from `observed_from` to the period's end."""

    area: str
    site: str | None
    finding: Finding
    claimed_state: GpState | None
    claimed_from: date | None
    claim_source: str | None = Field(description="The list that says so")
    claim_stated_on: date | None
    pending_with: list[str] = Field(description="Whose permission the right of way waits for")
    observed_from: datetime | None = Field(description="Null where nothing there can be observed")
    operated_percent_low: float | None = Field(description="If it was down in all unobserved time")
    operated_percent_high: float | None = Field(description="If it worked in all unobserved time")
    unknown_percent: float | None
    first_seen: datetime | None
    last_seen: datetime | None


class Discrepancies(Answer):
    """It operates if it works in at least `operates_percent` of the time; less than `least_days` decide nothing."""

    area: str | None
    start: datetime
    end: datetime
    operates_percent: float
    least_days: int
    counts: dict[Finding, int]
    items: list[Discrepancy]
