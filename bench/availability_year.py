"""A made-up year of a state, as the judge would have stored it: seeded, the same for each store it is put into."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv
from sqlalchemy import Engine, Table

from inventory.model import Inventory
from readiness.archive import close_months
from readiness.model import Cause, SubjectKind
from readiness.rules.village import ESSENTIAL
from readiness.tables import outage, transition
from storage.engine import for_writing
from storage.monthly import Month

START = datetime(2024, 10, 1, tzinfo=UTC)
MONTHS = 12
_EPISODES_A_MONTH = 12.5  # of a site: 25 transitions
_DOWN_SHARE = 0.65  # of the episodes; in the others the site is degraded
_MEDIAN_MS, _SPREAD = 25 * 60_000, 1.2
_LEAST_MS = 60_000
_LATE_MS = 30_000  # from what happened to when it was known
_CAUSES = {
    Cause.POWER: 0.35,
    Cause.UPSTREAM: 0.35,
    Cause.EQUIPMENT: 0.12,
    Cause.UNDETERMINED: 0.15,
    Cause.PLANNED: 0.03,
}
_ROOT_CAUSES = (Cause.FIBRE, Cause.FIBRE, Cause.EQUIPMENT, Cause.UNDETERMINED)
_BEHIND_A_ROOT = 8
_REASONS = {
    "down": "its box is cut off",
    "degraded": "loss: 7 of 20 probes answered",
    "up": "all essential devices answer",
}

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Written:
    transitions: int
    outages: int
    months_closed: int


@dataclass(frozen=True, slots=True)
class Episodes:
    """[start, end) in which the site at a position did not wholly work."""

    site: Numbers
    start: Numbers
    end: Numbers
    down: NDArray[np.bool_]


def write_year(engine: Engine, folder: Path, inventory: Inventory, months: int = MONTHS) -> Written:
    """Month by month; at the end of each the one before it is closed. `folder` is the history's."""
    chance = np.random.default_rng(11)
    deciding = deciding_devices(inventory)
    links = sorted(inventory.links)
    month, transitions, outages, closed = Month.of(START), 0, 0, 0
    transitions += put(engine, transition, _first_words(sorted(deciding)))
    for _ in range(months):
        episodes = episodes_of(chance, len(deciding), month)
        rows = tell_transitions(episodes, sorted(deciding), transitions)
        told = tell_outages(chance, episodes, [deciding[name] for name in sorted(deciding)], links, outages)
        transitions += put(engine, transition, rows)
        outages += sum(put(engine, outage, lot) for lot in told)
        closed += len(close_months(engine, folder, month.end).written)
        month = month.next
    return Written(transitions, outages, closed)


def end_of(months: int) -> datetime:
    month = Month.of(START)
    for _ in range(months):
        month = month.next
    return month.start


def deciding_devices(inventory: Inventory) -> dict[str, str]:
    """Site -> the first device that it can't work without."""
    found: dict[str, str] = {}
    for device in inventory.devices.values():
        if device.role in ESSENTIAL[inventory.sites[device.site].kind] and (device.primary_ip or device.seen_through):
            found.setdefault(device.site, device.name)
    return found


def episodes_of(chance: np.random.Generator, sites: int, month: Month, a_month: float = _EPISODES_A_MONTH) -> Episodes:
    first, last = (int(moment.timestamp()) * 1000 for moment in (month.start, month.end))
    count = chance.poisson(a_month, sites)
    site = np.repeat(np.arange(sites), count)
    start = chance.integers(first + _LEAST_MS, last - 2 * _LEAST_MS, len(site))
    start = start[np.lexsort((start, site))]
    following = np.where(np.append(site[1:] != site[:-1], True), last, np.append(start[1:], last))
    length = np.maximum(chance.lognormal(np.log(_MEDIAN_MS), _SPREAD, len(site)).astype(np.int64), _LEAST_MS)
    end = np.minimum(start + length, following - _LEAST_MS)
    kept = end > start
    return Episodes(site[kept], start[kept], end[kept], chance.random(int(kept.sum())) < _DOWN_SHARE)


def _first_words(names: Sequence[str]) -> pa.Table:
    at = np.full(len(names), int(START.timestamp()) * 1000 - 86_400_000)
    return _transition_rows(np.arange(1, len(names) + 1), names, at, ["unknown"] * len(names), ["up"] * len(names))


