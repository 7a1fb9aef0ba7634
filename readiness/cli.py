"""Commands: `status` and `outages`, what the map shows, in the terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine, select

from inventory.model import Inventory, SiteKind
from inventory.scope import Scope
from inventory.store import load
from inventory.tables import area as area_table
from inventory.tables import site
from readiness import read, services
from readiness.citizens import People, by_readiness, hours_lost
from readiness.model import Readiness, Status, SubjectKind
from readiness.network import RingRow, of_rings
from readiness.read import Counts, OutageRow, StateRow
from readiness.rules.rings import RingStatus
from readiness.rules.uptime import INDIA
from readiness.rules.watch import blind_since
from readiness.services import EndpointRow
from readiness.tables import outage
from readiness.terminal import show, terminal
from storage.engine import open_engine
from storage.settings import Settings

Area = Annotated[str, typer.Argument(help="Area key such as district:374; empty: the whole inventory")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and only JSON, on standard output.")]
_COLOUR = {Status.UP: "green", Status.DEGRADED: "yellow", Status.DOWN: "red", Status.UNKNOWN: "bright_black"}


def status(
    area: Area = "",
    as_json: Json = False,
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 1 when a site is down.")] = False,
) -> None:
    """Which sites are up, and which villages can get services."""
    settings = Settings()
    engine = open_engine(settings.storage.url)
    scope, now = scope_of(engine, area), _now()
    until = read.observed_until(engine)
    blind = blind_since(until, now, settings.judge.restart_gap_s)
    counts = read.counts(engine, scope, blind_since=blind)
    rows = read.states(engine, scope, SubjectKind.SITE, blind_since=blind)
    sites, citizens = _sites(engine), by_readiness(engine, scope, blind_since=blind)
    seen = services.endpoints(engine, blind_since=blind)
    if blind is not None:
        print(f"no observation since {local(blind)} IST: the collector is not running", file=sys.stderr)
    if as_json:
        times = {"as_of": utc(now), "observed_until": until and utc(until)}
        endpoints = {"endpoints": [_endpoint(row) for row in seen]}
        inventory = load(engine)
        people = asdict(citizens) | {"citizen_hours_lost": _lost(settings, inventory, scope, now, blind)}
        told = times | _status(area, counts, rows, sites) | people | endpoints
        print(json.dumps(told | _rings(engine, inventory, scope, blind), ensure_ascii=False))
    else:
        _show_status(counts, citizens, rows, sites)
        _show_endpoints(seen)
    if fail and counts.sites[Status.DOWN]:
        raise typer.Exit(1)


def outages(
    area: Area = "",
    start: Annotated[
        str, typer.Option("--from", help="Date or time, Indian time without a zone; default: a day before --to")
    ] = "",
    end: Annotated[str, typer.Option("--to", help="Date or time; default: now")] = "",
    as_json: Json = False,
) -> None:
    """Outages that touch a period, each with its cause and who has to act."""
    engine = open_engine(Settings().storage.url)
    now = _now()
    since, until = _period(start, end, now)
    rows = read.outages(engine, scope_of(engine, area), since, until)
    if not as_json:
        _show_outages(rows)
        return
    roots = subjects(engine, {row.explained_by for row in rows if row.explained_by is not None})
    for row in rows:
        print(json.dumps(outage_line(row, roots), ensure_ascii=False))


def _period(start: str, end: str, now: datetime) -> tuple[datetime, datetime]:
    """[since, until) as it was asked for; what has no moment before `now` is wrong use."""
    until = moment_of(end, "--to") if end else now
    since = moment_of(start, "--from") if start else min(until, now) - timedelta(days=1)
    if since >= min(until, now):
        raise typer.BadParameter(
            "the period is empty: --from is not before --to, or in the future; a date alone is the midnight it begins with"
        )
    return since, until


def _now() -> datetime:
    return datetime.now(UTC)


def scope_of(engine: Engine, area: str) -> Scope:
    if not area:
        return Scope()
    with engine.connect() as connection:
        known = connection.execute(select(area_table.c.key).where(area_table.c.key == area)).scalar()
    if known is None:
        raise typer.BadParameter(f"there is no area {area!r} in the inventory; write level:code, such as district:387")
    return Scope(area)


def moment_of(text: str, option: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text!r} is no ISO 8601 date or time") from error
    return given if given.tzinfo else given.replace(tzinfo=INDIA)


def _sites(engine: Engine) -> dict[str, tuple[SiteKind, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(site.c.name, site.c.kind, site.c.name_en)).all()
    return {row.name: (SiteKind(row.kind), row.name_en) for row in rows}


def subjects(engine: Engine, numbers: set[int]) -> dict[int, str]:
    with engine.connect() as connection:
        rows = connection.execute(select(outage.c.id, outage.c.subject).where(outage.c.id.in_(numbers)))
        return {row.id: row.subject for row in rows}


def utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _status(
    area: str, counts: Counts, rows: list[StateRow], sites: Mapping[str, tuple[SiteKind, str]]
) -> dict[str, object]:
    """The object of DESIGN §8, without its times."""
    return {
        "area": area,
        "sites": dict(counts.sites),
        "villages": dict(counts.villages),
        "rows": [
            {
                "site": row.subject, "kind": sites[row.subject][0], "name": sites[row.subject][1], "status": row.status,
                "since": utc(row.since), "reason": row.reason, "first_failing_layer": row.layer,
            }
            for row in rows if row.subject in sites
        ],
    }  # fmt: skip


def _endpoint(row: EndpointRow) -> dict[str, object]:
    """`eyes` says who saw it: "noc", "kendras" (most of those that look), or nobody."""
    return {
        "endpoint": row.endpoint, "name": row.names.en, "status": row.status, "since": row.since and utc(row.since),
        "reason": row.reason, "eyes": row.eyes, "looked_at": row.looked_at and utc(row.looked_at),
    }  # fmt: skip


def outage_line(row: OutageRow, roots: Mapping[int, str]) -> dict[str, object]:
    """One line of DESIGN §8; `explained_by` names the subject of the outage at the root."""
    return {
        "subject": row.subject, "subject_kind": row.kind, "status": row.status, "from": utc(row.start),
        "to": None if row.end is None else utc(row.end), "cause": row.cause, "confidence": row.confidence,
        "evidence": list(row.evidence), "root": row.root,
        "explained_by": None if row.explained_by is None else roots[row.explained_by],
        "segment": list(row.segment), "ring": row.ring, "one_armed": row.one_armed, "responsible": row.responsible, "villages": row.villages,
        "citizens": row.citizens,
    }  # fmt: skip


def local(at: datetime) -> str:
    return at.astimezone(INDIA).strftime("%d %b %H:%M:%S")


def ring_line(row: RingRow) -> dict[str, object]:
    """A ring as JSON has it."""
    return asdict(row) | {"since": row.since and utc(row.since)}


def _rings(engine: Engine, inventory: Inventory, scope: Scope, blind: datetime | None) -> dict[str, object]:
    """Counts of the rings with a box in scope, and those that have lost their second way or are broken."""
    network = of_rings(inventory, scope, len(inventory.links))
    rows = network.rings(engine, scope, blind_since=blind) if network else []
    lost = [ring_line(row) for row in rows if row.status in {RingStatus.ONE_ARMED, RingStatus.BROKEN}]
    return {"rings": {each: sum(row.status is each for row in rows) for each in RingStatus}, "rings_lost": lost}


def _lost(
    settings: Settings, inventory: Inventory, scope: Scope, now: datetime, blind: datetime | None
) -> dict[str, object]:
    """Citizen-hours of the last day; villages whose population isn't known are left out and counted."""
    engine = open_engine(settings.storage.url, settings.storage.cache)
    period = now - timedelta(days=1), now
    lost = hours_lost(engine, settings.storage.history, inventory, scope, period, blind_since=blind)
    return {"from": utc(period[0]), "to": utc(now), **asdict(lost)}


