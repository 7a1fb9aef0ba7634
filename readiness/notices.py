"""Notices in the store: what people announced or answered about the causes of outages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    String,
    Table,
    and_,
    cast,
    func,
    insert,
    or_,
    select,
    true,
    union,
    update,
)

from inventory.model import Inventory
from inventory.scope import Scope
from inventory.tables import area, device, link, site
from readiness.maintenance import areas_over
from readiness.model import Cause, Responsible, SubjectKind
from readiness.read import OutageRow, outage_row, outages_from
from readiness.rules.notices import ANSWERS, About, Board, Notice, NoticeKind, Place
from readiness.subjects import within
from readiness.tables import notice, outage
from storage.engine import for_writing, snapshot
from storage.types import FIRST, LAST, from_millis, is_usual, to_millis
from storage.understood import understood

_LONGEST = 500
_EARLY = timedelta(hours=1)
LOT = 500
"""Ended outages that a turn judges anew."""
_STRETCH = timedelta(days=7)
_EVER, _HIGHEST = FIRST, 2**63 - 1
_column = notice.c
_column_of = outage.c


@dataclass(frozen=True, slots=True)
class Announced:
    """A notice as it is told. `to_at` None: valid until withdrawn; `cause` is what an answer says."""

    kind: NoticeKind
    about: About
    subject: str
    from_at: datetime
    who: str
    to_at: datetime | None = None
    cause: Cause | None = None
    responsible: Responsible | None = None
    source: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    id: int
    told: Announced
    declared_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str


class NoticeError(ValueError):
    """A notice that can't be taken; `field` is what is wrong with it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def checked(connection: Connection, told: Announced, scope: Scope) -> Announced:
    """The notice, when it is in order and about something in scope; raises NoticeError."""
    for field, text in (("who", told.who), ("source", told.source), ("text", told.text)):
        if len(text) > _LONGEST or not text.isprintable():
            raise NoticeError(field, f"more than {_LONGEST} characters, or some that cannot be printed")
    if not told.who.strip():
        raise NoticeError("who", "is missing")
    for field, at in (("from", told.from_at), ("to", told.to_at)):
        if at is not None and not is_usual(at):
            raise NoticeError(field, f"lies not between {FIRST:%Y} and {LAST:%Y}")
    if told.to_at is not None and told.to_at < told.from_at:
        raise NoticeError("to", "lies before from")
    if (told.kind is NoticeKind.OPERATOR_ANSWER) != (told.cause is not None):
        raise NoticeError("cause", "is what an operator_answer says, and nothing else does")
    if told.cause is not None and told.cause not in ANSWERS:
        raise NoticeError("cause", f"is none of {', '.join(sorted(ANSWERS))}")
    if not connection.execute(_find(told.about, told.subject, scope)).first():
        raise NoticeError("subject", f"there is no {told.about} {told.subject!r} here")
    return told


def _find(about: About, subject: str, scope: Scope) -> Select[int]:
    """The query that finds what a notice is about, if it lies in scope."""
    number = int(subject) if subject.isascii() and subject.isdigit() and len(subject) < 19 else -1
    conditions: dict[About, tuple[Table, ColumnElement[bool]]] = {
        About.AREA: (area, and_(area.c.key == subject, scope.where_area(area.c.key))),
        About.SITE: (site, and_(site.c.name == subject, scope.where_site(site.c.name))),
        About.DEVICE: (device, and_(device.c.name == subject, scope.where_device(device.c.name))),
        About.LINK: (link, and_(or_(link.c.name == subject, link.c.trunk == subject), scope.where_link(link.c.name))),
        About.FEEDER: (site, and_(site.c.feeder == subject, site.c.feeder != "", scope.where_site(site.c.name))),
        About.OUTAGE: (outage, and_(outage.c.id == number, within(outage, scope))),
    }
    table, condition = conditions[about]
    return select(func.count()).select_from(table).where(condition).having(func.count() > 0)


def declare(engine: Engine, notices: Sequence[Announced], now: datetime) -> list[int]:
    """Store checked notices that aren't there yet; returns the numbers of the new ones."""
    with for_writing(engine).begin() as connection:
        return _declare(connection, notices, now)


def _declare(connection: Connection, notices: Sequence[Announced], now: datetime) -> list[int]:
    known = {row.told for row in _rows(connection, _column.withdrawn_at.is_(None))}
    return [
        connection.execute(insert(notice).values(_values(told, now)).returning(_column.id)).scalar_one()
        for told in dict.fromkeys(map(_as_kept, notices))
        if told not in known
    ]


def _as_kept(told: Announced) -> Announced:
    """The store keeps milliseconds, a clock tells microseconds."""
    end = told.to_at and from_millis(to_millis(told.to_at))
    return replace(told, from_at=from_millis(to_millis(told.from_at)), to_at=end)


