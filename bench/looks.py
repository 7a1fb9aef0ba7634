"""Looks at the services' endpoints in simulated time, as the collector's own eyes make them."""

from collections.abc import Sequence

from collectors.http.batch import Columns
from collectors.http.look import NOC, Found, Look
from collectors.model import Batch, Failure, Reason
from simulator.portals import Trouble
from simulator.world import World

_TIMEOUT_S = 10.0
_USUAL_S = 0.2


class Looks:
    """Every endpoint each `interval_s`."""

    def __init__(self, world: World, interval_s: float, now: float) -> None:
        self._world, self._interval_s = world, interval_s
        self._codes: Sequence[str] = tuple(world.inventory.endpoints)
        self._columns = Columns((NOC,), self._codes)
        self._next = now

    def batch(self, now: float) -> Batch | None:
        """The looks that are due by `now`."""
        if now < self._next or not self._codes:
            return None
        self._next = now + self._interval_s
        condition = self._world.condition
        looks = [
            (
                NOC,
                _failed(code, now, Reason.TIMEOUT)
                if condition.blind
                else _look(code, now, condition.portals.get(code)),
            )
            for code in self._codes
        ]
        return self._columns.batch(looks, now)


def _look(code: str, now: float, trouble: Trouble | None) -> Look:
    if trouble is None:
        return Look(code, now, _USUAL_S, None, Found(200))
    if trouble.refuse:
        return _failed(code, now, Reason.PROTOCOL)
    if trouble.silent or trouble.slow_s > _TIMEOUT_S:
        return _failed(code, now, Reason.TIMEOUT)
    bad = Failure(Reason.STATUS) if trouble.status >= 400 else None
    return Look(code, now, max(trouble.slow_s, _USUAL_S), bad, Found(trouble.status))


def _failed(code: str, now: float, reason: Reason) -> Look:
    return Look(code, now, _TIMEOUT_S if reason is Reason.TIMEOUT else _USUAL_S, Failure(reason))
