"""What people really send: each import is refused with file, line, field and reason, and the store is as it was."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import shapely
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from inventory.cli import app
from inventory.files import write_folder
from inventory.model import Area, Inventory, Level, Names
from inventory.store import last_import, load
from storage.engine import open_engine

MOVED = date(2024, 4, 1)
Edit = Callable[[str], str]


@pytest.fixture
def known(small: Inventory) -> Inventory:
    """The small inventory in the true outline of a state, with a village that moved and a district that ended."""
    village = small.areas["village:V1"]
    ended = Area(Level.DISTRICT, "1", Names("Ended"), "state:22", valid_to=MOVED)
    return replace(
        small,
        areas={**small.areas, village.key: replace(village, valid_from=MOVED)},
        versions={village.key: (replace(village, parent="gp:G2", valid_to=MOVED),), ended.key: (ended,)},
        boundaries={"state:22": shapely.to_wkb(shapely.box(80.2, 17.8, 84.4, 24.1), byte_order=1)},
    )


@pytest.fixture
def folder(tmp_path: Path, known: Inventory) -> Path:
    write_folder(known, tmp_path / "in")
    return tmp_path / "in"


@pytest.fixture
def stored(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A store into which the files were imported once."""
    url = f"sqlite:///{tmp_path}/pahunch.db"
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", url)
    assert run(folder).exit_code == 0
    return open_engine(url)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)], catch_exceptions=False)


def edit(path: Path, change: Edit, encoding: str = "utf-8-sig") -> None:
    path.write_text(change(path.read_text(encoding="utf-8-sig")), encoding=encoding)


def row(text: str, beginning: str) -> str:
    return next(line for line in text.split("\n") if line.startswith(beginning))


def with_row(beginning: str, old: str, new: str) -> Edit:
    """Put `new` for `old` in the one row that begins so."""

    def change(text: str) -> str:
        found = row(text, beginning)
        assert found.count(old) == 1, found
        return text.replace(found, found.replace(old, new))

    return change


def without_row(beginning: str) -> Edit:
    return lambda text: text.replace(row(text, beginning) + "\n", "")


def once_more(beginning: str) -> Edit:
    return lambda text: text + row(text, beginning) + "\n"


def line_of(path: Path, beginning: str) -> int:
    return next(n for n, line in enumerate(path.read_bytes().split(b"\n"), 1) if line.startswith(beginning.encode()))


