"""Where devices stand, as InfluxDB's tags and Prometheus' labels say it, in columns."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import column, keys
from inventory.model import Inventory, Level
from inventory.texts import positions, texts


@dataclass(frozen=True, slots=True)
class Labels:
    """Columns of shape (devices,), in the order of the inventory: the number of series is bounded by devices and ports."""

    device: pa.StringArray
    site: pa.StringArray
    role: pa.StringArray
    district: NDArray[np.int32]  # position in `districts`, -1 where the site lies in none
    districts: pa.StringArray  # area keys, sorted

    def district_text(self) -> pa.StringArray:
        """The key of each device's district, empty where there is none; shape (devices,)."""
        return pc.fill_null(self.districts.take(_nullable(self.district)), "")


def labels_of(inventory: Inventory) -> Labels:
    """The labels of all devices; a site that the inventory does not have lies in no district."""
    device, site, role = (texts(column(inventory.devices, name)) for name in ("name", "site", "role"))
    areas = texts(keys(inventory.areas))
    around = _districts(inventory, areas)
    used = np.unique(around[around >= 0])
    by_key = used[np.asarray(pc.sort_indices(areas.take(pa.array(used))))]
    place = np.full(len(areas) + 1, -1, np.int32)  # the last entry: no area
    place[by_key] = np.arange(len(by_key))
    of_area = place[around]
    standing = texts(column(inventory.sites, "area"))
    of_site = np.append(np.append(of_area, np.int32(-1))[positions(standing, areas)], np.int32(-1))
    names = texts(keys(inventory.sites))
    return Labels(device, site, role, of_site[positions(site, names)], areas.take(pa.array(by_key)))


def _districts(inventory: Inventory, areas: pa.StringArray) -> NDArray[np.int32]:
    """The position of the district that each area is or lies in, -1 where there is none."""
    levels = pc.equal(texts(column(inventory.areas, "level")), Level.DISTRICT.value).to_numpy(zero_copy_only=False)
    parent = positions(texts(column(inventory.areas, "parent")), areas)
    found = np.where(levels, np.arange(len(areas), dtype=np.int32), np.int32(-1))
    for _ in Level:  # each turn reaches a level further down
        found = np.where(found >= 0, found, np.append(found, np.int32(-1))[parent])
    return found


def _nullable(positions: NDArray[np.int32]) -> pa.Int32Array:
    return pa.array(positions, mask=positions < 0)
