"""What the collector counts about itself."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

DELAY_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, float("inf"))


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure that another part keeps, such as the size of a queue; it goes out with ours."""

    name: str
    help: str
    value: Callable[[], float]
    counter: bool = False


@dataclass(slots=True)
class Figures:
    """Counts since the start, and the size of what waits at this moment."""

    missed: int = 0  # polls left out: their time passed before they could begin
    crashed: int = 0  # polls that ended in a fault of ours
    unresolved: int = 0  # devices whose credential could not be resolved
    bursts: int = 0
    batches: int = 0
    samples: int = 0
    unnamed: int = 0  # samples left out: their instance is one too many for their device, or for all together
    left_out: int = 0  # samples of looks, pings and notifications that the sinks were too slow for
    under_way: int = 0  # polls by themselves
    in_volleys: int = 0  # polls under way in volleys
    waiting: int = 0  # polls due, not begun
    unbatched: int = 0  # polls finished, in no batch yet
    sink_failures: Counter[str] = field(default_factory=Counter)
    sink_seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    loop_delays: Counter[float] = field(default_factory=Counter)  # by the first of DELAY_BOUNDS_S not below it
    loop_delay_sum_s: float = 0.0

    def delayed(self, seconds: float) -> None:
        """The event loop came back this much later than asked."""
        self.loop_delays[next(bound for bound in DELAY_BOUNDS_S if seconds <= bound)] += 1
        self.loop_delay_sum_s += seconds
