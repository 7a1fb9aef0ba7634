"""Commands: `report coverage`, `availability`, `outages`, `readiness`, `queue`, `sla`, `discrepancy`, `trend` and `sums`."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
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
from readiness.rules.claims import OPERATES_PERCENT
from readiness.rules.uptime import midnight
from readiness.terminal import terminal
from reports.availability import About, By, Of
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import Settings

if TYPE_CHECKING:  # for `--help` to stay fast
    from inventory.holidays import Holidays
    from inventory.model import Inventory
    from readiness.rules.contract import Contract
    from reports.read import Wanted
    from reports.report import Report
    from reports.sla import Measured

app = typer.Typer(no_args_is_help=True, help="What planners take away, as files.")
_DEFAULT_PERIOD = timedelta(days=30)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    GPKG = "gpkg"
    GEOJSON = "geojson"
    PARQUET = "parquet"
    PDF = "pdf"
    SHP = "shp"


class Language(StrEnum):
    """What a PDF is printed in; the other files have all three, and words for codes in the one asked for."""

    EN = "en"
    HI = "hi"
    PA = "pa"


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
In = Annotated[
    Language | None,
    typer.Option("--language", help="Language of a PDF (default: English); in other files, words beside the codes."),
]
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
    language: In = None,
) -> None:
    """Who could get services at the end of a period: villages, kendras and citizens of each area."""
    from reports.read import coverage_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        tell("reading the period", 0.3)
        report = coverage_report(wanted, Level(level))
        _write(report, kind, out, tell, language)


@app.command("readiness")
def readiness(
    *,
    out: Out,
    area: Area = "",
    level: Annotated[CoverageLevel, typer.Option(help="What one row is about.")] = CoverageLevel.GP,
    from_: From = None,
    to: To = None,
    format_: Kind = None,
    language: In = None,
) -> None:
    """Which services villages get now, at which kendra, and what is in the way; citizen-hours lost over a period."""
    from reports.read_readiness import readiness_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        tell("reading readiness", 0.3)
        _write(readiness_report(wanted, Level(level), Settings()), kind, out, tell, language)


@app.command("queue")
def queue(*, out: Out, area: Area = "", format_: Kind = None, language: In = None) -> None:
    """Open repairs, those first that bring most citizens back by themselves."""
    from reports.read_readiness import queue_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        _write(queue_report(_wanted(area, None, None, tell)), kind, out, tell, language)


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
    language: In = None,
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
        _write(availability_report(wanted, by, counting, tell), kind, out, tell, language)


@app.command("outages")
def outages(
    *, out: Out, area: Area = "", from_: From = None, to: To = None, format_: Kind = None, language: In = None
) -> None:
    """Every outage that touches a period: what failed, why, who had to act, and whom it cut off."""
    from reports.outages import outages_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        tell("reading the period", 0.3)
        _write(outages_report(wanted), kind, out, tell, language)


@app.command("sums")
def sums() -> None:
    """Add up months that are over, as `collect` does every hour: reports of a year then take a second."""
    from reports.sums import add_up
    from storage.engine import StoreInUseError

    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    upgrade(engine)
    inventory = store.load(engine)
    written = 0
    try:
        for kind, month in add_up(
            engine, settings.storage.history, inventory, _holidays(settings.reports.holidays, inventory)
        ):
            print(f"{kind} {month}", file=sys.stderr)
            written += 1
    except StoreInUseError as error:
        raise _wrong_use(str(error)) from None
    print(f"{written} sums of a month were made.")


@app.command("discrepancy")
def discrepancy(
    *,
    out: Out,
    area: Area = "",
    from_: From = None,
    to: To = None,
    percent: Annotated[
        float,
        typer.Option(help="Share of the time from which on a gram panchayat is said to operate.", min=0.01, max=100),
    ] = OPERATES_PERCENT,
    format_: Kind = None,
    language: In = None,
) -> None:
    """Gram panchayats that are claimed to be ready, or not, against what was seen of them."""
    from reports.read import discrepancy_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        tell("reading the period", 0.3)
        _write(discrepancy_report(wanted, percent), kind, out, tell, language)


@app.command("trend")
def trend(*, out: Out, area: Area = "", to: To = None, format_: Kind = None, language: In = None) -> None:
    """Where light falls, batteries hold less, or mains fail more often than chance explains: the 90 days before a day."""
    from reports.read import trend_report

    kind = format_ or _format_of(out)
    with _bar() as tell:
        wanted = _wanted(area, None, to, tell)
        tell("reading figures", 0.3)
        _write(trend_report(wanted), kind, out, tell, language)


@app.command("sla")
def sla(
    *,
    contract: Annotated[Path, typer.Option(help="TOML file of the contract; reports/contracts/ has an example.")],
    out: Annotated[Path | None, typer.Option(help="File to write; one that is there is replaced.")] = None,
    area: Area = "",
    by: Annotated[
        About, typer.Option(help="What one row is about: a subject of the contract or an area.")
    ] = About.SUBJECT,
    from_: From = None,
    to: To = None,
    format_: Kind = None,
    language: In = None,
    expand: Annotated[str, typer.Option(help="Print the intervals behind a row instead: its name or key.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="With --expand: one JSON object a line.")] = False,
) -> None:
    """What a contract promised, what it got, whose time was lost and what that costs."""
    from reports.sla import sla_intervals, sla_report

    terms = _contract(contract)
    if out is None and not expand:
        raise _wrong_use("give --out, or --expand")
    with _bar() as tell, _areas_known():
        wanted = _wanted(area, from_, to, tell)
        if out is not None and not expand:
            _write(sla_report(wanted, terms, by, tell), format_ or _format_of(out), out, tell, language)
            return
        found = list(sla_intervals(wanted, terms, expand))
    _show_measured(found, as_json=as_json)


def _contract(path: Path) -> "Contract":
    from readiness.rules.contract import ContractError, parse_contract

    try:
        return parse_contract(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong_use(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _wrong_use(f"{path}: is not UTF-8") from None
    except ContractError as error:
        raise _wrong_use("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None


@contextmanager
def _areas_known() -> Iterator[None]:
    try:
        yield
    except UnknownAreaError as error:
        raise _wrong_use(str(error)) from None


def _show_measured(found: "Sequence[Measured]", *, as_json: bool) -> None:
    from reports.intervals import as_object, show

    if as_json:
        for one, terms in found:
            print(json.dumps(as_object(one) | terms, ensure_ascii=False))
        return
    show([one for one, _ in found], terminal())
    sums = Counter[str]()
    for _, terms in found:
        sums[f"{terms['window']} {terms['excuse'] or terms['part']}"] += int(terms["measured_ms"] or 0)
    print("\n".join(f"{part}: {length} ms" for part, length in sorted(sums.items())))


def _counting(by: By, of: Of | None) -> Of:
    from reports.availability import OWN_ROWS

    own = OWN_ROWS.get(by)
    counting = of or (Of(own) if own else Of.VILLAGE)
    if own and counting.kind is not own:
        raise _wrong_use(f"--by {by} can't count the time of {counting}")
    return counting


def _expand(area: str, row: str, of: Of, from_: datetime | None, to: datetime | None, *, as_json: bool) -> None:
    from reports.intervals import as_object, show
    from reports.read import expanded

    with _bar() as tell:
        wanted = _wanted(area, from_, to, tell)
        with _areas_known():
            found = expanded(wanted, row, of)
    if as_json:
        for each in found:
            print(json.dumps(as_object(each), ensure_ascii=False))
    else:
        show(found, terminal())


def _wanted(area: str, from_: datetime | None, to: datetime | None, tell: Told) -> "Wanted":
    from readiness.read import observed_until
    from readiness.rules.uptime import last_day
    from readiness.rules.watch import blind_since
    from reports.read import Wanted

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
    holidays = _holidays(settings.reports.holidays, inventory)
    blind = blind_since(observed_until(engine), now, settings.judge.restart_gap_s)
    # Areas of another time can't be asked for in the store, which knows the present ones.
    stored = scope if then is inventory else Scope()
    return Wanted(engine, settings.storage.history, then, scope, stored, start, end, now, blind, holidays)


def _holidays(path: Path | None, inventory: "Inventory") -> "Holidays":
    from inventory.holidays import Holidays, HolidaysError, read_holidays

    try:
        return read_holidays(path, inventory) if path else Holidays()
    except OSError as error:
        raise _wrong_use(f"{path}: {error.strerror}") from None
    except HolidaysError as error:
        raise _wrong_use(str(error)) from None


def _write(report: "Report", kind: Format, out: Path, tell: Told, language: Language | None) -> None:
    from reports.printed import PRINTED
    from reports.writers.registry import write

    if kind is Format.PDF and report.name not in PRINTED:
        raise _wrong_use(f"report {report.name} has no printed form; take xlsx")
    tell(f"writing {out}", 0.8)
    try:
        write(replace(report, language=language or ""), kind, out)
    except OSError as error:
        raise _wrong_use(f"{out}: {error.strerror}") from None
    tell(f"{out}: {report.table.num_rows} rows", 1.0)


def _format_of(out: Path) -> Format:
    ending = out.suffix.removeprefix(".").lower()
    try:
        return Format.SHP if ending in {"zip", "shz"} else Format(ending)
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
