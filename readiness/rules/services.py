"""Readiness of single services, and what their endpoints mean for a village. Pure.

A service is as ready as the least of what it needs: the village's way to a working kendra, then its
endpoints. Times are UTC epoch seconds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inventory.model import Service
from readiness.model import Layer, Readiness, Status
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
    """Where one service stands in one channel; `endpoint` decided it, empty where none did."""

    status: Readiness
    layer: Layer | None
    endpoint: str = ""


def needs_at_kendra(services: Iterable[Service]) -> tuple[frozenset[str], ...]:
    """The endpoints of each service that is given at a kendra's counter; one without channels counts as such."""
    return tuple(frozenset(each.endpoints) for each in services if KENDRA in each.channels or not each.channels)


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
    counts = Counter(code for need in short for code in need if _status(seen, code) is status)
    worst = min(counts, key=lambda code: (-counts[code], code))
    reason = f"{len(short)} of {of} services need {worst}, which is {status}"
    return Lack(Result(after, reason, Layer.ENDPOINT), worst, seen[worst][1])


def of_service(service: Service, channel: str, village: Result, seen: Seen) -> Ready:
    """The readiness of one service in one channel for a village that stands at `village` otherwise.

    Only the kendra's counter depends on the village. An endpoint that nobody sees makes its
    services unknown.
    """
    here = village if channel == KENDRA else Result(Readiness.READY, "")
    if here.status not in _WORKING:
        return Ready(Readiness(here.status), here.layer)
    worst = [(readiness, code) for readiness, code in _by_endpoint(service, seen) if readiness is not Readiness.READY]
    if not worst or (worst[0][0] is Readiness.DEGRADED and here.status is Readiness.DEGRADED):
        return Ready(Readiness(here.status), here.layer)
    readiness, code = worst[0]
    return Ready(readiness, Layer.ENDPOINT, code)


def _by_endpoint(service: Service, seen: Seen) -> list[tuple[Readiness, str]]:
    """What each endpoint leaves of the service, the worst first."""
    order = (Readiness.BLOCKED, Readiness.UNKNOWN, Readiness.DEGRADED, Readiness.READY)
    found = [(_LEAVES[_status(seen, code)], code) for code in service.endpoints]
    return sorted(found, key=lambda one: (order.index(one[0]), one[1]))


_LEAVES = {
    Status.UP: Readiness.READY,
    Status.DEGRADED: Readiness.DEGRADED,
    Status.DOWN: Readiness.BLOCKED,
    Status.UNKNOWN: Readiness.UNKNOWN,
}


def _status(seen: Seen, code: str) -> Status:
    return seen[code][0] if code in seen else Status.UNKNOWN
