"""How long something waited, without what the machine or the event loop did meanwhile."""

import asyncio
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
