"""Reading an inventory folder: each kind of bad row is found at its place, and good ones aren't lost."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.files import read_folder, write_folder
from inventory.kinds import FILES
from inventory.model import Inventory, Names
from tests.small import small_inventory

Edit = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path, small: Inventory) -> Path:
    write_folder(small, tmp_path / "inventory")
    return tmp_path / "inventory"


def edit(folder: Path, file: str, change: Edit) -> None:
    path = folder / file
    path.write_text(change(path.read_text(encoding="utf-8-sig")), encoding="utf-8")


def cell(row: str, column: str, value: str) -> Edit:
    """Put `value` into a column of the row whose first cells are `row`."""

    def change(text: str) -> str:
        lines = text.split("\n")
        at = lines[0].split(",").index(column)
        for i, line in enumerate(lines):
            if line.startswith(row + ","):
                cells = line.split(",")
                cells[at] = value
                lines[i] = ",".join(cells)
                return "\n".join(lines)
        raise AssertionError(row)

    return change


def line_of(folder: Path, file: str, row: str) -> int:
    lines = (folder / file).read_text(encoding="utf-8-sig").split("\n")
    return next(i for i, line in enumerate(lines, start=1) if line.startswith(row + ","))


def collection(ring: str, area: str = "district:387") -> str:
    """A boundaries.geojson of one polygon."""
    geometry = f'{{"type": "Polygon", "coordinates": [{ring}]}}'
    return f'{{"features": [{{"type": "Feature", "properties": {{"area": "{area}"}}, "geometry": {geometry}}}]}}'


BAD_CELLS = [
    ("areas.csv", "gp,G1", "level", "hamlet", "'hamlet' is not one of: state, district, subdistrict, block, gp, village"),
    ("areas.csv", "gp,G1", "code", "G 1", "is no code"),
    ("areas.csv", "gp,G1", "name_en", "", "is required"),
    ("areas.csv", "gp,G1", "lat", "north", "'north' is not a decimal number"),
    ("areas.csv", "gp,G1", "lat", "nan", "'nan' is not a decimal number"),
    ("areas.csv", "gp,G1", "lat", "1e999", "is not between"),
    ("areas.csv", "gp,G1", "lat", "21°15'", "is not a decimal number such as 21.25"),
    ("areas.csv", "gp,G1", "lat", "0", "0, lon 81.92 is not in India"),
    ("areas.csv", "gp,G1", "lon", "", "and lon go together"),
    ("areas.csv", "gp,G1", "population", "1 000", "is not a whole number"),
    ("areas.csv", "gp,G1", "population", "-4", "is not between 0 and"),
    ("areas.csv", "gp,G1", "population", "१२", "is not a whole number"),
    ("areas.csv", "gp,G1", "parent", "3591", "write level:code"),
    ("areas.csv", "gp,G1", "parent", "block:1", "names 'block:1', which is not in areas.csv"),
    ("areas.csv", "gp,G1", "parent", "village:V1", "'village:V1' is no wider than a gp"),
    ("areas.csv", "village,V1", "served_by", "gp1", "'gp1' is a gp, not a kendra"),
    ("areas.csv", "village,V1", "served_by", "kendra9", "names 'kendra9', which is not in sites.csv"),
    ("areas.csv", "gp,G1", "valid_from", "1.4.2026", "is not a day written as"),
    ("areas.csv", "gp,G1", "valid_from", "2026-02-30", "day is out of range"),
    ("areas.csv", "gp,G1", "valid_from", "0001-01-01", "does not lie between 1900 and 2200"),
    ("areas.csv", "gp,G1", "valid_from", "9999-12-31", "does not lie between 1900 and 2200"),
    ("sites.csv", "gp1", "kind", "tower", "is not one of: gp, block_pop"),
    ("sites.csv", "gp1", "area", "gp:none", "names 'gp:none', which is not in areas.csv"),
    ("sites.csv", "gp1", "name_en", "Gr\x07am", "U+0007"),
    ("sites.csv", "gp1", "name_en", "Gram\u202e1", "U+202E"),
    ("sites.csv", "gp1", "name_en", "Gr\ufffdm", "U+FFFD"),
    ("sites.csv", "gp1", "name_en", "x" * 201, "is 201 characters long; at most 200"),
    ("sites.csv", "kendra1", "hours", "morning", "write them like Mo-Sa 10:00-17:00"),
    ("sites.csv", "gp1", "approximate", "perhaps", "is neither true nor false"),
    ("devices.csv", "gp1", "role", "modem", "is not one of: router, olt"),
    ("devices.csv", "gp1", "site", "gp99", "names 'gp99', which is not in sites.csv"),
    ("devices.csv", "gp1", "credential", "none", "names 'none', which is not in credentials.csv"),
    ("devices.csv", "gp1", "primary_ip", "10.0.0.256", "is not an IP address"),
    ("devices.csv", "gp1", "primary_ip", "224.0.0.1", "is no address of one device"),
    ("devices.csv", "gp2", "primary_ip", "127.1.2.1", "127.1.2.1 port 161 is already that of 'gp1'"),
    ("devices.csv", "gp1", "port", "70000", "70000 is not between 1 and 65535"),
    ("devices.csv", "gp1", "seen_as", "0/1/3:1", "needs seen_through"),
    ("devices.csv", "ont6", "seen_as", "0/1/3:5", "'0/1/3:5' is already that of 'ont5'"),
    ("devices.csv", "ont5", "seen_through", "ont5", "goes in a circle: 'ont5' → 'ont5'"),
    ("devices.csv", "ont5", "reference", "true", "needs a primary_ip"),
    ("links.csv", "ring-1-2", "length_km", "-1", "-1 is not between 0 and 2000"),
    ("links.csv", "ring-1-2", "b_device", "gp2", "'gp2' is linked to itself"),
    ("links.csv", "pon-5", "b_device", "ont99", "names 'ont99', which is not in devices.csv"),
    ("credentials.csv", "net", "kind", "telnet", "is not one of: snmp-v1, snmp-v2c, snmp-v3, ssh"),
    ("credentials.csv", "net", "community", "", "is required for snmp-v2c"),
]  # fmt: skip


def test_old_boxes_have_a_credential_of_version_1(folder: Path) -> None:
    edit(folder, "credentials.csv", cell("net", "kind", "snmp-v1"))
    assert not read_folder(folder).problems


@pytest.mark.parametrize("case", BAD_CELLS, ids=lambda case: f"{case[0]}-{case[2]}")
def test_a_bad_cell_is_found_with_its_place(folder: Path, case: tuple[str, str, str, str, str]) -> None:
    file, row, column, value, reason = case
    line = line_of(folder, file, row)
    edit(folder, file, cell(row, column, value))
    problems = read_folder(folder).problems
    blamed = "lat" if column == "lon" else column
    found = [p for p in problems if (p.file, p.line, p.field) == (file, line, blamed) and reason in p.reason]
    assert found, [str(p) for p in problems]


def test_only_the_guilty_row_is_blamed(folder: Path) -> None:
    """Rows that name a refused one say nothing: it is there, only not in order yet."""
    edit(folder, "sites.csv", cell("gp1", "kind", "tower"))
    edit(folder, "devices.csv", cell("olt1", "primary_ip", "none"))
    loaded = read_folder(folder)
    assert [(p.file, p.field) for p in loaded.problems] == [("devices.csv", "primary_ip"), ("sites.csv", "kind")]
    assert "gp1" not in loaded.inventory.sites
    assert "gp2" in loaded.inventory.sites


def test_a_refused_link_is_not_a_missing_one(folder: Path) -> None:
    edit(folder, "links.csv", cell("ring-1-2", "medium", "string"))
    assert [p.field for p in read_folder(folder).problems] == ["medium"]


def test_swapped_coordinates_are_recognised(folder: Path) -> None:
    edit(folder, "sites.csv", cell("gp1", "lat", "81.6"))
    edit(folder, "sites.csv", cell("gp1", "lon", "21.2"))
    (problem,) = read_folder(folder).problems
    assert (problem.field, problem.reason) == ("lat", "81.6, lon 21.2 look swapped")


def test_a_place_outside_its_state(folder: Path) -> None:
    square = collection("[[81,20.5],[82.5,20.5],[82.5,22],[81,22],[81,20.5]]")
    (folder / "boundaries.geojson").write_text(square, encoding="utf-8")
    assert read_folder(folder).problems == ()
    edit(folder, "sites.csv", cell("gp1", "lat", "22.05"))  # 5.6 km north of the square
    assert read_folder(folder).problems == ()
    edit(folder, "sites.csv", cell("gp1", "lat", "23"))
    (problem,) = read_folder(folder).problems
    assert (problem.file, problem.field, problem.reason) == (
        "sites.csv",
        "lat",
        "and lon lie 111 km outside 'state:22'",
    )


def test_a_ring_lacks_a_link(folder: Path) -> None:
    edit(folder, "links.csv", lambda text: "\n".join(x for x in text.split("\n") if not x.startswith("ring-1-2,")))
    (problem,) = read_folder(folder).problems
    assert (problem.line, problem.field) == (line_of(folder, "links.csv", "ring-1-0"), "ring")
    assert problem.reason == "'ring-1' is in 2 pieces ('pop-r1' … 'gp2', 'gp3' … 'pop-r2'): a link is missing"


def test_a_ring_with_a_branch(folder: Path) -> None:
    edit(folder, "links.csv", cell("pon-5", "ring", "ring-1"))
    edit(folder, "links.csv", cell("pon-5", "a_device", "gp2"))
    (problem,) = read_folder(folder).problems
    assert problem.reason == "'ring-1' has more than two links at 'gp2'"


def test_devices_seen_through_each_other(folder: Path) -> None:
    edit(folder, "devices.csv", cell("ont5", "seen_through", "ont6"))
    edit(folder, "devices.csv", cell("ont6", "seen_through", "ont5"))
    (problem,) = read_folder(folder).problems
    assert problem.reason == "goes in a circle: 'ont5' → 'ont6' → 'ont5'"


def test_a_double_key_names_the_first_line(folder: Path) -> None:
    first, last = line_of(folder, "sites.csv", "gp1"), line_of(folder, "sites.csv", "gp2")
    edit(folder, "sites.csv", cell("gp2", "name", "gp1"))
    problems = read_folder(folder).problems
    assert ("sites.csv", last, "name", f"'gp1' stands already in line {first}") in [
        (p.file, p.line, p.field, p.reason) for p in problems
    ]


def test_a_secret_is_never_repeated(folder: Path) -> None:
    edit(folder, "credentials.csv", cell("net", "community", "s3cret-word"))
    problems = read_folder(folder).problems
    assert [p.field for p in problems] == ["community"]
    assert not any("s3cret" in str(p) for p in problems)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (
            b"name,kind,area,name_en\nx,gp,gp:G1,Gr\xe2m\n",
            2,
            "holds the byte 0xE2, which is not UTF-8; save the file as UTF-8",
        ),
        (b"PK\x03\x04\x14\x00", 1, "is a spreadsheet or an archive"),
        ("name,kind,area,name_en\n".encode("utf-16"), 1, "is UTF-16"),
        (b"", 1, "is empty"),
        (b"name;kind;area;name_en\n", 1, "separates its columns by ';'"),
        (b"name,kind,area,name_en,rack\n", 1, "known are: name, kind, area, name_en, name_hi"),
        (b"name,kind,area,name_en,Name\n", 1, "stands twice"),
        (b"name,kind,area\n", 1, "is missing from the first line"),
        (b"name,kind,area,name_en\nx,gp,gp:G1\n", 2, "has 3 cells, the first line has 4"),
        (b'name,kind,area,name_en\nx,gp,gp:G1,A\ny,"gp,gp:G1,B\nz,gp,gp:G1,C\n', 3, "is a quote left open?"),
        (b'name,kind,area,name_en\nx,gp,gp:G1,"' + b"A" * 140_000 + b'"\n', 2, "field larger than field limit"),
        (b"name,kind,area,name_en\nx,gp,gp:G1,A\x00B\n", 2, "U+0000"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(folder: Path, content: bytes, line: int, reason: str) -> None:
    """Also where every device names a site of that file."""
    (folder / "sites.csv").write_bytes(content)
    problems = [p for p in read_folder(folder).problems if p.file == "sites.csv"]
    assert [p.line for p in problems] == [line]
    assert reason in problems[0].reason


def test_lines_are_counted_over_cells_with_line_feeds(tmp_path: Path) -> None:
    (tmp_path / "sources.csv").write_text('key,title,attribution\r\na,A,"one\r\ntwo"\r\nb!,B,\r\n', encoding="utf-8")
    loaded = read_folder(tmp_path)
    assert [(p.line, p.field) for p in loaded.problems] == [(4, "key")]
    assert loaded.inventory.sources["a"].attribution == "one\ntwo"


def test_a_netbox_export_is_taken(tmp_path: Path, small: Inventory) -> None:
    (tmp_path / "devices.csv").write_text(
        "Name,Status,Site,Role,Manufacturer,Type,IP Address,Serial number\n"
        "core-1,Active,pop,Router,Nokia,7250 IXR,10.0.0.1/32,NS1\n"
        "core-2,Decommissioning,pop,Switch,,,2001:DB8::1/64,\n",
        encoding="utf-8-sig",
    )
    loaded = read_folder(tmp_path / "devices.csv", replace(small, devices={}, links={}))
    assert loaded.problems == ()
    first, second = loaded.inventory.devices.values()
    assert (first.role, first.device_type, first.primary_ip, first.serial) == ("router", "7250 IXR", "10.0.0.1", "NS1")
    assert (second.status, second.primary_ip) == ("decommissioning", "2001:db8::1")


def test_an_absent_file_leaves_its_kind_alone(folder: Path, small: Inventory) -> None:
    named = replace(small.sites["gp1"], names=Names("Renamed"))
    edit(folder, "sites.csv", cell("gp1", "name_en", "Renamed"))
    edit(folder, "sites.csv", cell("gp1", "name_hi", ""))
    loaded = read_folder([folder / "sites.csv"], small)
    assert loaded.problems == ()
    assert loaded.inventory == replace(small, sites={**small.sites, "gp1": named})


def test_a_row_that_is_still_named_cannot_go(folder: Path, small: Inventory) -> None:
    edit(folder, "sites.csv", lambda text: "\n".join(x for x in text.split("\n") if not x.startswith("gp1,")))
    (problem,) = read_folder([folder / "sites.csv"], small).problems
    assert str(problem) == "sites.csv: lacks 'gp1', which 'gp1' of the stored devices names as its site"


def test_strange_files(folder: Path, tmp_path: Path) -> None:
    (folder / "racks.csv").write_text("a,b\n", encoding="utf-8")
    (folder / "notes.txt").write_text("left alone", encoding="utf-8")
    shutil.copy(folder / "sites.csv", tmp_path / "sites.csv")
    problems = read_folder([folder, tmp_path / "sites.csv", tmp_path / "gone.csv"]).problems
    assert [(p.file, p.reason.partition(";")[0]) for p in problems] == [
        ("gone.csv", "there is no such file"),
        ("racks.csv", "is no inventory file"),
        ("sites.csv", "is given twice"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "a GeoJSON FeatureCollection is wanted"),
        ('{"features": [NaN]}', "NaN is no number of JSON"),
        ("[" * 100_000, "is not JSON that can be read"),
        ('{"features": [%s]}' % ("1" * 5000), "is not JSON that can be read"),
        ('{"features": [7]}', 'has no property "area"'),
        ('{"features": [{"properties": {"area": "district:387"}, "geometry": {"type": "Point"}}]}', "is neither"),
        ('{"features": [{"properties": {"area": "district:387"}, "geometry": {"type": "Polygon"}}]}', "make no polygon"),
        (collection('[[81, "\\u001b[31m"], [82, 21], [82, 22], [81, 21]]'), "make no polygon"),
        (collection("[[1e999, 21], [82, 21], [82, 22], [1e999, 21]]"), ""),
        (collection("[[21, 81], [21, 82], [22, 82], [21, 81]]"), "GeoJSON writes [longitude, latitude]"),
        (collection("[[81, 21], [82, 21], [81, 21], [81, 21]]"), "encloses nothing"),
        (collection("[[81, 21], [82, 21], [82, 22], [81, 21]]", "district:999"), "is not in areas.csv"),
        (collection("[" * 300 + "]" * 300), ""),
    ],
)  # fmt: skip
def test_bad_boundaries(folder: Path, content: str, reason: str) -> None:
    (folder / "boundaries.geojson").write_text(content, encoding="utf-8")
    (problem,) = read_folder(folder).problems
    assert problem.file == "boundaries.geojson"
    assert reason in problem.reason
    assert "\x1b" not in str(problem)


def test_a_boundary_that_crosses_itself_is_mended(folder: Path) -> None:
    bow_tie = collection("[[81,21],[82,22],[82,21],[81,22],[81,21]]", "block:3591")
    (folder / "boundaries.geojson").write_text(bow_tie, encoding="utf-8")
    loaded = read_folder(folder)
    assert loaded.problems == ()
    assert list(loaded.inventory.boundaries) == ["block:3591"]


_FILES = sorted([*FILES, "boundaries.geojson"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(_FILES), st.binary(max_size=300))
def test_any_bytes_give_problems_not_a_traceback(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    for name in _FILES:
        if name != file:
            (tmp_path / name).unlink(missing_ok=True)
    for problem in read_folder(tmp_path).problems:
        assert str(problem).isprintable()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_give_problems_not_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    write_folder(small_inventory(), tmp_path)
    file = tmp_path / data.draw(st.sampled_from(_FILES))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from([b",", b'"', b"\n", b"\x00", b"\xff", b"=", b"-", b"gp1", b"\r", b";", b"/"])
        )
    file.write_bytes(content)
    for problem in read_folder(tmp_path).problems:
        assert str(problem).isprintable()
