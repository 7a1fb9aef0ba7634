"""One state: 6,000 GPs with a router, a switch, a UPS, a PC and a printer each, polled by the whole product.

Measured after every device has been recognised, over a quarter of an hour: the tables of PCs and printers are read
once in that time, so they are in it.
"""

import os
import tempfile
from pathlib import Path

from bench.measured import Watched
from bench.places import COMMUNITY, state
from bench.product import prepare, running, url_of
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from storage.settings import StorageSettings

_WEATHER = Weather(delay_s=0.04, loss=0.01, spread=0.25)
_WARM_UP_S = 900.0


def run(quick: bool) -> dict[str, float]:
    """`quick` for a check that it works. PlacesMissingError without the public data."""
    gps, interval_s, rounds = (40, 3.0, 4) if quick else (6_000, 60.0, 15)
    os.environ[COMMUNITY] = "bench"
    with tempfile.TemporaryDirectory() as name:
        folder, places = Path(name), state(gps)
        prepare(folder, places)
        devices = len(places.devices)
        del places
        stored = StorageSettings(url=url_of(folder), history=folder / "history", cache=folder / "cache")
        with (
            FleetProcess(Plan(stored, weather=_WEATHER)) as fleet,
            running(folder, fleet.port, interval_s) as product,
        ):
            watched = Watched(product, folder, fleet, devices)
            recognised_s = watched.recognised(_WARM_UP_S, interval_s)
            figures = watched.measured(rounds, interval_s)
    return {"devices": devices, "recognised_s": recognised_s, **figures}
