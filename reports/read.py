"""Reading what reports are made of."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine

from inventory import store
from inventory.columnar import at_rows, column
from inventory.holidays import Holidays
from inventory.hours import INDIA
from inventory.model import Area, Inventory, Level, Names, SiteKind
from inventory.scope import Scope, UnknownAreaError, areas_in, site_rows, sites_in, villages_in
from readiness.blame import outages_by_number
from readiness.ledger import Asked, Ledger, ledger, past
from readiness.model import SubjectKind
from readiness.months import transitions_in
from readiness.read import OutageRow, StateRow
from readiness.rules.availability import worked
from readiness.rules.uptime import last_day
from readiness.sequence import COMPLETE
from readiness.summed import Question, totals_of
from readiness.trends import Trend, trends
from reports.availability import By, Counted, Of, availability, counted, rows_of
from reports.availability_columns import AVAILABILITY
from reports.columns import COVERAGE, Column
from reports.coverage import Worked, coverage
from reports.discrepancy import DISCREPANCY, Gps, discrepancy, threshold
from reports.facts import approximate_fact, counted_fact, planned_fact
from reports.intervals import Interval, intervals
from reports.report import Fact, Report
from reports.trend import RULE, TREND, trend_tables
from reports.words import each_way

_NONE = Holidays()

Progress = Callable[[str, float], None]
"""Is told what is being done and which part of the whole is over, 0 to 1."""

_NO_HOLIDAYS = Names(
    "No holidays are on record (reports.holidays): in opening hours they count as any other day.",
    "कोई अवकाश दर्ज नहीं (reports.holidays): खुलने के समय में वे अन्य दिनों की तरह गिने जाते हैं।",
    "ਕੋਈ ਛੁੱਟੀ ਦਰਜ ਨਹੀਂ (reports.holidays): ਖੁੱਲ੍ਹਣ ਦੇ ਸਮੇਂ ਵਿੱਚ ਉਹ ਬਾਕੀ ਦਿਨਾਂ ਵਾਂਗ ਗਿਣੇ ਜਾਂਦੇ ਹਨ।",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What every report is asked: an area of `inventory` over [start, end), told at `now`.

    `inventory` has the areas that were in force at the period's end (`then`), `scope` the condition on
    today's areas under which all of it is found in the store. From `blind_since` on nobody watched.
    """

    engine: Engine
    history: Path
    inventory: Inventory
    area: Scope
    scope: Scope
    start: datetime
    end: datetime
    now: datetime
    blind_since: datetime | None = None
    holidays: Holidays = _NONE

    @property
    def period_ms(self) -> int:
        return (self.end - self.start) // timedelta(milliseconds=1)

    def asked(self, kind: SubjectKind, subjects: tuple[str, ...]) -> Asked:
        return Asked(kind, subjects, self.start, self.end, self.scope, self.blind_since)


def coverage_report(wanted: Wanted, level: Level) -> Report:
    """Who could get services at the end of the period, by areas of `level`. Raises UnknownAreaError."""
    inventory, area = wanted.inventory, wanted.area
    villages = tuple(village.key for village in villages_in(inventory, area))
    sites = tuple(s.name for s in sites_in(inventory, area) if s.kind in {SiteKind.GP, SiteKind.KENDRA})
    states: list[StateRow] = []
    seen: dict[tuple[SubjectKind, str], tuple[int, int]] = {}
    for asked in (wanted.asked(SubjectKind.VILLAGE, villages), wanted.asked(SubjectKind.SITE, sites)):
        whole, last = past(wanted.engine, wanted.history, inventory, asked)
        low, high = worked(whole, len(asked.subjects))
        states += last
        seen |= _by_subject(asked, low.tolist(), high.tolist())
    table, districts = (
        coverage(
            inventory, states, seen, scope=area, level=each, period_ms=wanted.period_ms, at=wanted.end
        )
        for each in (level, Level.DISTRICT)
    )  # fmt: skip
    title = Names("Coverage of e-services", "ई-सेवाओं की पहुँच", "ਈ-ਸੇਵਾਵਾਂ ਦੀ ਪਹੁੰਚ")
    return as_report(
        wanted, name="coverage", title=title, columns=COVERAGE, table=table, districts=districts, as_of=wanted.end
    )


