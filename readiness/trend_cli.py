"""Command `trend`: likely next trouble, with the numbers, and how much could not be said."""

import json
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from inventory.scope import UnknownAreaError, checked
from inventory.store import load
from readiness.cli import Area, Json
from readiness.rules.trend import ONE_IN
from readiness.terminal import show, terminal
from readiness.trends import BATTERY_S, LIGHT_DBM, TROUBLE, WINDOW_DAYS, Kind, Limits, Outlook, Trend, trends
from storage.engine import open_engine
from storage.settings import Settings

_UNITS = {Kind.LIGHT: "dBm", Kind.BATTERY: "s", Kind.FEEDER: "cuts"}


def trend(
    area: Area = "",
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Also what is steady, or has too few days.")] = False,
    light_dbm: Annotated[float, typer.Option(help="Limit of received light.")] = LIGHT_DBM,
    battery_s: Annotated[float, typer.Option(help="Seconds that a battery has to last.", min=0)] = BATTERY_S,
) -> None:
    """Where light falls, batteries hold less, or mains fail more often than chance explains."""
    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    inventory = load(engine)
    try:
        scope = checked(inventory, area)
    except UnknownAreaError as error:
        raise typer.BadParameter(str(error)) from None
    now, limits = datetime.now(UTC), Limits(light_dbm, battery_s)
    found = trends(engine, settings.storage.history, inventory, scope, now, limits=limits)
    rows = [row for row in found if everything or row.outlook in TROUBLE]
    counts = Counter((row.kind, row.outlook) for row in found)
    if as_json:
        print(json.dumps(_as_object(now, area, counts, rows), ensure_ascii=False))
    else:
        _show(counts, rows)


def _as_object(now: datetime, area: str, counts: Counter[tuple[Kind, Outlook]], rows: list[Trend]) -> dict[str, object]:
    told = {str(kind): {str(outlook): counts[kind, outlook] for outlook in Outlook} for kind in Kind}
    at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    head = {"as_of": at, "area": area, "window_days": WINDOW_DAYS, "false_warnings": f"1 in {ONE_IN}"}
    return {**head, "counts": told, "rows": [asdict(row) for row in rows]}


def _show(counts: Counter[tuple[Kind, Outlook]], rows: list[Trend]) -> None:
    table = Table("kind", "subject", "site", "outlook", "now", "a day", "days left (from-to)")
    for row in rows:
        table.add_row(
            row.kind, escape(row.subject), escape(row.site), row.outlook, _level(row), _change(row), _left(row)
        )
    console = terminal()
    show(table, console)
    for kind in Kind:
        told = ", ".join(f"{counts[kind, outlook]} {outlook}" for outlook in Outlook if counts[kind, outlook])
        console.print(f"{kind}: {told or 'nothing is observed'}", markup=False)


def _level(row: Trend) -> str:
    if row.kind is Kind.FEEDER:
        return f"{row.cuts} cuts, {row.a_month} a month ({row.a_month_low} to {row.a_month_high})"
    return "" if row.level is None else f"{row.level:g} {_UNITS[row.kind]}"


def _change(row: Trend) -> str:
    if row.kind is Kind.FEEDER:
        return f"others {row.others_a_month} a month, chance {row.chance}"
    return "" if row.a_day is None else f"{row.a_day:g} ({row.a_day_low} to {row.a_day_high})"


def _left(row: Trend) -> str:
    if row.days_left is None:
        return ""
    return f"{row.days_left:.0f} ({row.days_left_low:.0f} to {row.days_left_high or float('inf'):.0f})"
