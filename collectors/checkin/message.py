"""What an agent sends: whose it is, and what of it can be read. Pure; everything here is hostile until checked."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from collectors.model import Reason

PATH = "/api/v1/checkin"
SIGNED = b"pahunch-checkin-v1\n"
"""What a signature covers before the kendra's name, a line end and the body: it is good for nothing else."""

LEAST_KEY = 32  # characters

Failure = Literal["timeout", "refused", "no_route", "protocol", "deadline", "name", "tls", "status", "text"]
"""The words of collectors.model.Reason that an agent may use."""

_Count = Annotated[int, Field(ge=0, le=1 << 53)]
_Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
_Time = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
_Name = Annotated[str, StringConstraints(max_length=100)]
_Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class _Part(BaseModel):
    """A newer agent may say more than is known here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Peripheral(_Part):
    """`id` is "usb:VVVV:PPPP" or the like; the device's own texts are left out."""

    kind: _Name
    id: _Name


class Power(_Part):
    on_battery: bool
    charge_percent: _Percent | None = None
    runtime_s: Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)] | None = None
    load_percent: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    input_voltage: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None


class Seen(_Part):
    """A look at an endpoint; seconds."""

    code: _Name
    failure: Failure | None
    total_s: _Seconds
    status: Annotated[int, Field(ge=100, le=999)] | None = None
    name_s: _Seconds | None = None
    connect_s: _Seconds | None = None
    tls_s: _Seconds | None = None
    first_byte_s: _Seconds | None = None


class Said(_Part):
    """What a heartbeat tells of the kendra; None where the PC can't tell."""

    peripherals: Annotated[tuple[Peripheral, ...], Field(max_length=64)] | None = None
    power: Power | None = None
    looks: Annotated[tuple[Seen, ...], Field(max_length=32)] = ()


class Heartbeat(Said):
    """`at` is by the clock that `by` names; `age_s` at sending, by a clock that runs only forward, None after a restart."""

    n: _Count
    at: _Time
    by: Literal["server", "wall"] = "wall"
    age_s: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None


class Envelope(_Part):
    agent: Annotated[str, StringConstraints(pattern=r"^[0-9.]{1,20}$")]
    install: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    sequence: Annotated[int, Field(ge=1, le=1 << 56)]
    sent_at: _Time
    dropped: _Count = 0
    waiting: _Count = 0
    heartbeats: Annotated[tuple[Any, ...], Field(max_length=500)]

    def readable(self) -> Iterator[Heartbeat]:
        """The heartbeats that can be read: a bad one is not to hold up the others."""
        for told in self.heartbeats:
            try:
                yield Heartbeat.model_validate(told)
            except ValidationError:
                continue


class UnreadableError(ValueError):
    """The message names places in the body, not what stands there."""


def read(body: bytes) -> Envelope:
    """Raises UnreadableError."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['type']}" for each in error.errors()[:5]]
        raise UnreadableError("; ".join(faults)) from None


def signature(key: str, site: str, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) in hexadecimal digits."""
    return hmac.new(key.encode(), SIGNED + site.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def is_signed(key: str, site: str, body: bytes, told: str) -> bool:
    """In constant time, whatever was told."""
    return hmac.compare_digest(signature(key, site, body).encode(), told.encode())


def reason_of(failure: Failure | None) -> Reason | None:
    return None if failure is None else Reason(failure)


_LONGEST_AGE_S = 60 * 86_400.0
_WALL_S = 600.0  # a clock that is wrong by more now says nothing of an earlier start of the machine
_JITTER_S = 60.0  # that a request may take longer than the one before it


def dated(
    beats: Sequence[Heartbeat], received_at: float, clock_error_s: float, after: float | None
) -> list[float | None]:
    """When each heartbeat was made, UTC epoch seconds; None where that can't be told.

    They come in the order in which they were made, the first after the moment `after`, which is what was dated
    before (None: nothing was). So the times grow and end before `received_at`; what says otherwise is no
    time. `clock_error_s` is by how much the PC's wall clock is fast now.
    """
    found: list[float | None] = []
    until = received_at
    for beat in reversed(beats):
        at = _told(beat, received_at, clock_error_s)
        if at is not None and beat.age_s is not None:
            at = min(at, until)
        if at is not None and received_at - _LONGEST_AGE_S <= at <= until:
            until = at
            found.append(at)
        else:
            found.append(None)
    return _growing(list(reversed(found)), after)


def _told(beat: Heartbeat, received_at: float, clock_error_s: float) -> float | None:
    if beat.age_s is not None:
        return received_at - beat.age_s
    if beat.by == "server":
        return beat.at
    return beat.at - clock_error_s if abs(clock_error_s) <= _WALL_S else None


def _growing(times: Sequence[float | None], after: float | None) -> list[float | None]:
    """What lies a little before the one before it is moved, what lies long before it is no time."""
    found: list[float | None] = []
    before = after
    for at in times:
        moved = at
        if at is not None and before is not None and at <= before:
            moved = before + 0.001 if before - at < _JITTER_S else None
        before = before if moved is None else moved
        found.append(moved)
    return found