def tell_transitions(
    episodes: Episodes, names: Sequence[str], after: int, kind: SubjectKind = SubjectKind.SITE
) -> pa.Table:
    """Two for each episode, numbered in the order of time after `after`."""
    words = np.where(episodes.down, "down", "degraded")
    works = np.full(len(words), "up")
    at = np.concatenate([episodes.start, episodes.end])
    order = np.argsort(at, kind="stable")
    site = np.concatenate([episodes.site, episodes.site])[order]
    before, now = np.concatenate([works, words])[order], np.concatenate([words, works])[order]
    return _transition_rows(
        np.arange(after + 1, after + 1 + len(at)), [names[n] for n in site.tolist()], at[order], before.tolist(), now.tolist(),
        kind,
    )  # fmt: skip


def _transition_rows(  # noqa: PLR0917 - the columns
    numbers: Numbers,
    names: Sequence[str],
    at: Numbers,
    before: Sequence[str],
    now: Sequence[str],
    kind: SubjectKind = SubjectKind.SITE,
) -> pa.Table:
    return pa.table({
        "id": numbers, "subject_kind": pa.repeat(kind.value, len(numbers)), "subject": pa.array(names, pa.string()),
        "at": at, "recorded_at": at + _LATE_MS, "from_status": before, "to_status": now,
        "reason": [_REASONS[word] for word in now], "layer": ["backhaul" if word == "down" else "" for word in now],
        "evidence": pa.repeat("[]", len(numbers)),
    })  # fmt: skip


def tell_outages(
    chance: np.random.Generator, episodes: Episodes, devices: Sequence[str], links: Sequence[str], after: int
) -> Iterator[pa.Table]:
    """The links at the roots, then the devices of the sites that were down."""
    down = np.flatnonzero(episodes.down)
    cause = np.array(list(_CAUSES))[chance.choice(len(_CAUSES), len(down), p=list(_CAUSES.values()))]
    shadow = cause == Cause.UPSTREAM
    roots = int(shadow.sum()) // _BEHIND_A_ROOT + 1
    at = np.sort(chance.choice(episodes.start[down], roots))
    cut = [links[n] for n in chance.integers(0, len(links), roots).tolist()]
    why = [_ROOT_CAUSES[n] for n in chance.integers(0, len(_ROOT_CAUSES), roots).tolist()]
    first, second = after + 1, after + 1 + roots
    yield _outage_rows(np.arange(first, second), ("link", cut), (at, at + 4 * _MEDIAN_MS), why, [None] * roots)
    explained = np.where(shadow, first + chance.integers(0, roots, len(down)), 0)
    yield _outage_rows(
        np.arange(second, second + len(down)), ("device", [devices[n] for n in episodes.site[down].tolist()]),
        (episodes.start[down], episodes.end[down]), cause.tolist(), [number or None for number in explained.tolist()],
    )  # fmt: skip


def _outage_rows(
    numbers: Numbers,
    about: tuple[str, Sequence[str]],
    period: tuple[Numbers, Numbers],
    causes: Sequence[str],
    explained: Sequence[int | None],
) -> pa.Table:
    count, (kind, names) = len(numbers), about
    evidence = json.dumps(["silent, and none of 20 probes answered", "the neighbour's port is down"])
    return pa.table({
        "id": numbers, "subject_kind": pa.repeat(kind, count), "subject": pa.array(names, pa.string()),
        "status": pa.repeat("down", count), "from_at": period[0], "to_at": period[1], "cause": list(causes),
        "confidence": pa.repeat(0.9, count), "evidence": pa.repeat(evidence, count),
        "root": [one is None for one in explained], "explained_by": pa.array(explained, pa.int64()),
        "segment": pa.repeat("[]", count), "ring": pa.repeat("", count), "responsible": pa.repeat("agency", count),
        "villages": pa.repeat(2, count), "citizens": pa.nulls(count, pa.int64()),
    })  # fmt: skip


def put(engine: Engine, table: Table, rows: pa.Table) -> int:
    """Rows in bulk, past SQLAlchemy's own columns: the values are as they are stored."""
    with for_writing(engine).begin() as connection:
        cursor = connection.connection.cursor()
        names = ", ".join(f'"{name}"' for name in rows.column_names)
        if connection.dialect.name == "postgresql":
            sink = pa.BufferOutputStream()
            csv.write_csv(rows, sink, csv.WriteOptions(include_header=False))
            with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(sink.getvalue().to_pybytes())
        else:
            marks = ", ".join("?" * rows.num_columns)
            values = list(zip(*(rows.column(name).to_pylist() for name in rows.column_names), strict=True))
            cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", values)  # noqa: S608 - own names
    return int(rows.num_rows)
