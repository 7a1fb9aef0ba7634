"""The sums of closed months, kept for every kind of subject that reports count by the thousand."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine

from inventory import store
from inventory.holidays import Holidays, HolidaysError, read_holidays
from inventory.model import Inventory
from inventory.scope import Scope
from readiness.late import note_seen
from readiness.ledger import Asked
from readiness.model import SubjectKind
from readiness.summed import Question, keep_sums
from reports.availability import Of, counted
from storage.damage import MISHAPS
from storage.engine import StoreInUseError, alone, open_engine, snapshot
from storage.monthly import Month, MonthMissingError
from storage.settings import Settings

_UNDONE: tuple[type[Exception], ...] = (HolidaysError, MonthMissingError, StoreInUseError, *MISHAPS)
_KINDS = (Of.SITE, Of.VILLAGE, Of.DEVICE, Of.LINK)
_NOW = datetime(1970, 1, 1, tzinfo=UTC)  # of no account: each closed month is a period
_log = structlog.get_logger("months")


def keep_up(settings: Settings) -> None:
    """`add_up` for who runs it again in an hour: what fails is told in the log."""
    try:
        engine = open_engine(settings.storage.url, settings.storage.cache)
        inventory = store.load(engine)
        holidays = read_holidays(settings.reports.holidays, inventory) if settings.reports.holidays else Holidays()
        written = [f"{kind} {month}" for kind, month in add_up(engine, settings.storage.history, inventory, holidays)]
    except _UNDONE as error:
        _log.error("sums_not_kept", error=type(error).__name__, said=str(error).partition("\n")[0])
    else:
        if written:
            _log.info("sums_kept", months=written)


def add_up(
    engine: Engine, history: Path, inventory: Inventory, holidays: Holidays
) -> Iterator[tuple[SubjectKind, Month]]:
    """Keep the sums that are missing or hold no more; gives each month that was written.

    `history` is settings.storage.history. Raises StoreInUseError while another process does it, MonthMissingError.
    """
    with alone(engine, "sums"):
        for of in _KINDS:
            subjects = counted(inventory, Scope(), of, holidays)
            asked = Asked(of.kind, subjects.names, _NOW, _NOW, Scope())
            question = Question(engine, history, inventory, asked, subjects.parsed_hours())
            yield from ((of.kind, month) for month in keep_sums(question))
        with snapshot(engine) as connection:
            note_seen(connection, history, datetime.now(UTC))
