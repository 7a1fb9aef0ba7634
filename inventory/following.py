"""A role that keeps the inventory in memory, and what it does about an import."""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import Engine

from inventory.store import last_import
from storage.damage import MISHAPS

LOOK_S = 5.0
"""Seconds between two looks; also how long no further import may have come, for they often come in rows."""
_log = structlog.get_logger("inventory")


async def imported(
    engine: Engine, known: tuple[int, datetime] | None, stop: asyncio.Event, *, look_s: float = LOOK_S
) -> bool:
    """Whether another import than `known` (store.last_import) came before `stop` was set; it sets that then.

    A store that is away says nothing: whoever writes to it tells of that.
    """
    seen = known
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), look_s)
            return False
        with suppress(*MISHAPS):
            newest = await asyncio.to_thread(last_import, engine)
            if newest != known and newest == seen:
                _log.info("inventory_changed", import_number=newest[0] if newest else None)
                stop.set()
                return True
            seen = newest
    return False
