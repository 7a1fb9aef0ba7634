"""Sums of closed months of India, a Parquet file for each kind and month: FOLDER/KIND/YYYY-MM.parquet.

A row a subject: what rules.availability.Sums names, and `made_of`, a number for what of the inventory and the
calendars it was made of. The file's `top` is the month's evidence (month_evidence.py). While both are what
they would be now, so are the sums; else nobody takes them, and they are written anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa

from readiness.model import SubjectKind
from readiness.rules.availability import BUCKETS, CAUSES, PARTIES, Sums
from readiness.rules.spells import Millis, Positions
from readiness.rules.tallies import OpenTally
from storage.damage import UnreadableError
from storage.monthly import SUMS, Month, month_path, open_month, write_month

FOLDER = SUMS
"""Name of the folder in settings.storage.history."""

_TIMES = {"all_day": BUCKETS, "upstream": CAUSES, "party": PARTIES, "open": BUCKETS}
_TALLIES = ("seen", "if_up", "if_down")
_WORD = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Kept:
    """The sums of a month, of one kind."""

    subjects: pa.StringArray
    made_of: Millis
    _table: pa.Table

    def sums(self, rows: Positions) -> Sums:
        """Of the subjects in these rows; all are 0 where the row is -1."""

        def columns(names: list[str]) -> list[Millis]:
            return [np.append(np.asarray(self._table[name]), 0)[rows] for name in names]

        all_day, upstream, party, opened = (
            np.stack(columns([f"{each}.{name}" for name in names]), axis=1) for each, names in _TIMES.items()
        )
        seen, if_up, if_down = (
            OpenTally(*columns([f"{each}.{field.name}" for field in fields(OpenTally)])) for each in _TALLIES
        )
        return Sums(all_day, upstream, party, opened, seen, if_up, if_down)


def are_kept(history: Path, kind: SubjectKind, month: Month) -> bool:
    """Whether a file is there, whatever it says."""
    return month_path(history / FOLDER / kind, month).exists()


def kept(history: Path, kind: SubjectKind, month: Month, evidence: int) -> Kept | None:
    """What is kept of a month, made by this evidence; None where nothing is, or what can't be read.

    `history` is settings.storage.history.
    """
    try:
        file = open_month(history / FOLDER / kind, month, ["subject"])
        if file.top != evidence:
            return None
        rows = file.read(["subject", "made_of", *dict(_named(Sums.none(0)))])
    except (OSError, UnreadableError):
        return None
    return Kept(rows["subject"].combine_chunks().cast(pa.string()), np.asarray(rows["made_of"]), rows)


def keep(
    history: Path,
    kind: SubjectKind,
    month: Month,
    *,
    evidence: int,
    subjects: pa.StringArray,
    made_of: Millis,
    sums: Sums,
) -> None:
    """Put the sums of a month in the place of those that are kept; they are on disk when this returns."""
    columns = {"subject": subjects.cast(_WORD), "made_of": made_of} | dict(_named(sums))
    write_month(history / FOLDER / kind, month, pa.table(columns), evidence)


def _named(sums: Sums) -> Iterator[tuple[str, Millis]]:
    """The columns of the file."""
    for each, names in _TIMES.items():
        yield from ((f"{each}.{name}", column) for name, column in zip(names, getattr(sums, each).T, strict=True))
    for each in _TALLIES:
        told = getattr(sums, each)
        yield from ((f"{each}.{field.name}", getattr(told, field.name)) for field in fields(told))
