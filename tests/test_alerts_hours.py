"""Opening hours: what is taken, what is refused, when a kendra is open."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.hours import INDIA, HoursError, parse_hours

WEEKDAYS = {"Mo": 23, "Tu": 24, "We": 25, "Th": 26, "Fr": 27, "Sa": 28, "Su": 29}  # November 2026


def india(day: str, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 11, WEEKDAYS[day], int(hour), int(minute), tzinfo=INDIA)


@pytest.mark.parametrize(
    ("text", "day", "clock", "opened"),
    [
        ("Mo-Sa 10:00-17:00", "Mo", "09:59", None),
        ("Mo-Sa 10:00-17:00", "Mo", "10:00", "10:00"),
        ("Mo-Sa 10:00-17:00", "Sa", "16:59", "10:00"),
        ("Mo-Sa 10:00-17:00", "Sa", "17:00", None),
        ("Mo-Sa 10:00-17:00", "Su", "12:00", None),
        ("Mo-Fr 09:30-13:00,14:00-17:30; Sa 10:00-14:00", "We", "13:30", None),
        ("Mo-Fr 09:30-13:00,14:00-17:30; Sa 10:00-14:00", "We", "15:00", "14:00"),
        ("Mo-Fr 09:30-13:00,14:00-17:30; Sa 10:00-14:00", "Sa", "13:59", "10:00"),
        ("10:00-18:00; Su off", "Su", "12:00", None),
        ("10:00-18:00; Su off", "Th", "12:00", "10:00"),
        ("Mo,We,Sa-Su 08:00-12:00", "We", "08:30", "08:00"),
        ("Mo,We,Sa-Su 08:00-12:00", "Tu", "08:30", None),
        ("Fr-Mo 08:00-24:00", "Su", "23:59", "08:00"),
        ("24/7", "Su", "03:00", "00:00"),
    ],
)
def test_opened_at(text: str, day: str, clock: str, opened: str | None) -> None:
    found = parse_hours(text).opened_at(india(day, clock).astimezone(UTC))
    assert found == (india(day, opened) if opened else None)


@pytest.mark.parametrize(
    "text",
    ["", "always", "Mo-Sa", "Mo-Sa 10-17", "Mo-Sa 17:00-10:00", "Mo-Sa 10:00-17:60", "Mo-Sa 10:00-25:00", "Xx 10:00-17:00",
     "Mo-Sa 10:00-13:00,12:00-17:00", "PH off", "Mo-Sa 10:00-17:00;", "Mo - Sa 10:00-17:00", "Nov Mo 10:00-17:00"],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(HoursError):
        parse_hours(text)


@given(st.text(max_size=40))
def test_any_text_is_hours_or_a_hours_error(text: str) -> None:
    try:
        week = parse_hours(text).week
    except HoursError:
        return
    assert len(week) == 7


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_open_from_the_opening_on(moment: datetime) -> None:
    hours = parse_hours("Mo-Sa 10:00-17:00")
    now = moment.replace(tzinfo=UTC)
    opened = hours.opened_at(now)
    if opened is not None:
        assert timedelta() <= now - opened < timedelta(hours=7)
        assert hours.opened_at(opened) == opened
