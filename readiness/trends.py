"""Likely next trouble: light that falls, batteries that hold less, feeders with more power cuts than their district.

What is read are daily figures of the history and stored outages; readiness/rules/trend.py and rates.py decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine

from inventory.columnar import at_rows, column, keys, rows_with
from inventory.model import Device, Inventory, Level, Role, Site
from inventory.places import areas_above
from inventory.scope import Scope, areas_in, sites_in
from readiness.blame import outages_of
from readiness.model import Cause, SubjectKind
from readiness.rules import rates
from readiness.rules.availability import CAUSES
from readiness.rules.spells import Positions
from readiness.rules.trend import VERDICTS, Counts, Fall, Floats, Verdict, falls, table
from storage.history import figures

WINDOW_DAYS = 90
"""Days before today's midnight (UTC) that are looked at for light and power cuts."""
BATTERY_DAYS = 30
"""The same for batteries, as far as their samples are still kept (storage.raw_days)."""
LIGHT_DBM = -27.0
"""Sensitivity of a receiver of class B+ (ITU-T G.984.2, amendment 1): below it frames are lost."""
BATTERY_S = 900.0
"""A UPS that carries its site for less is no help in most power cuts."""
LEAST_LIGHT_DB = 0.5
LEAST_BATTERY_S = 300.0
"""What falls by less over its days is not told: it may be the weather."""
_NIGHT = timedelta(hours=22)  # in UTC: 03:30 to 04:30 in India, when mains are there and the load is alike
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_ONE_CUT_MS = 600_000  # power that fails again within ten minutes is one cut


class Kind(StrEnum):
    LIGHT = "light"  # optical power that an ONT receives, in dBm
    BATTERY = "battery"  # how long a UPS says that it would last, in s
    FEEDER = "feeder"  # power cuts of an electricity feeder


class Outlook(StrEnum):
    """What is to be expected, the gravest first."""

    BEYOND = Verdict.BEYOND
    FALLING = Verdict.FALLING
    MORE_CUTS = "more_cuts"  # than its district's other feeders, by more than chance
    STEADY = Verdict.STEADY
    NOT_ENOUGH = Verdict.NOT_ENOUGH


OUTLOOKS = tuple(Outlook)
TROUBLE = frozenset({Outlook.BEYOND, Outlook.FALLING, Outlook.MORE_CUTS})


