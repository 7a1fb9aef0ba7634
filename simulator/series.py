"""A fault that comes again and again: when, for how long, and with which luck. Seeded, hence the same each time."""

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import NamedTuple

from simulator.faults import Fault

_DAY_S = 86_400.0
_SIGMA = 0.8  # of the logarithm of what they last: most are short, a few are long
_LEAST_S = 30.0


class Coming(NamedTuple):
    """`after_s` seconds after the one before, `fault` comes; `random` chooses its place."""

    after_s: float
    fault: Fault
    random: Random


@dataclass
class Series:
    """Faults like `fault` at random, `fault.a_day` of them a day on average, each `fault.lasts` on average."""

    fault: Fault
    seed: str
    count: int = 0

    def following(self) -> Coming:
        """The next one: gaps are exponential, durations log-normal, at least half a minute."""
        self.count += 1
        random = Random(f"{self.seed}:{self.count}")
        after_s = random.expovariate(self.fault.a_day / _DAY_S)
        mean_s = (self.fault.lasts or timedelta()).total_seconds()
        lasts_s = max(mean_s * random.lognormvariate(-(_SIGMA**2) / 2, _SIGMA), _LEAST_S)
        return Coming(after_s, replace(self.fault, lasts=timedelta(seconds=lasts_s), a_day=0.0), random)
