"""What was told while the wall clock was ahead, and lies after the present now that the clock is right.

It happened before now, so it is dated back; its words, its number and when it was recorded stay as they were told. Else
it would outlast the correction: of a site that is down by now, yesterday's word would say that it is up from tomorrow on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Engine, Update, and_, case, func, or_, select, type_coerce, update

from readiness.tables import outage, state, transition, trouble, watch
from storage.engine import for_writing
from storage.types import to_millis

_told, _state, _outage = transition.c, state.c, outage.c
Millis = ColumnElement[int]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The wall clock, UTC epoch seconds; and seconds of one that nobody sets, and that runs on while the machine sleeps."""

    wall: Callable[[], float]
    steady: Callable[[], float]

    def ahead(self) -> float:
        """Of the wall clock before the steady one: another number where the wall clock was set."""
        return self.wall() - self.steady()


def set_right(engine: Engine, now: datetime, by_s: float = 0.0) -> bool:
    """Date back what lies after `now`, in one transaction; returns whether anything was told of such a time.

    `by_s`: by how many seconds the clock was set, below 0, where that is known; else all of it is dated `now`. What was
    told of a subject stays in its order: nothing is dated before what was told of it earlier. Raises SQLAlchemyError.
    """
    at, by, seen = to_millis(now), round(by_s * 1000), _millis(watch.c.last_at)
    with for_writing(engine).begin() as connection:
        counts = [connection.execute(each).rowcount for each in _statements(at, by)]
        # A sign of life tells of nothing, and there always is one.
        connection.execute(update(watch).where(seen > at).values(last_at=_right(seen, at, by, seen + by)))
    return any(counts)


def _statements(now: int, by: int) -> Iterator[Update]:
    """In this order: a state began with its transition, and no outage ends before it began. Times in milliseconds."""
    at, since, began, ended = map(_millis, (_told.at, _state.since, _outage.from_at, _outage.to_at))
    yield update(transition).where(at > now).values(at=_right(at, now, by, _told_before(now)))
    yield update(state).where(since > now).values(since=func.coalesce(_changed(now), now))
    # An outage that began later than now ends later, if it has ended: found by the index of ends.
    ahead = and_(began > now, or_(_outage.to_at.is_(None), ended > now))
    yield update(outage).where(ahead).values(from_at=_right(began, now, by, _ended_before(now)))
    yield update(outage).where(ended > now).values(to_at=_right(ended, now, by, began))
    for column in (trouble.c.since, trouble.c.at):
        told = _millis(column)
        yield update(trouble).where(told > now).values({column: _right(told, now, by, told + by)})


def _millis(column: ColumnElement[datetime]) -> Millis:
    return type_coerce(column, BigInteger)


def _right(at: Millis, now: int, by: int, least: Millis) -> ColumnElement[int]:
    """`at` moved `by`: not before `least`, which may be NULL, and not after `now`."""
    return case((at + by > now, now), (least > at + by, least), else_=at + by)


def _told_before(now: int) -> Millis:
    """When the newest of what was told earlier of a transition's subject was."""
    other = transition.alias().c
    same = and_(other.subject_kind == _told.subject_kind, other.subject == _told.subject, other.id < _told.id)
    return select(func.max(_millis(other.at))).where(same, _millis(other.at) <= now).scalar_subquery()


def _changed(now: int) -> Millis:
    """When a subject's status changed last."""
    same = and_(_told.subject_kind == _state.subject_kind, _told.subject == _state.subject)
    changes = select(func.max(_millis(_told.at))).where(same, _told.from_status != _told.to_status)
    return changes.where(_millis(_told.at) <= now).scalar_subquery()


def _ended_before(now: int) -> Millis:
    """When the newest earlier outage of an outage's subject ended."""
    other = outage.alias().c
    same = and_(other.subject_kind == _outage.subject_kind, other.subject == _outage.subject, other.id < _outage.id)
    return select(func.max(_millis(other.to_at))).where(same, _millis(other.to_at) <= now).scalar_subquery()
