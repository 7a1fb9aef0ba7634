"""How long something waited, without what the machine or the event loop did meanwhile."""

import asyncio
import selectors
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_STEP_S = 0.01


@asynccontextmanager
async def waiting() -> AsyncIterator[Callable[[], float]]:
    """A clock of the seconds in which this loop was idle since the block began.

    A missed deadline is idle waiting. Time in which a loaded machine ran something else, or the loop
    was computing, is left out: it says nothing about deadlines.
    """
    start = step_began = time.monotonic()
    busy = 0.0

    def late() -> float:
        """Seconds by which the step under way is late: a loop that never came back since has not been idle."""
        return max(0.0, time.monotonic() - step_began - _STEP_S)

    async def watch() -> None:
        nonlocal busy, step_began
        while True:
            busy += late()
            step_began = time.monotonic()
            await asyncio.sleep(_STEP_S)

    watcher = asyncio.create_task(watch())
    try:
        yield lambda: time.monotonic() - start - busy - late()
    finally:
        watcher.cancel()


class _Waits(selectors.DefaultSelector):
    """Sums up the seconds that were waited, none of them longer than was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        found = super().select(timeout)
        spent = time.monotonic() - began
        self.waited_s += spent if timeout is None else min(spent, max(timeout, 0.0))
        return found


class Unhurried(asyncio.SelectorEventLoop):
    """A loop whose clock goes only while it waits: no timeout of its timers passes while the machine stands still."""

    def __init__(self) -> None:
        self._waits = _Waits()
        super().__init__(self._waits)

    def time(self) -> float:
        return self._waits.waited_s
