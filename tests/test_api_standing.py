"""The letters that pages are made from, kept up to date by transitions; and the order they are in."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Engine

from api.paging import page_of
from api.standing import Standing
from inventory.model import Inventory
from inventory.scope import Scope
from inventory.texts import Index
from maps.ground import Ground, stretch_of
from maps.view import view_of
from readiness.model import Readiness, SubjectKind
from readiness.present import named, newest, outages, page
from readiness.read import states
from tests.pages import NOW, STATES, change, fill, two_districts
from tests.small import DISTRICT


@pytest.fixture
def inventory() -> Inventory:
    return two_districts()


def told(standing: Standing, ground: Ground) -> dict[str, str]:
    """Letters of readiness and layer by village."""
    now = standing.now()
    pairs = zip(now.villages.tobytes().decode(), now.layers.tobytes().decode(), strict=True)
    return {key: a + b for key, (a, b) in zip(ground.villages.keys.to_pylist(), pairs, strict=True)}


def test_letters_follow_the_store(engine: Engine, inventory: Inventory) -> None:
    fill(engine, inventory)
    ground = Ground(inventory)
    standing = Standing(engine, ground)
    before = told(standing, ground)
    assert {key: before[key] for key in STATES} == {
        "village:V1": "r-", "village:V2": "d-", "village:V3": "bb", "village:E1": "bp",
    }  # fmt: skip
    assert {before[key] for key in before.keys() - STATES} == {"?-"}
    first = standing.now()
    change(engine, ("village", "village:V1"), "blocked", NOW, layer="power")
    change(engine, ("site", "gp1"), "degraded", NOW)
    newest_id = change(engine, ("village", "village:V9-gone"), "blocked", NOW)
    assert told(standing, ground) == before | {"village:V1": "bp"}
    now = standing.now()
    assert now.last == newest_id
    assert chr(now.sites[ground.sites.keys.to_pylist().index("gp1")]) == "d"
    assert chr(first.villages[ground.villages.keys.to_pylist().index("village:V1")]) == "r"
    fresh = Standing(engine, ground).now()
    assert now.last == fresh.last
    assert all(np.array_equal(kept, read) for kept, read in zip(now[2:], fresh[2:], strict=True))


def test_the_order_is_that_of_the_facts_not_of_the_mapping(inventory: Inventory) -> None:
    chance = Random(3)
    areas, sites = list(inventory.areas.items()), list(inventory.sites.items())
    chance.shuffle(areas)
    chance.shuffle(sites)
    shuffled = replace(inventory, areas=dict(areas), sites=dict(sites))
    for area in (None, DISTRICT):
        one, other = (view_of(Ground(facts), area) for facts in (inventory, shuffled))
        assert (one.order, list(one.villages)) == (other.order, list(other.villages))
        assert [part.key for part in one.parts] == [part.key for part in other.parts]


def test_what_lies_in_an_area_has_the_ranks_behind_it(inventory: Inventory) -> None:
    ground = Ground(inventory)
    keys = ground.keys.to_pylist()
    for key in inventory.areas:
        first, end = ground.span(key)
        assert set(keys[first:end]) == set(inventory.within(key))
        assert keys[first] == key


def test_ranks_find_the_part_they_lie_in() -> None:
    assert stretch_of([(5, 8), (1, 3)], np.arange(9, dtype=np.int32)).tolist() == [-1, 1, 1, -1, -1, 0, 0, 0, -1]
    assert stretch_of([], np.arange(2, dtype=np.int32)).tolist() == [-1, -1]


def test_an_index_finds_each_text_and_no_other() -> None:
    texts = ["b", "a", "क", "aa", ""]
    index = Index(pa.array(texts))
    assert [index.get(text) for text in texts] == [0, 1, 2, 3, 4]
    assert [index.get(text) for text in ("c", "ab", "का")] == [None, None, None]
    assert Index(pa.array([], pa.string())).get("a") is None


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_of_keys_leave_no_gap(limit: int) -> None:
    keys = [f"k{n}" for n in range(20)] + ["ж"]
    Random(1).shuffle(keys)
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        some, after = page_of(pa.array(keys), after, limit)
        found += some
    assert found == sorted(keys)


def test_the_present_is_read_by_pages_by_name_and_newest_first(engine: Engine, inventory: Inventory) -> None:
    fill(engine, inventory)
    change(engine, ("village", "village:V7"), "blocked", NOW - timedelta(minutes=1), layer="power")
    every = states(engine, Scope(), SubjectKind.VILLAGE)
    assert page(engine, Scope(), SubjectKind.VILLAGE, after="", limit=9) == every
    assert page(engine, Scope(), SubjectKind.VILLAGE, after=every[1].subject, limit=2) == every[2:4]
    assert named(engine, SubjectKind.VILLAGE, ["village:V1", "village:V8"]) == {
        row.subject: row for row in every if row.subject == "village:V1"
    }
    blocked = newest(engine, Scope(), SubjectKind.VILLAGE, Readiness.BLOCKED, 2)
    assert [row.subject for row in blocked] == ["village:V7", "village:V3"]
    assert list(outages(engine, [row.outage for row in blocked if row.outage])) == [1]
    assert newest(engine, Scope(DISTRICT), SubjectKind.VILLAGE, Readiness.BLOCKED, 9) == blocked
