"""The collector's own sight, proved by its reference targets. Pure; times are UTC epoch seconds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_HALF_S = 10.0
_MEAN_S = _HALF_S / log(2)  # a steady rate adds up to that many seconds of it in counts that halve so fast
_LEAST = 20.0  # newly silent polls; of fewer devices nothing follows
_EXPECTED, _RUN = 8.0, 5  # answers that should have come, and silent polls instead: chance does neither
_MANY = 20.0  # so many need no silent polls: those wait for their own bursts, where all were silent before
_GAP_S = 3.0  # a blindness that is shorter leaves a burst of probes some
_RETRY_S = 2.0  # between the two attempts of a poll
_GAPS = 4  # the newest: a burst takes seconds


class Gap(NamedTuple):
    """Nobody answered what was asked between `start` and `end`; so many of the polls sent then were newly silent, or
    `_RUN` where far too many answers are missing.
    """

    start: float
    end: float
    silent: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """What the references proved so far.

    `answering` holds the references whose newest poll was answered. While it is empty the
    collector may be blind, and nothing that was silent then counts against a device.
    """

    seen_at: float = -inf  # newest answer of any reference
    clear_since: float = inf  # since when at least one reference was answering at every look
    answering: frozenset[int] = frozenset()
    looked: bool = False
    # Polls of devices not known to be down, silent and answered, each counting half after `_HALF_S`.
    silent: float = 0.0
    answered: float = 0.0
    counted_at: float = -inf
    heard_at: float = -inf  # when the newest poll was sent that anybody answered
    unheard: int = 0  # newly silent polls that were sent after that one
    pace: float = 0.0  # answers a second, when the newest came
    gaps: tuple[Gap, ...] = ()  # the newest ones

    @property
    def is_mass(self) -> bool:
        """Whether most of what was asked just now is silent: a collector that has gone blind sees the same."""
        return self.silent >= _LEAST and self.silent > self.answered

    @property
    def is_mute(self) -> bool:
        """Whether nobody answers any more, though by now many should have: the first seconds of blindness.

        Without silent polls it takes a while too: an answer comes, is read and is in a batch some time after its
        question, in which a state's next hundred should have been heard.
        """
        quiet_s = self.counted_at - self.heard_at
        expected = self.answered * quiet_s / _MEAN_S
        return expected >= _EXPECTED if self.unheard >= _RUN else quiet_s >= _GAP_S and expected >= _MANY

    def was_mute(self, since: float, until: float) -> bool:
        """Whether somewhere between these times nobody answered, as `is_mute` says of now: sight may be back already."""
        return any(gap.silent >= _RUN and gap.start < until and gap.end > since for gap in self.gaps)

    def muted_s(self, since: float, until: float) -> float:
        """For how many seconds between these times nobody may have been heard.

        Who answered at the second attempt was asked while nobody was heard yet: a gap may last that much longer.
        """
        found = (min(gap.end + _RETRY_S, until) - max(gap.start, since) for gap in self.gaps if gap.silent >= _RUN)
        return sum(seconds for seconds in found if seconds > 0)

    def covers(self, since: float, confirmed_at: float, now: float, sight_s: float) -> bool:
        """Whether a silence from `since`, confirmed by the poll of `confirmed_at`, was seen with open eyes."""
        return self.clear_since <= confirmed_at and self.seen_at > since and not self.lost(now, sight_s)

    def lost(self, now: float, sight_s: float) -> bool:
        return self.seen_at < now - sight_s


def look(sight: Sight, reference: int, at: float, answered: bool) -> Sight:
    """One poll of a reference. The first look of all has nothing to say against the time before it."""
    if not answered:
        answering = sight.answering - {reference}
        return replace(sight, answering=answering, looked=True, clear_since=sight.clear_since if answering else inf)
    clear = sight.clear_since if sight.answering else (at if sight.looked else -inf)
    answering = sight.answering | {reference}
    return replace(sight, seen_at=max(sight.seen_at, at), clear_since=clear, answering=answering, looked=True)


def count(sight: Sight, silent: int, answered: int, at: float) -> Sight:
    """Count the polls of a batch that closed at `at`."""
    left = 0.5 ** (max(at - sight.counted_at, 0.0) / _HALF_S)
    return replace(
        sight, silent=sight.silent * left + silent, answered=sight.answered * left + answered,
        counted_at=max(at, sight.counted_at),
    )  # fmt: skip


def hear(sight: Sight, silent: NDArray[np.float64], answered: NDArray[np.float64]) -> Sight:
    """Note when the polls of a batch were sent, the newly silent and the answered ones."""
    heard_at = max(sight.heard_at, float(answered.max(initial=-inf)))
    before = sight.unheard if heard_at == sight.heard_at else 0
    gaps = (*sight.gaps, *_gaps(sight, answered)) if len(answered) else sight.gaps
    gaps = tuple(_heard_in(gap, silent) for gap in gaps[-_GAPS:])
    pace = sight.answered / _MEAN_S if heard_at > sight.heard_at else sight.pace
    unheard = before + int((silent > heard_at).sum())
    return replace(sight, heard_at=heard_at, unheard=unheard, pace=pace, gaps=gaps)


def _gaps(sight: Sight, answered: NDArray[np.float64]) -> Iterator[Gap]:
    """Times in which many should have answered, and nobody did."""
    if not sight.pace or sight.heard_at == -inf:
        return
    least = max(_GAP_S, _EXPECTED / sight.pace)
    times = np.sort(np.append(answered[answered > sight.heard_at], sight.heard_at))
    wide = np.flatnonzero(np.diff(times) >= least)
    for start, end in zip(times[wide[-_GAPS:]].tolist(), times[wide[-_GAPS:] + 1].tolist(), strict=True):
        yield Gap(start, end, _RUN if (end - start) * sight.pace >= _MANY else 0)


def _heard_in(gap: Gap, silent: NDArray[np.float64]) -> Gap:
    return gap._replace(silent=gap.silent + int(((silent > gap.start) & (silent < gap.end)).sum()))


def shifted(sight: Sight, by: float) -> Sight:
    """The same after the wall clock was set by so many seconds."""
    return replace(
        sight, seen_at=sight.seen_at + by, clear_since=sight.clear_since + by, counted_at=sight.counted_at + by,
        heard_at=sight.heard_at + by,
        gaps=tuple(gap._replace(start=gap.start + by, end=gap.end + by) for gap in sight.gaps),
    )  # fmt: skip
