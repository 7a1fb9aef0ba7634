"""What was told by a clock that was ahead is dated back, whatever it was, and stays in its order."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select

from readiness import clock
from readiness.store import moment
from readiness.tables import outage, state, transition, watch
from tests.judged import add_outage
from tests.judging import T0

NOW = 1000.0
Times = list[float]


def at_s(time: datetime) -> float:
    return time.timestamp() - T0


def tell(connection: Connection, times: Times) -> None:
    """Transitions of one subject at these times after T0, in this order, and where it stands."""
    words = ["up", "down"] * len(times)
    rows = [
        {"subject_kind": "device", "subject": "gp1", "at": moment(T0 + at), "recorded_at": moment(T0 + at + 5),
         "from_status": before, "to_status": after, "reason": "x"}
        for at, before, after in zip(times, words, words[1:], strict=False)
    ]  # fmt: skip
    connection.execute(insert(transition), rows)
    stands = {"subject_kind": "device", "subject": "gp1", "status": "up", "reason": "x", "transition": 1}
    connection.execute(insert(state), [stands | {"since": moment(T0 + times[-1])}])


def told(engine: Engine) -> tuple[Times, float]:
    """When the transitions were, in the order of telling, and since when it stands so."""
    with engine.connect() as connection:
        times = [at_s(at) for at in connection.execute(select(transition.c.at).order_by(transition.c.id)).scalars()]
        return times, at_s(connection.execute(select(state.c.since)).scalar_one())


@pytest.mark.parametrize(
    ("by", "times", "right"),
    [
        (-5000.0, [5100.0, 5900.0], [100.0, 900.0]),  # as long ago as they were
        (0.0, [5100.0, 5900.0], [1000.0, 1000.0]),  # nobody knows by how much it was ahead
        (-5000.0, [200.0, 5100.0, 5300.0], [200.0, 200.0, 300.0]),  # told earlier: stays before it
        (-5000.0, [900.0, 7000.0], [900.0, 1000.0]),  # by another clock still
        (-5000.0, [100.0, 1000.0], [100.0, 1000.0]),
    ],
)
def test_what_was_told_by_a_clock_ahead_is_dated_back(engine: Engine, by: float, times: Times, right: Times) -> None:
    with engine.begin() as connection:
        tell(connection, times)
    assert clock.set_right(engine, moment(T0 + NOW), by) is (times != right)
    assert told(engine) == (right, right[-1])
    assert not clock.set_right(engine, moment(T0 + NOW), by)


def test_outages_and_signs_of_life_are_dated_back(engine: Engine) -> None:
    spans = [(100, 300), (400, 5500), (5200, 5600), (5700, None), (900, None)]
    for start, end in spans:
        add_outage(engine, "gp1", "device", from_at=moment(T0 + start), to_at=None if end is None else moment(T0 + end))
    with engine.begin() as connection:
        connection.execute(
            insert(watch), [{"collector": name, "last_at": moment(T0 + at)} for name, at in (("a", 5990), ("b", 7000))]
        )
    assert clock.set_right(engine, moment(T0 + NOW), -5000.0)
    with engine.connect() as connection:
        rows = connection.execute(select(outage.c.from_at, outage.c.to_at).order_by(outage.c.id)).all()
        seen = connection.execute(select(watch.c.last_at).order_by(watch.c.collector)).scalars().all()
    found = [(at_s(row.from_at), None if row.to_at is None else at_s(row.to_at)) for row in rows]
    assert found == [(100, 300), (400, 500), (300, 600), (700, None), (900, None)]
    assert [at_s(at) for at in seen] == [990, 1000]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.integers(0, 8000).map(float), min_size=1, max_size=8), st.integers(-7000, 0).map(float))
def test_nothing_is_told_of_a_time_to_come_nor_out_of_order(engine: Engine, times: Times, by: float) -> None:
    """Whose clock was set ahead once and right again told in the order of its times, but for that one step back."""
    ordered = sorted(times)
    with engine.begin() as connection:
        for table in (transition, state):
            connection.execute(delete(table))
        tell(connection, ordered)
    clock.set_right(engine, moment(T0 + NOW), by)
    found, since = told(engine)
    assert found == sorted(found)
    assert max(found) <= NOW
    assert since == found[-1]
    assert [at for at, was in zip(found, ordered, strict=True) if was <= NOW] == [was for was in ordered if was <= NOW]
