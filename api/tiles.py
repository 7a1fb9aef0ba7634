"""The archives of map tiles: one for each area that someone's sight is limited to."""

import asyncio
from pathlib import Path
from threading import Event

import structlog

from inventory.model import Inventory
from maps.archive import TilesError, make
from maps.features import features
from maps.view import view_of

log = structlog.get_logger()


class Tiles:
    """An archive holds nothing outside its area, so whoever may see the area may have the whole file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str | None, Path] = {}

    def archive(self, limit: str | None) -> Path | None:
        """The archive of that area (None: the whole inventory); None while there is none yet."""
        return self._made.get(limit)

    async def make(self, inventory: Inventory, limit: str | None) -> None:
        """Make the archive, or find it made. Where that fails the pages keep their drawn maps."""
        stop = Event()
        try:
            self._made[limit] = await asyncio.to_thread(_made, self._folder, inventory, limit, stop)
        except (TilesError, OSError):
            log.exception("the map's tiles cannot be made", area=limit)
        finally:
            stop.set()


def _made(folder: Path, inventory: Inventory, limit: str | None, stop: Event) -> Path:
    view = view_of(inventory, limit)
    name = limit.replace(":", "-") if limit else "all"
    return make(folder, name, view.order, features(inventory, view), stop)