# What is wrong: the file, what happens to it, the row to be blamed, the whole message after "file:line: ".
CASES: dict[str, tuple[str, Edit, str, str]] = {
    "swapped coordinates": (
        "sites.csv", with_row("gp1,", "21.22,81.92", "81.92,21.22"), "gp1,", "lat 81.92, lon 21.22 look swapped",
    ),
    "coordinates of another state": (  # Jaipur
        "areas.csv", with_row("village,V6,", "21.32,81.9", "26.9,75.8"), "village,V6,",
        "lat and lon lie 540 km outside 'state:22'",
    ),
    "coordinates of another country": (
        "areas.csv", with_row("village,V6,", "21.32,81.9", "51.5,0.1"), "village,V6,",
        "lat 51.5, lon 0.1 is not in India (lat 6 to 38, lon 68 to 98)",
    ),
    "a village of a state that isn't there": (
        "areas.csv", with_row("village,V3,", "gp:G3", "gp:88412"), "village,V3,",
        "parent names 'gp:88412', which is not in areas.csv",
    ),
    "a device on an unknown site": (
        "devices.csv", with_row("gp2,", "router,gp2", "router,gp-2"), "gp2,",
        "site names 'gp-2', which is not in sites.csv",
    ),
    "a ring with a missing link": (
        "links.csv", without_row("ring-1-2,"), "ring-1-0,",
        "ring 'ring-1' is in 2 pieces ('pop-r1' … 'gp2', 'gp3' … 'pop-r2'): a link is missing",
    ),
    "an area that ends before it begins": (
        "areas.csv", with_row("village,V1,Village 1,,,gp:G1", "2024-04-01,", "2024-04-01,2023-01-01"),
        "village,V1,Village 1,,,gp:G1", "valid_to 2023-01-01 is not after valid_from 2024-04-01",
    ),
    "two rows of an area at the same time": (
        "areas.csv", with_row("village,V1,Village 1,,,gp:G1", "2024-04-01", "2024-03-01"),
        "village,V1,Village 1,,,gp:G1",
        "valid_from 2024-03-01 lies within the period of another row of 'village:V1', before 2024-04-01",
    ),
    "a parent that had ended": (
        "areas.csv", with_row("block,", "district:387", "district:1"), "block,",
        "parent 'district:1' is not in force from 2024-04-01 on, and this row is",
    ),
    "a site in an area that has ended": (
        "sites.csv", with_row("pop,", "district:387", "district:1"), "pop,",
        "area names 'district:1', which is in areas.csv only before 2024-04-01",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_bad_row_is_told_and_nothing_is_imported(stored: Engine, folder: Path, known: Inventory, case: str) -> None:
    file, change, blamed, message = CASES[case]
    path = folder / file
    edit(path, change)
    assert_refused(stored, known, folder, [f"{file}:{line_of(path, blamed)}: {message}"])


def assert_refused(stored: Engine, known: Inventory, folder: Path, messages: list[str]) -> None:
    imported = last_import(stored)
    result = run(folder)
    assert result.stdout.splitlines() == messages
    assert result.stderr == f"nothing was imported; problems: {len(messages)}\n"
    assert result.exit_code == 1
    found = json.loads(run(folder, "--json").stdout)
    places = [f"{p['file']}:{p['line']}: {p['field']} {p['reason']}" for p in found["problems"]]
    assert (places, found["diff"]) == (messages, {})
    assert load(stored) == known
    assert last_import(stored) == imported


def test_latin_1(stored: Engine, folder: Path, known: Inventory) -> None:
    """Every row with such a letter is named, by its first bad byte; the plain ones aren't."""
    path = folder / "sites.csv"
    edit(path, lambda text: text.replace("Gram 2,,", "Grãm 2,,").replace("Gram 3,,", "Gram 3,Grâme,"), "latin-1")
    assert_refused(
        stored, known, folder,
        [
            f"sites.csv:{line_of(path, 'gp2,')}: name_en holds the byte 0xE3, which is not UTF-8; save the file as UTF-8",
            f"sites.csv:{line_of(path, 'gp3,')}: name_hi holds the byte 0xE2, which is not UTF-8; save the file as UTF-8",
        ],
    )  # fmt: skip


def test_a_byte_order_mark_is_no_fault(stored: Engine, folder: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        edit(folder / "sites.csv", lambda text: text, encoding)
        result = run(folder)
        assert (result.exit_code, result.stdout) == (0, "nothing changed\n")


def test_utf_16_and_a_spreadsheet(stored: Engine, folder: Path, known: Inventory) -> None:
    edit(folder / "sites.csv", lambda text: text, "utf-16")
    (folder / "links.csv").write_bytes(b"PK\x03\x04\x14\x00\x06\x00\x08\x00")
    result = run(folder)
    assert result.stdout.splitlines() == [
        "links.csv:1: is a spreadsheet or an archive; save it as CSV UTF-8",
        "sites.csv:1: is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)",
    ]
    assert load(stored) == known


def test_double_codes_in_every_file(stored: Engine, folder: Path, known: Inventory) -> None:
    doubles = {
        "areas.csv": ("gp,G3,", "code 'gp:G3'", "; several rows of one area need different periods"),
        "devices.csv": ("gp1,", "name 'gp1'", ""),
        "links.csv": ("pon-5,", "name 'pon-5'", ""),
        "sites.csv": ("kendra1,", "name 'kendra1'", ""),
    }
    messages = []
    for file, (beginning, name, more) in doubles.items():
        first = line_of(folder / file, beginning)
        edit(folder / file, once_more(beginning))
        last = (folder / file).read_bytes().count(b"\n")
        messages.append(f"{file}:{last}: {name} stands already in line {first}{more}")
    assert_refused(stored, known, folder, messages)


def test_a_hundred_thousand_rows_with_three_bad_ones(stored: Engine, folder: Path, known: Inventory) -> None:
    rows = [f"pc-{n},pc,pop,10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(1, 100_001)]
    rows[10], rows[50_000], rows[99_999] = "pc-x,pcc,pop,", "pc-y,pc,nowhere,", "pc-1,pc,pop,"
    path = folder / "many" / "devices.csv"
    path.parent.mkdir()
    path.write_text("name,role,site,primary_ip\n" + "\n".join(rows), encoding="utf-8")
    (path.parent / "links.csv").write_text("name,a_device,b_device\n", encoding="utf-8")
    kinds = "router, olt, ont, switch, radio, ups, solar, pc, printer, biometric, camera"
    assert_refused(
        stored, known, path.parent,
        [
            f"devices.csv:12: role 'pcc' is not one of: {kinds}",
            "devices.csv:50002: site names 'nowhere', which is not in sites.csv",
            "devices.csv:100001: name 'pc-1' stands already in line 2",
        ],
    )  # fmt: skip
