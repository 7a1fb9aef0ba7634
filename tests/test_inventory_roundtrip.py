"""import(export(x)) is x, for any inventory that can be imported."""

import string
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.cells import cleaned, guarded
from inventory.files import read_folder, write_folder
from inventory.kinds import CHANNELS, PERMITTED_BY
from inventory.model import (
    Area,
    Credential,
    Device,
    Endpoint,
    GpRollout,
    GpState,
    Inventory,
    Level,
    Lifecycle,
    Link,
    Medium,
    Names,
    Role,
    Service,
    ServiceRollout,
    ServiceState,
    Site,
    SiteKind,
    Source,
)
from tests.small import small_inventory

_SAMPLES = st.sampled_from(
    ["=1+1", "+91", "-x", "@home", 'a "b", c', "रायपुर, छत्तीसगढ़", "ਸ਼੍ਰੀ", "क्‍ष", "'", ";", "\u00a0x", "NULL", "0"]
)
_UNFIT = {chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0xFFFD)}
_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=_UNFIT)


def lines(least: int = 0) -> st.SearchStrategy[str]:
    """Text as a cell on one line may hold it."""
    some = st.text(_CHARACTERS, max_size=20).map(str.strip) | _SAMPLES.map(str.strip)
    return some.filter(lambda text: len(text) >= least and len(text.splitlines()) < 2)


def texts(least: int = 0) -> st.SearchStrategy[str]:
    """Text with line feeds."""
    joined = st.lists(lines(), min_size=1, max_size=3).map("\n".join).map(str.strip)
    return joined.filter(lambda text: len(text) >= least)


def names(least: int = 1) -> st.SearchStrategy[Names]:
    return st.builds(Names, texts(least), texts(), texts())


codes = st.text(string.ascii_letters + string.digits + "._~-", min_size=1, max_size=8)
latitudes = st.floats(7, 37)
longitudes = st.floats(69, 97)
positions = st.tuples(latitudes, longitudes) | st.just((None, None))
references = st.from_regex(r"env:[A-Z_]{1,8}", fullmatch=True)
items = st.lists(codes, max_size=3, unique=True).map(tuple)
days = st.none() | st.dates(date(1950, 1, 1), date(2100, 1, 1))
_claim_days = st.lists(st.dates(date(1950, 1, 1), date(2100, 1, 1)), max_size=2, unique=True)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    areas = _areas(draw)
    versions = _versions(draw, areas)
    sites = _sites(draw, list(areas))
    credentials = _credentials(draw)
    devices = _devices(draw, list(sites), credentials)
    endpoints = _endpoints(draw)
    services = _services(draw, list(endpoints))
    boundaries = {key: shapely.to_wkb(draw(_polygons()), byte_order=1) for key in list(areas)[1::2]}
    return Inventory(
        areas, sites, devices, _links(draw, list(devices)), services, endpoints, credentials,
        {key: draw(st.builds(Source, st.just(key), lines(1), texts(), texts(), names(0))) for key in draw(_keys(codes))},
        boundaries, versions, _gp_rollout(draw, areas), _service_rollout(draw, services),
    )  # fmt: skip


