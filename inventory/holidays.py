"""Days on which kendras are closed: a file beside the inventory, of a state, any area or one kendra.

`day,area,site,name_en,name_hi,name_pa`: a row with an area is about every kendra within it, one with a site
about that kendra, one with neither about all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import cast

from inventory import cells
from inventory.kinds import Column, Kind, Record
from inventory.model import Inventory, Names, Site
from inventory.problems import Problem
from inventory.rows import read_rows


@dataclass(frozen=True, slots=True)
class Holiday:
    """`area` is an area's key, `site` a site's name; both are empty where it holds everywhere."""

    day: date
    area: str
    site: str
    names: Names


class HolidaysError(Exception):
    """The file can't be used; `problems` say where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Holidays:
    """Holidays by the key of the area or the name of the site; those of everywhere stand under the empty text."""

    by_area: Mapping[str, frozenset[date]] = field(default_factory=dict)
    by_site: Mapping[str, frozenset[date]] = field(default_factory=dict)

    def of_area(self, inventory: Inventory, area: str) -> tuple[date, ...]:
        """The holidays that hold in an area, in order."""
        return tuple(sorted(self._of(inventory, area)))

    def of_site(self, inventory: Inventory, site: Site) -> tuple[date, ...]:
        """The holidays of a site, in order."""
        return tuple(sorted(self._of(inventory, site.area) | self.by_site.get(site.name, frozenset())))

    def _of(self, inventory: Inventory, area: str) -> frozenset[date]:
        if not self.by_area:
            return frozenset()
        return frozenset().union(*(self.by_area.get(key, ()) for key in ("", *_around(inventory, area))))


def _around(inventory: Inventory, area: str) -> Iterator[str]:
    key: str | None = area
    while key is not None and key in inventory.areas:
        yield key
        key = inventory.areas[key].parent


def read_holidays(path: Path, inventory: Inventory) -> Holidays:
    """The holidays of a CSV file. Raises OSError, and HolidaysError: a file with a bad row isn't used at all."""
    kind = _kind(path.stem)
    rows = read_rows(kind, path.read_bytes())
    found = {key: cast("Holiday", record) for key, record in rows.records.items()}
    problems = [
        *rows.problems,
        *(p for key, one in found.items() for p in _misplaced(kind, rows.lines[key], one, inventory)),
    ]
    if problems:
        raise HolidaysError(sorted(problems))
    by_area: dict[str, set[date]] = {}
    by_site: dict[str, set[date]] = {}
    for one in found.values():
        (by_site if one.site else by_area).setdefault(one.site or one.area, set()).add(one.day)
    return Holidays(*({key: frozenset(days) for key, days in each.items()} for each in (by_area, by_site)))


def _kind(name: str) -> Kind:
    names = [
        Column(f"name_{language}", cells.text, f"names.{language}", required=language == "en")
        for language in ("en", "hi", "pa")
    ]
    columns = (Column("day", cells.day, required=True), Column("area", cells.area_key), Column("site"), *names)
    return Kind(name, cast("type[Record]", Holiday), columns, ("day", "area", "site"))


def _misplaced(kind: Kind, line: int, one: Holiday, inventory: Inventory) -> Iterator[Problem]:
    if one.area and one.site:
        yield Problem(kind.file, line, "site", "stands beside an area: a row is about one of them")
    if one.area and one.area not in inventory.areas:
        yield Problem(kind.file, line, "area", f"{cells.quoted(one.area)} is not in the inventory")
    if one.site and one.site not in inventory.sites:
        yield Problem(kind.file, line, "site", f"{cells.quoted(one.site)} is not in the inventory")
