"""Whether what answers does so well enough: readings against limits, with hysteresis. Pure; quality.toml holds the limits."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import inf
from typing import Any

from inventory.model import Service

_DARK_DBM = -35.0  # no light: that a fibre is dark is said by the port's state, not by its receiver
_ALL_LOST = 100.0  # percent: that is silence, or somebody who filters echo requests
WITHIN = "within its limits again"
_LEAST_SHARE, _GAP = 0.5, 0.1  # of a port's speed


class Trouble(StrEnum):
    """What may be wrong with something that answers, the one to be named first coming first."""

    FLAPPING = "flapping"
    LOSS = "loss"
    LATENCY = "latency"
    FULL_IN = "full_in"
    FULL_OUT = "full_out"
    WEAK_ONT_LIGHT = "weak_ont_light"
    STRONG_ONT_LIGHT = "strong_ont_light"
    WEAK_LIGHT = "weak_light"
    STRONG_LIGHT = "strong_light"
    WEAK_LASER = "weak_laser"


@dataclass(frozen=True, slots=True)
class Limit:
    """When readings of `metric` mean trouble; see quality.toml."""

    metric: str
    enter: float
    leave: float
    newest: float
    readings: int
    lasts_s: float
    unit: str
    source: str
    below: bool = False

    def is_beyond(self, value: float, limit: float) -> bool:
        return value <= limit if self.below else value >= limit


@dataclass(frozen=True, slots=True)
class Doubt:
    """What readings came to since one of them was beyond the limit. Times are UTC epoch seconds."""

    at: float  # of the newest reading
    mean: float
    count: int
    ill: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What the strictest service asks of the way to it; None where none says so."""

    loss_percent: float | None = None
    latency_ms: float | None = None
    bandwidth_kbps: float | None = None

    @classmethod
    def of(cls, services: Iterable[Service]) -> "Needs":
        rows = list(services)
        return cls(
            min((one.loss_percent for one in rows if one.loss_percent), default=None),
            min((one.latency_ms for one in rows if one.latency_ms), default=None),
            max((one.bandwidth_kbps for one in rows if one.bandwidth_kbps), default=None),
        )


@cache
def shipped() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(files("readiness.rules").joinpath("quality.toml").read_text(encoding="utf-8"))


def limits(needs: Needs = Needs()) -> dict[Trouble, Limit]:
    """The shipped limits, made stricter by what services need."""
    found = {Trouble(name): Limit(**values) for name, values in shipped().items() if name != Trouble.FLAPPING}
    loss, latency = found[Trouble.LOSS], found[Trouble.LATENCY]
    if needs.loss_percent is not None and needs.loss_percent > loss.enter:
        found[Trouble.LOSS] = replace(
            loss, enter=needs.loss_percent, leave=needs.loss_percent * loss.leave / loss.enter
        )
    if needs.latency_ms is not None:
        enter = needs.latency_ms / 1000
        found[Trouble.LATENCY] = replace(latency, enter=enter, leave=enter * latency.leave / latency.enter)
    return found


def full_share(limit: Limit, speed_bps: float, needs: Needs) -> float:
    """The share of a port's speed from which on the neediest service finds no room."""
    need = (needs.bandwidth_kbps or 0.0) * 1000
    return min(limit.enter, max(1 - need / speed_bps, _LEAST_SHARE))


def with_share(limit: Limit, share: float) -> Limit:
    return replace(limit, enter=share, leave=share - _GAP)


def tells(trouble: Trouble, value: float) -> bool:
    """Whether a reading says how well something answers, and not that there is no answer at all."""
    if trouble is Trouble.LOSS:
        return value < _ALL_LOST
    return trouble is Trouble.LATENCY or value > _DARK_DBM


def step(doubt: Doubt | None, at: float, value: float, limit: Limit) -> Doubt | None:
    """Take a reading into account; None: there is nothing to doubt. Older ones than known change nothing."""
    if doubt is None:
        if not limit.is_beyond(value, limit.enter):
            return None
        doubt = Doubt(-inf, value, 0)
    if at <= doubt.at:
        return doubt
    count = doubt.count + 1
    mean = doubt.mean + max(limit.newest, 1 / count) * (value - doubt.mean)
    if count < limit.readings:
        return Doubt(at, mean, count, doubt.ill)
    ill = limit.is_beyond(mean, limit.leave if doubt.ill else limit.enter)
    return Doubt(at, mean, limit.readings, ill) if ill or limit.is_beyond(mean, limit.leave) else None


def said(trouble: Trouble, port: str, value: float, limit: Limit) -> str:
    """The sentence about a trouble: which, how much, and what the limit is."""
    much, most = _written(value, limit.unit), _written(limit.enter, limit.unit)
    match trouble:
        case Trouble.LOSS:
            told = f"echo requests lost: {much}, limit {most}"
        case Trouble.LATENCY:
            told = f"echo requests take {much}, limit {most}"
        case Trouble.FULL_IN:
            told = f"{port} receives {much} of its speed, limit {most}"
        case Trouble.FULL_OUT:
            told = f"{port} sends {much} of its speed, limit {most}"
        case Trouble.WEAK_LASER:
            told = f"{port} sends weak light: {much}, limit {most}"
        case Trouble.STRONG_LIGHT | Trouble.STRONG_ONT_LIGHT:
            told = f"{port} receives too much light: {much}, limit {most}"
        case _:
            told = f"{port} receives weak light: {much}, limit {most}"
    return told


def _written(value: float, unit: str) -> str:
    factor, shown, digits = {"s": (1000, "ms", 0), "": (100, "%", 0)}.get(unit, (1, unit, 1))
    return f"{value * factor:.{digits}f} {shown}"
