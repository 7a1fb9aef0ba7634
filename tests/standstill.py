"""Which tests failed while the machine stood still; each of these is asked once again.

A virtual machine that is not given its cores for half a second fails tests that hold nothing but a timeout:
it says nothing about the code. A defect fails twice. What was asked again is counted in pytest's closing
line ("1 rerun") and listed above it (-ra); a test that failed on a machine that went on is not asked again.
"""

import threading
import time

import pytest

LONG_S = 0.25
_STEP_S = 0.05


class Standstill(threading.Thread):
    """The longest time since `begin` in which this process got no turn, in seconds.

    A thread that wants one every 50 ms: a stopped machine, a core that somebody else has, and C code
    that keeps Python's lock are the same to a test that waits.
    """

    def __init__(self) -> None:
        super().__init__(name="standstill", daemon=True)
        self._longest_s = 0.0
        self._turn = time.monotonic()

    def run(self) -> None:
        while True:
            time.sleep(_STEP_S)
            self._note()

    def begin(self) -> None:
        self._turn, self._longest_s = time.monotonic(), 0.0

    def long(self) -> bool:
        self._note()
        return self._longest_s > LONG_S

    def _note(self) -> None:
        now = time.monotonic()
        self._longest_s = max(self._longest_s, now - self._turn - _STEP_S)
        self._turn = now


_WATCH = Standstill()


def pytest_sessionstart() -> None:
    _WATCH.start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=1, condition=_WATCH.long))


def pytest_runtest_logstart() -> None:
    _WATCH.begin()
