"""`python -m maps.tiling`: make an archive in a process of its own, whose memory goes with it.

It reads one line of JSON (Order) on standard input, says "begun", the order that the numbers in the archive are of
(maps.view), and the archive's name, a line each. When its input is closed, as when whoever started it is gone, it stops, and leaves nothing.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

from inventory.store import load
from maps.archive import TilesError, make
from maps.features import features
from maps.ground import Ground
from maps.view import view_of
from storage.engine import open_engine

BEGUN = "begun"
_NICE = 10  # polls don't wait for tiles: a country's take tippecanoe minutes of a core


@dataclass(frozen=True, slots=True)
class Order:
    """`limit`: key of the area that the archive holds; None: the whole inventory of the store at `url`."""

    url: str
    folder: str
    limit: str | None

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> int:
    os.nice(_NICE)
    order = Order(**json.loads(sys.stdin.readline()))
    stop = Event()
    Thread(target=_stop_when_closed, args=(stop,), daemon=True).start()
    view = view_of(Ground(load(open_engine(order.url))), order.limit)
    print(BEGUN, flush=True)
    try:
        print(
            view.order, make(Path(order.folder), name_of(order.limit), view.order, features(view), stop).name, sep="\n"
        )
    except (TilesError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def name_of(limit: str | None) -> str:
    """What archives of that area are called, before what tells them apart."""
    return limit.replace(":", "-") if limit else "all"


def _stop_when_closed(stop: Event) -> None:
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