@dataclass(frozen=True, slots=True)
class Limits:
    light_dbm: float = LIGHT_DBM
    battery_s: float = BATTERY_S


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure of one subject (a device, a feeder) and where it leads; None where the data don't carry it.

    `a_day` is the change a day, `days_left` the days until `limit` is reached, each with the bounds of its interval
    (None: never). Of a feeder `cuts` is a number, `a_month` the same as a rate in 30 days with its interval,
    `others_a_month` that of the district's other feeders, `chance` that of so many cuts if all were alike.
    """

    kind: Kind
    subject: str
    site: str
    area: str
    outlook: Outlook
    days: int = 0  # with figures
    level: float | None = None
    limit: float | None = None
    a_day: float | None = None
    a_day_low: float | None = None
    a_day_high: float | None = None
    days_left: float | None = None
    days_left_low: float | None = None
    days_left_high: float | None = None
    cuts: int | None = None
    a_month: float | None = None
    a_month_low: float | None = None
    a_month_high: float | None = None
    others_a_month: float | None = None
    chance: float | None = None


def trends(
    engine: Engine, history: Path, inventory: Inventory, scope: Scope, now: datetime, *, limits: Limits = DEFAULT_LIMITS
) -> list[Trend]:
    """Everything in scope that has a figure or a feeder, the gravest and soonest first. Raises UnknownAreaError."""
    until = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = _Asked.of(history, inventory, scope, until)
    found = [
        *_light(asked, limits.light_dbm),
        *_batteries(asked, limits.battery_s),
        *_feeders(engine, asked, areas_in(inventory, scope)),
    ]
    return sorted(found, key=_urgency)


@dataclass(frozen=True, slots=True)
class _Asked:
    """`area_of` has the area of each site in scope."""

    history: Path
    inventory: Inventory
    until: datetime
    area_of: Mapping[str, str]

    @classmethod
    def of(cls, history: Path, inventory: Inventory, scope: Scope, until: datetime) -> Self:
        areas = {site.name: site.area for site in sites_in(inventory, scope)}
        return cls(history, inventory, until, areas)

    def devices(self, role: Role) -> list[Device]:
        """Those of a role at the sites in scope."""
        devices, sites = self.inventory.devices, pa.array(list(self.area_of), pa.string())
        of_role = rows_with(devices, "role", pa.array([role.value]))
        return list(at_rows(devices, np.intersect1d(of_role, rows_with(devices, "site", sites))))


def _urgency(each: Trend) -> tuple[int, float, float, str]:
    soon = float("inf") if each.days_left is None else each.days_left
    return OUTLOOKS.index(each.outlook), soon, each.chance or 0.0, each.subject


def _light(asked: _Asked, limit: float) -> list[Trend]:
    onts = [device for device in asked.devices(Role.ONT) if device.seen_through and device.seen_as]
    place = {(device.seen_through, device.seen_as): n for n, device in enumerate(onts)}
    olts = sorted({device.seen_through for device in onts})
    start = asked.until - WINDOW_DAYS * _DAY
    rows = figures(asked.history, olts, ["ont_rx_dbm"], start=start, end=asked.until, step=_DAY)
    pairs = zip(rows["device"].to_pylist(), rows["instance"].to_pylist(), strict=True)
    series = np.array([place.get(pair, -1) for pair in pairs], np.int64)
    values = _by_day(rows, series, rows["mean"].to_numpy(), start, (len(onts), WINDOW_DAYS))
    return list(_told(Kind.LIGHT, asked, onts, falls(values, limit=limit, least_fall=LEAST_LIGHT_DB), limit))


def _batteries(asked: _Asked, limit: float) -> list[Trend]:
    """From one hour of each night: all samples of 14 days would be a thousand a UPS and day."""
    upses = [device for device in asked.devices(Role.UPS) if device.primary_ip]
    place = {device.name: n for n, device in enumerate(upses)}
    start = asked.until - BATTERY_DAYS * _DAY
    nights = [start + n * _DAY + _NIGHT for n in range(BATTERY_DAYS)]
    lots = [
        figures(asked.history, list(place), ["ups_runtime_s"], start=night, end=night + _HOUR, step=_HOUR)
        for night in nights
    ]
    rows = pa.concat_tables(lots)
    series = np.array([place.get(name, -1) for name in rows["device"].to_pylist()], np.int64)
    values = _by_day(rows, series, rows["high"].to_numpy(), start, (len(upses), BATTERY_DAYS))
    return list(_told(Kind.BATTERY, asked, upses, falls(values, limit=limit, least_fall=LEAST_BATTERY_S), limit))


def _by_day(rows: pa.Table, series: Counts, value: Floats, start: datetime, shape: tuple[int, int]) -> Floats:
    """The values of `series` (-1: of none) as a row each, a column a day."""
    at = pc.cast(rows["at"], pa.int64()).to_numpy()
    day = (at - int(start.timestamp() * 1000)) // (_DAY // timedelta(milliseconds=1))
    known = series >= 0
    return table(series[known], day[known], value[known], count=shape[0], days=shape[1])


def _told(kind: Kind, asked: _Asked, devices: Sequence[Device], found: Fall, limit: float) -> Iterator[Trend]:
    for n, device in enumerate(devices):
        verdict = VERDICTS[found.verdict[n]]
        area = asked.area_of[device.site]
        told = Trend(kind, device.name, device.site, area, Outlook(verdict), int(found.days[n]), limit=limit)
        yield told if verdict is Verdict.NOT_ENOUGH else _with_line(told, found, n)


def _with_line(told: Trend, found: Fall, n: int) -> Trend:
    return replace(
        told,
        level=_number(found.level[n]),
        a_day=_number(found.slope[n]),
        a_day_low=_number(found.slope_low[n]),
        a_day_high=_number(found.slope_high[n]),
        days_left=_number(found.days_left[n]),
        days_left_low=_number(found.days_left_low[n]),
        days_left_high=_number(found.days_left_high[n]),
    )


def _number(value: np.float64) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _feeders(engine: Engine, asked: _Asked, inside: frozenset[str]) -> list[Trend]:
    """Feeders with a site in scope, each compared with all of its district."""
    inventory = asked.inventory
    district_of = areas_above(inventory, Level.DISTRICT)
    first: dict[str, Site] = {}
    shown: dict[str, Site] = {}  # of each feeder the first site in scope: others are none of the reader's business
    for site in inventory.sites.values():
        if site.feeder:
            first.setdefault(site.feeder, site)
            if site.area in inside:
                shown.setdefault(site.feeder, site)
    district = [district_of.get(site.area, "") for site in first.values()]
    numbers = {key: n for n, key in enumerate(sorted({*district} - {""}))}
    codes = np.array([numbers.get(key, -1) for key in district], np.int64)
    feeders = {name: n for n, name in enumerate(first)}
    figured = _compared(_cuts(engine, asked, list(feeders)), codes)
    return [
        _feeder(name, site, {key: float(of[feeders[name]]) for key, of in figured.items()})
        for name, site in shown.items()
    ]


def _cuts(engine: Engine, asked: _Asked, feeders: Sequence[str]) -> Counts:
    """How many power cuts each feeder had: outages of its sites' devices by power, those of one time as one."""
    sites, devices = asked.inventory.sites, asked.inventory.devices
    of_site = pc.index_in(column(sites, "feeder").cast(pa.string()), value_set=pa.array(feeders, pa.string()))
    site = pc.index_in(column(devices, "site").cast(pa.string()), value_set=keys(sites).cast(pa.string()))
    place = pc.fill_null(of_site.take(site), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    powered = np.flatnonzero(place >= 0)
    names = [(SubjectKind.DEVICE, name) for name in keys(devices).take(pa.array(powered)).to_pylist()]
    found = outages_of(engine, asked.history, names, asked.until - WINDOW_DAYS * _DAY, asked.until)
    by_power = found.cause == CAUSES.index(Cause.POWER)
    return rates.events(
        place[powered][found.name[by_power]], found.start[by_power], found.end[by_power],
        places=len(feeders), gap=_ONE_CUT_MS,
    )  # fmt: skip


def _compared(cuts: Counts, district: Positions) -> dict[str, Floats]:
    """The figures of every feeder, by the names of Trend."""
    number = cuts.astype(np.float64)
    low, high = rates.interval(cuts)
    monthly = {
        "a_month": number,
        "a_month_low": low,
        "a_month_high": high,
        "others_a_month": rates.rest_mean(cuts, district),
    }
    found = {name: rates.per_month(each, WINDOW_DAYS) for name, each in monthly.items()}
    return found | {"cuts": number, "chance": rates.excess(cuts, district)}


def _feeder(name: str, site: Site, told: Mapping[str, float]) -> Trend:
    alone = np.isnan(told["others_a_month"])
    worse = bool(rates.is_worse(np.array([told["chance"]]))[0])
    outlook = Outlook.NOT_ENOUGH if alone else Outlook.MORE_CUTS if worse else Outlook.STEADY
    rounded = {key: None if np.isnan(value) else round(value, 6) for key, value in told.items() if key != "cuts"}
    return Trend(Kind.FEEDER, name, site.name, site.area, outlook, WINDOW_DAYS, cuts=int(told["cuts"]), **rounded)
