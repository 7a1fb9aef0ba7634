"""Availability and service levels by district over a year of a state: up to 6,000 gram panchayats, 25 million transitions.

The year lies in closed months, as it would; the reports are made in this process, from the store to the finished table.
Availability is measured as it is with the sums of these months kept, and from the transitions alone; the tables
have to be the same.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import Engine

from bench.availability_year import (
    MONTHS,
    START,
    Episodes,
    deciding_devices,
    end_of,
    episodes_of,
    put,
    tell_outages,
    tell_transitions,
)
from inventory import store
from inventory.holidays import Holidays
from inventory.model import Inventory, SiteKind
from inventory.pack.post_offices import build
from inventory.scope import Scope
from inventory.subset import subset
from readiness.model import SubjectKind
from readiness.months import FOLDER
from readiness.outage_months import close_outages
from readiness.rules.contract import parse_contract
from readiness.sequence import COMPLETE, in_order, last_of_each, together
from readiness.tables import outage
from reports.availability import About, By, Of
from reports.read import Wanted, availability_report
from reports.report import Report
from reports.sla import sla_report
from reports.sums import add_up
from storage.engine import open_engine, snapshot
from storage.migrate import upgrade
from storage.monthly import Month, write_month

_GPS, _QUICK_GPS = 6_000, 60
_TRANSITIONS = 25_000_000
# Subjects of a gram panchayat: its site and its kendra's, three devices, a link, three villages.
_BESIDE = (SubjectKind.SITE, *(SubjectKind.DEVICE,) * 3, SubjectKind.LINK, *(SubjectKind.VILLAGE,) * 3)
_CONTRACT = Path(__file__).parents[1] / "reports" / "contracts" / "bharatnet-example.toml"
_RUNS = 3


def run(quick: bool) -> dict[str, float | bool]:
    """Seconds and seconds of CPU of each report, the best of three; and whether kept sums change nothing."""
    gps, months = (_QUICK_GPS, 2) if quick else (_GPS, MONTHS)
    inventory = _with_gps(build("22", lambda _text, _over: None), gps)
    with tempfile.TemporaryDirectory() as folder:
        engine, history = open_engine(f"sqlite:///{folder}/pahunch.db"), Path(folder)
        upgrade(engine)
        store.apply(engine, inventory, START)
        rows = _write(engine, history, inventory, months, _TRANSITIONS * gps // _GPS * months // MONTHS)
        loaded = store.load(engine)
        now = end_of(months) - timedelta(hours=5, minutes=30)
        asked = Wanted(engine, history, loaded, Scope(), Scope(), START - timedelta(hours=5, minutes=30), now, now)
        contract = parse_contract(_CONTRACT.read_text(encoding="utf-8"))

        def availability() -> Report:
            return availability_report(asked, By.DISTRICT, Of.GP, _quiet)

        raw, told = _timed("availability_by_district_from_transitions", availability), availability().table
        cpu = time.process_time()
        kept = len(list(add_up(engine, history, loaded, Holidays())))
        return {
            "months": months,
            **rows,
            **raw,
            "sums_kept": kept,
            "sums_kept_cpu_s": round(time.process_time() - cpu, 3),
            **_timed("availability_by_district", availability),
            "same": availability().table.equals(told),
            **_timed("sla_by_district", lambda: sla_report(asked, contract, About.DISTRICT, _quiet)),
            **_timed("sla_by_gram_panchayat", lambda: sla_report(asked, contract, About.SUBJECT, _quiet)),
        }


def _quiet(_text: str, _over: float) -> None:
    pass


def _with_gps(inventory: Inventory, gps: int) -> Inventory:
    """At most so many gram panchayats, as many as the pack has: whole districts, and their kendras and POPs."""
    some = subset(inventory, gps)
    kept = [site.name for site in some.sites.values() if site.kind is SiteKind.GP][:gps]
    away = {site.name for site in some.sites.values() if site.kind is SiteKind.GP} - set(kept)
    devices = {name: each for name, each in some.devices.items() if each.site not in away}
    links = {name: each for name, each in some.links.items() if each.a_device in devices and each.b_device in devices}
    sites = {name: each for name, each in some.sites.items() if name not in away}
    return replace(some, sites=sites, devices=devices, links=links)


def _timed(name: str, make: Callable[[], Report]) -> dict[str, float]:
    walls, processed = [], []
    for _ in range(_RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        rows = make().table.num_rows
        walls.append(time.perf_counter() - wall)
        processed.append(time.process_time() - cpu)
    return {f"{name}_rows": rows, f"{name}_s": round(min(walls), 3), f"{name}_cpu_s": round(min(processed), 3)}


def _write(engine: Engine, folder: Path, inventory: Inventory, months: int, wanted: int) -> dict[str, float]:
    """The year month by month; the outages of the gram panchayats' boxes are in the database and in closed months."""
    chance = np.random.default_rng(13)
    gps = {site.name for site in inventory.sites.values() if site.kind is SiteKind.GP}
    deciding = {name: box for name, box in deciding_devices(inventory).items() if name in gps}
    names = sorted(deciding)
    a_month = wanted / months / 2 / len(names) / (1 + len(_BESIDE))
    carried, month, number, told = COMPLETE.empty_table(), Month.of(START), 0, 0
    for _ in range(months):
        own = episodes_of(chance, len(names), month, a_month)
        lots = [tell_transitions(own, names, number), *_beside(chance, names, month, a_month)]
        rows = _numbered(lots, number)
        number += rows.num_rows
        write_month(folder / FOLDER, month, in_order(together([carried, rows], COMPLETE)), number)
        carried = last_of_each(in_order(together([carried, rows], COMPLETE)))
        boxes = [deciding[name] for name in names]
        told += sum(put(engine, outage, lot) for lot in tell_outages(chance, own, boxes, sorted(inventory.links), told))
        month = month.next
    with snapshot(engine) as connection:
        closed = len(list(close_outages(connection, folder, month.start + timedelta(days=40))))
    return {"gram_panchayats": len(names), "transitions": number, "outages": told, "months_closed": closed}


def _beside(chance: np.random.Generator, gps: list[str], month: Month, a_month: float) -> Iterator[pa.Table]:
    for n, kind in enumerate(_BESIDE):
        episodes: Episodes = episodes_of(chance, len(gps), month, a_month)
        yield tell_transitions(episodes, [f"{kind}-{n}-{name}" for name in gps], 0, kind)


def _numbered(lots: list[pa.Table], after: int) -> pa.Table:
    """Numbers grow with the time, as the judge gives them."""
    rows = pa.concat_tables(lots)
    rows = rows.take(pa.array(np.argsort(np.asarray(rows["at"]), kind="stable")))
    numbers = pa.array(np.arange(after + 1, after + 1 + rows.num_rows))
    return rows.set_column(rows.schema.get_field_index("id"), "id", numbers).select(COMPLETE.names).cast(COMPLETE)
