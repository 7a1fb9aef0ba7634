"""The readiness report: which service is had by how many villages of each area, and what is in the way. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inventory.model import Inventory, Level, Names
from readiness.model import Layer, Readiness
from readiness.rules.lost import Lost
from readiness.rules.verdicts import WORDS, WORKING, Verdicts, meaning
from reports.columns import schema
from reports.places import Cells, Homes, area_cells
from reports.readiness_columns import READINESS

_LAYERS = list(Layer)
_WORDS = [meaning(word) for word in range(WORDS)]


@dataclass(frozen=True, slots=True)
class Seen:
    """Villages in one order: `services` of shape (villages, services), `whole` what each village is as a whole.

    `citizens` is -1 where the population isn't on record.
    """

    villages: Sequence[str]
    names: Sequence[tuple[str, Names]]  # code and name of each service
    services: Verdicts
    whole: Verdicts
    citizens: NDArray[np.int64]
    lost: Lost
    at: datetime


def readiness(inventory: Inventory, seen: Seen, level: Level, *, by_service: bool = True) -> pa.Table:
    """For each area of `level` with villages a row without a service, then one for each service."""
    homes = Homes(inventory, level)
    of_area: dict[str, list[int]] = {}
    for number, village in enumerate(seen.villages):
        if (home := homes.of(village)) is not None:
            of_area.setdefault(home, []).append(number)
    rows = [
        area_cells(inventory, inventory.areas[area]) | row
        for area, numbers in sorted(of_area.items())
        for row in _rows(seen, np.array(numbers), by_service=by_service)
    ]
    return pa.Table.from_pylist(rows, schema=schema(READINESS))


def _rows(seen: Seen, some: NDArray[np.intp], *, by_service: bool) -> Iterator[Cells]:
    known = seen.citizens[some] >= 0
    lost = {
        f"citizen_hours_lost_{bound}": round(float(hours[some].sum()), 1) if known.any() else None
        for bound, hours in (("low", seen.lost.low), ("high", seen.lost.high))
    }
    yield {"service": None, **_counts(seen, some, seen.whole[some]), **lost}
    for number, (code, names) in enumerate(seen.names if by_service else ()):
        named = {
            "service": code,
            "service_en": names.en,
            "service_hi": names.hi or None,
            "service_pa": names.pa or None,
        }
        yield {**named, **_counts(seen, some, seen.services[some, number])}


def _counts(seen: Seen, some: NDArray[np.intp], octets: Verdicts) -> Cells:
    words, place, villages = np.unique(octets, return_inverse=True, return_counts=True)
    means = [_WORDS[word] for word in words.tolist()]
    by_status, layers = Counter[Readiness](), Counter[Layer]()
    for one, count in zip(means, villages.tolist(), strict=True):
        by_status[one.status] += count
        if one.status not in WORKING and one.layer is not None:
            layers[one.layer] += count
    citizens = seen.citizens[some]
    blocked = np.array([one.status is Readiness.BLOCKED for one in means], np.bool_)[place]
    known = citizens >= 0
    affected = known & blocked
    return {
        "villages_total": len(octets),
        **{f"villages_{status}": by_status[status] for status in Readiness},
        "villages_elsewhere": sum(count for one, count in zip(means, villages.tolist(), strict=True) if one.elsewhere),
        "first_failing_layer": min(layers, key=lambda each: (-layers[each], _LAYERS.index(each)), default=None),
        "citizens_known": int(citizens[known].sum()) if known.any() else None,
        "citizens_affected": int(citizens[affected].sum()) if known.any() and affected.any() == blocked.any() else None,
        "as_of": seen.at,
    }


def whole_of(states: Mapping[str, int], villages: Sequence[str], unknown: int) -> Verdicts:
    """What each village is as a whole; one without a state is unknown."""
    return np.array([states.get(village, unknown) for village in villages], np.uint8)
