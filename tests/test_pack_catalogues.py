"""The shipped catalogues of services: complete enough to show, each row with its source, none said to be confirmed."""

from pathlib import Path

import pytest

from inventory.files import read_folder
from inventory.kinds import BY_NAME
from inventory.model import Inventory, Role
from inventory.pack import facts
from inventory.pack.facts import PackError, State, load_state
from inventory.rows import written_rows

CATALOGUES = Path(facts.__file__).parent / "catalogues"


@pytest.fixture(scope="module", params=("22", "3", "8"))
def state(request: pytest.FixtureRequest) -> State:
    return load_state(request.param)


def test_a_catalogue_has_thirty_services_of_many_departments(state: State) -> None:
    assert len(state.services) >= 30
    assert len({each.department for each in state.services}) >= 10
    assert len({each.code for each in state.services}) == len(state.services)


def test_every_row_says_what_it_needs_and_that_the_state_has_to_confirm_it(state: State) -> None:
    for each in state.services:
        assert each.unconfirmed, each.code
        assert each.source
        assert each.names.hi
        assert each.channels
        assert each.endpoints
        assert None not in (each.bandwidth_kbps, each.latency_ms, each.loss_percent)
        assert set(each.peripherals) <= set(Role), each.peripherals  # what can be observed at a counter
        assert not each.peripherals or "kendra" in each.channels


def test_its_endpoints_are_there_and_those_alone(state: State) -> None:
    named = {code for each in state.services for code in (*each.endpoints, *each.department_endpoints)}
    assert {each.code for each in state.endpoints} == named
    assert all(each.names.hi and each.names.pa for each in state.endpoints)


def test_punjab_has_its_own_words_channels_and_its_offices_e_office() -> None:
    services = load_state("3").services
    assert all(each.names.pa for each in services)
    assert {"kendra", "portal", "mobile", "whatsapp"} == {channel for each in services for channel in each.channels}
    assert any("digilocker" in each.endpoints for each in services)
    assert any("pb-eoffice" in each.department_endpoints for each in services)
    assert not any("pb-eoffice" in each.endpoints for each in services)


def test_a_catalogue_is_imported_as_it_stands(state: State, tmp_path: Path) -> None:
    (tmp_path / "services.csv").write_bytes(written_rows(BY_NAME["services"], state.services))
    endpoints = {each.code: each for each in state.endpoints}
    loaded = read_folder(tmp_path, Inventory(endpoints=endpoints))
    assert loaded.problems == ()
    assert list(loaded.inventory.services.values()) == list(state.services)


def test_a_bad_row_makes_no_pack_and_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder in ("states", "catalogues/punjab"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "states/punjab.toml").write_bytes((CATALOGUES.parent / "states/punjab.toml").read_bytes())
    text = (CATALOGUES / "punjab/services.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "catalogues/punjab/services.csv").write_text(text.replace(",256,", ",fast,", 1), encoding="utf-8")
    monkeypatch.setattr(facts, "_HERE", tmp_path)
    with pytest.raises(PackError, match=r"punjab/services.csv:2: bandwidth_kbps 'fast' is not a whole number"):
        load_state("3")
