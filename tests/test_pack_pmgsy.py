"""The pack from PMGSY's data, built from a folder made by hand; and what is said of a folder that doesn't fit."""

import gzip
import json
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from inventory.cli import app
from inventory.files import read_folder, write_folder
from inventory.model import Inventory, Level, Role, SiteKind
from inventory.pack.pmgsy import Built, build
from tests.small_survey import write_survey


def silent(_text: str, _over: float) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_survey(tmp_path_factory.mktemp("survey") / "data")


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    return build("22", folder, silent)


@pytest.fixture(scope="module")
def pack(built: Built) -> Inventory:
    return built.inventory


@pytest.fixture(scope="module")
def counted(built: Built) -> dict[str, int]:
    return {each.code: each.count for each in built.report.findings}


def test_progress_goes_from_0_to_1(folder: Path) -> None:
    said: list[float] = []
    build("22", folder, lambda _text, over: said.append(over))
    assert said == sorted(said)
    assert (said[0], said[-1]) == (0, 1)


def test_a_second_build_is_equal(pack: Inventory, folder: Path) -> None:
    assert build("22", folder, silent).inventory == pack


def test_export_and_import_give_it_back_without_a_problem(pack: Inventory, tmp_path: Path) -> None:
    write_folder(pack, tmp_path)
    loaded = read_folder([tmp_path])
    assert loaded.problems == ()
    assert loaded.inventory == pack


@pytest.mark.parametrize(
    ("code", "parent", "by", "kendra"),
    [
        ("441001", "gp:pmgsy-11", "village_code", "kendra-pmgsy-11"),
        ("441002", "gp:pmgsy-13", "village_code", "kendra-pmgsy-13"),  # the exact match of two
        ("441003", "gp:pmgsy-14", "nearest-office", "kendra-pmgsy-14"),  # whose tehsil a village told
        ("441004", "subdistrict:3316", "tehsil", None),
        ("443001", "subdistrict:3400", "tehsil", "kendra-tehsil-3400"),  # no office in its tehsil
    ],
)
def test_villages(pack: Inventory, code: str, parent: str, by: str, kendra: str | None) -> None:
    village = pack.areas[f"village:{code}"]
    assert (village.parent, village.assigned_by, village.served_by) == (parent, by, kendra)
    assert village.census_code == code
    assert (village.lat is None) == (kendra is None)


def test_citizens_and_positions_of_villages(pack: Inventory) -> None:
    at_office, own, nowhere, outside = (pack.areas[f"village:44100{n}"] for n in (1, 2, 4, 5))
    assert (at_office.lat, at_office.lon, at_office.population) == (21.25, 81.63, 900)
    assert (own.lat, own.lon, own.population) == (21.271, 81.671, 650)
    assert (nowhere.lat, nowhere.lon, nowhere.population) == (None, None, None)
    assert (outside.lat, outside.lon, outside.population) == (None, None, 30)


def test_offices_and_their_citizens(pack: Inventory) -> None:
    assert pack.areas["gp:pmgsy-12"].population == 700 + 5000  # the hamlet beside it
    assert pack.areas["gp:pmgsy-15"].population is None
    assert pack.areas["gp:pmgsy-11"].code_source == "pmgsy"
    far = pack.sites["gp-pmgsy-15"]
    assert (far.lat, far.lon, far.approximate) == (21.25, 81.63, True)  # its block's median


def test_blocks_are_lgds_and_their_pops_stand_at_the_office_that_surveyors_named(pack: Inventory) -> None:
    block = pack.areas["block:3600"]
    assert (block.names.en, block.code_source, block.boundary_approximate) == ("Abhanpur", "lgd", True)
    named, middle = pack.sites["pop-3600"], pack.sites["pop-3715"]
    assert (named.lon, named.approximate) == (81.64, False)
    assert (middle.lon, middle.approximate) == (80.74, True)
    assert (pack.areas["block:pmgsy-7"].names.en, pack.areas["block:pmgsy-7"].code_source) == ("Block 7", "pmgsy")
    assert pack.areas["block:3676.384"].code_source == "lgd-part"


