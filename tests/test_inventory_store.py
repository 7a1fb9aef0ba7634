"""The inventory in the store: what is applied is what is loaded, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import shapely
from sqlalchemy import ColumnElement, Engine, event, select
from sqlalchemy.exc import IntegrityError

from inventory import tables
from inventory.diff import FieldChange, RowChange, as_json, lines
from inventory.model import Area, Inventory, Level, Names, Service, Site, SiteKind
from inventory.scope import (
    Scope,
    UnknownAreaError,
    areas_in,
    checked,
    devices_in,
    links_in,
    sites_in,
    villages_in,
)
from inventory.store import apply, last_import, load
from storage.engine import open_engine

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def store(migrated_url: str) -> Iterator[Engine]:
    """An empty store, brought up by its migrations."""
    engine = open_engine(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def full(small: Inventory) -> Inventory:
    """The small inventory with values in the columns that it leaves empty."""
    district = replace(small.areas["district:387"], valid_from=date(2012, 1, 1))
    service = Service(
        "income", Names("Income certificate", "आय प्रमाण पत्र"), channels=("kendra", "portal"), loss_percent=2.5
    )
    return replace(
        small,
        areas={**small.areas, district.key: district},
        versions={
            district.key: (replace(district, names=Names("Raypur"), valid_from=None, valid_to=date(2012, 1, 1)),),
            "block:1": (Area(Level.BLOCK, "1", Names("Merged away"), district.key, valid_to=date(2020, 4, 1)),),
        },
        services={service.code: service},
        boundaries={"district:387": shapely.to_wkb(shapely.box(81, 20, 83, 22), byte_order=1)},
    )


def test_what_is_applied_is_loaded(store: Engine, full: Inventory) -> None:
    diff = apply(store, full, NOW)
    assert load(store) == full
    assert {kind.kind: kind.counts for kind in diff.kinds}["devices"] == (len(full.devices), 0, 0)
    assert last_import(store) == (1, NOW)


def test_an_import_without_change_writes_nothing(store: Engine, full: Inventory) -> None:
    apply(store, full, NOW)
    written: list[str] = []
    event.listen(store, "before_cursor_execute", lambda _c, _cur, sql, *_: written.append(sql.split()[0]))
    assert not apply(store, full, NOW)
    assert "SELECT" in written
    assert not {"INSERT", "UPDATE", "DELETE"} & set(written)
    assert last_import(store) == (1, NOW)


def test_an_update_writes_the_rows_that_differ(store: Engine, full: Inventory) -> None:
    apply(store, full, NOW)
    gp1 = replace(full.devices["gp1"], port=1161, serial="S 1")
    wanted = replace(full, devices={**full.devices, "gp1": gp1})
    counts: list[tuple[str, int]] = []
    event.listen(
        store,
        "before_cursor_execute",
        lambda _c, _cur, sql, rows, _x, _many: counts.append(
            (sql.split()[0], len(rows) if isinstance(rows, list) else 1)
        ),
    )
    diff = apply(store, wanted, NOW)
    changes = (FieldChange("port", "", "1161"), FieldChange("serial", "", "S 1"))
    assert [(kind.kind, kind.changed) for kind in diff.kinds] == [("devices", (RowChange("gp1", changes),))]
    assert [each for each in counts if each[0] == "UPDATE"] == [("UPDATE", 1)]
    assert load(store) == wanted
    assert list(lines(diff)) == [
        "devices: 0 added, 1 changed, 0 removed",
        "  ~ 'gp1': port '' → '1161', serial '' → 'S 1'",
    ]
    assert as_json(diff) == {
        "devices": {"added": (), "changed": {"gp1": {"port": ["", "1161"], "serial": ["", "S 1"]}}, "removed": ()}
    }


def test_rows_move_and_vanish_in_one_import(store: Engine, full: Inventory) -> None:
    """Everything of GP 8 moves to a new block of a new district, and its old areas go."""
    apply(store, full, NOW)
    areas = {key: area for key, area in full.areas.items() if key not in ("gp:G8", "village:V8")}
    new = [
        Area(Level.DISTRICT, "999", Names("New"), "state:22"),
        Area(Level.BLOCK, "999", Names("New"), "district:999"),
        Area(Level.GP, "N8", Names("Gram 8"), "block:999"),
    ]
    moved = {name: replace(full.sites[name], area="gp:N8") for name in ("gp8", "kendra8")}
    wanted = replace(full, areas=areas | {area.key: area for area in new}, sites={**full.sites, **moved})
    apply(store, wanted, NOW)
    assert load(store) == wanted
    with store.connect() as connection:
        path = connection.scalar(select(tables.area.c.path).where(tables.area.c.key == "gp:N8"))
    assert path == "state:22/district:999/block:999/gp:N8/"


def test_paths_follow_an_area_that_moves(store: Engine, full: Inventory) -> None:
    apply(store, full, NOW)
    other = Area(Level.DISTRICT, "999", Names("New"), "state:22")
    block = replace(full.areas["block:3591"], parent=other.key)
    apply(store, replace(full, areas={**full.areas, other.key: other, block.key: block}), NOW)
    with store.connect() as connection:
        rows = connection.execute(select(tables.area.c.key).where(Scope(other.key).where(tables.area.c.path)))
        assert {"block:3591", "gp:G1", "village:V8"} < set(rows.scalars())


def test_versions_change_in_the_store(store: Engine, full: Inventory) -> None:
    """The merged block never was, and the district had yet another name before."""
    apply(store, full, NOW)
    (older,) = full.versions["district:387"]
    first = replace(older, names=Names("Rayapura"), valid_to=date(1900, 1, 1))
    second = replace(older, valid_from=date(1900, 1, 1), assigned_by="tehsil", boundary_approximate=True)
    wanted = replace(full, versions={"district:387": (first, second)})
    diff = apply(store, wanted, NOW)
    assert list(lines(diff)) == [
        "area_versions: 1 added, 1 changed, 1 removed",
        "  + 'district:387@1900-01-01'",
        "  ~ 'district:387@': name_en 'Raypur' → 'Rayapura', valid_to '2012-01-01' → '1900-01-01'",
        "  - 'block:1@'",
    ]
    assert load(store) == wanted
    assert load(store).on(date(1950, 1, 1)).areas["district:387"] == second


def test_a_version_comes_into_force_with_the_import_of_that_day(store: Engine, full: Inventory) -> None:
    """Until then the stored paths, by which scopes select, are those of before."""
    block = full.areas["block:3591"]
    new = Area(Level.DISTRICT, "999", Names("New"), "state:22", valid_from=date(2027, 4, 1))
    before = replace(block, valid_to=new.valid_from)
    after = replace(block, parent=new.key, valid_from=new.valid_from)
    versions = {**full.versions, new.key: (new,), block.key: (after,)}
    planned = replace(full, areas={**full.areas, block.key: before}, versions=versions)
    apply(store, planned, NOW)
    due = load(store).on(date(2027, 4, 1))
    apply(store, due, NOW)
    assert load(store) == due
    with store.connect() as connection:
        rows = connection.execute(select(tables.area.c.key).where(Scope(new.key).where(tables.area.c.path)))
        assert {"block:3591", "gp:G1", "village:V8"} < set(rows.scalars())


def test_everything_can_go(store: Engine, full: Inventory) -> None:
    apply(store, full, NOW)
    apply(store, Inventory(), NOW)
    assert load(store) == Inventory()


def test_a_failure_in_the_middle_changes_nothing(store: Engine, full: Inventory) -> None:
    apply(store, full, NOW)
    broken = replace(full, devices={**full.devices, "lost": replace(full.devices["gp1"], name="lost", site="nowhere")})
    broken = replace(broken, areas={**broken.areas, "gp:X": Area(Level.GP, "X", Names("X"), "block:3591")})
    with pytest.raises(IntegrityError):
        apply(store, broken, NOW)
    assert load(store) == full
    assert last_import(store) == (1, NOW)


def test_imports_at_the_same_time_wait_for_each_other(store: Engine, full: Inventory) -> None:
    half = replace(full, links={}, boundaries={})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda wanted: apply(store, wanted, NOW), [full, half, full, half]))
    assert load(store) in (full, half)


def test_a_long_diff_is_cut(store: Engine, full: Inventory) -> None:
    diff = apply(store, full, NOW)
    told = list(lines(diff, most=3))
    at = told.index(f"devices: {len(full.devices)} added, 0 changed, 0 removed")
    assert told[at + 1 : at + 5] == [
        "  + 'noc-r1'",
        "  + 'pop-r1'",
        "  + 'pop-r2'",
        f"    … and {len(full.devices) - 3} more",
    ]


@pytest.fixture
def two(store: Engine, full: Inventory) -> Inventory:
    """Two districts, the second one's key with the first one's as its beginning."""
    areas = [
        Area(Level.DISTRICT, "38", Names("Other"), "state:22"),
        Area(Level.GP, "g1", Names("Not G1"), "district:38"),
        Area(Level.VILLAGE, "v1", Names("Not V1"), "gp:g1"),
    ]
    site = Site("other", SiteKind.GP, "gp:g1", Names("Other"))
    device = replace(full.devices["gp1"], name="other-r", site="other", primary_ip="127.9.9.9")
    link = replace(full.links["pon-5"], name="between", a_device="other-r", b_device="gp1", trunk="")
    wanted = replace(
        full,
        areas={**full.areas, **{area.key: area for area in areas}},
        sites={**full.sites, site.name: site},
        devices={**full.devices, device.name: device},
        links={**full.links, link.name: link},
    )
    apply(store, wanted, NOW)
    return wanted


@pytest.mark.parametrize("area", [None, "state:22", "district:387", "district:38", "block:3591", "gp:G1", "village:V1"])
def test_sql_and_memory_agree_on_a_scope(store: Engine, two: Inventory, area: str | None) -> None:
    scope = checked(two, area)
    with store.connect() as connection:

        def keys(column: ColumnElement[str], condition: ColumnElement[bool]) -> set[str]:
            return set(connection.execute(select(column).where(condition)).scalars())

        assert keys(tables.area.c.key, scope.where(tables.area.c.path)) == areas_in(two, scope)
        assert keys(tables.site.c.name, scope.where_site(tables.site.c.name)) == {s.name for s in sites_in(two, scope)}
        devices = keys(tables.device.c.name, scope.where_device(tables.device.c.name))
        assert devices == {d.name for d in devices_in(two, scope)}
        links = keys(tables.link.c.name, scope.where_link(tables.link.c.name))
        assert links == {link.name for link in links_in(two, scope)}


def test_a_scope_holds_its_own_and_nothing_else(two: Inventory) -> None:
    assert areas_in(two, Scope("district:38")) == {"district:38", "gp:g1", "village:v1"}
    assert [site.name for site in sites_in(two, Scope("gp:G1"))] == ["gp1", "kendra1"]
    assert [area.key for area in villages_in(two, Scope("gp:g1"))] == ["village:v1"]
    assert [link.name for link in links_in(two, Scope("district:38"))] == ["between"]


def test_subjects_in_scope(store: Engine, two: Inventory) -> None:
    from readiness.tables import state

    subjects = [("site", "gp1"), ("site", "other"), ("device", "other-r"), ("device", "gp1"), ("link", "between"),
                ("link", "pon-5"), ("village", "village:v1"), ("village", "village:V1"), ("endpoint", "portal"),
                ("device", "removed long ago")]  # fmt: skip
    rows = [
        {"subject_kind": kind, "subject": name, "status": "up", "since": NOW, "reason": "", "transition": 1}
        for kind, name in subjects
    ]
    with store.begin() as connection:
        connection.execute(state.insert(), rows)
        condition = Scope("district:38").where_subject(state.c.subject_kind, state.c.subject)
        found = {
            tuple(row) for row in connection.execute(select(state.c.subject_kind, state.c.subject).where(condition))
        }
    assert found == {("site", "other"), ("device", "other-r"), ("link", "between"), ("village", "village:v1"),
                     ("endpoint", "portal")}  # fmt: skip


def test_an_unknown_area(store: Engine, two: Inventory) -> None:
    with pytest.raises(UnknownAreaError, match="there is no area 'district:3'"):
        checked(two, "district:3")
    with pytest.raises(UnknownAreaError):
        sites_in(two, Scope("district:3"))
    with store.connect() as connection:
        assert connection.execute(select(tables.area).where(Scope("district:3").where(tables.area.c.path))).all() == []
    assert checked(two, "") == checked(two, None) == Scope()
