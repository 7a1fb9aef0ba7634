"""`report availability` over a year of a whole state, on SQLite and on PostgreSQL.

The state is the post-office pack of Chhattisgarh, or the inventory in the folder that PAHUNCH_BENCH_INVENTORY names.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.availability_year import MONTHS, START, end_of, write_year
from inventory import store
from inventory.files import read_folder
from inventory.hours import INDIA
from inventory.model import Inventory
from inventory.pack.post_offices import build
from inventory.subset import subset
from reports.availability_columns import bucket_columns
from storage.engine import open_engine
from storage.migrate import upgrade

_MANAGE = Path(__file__).parents[1] / "manage.py"
_QUICK_GPS = 100


def run(quick: bool) -> dict[str, float]:
    """Seconds of the whole command, from its start to the finished file, and whether both stores give the same."""
    from tests.postgres import postgres

    inventory, months = _inventory(quick), 2 if quick else MONTHS
    with tempfile.TemporaryDirectory() as folder, postgres() as url:
        home = Path(folder)
        sqlite = _measured("sqlite", f"sqlite:///{home}/pahunch.db", home, inventory, months)
        postgresql = _measured("postgresql", url, home, inventory, months)
        reports = [_rows(home / f"{name}.csv") for name in ("sqlite", "postgresql")]
    return {
        "sites": len(inventory.sites),
        "months": months,
        **sqlite,
        **postgresql,
        "rows": len(reports[0]),
        "rows_that_add_up": sum(map(_adds_up, reports[0])),
        "same_on_both": reports[0] == reports[1],
    }


def _inventory(quick: bool) -> Inventory:
    if named := os.environ.get("PAHUNCH_BENCH_INVENTORY"):
        return read_folder(Path(named)).inventory
    whole = build("22", lambda _text, _over: None)
    return subset(whole, _QUICK_GPS) if quick else whole


def _measured(name: str, url: str, home: Path, inventory: Inventory, months: int) -> dict[str, float]:
    engine, history = open_engine(url), home / f"{name}-history"
    upgrade(engine)
    store.apply(engine, inventory, START)
    began = time.monotonic()
    written = write_year(engine, history, inventory, months)
    filled = time.monotonic()
    engine.dispose()
    last = end_of(months).astimezone(INDIA).date() - timedelta(days=1)
    days = ["--from", START.date().isoformat(), "--to", last.isoformat()]
    subprocess.run(
        [sys.executable, _MANAGE, "report", "availability", *days, "--out", home / f"{name}.csv"],
        check=True, cwd=home,
        env=os.environ | {"PAHUNCH_STORAGE__URL": url, "PAHUNCH_STORAGE__HISTORY": str(history)},
    )  # fmt: skip
    return {
        "transitions": written.transitions, "outages": written.outages, "months_closed": written.months_closed,
        f"fill_s_{name}": round(filled - began, 1), f"report_s_{name}": round(time.monotonic() - filled, 2),
    }  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows without the moment at which they were made."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: cell for name, cell in row.items() if name != "as_of"} for row in csv.DictReader(file)]


def _adds_up(row: dict[str, str]) -> bool:
    return int(row["period_ms"]) == sum(int(row[name]) for name in bucket_columns().values())