def test_kendras(pack: Inventory) -> None:
    kendras = {site.name: site for site in pack.sites.values() if site.kind is SiteKind.KENDRA}
    tehsil, hospital = kendras["kendra-tehsil-3316"], kendras["kendra-387-hospital"]
    assert (tehsil.lon, tehsil.approximate) == (81.65, False)
    assert (hospital.lon, hospital.approximate) == (81.62, False)
    assert kendras["kendra-374-hospital"].approximate
    roles = sorted(device.role for device in pack.devices.values() if device.site == "kendra-pmgsy-11")
    assert roles == [Role.BIOMETRIC, Role.PC, Role.PRINTER, Role.UPS]
    assert all(device.primary_ip for device in pack.devices.values() if device.role is Role.PRINTER)


def test_areas_of_2022(pack: Inventory) -> None:
    then = pack.on(date(2022, 9, 1))
    districts = [area for area in then.areas.values() if area.level is Level.DISTRICT]
    assert len(districts) == 28
    assert then.areas["subdistrict:3308"].parent == "district:388"
    assert then.areas["subdistrict:3308"].names.en == "Mohala"
    assert then.areas["block:3715"].parent == "district:388"
    assert then.areas["gp:pmgsy-40"].parent == "block:3676"
    assert then.areas["block:3676"].parent == "district:384"
    assert not {"subdistrict:7300", "block:3676.384", "district:761"} & then.areas.keys()
    assert pack.on(date(2022, 9, 2)).areas["block:3715"].parent == "district:761"


def test_boundaries(pack: Inventory) -> None:
    assert {"state:22", "district:387", "block:3600", "block:3676", "block:3676.384"} <= pack.boundaries.keys()
    assert "block:pmgsy-7" not in pack.boundaries


def test_the_report_counts_what_is_missing(counted: dict[str, int]) -> None:
    expected = {
        "gps": 24,
        "gps-missing": 11_576,
        "gps-without-village-code": 20,
        "gps-sharing-village": 1,
        "gps-tehsil-by-village": 1,
        "gps-doubtful": 1,
        "block-parts": 1,
        "blocks-without-lgd-code": 1,
        "blocks-without-gp": 1,
        "blocks-without-polygon": 1,
        "villages": 7,
        "villages-by-code": 3,
        "villages-by-nearest": 1,
        "villages-by-tehsil": 3,
        "villages-at-office": 1,
        "villages-nowhere": 2,
        "villages-outside": 1,
        "villages-without-kendra": 2,
        "villages-without-population": 1,
        "kendras-in-gps": 24,
        "kendras-in-tehsils": 3,
        "kendras-in-headquarters": 66,
        "tehsils-without-village": 1,
    }
    assert {code: counted[code] for code in expected} == expected


def test_sources_name_what_the_state_was_made_of(pack: Inventory) -> None:
    assert {"GEOSADAK", "PV", "LGD", "MDDS", "SOI"} <= pack.sources.keys()
    assert "Government Open Data License" in pack.sources["GEOSADAK"].licence


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)


