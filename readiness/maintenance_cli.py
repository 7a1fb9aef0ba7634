"""Commands `maintenance`: announce work, call it off, list it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from inventory.store import load
from readiness import maintenance
from readiness.cli import Area, Json, local, moment_of, scope_of, utc
from readiness.maintenance import Announced, MaintenanceError, MaintenanceRow
from readiness.rules.planned import Scene
from readiness.terminal import show, terminal
from storage.engine import open_engine
from storage.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Announced work: its outages are planned and are told to nobody")

By = Annotated[str, typer.Option("--by", help="Who does it, or answers for it")]


@app.command()
def declare(
    kind: Annotated[Scene, typer.Argument(help="device, site or area")],
    subject: Annotated[str, typer.Argument(help="Its name, or the key of an area such as block:3591")],
    *,
    start: Annotated[str, typer.Option("--from", help="Date or time, Indian time without a zone")],
    end: Annotated[str, typer.Option("--to", help="When it is to be over")],
    by: By,
    why: Annotated[str, typer.Option("--why", help="What is done")],
) -> None:
    """Announce work. What began before this moment stays what it was."""
    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    announced = Announced(kind, subject, moment_of(start, "--from"), moment_of(end, "--to"), by, why)
    try:
        row = maintenance.declare(engine, load(engine), announced, datetime.now(UTC))
    except MaintenanceError as error:
        raise typer.BadParameter(str(error)) from error
    print(json.dumps(_shown(row), ensure_ascii=False))


@app.command()
def cancel(number: Annotated[int, typer.Argument(help="Its number, as `list` shows it")], by: By) -> None:
    """Call work off, or end it now."""
    engine = open_engine(Settings().storage.url)
    row = maintenance.cancel(engine, scope_of(engine, ""), number, by, datetime.now(UTC))
    if row is None:
        raise typer.BadParameter(f"no work with the number {number} is announced")
    print(json.dumps(_shown(row), ensure_ascii=False))


@app.command("list")
def listed(
    area: Area = "",
    days: Annotated[int, typer.Option(help="Also what was over so many days ago", min=0, max=400)] = 0,
    as_json: Json = False,
) -> None:
    """Work that goes on or is to come."""
    engine = open_engine(Settings().storage.url)
    rows = maintenance.listed(engine, scope_of(engine, area), since=datetime.now(UTC) - timedelta(days=days))
    if not as_json:
        _show(rows)
        return
    for row in rows:
        print(json.dumps(_shown(row), ensure_ascii=False))


def _shown(row: MaintenanceRow) -> dict[str, object]:
    return {
        "id": row.id, "kind": row.kind, "subject": row.subject, "from": utc(row.start), "to": utc(row.end),
        "declared_at": utc(row.declared_at), "by": row.by, "reason": row.reason,
        "cancelled_at": row.cancelled_at and utc(row.cancelled_at), "cancelled_by": row.cancelled_by,
    }  # fmt: skip


def _show(rows: list[MaintenanceRow]) -> None:
    table = Table("No.", "What", "From (IST)", "To", "By", "Why", "Called off")
    for row in rows:
        off = local(row.cancelled_at) if row.cancelled_at else ""
        what = escape(f"{row.kind} {row.subject}")
        table.add_row(str(row.id), what, local(row.start), local(row.end), escape(row.by), escape(row.reason), off)
    show(table, terminal())
