"""Command `nearest`: where a service is had now."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from inventory.model import Inventory, Level
from inventory.store import load
from readiness import read
from readiness.cli import Json, local
from readiness.offer import Offer, offer_of
from readiness.rules.watch import blind_since
from readiness.services import Instead
from readiness.terminal import show, terminal
from storage.engine import open_engine
from storage.settings import ReadinessSettings, Settings


def nearest(
    service: Annotated[str, typer.Argument(help="Code of a service that kendras give")],
    village: Annotated[
        str, typer.Argument(help="Key of a village such as village:443193, or give --lat and --lon")
    ] = "",
    *,
    lat: Annotated[float | None, typer.Option(min=-90, max=90)] = None,
    lon: Annotated[float | None, typer.Option(min=-180, max=180)] = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="Most kendras")] = 5,
    as_json: Json = False,
) -> None:
    """The nearest kendras that give a service now; where none lies within the travel limit, those beyond it."""
    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    inventory, now = load(engine), datetime.now(UTC)
    blind = blind_since(read.observed_until(engine), now, settings.judge.restart_gap_s)
    if blind is not None:
        print(f"no observation since {local(blind)} IST: the collector is not running", file=sys.stderr)
    offer = offer_of(inventory, settings)
    at = _point(inventory, offer, village, lat, lon)
    offer.refresh(engine, now, blind)
    try:
        found = offer.nearest(service, *at, most, lambda _site: True)
    except KeyError:
        raise typer.BadParameter(_unheard_of(service, inventory)) from None
    if as_json:
        print(json.dumps(_as_object(service, at, found, settings.readiness), ensure_ascii=False))
    else:
        _show(found, settings.readiness)


def _unheard_of(service: str, inventory: Inventory) -> str:
    alike = get_close_matches(service, inventory.services, n=3)
    perhaps = f" (is it {' or '.join(alike)}?)" if alike else ""
    return (
        f"no kendra is to give a service {service!r}{perhaps}; the codes stand in services.csv of the inventory, which"
        " `inventory export` writes, and at /api/v1/services"
    )


def _point(
    inventory: Inventory, offer: Offer, village: str, lat: float | None, lon: float | None
) -> tuple[float, float]:
    """Longitude and latitude of what was asked about."""
    if not village and lat is not None and lon is not None:
        return lon, lat
    if not village or lat is not None or lon is not None:
        raise typer.BadParameter("give a village, or --lat and --lon")
    if village not in inventory.areas or inventory.areas[village].level is not Level.VILLAGE:
        raise typer.BadParameter(f"there is no village {village!r} in the inventory")
    at = offer.place(village)
    if at is None:
        raise typer.BadParameter(f"nobody has located {village!r}: give --lat and --lon")
    return at


def _as_object(
    service: str, at: tuple[float, float], found: Sequence[Instead], travel: ReadinessSettings
) -> dict[str, object]:
    kendras = [
        {"site": one.site, "name": one.names.en, "km": one.km, "hours": one.hours, "status": one.status,
         "within_limit": one.km <= travel.travel_km}
        for one in found
    ]  # fmt: skip
    return {
        "service": service, "lon": at[0], "lat": at[1], "travel_km": travel.travel_km, "road_factor": travel.road_factor,
        "distances": "estimated", "kendras": kendras,
    }  # fmt: skip


def _show(found: Sequence[Instead], travel: ReadinessSettings) -> None:
    table = Table("Kendra", "Name", "km by road (estimated)", "Hours", "Status")
    for one in found:
        beyond = "" if one.km <= travel.travel_km else f" (beyond {travel.travel_km:g})"
        table.add_row(escape(one.site), escape(one.names.en), f"{one.km:.1f}{beyond}", escape(one.hours), one.status)
    show(table, terminal())
