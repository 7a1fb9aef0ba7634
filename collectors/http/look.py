"""What one look at an endpoint found, and how it goes into the columns."""

from dataclasses import dataclass, field

from collectors.instances import Sample
from collectors.model import REASONS, Failure

NOC = "noc"
"""The eyes of the collector itself, among the devices of a batch; a kendra's eyes are its PC."""


@dataclass(slots=True)
class Found:
    """What there was to see, filled as the look goes on. Seconds; None where it did not come to that."""

    status: int | None = None
    name_s: float | None = None
    connect_s: float | None = None
    tls_s: float | None = None
    first_byte_s: float | None = None
    certificate_s: float | None = None  # how much longer the certificate is valid


@dataclass(frozen=True, slots=True)
class Look:
    """`at` is UTC epoch seconds, `endpoint` the code; no failure: the answer was as it should be."""

    endpoint: str
    at: float
    total_s: float
    failure: Failure | None = None
    found: Found = field(default_factory=Found)

    def cells(self) -> tuple[Sample, ...]:
        """The samples of the look; their instance is the endpoint."""
        values = {
            "endpoint_up": float(self.failure is None),
            "endpoint_failure": float(1 + REASONS.index(self.failure.reason)) if self.failure else 0.0,
            "endpoint_http_status": self.found.status,
            "endpoint_name_s": self.found.name_s,
            "endpoint_connect_s": self.found.connect_s,
            "endpoint_tls_s": self.found.tls_s,
            "endpoint_first_byte_s": self.found.first_byte_s,
            "endpoint_total_s": self.total_s,
            "endpoint_certificate_s": self.found.certificate_s,
        }
        return tuple((metric, self.endpoint, value) for metric, value in values.items() if value is not None)
