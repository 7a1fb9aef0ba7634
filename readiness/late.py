"""Transitions that were told too late for the file of their month, and are in none yet.

The database has millions of rows of the months that were closed last, and all may have to be looked at to say that none
came late. So whoever has done that (each hour, reports/sums.py) notes the newest transition of that moment: what came
before it needs no other look. The note holds while the database has that very row, which one that was put back
from a backup has not.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import BigInteger, Connection, Row, and_, func, select, type_coerce

from readiness.months import opened
from readiness.sum_months import FOLDER
from readiness.tables import transition
from storage.atomic import replacing
from storage.monthly import Month, MonthFile
from storage.types import from_millis, to_millis

_NOTE = "seen.json"
_FIGURES, _NUMBERS = 3, 1 << 63  # of the note; of transitions
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

_number, _at = transition.c.id, type_coerce(transition.c.at, BigInteger)
_row = select(_number, _at, type_coerce(transition.c.recorded_at, BigInteger))


def first_late(connection: Connection, history: Path, files: Sequence[MonthFile]) -> int | None:
    """When the earliest of them was before the end of these files, which follow one another; None where there is none.

    `history` is settings.storage.history.
    """
    since = _seen(connection, history)
    if since is None:
        return _first_of_all(connection, files)
    tops = {file.month: file.top for file in files}
    # Not by its index, which SQLite would take: all that was ever told lies before that end.
    newer = select(_number, _at).where(_number > since, _at + 0 < to_millis(files[-1].month.end))
    return min(
        (at for number, at in connection.execute(newer) if number > tops.get(Month.of(from_millis(at)), -1)),
        default=None,
    )


def note_seen(connection: Connection, history: Path, now: datetime) -> None:
    """Note that nothing is late, if that is so. `connection` is a snapshot."""
    newest = connection.execute(_row.order_by(_number.desc()).limit(1)).first()
    files = opened(history, _EVER, now)
    if newest and files and _first_of_all(connection, files) is None:
        (history / FOLDER).mkdir(exist_ok=True)
        with replacing(history / FOLDER / _NOTE) as file:
            file.write(json.dumps(_told(newest)).encode())


def _seen(connection: Connection, history: Path) -> int | None:
    """The number of the noted transition; None where none is, or the database hasn't got it."""
    noted = _noted(history / FOLDER / _NOTE)
    found = noted and connection.execute(_row.where(_number == noted[0])).first()
    return noted[0] if noted and found and _told(found) == noted else None


def _noted(note: Path) -> list[int] | None:
    """What `_told` gave then; None where the note is missing or damaged."""
    try:
        noted = json.loads(note.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    is_told = isinstance(noted, list) and len(noted) == _FIGURES and all(type(one) is int for one in noted)
    return noted if is_told and 0 < noted[0] < _NUMBERS else None


def _told(row: Row[tuple[int, int, int]]) -> list[int]:
    return [int(value) for value in row]


def _first_of_all(connection: Connection, files: Sequence[MonthFile]) -> int | None:
    within = [
        and_(transition.c.at >= file.month.start, transition.c.at < file.month.end, _number > file.top)
        for file in files
    ]
    found = [
        connection.execute(select(func.min(_at)).where(each)).scalar()
        for each in (transition.c.at < files[0].month.start, *within)
    ]
    return min((at for at in found if at is not None), default=None)
