"""What areas were before their district was divided: older versions of those whose parent is another since then.

The directory of March 2022 says in which district each tehsil and block lay then; the day of the change is that on
which today's district was formed. Without such a day nothing can be said, and the area is only counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from inventory.model import Area, Level, Names
from inventory.pack.survey.blocks import is_part

Areas = Mapping[str, Area]
Days = Mapping[str, date]  # key of a district formed lately -> its first day


@dataclass(frozen=True, slots=True)
class Before:
    """An area's parent until a day; None: there was no such area."""

    until: date
    parent: str | None


def befores(areas: Areas, then: Mapping[str, str], since: Days) -> tuple[dict[str, Before], list[str]]:
    """What each area was that moved, was cut off or is new, and those that moved nobody says when.

    `then`: key of a tehsil or block -> key of its district in the older directory. A tehsil that isn't there is
    taken to be as old as its district: it cannot be older.
    """
    found: dict[str, Before] = {}
    undated: list[str] = []
    for key, district in then.items():
        if key in areas and (today := areas[key].parent or "") != district:
            if today in since:
                found[key] = Before(since[today], district)
            else:
                undated.append(key)
    for key, area in areas.items():
        if area.level is Level.SUBDISTRICT and key not in then and (day := since.get(area.parent or "")):
            found[key] = Before(day, None)
    return {**found, **dict(_cut_off(areas, found, then, since))}, undated


def _cut_off(
    areas: Areas, moved: Mapping[str, Before], then: Mapping[str, str], since: Days
) -> Iterator[tuple[str, Before]]:
    """Parts of blocks, which began when their block was cut, and their gram panchayats, which were in the whole."""
    cuts: dict[str, tuple[str, date]] = {}
    for key, area in areas.items():
        whole = key.partition(".")[0]
        if area.level is Level.BLOCK and is_part(area.code) and whole in areas:
            day = moved[whole].until if whole in moved else since.get(area.parent or "")
            if day and whole in then:
                cuts[key] = (whole, day)
                yield key, Before(day, None)
    for key, area in areas.items():
        if area.level is Level.GP and area.parent in cuts:
            whole, day = cuts[area.parent]
            yield key, Before(day, whole)


def with_versions(
    areas: Areas, found: Mapping[str, Before], names: Mapping[str, str]
) -> tuple[dict[str, Area], dict[str, tuple[Area, ...]]]:
    """The areas with the day since which they are so, and by key what they were. `names`: older names by key."""
    today = {key: replace(area, valid_from=found[key].until) if key in found else area for key, area in areas.items()}
    older: dict[str, tuple[Area, ...]] = {
        key: (_older(areas[key], before, names.get(key, "")),)
        for key, before in found.items()
        if before.parent is not None
    }
    return today, older


def _older(area: Area, before: Before, name: str) -> Area:
    names = Names(name) if name and name != area.names.en else area.names
    return replace(area, names=names, parent=before.parent, valid_to=before.until)
