"""What a few echo requests say of the way to a device. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Pinged:
    """`rtts`: the round trip of each request in seconds, in their order; None: lost."""

    rtts: tuple[float | None, ...]

    @property
    def answered(self) -> Sequence[float]:
        return [rtt for rtt in self.rtts if rtt is not None]

    def samples(self) -> dict[str, float]:
        """Values by metric; those of the round trip are absent where too few were answered.

        Jitter is the mean difference between an answer's round trip and that of the answer before it.
        """
        answered = self.answered
        found = {"icmp_loss_percent": 100 * (1 - len(answered) / len(self.rtts))} if self.rtts else {}
        if answered:
            times = {"min": min(answered), "avg": fmean(answered), "max": max(answered)}
            found |= {f"icmp_rtt_{name}_s": value for name, value in times.items()}
        if len(answered) > 1:
            found["icmp_jitter_s"] = fmean(abs(later - earlier) for earlier, later in pairwise(answered))
        return found
