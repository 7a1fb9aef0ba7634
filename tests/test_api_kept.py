"""Answers are kept by weight."""

from api.context import Maps
from api.kept import Kept
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
