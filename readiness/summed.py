"""Totals of many subjects over any period: closed months by their kept sums, the rest from what was told.

Sums are kept by month, since what was told of a month that is over seldom changes. Whether it did is asked each
time (month_evidence.py), so that a report says the same with and without them. Every sum is of one subject: those of
which none is kept are added up beside the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine

from inventory.hours import Hours
from inventory.model import Inventory
from readiness.carriers import Carriers, carriers
from readiness.ledger import Asked, ledger
from readiness.month_evidence import evidence
from readiness.months import FOLDER, closed_in
from readiness.months_in_india import months_within, starts
from readiness.proved import proving
from readiness.rules import digests
from readiness.rules.availability import Sums, Totals, added_up
from readiness.rules.columns import Mask
from readiness.rules.spells import Millis, Positions
from readiness.sum_months import Kept, are_kept, keep, kept
from storage.engine import snapshot
from storage.monthly import Month, months_in

_FEW = 500  # subjects, that are asked for by name
_AT_ONCE = 20_000  # subjects whose transitions of a month are in memory together, whatever a country has


@dataclass(frozen=True)
class Question:
    """Whose totals are asked for; `hours` are each subject's, `history` is settings.storage.history."""

    engine: Engine
    history: Path
    inventory: Inventory
    asked: Asked
    hours: Sequence[Hours | None]

    @cached_property
    def stands_on(self) -> Carriers:
        return carriers(self.inventory, self.asked.kind, self.asked.subjects)

    @cached_property
    def names(self) -> pa.StringArray:
        return pa.array(self.asked.subjects, pa.string())

    @cached_property
    def _of_carriers(self) -> digests.Digests:
        stands_on = self.stands_on
        names = digests.mixed(stands_on.kinds, digests.of_texts(stands_on.texts.column))[stands_on.name]
        rows = digests.mixed(names, stands_on.rank, stands_on.through)
        behind = digests.by_group(stands_on.subject, rows, len(self.asked.subjects))
        kendras = proving(self.inventory, self.asked.kind, self.names)
        return digests.mixed(behind.view(np.int64), digests.of_texts(kendras).view(np.int64))

    @cached_property
    def _calendars(self) -> tuple[list[Hours | None], Positions]:
        """The opening hours that differ, and which each subject has. Equal ones are mostly one value."""
        different = {id(each): each for each in self.hours}
        place = {number: n for n, number in enumerate(different)}
        return list(different.values()), np.array([place[id(each)] for each in self.hours], np.int64)

    def made_of(self, month: Month) -> Millis:
        """A number for each subject: what carries it, whose check-ins count, when it is open, and not in this month."""
        calendars, which = self._calendars
        told = np.array([_of_hours(each, month) for each in calendars], np.int64)
        return digests.mixed(self._of_carriers, told[which]).view(np.int64)


def _of_hours(hours: Hours | None, month: Month) -> int:
    if hours is None:
        return 0
    days = [day for day in hours.holidays if (day.year, day.month) == (month.year, month.month)]
    return int.from_bytes(sha256(repr((hours.week, days)).encode()).digest()[:8], signed=True)


def totals_of(question: Question) -> Totals:
    """The totals of each subject in the order of what is asked. Raises MonthMissingError."""
    asked, position, everyone = question.asked, question.asked.start, np.arange(len(question.hours))
    total, apart = Sums.none(len(everyone)), np.zeros(len(everyone), np.bool_)
    for month, rows, found in _usable(question):
        if position < starts(month):
            total = total.then(_told(question, replace(asked, start=position, end=starts(month)), everyone))
        total, apart = total.then(found.sums(rows)), apart | (rows < 0)
        position = starts(month.next)
    if position < asked.end:
        total = total.then(_told(question, replace(asked, start=position), everyone))
    if apart.any():
        total.put(np.flatnonzero(apart), _told(question, asked, np.flatnonzero(apart)))
    return total.totals(question.hours)


def _told(question: Question, asked: Asked, places: Positions, *, closed: bool = False) -> Sums:
    """The sums of the subjects in these places in a part of the period, from the transitions themselves.

    With `closed` all of them are in the files of their months.
    """
    some = replace(asked, subjects=[asked.subjects[place] for place in places])
    files = question.history
    told = closed_in(files, some.start, some.end, some.kind, some.subjects) if closed else None
    stands_on = question.stands_on.at(places, len(asked.subjects))
    found = ledger(question.engine, files, question.inventory, some, stands_on, told=told)
    return added_up(found.whole, found.pieces, found.blame, [question.hours[place] for place in places])


def _usable(question: Question) -> Iterator[tuple[Month, Positions, Kept]]:
    """The months within the period whose sums are kept and what they would be now, in order.

    With each the row of every subject in what is kept, -1 for a few of which nothing is.
    """
    asked, history = question.asked, question.history
    until = asked.end if asked.blind_since is None else min(asked.end, asked.blind_since)
    some = [month for month in months_within(asked.start, until) if are_kept(history, asked.kind, month)]
    with snapshot(question.engine) as connection:
        told = evidence(connection, history, some)
    for month, number in told.items():
        if found := kept(history, asked.kind, month, number):
            rows = _rows(question, found, month)
            if np.count_nonzero(rows < 0) <= _FEW:
                yield month, rows, found


def _rows(question: Question, found: Kept, month: Month) -> Positions:
    """Where the subjects stand in what is kept; -1 for one that is missing, or was another then."""
    rows: Positions = np.asarray(pc.fill_null(pc.index_in(question.names, found.subjects), -1)).astype(np.int64)
    same = np.append(found.made_of, 0)[rows] == question.made_of(month)
    return np.where(same, rows, -1)


def keep_sums(question: Question) -> Iterator[Month]:
    """Keep the sums of all closed months of which none are kept that hold, the newest first; gives each that was written.

    The period of what is asked does not matter. May be killed at any moment and called again.
    """
    history, kind = question.history, question.asked.kind
    closed = months_in(history / FOLDER)
    with snapshot(question.engine) as connection:
        told = evidence(connection, history, closed)
    for month, number in sorted(told.items(), reverse=True):
        known = kept(history, kind, month, number)
        rows = _rows(question, known, month) if known else np.full(len(question.names), -1)
        if known and (rows >= 0).all():
            continue
        sums = known.sums(rows) if known else Sums.none(len(rows))
        for places in _lots(question, rows < 0):
            sums.put(places, _of_month(question, month, places))
        with snapshot(question.engine) as connection:
            is_so_still = evidence(connection, history, [month]).get(month) == number
        if is_so_still:
            keep(
                history,
                kind,
                month,
                evidence=number,
                subjects=question.names,
                made_of=question.made_of(month),
                sums=sums,
            )
            yield month


def _of_month(question: Question, month: Month, places: Positions) -> Sums:
    """The sums of a closed month: nothing of it is late, or it had no evidence."""
    asked = replace(question.asked, start=starts(month), end=starts(month.next), blind_since=None)
    return _told(question, asked, places, closed=True)


def _lots(question: Question, wanted: Mask) -> Iterator[Positions]:
    """The places of the wanted subjects, so many at once as memory bears; by name, as the files have them."""
    order = np.asarray(pc.sort_indices(question.names)).astype(np.int64)
    places = order[wanted[order]]
    for first in range(0, len(places), _AT_ONCE):
        yield places[first : first + _AT_ONCE]
