"""The commands as a script sees them: exit code, standard output, standard error."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from inventory.cli import app
from inventory.files import write_folder
from inventory.model import Inventory
from inventory.store import load
from storage.engine import open_engine


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    found = f"sqlite:///{tmp_path}/data/pahunch.db"
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", found)
    return found


@pytest.fixture
def folder(tmp_path: Path, small: Inventory) -> Path:
    write_folder(small, tmp_path / "in")
    return tmp_path / "in"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)


def spoil(folder: Path) -> None:
    path = folder / "devices.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",olt,", ",oltt,", 1), encoding="utf-8")


def test_import_into_nothing_then_again(url: str, folder: Path, small: Inventory) -> None:
    first = run("import", folder)
    assert (first.exit_code, first.stderr) == (0, "")
    assert f"devices: {len(small.devices)} added, 0 changed, 0 removed" in first.stdout.splitlines()
    assert load(open_engine(url)) == small
    again = run("import", folder)
    assert (again.exit_code, again.stdout) == (0, "nothing changed\n")


def test_one_bad_row_imports_nothing(url: str, folder: Path) -> None:
    spoil(folder)
    result = run("import", folder)
    assert result.exit_code == 1
    assert result.stdout.startswith("devices.csv:5: role 'oltt' is not one of: router, olt, ont")
    assert result.stderr == "nothing was imported; problems: 1\n"
    assert load(open_engine(url)) == Inventory()


def test_json_holds_problems_or_diff(url: str, folder: Path) -> None:
    dry = json.loads(run("import", folder, "--dry-run", "--json").stdout)
    assert dry["problems"] == []
    assert "noc-r1" in dry["diff"]["devices"]["added"]
    assert load(open_engine(url)) == Inventory()
    spoil(folder)
    result = run("import", folder, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["diff"] == {}
    assert [(p["file"], p["line"], p["field"]) for p in found["problems"]] == [("devices.csv", 5, "role")]


def test_export_gives_back_what_import_took(url: str, folder: Path, tmp_path: Path) -> None:
    run("import", folder)
    assert run("export", tmp_path / "out").exit_code == 0
    assert run("import", tmp_path / "out").stdout == "nothing changed\n"
    assert run("export", tmp_path / "out" / "sites.csv").exit_code == 2


def test_single_files_update_their_kinds(url: str, folder: Path) -> None:
    run("import", folder)
    sites = folder / "sites.csv"
    sites.write_text(sites.read_text(encoding="utf-8").replace("Gram 1,", "Gram One,"), encoding="utf-8")
    result = run("import", sites)
    assert result.stdout == "sites: 0 added, 1 changed, 0 removed\n  ~ 'gp1': name_en 'Gram 1' → 'Gram One'\n"


def test_check_warns_and_fails_on_demand(url: str, folder: Path) -> None:
    assert run("check").stdout.startswith("last import: never\nno-reference: no device is a reference target")
    run("import", folder)
    told = run("check")
    assert told.exit_code == 0
    assert "population-unknown: villages have no population" in told.stdout
    found = json.loads(run("check", "--json").stdout)
    assert [each["code"] for each in found["warnings"]] == [
        "state-without-boundary",
        "population-unknown",
        "no-hindi-name",
    ]
    assert run("check", "--fail").exit_code == 1


def test_a_path_that_is_not_there_is_wrong_use(url: str, tmp_path: Path) -> None:
    assert run("import", tmp_path / "gone").exit_code == 2


def test_pack_writes_what_import_takes(url: str, tmp_path: Path) -> None:
    result = run("pack", "--state", "22", "--from", "post-offices", "--out", tmp_path / "pack")
    assert (result.exit_code, result.stdout) == (0, "")
    imported = run("import", tmp_path / "pack")
    assert imported.exit_code == 0, imported.stdout
    assert len(load(open_engine(url)).sites) > 5000


def test_pack_of_a_state_without_facts(url: str, tmp_path: Path) -> None:
    result = run("pack", "--state", "99", "--out", tmp_path / "pack")
    assert result.exit_code == 2
    assert "99" in result.stderr
    assert not (tmp_path / "pack").exists()