def declared(engine: Engine, told: Announced, now: datetime) -> NoticeRow:
    """The checked notice as it is stored: by now, or since it was told before."""
    with for_writing(engine).begin() as connection:
        _declare(connection, [told], now)
        kept = _rows(connection, _column.withdrawn_at.is_(None))
        return next(row for row in kept if row.told == _as_kept(told))


def by_number(engine: Engine, scope: Scope, number: int) -> NoticeRow | None:
    """The notice of that number, if it is about what lies in scope."""
    with engine.connect() as connection:
        return next(iter(_rows(connection, _within(scope), _column.id == number)), None)


def withdraw(engine: Engine, number: int, who: str, now: datetime, scope: Scope) -> bool:
    """Whether there was such a notice in scope; outages that were judged by it are judged without it."""
    values = {"withdrawn_at": now, "withdrawn_by": who, "considered_at": None}
    with for_writing(engine).begin() as connection:
        wanted = and_(_within(scope), _column.id == number, _column.withdrawn_at.is_(None))
        return connection.execute(update(notice).where(wanted).values(values)).rowcount > 0


def listed(engine: Engine, scope: Scope, *, at: datetime | None = None, limit: int = 1000) -> list[NoticeRow]:
    """Notices about what lies in scope, newest first; with `at` those that were valid then."""
    conditions = [_within(scope)]
    if at is not None:
        conditions += [_column.from_at <= at, or_(_column.to_at.is_(None), _column.to_at >= at), _valid(at)]
    with engine.connect() as connection:
        return _rows(connection, *conditions, limit=limit)


def _valid(at: datetime) -> ColumnElement[bool]:
    return or_(_column.withdrawn_at.is_(None), _column.withdrawn_at > at)


def _within(scope: Scope) -> ColumnElement[bool]:
    if scope.area is None:
        return true()
    kind, subject = _column.subject_kind, _column.subject
    links = or_(
        scope.where_link(subject),
        subject.in_(select(link.c.trunk).where(scope.where_link(link.c.name), link.c.trunk != "")),
    )
    feeders = select(site.c.feeder).where(scope.where_site(site.c.name), site.c.feeder != "")
    numbers = select(cast(outage.c.id, String)).where(within(outage, scope))
    return or_(
        and_(kind == About.AREA, scope.where_area(subject)), and_(kind == About.SITE, scope.where_site(subject)),
        and_(kind == About.DEVICE, scope.where_device(subject)), and_(kind == About.LINK, links),
        and_(kind == About.FEEDER, subject.in_(feeders)), and_(kind == About.OUTAGE, subject.in_(numbers)),
    )  # fmt: skip


def _rows(connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None) -> list[NoticeRow]:
    query = select(notice).where(*conditions).order_by(_column.id.desc()).limit(limit)
    return list(understood(connection.execute(query), _row, "notice"))


def _row(row: Row[tuple[object, ...]]) -> NoticeRow:
    told = Announced(
        NoticeKind(row.kind), About(row.subject_kind), row.subject, row.from_at, row.who, row.to_at,
        Cause(row.cause) if row.cause else None, Responsible(row.responsible) if row.responsible else None,
        row.source, row.text,
    )  # fmt: skip
    return NoticeRow(row.id, told, row.declared_at, row.withdrawn_at, row.withdrawn_by)


