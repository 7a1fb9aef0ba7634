"""Counters to rates: wraps, resets, gaps, and what is too much to be true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rates import increases, jumped, rebooted

INF = float("inf")
COUNTS = st.integers(0, 2**64 - 1)


def rate(
    before: int, after: int, elapsed: float = 60.0, *, bits: int = 64, fastest: float = INF, longest: float = 180.0
) -> float:
    return float(
        increases(
            before=np.array([before], np.uint64),
            after=np.array([after], np.uint64),
            elapsed_s=np.array([elapsed]),
            bits=np.array([bits], np.uint8),
            fastest=np.array([fastest]),
            longest_s=np.array([longest]),
        )[0]
    )


NONE = pytest.approx(float("nan"), nan_ok=True)


@pytest.mark.parametrize(
    ("case", "found", "expected"),
    [
        ("plain", rate(1000, 7000), 100.0),
        ("nothing moved", rate(1000, 1000), 0.0),
        ("32 bits wrap once", rate(2**32 - 1000, 5000, bits=32), 100.0),
        ("64 bits wrap once", rate(2**64 - 1000, 5000), 100.0),
        ("beyond what a float holds exactly", rate(2**63, 2**63 + 60), 1.0),
        ("64 bits reset", rate(10**12, 500), NONE),
        ("32 bits reset, on a port that can't do what a wrap would mean", rate(10**9, 0, bits=32, fastest=2e6), NONE),
        ("as fast as the port", rate(0, 60 * 125_000_000, fastest=125e6), 125e6),
        ("a tenth above it", rate(0, 66 * 125_000_000, fastest=125e6), 137.5e6),
        ("more than that", rate(0, 67 * 125_000_000, fastest=125e6), NONE),
        ("the same moment twice", rate(1000, 7000, elapsed=0.0), NONE),
        ("a clock that runs backward", rate(1000, 7000, elapsed=-60.0), NONE),
        ("a gap", rate(1000, 7000, elapsed=181.0), NONE),
        ("never read before", rate(0, 7000, elapsed=float("nan")), NONE),
        ("32 bits at a gigabit wrap in 34 s", rate(1000, 7000, bits=32, fastest=125e6), NONE),
        ("32 bits at 100 Mbit/s don't", rate(1000, 7000, bits=32, fastest=12.5e6), 100.0),
    ],
)
def test_table(case: str, found: float, expected: float) -> None:
    assert found == expected, case


@pytest.mark.parametrize(
    ("before", "after", "bits", "fastest", "found"),
    [
        (1000, 7000, 64, INF, False),
        (7000, 1000, 64, INF, True),
        (2**64 - 1000, 5000, 64, 125e6, False),
        (10**12, 2 * 10**12, 64, INF, False),
        (10**12, 2 * 10**12, 64, 125e6, True),
        (0, 89 * 125_000_000, 64, 125e6, False),  # the agent told a reading of half a minute before
        (7000, 1000, 32, 125e6, False),  # wraps in 34 s
        (7000, 1000, 32, 12.5e6, True),
        (7000, 1000, 32, INF, False),
    ],
)
def test_what_jumps_may_be_another_ports(before: int, after: int, bits: int, fastest: float, found: bool) -> None:
    told = jumped(
        before=np.array([before], np.uint64),
        after=np.array([after], np.uint64),
        elapsed_s=np.array([60.0]),
        bits=np.array([bits], np.uint8),
        fastest=np.array([fastest]),
    )
    assert told.tolist() == [found]


@given(COUNTS, COUNTS, st.floats(-10, 1000), st.sampled_from([32, 64]), st.floats(1.0, 1e11) | st.just(INF))
def test_never_negative_never_faster_than_the_port(
    before: int, after: int, elapsed: float, bits: int, fastest: float
) -> None:
    mask = 2**bits - 1
    found = rate(before & mask, after & mask, elapsed, bits=bits, fastest=fastest)
    assert np.isnan(found) or 0 <= found <= fastest * 1.1 * (1 + 1e-12)
    assert np.isnan(found) or found * elapsed < 2**63 * 1.001


@given(COUNTS, st.integers(0, 2**40), st.floats(0.5, 180), st.sampled_from([32, 64]))
def test_what_a_counter_grew_comes_out_across_its_wrap(before: int, grown: int, elapsed: float, bits: int) -> None:
    mask = 2**bits - 1
    grown &= mask
    found = rate(before & mask, (before + grown) & mask, elapsed, bits=bits)
    assert found == pytest.approx(grown / elapsed)


def booted(before: int, after: int, elapsed_s: float) -> bool:
    return bool(rebooted(np.array([before]), np.array([after]), np.array([elapsed_s]))[0])


@pytest.mark.parametrize(
    ("case", "before", "after", "elapsed", "expected"),
    [
        ("grew with the clock", 100_000, 106_000, 60.0, False),
        ("agent caches it", 100_000, 103_500, 60.0, False),
        ("started anew", 100_000, 2_000, 60.0, True),
        ("started anew, and has run for longer than before", 500, 8_000, 3600.0, True),
        ("wrapped after 497 days", 2**32 - 3_000, 3_000, 60.0, False),
        ("jumped ahead", 100_000, 900_000, 60.0, True),
    ],
)
def test_reboot(case: str, before: int, after: int, elapsed: float, expected: bool) -> None:
    assert booted(before, after, elapsed) is expected, case


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 86_400))
def test_an_agent_that_keeps_running_never_looks_rebooted(ticks: int, elapsed: float) -> None:
    assert not booted(ticks, (ticks + round(elapsed * 100)) % 2**32, elapsed)