def test_the_command_writes_the_report_beside_the_files_and_says_it(folder: Path, tmp_path: Path) -> None:
    result = run("pack", "--state", "22", "--from", "pmgsy", folder, "--out", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "7 villages\n" in result.stderr
    assert (tmp_path / "pack-report.txt").read_text(encoding="utf-8") in result.stderr
    report = json.loads((tmp_path / "pack-report.json").read_text(encoding="utf-8"))
    assert {"code": "villages", "count": 7, "text": "villages"} in report["findings"]
    assert read_folder([tmp_path]).problems == ()


def _without(column: str, path: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        file = folder / path
        if file.suffix == ".parquet":
            pq.write_table(pq.read_table(file).drop_columns([column]), file)
        else:
            pd.read_csv(file, dtype=str).drop(columns=column).to_csv(file, index=False)

    return spoil


def _removed(path: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).unlink()


def _written(path: str, content: bytes) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / path).write_bytes(content)

    return spoil


_VILLAGES = "points/chhattisgarh_villages.csv.gz"
_HABITATIONS = "points/pmgsy_habitations.parquet"
_DISTRICTS = "boundaries/india_districts_full.parquet"
_BLOCKS = "boundaries/blocks_chhattisgarh_derived.topojson"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_removed("points/chhattisgarh_gp.csv.gz"), "points/chhattisgarh_gp.csv.gz: No such file or directory"),
        (_removed(_HABITATIONS), f"{_HABITATIONS}: No such file or directory"),
        (_removed(_DISTRICTS), f"{_DISTRICTS}: No such file or directory"),
        (_removed(_BLOCKS), "boundaries/blocks_chhattisgarh.topojson: No such file or directory"),
        (_without("village_code", _VILLAGES), f"{_VILLAGES}: lacks the column village_code"),
        (_without("population", _HABITATIONS), f"{_HABITATIONS}: lacks the column population"),
        (_without("district_code", _DISTRICTS), f"{_DISTRICTS}: lacks the column district_code"),
        (_written(_VILLAGES, gzip.compress(b"village_code\n1,2\n\n3,4,5\n")), f"{_VILLAGES}: "),
        (_written(_VILLAGES, b"not gzip"), f"{_VILLAGES}: Not a gzipped file"),
        (_written(_VILLAGES, gzip.compress(b"name\n\xe9\n" * 9)), f"{_VILLAGES}: 'utf-8' codec can't decode"),
        (
            _written(_VILLAGES, gzip.compress(b"village_code," + random.Random(7).randbytes(999).hex().encode())[:600]),
            f"{_VILLAGES}: Compressed file ended",
        ),
        (_written(_HABITATIONS, b"not parquet"), f"{_HABITATIONS}: "),
        (_written(_DISTRICTS, b"not parquet"), f"{_DISTRICTS}: "),
        (_written(_BLOCKS, b"not json"), f"{_BLOCKS}: "),
        (_written("lgd/subdistricts.csv.gz", b""), "lgd/subdistricts.csv.gz: "),
    ],
)
def test_a_folder_that_does_not_fit_is_one_line_and_exit_2(
    spoil: Callable[[Path], None], said: str, folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(folder, tmp_path / "data")
    spoil(own)
    result = run("pack", "--state", "22", "--from", "pmgsy", own, "--out", tmp_path / "out")
    lines = [line for line in result.stderr.splitlines() if str(own) in line]
    assert result.exit_code == 2
    assert len(lines) == 1
    assert said in lines[0]
    assert not (tmp_path / "out").exists()


def test_a_cell_that_is_no_number_is_named_with_its_line(folder: Path, tmp_path: Path) -> None:
    own = shutil.copytree(folder, tmp_path / "data")
    rows = pd.read_csv(own / _VILLAGES, dtype=str)
    rows.loc[2, "lat"] = "21,25"
    rows.to_csv(own / _VILLAGES, index=False)
    result = run("pack", "--state", "22", "--from", "pmgsy", own, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "column lat holds '21,25' in line 4, which is no number" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--state", "22", "--from", "pmgsy"], "needs the folder"),
        (["--state", "22", "--from", "post-offices", "data"], "takes none"),
        (["--state", "3", "--from", "post-offices"], "--from pmgsy DIR"),
        (["--state", "99", "--from", "pmgsy", "data"], "no facts are typed in for state '99'"),
        (["--state", "8", "--from", "pmgsy", "nowhere"], "nowhere/points/rajasthan_gp.csv.gz: No such file"),
    ],
)
def test_wrong_use_is_said_in_a_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    result = run("pack", *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_district_that_is_not_typed_in_is_an_error(folder: Path, tmp_path: Path) -> None:
    own = shutil.copytree(folder, tmp_path / "data")
    path = own / "points/chhattisgarh_gp.csv.gz"
    rows = pd.read_csv(path, dtype=str)
    rows.loc[0, "district_code"] = "999"
    rows.to_csv(path, index=False)
    result = run("pack", "--state", "22", "--from", "pmgsy", own, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "the districts 999 are not typed in for Chhattisgarh" in result.stderr
