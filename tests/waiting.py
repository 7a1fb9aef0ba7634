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
    start = time.monotonic()
    busy = 0.0

    async def watch() -> None:
        nonlocal busy
        while True:
            begun = time.monotonic()
            await asyncio.sleep(_STEP_S)
            busy += time.monotonic() - begun - _STEP_S

    watcher = asyncio.create_task(watch())
    try:
        yield lambda: time.monotonic() - start - busy
    finally:
        watcher.cancel()
