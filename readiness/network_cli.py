"""Commands: `single-points` and `rings`, what the network hangs on."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine

from inventory import store
from inventory.scope import Scope, UnknownAreaError
from readiness import read
from readiness.cli import Area, Json, local, ring_line
from readiness.network import Network, RingRow, SinglePoint
from readiness.rules.rings import RingStatus
from readiness.rules.watch import blind_since
from readiness.terminal import show, terminal
from storage.engine import open_engine
from storage.settings import Settings


def single_points(
    area: Area = "",
    least: Annotated[int, typer.Option(help="Only what carries so many villages alone", min=1)] = 2,
    as_json: Json = False,
) -> None:
    """What alone cuts villages off if it fails now: boxes, fibres and trunks, with the citizens behind each."""
    engine, blind = _opened()
    try:
        rows = Network(store.load(engine)).single_points(engine, Scope(area or None), blind_since=blind)
    except UnknownAreaError as error:
        raise typer.BadParameter(str(error)) from error
    found = [row for row in rows if row.villages >= least]
    if as_json:
        for row in found:
            print(json.dumps(asdict(row), ensure_ascii=False))
    else:
        _show_points(found)


def rings(area: Area = "", as_json: Json = False) -> None:
    """Which rings have lost their second way while everybody still works (one-armed), and which are broken."""
    engine, blind = _opened()
    try:
        rows = Network(store.load(engine)).rings(engine, Scope(area or None), blind_since=blind)
    except UnknownAreaError as error:
        raise typer.BadParameter(str(error)) from error
    if as_json:
        for row in rows:
            print(json.dumps(ring_line(row), ensure_ascii=False))
    else:
        _show_rings(rows)


def _opened() -> tuple[Engine, datetime | None]:
    """The store, and since when nobody watches, which is said; None while somebody does."""
    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    blind = blind_since(read.observed_until(engine), datetime.now(UTC), settings.judge.restart_gap_s)
    if blind is not None:
        print(f"no observation since {local(blind)} IST: the collector is not running", file=sys.stderr)
    return engine, blind


def _show_points(rows: list[SinglePoint]) -> None:
    table = Table("What", "Name", "Villages", "Citizens", "Seen")
    for row in rows:
        citizens = "unknown" if row.citizens is None else str(row.citizens)
        table.add_row(row.kind, escape(row.subject), str(row.villages), citizens, "yes" if row.seen else "no")
    show(table, terminal())


def _show_rings(rows: list[RingRow]) -> None:
    console = terminal()
    counts = {status: sum(row.status is status for row in rows) for status in RingStatus}
    console.print("Rings:", ", ".join(f"{count} {status.replace('_', '-')}" for status, count in counts.items()))
    table = Table("Ring", "Status", "Since (IST)", "Down")
    for row in rows:
        if row.missing:
            table.add_row(
                escape(row.ring), row.status, local(row.since) if row.since else "", escape(", ".join(row.missing))
            )
    if table.row_count:
        show(table, console)