def _keys(each: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(each, min_size=least, max_size=4, unique=True)


def _areas(draw: st.DrawFn) -> dict[str, Area]:
    found: dict[str, Area] = {}
    above = None
    for level in Level:
        lat, lon = draw(positions)
        area = draw(
            st.builds(
                Area, st.just(level), codes, names(), st.just(above), st.sampled_from(["lgd", "post-office"]), lines(),
                st.just(lat), st.just(lon), st.none() | st.integers(0, 10**9), st.none(), st.none(), st.none(),
                st.sampled_from(["", "village_code", "nearest-office", "tehsil"]), st.booleans(),
            )
        )  # fmt: skip
        found[area.key] = area
        above = draw(st.sampled_from([area.key, above]))
    return found


def _versions(draw: st.DrawFn, areas: dict[str, Area]) -> dict[str, tuple[Area, ...]]:
    """Earlier rows of the last area, in which no other lies, a later one, and an area that ended."""
    leaf = list(areas.values())[-1]
    days = sorted(draw(st.lists(st.dates(date(1950, 1, 1), date(2020, 1, 1)), max_size=3, unique=True)))
    older = [replace(leaf, names=draw(names()), valid_from=a, valid_to=b) for a, b in pairwise([None, *days])]
    areas[leaf.key] = replace(leaf, valid_from=days[-1] if days else None, valid_to=date(2100, 1, 1))
    later = replace(leaf, census_code="later", valid_from=date(2100, 1, 1))
    ended = Area(Level.VILLAGE, "ended-long-ago", draw(names()), valid_to=date(2000, 1, 1))
    return {leaf.key: (*older, later), ended.key: (ended,)}


def _sites(draw: st.DrawFn, areas: list[str]) -> dict[str, Site]:
    found = {}
    for name in draw(_keys(lines(1), least=1)):
        lat, lon = draw(positions)
        hours = st.sampled_from(["", "24/7", "Mo-Fr 09:30-13:00,14:00-17:30; Sa 10:00-14:00; Su off"])
        found[name] = draw(
            st.builds(
                Site, st.just(name), st.sampled_from(SiteKind), st.sampled_from(areas), names(),
                st.sampled_from(Lifecycle), st.just(lat), st.just(lon), lines(), hours, lines(), st.booleans(),
            )
        )  # fmt: skip
    return found


def _credentials(draw: st.DrawFn) -> dict[str, Credential]:
    found = {}
    for name in draw(_keys(lines(1), least=1)):
        v3 = Credential(name, "snmp-v3", "", "u", "SHA-256", "env:A", "AES", "file:/run/p w")
        v2 = st.builds(Credential, st.just(name), st.just("snmp-v2c"), references)
        found[name] = draw(v2 | st.just(v3) | st.just(Credential(name, "ssh", user="u", key_file="/k, 1")))
    return found


def _devices(draw: st.DrawFn, sites: list[str], credentials: dict[str, Credential]) -> dict[str, Device]:
    found: dict[str, Device] = {}
    for number, name in enumerate(draw(_keys(lines(1), least=2))):
        address = f"10.0.0.{number}" if number % 2 else f"2001:db8::{number + 1}"
        through = draw(st.sampled_from(["", *found]))
        found[name] = Device(
            name, draw(st.sampled_from(Role)), draw(st.sampled_from(sites)), draw(lines()), draw(lines()),
            draw(st.sampled_from(Lifecycle)), address, draw(st.none() | st.integers(1, 65535)), draw(st.just("") | codes),
            draw(st.sampled_from(["", *credentials])), draw(st.none() | st.integers(1, 86400)), draw(st.booleans()),
            through, f"0/1/3:{number}" if through else "", draw(lines()), draw(lines()),
            draw(st.sampled_from(["", *(name for name, one in credentials.items() if one.kind == "ssh")])),
        )  # fmt: skip
    return found


def _links(draw: st.DrawFn, devices: list[str]) -> dict[str, Link]:
    lengths = st.none() | st.floats(0, 2000)
    return {
        name: draw(
            st.builds(
                Link, st.just(name), st.just(devices[0]), lines(), st.just(devices[1]), lines(),
                st.sampled_from(Medium), lengths, st.just(f"ring {number}"), lines(), lines(),
            )
        )
        for number, name in enumerate(draw(_keys(lines(1))))
    }  # fmt: skip


def _endpoints(draw: st.DrawFn) -> dict[str, Endpoint]:
    statuses = st.sampled_from(["200", "200-399", "401-403"])
    return {
        code: draw(
            st.builds(
                Endpoint, st.just(code), names(), st.just("https://a.example/x?y=1,2"), st.just("GET"), statuses,
                lines(), st.none() | st.integers(5, 86_400), st.none() | st.floats(0.1, 60),
            )
        )
        for code in draw(_keys(codes))
    }  # fmt: skip


def _services(draw: st.DrawFn, endpoints: list[str]) -> dict[str, Service]:
    return {
        code: draw(
            st.builds(
                Service, st.just(code), names(), lines(), st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple),
                st.none() | st.integers(0, 10**6), st.none() | st.integers(0, 10**5), st.none() | st.floats(0, 100),
                items, st.just(tuple(endpoints)), st.just(tuple(endpoints[:1])), st.none() | st.integers(0, 3650), lines(),
                st.booleans(),
            )
        )
        for code in draw(_keys(codes))
    }  # fmt: skip


def _gp_rollout(draw: st.DrawFn, areas: dict[str, Area]) -> dict[str, GpRollout]:
    (gp,) = (key for key, area in areas.items() if area.level is Level.GP)
    found = {}
    for day in draw(_claim_days):
        state = draw(st.sampled_from(GpState))
        waiting = st.lists(st.sampled_from(PERMITTED_BY), unique=True).map(tuple)
        pending = draw(waiting) if state is GpState.RIGHT_OF_WAY else ()
        row = GpRollout(gp, state, day, pending, draw(days), draw(lines()), draw(days))
        found[row.key] = row
    return found


def _service_rollout(draw: st.DrawFn, services: dict[str, Service]) -> dict[str, ServiceRollout]:
    rows = [
        ServiceRollout(code, draw(st.sampled_from(ServiceState)), day, draw(days), draw(lines()), draw(days))
        for code in services
        for day in draw(_claim_days)
    ]
    return {row.key: row for row in rows}


def _polygons() -> st.SearchStrategy[shapely.Geometry]:
    # Around nearly all of India, so that no place lies outside its state.
    box = st.tuples(st.floats(68, 68.5), st.floats(6, 6.5)).map(lambda corner: shapely.box(*corner, 97.9, 37.9))
    return box | box.map(lambda one: shapely.MultiPolygon([one]))


@settings(max_examples=40, deadline=None)
@given(inventories())
def test_import_of_an_export_is_the_same(inventory: Inventory) -> None:
    with TemporaryDirectory() as folder:
        write_folder(inventory, Path(folder))
        loaded = read_folder(Path(folder), day=date(2026, 11, 22))
        assert loaded.problems == ()
        assert loaded.inventory == inventory


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("''-x", "'''-x"),
        ("'tis", "'tis"),
        ("-1.5", "-1.5"),
        ("a=b", "a=b"),
    ],
)
def test_no_spreadsheet_runs_a_cell_and_it_comes_back_as_it_was(text: str, cell: str) -> None:
    assert guarded(text) == cell
    assert cleaned(cell, 200) == text


def test_what_a_stranger_calls_itself_is_no_formula_in_the_files(tmp_path: Path) -> None:
    small = small_inventory()
    stranger = replace(small.devices["pc1"], name="=cmd|calc")
    write_folder(replace(small, devices={**small.devices, stranger.name: stranger}), tmp_path)
    assert "\n'=cmd|calc," in (tmp_path / "devices.csv").read_text(encoding="utf-8-sig")
    assert read_folder(tmp_path).inventory.devices[stranger.name] == stranger
