"""Commands: `notice add`, `import`, `list`, `withdraw`."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine

from inventory.hours import INDIA
from inventory.scope import Scope
from readiness import notice_files, notices
from readiness.model import Cause, Responsible
from readiness.notices import Announced, NoticeError, NoticeRow
from readiness.rules.notices import About, NoticeKind
from readiness.terminal import show, terminal
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Notices: bills unpaid, shut-downs, announced power cuts, works, and answers to what an outage was.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and only JSON, on standard output.")]


@app.command()
def add(  # noqa: PLR0917 - typer passes options by name
    kind: Annotated[NoticeKind, typer.Argument(help="What is announced; operator_answer says what an outage was")],
    about: Annotated[About, typer.Argument(help="What it is about")],
    subject: Annotated[str, typer.Argument(help="Its name, key (district:387) or number (of an outage)")],
    who: Annotated[str, typer.Option(help="Who says so")],
    start: Annotated[str, typer.Option("--from", help="Date or time, Indian time without a zone; default: now")] = "",
    end: Annotated[str, typer.Option("--to", help="Date or time; default: until it is withdrawn")] = "",
    cause: Annotated[Cause | None, typer.Option(help="What it was, for an answer")] = None,
    responsible: Annotated[
        Responsible | None, typer.Option(help="Who has to act; default: as the cause has it")
    ] = None,
    source: Annotated[str, typer.Option(help="Where that is written: a letter, a call, a website")] = "",
    text: Annotated[str, typer.Option(help="Its words")] = "",
) -> None:
    """Declare one notice. A running judge takes it up within seconds, also for outages that are over."""
    engine, now = _store(), datetime.now(UTC)
    try:
        told = Announced(
            kind, about, subject, notice_files.moment_of("--from", start) if start else now, who,
            notice_files.moment_of("--to", end) if end else None, cause, responsible, source, text,
        )  # fmt: skip
        with engine.connect() as connection:
            notices.checked(connection, told, Scope())
    except NoticeError as error:
        raise typer.BadParameter(str(error)) from error
    numbers = notices.declare(engine, [told], now)
    print("\n".join(map(str, numbers)) or "was declared before")


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV or TOML files of notices.")],
    as_json: Json = False,
) -> None:
    """Declare the notices of files; with one bad row none of them (exit code 1). What is known is left as it is."""
    engine = _store()
    loaded = [notice_files.load(engine, path, Scope()) for path in paths]
    problems = [problem for one in loaded for problem in one.problems]
    told = [] if problems else [notice for one in loaded for notice in one.notices]
    numbers = notices.declare(engine, told, datetime.now(UTC))
    if as_json:
        rows = [{"file": p.file, "line": p.line, "field": p.field, "reason": p.reason} for p in problems]
        print(json.dumps({"problems": rows, "declared": numbers}, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(f"declared: {len(numbers)}, known before: {len(told) - len(numbers)}", file=sys.stderr)
    if problems:
        raise typer.Exit(1)


@app.command("list")
def list_(
    area: Annotated[str, typer.Option(help="Only about what lies in this area: district:387")] = "",
    at: Annotated[str, typer.Option("--at", help="Only those valid at a date or time")] = "",
    as_json: Json = False,
) -> None:
    """Notices, the newest first."""
    try:
        valid_at = notice_files.moment_of("--at", at) if at else None
    except NoticeError as error:
        raise typer.BadParameter(str(error)) from error
    rows = notices.listed(_store(), Scope(area or None), at=valid_at)
    if as_json:
        for row in rows:
            print(json.dumps(told_of(row), ensure_ascii=False))
        return
    table = Table("No.", "Kind", "About", "From (IST)", "To", "Who", "Says", "Withdrawn")
    for row in rows:
        told = row.told
        table.add_row(
            str(row.id), told.kind, escape(f"{told.about} {told.subject}"), _local(told.from_at), _local(told.to_at),
            escape(told.who), escape(" ".join(filter(None, (told.cause, told.text)))), _local(row.withdrawn_at),
        )  # fmt: skip
    show(table, terminal())


@app.command()
def withdraw(
    number: Annotated[int, typer.Argument(help="Number of the notice")],
    who: Annotated[str, typer.Option(help="Who withdraws it")],
) -> None:
    """Withdraw a notice: outages that were judged by it are judged without it. It stays on record."""
    if not notices.withdraw(_store(), number, who, datetime.now(UTC), Scope()):
        raise typer.BadParameter(f"there is no notice {number} that is not withdrawn")


def told_of(row: NoticeRow) -> dict[str, object]:
    """A notice as JSON has it."""
    told = row.told
    return {
        "id": row.id, "kind": told.kind, "subject_kind": told.about, "subject": told.subject, "from": _utc(told.from_at),
        "to": _utc(told.to_at), "cause": told.cause, "responsible": told.responsible, "who": told.who,
        "source": told.source, "text": told.text, "declared_at": _utc(row.declared_at),
        "withdrawn_at": _utc(row.withdrawn_at), "withdrawn_by": row.withdrawn_by,
    }  # fmt: skip


def _store() -> Engine:
    settings = Settings().storage
    engine = open_engine(settings.url, settings.cache)
    upgrade(engine)
    return engine


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(INDIA):%Y-%m-%d %H:%M}"