def _values(told: Announced, now: datetime) -> dict[str, object]:
    return {
        "kind": told.kind, "subject_kind": told.about, "subject": told.subject, "from_at": told.from_at,
        "to_at": told.to_at, "cause": told.cause or "", "responsible": told.responsible or "", "who": told.who,
        "source": told.source, "text": told.text, "declared_at": now,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class News:
    """The notices that count now, and those that the judge has not considered yet."""

    board: Board
    fresh: tuple[NoticeRow, ...]


Mark = tuple[object, ...]


def mark(engine: Engine) -> Mark:
    """What changes with every notice that is declared or withdrawn."""
    query = select(func.count(), func.max(_column.id), func.max(_column.withdrawn_at))
    with engine.connect() as connection:
        return tuple(connection.execute(query).one())


def news(engine: Engine, inventory: Inventory) -> News:
    with snapshot(engine) as connection:
        fresh = tuple(_rows(connection, _column.considered_at.is_(None)))
        standing = _rows(connection, _column.withdrawn_at.is_(None))
        return News(Board.of(_placed(connection, standing), partial(_areas_over, inventory)), fresh)


def _placed(connection: Connection, rows: Sequence[NoticeRow]) -> Iterator[tuple[Place, Notice]]:
    about = _outages(connection, [int(row.told.subject) for row in rows if row.told.about is About.OUTAGE])
    for row in rows:
        told = row.told
        plain = Notice(
            row.id, told.kind, (told.about, told.subject), told.from_at.timestamp(),
            inf if told.to_at is None else told.to_at.timestamp(), told.who, row.declared_at.timestamp(), told.cause,
            told.responsible,
        )  # fmt: skip
        if told.about is not About.OUTAGE:
            yield plain.place, plain
        elif (found := about.get(int(told.subject))) is not None:
            yield found.place, replace(plain, place=found.place, start=found.start, end=found.end)


@dataclass(frozen=True, slots=True)
class _Span:
    place: Place
    start: float
    end: float


def _outages(connection: Connection, numbers: Sequence[int]) -> dict[int, _Span]:
    """Where and when these outages were; an answer about one is about no other of the same place."""
    query = select(outage.c.id, outage.c.subject_kind, outage.c.subject, outage.c.from_at, outage.c.to_at)
    kinds = {SubjectKind.DEVICE: About.DEVICE, SubjectKind.LINK: About.LINK, SubjectKind.SITE: About.SITE}
    found = connection.execute(query.where(outage.c.id.in_(numbers)))
    return {
        row.id: _Span(
            (kinds[SubjectKind(row.subject_kind)], row.subject), row.from_at.timestamp(),
            row.from_at.timestamp() if row.to_at is None else row.to_at.timestamp(),
        )
        for row in found if row.subject_kind in kinds
    }  # fmt: skip


def _areas_over(inventory: Inventory, site: str) -> set[str]:
    return areas_over(inventory, inventory.sites[site]) if site in inventory.sites else set()


@dataclass(frozen=True, slots=True)
class Past:
    """Ended outages that a notice may be about and that are still to be judged anew: those that ended after `seen`."""

    notice: NoticeRow
    seen: tuple[datetime, int]  # when the last one that was looked at ended, and its number
    until: datetime  # when the notice was taken up: what was open then was judged by it at once

    @classmethod
    def of(cls, notice: NoticeRow, now: datetime) -> Self:
        told = notice.told
        first = _EVER if told.about is About.OUTAGE else max(told.from_at, _EVER + _EARLY) - _EARLY
        return cls(notice, (first, 0), now)


@dataclass(frozen=True, slots=True)
class Lot:
    """`left` is what comes after these; None: nothing does."""

    ended: tuple[OutageRow, ...]
    left: Past | None


def lot(engine: Engine, past: Past) -> Lot:
    """The next ended roots that the notice may be about, so few that a turn can judge them; the rule decides.

    Of an area those of a stretch of time are read at once: where few match, a query for so many would read them all.
    """
    told, (after, number) = past.notice.told, past.seen
    end = min(past.until, after + _STRETCH) if told.about is About.AREA else past.until
    later = or_(_column_of.to_at > after, and_(_column_of.to_at == after, _column_of.id > number))
    ended = and_(_column_of.root, _column_of.to_at >= after, _column_of.to_at <= end, later)
    query = select(outage).where(ended, _touched(told, past.until)).order_by(_column_of.to_at, _column_of.id)
    with engine.connect() as connection:
        rows = connection.execute(query.limit(LOT)).all()
    found = tuple(understood(rows, outage_row, "outage"))
    if len(rows) == LOT:
        return Lot(found, replace(past, seen=(rows[-1].to_at, rows[-1].id)))
    return Lot(found, replace(past, seen=(end, _HIGHEST)) if end < past.until else None)


def behind(engine: Engine, roots: Sequence[int]) -> list[OutageRow]:
    """What these outages explain."""
    with engine.connect() as connection:
        lots = (roots[first : first + _LONGEST] for first in range(0, len(roots), _LONGEST))
        return [row for lot in lots for row in outages_from(connection, _column_of.explained_by.in_(lot))]


def _touched(told: Announced, now: datetime) -> ColumnElement[bool]:
    if told.about is About.OUTAGE:
        return _column_of.id == int(told.subject)
    return and_(_column_of.from_at <= (told.to_at or now), _about(told))


def _about(told: Announced) -> ColumnElement[bool]:
    if told.about in {About.DEVICE, About.LINK}:
        return and_(_column_of.subject_kind == told.about.value, _column_of.subject == told.subject)
    if told.about is About.AREA:
        return within(outage, Scope(told.subject))
    chosen = site.c.name == told.subject if told.about is About.SITE else site.c.feeder == told.subject
    devices = select(device.c.name).join_from(device, site, device.c.site == site.c.name).where(chosen)
    ends = select(link.c.name, link.c.trunk).where(or_(link.c.a_device.in_(devices), link.c.b_device.in_(devices)))
    links = ends.subquery()
    names = union(devices, select(links.c.name), select(links.c.trunk).where(links.c.trunk != ""))
    return and_(_column_of.subject_kind.in_([SubjectKind.DEVICE, SubjectKind.LINK]), _column_of.subject.in_(names))
