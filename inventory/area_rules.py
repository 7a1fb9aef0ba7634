"""What the rows of areas.csv must be to each other, over all their periods."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from inventory.cells import quoted
from inventory.model import Area, Inventory, Level, SiteKind
from inventory.periods import all_rows, begins, by_key, ends
from inventory.places import area_places, misplaced, wrong_position

_WIDTH = {level: number for number, level in enumerate(Level)}
Faults = Iterator[tuple[str, str, str]]  # key, column, reason


class _Periods(NamedTuple):
    """Area key -> its rows by valid_from; `Area.version` -> what is wrong with when it begins."""

    rows: Mapping[str, Sequence[Area]]
    overlaps: Mapping[str, str]


def area_faults(inventory: Inventory, refused: Collection[str] = ()) -> Faults:
    """Faults of the areas in force, by key; `refused` are keys of which some row is missing here."""
    yield from _faults(inventory, inventory.areas, refused)
    yield from misplaced(inventory, list(area_places(inventory)))


def version_faults(inventory: Inventory, refused: Collection[str] = ()) -> Faults:
    """Faults of the other versions, by `Area.version`."""
    yield from _faults(inventory, inventory.area_versions, refused)
    for key, area in inventory.area_versions.items():
        if wrong := wrong_position(area.lat, area.lon):
            yield key, *wrong


def _faults(inventory: Inventory, rows: Mapping[str, Area], refused: Collection[str]) -> Faults:
    periods = _periods(inventory, refused)
    for key, area in rows.items():
        for column, reason in (*_period(area, periods), *_parent(area, periods), *_served(inventory, area)):
            yield key, column, reason


def _periods(inventory: Inventory, refused: Collection[str]) -> _Periods:
    rows = by_key(area for area in all_rows(inventory) if area.key not in refused)
    overlaps = {
        after.version: f"{begins(after)} lies within the period of another row of {quoted(after.key)}, {told(before)}"
        for areas in rows.values()
        for before, after in pairwise(areas)
        if begins(after) < ends(before)
    }
    return _Periods(rows, overlaps)


def _period(area: Area, periods: _Periods) -> Iterator[tuple[str, str]]:
    if begins(area) >= ends(area):
        yield "valid_to", f"{area.valid_to} is not after valid_from {area.valid_from}"
    elif area.version in periods.overlaps:
        yield "valid_from", periods.overlaps[area.version]


def _parent(area: Area, periods: _Periods) -> Iterator[tuple[str, str]]:
    above = periods.rows.get(area.parent or "", ())
    if above and _WIDTH[above[0].level] >= _WIDTH[area.level]:
        yield "parent", f"{quoted(above[0].key)} is no wider than a {area.level}"
    elif above and (missing := _uncovered(area, above)):
        yield "parent", f"{quoted(above[0].key)} is not in force {_told(*missing)}, and this row is"


def _uncovered(area: Area, others: Sequence[Area]) -> tuple[date, date] | None:
    """The first part of the area's period in which none of `others` (by valid_from) is in force."""
    at = begins(area)
    for other in others:
        if begins(other) > at:
            return (at, min(begins(other), ends(area))) if at < ends(area) else None
        at = max(at, ends(other))
    return (at, ends(area)) if at < ends(area) else None


def _served(inventory: Inventory, area: Area) -> Iterator[tuple[str, str]]:
    kendra = inventory.sites.get(area.served_by or "")
    if kendra and kendra.kind is not SiteKind.KENDRA:
        yield "served_by", f"{quoted(kendra.name)} is a {kendra.kind}, not a kendra"


def told(area: Area) -> str:
    """An area's period in words."""
    return _told(begins(area), ends(area))


def _told(start: date, end: date) -> str:
    if start == date.min:
        return "at any time" if end == date.max else f"before {end}"
    return f"from {start} on" if end == date.max else f"from {start} until {end}"
