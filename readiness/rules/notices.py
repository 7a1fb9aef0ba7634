"""What people announced or answered, as evidence about outages. Pure; times are UTC epoch seconds.

An announcement counts for outages that begin while it is valid, an answer for those that go on then.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from math import inf

from inventory.hours import INDIA
from readiness.model import Cause, Responsible
from readiness.rules.causes import Evidence

_EARLY_S = 900.0  # works and cuts begin sooner than announced


class NoticeKind(StrEnum):
    UNPAID = "unpaid"
    SHUT_DOWN = "shut_down"
    POWER_CUT = "power_cut"  # announced by the electricity company
    RIGHT_OF_WAY = "right_of_way"  # works of those on whose ground the fibre lies
    OPERATOR_ANSWER = "operator_answer"  # of the kendra's operator or an engineer: what it was


class About(StrEnum):
    AREA = "area"
    SITE = "site"
    DEVICE = "device"
    LINK = "link"  # or a trunk
    FEEDER = "feeder"
    OUTAGE = "outage"


ANSWERS = frozenset({Cause.POWER, Cause.FIBRE, Cause.EQUIPMENT, Cause.LAST_MILE, Cause.ADMINISTRATIVE, Cause.PLANNED})
"""What an answer may say."""

Place = tuple[About, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """`end` is inf where it is valid until it is withdrawn; `cause` is what an answer says."""

    id: int
    kind: NoticeKind
    place: Place
    start: float
    end: float
    who: str
    declared_at: float
    cause: Cause | None = None
    responsible: Responsible | None = None

    @property
    def until(self) -> float:
        """It speaks of no outage that begins later."""
        answers = self.kind is NoticeKind.OPERATOR_ANSWER
        return self.start if answers and self.end == inf else self.end

    def counts_for(self, start: float, end: float) -> bool:
        """Whether it speaks of an outage of [start, end); of one that goes on `end` is inf."""
        if start > self.until:
            return False
        return self.start <= (end if self.kind is NoticeKind.OPERATOR_ANSWER else start + _EARLY_S)


Areas = Callable[[str], Iterable[str]]
"""Name of a site -> keys of the areas that hold it, at every level."""


def _nowhere(_: str) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Board:
    """Notices by the places they are about, each place's by when they end; those of outages stand where these were.

    What is announced of an area is kept once, not for each site in it, and what is over is passed over: years of it
    cost nothing.
    """

    at: Mapping[Place, Sequence[Notice]] = field(default_factory=dict)
    areas: Areas = _nowhere
    _around: dict[str, tuple[Place, ...]] = field(default_factory=dict)  # site -> areas of which something is announced

    @classmethod
    def of(cls, placed: Iterable[tuple[Place, Notice]], areas: Areas = _nowhere) -> "Board":
        found: dict[Place, list[Notice]] = {}
        for place, notice in placed:
            found.setdefault(place, []).append(notice)
        return cls({place: sorted(some, key=_until) for place, some in found.items()}, areas)

    def _told(self, place: Place, start: float) -> Iterator[Notice]:
        """What is announced of a place, and of the areas that hold a site, and isn't over before `start`."""
        for each in (place, *self._areas_of(place[1])) if place[0] is About.SITE else (place,):
            told = self.at.get(each, ())
            yield from islice(told, bisect_left(told, start, key=_until), None)

    def _areas_of(self, site: str) -> tuple[Place, ...]:
        around = self._around.get(site)
        if around is None:
            places = ((About.AREA, area) for area in self.areas(site))
            around = self._around[site] = tuple(place for place in places if place in self.at)
        return around

    def evidence(self, places: Iterable[Place], start: float, end: float = inf) -> tuple[Evidence, ...]:
        """What speaks of an outage at these places: of each kind one notice, of the answers the newest."""
        if not self.at:
            return ()
        known = {one.id: one for place in places for one in self._told(place, start) if one.counts_for(start, end)}
        newest = sorted(known.values(), key=lambda one: (one.declared_at, one.id))
        by_kind = {notice.kind: notice for notice in newest}
        return tuple(_evidence(by_kind[kind]) for kind in sorted(by_kind))


def _until(notice: Notice) -> float:
    return notice.until


def _evidence(notice: Notice) -> Evidence:
    who, subject = notice.who, notice.place[1]
    if notice.kind is NoticeKind.OPERATOR_ANSWER and notice.cause is not None:
        at = datetime.fromtimestamp(notice.declared_at, UTC).astimezone(INDIA)
        sentence = f"{who} answered on {at:%Y-%m-%d} at {at:%H:%M}: {notice.cause}"
        return Evidence(f"answer_{notice.cause}", sentence, notice.responsible)
    sentence = {
        NoticeKind.UNPAID: f"announced by {who}: a bill is unpaid for {subject}",
        NoticeKind.SHUT_DOWN: f"announced by {who}: {subject} is shut down",
        NoticeKind.POWER_CUT: f"announced by {who}: mains are cut at {subject}",
        NoticeKind.RIGHT_OF_WAY: f"announced by {who}: works on the right of way at {subject}",
    }[notice.kind]
    return Evidence(f"notice_{notice.kind}", sentence, notice.responsible)


def is_notice(kind: str) -> bool:
    """Whether that kind of evidence comes from here."""
    return kind.startswith(("notice_", "answer_"))
