"""Where a row of a report lies: the cells that name an area and what is around it. Pure."""

from collections.abc import Iterable

import pyarrow as pa

from inventory.columnar import column, keys, rows_with
from inventory.model import Area, Inventory, Level, Names
from reports.columns import Value

Cells = dict[str, Value]


class Homes:
    """Of each area the one of a wanted level that holds it."""

    def __init__(self, inventory: Inventory, level: Level) -> None:
        areas = keys(inventory.areas).to_pylist()
        self._parents = dict(zip(areas, column(inventory.areas, "parent").to_pylist(), strict=True))
        of_level = rows_with(inventory.areas, "level", pa.array([level.value]))
        self._known: dict[str, str | None] = {areas[row]: areas[row] for row in of_level.tolist()}

    def of(self, key: str) -> str | None:
        """None where no area of that level holds it, or there is no such area."""
        if key not in self._known:
            above = self._parents.get(key)
            self._known[key] = None if above is None else self.of(above)
        return self._known[key]


def area_cells(inventory: Inventory, area: Area) -> Cells:
    """The area, its block and its district."""
    around = {Level.BLOCK: None, Level.DISTRICT: None} | {a.level: a for a in _ancestry(inventory, area)}
    cells: Cells = {
        "area": area.key,
        "code": area.code,
        "code_source": area.code_source,
        **name_cells(area.names),
        "lat": area.lat,
        "lon": area.lon,
    }
    for level in (Level.BLOCK, Level.DISTRICT):
        holder = around[level]
        names = holder.names if holder else Names("")
        cells |= {
            f"{level}_code": holder.code if holder else None,
            f"{level}_en": names.en or None,
            f"{level}_hi": names.hi or None,
            f"{level}_pa": names.pa or None,
        }
    return cells


def name_cells(names: Names) -> Cells:
    """What it is called; empty where no source has it in that language."""
    return {"name_en": names.en, "name_hi": names.hi or None, "name_pa": names.pa or None}


def _ancestry(inventory: Inventory, area: Area) -> Iterable[Area]:
    yield area
    while area.parent is not None:
        area = inventory.areas[area.parent]
        yield area
