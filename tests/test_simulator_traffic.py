"""Counters as functions of time."""

from itertools import pairwise
from statistics import pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ber import COUNTER32, COUNTER64
from simulator.traffic import PATTERNS, Counter, level_at, moment

_NOON = 1_790_000_000.0
_PATTERN = st.integers(0, PATTERNS - 1)


@given(_PATTERN, st.lists(st.floats(0, 5 * 86_400), min_size=2, max_size=12), st.floats(1, 1e9))
def test_a_counter_never_falls(pattern: int, offsets: list[float], scale: float) -> None:
    line = Counter(pattern, scale, _NOON - 1).line(COUNTER64)
    read = [line.at(moment(_NOON + offset)) for offset in sorted(offsets)]
    assert read == sorted(read)


@given(_PATTERN, st.floats(0, 30 * 86_400))
def test_one_level_is_the_same_as_that_of_all(pattern: int, offset: float) -> None:
    assert level_at(pattern, _NOON + offset) == pytest.approx(moment(_NOON + offset).levels[pattern], abs=1e-6)


def test_a_day_brings_the_mean_rate() -> None:
    counter = Counter(7, 1000.0, _NOON)
    assert counter.line(COUNTER64).at(moment(_NOON + 86_400)) == pytest.approx(86_400_000, rel=0.05)


def test_rates_vary_within_an_hour_and_over_the_day() -> None:
    def rates(start: float) -> list[float]:
        levels = [level_at(3, start + 60 * minute) for minute in range(60)]
        return [after - before for before, after in pairwise(levels)]

    midnight = 1_790_015_400.0  # 00:00 in India
    night, noon = rates(midnight + 3 * 3600), rates(midnight + 11 * 3600)
    assert pstdev(noon) > 0.2 * sum(noon) / len(noon)
    assert sum(noon) > 3 * sum(night)


def test_a_counter_stands_still_while_its_port_is_down_and_restarts_with_its_device() -> None:
    counter = Counter(5, 1e6, _NOON)
    down, up, later = moment(_NOON + 100), moment(_NOON + 500), moment(_NOON + 700)
    running = counter.line(COUNTER64).at(down)
    counter.halt(down)
    assert counter.line(COUNTER64).at(up) == running > 0
    counter.resume(up)
    assert counter.line(COUNTER64).at(up) == running < counter.line(COUNTER64).at(later)
    counter.restart(later)
    assert counter.line(COUNTER64).at(later) == 0


def test_a_32_bit_counter_wraps() -> None:
    counter, later = Counter(5, 1e9, _NOON), moment(_NOON + 3600)
    assert counter.line(COUNTER32).at(later) == counter.line(COUNTER64).at(later) % 2**32
    assert counter.line(COUNTER64).at(later) > 2**32
