"""The areas of Chhattisgarh through 2022, when five districts were carved out of others.

District, tehsil and village codes of March 2022 and of May 2026 are those of the Local Government
Directory; the days are those on which the districts were inaugurated (The Hindu, 2022-09-10; NDTV,
2022-09-03). A village stays in its tehsil of the Census of 2011: the newest tehsils' villages are
in no file.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from inventory.model import Area, Inventory, Level, Names
from inventory.periods import split

STATE = "22"
MOHLA, KHAIRAGARH, SARANGARH, MANENDRAGARH, SAKTI = "761", "759", "763", "760", "762"
INAUGURATED = {
    MOHLA: date(2022, 9, 2),
    KHAIRAGARH: date(2022, 9, 3),
    SARANGARH: date(2022, 9, 3),
    MANENDRAGARH: date(2022, 9, 9),
    SAKTI: date(2022, 9, 9),
}
_Rows = list[dict[str, str]]


def chhattisgarh(lgd: Path, day: date) -> Inventory:
    """State, districts, tehsils and villages with all their periods, on `day`."""
    before, after = _rows(lgd / "subdistricts_2022.csv.gz"), _rows(lgd / "subdistricts.csv.gz")
    villages = _rows(lgd / "census2011_villages.csv.gz")
    areas = [Area(Level.STATE, STATE, Names("Chhattisgarh")), *_districts(after), *_tehsils(before, after)]
    current, versions = split([*areas, *_villages(before, villages)], day)
    return Inventory(areas=current, versions=versions)


def _rows(path: Path) -> _Rows:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["state_code"] == STATE]


def _districts(after: _Rows) -> Iterator[Area]:
    names = {row["district_code"]: row["district_name"] for row in after}
    for code, name in names.items():
        yield Area(Level.DISTRICT, code, Names(name), f"state:{STATE}", valid_from=INAUGURATED.get(code))


def _tehsils(before: _Rows, after: _Rows) -> Iterator[Area]:
    """Tehsils of both years; one that changed its district has two rows."""
    was = {row["subdistrict_code"]: row["district_code"] for row in before}
    census = {row["subdistrict_code"]: row["census2011_code"] for row in before}
    for row in after:
        code, district = row["subdistrict_code"], row["district_code"]
        parent, names, day = f"district:{district}", Names(row["subdistrict_name"]), INAUGURATED.get(district)
        area = Area(Level.SUBDISTRICT, code, names, parent, census_code=census.get(code, ""), valid_from=day)
        if was.get(code, district) != district:
            yield replace(area, parent=f"district:{was[code]}", valid_from=None, valid_to=day)
        yield area


def _villages(before: _Rows, villages: _Rows) -> Iterator[Area]:
    tehsils = {row["census2011_code"]: row["subdistrict_code"] for row in before}
    named = {row["village_code"]: row for row in villages}  # outgrowths are listed twice
    for code, row in named.items():
        parent = f"subdistrict:{tehsils[row['subdistrict_census2011']]}"
        yield Area(Level.VILLAGE, code, Names(row["village_name"]), parent, census_code=code)
