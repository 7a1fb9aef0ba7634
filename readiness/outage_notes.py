"""Outages as numbers, by which it is seen whether anything was told anew without reading a word of it. Pure.

Each outage has one number for what was told of it (`told`), and one for what it and its root were in a month. These are
added up by month. Of most outages begin, end and root lie in one month: their sum is made once, when the
month's file is written (`Inner`), and only the others are looked at one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from readiness.months_in_india import starts
from readiness.rules.columns import Mask
from readiness.rules.digests import Digests, mixed, of_words
from readiness.rules.spells import Millis, Positions
from readiness.sequence import numbers
from storage.monthly import Month
from storage.types import to_millis

NOTES = pa.schema([(name, pa.int64()) for name in ("id", "from_at", "to_at", "explained_by", "told")])
_OPEN = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Inner:
    """Outages that lie in one month with their roots: how many, and the sum of their numbers modulo 2**64."""

    rows: int
    added: int


@dataclass(frozen=True, slots=True)
class Notes:
    """Outages of some months: those that were added up, and the others with the columns of NOTES."""

    inner: Mapping[Month, Inner]
    rows: pa.Table

    @property
    def number(self) -> Positions:
        return numbers(self.rows, "id")

    @property
    def told(self) -> Millis:
        return numbers(self.rows, "told")

    @property
    def root(self) -> Positions:
        """The number of the outage that explains it, 0 where there is none."""
        return np.asarray(pc.fill_null(self.rows["explained_by"], 0))

    @property
    def start(self) -> Millis:
        return numbers(self.rows, "from_at")

    @property
    def end(self) -> Millis:
        """The end of time where it goes on."""
        return np.asarray(pc.fill_null(self.rows["to_at"], _OPEN))


def with_told(rows: pa.Table) -> pa.Table:
    """Rows as outage_months.SCHEMA names them, each with the number of all that but its end."""
    words = (of_words(rows[name]) for name in ("subject_kind", "subject", "status", "cause", "responsible"))
    explained = np.asarray(pc.fill_null(rows["explained_by"], 0))
    told = mixed(*words, numbers(rows, "from_at"), explained)
    return rows.append_column("told", pa.array(told.view(np.int64)))


def of_rows(number: Positions, told: Millis, end: Millis, root: Millis) -> Digests:
    """What each outage was in a month: `end` is that of the month where it went on, `root` what is told of its root."""
    return mixed(number, told, end, root)


def of_roots(root: Positions, number: Positions, told: Millis) -> tuple[Millis, Mask]:
    """What is told of each root among outages of these numbers, 0 where there is none; and whether it is among them."""
    known, of_known = np.append(number, 0), np.append(told, 0)
    order = np.argsort(known, kind="stable")
    place = order[np.minimum(np.searchsorted(known[order], root), len(order) - 1)]
    found = known[place] == root
    return np.where(found, of_known[place], 0), found


def added_up(rows: pa.Table, month: Month) -> tuple[Inner, Mask]:
    """Of ended outages, with `told`, those that lie in the month of India; and which these are."""
    notes = Notes({}, rows.select(NOTES.names))
    of_root, known = of_roots(notes.root, notes.number, notes.told)
    inside = known & (notes.start >= to_millis(starts(month))) & (notes.end <= to_millis(starts(month.next)))
    found = of_rows(notes.number, notes.told, notes.end, of_root)[inside]
    return Inner(len(found), int(np.sum(found, dtype=np.uint64))), inside
