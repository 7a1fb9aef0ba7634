"""In which order the history numbers devices: those of a district, of a block, of a panchayat lie together."""

import pyarrow as pa
import pyarrow.compute as pc

from inventory.columnar import column, keys
from inventory.model import Inventory, Level
from storage.numbers import Numbers


def number_devices(inventory: Inventory, numbers: Numbers) -> None:
    """Give numbers to the devices of `inventory` that have none."""
    if numbers.lacks(keys(inventory.devices)):
        numbers.of(neighbours(inventory))


def neighbours(inventory: Inventory) -> pa.Array:
    """The names of all devices by place, then name; shape (devices,)."""
    areas, names = keys(inventory.areas), keys(inventory.devices)
    area = pc.index_in(column(inventory.sites, "area").cast(pa.string()), value_set=areas)
    site = pc.index_in(column(inventory.devices, "site").cast(pa.string()), value_set=keys(inventory.sites))
    place = _paths(inventory, areas).take(area.take(site))
    order = pc.sort_indices(pa.table({"place": place, "name": names}), [("place", "ascending"), ("name", "ascending")])
    return names.take(order)


def _paths(inventory: Inventory, areas: pa.Array) -> pa.Array:
    """Each area's key behind those of the areas it lies in, shape (areas,)."""
    parent = pc.index_in(column(inventory.areas, "parent").cast(pa.string()), value_set=areas, skip_nulls=True)
    above, path = parent, areas
    for _ in Level:
        path = pc.coalesce(pc.binary_join_element_wise(areas.take(above), path, "/"), path)
        above = parent.take(above)
    return path
