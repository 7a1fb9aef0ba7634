"""What pages are told of changes is made once for those who watch the same."""

import json

import pytest

from api.context import Maps
from api.feed import Feed, News, Sight
from api.telling import Telling, numbered
from readiness.present import Change
from tests.pages import OTHER, two_districts
from tests.small import DISTRICT


def test_pages_that_watch_the_same_share_what_they_are_told() -> None:
    maps = Maps(two_districts())
    rows = [
        Change(1, "village", "village:V1", "blocked", "power"),
        Change(2, "village", "village:E1", "ready", ""),
        Change(3, "village", "village:V1", "ready", ""),
        Change(4, "site", "gp1", "down", ""),
        Change(5, "village", "village:gone", "ready", ""),
        Change(6, "site", "gone", "up", ""),
    ]
    told = [one for row in rows if (one := numbered(maps.ground, row))]
    assert [one.id for one in told] == [1, 2, 3, 4]
    feed = Feed(lambda after: News([], after), lambda: 0, lambda: Sight(None, 0), every_s=0, keep=3)
    telling = Telling(feed)
    assert telling.since(maps.view(None), 0) == (0, "")
    feed._take(News(told[:3], 3))
    for area in (DISTRICT, OTHER, None):
        found = telling.since(maps.view(area), 0)
        assert found is not None
        assert telling.since(maps.view(area), 0) is found
        view = maps.view(area)
        expected = [[view.village_number("village:V1"), "r", "-"], [view.village_number("village:E1"), "r", "-"]]
        assert json.loads(found.data) == {"villages": [one for one in expected if one[0] is not None], "sites": []}
        assert found.place == 3
    feed._take(News(told[3:], 6))
    assert telling.since(maps.view(OTHER), 3) == (4, "")
    assert telling.since(maps.view(DISTRICT), 0) is None  # the first is forgotten
    number = maps.view(DISTRICT).site_number("gp1")
    last = telling.since(maps.view(DISTRICT), 3)
    assert last is not None
    assert json.loads(last.data) == {"villages": [], "sites": [[number, "x"]]}


def test_places_that_pages_make_up_are_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.telling._MOST_OCTETS", 5_000)
    maps = Maps(two_districts())
    feed = Feed(lambda after: News([], after), lambda: 0, lambda: Sight(None, 0))
    telling = Telling(feed)
    first = telling.since(maps.view(None), 1)
    assert telling.since(maps.view(None), 1) is first
    for place in range(2, 50):
        assert telling.since(maps.view(None), place) == (place, "")
    assert len(telling._made) < 20
