"""Commands: `report coverage` and `report availability`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from inventory import store
from inventory.model import Level
from inventory.scope import Scope, UnknownAreaError, checked
from readiness.rules.uptime import midnight
from reports.availability import By, Of
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import Settings

if TYPE_CHECKING:  # for `--help` to stay fast
    from reports.read import Wanted
    from reports.report import Report

app = typer.Typer(no_args_is_help=True, help="What planners take away, as files.")
_DEFAULT_PERIOD = timedelta(days=30)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    GPKG = "gpkg"
    GEOJSON = "geojson"
    PARQUET = "parquet"


class CoverageLevel(StrEnum):
    """The levels that a coverage row can be of."""

    STATE = Level.STATE
    DISTRICT = Level.DISTRICT
    SUBDISTRICT = Level.SUBDISTRICT
    BLOCK = Level.BLOCK
    GP = Level.GP


Area = Annotated[str, typer.Option(help="Key of an area, such as district:387; default: everything.")]
From = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First day (India) of the period; default: 30 days."),
]
To = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the period, included; default: now.")
]
Out = Annotated[Path, typer.Option(help="File to write; one that is there is replaced.")]
Kind = Annotated[Format | None, typer.Option("--format", help="Default: what the file's name ends in.")]
Told = Callable[[str, float], None]


@app.callback()
def reports() -> None:
    """What planners take away, as files."""


@app.command("coverage")
def coverage(
    *,
    out: Out,
    area: Area = "",
    level: Annotated[CoverageLevel, typer.Option(help="What one row is about.")] = CoverageLevel.GP,
    from_: From = None,
    to: To = None,
    format_: Kind = None,
) -> None:
    """Who could get services at the end of a period: villages, kendras and citizens of each area."""
    from reports.read import coverage_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        tell("reading the period", 0.3)
        report = coverage_report(wanted, Level(level))
        _write(report, kind, out, tell)


@app.command("availability")
def availability(
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; one that is there is replaced.")] = None,
    area: Area = "",
    by: Annotated[By, typer.Option(help="What one row is about.")] = By.SITE,
    of: Annotated[
        Of | None, typer.Option(help="Whose time is counted; default: every site by site, else every village.")
    ] = None,
    from_: From = None,
    to: To = None,
    format_: Kind = None,
    expand: Annotated[
        str, typer.Option(help="Print the intervals behind a row instead: name of a site or key of an area.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="With --expand: one JSON object a line.")] = False,
) -> None:
    """How long sites and villages worked in a period, what was in the way, and what nobody saw."""
    counting = _counting(by, of)
    if expand:
        _expand(area, expand, counting, from_, to, as_json=as_json)
        return
    if out is None:
        raise _wrong_use("give --out, or --expand")
    from reports.read import availability_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        _write(availability_report(wanted, by, counting, tell), kind, out, tell)


def _counting(by: By, of: Of | None) -> Of:
    counting = of or (Of.SITE if by is By.SITE else Of.VILLAGE)
    if (by is By.SITE and counting is Of.VILLAGE) or (by is By.VILLAGE and counting is not Of.VILLAGE):
        raise _wrong_use(f"--by {by} can't count the time of {counting}")
    return counting


def _expand(area: str, row: str, of: Of, from_: datetime | None, to: datetime | None, *, as_json: bool) -> None:
    from reports.intervals import as_object, show
    from reports.read import expanded

    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        try:
            found = expanded(wanted, row, of)
        except UnknownAreaError as error:
            raise _wrong_use(str(error)) from None
    if as_json:
        for each in found:
            print(json.dumps(as_object(each), ensure_ascii=False))
    else:
        show(found, Console())


def _wanted(area: str, from_: datetime | None, to: datetime | None, tell: Told) -> "Wanted":
    from readiness.read import observed_until
    from readiness.rules.watch import blind_since
    from reports.read import Wanted, last_day

    now = datetime.now(UTC)
    start, end = _period(from_ and from_.date(), to and to.date(), now)
    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    upgrade(engine)
    tell("reading the inventory", 0.1)
    inventory = store.load(engine)
    then = inventory.on(last_day(end))
    try:
        scope = checked(then, area)
    except UnknownAreaError as error:
        raise _wrong_use(str(error)) from None
    blind = blind_since(observed_until(engine), now, settings.judge.restart_gap_s)
    # Areas of another time can't be asked for in the store, which knows the present ones.
    stored = scope if then is inventory else Scope()
    return Wanted(engine, settings.storage.history, then, scope, stored, start, end, now, blind)


def _write(report: "Report", kind: Format, out: Path, tell: Told) -> None:
    from reports.writers.registry import write

    tell(f"writing {out}", 0.8)
    try:
        write(report, kind, out)
    except OSError as error:
        raise _wrong_use(f"{out}: {error.strerror}") from None
    tell(f"{out}: {report.table.num_rows} rows", 1.0)


def _format_of(out: Path) -> Format:
    try:
        return Format(out.suffix.removeprefix(".").lower())
    except ValueError:
        raise _wrong_use(f"{out}: give --format, one of {', '.join(Format)}") from None


def _period(first: date | None, last: date | None, now: datetime) -> tuple[datetime, datetime]:
    """[start, end) of whole Indian days, cut off at `now`, which is taken to the millisecond."""
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    end = now if last is None else min(midnight(last + timedelta(days=1)), now)
    start = end - _DEFAULT_PERIOD if first is None else midnight(first)
    if start >= end:
        raise _wrong_use("the period is empty: --from is after --to, or in the future")
    return start, end


def _wrong_use(message: str) -> typer.Exit:
    print(message, file=sys.stderr)
    return typer.Exit(2)


@contextmanager
def _bar() -> Iterator[Told]:
    """A progress bar on standard error; at the end the last text stands for it."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def tell(text: str, over: float) -> None:
            bar.update(task, description=text, completed=over)
            if over >= 1:
                bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

        yield tell
