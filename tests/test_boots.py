"""How a reboot is noticed, and when an up-time is no clock."""

from collections.abc import Callable

import numpy as np
import pytest

from collectors.boots import Boots

DEVICE = np.array([0], np.int32)


def told(uptime: Callable[[float], float], polls: int = 12, boots: Boots | None = None) -> list[bool]:
    """Whether each poll, a minute apart, tells of a reboot; `uptime` in hundredths of a second by the time in seconds."""
    boots = Boots(1) if boots is None else boots
    found = []
    for poll in range(polls):
        ticks, clock = np.array([int(uptime(60.0 * poll))], np.int64), np.array([60.0 * poll])
        found.append(bool(boots.anew(DEVICE, ticks, clock)[0]))
        boots.remember(DEVICE, ticks, clock)
    return found


def test_an_uptime_that_falls_is_a_reboot_each_time() -> None:
    assert told(lambda s: 100 * (s % 240))[1:] == [s % 240 == 0 for s in range(60, 720, 60)]


@pytest.mark.parametrize(
    ("kind", "uptime"),
    [
        ("stands still", lambda _: 4711),
        ("in seconds", lambda s: 1000 + s),
        ("in milliseconds", lambda s: 1000 * s),
    ],
)
def test_an_uptime_that_is_no_clock_is_believed_no_more_after_three_polls(
    kind: str, uptime: Callable[[float], float]
) -> None:
    assert told(uptime) == [False, True, True, True] + [False] * 8, kind


def test_an_uptime_that_is_no_clock_tells_of_a_reboot_by_falling() -> None:
    assert told(lambda s: 1000 + s if s < 400 else s - 400)[7:9] == [True, False]


def test_one_jump_ahead_is_another_device_and_a_clock_that_runs_again_is_believed() -> None:
    assert told(lambda s: 100 * s + (5_000_000 if s >= 300 else 0)).count(True) == 1
    boots = Boots(1)
    told(lambda _: 4711, boots=boots)
    assert told(lambda s: 5000 + 100 * s, boots=boots)[1:] == [False] * 11
    assert told(lambda s: 100 * (s % 240), boots=boots)[4] is True
