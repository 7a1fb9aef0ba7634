"""Records over columns are, in every way a mapping is used, the dict that they were made from."""

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from random import Random
from typing import Any
from zlib import crc32

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.cells import Value, written
from inventory.columnar import column, keys, packed
from inventory.kinds import BY_NAME, Kind, Record
from inventory.model import Area, Device, Inventory, Level, Link, Names, Role
from inventory.records import Records
from inventory.scope import Scope, devices_in, links_in, sites_in
from inventory.stored import schema_of
from tests.test_inventory_roundtrip import inventories, lines

KINDS = (
    "areas",
    "sites",
    "devices",
    "links",
    "services",
    "endpoints",
    "credentials",
    "sources",
    "gp_rollout",
    "service_rollout",
)


def columns_of(kind: Kind, records: Mapping[str, Record], together: int = 3) -> Records[Record]:
    """The records as `store.load` gives them, from rows in an order of their own."""
    rows = [_row(kind, key, record) for key, record in records.items()]
    Random(7).shuffle(rows)
    parts = (rows[start : start + together] for start in range(0, len(rows), together))
    encoded = [it.name for it in kind.columns if it.encoded]
    return Records(kind, packed(schema_of(kind.name), parts, encoded))


def _row(kind: Kind, key: str, record: Record) -> list[Value]:
    cells = zip(kind.columns, kind.values(record), strict=True)
    row = {it.name: written(value) if it.encoded else value for it, value in cells}
    return [row.get(name, key) for name in schema_of(kind.name).names]


def both(inventory: Inventory) -> Iterator[tuple[dict[str, Record], Records[Record]]]:
    """Each kind as a dict in the order of its keys, and as columns."""
    for name in KINDS:
        kind = BY_NAME[name]
        plain = dict(sorted(kind.of(inventory).items()))
        yield plain, columns_of(kind, plain)


@settings(max_examples=25)
@given(inventories(), lines())
def test_records_are_the_dict_they_were_made_from(inventory: Inventory, other: str) -> None:
    for plain, records in both(inventory):
        assert records == plain
        assert plain == records
        assert list(records) == list(plain)
        assert list(records.values()) == list(plain.values())
        assert list(records.items()) == list(plain.items())
        assert len(records) == len(records.values()) == len(plain)
        assert [records[key] for key in plain] == list(plain.values())
        assert {**records} == dict(records) == plain
        assert records.keys() == plain.keys()
        assert (other in records) is (other in plain)
        assert records.get(other) == plain.get(other)
        assert list(records.at_all(range(len(plain) - 1, -1, -1))) == list(plain.values())[::-1]
        again = pickle.loads(pickle.dumps(records))  # noqa: S301 - of our own making
        assert again == plain
        assert [type(record) for record in again.values()] == [type(record) for record in plain.values()]


@pytest.mark.parametrize("name", [*KINDS, "area_versions"])
def test_a_single_record_is_read_once(small: Inventory, name: str) -> None:
    """All its columns have one value; a village that was renamed once makes such a table of area versions."""
    area = next(area for area in small.areas.values() if area.level is Level.VILLAGE)
    earlier = replace(area, valid_from=date(2020, 1, 1), valid_to=date(2024, 1, 1))
    kind = BY_NAME[name]
    plain = dict([*kind.of(replace(small, versions={area.key: (earlier,)})).items()][:1])
    assert list(columns_of(kind, plain).items()) == list(plain.items())


@settings(max_examples=15)
@given(inventories(), st.data())
def test_records_differ_where_a_record_does(inventory: Inventory, data: st.DataObject) -> None:
    for plain, records in both(inventory):
        if plain:
            gone = data.draw(st.sampled_from(list(plain)))
            fewer = {key: record for key, record in plain.items() if key != gone}
            assert records != fewer
            assert records != columns_of(records.kind, fewer)
            assert records != {**fewer, "another " + gone: plain[gone]}


def test_a_key_that_is_no_text_or_is_not_there(small: Inventory) -> None:
    devices = columns_of(BY_NAME["devices"], small.devices)
    number: object = 7
    assert number not in devices
    assert "" not in devices
    assert "\udc80" not in devices
    assert "gp1" in devices
    with pytest.raises(KeyError, match="gp99"):
        devices["gp99"]
    with pytest.raises(KeyError):
        columns_of(BY_NAME["devices"], {})["gp1"]


