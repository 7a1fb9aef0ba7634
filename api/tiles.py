"""The archives of map tiles: one for each area that someone's sight is limited to."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE
from threading import Event
from typing import IO, cast

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inventory.store import last_import
from maps.archive import made_by
from maps.tiling import BEGUN, Order, name_of
from maps.view import MapView

log = structlog.get_logger()

_ROOT = Path(__file__).parents[1]


class Tiles:
    """An archive holds nothing outside its area, so whoever may see the area may have the whole file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str | None, Path] = {}

    def archive(self, limit: str | None) -> Path | None:
        """The archive of that area (None: the whole inventory); None while there is none yet."""
        return self._made.get(limit)

    async def make(self, engine: Engine, limit: str | None, view: Callable[[], MapView]) -> None:
        """Make the archive of the stored inventory, or find it made. Where that fails the pages keep their drawn maps,
        and so they do where the store's inventory numbers places otherwise than `view`, this server's: its states would
        be drawn on other villages.
        """
        stop = Event()
        try:
            ours = await asyncio.to_thread(lambda: view().order)
            seed = await asyncio.to_thread(_seed, engine)
            found = self._found(limit, seed)
            if found is None:
                found = await asyncio.to_thread(_made, Order(_url(engine), str(self._folder), limit), stop)
            order, name = found
            self._note(limit).write_text(f"{seed} {order} {name}", encoding="utf-8")
        except (OSError, SQLAlchemyError):
            log.exception("the map's tiles cannot be made", area=limit)
        else:
            if order == ours:
                self._made[limit] = self._folder / name
            else:
                log.error("the map's tiles are of an inventory that was imported since: start serve again", area=limit)
        finally:
            stop.set()

    def _note(self, limit: str | None) -> Path:
        """Says from what the newest archive was made, and its name: finding that out anew takes a country half a minute."""
        return self._folder / f"{name_of(limit)}.made"

    def _found(self, limit: str | None, seed: str) -> tuple[str, str] | None:
        """The order and the name of the archive that was made from the same; None where there is none."""
        note = self._note(limit)
        noted = note.read_text(encoding="utf-8").removeprefix(f"{seed} ").split() if note.is_file() else []
        if len(noted) != len(("order", "name")) or not (self._folder / noted[1]).is_file():
            return None
        return noted[0], noted[1]


def _seed(engine: Engine) -> str:
    """Changes with the inventory in the store, and with how archives are made."""
    number, at = last_import(engine) or (0, None)
    return f"{number} {at} {made_by()}"


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _made(order: Order, stop: Event) -> tuple[str, str]:
    """The order of the archive's numbers, and its name; raises OSError where it cannot be made, also soon after `stop` is set. What made it has ended then."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "maps.tiling"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, env={**os.environ, "PYTHONPATH": path}) as making:
        asked, told = cast("IO[bytes]", making.stdin), cast("IO[bytes]", making.stdout)
        asked.write(order.line())  # on its input: the address of a store may hold a password
        asked.flush()
        os.set_blocking(told.fileno(), False)
        while making.poll() is None:
            if stop.wait(0.1):
                asked.close()  # so it stops, and leaves nothing
                if not told.read():
                    making.kill()  # it has not begun
                break
        lines = (told.read() or b"").decode().split()
    if len(lines) != len((BEGUN, "order", "name")):
        raise ChildProcessError("maps.tiling ended without an archive")
    return lines[1], lines[2]
