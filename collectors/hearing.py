"""Whether anybody answers at all: a collector that is blind for seconds hears nobody. Pure; times are of a forward clock."""

from dataclasses import dataclass
from math import inf, log

_HALF_S = 10.0
_MEAN_S = _HALF_S / log(2)  # a steady rate adds up to that many seconds of it in counts that halve so fast
_EXPECTED = 8.0  # answers that should have come
_LEAST_S = 4.0  # a blindness that is shorter leaves a burst some answers, and we too may be busy that long


@dataclass(slots=True)
class Hearing:
    """Answers of whatever device, each counting half after ten seconds."""

    at: float = -inf  # of the newest one
    back_at: float = -inf  # of the first one after the newest time in which nobody answered
    _answers: float = 0.0

    def heard(self, answers: int, since: float, until: float) -> bool:
        """Note `answers` that came between these times; whether nobody had answered before for longer than by chance."""
        quiet_s = since - self.at
        gap = quiet_s >= _LEAST_S and self._answers * quiet_s / _MEAN_S >= _EXPECTED
        self.back_at = since if gap else self.back_at
        self._answers = self._answers * 0.5 ** (max(until - self.at, 0.0) / _HALF_S) + answers
        self.at = max(until, self.at)
        return gap
