"""Command `queue`: which repair brings most citizens back."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from inventory.store import load
from readiness import read
from readiness.cli import Area, Json, local, scope_of, utc
from readiness.queue import Missing, Queue, QueueRow, Repairs
from readiness.rules.queue import People
from readiness.rules.watch import blind_since
from readiness.terminal import show, terminal
from storage.engine import open_engine
from storage.settings import Settings

_SHOWN = 50


def queue(
    area: Area = "",
    as_json: Json = False,
    most: Annotated[int, typer.Option("--limit", min=1, help="Most repairs to show.")] = _SHOWN,
) -> None:
    """Open repairs, those first that bring most citizens back by themselves, with who has to act."""
    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    scope, now = scope_of(engine, area), datetime.now(UTC)
    until = read.observed_until(engine)
    blind = blind_since(until, now, settings.judge.restart_gap_s)
    if blind is not None:
        print(f"no observation since {local(blind)} IST: the collector is not running", file=sys.stderr)
    found = Repairs(load(engine)).queue(engine, scope, now, blind_since=blind)
    if as_json:
        times = {"as_of": utc(now), "observed_until": until and utc(until), "area": area}
        print(json.dumps(times | _as_object(found, most), ensure_ascii=False))
    else:
        _show(found, most)


def _as_object(found: Queue, most: int) -> dict[str, object]:
    rows = [_row(row) for row in found.rows[:most]]
    return {"repairs": len(found.rows), "unexplained": _people(found.unexplained), "rows": rows}


def _row(row: QueueRow) -> dict[str, object]:
    return {
        "outage": row.outage, "subject_kind": row.kind, "subject": row.subject, "cause": row.cause,
        "confidence": row.confidence, "responsible": row.responsible, "since": utc(row.since),
        "segment": list(row.segment), "ring": row.ring, "back": _people(row.back), "better": _people(row.better),
        "missing": [{"outages": list(one.outages), "subjects": list(one.subjects)} | _people(one.people) for one in row.missing],
    }  # fmt: skip


def _people(people: People) -> dict[str, object]:
    return {"villages": people.villages, "citizens": people.citizens}


def _show(found: Queue, most: int) -> None:
    console = terminal()
    table = Table(
        "Repair", "Cause", "Who acts", "Since (IST)", "Villages back", "Citizens back", "Villages made better",
        "Still missing then",
    )  # fmt: skip
    for row in found.rows[:most]:
        where = " ".join((row.subject or "(in another area)", *row.segment))
        citizens = "not known" if row.back.citizens is None else str(row.back.citizens)
        missing = "; ".join(map(_missing, row.missing))
        table.add_row(
            escape(where),
            row.cause,
            row.responsible,
            local(row.since),
            str(row.back.villages),
            citizens,
            str(row.better.villages),
            escape(missing),
        )
    show(table, console)
    if len(found.rows) > most:
        console.print(f"and {len(found.rows) - most} more: --limit shows them")
    if found.unexplained.villages:
        console.print(f"{found.unexplained.villages} blocked villages are not explained by an open outage yet")


def _missing(one: Missing) -> str:
    names = ", ".join(subject or "something in another area" for subject in one.subjects)
    return f"{names} for {one.people.villages} villages"
