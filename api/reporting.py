"""Reports for pages and downloads: worked out once an hour for each area that is asked about.

They read weeks of transitions and months of figures; what comes late is told within the hour.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine

from api.kept import Kept
from api.outlooks import AT_ONCE, Outlooks
from inventory.columnar import rows_with
from inventory.model import Inventory, Level
from inventory.scope import Scope, areas_in
from readiness.rules.claims import OPERATES_PERCENT

if TYPE_CHECKING:  # they bring DuckDB and what writes files: memory for whoever asks, not for every server
    from reports.read import Wanted
    from reports.report import Report

PERIOD = timedelta(days=30)
"""Back from this hour's beginning, where a report is about a period."""

MOST_GPS = 30_000
"""Of more gram panchayats than nearly every state has a page says to choose a district: those of the country take 42 s
and 0.9 GB, which nobody waits for. The programming interface makes them for whoever asks.
"""

_OCTETS = 64 << 20
_A_REPORT = 10_000  # octets, about, beside its tables


class Name(StrEnum):
    """The reports that pages offer."""

    DISCREPANCY = "discrepancy"
    TREND = "trend"


class Kind(StrEnum):
    """The files that pages offer; the command has more."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    ABOUT = "txt"
    """What the CSV has no room for: of which period it is, what its columns mean, who made the data."""


class Asked(NamedTuple):
    """`blind_since`: since when nobody watches, None while somebody does."""

    name: Name
    area: str | None
    now: datetime
    blind_since: datetime | None


class Filed(NamedTuple):
    """A file, and of when its report is."""

    content: bytes
    as_of: datetime


class _File(NamedTuple):
    asked: Asked
    kind: Kind
    language: str


class Reporting:
    def __init__(self, engine: Engine, history: Path, inventory: Inventory, outlooks: Outlooks) -> None:
        self._engine, self._history, self._inventory, self._outlooks = engine, history, inventory, outlooks
        self._reports: Kept[Asked, Report] = Kept(self._make, _weight, _OCTETS, AT_ONCE)
        self._files: Kept[_File, Filed] = Kept(self._write, lambda filed: len(filed.content), _OCTETS, AT_ONCE)

    def report(self, asked: Asked) -> "Report":
        """As of the beginning of the hour; raises BusyError."""
        return self._reports(asked._replace(now=_hour(asked.now)))

    def file(self, asked: Asked, kind: Kind, language: str) -> Filed:
        """The report as a file, with its words in `language`; raises BusyError."""
        return self._files(_File(asked._replace(now=_hour(asked.now)), kind, language))

    def too_many(self, scope: Scope) -> bool:
        """Whether there are more gram panchayats in scope than a page is worked out for."""
        areas = self._inventory.areas
        if len(rows_with(areas, "level", pa.array([Level.GP.value]))) <= MOST_GPS:
            return False
        within = pa.array(areas_in(self._inventory, scope), pa.string())
        return bool(pc.sum(pc.starts_with(within, f"{Level.GP}:")).as_py() > MOST_GPS)

    def _make(self, asked: Asked) -> "Report":
        from reports.read import Wanted

        scope = Scope(asked.area)
        wanted = Wanted(
            self._engine, self._history, self._inventory, scope, scope, asked.now - PERIOD, asked.now, asked.now,
            asked.blind_since,
        )  # fmt: skip
        made: dict[Name, Callable[[Wanted], Report]] = {
            Name.DISCREPANCY: self._discrepancy,
            Name.TREND: self._trend,
        }
        return made[asked.name](wanted)

    @staticmethod
    def _discrepancy(wanted: "Wanted") -> "Report":
        from reports.read import discrepancy_report

        return discrepancy_report(wanted, OPERATES_PERCENT)

    def _trend(self, wanted: "Wanted") -> "Report":
        from reports.read import trend_report

        return trend_report(wanted, self._outlooks.of(wanted.area, wanted.end))

    def _write(self, wanted: _File) -> Filed:
        report = replace(self.report(wanted.asked), language=wanted.language)
        return Filed(_about(report) if wanted.kind is Kind.ABOUT else _written(report, wanted.kind), report.as_of)


def _about(report: "Report") -> bytes:
    from reports.worded import worded
    from reports.writers.about import text

    return text(worded(report)).encode("utf-8-sig")


def _written(report: "Report", kind: Kind) -> bytes:
    from reports.writers.registry import write

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"report.{kind}")
        write(report, kind, path)
        return path.read_bytes()


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _weight(report: "Report") -> int:
    octets: int = report.table.nbytes + report.districts.nbytes
    return _A_REPORT + octets
