"""What is claimed of a gram panchayat against what was seen of it. Pure, for many at once.

A gram panchayat operates when its site works (up or degraded) in at least a share of the time. Time in which nothing
was observed counts either way, so a finding holds only where it can't change it: unknown is neither false nor true.
Nor is anything found in less than a week, where a single power cut would decide it.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from readiness.rules.columns import DEGRADED, UNKNOWN, UP, Mask
from readiness.rules.spells import Millis, Period, Spells

OPERATES_PERCENT = 25.0
"""Share of the time from which on a gram panchayat is said to operate, where nobody says otherwise."""

LEAST_DAYS = 7
"""Less time than this since the claim, within the period, decides nothing."""

LEAST_MS = LEAST_DAYS * 86_400_000

NEVER_SEEN = -1
"""In `Seen.first` and `Seen.last`: it was not once seen to work."""


class Finding(StrEnum):
    """The gravest first."""

    NEVER_OPERATED = "never_operated"  # claimed ready, not once seen to work
    RARELY_OPERATED = "rarely_operated"  # claimed ready, works less than the share
    OPERATES_UNCLAIMED = "operates_unclaimed"  # claimed not ready, and yet it works
    NOT_MONITORED = "not_monitored"  # claimed whatever: nothing there can be observed
    UNDECIDED = "undecided"  # too little time, or too much in which nothing was observed
    NOT_CLAIMED = "not_claimed"  # nobody stated anything
    AGREES = "agrees"


FINDINGS = tuple(Finding)


@dataclass(frozen=True, slots=True)
class Seen:
    """Of each subject, in ms: the time looked at, the part that worked, the part that nothing was seen of.

    `first` and `last` are when it was first and last seen to work (ms since 1970), NEVER_SEEN where it wasn't.
    """

    whole: Millis
    worked: Millis
    unknown: Millis
    first: Millis
    last: Millis


def seen(spells: Spells, since: Millis, period: Period) -> Seen:
    """What was seen of each subject from `since` (ms, one a subject) to the period's end; spells fill the period."""
    begins = np.clip(since, period.start, period.end)
    start = np.maximum(spells.start, begins[spells.subject])
    length = np.maximum(spells.end - start, 0)
    works = ((spells.status == UP) | (spells.status == DEGRADED)) & (length > 0)
    first, last = np.full(period.subjects, np.iinfo(np.int64).max), np.full(period.subjects, NEVER_SEEN, np.int64)
    np.minimum.at(first, spells.subject[works], start[works])
    np.maximum.at(last, spells.subject[works], spells.end[works])
    return Seen(
        period.end - begins,
        _sums(spells, np.where(works, length, 0), period),
        _sums(spells, np.where(spells.status == UNKNOWN, length, 0), period),
        np.where(last == NEVER_SEEN, NEVER_SEEN, first),
        last,
    )


def _sums(spells: Spells, length: Millis, period: Period) -> Millis:
    found = np.zeros(period.subjects, np.int64)
    np.add.at(found, spells.subject, length)
    return found


def shares(found: Seen) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The share of the time (%) in which each worked at least, and at most; of no time at all 0 and 100."""
    whole = np.maximum(found.whole, 1)
    low, high = 100 * found.worked / whole, 100 * (found.worked + found.unknown) / whole
    return low, np.where(found.whole > 0, high, 100.0)


def findings(
    found: Seen,
    *,
    ready: Mask,
    claimed: Mask,
    monitored: Mask,
    percent: float = OPERATES_PERCENT,
    least_ms: int = LEAST_MS,
) -> NDArray[np.int8]:
    """The finding of each subject as a position in FINDINGS; `ready` is what was claimed, where anything was.

    Of what was compared for less than `least_ms` none but that it is undecided.
    """
    low, high = shares(found)
    operates, idle = low >= percent, high < percent
    cases = [
        (~claimed, Finding.NOT_CLAIMED),
        (~monitored, Finding.NOT_MONITORED),
        (found.whole < least_ms, Finding.UNDECIDED),
        (ready & idle & (found.worked == 0), Finding.NEVER_OPERATED),
        (ready & idle, Finding.RARELY_OPERATED),
        (~ready & operates, Finding.OPERATES_UNCLAIMED),
        (operates | idle, Finding.AGREES),
    ]
    codes = [np.int8(FINDINGS.index(finding)) for _, finding in cases]
    return np.select([mask for mask, _ in cases], codes, np.int8(FINDINGS.index(Finding.UNDECIDED))).astype(np.int8)
