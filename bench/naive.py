"""Readiness of one (village, service) by the plain rule and plain trigonometry: what the columns have to agree with."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import acos, cos, isnan, radians, sin

from inventory.model import Service
from readiness.model import Layer, Readiness
from readiness.rules.matrix import Eyes, Matrix
from readiness.rules.reach import Degrees, Travel
from readiness.rules.services import KENDRA, Counter, of_service
from readiness.rules.verdicts import Meaning, meaning
from readiness.rules.village import Result

_BEST = (Readiness.READY, Readiness.DEGRADED)
_NO_KENDRA = Meaning(Readiness.UNKNOWN, Readiness.UNKNOWN, Layer.NOT_COMMISSIONED)
_EARTH_KM = 6371.0

Point = tuple[float, float]


def road_km(a: Point, b: Point, factor: float) -> float:
    """By the spherical law of cosines; NaN where either place isn't located."""
    if any(map(isnan, (*a, *b))):
        return float("nan")
    lon, lat, to_lon, to_lat = map(radians, (*a, *b))
    same = sin(lat) * sin(to_lat) + cos(lat) * cos(to_lat) * cos(to_lon - lon)
    return _EARTH_KM * acos(min(1.0, same)) * factor


@dataclass(frozen=True)
class Naive:
    """The rule over what a matrix was told; `kendras` is where they are."""

    matrix: Matrix
    kendras: Degrees
    travel: Travel
    eyes: Eyes

    def village(self, village: int) -> Iterator[Meaning]:
        """Every service of the village, in the plan's order."""
        here: Point = tuple(self.matrix.villages.at[village].tolist())
        near = [n for n, there in enumerate(self.kendras.tolist()) if self._reaches(here, there)]
        own = int(self.matrix.villages.by[village])
        for service in self.matrix.plan.services:
            yield self._service(service, own, near)

    def _reaches(self, here: Point, there: Point) -> bool:
        # A degree is 111 km: what is more than one away in latitude need not be reckoned.
        return abs(here[1] - there[1]) < 1 and road_km(here, there, self.travel.road_factor) <= self.travel.limit_km

    def _service(self, service: Service, own: int, near: list[int]) -> Meaning:
        here = self._at(service, own) if own >= 0 else _NO_KENDRA
        if here.status in _BEST:
            return here
        there = {self._at(service, kendra).status for kendra in near}
        best = next((status for status in _BEST if status in there), here.status)
        return Meaning(best, here.own, here.layer)

    def _at(self, service: Service, kendra: int) -> Meaning:
        """At that kendra's counter."""
        way = meaning(int(self.matrix.kendras.way[kendra]))
        sights = self.eyes.own.get(kendra, self.eyes.for_all)
        seen = {code: (status, 0.0) for code, status in sights.items()}
        ready = of_service(service, KENDRA, Result(way.status, "", way.layer), seen, self._counter(kendra))
        return Meaning(ready.status, ready.status, ready.layer)

    def _counter(self, kendra: int) -> Counter:
        state = self.matrix.kendras
        absent = (name for n, name in enumerate(self.matrix.plan.peripherals) if int(state.absent[kendra]) >> n & 1)
        latency, loss = (float(column[kendra]) for column in (state.latency_ms, state.loss_percent))
        return Counter(frozenset(absent), None if isnan(latency) else latency, None if isnan(loss) else loss)