def _by_subject(asked: Asked, low: list[int], high: list[int]) -> Worked:
    return {
        (asked.kind, name): bounds for name, bounds in zip(asked.subjects, zip(low, high, strict=True), strict=True)
    }


def availability_report(wanted: Wanted, by: By, of: Of, progress: Progress) -> Report:
    """How long what is counted (`of`) worked in the period, a row for each of `by`. Raises UnknownAreaError."""
    subjects = counted(wanted.inventory, wanted.area, of, wanted.holidays)
    progress(f"adding up what {len(subjects.names)} subjects were", 0.3)
    asked = wanted.asked(subjects.kind, subjects.names)
    total = totals_of(Question(wanted.engine, wanted.history, wanted.inventory, asked, subjects.parsed_hours()))
    progress("making the table", 0.7)

    def table(each: By) -> pa.Table:
        rows = rows_of(wanted.inventory, wanted.area, subjects, each)
        return availability(wanted.inventory, rows, total, wanted.period_ms, now=wanted.now)

    found = table(by)
    title = Names("Availability", "उपलब्धता", "ਉਪਲਬਧਤਾ")
    facts = (("counted", counted_fact(of, by)), *holiday_facts(wanted))
    return as_report(
        wanted, name="availability", title=title, columns=AVAILABILITY, table=found,
        districts=found if by is By.DISTRICT else table(By.DISTRICT), as_of=wanted.now, facts=facts,
    )  # fmt: skip


def discrepancy_report(wanted: Wanted, percent: float) -> Report:
    """What is claimed of each gram panchayat against what was seen of it in the period. Raises UnknownAreaError.

    It is said to operate if it works in at least `percent` of the time.
    """
    gps = Gps.of(wanted.inventory, wanted.area, wanted.end)
    asked = wanted.asked(SubjectKind.SITE, gps.names)
    whole, _ = past(wanted.engine, wanted.history, wanted.inventory, asked)
    table, districts = discrepancy(wanted.inventory, gps, whole, asked.period, percent=percent)
    facts = [("threshold", threshold(percent))]
    return as_report(
        wanted, name="discrepancy", title=Names("Claimed against observed", "दावा और अवलोकन", "ਦਾਅਵਾ ਅਤੇ ਅਸਲ"),
        columns=DISCREPANCY, table=table, districts=districts, as_of=wanted.end, facts=facts,
    )  # fmt: skip


def trend_report(wanted: Wanted, known: Sequence[Trend] | None = None) -> Report:
    """Likely next trouble, from what is known at the end of the period. Raises UnknownAreaError.

    `known` is what readiness.trends found for that area and moment, where somebody has it already.
    """
    if known is None:
        known = trends(wanted.engine, wanted.history, wanted.inventory, wanted.area, wanted.end)
    table, districts = trend_tables(wanted.inventory, known, wanted.end)
    title = Names("Likely next trouble", "संभावित अगली समस्या", "ਸੰਭਾਵਿਤ ਅਗਲੀ ਸਮੱਸਿਆ")
    return as_report(
        wanted,
        name="trend",
        title=title,
        columns=TREND,
        table=table,
        districts=districts,
        as_of=wanted.end,
        facts=[("rule", RULE)],
    )


def holiday_facts(wanted: Wanted) -> tuple[Fact, ...]:
    """How many days of the period are a holiday somewhere, or that none is on record."""
    first, last = wanted.start.astimezone(INDIA).date(), last_day(wanted.end)
    days = frozenset().union(*wanted.holidays.by_area.values(), *wanted.holidays.by_site.values())
    if not days:
        return (("holidays", _NO_HOLIDAYS),)
    return (("holidays", each_way(", ".join(day.isoformat() for day in sorted(days) if first <= day <= last) or "-")),)


