"""Citizen-hours lost: the time for which villages had no services, times their citizens. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readiness.rules.columns import DOWN, UNKNOWN
from readiness.rules.spells import Spells

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Lost:
    """Citizen-hours by subject: `low` if all unobserved time was served, `high` if none was."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def lost(whole: Spells, citizens: NDArray[np.int64]) -> Lost:
    """`whole` fills the period of every subject; `citizens` has an entry a subject, 0 where the population isn't known."""
    blocked, unseen = (_hours(whole, code, len(citizens)) for code in (DOWN, UNKNOWN))
    return Lost(blocked * citizens, (blocked + unseen) * citizens)


def _hours(whole: Spells, status: int, subjects: int) -> NDArray[np.float64]:
    length = np.where(whole.status == status, whole.length, 0)
    return np.bincount(whole.subject, length, subjects) / _HOUR_MS
