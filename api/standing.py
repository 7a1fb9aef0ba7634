"""Where all villages and sites stand now, as letters: read once, and kept up to date by the transitions since.

So a page of a country reads what has changed, not half a million rows. Who is judged for the first time and found to
be as unknown as before has no transition (a village without a device has a layer then): when the store comes to tell
of more subjects, all are read anew.
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Engine

from inventory.texts import positions
from maps import letters
from maps.ground import Ground, Stretch
from readiness import present, read
from readiness.model import SubjectKind
from readiness.present import Change

_MOST_CHANGES = 50_000  # more than these are read anew faster
_AT_ONCE = 5_000
_RESTS = 200  # times as long as counting what is judged takes

Letters = NDArray[np.uint8]
"""Octets of ASCII."""


class Now(NamedTuple):
    """Letters of maps.letters by the ground's numbers, the id of the newest transition that they tell of, and of how
    many villages and sites the store told.
    """

    last: int
    judged: int
    villages: Letters
    layers: Letters
    sites: Letters


class Standing:
    def __init__(self, engine: Engine, ground: Ground) -> None:
        self._engine, self._ground = engine, ground
        self._lock = Lock()
        self._now: Now | None = None
        self._missing = True  # the store didn't tell of every village and site
        self._count_at = 0.0  # on the monotonic clock
        self._outdated = False
        self._renewals = 0

    def renewals(self) -> int:
        """How often the store was found to tell of more subjects than before, which pages have to be told.

        It is asked for that only as long as some are missing, and so that it takes little of the time.
        """
        now = self._now
        if now is not None and self._missing and not self._outdated and monotonic() >= self._count_at:
            began = monotonic()
            if present.judged(self._engine) != now.judged:
                self._outdated = True
                self._renewals += 1
            self._count_at = monotonic() + _RESTS * (monotonic() - began)
        return self._renewals

    def now(self) -> Now:
        """As of the newest transition in the store, or a little later. What is given isn't changed any more."""
        with self._lock:
            # The id is read first: what is stored between the two reads is told twice, never lost.
            last = read.latest_transition_id(self._engine)
            if self._now is None or not self._goes_on(self._now, last):
                self._now, self._outdated = self._read(last, present.judged(self._engine)), False
            elif last > self._now.last:
                self._now = self._followed(self._now, last)
            return self._now

    def _goes_on(self, now: Now, last: int) -> bool:
        return not self._outdated and now.last <= last <= now.last + _MOST_CHANGES

    def _read(self, last: int, judged: int) -> Now:
        villages, sites = self._ground.villages, self._ground.sites
        now = Now(last, judged, _unknown(villages, "?"), _unknown(villages, "-"), _unknown(sites, "?"))
        told = 0
        for some in present.words(self._engine, SubjectKind.VILLAGE):
            number = positions(pa.array(some.subjects, pa.string()), villages.keys)
            told += _put(now.villages, number, letters.READINESS, some.statuses)
            _put(now.layers, number, letters.LAYER, some.layers)
        for some in present.words(self._engine, SubjectKind.SITE):
            number = positions(pa.array(some.subjects, pa.string()), sites.keys)
            told += _put(now.sites, number, letters.STATUS, some.statuses)
        self._missing = told < len(villages.keys) + len(sites.keys)
        return now

    def _followed(self, before: Now, last: int) -> Now:
        copied = (column.copy() for column in (before.villages, before.layers, before.sites))
        now = Now(last, before.judged, *copied)
        seen, after = -1, before.last
        while after != seen:
            seen = after
            some, after = present.changes(self._engine, seen, _AT_ONCE)
            for change in some:
                self._take(now, change)
        return now._replace(last=max(after, last))

    def _take(self, now: Now, change: Change) -> None:
        if change.kind == SubjectKind.SITE and (n := self._ground.sites.index.get(change.subject)) is not None:
            now.sites[n] = ord(letters.STATUS[change.status])
        elif change.kind == SubjectKind.VILLAGE and (n := self._ground.villages.index.get(change.subject)) is not None:
            now.villages[n] = ord(letters.READINESS[change.status])
            now.layers[n] = ord(letters.LAYER[change.layer])


def _unknown(stretch: Stretch, letter: str) -> Letters:
    return np.full(len(stretch.keys), ord(letter), np.uint8)


def _put(column: Letters, number: NDArray[np.int32], letter: Mapping[str, str], words: Sequence[str]) -> int:
    """Set the letters of `words`; a number of -1 is a subject that the inventory does not have. Returns how many it has."""
    told = np.fromiter((ord(letter[word]) for word in words), np.uint8, len(words))
    ours = number >= 0
    column[number[ours]] = told[ours]
    return int(ours.sum())
