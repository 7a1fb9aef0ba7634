"""The file of holidays: whose they are, and what is wrong with a row."""

from datetime import date
from pathlib import Path

import pytest

from inventory.holidays import Holidays, HolidaysError, read_holidays
from inventory.model import Inventory
from inventory.scope import Scope
from reports.availability import Of, counted

HEAD = "day,area,site,name_en,name_hi,name_pa\n"


def written(folder: Path, *rows: str) -> Path:
    path = folder / "holidays-22.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_of_everywhere_of_an_area_and_of_one_kendra(small: Inventory, tmp_path: Path) -> None:
    path = written(
        tmp_path, "2026-01-26,,,Republic Day,गणतंत्र दिवस,ਗਣਤੰਤਰ ਦਿਵਸ", "2026-11-24,district:387,,Martyrdom Day,,",
        "2026-11-05,gp:G1,,Fair,,", "2026-11-06,,kendra2,Flood,,",
    )  # fmt: skip
    found = read_holidays(path, small)
    whole = (date(2026, 1, 26), date(2026, 11, 24))
    assert found.of_area(small, "gp:G3") == whole
    assert found.of_area(small, "state:22") == whole[:1]
    assert found.of_site(small, small.sites["kendra1"]) == (whole[0], date(2026, 11, 5), whole[1])
    assert found.of_site(small, small.sites["kendra2"]) == (whole[0], date(2026, 11, 6), whole[1])


def test_a_village_has_those_of_the_kendra_that_serves_it(small: Inventory, tmp_path: Path) -> None:
    path = written(tmp_path, "2026-11-06,,kendra2,Flood,,", "2026-11-05,gp:G3,,Fair,,")
    found = counted(small, Scope(), Of.VILLAGE, read_holidays(path, small))
    days = dict(zip(found.names, found.holidays, strict=True))
    assert days["village:V3"] == days["village:V2"] == (date(2026, 11, 6),)
    assert days["village:V1"] == ()
    sites = counted(small, Scope(), Of.GP, read_holidays(path, small))
    assert dict(zip(sites.names, sites.holidays, strict=True))["gp2"] == (date(2026, 11, 6),)


def test_each_bad_row_is_named_and_none_is_taken(small: Inventory, tmp_path: Path) -> None:
    path = written(
        tmp_path, "26-01-2026,,,Republic Day,,", "2026-01-26,district:999,,Nowhere,,", "2026-01-27,,kendra99,Nobody,,",
        "2026-01-28,district:387,kendra1,Both,,", "2026-01-29,,,,,", "2026-01-30,,,Good,,", "2026-01-30,,,Again,,",
    )  # fmt: skip
    with pytest.raises(HolidaysError) as raised:
        read_holidays(path, small)
    assert str(raised.value).splitlines() == [
        "holidays-22.csv:2: day '26-01-2026' is not a day written as 2026-11-21",
        "holidays-22.csv:3: area 'district:999' is not in the inventory",
        "holidays-22.csv:4: site 'kendra99' is not in the inventory",
        "holidays-22.csv:5: site stands beside an area: a row is about one of them",
        "holidays-22.csv:6: name_en is required",
        "holidays-22.csv:8: site '2026-01-30::' stands already in line 7",
    ]


def test_no_file_no_holidays(small: Inventory) -> None:
    assert Holidays().of_site(small, small.sites["kendra1"]) == ()
