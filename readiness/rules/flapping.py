"""What goes down again and again: route flap damping (RFC 2439) for devices and links. Pure.

A penalty that decays, not a count in a window: it needs no list of outages, and its end is known in advance.
"""

from dataclasses import dataclass
from math import log2

from readiness.rules.quality import shipped

_FORGOTTEN = 100.0  # a penalty that small is none


@dataclass(frozen=True, slots=True)
class Damping:
    """See quality.toml."""

    outage: float
    suppress: float
    reuse: float
    half_life_s: float
    longest_s: float
    source: str

    @property
    def most(self) -> float:
        """A penalty that has decayed to `reuse` after the longest time."""
        return float(self.reuse * 2 ** (self.longest_s / self.half_life_s))


@dataclass(frozen=True, slots=True)
class Penalty:
    """`value` is that at `at`, UTC epoch seconds; `first` is when the first of `count` outages began."""

    value: float
    at: float
    first: float
    count: int
    damped_since: float | None = None

    def left(self, now: float, damping: Damping) -> float:
        return float(self.value * 2 ** (-max(now - self.at, 0.0) / damping.half_life_s))


def damping() -> Damping:
    values = shipped()["flapping"]
    return Damping(**values)


def flap(before: Penalty | None, at: float, damping: Damping) -> Penalty:
    """One more outage began at `at`."""
    if before is None:
        return Penalty(damping.outage, at, at, 1)
    value = min(before.left(at, damping) + damping.outage, damping.most)
    since = before.damped_since
    if since is None and value >= damping.suppress:
        since = at
    return Penalty(value, max(at, before.at), before.first, before.count + 1, since)


def ends_at(penalty: Penalty, damping: Damping) -> float:
    """When the subject is no longer flapping, or not suspected of it any more, if nothing happens until then."""
    floor = _FORGOTTEN if penalty.damped_since is None else damping.reuse
    return penalty.at + damping.half_life_s * log2(max(penalty.value / floor, 1.0))


def said(penalty: Penalty) -> str:
    minutes = max(round((penalty.at - penalty.first) / 60), 1)
    return f"flapping: {penalty.count} outages within {minutes} minutes"
