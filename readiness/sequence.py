"""Transitions as columns, in the order of subject and time."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from storage.types import to_millis

_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("subject_kind", _WORD),  # readiness.model.SubjectKind
        ("subject", _WORD),
        ("at", pa.timestamp("ms", "UTC")),  # when it happened, back-dated to the first failed poll
        ("id", pa.int64()),  # of the transition; 0 where none is stored before what was asked for
        ("from_status", _WORD),
        ("to_status", _WORD),  # villages: readiness.model.Readiness, else Status
        ("layer", _WORD),  # villages: first failing layer, else ""
    ]
)
COMPLETE = pa.schema(
    [*SCHEMA, ("recorded_at", pa.timestamp("ms", "UTC")), ("reason", _WORD), ("evidence", _WORD)]  # evidence: JSON
)
"""Every column of the table `transition`."""

WORDS = tuple(field.name for field in COMPLETE if field.type == _WORD)


def together(tables: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    """All rows, each column in one piece, its words in one dictionary."""
    return pa.concat_tables([schema.empty_table(), *tables]).unify_dictionaries().combine_chunks()


def in_order(rows: pa.Table) -> pa.Table:
    """The rows by subject kind, subject, time and id; words by their letters."""
    subjects = _subjects(rows)
    # Rows from months come in their order: then it is a matter of merging, several times as quick.
    order = np.argsort(subjects, kind="stable")
    if _moves_on(subjects, numbers(rows, "at"), numbers(rows, "id"), order):
        return rows.take(order)
    return rows.take(np.lexsort((numbers(rows, "id"), numbers(rows, "at"), subjects)))


def _moves_on(
    subjects: NDArray[np.int32], at: NDArray[np.int64], numbers: NDArray[np.int64], order: NDArray[np.int64]
) -> bool:
    """Whether in that order each subject's time and, within a moment, number grow."""
    same = np.diff(subjects[order]) == 0
    later = np.diff(at[order])
    return not bool(np.any(same & ((later < 0) | ((later == 0) & (np.diff(numbers[order]) < 0)))))


def begins(rows: pa.Table) -> NDArray[np.bool_]:
    """Whether a row is the first of its subject; the rows are in order."""
    changes = (np.diff(_codes(rows, "subject")) != 0) | (np.diff(_codes(rows, "subject_kind")) != 0)
    return np.append(np.ones(min(rows.num_rows, 1), np.bool_), changes)


def last_of_each(rows: pa.Table) -> pa.Table:
    """Each subject's last row, which tells where it stands; the rows are in order."""
    valid = rows.filter(~_outdated(rows))
    return valid.filter(np.append(begins(valid)[1:], np.ones(min(valid.num_rows, 1), np.bool_)))


def _outdated(rows: pa.Table) -> NDArray[np.bool_]:
    """Rows that tell a layer anew of a status that had ended by then, as was told later; the rows are in order."""
    told, status = numbers(rows, "id"), _codes(rows, "to_status")
    place = np.arange(rows.num_rows)
    # Of each row the highest number up to there among its subject's rows, and where that is.
    key = np.cumsum(begins(rows)) * (int(told.max(initial=0)) + 1) + told
    highest = np.maximum.accumulate(key)
    latest = np.maximum.accumulate(np.where(key == highest, place, 0))
    outdated: NDArray[np.bool_] = (highest > key) & (status[latest] != status)
    some = rows.filter(outdated)
    outdated[outdated] = [
        before == after for before, after in zip(*_words(some, "from_status", "to_status"), strict=True)
    ]
    return outdated


def _words(rows: pa.Table, *names: str) -> list[list[str]]:
    return [rows[name].to_pylist() for name in names]


def since(rows: pa.Table, moment: datetime) -> NDArray[np.bool_]:
    """Whether a row is of `moment` or later."""
    return numbers(rows, "at") >= to_millis(moment)


def numbers(rows: pa.Table, name: str) -> NDArray[np.int64]:
    """A column of times (ms) or numbers."""
    return np.asarray(rows[name].cast(pa.int64()))


def among(rows: pa.Table, name: str, words: Sequence[str]) -> NDArray[np.bool_]:
    """Whether the column's word is one of `words`; the column is in one piece."""
    known = pc.is_in(rows[name].combine_chunks().dictionary, pa.array(words, pa.string()))
    return np.asarray(known)[_codes(rows, name)] if len(known) else np.zeros(0, np.bool_)


def _codes(rows: pa.Table, name: str) -> NDArray[np.int32]:
    return np.asarray(rows[name].combine_chunks().indices)


def _subjects(rows: pa.Table) -> NDArray[np.int32]:
    """The place of each row's subject among all, by kind and name."""
    kinds, names = (rows[name].combine_chunks() for name in ("subject_kind", "subject"))
    kind = _places(kinds.dictionary) * np.int32(len(names.dictionary))
    return kind[_codes(rows, "subject_kind")] + _places(names.dictionary)[_codes(rows, "subject")]


def _places(words: pa.Array) -> NDArray[np.int32]:
    return np.asarray(pc.rank(words, "ascending", tiebreaker="first")).astype(np.int32)
