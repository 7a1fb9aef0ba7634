"""Command `slowest`: which devices take longest to answer, and where. What is struggling is seen before it is down."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inventory.model import Inventory, Level
from storage.polls import Taken
from storage.settings import Settings

_MISSED = 0.05  # of the polls: a device that leaves more of them unanswered struggles


@dataclass(frozen=True, slots=True)
class Slow:
    """A device; `slow`: one of twenty answers came at the retry only, or one of twenty polls had none."""

    device: str
    area: str
    polls: int
    timeouts: int
    median_ms: float | None
    p95_ms: float | None
    slow: bool


@dataclass(frozen=True, slots=True)
class SlowArea:
    """The median over its devices of their medians, the highest of their 95th percentiles."""

    area: str
    devices: int
    slow: int
    polls: int
    timeouts: int
    median_ms: float | None
    p95_ms: float | None


def judged(found: Sequence[Taken], areas: Mapping[str, str], timeout_s: float) -> list[Slow]:
    """The slowest first, then those that never answered; `areas`: device -> area, others are left out."""
    rows = [
        Slow(
            one.device, areas[one.device], one.polls, one.polls - one.answered, _rounded(one.median_ms),
            _rounded(one.p95_ms), _is_slow(one, timeout_s),
        )
        for one in found if one.device in areas
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-(row.p95_ms or 0.0), -row.timeouts, row.device))


def by_area(rows: Sequence[Slow]) -> list[SlowArea]:
    """Those with the slowest devices first."""
    of: dict[str, list[Slow]] = defaultdict(list)
    for row in rows:
        of[row.area].append(row)
    found = [
        SlowArea(
            area, len(own), sum(row.slow for row in own), sum(row.polls for row in own),
            sum(row.timeouts for row in own),
            _rounded(median(told)) if (told := [row.median_ms for row in own if row.median_ms is not None]) else None,
            max((row.p95_ms for row in own if row.p95_ms is not None), default=None),
        )
        for area, own in of.items()
    ]  # fmt: skip
    return sorted(found, key=lambda row: (-row.slow, -(row.p95_ms or 0.0), row.area))


def areas_of(inventory: Inventory, area: str, level: Level) -> dict[str, str]:
    """Device -> the area of that level in which it stands, else its own; raises UnknownAreaError."""
    from inventory.scope import checked, devices_in

    of_site = {name: _above(inventory, site.area, level) for name, site in inventory.sites.items()}
    return {device.name: of_site[device.site] for device in devices_in(inventory, checked(inventory, area))}


def slowest(
    area: Annotated[str, typer.Option(metavar="CODE", help="Only devices in this area: district:387")] = "",
    by: Annotated[Level, typer.Option(help="Areas that are summed up")] = Level.DISTRICT,
    hours: Annotated[float, typer.Option(min=0.1, max=744, help="How far back")] = 24.0,
    most: Annotated[int, typer.Option(min=1, help="Devices that are listed")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and only JSON, on standard output")] = False,
) -> None:
    """Devices that take longest to answer their polls, and how their areas fare, from the history."""
    from inventory.scope import UnknownAreaError
    from inventory.store import load
    from storage.engine import open_engine
    from storage.polls import taken

    settings, end = Settings(), datetime.now(UTC)
    start = end - timedelta(hours=hours)
    try:
        places = areas_of(load(open_engine(settings.storage.url, settings.storage.cache)), area, by)
    except UnknownAreaError as error:
        raise typer.BadParameter(str(error), param_hint="--area") from error
    rows = judged(taken(settings.storage.history, start, end), places, settings.collect.timeout_s)
    if as_json:
        span = {"from": start.isoformat(timespec="seconds"), "to": end.isoformat(timespec="seconds")}
        told = {"areas": [asdict(row) for row in by_area(rows)], "devices": [asdict(row) for row in rows[:most]]}
        print(json.dumps(span | told, ensure_ascii=False))
        return
    console = Console()
    for table in (_table("areas", by_area(rows)), _table("devices", rows[:most])):
        console.print(table)


def _above(inventory: Inventory, area: str, level: Level) -> str:
    return next((one for one in _upwards(inventory, area) if inventory.areas[one].level is level), area)


def _upwards(inventory: Inventory, area: str | None) -> Iterator[str]:
    while area is not None and area in inventory.areas:
        yield area
        area = inventory.areas[area].parent


def _is_slow(one: Taken, timeout_s: float) -> bool:
    late = one.p95_ms is not None and one.p95_ms > timeout_s * 1000
    return late or 0 < one.answered < one.polls * (1 - _MISSED)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _table(title: str, rows: Sequence[Slow] | Sequence[SlowArea]) -> Table:
    """Names come from files: none is taken as markup."""
    names = list(asdict(rows[0])) if rows else []
    table = Table(*[name.replace("_", " ") for name in names], title=title, title_justify="left")
    for row in rows:
        table.add_row(*[Text("" if value is None else str(value)) for value in asdict(row).values()])
    return table
