"""Answers are kept by weight, and each is made by one thread."""

from threading import Event, Thread

import pytest

from api.context import Maps
from api.kept import BusyError, Kept
from inventory.model import Area, Inventory, Level, Names


def test_what_was_used_longest_ago_goes_when_all_is_too_heavy() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    kept = Kept(make, lambda weight: weight, most=10)
    assert [kept(number) for number in (4, 3, 2, 4, 3, 2)] == [4, 3, 2, 4, 3, 2]
    assert made == [4, 3, 2]
    kept(5)  # 4 was used longest ago
    for number in (3, 2, 5):
        kept(number)
    assert made == [4, 3, 2, 5]
    kept(50)  # more than all: it alone stays
    kept(50)
    kept(2)
    assert made == [4, 3, 2, 5, 50, 2]


def test_the_views_of_eight_hundred_open_districts_stay() -> None:
    areas = [Area(Level.DISTRICT, str(number), Names("D")) for number in range(800)]
    maps = Maps(Inventory(areas={area.key: area for area in areas}))
    first = [maps.view(area.key) for area in areas]
    assert all(maps.view(area.key) is view for area, view in zip(areas, first, strict=True))


def test_what_many_ask_for_at_once_is_made_once_and_only_so_many_wait() -> None:
    made: list[str] = []
    begun, go_on = Event(), Event()

    def make(name: str) -> str:
        made.append(name)
        if name == "slow":
            begun.set()
            assert go_on.wait(30)
        if name == "wrong":
            raise LookupError
        return name

    kept = Kept(make, len, most=100, at_once=2)
    kept("known")
    first, second = (Thread(target=kept, args=["slow"]) for _ in range(2))
    first.start()
    assert begun.wait(30)
    with pytest.raises(LookupError):
        kept("wrong")  # whose place is free again
    assert kept("other") == "other"  # waits for nobody
    second.start()
    second.join(0.1)
    assert second.is_alive()
    with pytest.raises(BusyError):
        kept("a third")
    assert kept("known") == "known"
    go_on.set()
    first.join(30)
    second.join(30)
    assert kept("a third") == "a third"
    assert made == ["known", "slow", "wrong", "other", "a third"]
