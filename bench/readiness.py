"""650,000 villages x 100 services: what a change costs until every service's figures are there again.

Seconds are CPU time of this process, for the machine may be busy with other work.
"""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import numpy as np

from bench.machine import pss_mb
from bench.naive import Naive
from bench.readiness_world import ENDPOINTS, Land, equipment, land, services
from readiness.model import Layer, Readiness, Status
from readiness.rules.matrix import Eyes, Kendras, Matrix, Plan
from readiness.rules.reach import Numbers, Travel
from readiness.rules.verdicts import meaning, verdict

_VILLAGES, _KENDRAS, _SERVICES = 650_000, 250_000, 100
_TRAVEL = Travel(limit_km=15, road_factor=1.3)
_POP_VILLAGES = 2_000
_ALL_UP = dict.fromkeys(ENDPOINTS, Status.UP)
_OFF = verdict(Readiness.BLOCKED, Layer.KENDRA_HARDWARE)
_DARK = verdict(Readiness.BLOCKED, Layer.BACKHAUL)

Change = tuple[str, Callable[[], object]]


def run(quick: bool) -> dict[str, float]:
    """Figures of the whole country; `quick` for a check that it works. PlacesMissingError without the public data."""
    wanted, repeats = (3_000, 2) if quick else (_VILLAGES, 10)
    places = land(wanted, 1_000 if quick else _KENDRAS)
    before = pss_mb([os.getpid()])
    began = time.process_time()
    trial = _Trial(places)
    built = time.process_time() - began
    took: dict[str, list[float]] = {}
    for kind, change in trial.changes(repeats, 300 if quick else _POP_VILLAGES):
        began = time.process_time()
        change()
        trial.matrix.counts()
        took.setdefault(kind, []).append(time.process_time() - began)
    every = [seconds for some in took.values() for seconds in some]
    checked, wrong = trial.check(40 if quick else 300)
    return {
        "villages": len(places.villages.by), "kendras": len(places.kendras), "services": _SERVICES,
        "different_needs": len(trial.matrix.plan.columns), "build_cpu_s": round(built, 2), "changes": len(every),
        "change_cpu_s_median": round(median(every), 4), "change_cpu_s_worst": round(max(every), 4),
        **{f"{kind}_cpu_s_worst": round(max(some), 4) for kind, some in took.items()},
        "matrix_mb": round(trial.matrix.octets / 1e6, 1), "memory_mb": round(pss_mb([os.getpid()]) - before, 1),
        "checked": checked, "wrong": wrong,
    }  # fmt: skip


class _Trial:
    """A country, and what happens to it."""

    def __init__(self, places: Land) -> None:
        self._land, self._chance = places, np.random.default_rng(11)
        self.matrix = Matrix(Plan.of(services(_SERVICES)), places.villages, places.kendras, _TRAVEL)
        self.matrix.set(equipment(len(places.kendras)))
        self._see(Eyes(_ALL_UP))

    def changes(self, repeats: int, pop_villages: int) -> Iterator[Change]:
        """Each goes to and fro; the last ones of each kind stay."""
        for _ in range(repeats):
            kendra = self._chance.integers(0, len(self._land.kendras), 1)
            yield from self._there_and_back("kendra_off", kendra, _OFF)
            yield from self._there_and_back("pop_down", self._around(int(kendra[0]), pop_villages), _DARK)
            failed = str(self._chance.choice(ENDPOINTS))
            yield "endpoint_down", partial(self._see, Eyes(_ALL_UP | {failed: Status.DOWN}))
            yield "endpoint_up", lambda: self._see(Eyes(_ALL_UP))
        near = self._around(int(self._chance.integers(0, len(self._land.kendras))), pop_villages)
        own = {int(one): _ALL_UP for one in near}
        yield (
            "own_eyes",
            lambda: self._see(Eyes(_ALL_UP | {ENDPOINTS[0]: Status.DOWN, ENDPOINTS[1]: Status.DEGRADED}, own)),
        )
        yield "pop_down", lambda: self.matrix.change(near[::2], self._with(near[::2], _DARK))

    def check(self, villages: int) -> tuple[int, int]:
        """How many (village, service) of a sample were compared with the plain rule, and how many are otherwise.

        Half of the sample are villages near what changed last.
        """
        rule = Naive(self.matrix, self._land.kendras, _TRAVEL, self._eyes)
        some = self._chance.choice(len(self._land.villages.by), villages // 2, replace=False)
        near = np.flatnonzero(np.isin(self._land.villages.by, list(self._eyes.own)))[: villages - len(some)]
        sample = np.concatenate([some, near])
        found = [[meaning(octet) for octet in row] for row in self.matrix.of(sample).tolist()]
        naive = [list(rule.village(village)) for village in sample.tolist()]
        pairs = [
            (one, other) for row, rows in zip(found, naive, strict=True) for one, other in zip(row, rows, strict=True)
        ]
        return len(pairs), sum(one != other for one, other in pairs)

    def _see(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self.matrix.see(eyes)

    def _there_and_back(self, kind: str, which: Numbers, way: int) -> Iterator[Change]:
        before = self.matrix.kendras.at(which)
        yield kind, lambda: self.matrix.change(which, self._with(which, way))
        yield f"{kind}_over", lambda: self.matrix.change(which, before)

    def _with(self, which: Numbers, way: int) -> Kendras:
        now = self.matrix.kendras.at(which)
        now.way[:] = way
        return now

    def _around(self, kendra: int, villages: int) -> Numbers:
        """The kendras nearest to that one which together serve so many villages."""
        away = np.abs(self._land.kendras - self._land.kendras[kendra]).max(axis=1)
        order = np.argsort(away, kind="stable")
        served = np.bincount(self._land.villages.by[self._land.villages.by >= 0], minlength=len(order))
        many = int(np.searchsorted(np.cumsum(served[order]), villages)) + 1
        return order[:many]
