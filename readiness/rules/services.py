"""Readiness of single services, and what their endpoints mean for a village. Pure.

A service is as ready as the least of what it needs: the village's way to a working kendra, the peripherals and
the line that it needs there, then its endpoints. Times are UTC epoch seconds.
"""

import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inventory.model import Service
from readiness.model import Layer, Readiness, Responsible, Status
from readiness.rules.village import Result

KENDRA = "kendra"
"""The channel of a kendra's counter; the others go over the citizen's own line, which nobody observes."""

Seen = Mapping[str, tuple[Status, float]]
"""Endpoint -> its status for these villages, and since when."""

_WORKING = frozenset({Readiness.READY, Readiness.DEGRADED})


@dataclass(frozen=True, slots=True)
class Lack:
    """What villages lack although their kendra works; `endpoint` is the one to blame, `since` its status began."""

    result: Result
    endpoint: str
    since: float


@dataclass(frozen=True, slots=True)
class Ready:
    """Where one service stands in one channel; `endpoint` or the `peripheral` decided it, empty where none did."""

    status: Readiness
    layer: Layer | None
    endpoint: str = ""
    peripheral: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """What was observed at a kendra's counter: peripherals that are absent, its line (None: nobody measured it)."""

    absent: frozenset[str] = frozenset()
    latency_ms: float | None = None
    loss_percent: float | None = None

    def is_too_slow(self, service: Service) -> bool:
        needs = ((self.latency_ms, service.latency_ms), (self.loss_percent, service.loss_percent))
        return any(seen is not None and most is not None and seen > most for seen, most in needs)


WHOLE = Counter()


def who_acts(ready: Ready, of_outage: Responsible | None) -> Responsible:
    """Who has to act on what is in the way of a service; `of_outage` is responsible for the open outage of its village."""
    if ready.status is Readiness.READY:
        return Responsible.NONE
    if ready.endpoint or ready.peripheral or of_outage is None:
        return _ACTS.get(ready.layer, Responsible.NONE)
    return of_outage


_ACTS: Mapping[Layer | None, Responsible] = {
    Layer.NOT_COMMISSIONED: Responsible.AGENCY,
    Layer.POWER: Responsible.POWER_UTILITY,
    Layer.GP_EQUIPMENT: Responsible.AGENCY,
    Layer.BACKHAUL: Responsible.AGENCY,
    Layer.LAST_MILE: Responsible.AGENCY,
    Layer.KENDRA_HARDWARE: Responsible.KENDRA_OPERATOR,
    Layer.ENDPOINT: Responsible.SERVICE_OWNER,
}
NOT_ONLINE = Ready(Readiness.UNKNOWN, Layer.NOT_COMMISSIONED)
"""Of a service that the state doesn't give yet."""


def is_at_kendra(service: Service) -> bool:
    """Whether it is given at a kendra's counter; one without channels counts as such."""
    return KENDRA in service.channels or not service.channels


def needs_at_kendra(services: Iterable[Service]) -> tuple[frozenset[str], ...]:
    """The endpoints of each service that is given at a kendra's counter."""
    return tuple(frozenset(each.endpoints) for each in services if is_at_kendra(each))


def lack(village: Result, needs: Sequence[frozenset[str]], seen: Seen) -> Lack | None:
    """What the endpoints take from villages that stand at `village` otherwise; None: nothing.

    All services gone means blocked, some gone or slow degraded. A layer below that already fails
    stays the first to be named, unless the endpoints make it worse.
    """
    if village.status not in _WORKING:
        return None
    for status in (Status.DOWN, Status.DEGRADED):
        short = [need for need in needs if any(_status(seen, code) is status for code in need)]
        if short:
            blocked = status is Status.DOWN and len(short) == len(needs)
            after = Readiness.BLOCKED if blocked else Readiness.DEGRADED
            return None if after is village.status else _lack(after, status, short, len(needs), seen)
    return None


def _lack(after: Readiness, status: Status, short: Sequence[frozenset[str]], of: int, seen: Seen) -> Lack:
    counts = collections.Counter(code for need in short for code in need if _status(seen, code) is status)
    worst = min(counts, key=lambda code: (-counts[code], code))
    reason = f"{len(short)} of {of} services need {worst}, which is {status}"
    return Lack(Result(after, reason, Layer.ENDPOINT), worst, seen[worst][1])


def of_service(service: Service, channel: str, village: Result, seen: Seen, counter: Counter = WHOLE) -> Ready:
    """The readiness of one service in one channel for a village that stands at `village` otherwise.

    Only the kendra's counter depends on the village. An endpoint that nobody sees makes its
    services unknown. Of what is equally bad the lowest layer is told.
    """
    here = village if channel == KENDRA else Result(Readiness.READY, "")
    own = Ready(Readiness(here.status), here.layer)
    if own.status not in _WORKING:
        return own
    there = _at_counter(service, counter) if channel == KENDRA else []
    return min([own, *there, *_by_endpoint(service, seen)], key=_worst_first)


def _at_counter(service: Service, counter: Counter) -> list[Ready]:
    absent = sorted(counter.absent.intersection(service.peripherals))
    found = [Ready(Readiness.BLOCKED, Layer.KENDRA_HARDWARE, peripheral=name) for name in absent]
    return [*found, Ready(Readiness.DEGRADED, Layer.BACKHAUL)] if counter.is_too_slow(service) else found


def _by_endpoint(service: Service, seen: Seen) -> list[Ready]:
    """What its endpoints leave of the service."""
    left = [(_LEAVES[_status(seen, code)], code) for code in service.endpoints]
    return [Ready(status, Layer.ENDPOINT, code) for status, code in left if status is not Readiness.READY]


def _worst_first(one: Ready) -> tuple[int, int, str, str]:
    return _WORST.index(one.status), _FROM_THE_GROUND.index(one.layer), one.peripheral, one.endpoint


_WORST = (Readiness.BLOCKED, Readiness.UNKNOWN, Readiness.DEGRADED, Readiness.READY)
_FROM_THE_GROUND: tuple[Layer | None, ...] = (None, *Layer)
_LEAVES = {
    Status.UP: Readiness.READY,
    Status.DEGRADED: Readiness.DEGRADED,
    Status.DOWN: Readiness.BLOCKED,
    Status.UNKNOWN: Readiness.UNKNOWN,
}


def _status(seen: Seen, code: str) -> Status:
    return seen[code][0] if code in seen else Status.UNKNOWN
