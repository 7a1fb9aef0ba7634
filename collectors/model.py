"""What observation hands on: one PollResult a device, and batches of columns for many."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from collectors.reading.model import Reading


class Reason(StrEnum):
    """Why a poll failed. The order is the wire form: columns carry the position in REASONS."""

    TIMEOUT = "timeout"  # asked, no answer
    REFUSED = "refused"  # the address answered that nothing listens (ICMP port unreachable, TCP RST)
    NO_ROUTE = "no_route"  # our own machine could not send: says nothing of the device
    AUTHENTICATION = "authentication"  # answered, but not to these credentials
    PROTOCOL = "protocol"  # answered with something that is not what was asked for
    HOST_KEY = "host_key"  # SSH host key unknown: no credential was sent
    DEADLINE = "deadline"  # answers came, but not all of them inside the device's deadline
    SECRET = "secret"  # noqa: S105 - a reason, no secret: the credential reference could not be resolved on this machine
    # Of endpoints:
    NAME = "name"  # the host's name leads to no address
    FORBIDDEN = "forbidden"  # it leads to an address that nobody may be sent to: nothing was sent
    TLS = "tls"  # no encrypted connection, mostly because of the certificate
    STATUS = "status"  # answered with another HTTP status than a good answer has
    TEXT = "text"  # answered without the text that a good answer has
    # New ones only here, for what is stored holds their position:
    HOST_KEY_CHANGED = "host_key_changed"  # another SSH host key than the one known: no credential was sent
    ABSENT = "absent"  # the PC through which it is seen answers, and says that it isn't connected


REASONS: tuple[Reason, ...] = tuple(Reason)
ANSWERED = frozenset(
    {
        Reason.AUTHENTICATION,
        Reason.PROTOCOL,
        Reason.HOST_KEY,
        Reason.HOST_KEY_CHANGED,
        Reason.DEADLINE,
        Reason.REFUSED,
    }
)
"""Failures of a device's poll that prove that something at the address is alive."""


@dataclass(frozen=True, slots=True)
class Failure:
    reason: Reason
    permanent: bool = False  # asking again will not help until somebody changes something
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PollResult:
    """The answer of one device to one poll.

    `samples` is metric -> instance -> value, counters as whole integers exactly as the device
    sent them. `reached` is whether the device gave any authentic answer. `errors` names what was
    asked for and is absent: (what, reason). `facts` is what the device says of itself, where the
    probe asks that.
    """

    device: str
    at: datetime
    took_ms: float
    reached: bool
    samples: Mapping[str, Mapping[str, int | float]] = field(default_factory=dict)
    failure: Failure | None = None
    errors: tuple[tuple[str, str], ...] = ()
    facts: Reading | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A slice of observation as columns: the unit that history, sinks and judgement take.

    `devices[i]` and `instances[i]` give the text behind the integers of the columns; both tuples
    may be shared between batches. Polls have one entry per finished poll, samples one per value.
    Times are UTC epoch seconds.

    A poll that ended a silence check carries `burst_sent` > 0 and how many of these probes were
    answered (rule 1 of DESIGN §5); otherwise both are 0.
    """

    devices: tuple[str, ...]
    instances: tuple[str, ...]
    poll_device: NDArray[np.int32]
    poll_at: NDArray[np.float64]  # when the poll's first packet was sent
    poll_took_ms: NDArray[np.float32]
    poll_reached: NDArray[np.bool_]
    poll_reason: NDArray[np.int8]  # position in REASONS, -1 where there was no failure
    burst_sent: NDArray[np.int8]
    burst_answered: NDArray[np.int8]
    sample_device: NDArray[np.int32]
    sample_metric: NDArray[np.int16]  # row in collectors.metrics.METRICS
    sample_instance: NDArray[np.int32]  # port name, ONT index, disk...; the empty text for a scalar
    sample_at: NDArray[np.float64]
    sample_value: NDArray[np.float64]  # counters too: exact below 2^53, like Prometheus
    closed_at: float


Sink = Callable[[Batch], Awaitable[None]]
"""Takes a batch; when it returns, what it promised about storing holds."""
