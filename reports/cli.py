"""Commands: `report coverage`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from inventory import store
from inventory.model import Level
from inventory.scope import UnknownAreaError, checked
from readiness.rules.uptime import midnight
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import Settings

app = typer.Typer(no_args_is_help=True, help="What planners take away, as files.")
_DEFAULT_PERIOD = timedelta(days=30)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    GPKG = "gpkg"
    GEOJSON = "geojson"


class CoverageLevel(StrEnum):
    """The levels that a coverage row can be of."""

    STATE = Level.STATE
    DISTRICT = Level.DISTRICT
    SUBDISTRICT = Level.SUBDISTRICT
    BLOCK = Level.BLOCK
    GP = Level.GP


@app.callback()
def reports() -> None:
    """What planners take away, as files."""


@app.command("coverage")
def coverage(
    *,
    out: Annotated[Path, typer.Option(help="File to write; one that is there is replaced.")],
    area: Annotated[str, typer.Option(help="Key of an area, such as district:387; default: everything.")] = "",
    level: Annotated[CoverageLevel, typer.Option(help="What one row is about.")] = CoverageLevel.GP,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day (India) of the shares of time; default: 30 days."),
    ] = None,
    to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of them, included; default: now.")
    ] = None,
    format_: Annotated[Format | None, typer.Option("--format", help="Default: what the file's name ends in.")] = None,
) -> None:
    """Who can get services now: villages, kendras and citizens of each area."""
    from readiness.read import observed_until
    from readiness.rules.watch import blind_since
    from reports.read import coverage_report
    from reports.writers.registry import write

    now = datetime.now(UTC)
    kind = format_ or _format_of(out)
    start, end = _period(from_ and from_.date(), to and to.date(), now)
    settings = Settings()
    engine = open_engine(settings.storage.url)
    upgrade(engine)
    with _saying("reading the inventory") as say:
        inventory = store.load(engine)
        try:
            scope = checked(inventory, area)
        except UnknownAreaError as error:
            raise _wrong_use(str(error)) from None
        say("counting")
        blind = blind_since(observed_until(engine), now, settings.judge.restart_gap_s)
        report = coverage_report(
            engine, inventory, scope, level=Level(level), start=start, end=end, now=now, blind_since=blind
        )
        say(f"writing {out}")
        try:
            write(report, kind, out)
        except OSError as error:
            raise _wrong_use(f"{out}: {error.strerror}") from None
    print(f"{out}: {report.table.num_rows} rows", file=sys.stderr)


def _format_of(out: Path) -> Format:
    try:
        return Format(out.suffix.removeprefix(".").lower())
    except ValueError:
        raise _wrong_use(f"{out}: give --format, one of {', '.join(Format)}") from None


def _period(first: date | None, last: date | None, now: datetime) -> tuple[datetime, datetime]:
    """[start, end) of whole Indian days, cut off at `now`."""
    end = now if last is None else min(midnight(last + timedelta(days=1)), now)
    start = end - _DEFAULT_PERIOD if first is None else midnight(first)
    if start >= end:
        raise _wrong_use("the period is empty: --from is after --to, or in the future")
    return start, end


def _wrong_use(message: str) -> typer.Exit:
    print(message, file=sys.stderr)
    return typer.Exit(2)


@contextmanager
def _saying(first: str) -> Iterator[Callable[[str], None]]:
    """What is being done, on standard error."""
    with Console(stderr=True).status(first) as status:
        yield lambda text: status.update(Text(text))
