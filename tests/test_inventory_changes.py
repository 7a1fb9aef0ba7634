"""What happened to areas, told from their rows alone."""

from collections.abc import Sequence
from datetime import date

from inventory.changes import Change, ChangeKind, changes, summary
from inventory.model import Area, Inventory, Level, Names
from inventory.periods import split

D = date(2024, 4, 1)


def of(rows: Sequence[Area]) -> Inventory:
    areas, versions = split(rows, date(2026, 11, 22))
    return Inventory(areas=areas, versions=versions)


def area(key: str, parent: str, start: date | None = None, end: date | None = None, name: str = "") -> Area:
    level, _, code = key.partition(":")
    return Area(Level(level), code, Names(name or code), parent, valid_from=start, valid_to=end)


def history(*rows: Area) -> list[Change]:
    return list(changes(of([Area(Level.STATE, "1", Names("State")), *rows])))


def district(code: str, start: date | None = None, end: date | None = None, name: str = "") -> Area:
    return area(f"district:{code}", "state:1", start, end, name)


def block(code: str, *parents: str) -> list[Area]:
    """A block that was in the first district until D, then in the second."""
    before, after = parents
    rows = [area(f"block:{code}", f"district:{before}", None, D), area(f"block:{code}", f"district:{after}", D)]
    return rows if before != after else [area(f"block:{code}", f"district:{before}")]


def test_a_rename() -> None:
    found = history(district("a", None, D, "Old"), district("a", D, None, "New"))
    assert found == [Change(D, ChangeKind.RENAMED, "district:a")]
    inventory = of([Area(Level.STATE, "1", Names("S")), district("a", None, D, "Old"), district("a", D, None, "New")])
    assert list(summary(inventory, found)) == [
        "changes of areas: 1 renamed",
        "  2024-04-01 renamed: district:a 'Old' → district:a 'New'",
    ]


def test_a_merge() -> None:
    found = history(district("a", None, D), district("b"), *block("1", "a", "b"), *block("2", "b", "b"))
    assert found == [
        Change(D, ChangeKind.MERGED, "district:a", ("district:b",)),
        Change(D, ChangeKind.MOVED, "block:1", ("district:a", "district:b")),
    ]


def test_two_that_became_one_new_area_merged() -> None:
    rows = [
        district("a", None, D),
        district("b", None, D),
        district("c", D),
        *block("1", "a", "c"),
        *block("2", "b", "c"),
    ]
    assert [(c.kind, c.area, c.others) for c in history(*rows) if c.kind is not ChangeKind.MOVED] == [
        (ChangeKind.MERGED, "district:a", ("district:c",)),
        (ChangeKind.MERGED, "district:b", ("district:c",)),
    ]


def test_a_new_code_for_the_same_area_replaces_it() -> None:
    rows = [district("a", None, D), district("c", D), *block("1", "a", "c"), *block("2", "a", "c")]
    assert [c for c in history(*rows) if c.kind is not ChangeKind.MOVED] == [
        Change(D, ChangeKind.REPLACED, "district:a", ("district:c",))
    ]


def test_one_that_ended_in_two_new_ones_was_split() -> None:
    rows = [district("a", None, D), district("b", D), district("c", D), *block("1", "a", "b"), *block("2", "a", "c")]
    assert [c for c in history(*rows) if c.kind is not ChangeKind.MOVED] == [
        Change(D, ChangeKind.SPLIT, "district:a", ("district:b", "district:c"))
    ]


def test_what_only_came_or_went() -> None:
    rows = [district("a"), area("block:1", "district:a", None, D), area("block:2", "district:a", D)]
    assert history(*rows) == [Change(D, ChangeKind.CREATED, "block:2"), Change(D, ChangeKind.ENDED, "block:1")]


def test_nothing_happened(small: Inventory) -> None:
    assert changes(small) == ()
    assert list(summary(small, ())) == []
