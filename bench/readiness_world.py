"""Villages, kendras and services of the size of the country for `bench readiness`; seeded.

Places are real: habitations of PMGSY's survey, those with most people first, and its GP head-quarters as kendras
(../shared/data, never part of the product; it lacks Uttar Pradesh). What is at each kendra, and the services, are made up.
"""

import csv
import gzip
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import shapely

from bench.places import POINTS, PlacesMissingError
from inventory.model import Names, Service
from readiness.model import Layer, Readiness
from readiness.rules.matrix import Kendras, Villages
from readiness.rules.reach import Degrees, tree_of
from readiness.rules.verdicts import verdict

ENDPOINTS = tuple(f"portal-{n}" for n in range(12))
PERIPHERALS = ((), ("printer",), ("biometric",), ("biometric", "printer"))
_LATENCIES, _LOSSES = (None, 400, 1000), (None, 5.0)
_WITHOUT_KENDRA = 0.05
_WAYS = {
    verdict(Readiness.READY, None): 0.85,
    verdict(Readiness.DEGRADED, Layer.GP_EQUIPMENT): 0.04,
    verdict(Readiness.BLOCKED, Layer.POWER): 0.03,
    verdict(Readiness.BLOCKED, Layer.KENDRA_HARDWARE): 0.02,
    verdict(Readiness.UNKNOWN, None): 0.06,
}


@dataclass(frozen=True, slots=True)
class Land:
    villages: Villages
    kendras: Degrees


def land(villages: int, kendras: int, points: Path = POINTS) -> Land:
    """PlacesMissingError where the public files are absent."""
    offices, habitations = points / "gp_hq_india.csv.gz", points / "pmgsy_habitations.parquet"
    for file in (offices, habitations):
        if not file.is_file():
            raise PlacesMissingError(f"{file} is missing: real places are taken from it")
    at_kendras = _offices(offices, kendras)
    table = pq.read_table(habitations, columns=["hab_id", "population", "lon", "lat"])
    table = table.sort_by([("population", "descending"), ("hab_id", "ascending")])
    at = np.stack([np.asarray(table[name], np.float64) for name in ("lon", "lat")], axis=1)
    # Of few kendras it is a region.
    around = ((at >= at_kendras.min(axis=0)) & (at <= at_kendras.max(axis=0))).all(axis=1)
    chosen = np.flatnonzero(around)[:villages]
    table, at = table.take(chosen), at[chosen]
    # Of several equally near the first.
    point, kendra = tree_of(at_kendras).query_nearest(shapely.points(at), all_matches=False)
    by = np.full(len(at), -1, np.intp)
    by[point] = kendra
    by[np.random.default_rng(3).random(len(by)) < _WITHOUT_KENDRA] = -1
    return Land(Villages(at, by, np.asarray(table["population"].fill_null(-1)).astype(np.int64)), at_kendras)


def _offices(file: Path, most: int) -> Degrees:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as rows:
        found = {(float(row["lon"]), float(row["lat"])): None for row in csv.DictReader(rows)}
    return np.array(list(found)[:most])


def services(count: int) -> list[Service]:
    """With 24 different needs of a kendra, and one to three endpoints."""
    chance = np.random.default_rng(5)
    needs = list(product(PERIPHERALS, _LATENCIES, _LOSSES))
    found = []
    for n in range(count):
        peripherals, latency, loss = needs[n % len(needs)]
        endpoints = chance.choice(ENDPOINTS, chance.integers(1, 4), replace=False).tolist()
        found.append(
            Service(f"service-{n}", Names(f"Service {n}"), channels=("kendra",), latency_ms=latency, loss_percent=loss,
                    peripherals=peripherals, endpoints=tuple(sorted(endpoints)))
        )  # fmt: skip
    return found


def equipment(count: int) -> Kendras:
    """What is at each kendra."""
    chance = np.random.default_rng(7)
    absent = (chance.random((2, count)) < [[0.03], [0.05]]).astype(np.uint16)
    latency = np.where(chance.random(count) < 0.7, chance.lognormal(4, 0.8, count), np.nan)
    loss = np.where(np.isnan(latency), np.nan, np.where(chance.random(count) < 0.04, 8.0, 0.0))
    way = chance.choice(list(_WAYS), count, p=list(_WAYS.values())).astype(np.uint8)
    return Kendras(way, absent[0] | absent[1] << 1, latency.astype(np.float32), loss.astype(np.float32))
