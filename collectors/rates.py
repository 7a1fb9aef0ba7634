"""From two readings of a counter to a rate: never negative, never more than the port can carry."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collectors.metrics import NUMBER

_TICKS_WRAP = 2**32
_LEAST_S = 0.001
_UPTIME_SLACK_S = 30.0  # agents that cache sysUpTime lag by up to half a minute
_CACHED_S = 30.0  # so old a counter may be that an agent tells
_OVER_SPEED = 1.1  # ports carry a little more than they say: preamble, rounding, timing of the two polls


@dataclass(frozen=True, slots=True)
class RateOf:
    """What a counter becomes: `factor` x its increase per second.

    One count takes at least `least_bits` on the wire, so the port's speed bounds the rate.
    """

    metric: int
    factor: float
    least_bits: float


_PACKET_BITS = 512.0  # the shortest Ethernet frame

FROM_COUNTER: Mapping[int, RateOf] = {
    NUMBER["ifHCInOctets"]: RateOf(NUMBER["in_bps"], 8.0, 8.0),
    NUMBER["ifHCOutOctets"]: RateOf(NUMBER["out_bps"], 8.0, 8.0),
    NUMBER["ifInErrors"]: RateOf(NUMBER["in_error_rate"], 1.0, _PACKET_BITS),
    NUMBER["ifOutErrors"]: RateOf(NUMBER["out_error_rate"], 1.0, _PACKET_BITS),
}
"""Counter -> its rate, by their rows in METRICS."""


def increases(
    *,
    before: NDArray[np.uint64],
    after: NDArray[np.uint64],
    elapsed_s: NDArray[np.float64],
    bits: NDArray[np.uint8],
    fastest: NDArray[np.float64],
    longest_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Counts per second between two readings of each counter, NaN where they don't tell.

    All of shape (n,). `bits` is 32 or 64; `fastest` the most counts per second that the port can
    do, inf where its speed is unknown. They don't tell
    - when no time has passed, or more than `longest_s`: a mean over a long gap is no value of now;
    - when the increase is more than the port can carry, or half a 64-bit counter: it was reset;
    - when a 32-bit counter may have wrapped more than once in between.
    """
    narrow = bits == 32
    mask = np.where(narrow, np.uint64(2**32 - 1), np.uint64(2**64 - 1))
    increase = (after - before) & mask  # unsigned: one wrap comes out right
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        most = fastest * elapsed_s
        tells = (elapsed_s >= _LEAST_S) & (elapsed_s <= longest_s) & _is_possible(increase, most)
        tells &= ~narrow | (most < 2**32) | np.isinf(most)
        return np.where(tells, increase / elapsed_s, np.nan)


def _is_possible(increase: NDArray[np.uint64], most: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Neither half a counter, nor more than `most`, what the port can carry."""
    answer: NDArray[np.bool_] = (increase < np.uint64(2**63)) & (increase <= most * _OVER_SPEED)
    return answer


def jumped(
    *,
    before: NDArray[np.uint64],
    after: NDArray[np.uint64],
    elapsed_s: NDArray[np.float64],
    bits: NDArray[np.uint8],
    fastest: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which counters fell, or rose by more than their port can carry: it was cleared, or is another port's by now.

    Arguments as of `increases`. A 32-bit counter that may have wrapped tells nothing.
    """
    narrow = bits == 32
    increase = (after - before) & np.where(narrow, np.uint64(2**32 - 1), np.uint64(2**64 - 1))
    most = fastest * (elapsed_s + _CACHED_S)
    answer: NDArray[np.bool_] = (~narrow | (most < 2**32)) & ~_is_possible(increase, most)
    return answer


def rebooted(
    before_ticks: NDArray[np.int64], after_ticks: NDArray[np.int64], elapsed_s: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which agents started anew between two readings of sysUpTime (hundredths of a second); all of shape (n,).

    True when the up-time did not grow with the clock; its wrap after 497 days is no reboot.
    """
    grown_s = ((after_ticks - before_ticks) % _TICKS_WRAP) / 100
    answer: NDArray[np.bool_] = np.abs(grown_s - elapsed_s) > _UPTIME_SLACK_S + elapsed_s / 10
    return answer
