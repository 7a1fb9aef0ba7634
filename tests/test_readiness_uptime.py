"""The split of a period: nothing is counted twice, nothing is lost."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from readiness.rules.uptime import midnight, spells, split, strip

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
moments = st.integers(0, 40 * 24 * 3600 * 1000).map(lambda millis: EPOCH + timedelta(milliseconds=millis))
histories = st.lists(st.tuples(moments, st.sampled_from(["up", "down", "unknown"])), max_size=30).map(sorted)


@given(histories, moments, moments)
def test_parts_add_up_to_the_period(changes: list[tuple[datetime, str]], one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    assert sum(split("unknown", changes, start, end).values(), timedelta()) == end - start


@given(histories, moments, moments, moments)
def test_neighbouring_periods_add_up_to_the_whole(
    changes: list[tuple[datetime, str]], one: datetime, two: datetime, three: datetime
) -> None:
    start, middle, end = sorted((one, two, three))
    whole = split("unknown", changes, start, end)
    first, second = split("unknown", changes, start, middle), split("unknown", changes, middle, end)
    assert whole == {
        status: first.get(status, timedelta()) + second.get(status, timedelta())
        for status in first.keys() | second.keys()
    }


@given(histories, moments, moments)
def test_spells_touch_and_are_never_empty(changes: list[tuple[datetime, str]], one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    found = list(spells("unknown", changes, start, end))
    assert all(spell.start < spell.end for spell in found)
    assert [spell.start for spell in found[1:]] == [spell.end for spell in found[:-1]]


@given(histories, moments)
def test_days_add_up_to_the_days(changes: list[tuple[datetime, str]], now: datetime) -> None:
    days = strip("unknown", changes, 30, now)
    total = sum((sum(day.parts.values(), timedelta()) for day in days), timedelta())
    assert total == now - midnight(days[0].day)


def test_a_day_begins_at_midnight_in_india() -> None:
    now = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)  # half past one on the 22nd
    days = strip("up", [(datetime(2026, 11, 21, 18, 0, tzinfo=UTC), "down")], 2, now)
    assert [day.day for day in days] == [date(2026, 11, 21), date(2026, 11, 22)]
    assert days[0].parts == {"up": timedelta(hours=23, minutes=30), "down": timedelta(minutes=30)}
    assert days[1].parts == {"down": timedelta(hours=1, minutes=30)}
