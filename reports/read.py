"""Reading what reports are made of."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Engine

from inventory import store
from inventory.hours import INDIA
from inventory.model import Area, Inventory, Level, Names, SiteKind
from inventory.scope import Scope, UnknownAreaError, areas_in, sites_in, villages_in
from readiness.blame import outages_by_number
from readiness.ledger import Asked, Ledger, ledger, past
from readiness.model import SubjectKind
from readiness.months import transitions_in
from readiness.read import OutageRow, StateRow
from readiness.rules.availability import totals, worked
from readiness.sequence import COMPLETE
from reports.availability import By, Counted, Of, availability, counted, rows_of
from reports.availability_columns import AVAILABILITY
from reports.columns import COVERAGE, Column
from reports.coverage import Worked, coverage
from reports.intervals import Interval, intervals
from reports.report import Report

Progress = Callable[[str, float], None]
"""Is told what is being done and which part of the whole is over, 0 to 1."""

_HOURS_FACTS = (
    ("holidays", "Public holidays are not in the inventory: in the hours_ columns they count as any other day."),
    ("holidays", "सार्वजनिक अवकाश सूची में नहीं हैं: hours_ स्तंभों में वे अन्य दिनों की तरह गिने जाते हैं।"),
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

    @property
    def period_ms(self) -> int:
        return (self.end - self.start) // timedelta(milliseconds=1)

    def asked(self, kind: SubjectKind, subjects: tuple[str, ...]) -> Asked:
        return Asked(kind, subjects, self.start, self.end, self.scope, self.blind_since)


def last_day(end: datetime) -> date:
    """The last day in India of a period that ends before `end`."""
    return (end.astimezone(INDIA) - timedelta(milliseconds=1)).date()


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
    title = Names("Coverage of e-services", "ई-सेवाओं की पहुँच")
    return _report(
        wanted, name="coverage", title=title, columns=COVERAGE, table=table, districts=districts, as_of=wanted.end
    )


def _by_subject(asked: Asked, low: list[int], high: list[int]) -> Worked:
    return {
        (asked.kind, name): bounds for name, bounds in zip(asked.subjects, zip(low, high, strict=True), strict=True)
    }


def availability_report(wanted: Wanted, by: By, of: Of, progress: Progress) -> Report:
    """How long what is counted (`of`) worked in the period, a row for each of `by`. Raises UnknownAreaError."""
    subjects = counted(wanted.inventory, wanted.area, of)
    progress(f"reading what {len(subjects.names)} subjects were", 0.3)
    found = ledger(wanted.engine, wanted.history, wanted.inventory, wanted.asked(subjects.kind, subjects.names))
    progress(f"adding up {len(found.pieces.subject)} intervals", 0.7)
    total = totals(found.whole, found.pieces, found.blame, subjects.parsed_hours())
    table, districts = (
        availability(
            wanted.inventory, rows_of(wanted.inventory, wanted.area, subjects, each), total, wanted.period_ms,
            now=wanted.now,
        )
        for each in (by, By.DISTRICT)
    )  # fmt: skip
    title = Names("Availability", "उपलब्धता")
    facts = (("counted", f"time of each {of}, a row for each {by}"), *_HOURS_FACTS)
    return _report(
        wanted, name="availability", title=title, columns=AVAILABILITY, table=table, districts=districts,
        as_of=wanted.now, facts=facts,
    )  # fmt: skip


def expanded(wanted: Wanted, row: str, of: Of) -> list[Interval]:
    """The intervals behind a row of the availability report: a site's, or those counted in an area.

    Raises UnknownAreaError where no such row is in the area of `wanted`.
    """
    subjects = _behind(wanted, row, of)
    asked = wanted.asked(subjects.kind, subjects.names)
    found = ledger(wanted.engine, wanted.history, wanted.inventory, asked)
    told = transitions_in(
        wanted.engine, wanted.history, wanted.start, wanted.end, kinds=[asked.kind], scope=asked.scope,
        subjects=asked.subjects, schema=COMPLETE,
    )  # fmt: skip
    return list(intervals(found, subjects, told, _blamed(wanted.engine, found)))


def _behind(wanted: Wanted, row: str, of: Of) -> Counted:
    inventory, inside = wanted.inventory, areas_in(wanted.inventory, wanted.area)
    if row in inventory.sites and inventory.sites[row].area in inside:
        return counted(inventory, Scope(inventory.sites[row].area), Of.SITE).only(row)
    if row not in inside:
        raise UnknownAreaError(row)
    return counted(inventory, Scope(row), Of.VILLAGE if inventory.areas[row].level is Level.VILLAGE else of)


def _blamed(engine: Engine, found: Ledger) -> dict[int, OutageRow]:
    """The outages that claim any piece, and their roots, by number."""
    claims = found.pieces.claim[found.pieces.claim >= 0]
    first = outages_by_number(engine, found.blamed[claims].tolist())
    return first | outages_by_number(engine, (row.explained_by for row in first.values() if row.explained_by))


def _report(
    wanted: Wanted,
    *,
    name: str,
    title: Names,
    columns: tuple[Column, ...],
    table: pa.Table,
    districts: pa.Table,
    as_of: datetime,
    facts: Iterable[tuple[str, str]] = (),
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
    )


def _inventory_facts(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """Which version of the inventory was counted, and what of it is not surveyed."""
    yield "made_at", wanted.now.astimezone(INDIA).isoformat(timespec="seconds")
    if imported := store.last_import(wanted.engine):
        number, at = imported
        yield "inventory", f"import {number} of {at.astimezone(INDIA).isoformat(timespec='seconds')}"
    yield "areas_in_force_on", last_day(wanted.end).isoformat()
    sites = list(sites_in(wanted.inventory, wanted.area))
    guessed, planned = sum(site.approximate for site in sites), sum(bool(site.planned_by) for site in sites)
    if guessed:
        yield "approximate", f"{guessed} of {len(sites)} sites stand at a place that no source gives"
    if planned:
        yield "planned", f"{planned} of {len(sites)} sites are planned by rule, not surveyed"


def _whole(inventory: Inventory) -> Names:
    tops: list[Area] = [area for area in inventory.areas.values() if area.parent is None]
    return tops[0].names if len(tops) == 1 else Names("All areas", "सभी क्षेत्र")