def test_thousands_of_keys_that_share_a_hash_are_found() -> None:
    """Names may be chosen so: each of these has the CRC-32 of any other."""
    names = ["".join(parts) for parts in product(("plumless", "buckeroo"), repeat=11)]
    assert len({crc32(name.encode()) for name in names}) == 1
    absent = names.pop(700)
    plain = {name: Device(name, Role.ROUTER, "s") for name in names}
    devices = columns_of(BY_NAME["devices"], plain)
    assert all(devices[name] == device for name, device in plain.items())
    assert absent not in devices


def test_many_different_values_and_nulls() -> None:
    """Columns beyond the size of a dictionary, with and without null, and more rows than are made at a time."""
    parents, lats = [None, "block:1", "block:2"], [None, 21.5]
    made = (
        Area(Level.GP, str(n), Names(f"ग्राम {n}"), parents[n % 3], lat=lats[n % 2] and n / 7) for n in range(10_000)
    )
    areas = {area.key: area for area in made}
    found = columns_of(BY_NAME["areas"], areas, together=4096)
    assert found == areas
    assert all(found[key] == area for key, area in areas.items())
    assert list(found.at_all([9_999, 0, 5])) == [list(found.values())[place] for place in (9_999, 0, 5)]


FIELDS = [("areas", "parent"), ("areas", "lat"), ("areas", "names.hi"), ("areas", "level"), ("areas", "key"),
          ("sites", "status"), ("devices", "port"), ("devices", "reference"), ("devices", "role"), ("links", "ring")]  # fmt: skip


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_column_is_the_same_of_either(small: Inventory, kind: str, field: str) -> None:
    plain = dict(sorted(BY_NAME[kind].of(small).items()))
    records = columns_of(BY_NAME[kind], plain)
    assert column(records, field).to_pylist() == column(plain, field).to_pylist()
    assert not pa.types.is_dictionary(column(records, field).type)
    assert keys(records).to_pylist() == keys(plain).to_pylist() == list(plain)


def test_looking_up_a_link_makes_an_equal_one_each_time(small: Inventory) -> None:
    links = columns_of(BY_NAME["links"], small.links)
    one = links["noc-pop1"]
    assert isinstance(one, Link)
    assert one == links["noc-pop1"] == small.links["noc-pop1"]
    assert hash(one) == hash(small.links["noc-pop1"])


def as_columns(inventory: Inventory) -> Inventory:
    """The inventory with its areas, sites, devices and links over columns."""
    found: dict[str, Any] = {
        name: columns_of(BY_NAME[name], BY_NAME[name].of(inventory)) for name in ("areas", "sites", "devices", "links")
    }
    return replace(inventory, **found)


@settings(max_examples=25)
@given(inventories())
def test_children_and_bundles_of_either(inventory: Inventory) -> None:
    """Against the plain definition, over dicts and over columns."""
    for each in (inventory, as_columns(inventory)):
        held: dict[str, list[str]] = {}
        for key, area in each.areas.items():
            if area.parent:
                held.setdefault(area.parent, []).append(key)
        assert {key: list(keys) for key, keys in each.children.items()} == held
        assert all(key in each.children for key in held)
        joined: dict[str, list[Link]] = {}
        for link in each.links.values():
            for name in {link.trunk, link.ring} - {""}:
                joined.setdefault(name, []).append(link)
        assert {name: list(links) for name, links in each.bundles.items()} == joined
        assert "no such name" not in each.bundles
        assert each.children.get("district:none", ()) == ()


def test_what_lies_within_and_in_scope_is_the_same_of_either(small: Inventory) -> None:
    over = as_columns(small)
    for area in small.areas:
        assert sorted(over.within(area)) == sorted(small.within(area))
        for found in (sites_in, devices_in, links_in):
            names = [each.name for each in found(small, Scope(area))]
            assert [each.name for each in found(over, Scope(area))] == sorted(names)
    with pytest.raises(KeyError):
        list(over.within("block:none"))


def test_an_inventory_can_be_given_to_another_process(small: Inventory) -> None:
    """Also after it was asked for what it derives."""
    over = as_columns(small)
    assert over.children["state:22"] == small.children["state:22"]
    assert len(over.bundles) == len(small.bundles)
    assert over.on(date(2026, 11, 22)) is over
    assert pickle.loads(pickle.dumps(over)) == small  # noqa: S301 - of our own making