def _show_status(
    counts: Counts,
    citizens: People,
    rows: list[StateRow],
    sites: Mapping[str, tuple[SiteKind, str]],
) -> None:
    console = terminal()
    console.print("Sites:   ", ", ".join(f"{counts.sites[status]} {status}" for status in Status))
    console.print("Villages:", ", ".join(f"{counts.villages[readiness]} {readiness}" for readiness in Readiness))
    console.print("Citizens:", ", ".join(_citizens(citizens, readiness) for readiness in Readiness))
    table = Table("Site", "Kind", "Name", "Status", "Since (IST)", "First failing layer", "Reason")
    for row in rows:
        if row.status in {Status.DOWN, Status.DEGRADED} and row.subject in sites:
            kind, name = sites[row.subject]
            shown = f"[{_COLOUR[Status(row.status)]}]{row.status}"
            cells = (row.subject, kind, name), (local(row.since), row.layer or "", row.reason)
            table.add_row(*map(escape, cells[0]), shown, *map(escape, cells[1]))
    if table.row_count:
        show(table, console)


def _citizens(people: People, readiness: Readiness) -> str:
    some, without = people.citizens[readiness], people.villages_without[readiness]
    left_out = f" (without {without} villages of unknown population)" if some is not None and without else ""
    return f"{'not known' if some is None else some} {readiness}{left_out}"


def _show_endpoints(rows: Sequence[EndpointRow]) -> None:
    table = Table("Endpoint", "Name", "Status", "Since (IST)", "Seen by", "Reason")
    for row in rows:
        shown = f"[{_COLOUR[row.status]}]{row.status}"
        since = local(row.since) if row.since else ""
        table.add_row(
            escape(row.endpoint), escape(row.names.en), shown, since, row.eyes or "nobody", escape(row.reason)
        )
    if table.row_count:
        show(table, terminal())


def _show_outages(rows: list[OutageRow]) -> None:
    table = Table("Subject", "Status", "From (IST)", "To", "Cause", "Villages", "Who acts", "Evidence")
    for row in rows:
        if row.root:
            ended = local(row.end) if row.end else "open"
            cause = f"{row.cause} ({row.confidence:.0%})"
            table.add_row(
                escape(row.subject), row.status, local(row.start), ended, cause, str(row.villages), row.responsible,
                escape("; ".join(row.evidence)),
            )  # fmt: skip
    show(table, terminal())