def expanded(wanted: Wanted, row: str, of: Of) -> list[Interval]:
    """The intervals behind a row of the availability report: a site's, or those counted in an area.

    Raises UnknownAreaError where no such row is in the area of `wanted`.
    """
    subjects = behind(wanted, row, of)
    asked = wanted.asked(subjects.kind, subjects.names)
    found = ledger(wanted.engine, wanted.history, wanted.inventory, asked)
    told = transitions_in(
        wanted.engine, wanted.history, wanted.start, wanted.end, kinds=[asked.kind], scope=asked.scope,
        subjects=asked.subjects, schema=COMPLETE,
    )  # fmt: skip
    return list(intervals(found, subjects, told, blamed(wanted.engine, found)))


def behind(wanted: Wanted, row: str, of: Of) -> Counted:
    """The subjects that a row counts. Raises UnknownAreaError."""
    inventory, inside = wanted.inventory, areas_in(wanted.inventory, wanted.area)
    if row in inside and inventory.areas[row].level is not Level.VILLAGE:
        return counted(inventory, Scope(row), of, wanted.holidays)
    own = Of.VILLAGE if row in inside else Of.SITE if of.kind in {SubjectKind.SITE, SubjectKind.VILLAGE} else of
    found = counted(inventory, wanted.area, own, wanted.holidays)
    if row not in found.names:
        raise UnknownAreaError(row)
    return found.only(row)


def blamed(engine: Engine, found: Ledger) -> dict[int, OutageRow]:
    """The outages that claim any piece, and their roots, by number."""
    claims = found.pieces.claim[found.pieces.claim >= 0]
    first = outages_by_number(engine, found.blamed[claims].tolist())
    return first | outages_by_number(engine, (row.explained_by for row in first.values() if row.explained_by))


def as_report(
    wanted: Wanted,
    *,
    name: str,
    title: Names,
    columns: tuple[Column, ...],
    table: pa.Table,
    districts: pa.Table,
    as_of: datetime,
    facts: Iterable[Fact] = (),
    warning: Names | None = None,
) -> Report:
    inventory, area = wanted.inventory, wanted.area
    keys = areas_in(inventory, area)
    return Report(
        name=name,
        title=title,
        area=inventory.areas[area.area].names if area.area else _whole(inventory),
        columns=columns,
        table=table,
        districts=districts,
        as_of=as_of,
        start=wanted.start,
        end=wanted.end,
        sources=tuple(inventory.sources.values()),
        boundaries={key: wkb for key, wkb in inventory.boundaries.items() if key in keys},
        facts=(*_inventory_facts(wanted), *facts),
        warning=warning,
    )


def _inventory_facts(wanted: Wanted) -> Iterator[Fact]:
    """Which version of the inventory was counted, and what of it is not surveyed."""
    yield "made_at", each_way(wanted.now.astimezone(INDIA).isoformat(timespec="seconds"))
    if imported := store.last_import(wanted.engine):
        number, at = imported
        when = at.astimezone(INDIA).isoformat(timespec="seconds")
        yield "inventory", Names(f"import {number} of {when}", f"आयात {number}, {when}", f"ਆਯਾਤ {number}, {when}")
    yield "areas_in_force_on", each_way(last_day(wanted.end).isoformat())
    sites = pa.array(site_rows(wanted.inventory, wanted.area))
    standing_in = column(wanted.inventory.sites, "approximate").cast(pa.bool_())
    by_rule = pc.not_equal(column(wanted.inventory.sites, "planned_by").cast(pa.string()), "")
    guessed, planned = (pc.sum(one.take(sites)).as_py() or 0 for one in (standing_in, by_rule))
    if guessed:
        yield "approximate", approximate_fact(guessed, len(sites))
    if planned:
        yield "planned", planned_fact(planned, len(sites))


def _whole(inventory: Inventory) -> Names:
    parents = column(inventory.areas, "parent")
    without = np.flatnonzero(np.asarray(pc.fill_null(parents.cast(pa.string()), "")) == "")
    tops: list[Area] = list(at_rows(inventory.areas, without))
    return tops[0].names if len(tops) == 1 else Names("All areas", "सभी क्षेत्र", "ਸਾਰੇ ਖੇਤਰ")
