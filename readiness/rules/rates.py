"""How often something happens here, and whether that is more often than around it. Pure, for many places at once.

Events are taken to come by chance at a steady rate (Poisson). The interval of a rate is Garwood's exact one (1936).
Whether a place has more than its district is a test that needs no estimate: given how many events the district had
in all, those of the place are binomial if all places are alike (Przyborowski and Wilenski 1940).
"""

import numpy as np
from numpy.typing import NDArray

from readiness.rules.spells import Positions
from readiness.rules.trend import ONE_IN, Counts, Floats

COVERS = 0.99
"""How much of the chance the interval of a rate covers."""
_HALVINGS = 60


def events(place: Positions, start: Positions, end: Positions, *, places: int, gap: int) -> Counts:
    """How many events each place had: intervals that overlap, or follow within `gap`, are one; in any order."""
    order = np.lexsort((start, place))
    place, start, end = place[order], start[order], end[order]
    width = int(end.max(initial=0)) + gap + 1
    reach = np.maximum.accumulate(place * width + end + gap)
    new = np.ones(len(place), np.bool_)
    new[1:] = place[1:] * width + start[1:] > reach[:-1]
    return np.bincount(place[new], minlength=places)


def interval(count: Counts) -> tuple[Floats, Floats]:
    """Bounds of the number that is to be expected where `count` events came."""
    tail = (1 - COVERS) / 2
    high = _mean_where(count, tail)
    return np.where(count > 0, _mean_where(np.maximum(count - 1, 0), 1 - tail), 0.0), high


def _mean_where(count: Counts, chance: float) -> Floats:
    """The mean at which at most `count` events come with `chance`, by halving."""
    low, high = np.zeros(len(count)), count + 20 + 10 * np.sqrt(count + 1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        more = _at_most(count, middle) > chance  # a higher mean makes few events rarer
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    found: Floats = (low + high) / 2
    return found


def _at_most(count: Counts, mean: Floats) -> Floats:
    """The chance of at most `count` events."""
    with np.errstate(divide="ignore"):
        log_mean = np.log(mean)
    term = -mean
    total = term.copy()
    for number in range(1, int(count.max(initial=0)) + 1):
        term = term + log_mean - np.log(number)
        total = np.where(number <= count, np.logaddexp(total, term), total)
    found: Floats = np.exp(total)
    return found


def excess(count: Counts, district: Positions) -> Floats:
    """The chance of at least as many events as each place had, if all places of its district (-1: none) were alike.

    1 where a place is alone in its district: there is nothing to compare it with.
    """
    found = np.ones(len(count))
    for each in np.unique(district[district >= 0]):
        inside = np.flatnonzero(district == each)
        if len(inside) > 1:
            found[inside] = _binomial_tail(count[inside], int(count[inside].sum()), 1 / len(inside))
    return found


def _binomial_tail(count: Counts, total: int, share: float) -> Floats:
    """The chance of at least `count` of `total`, each with the chance `share`."""
    number = np.arange(total + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])
    chance = np.exp(logs[total] - logs - logs[::-1] + number * np.log(share) + (total - number) * np.log1p(-share))
    tail = np.minimum(np.cumsum(chance[::-1])[::-1], 1.0)
    found: Floats = tail[count]
    return found


def is_worse(chance: Floats) -> NDArray[np.bool_]:
    """Whether so many events tell: of places that are all alike, at most one in ONE_IN is told."""
    return chance < 1 / ONE_IN


def rest_mean(count: Counts, district: Positions) -> Floats:
    """The mean number of events of the other places in the district; NaN where there is none."""
    known = district >= 0
    size = int(district.max(initial=-1)) + 1
    total, places = np.bincount(district[known], count[known], size), np.bincount(district[known], minlength=size)
    others = np.where(known, places[district] - 1, 0) if size else np.zeros(len(count), np.int64)
    sums = np.where(known, total[district] - count, 0.0) if size else np.zeros(len(count))
    found: Floats = np.divide(sums, others, out=np.full(len(count), np.nan), where=others > 0)
    return found


def per_month(number: Floats, days: int) -> Floats:
    """A number of events in `days` as one in 30 days."""
    return number * (30 / days)
