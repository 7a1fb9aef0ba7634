"""The history at the size of a country: written by its sink, compacted, made into figures, and asked.

An hour of log-normal traffic of some devices goes through the sink and compaction, every minute 12 samples
a device. Files of other hours of the day are that hour's at other times; those of the year are 5-minute
figures of one shelf, which is all that a device's year is read from however many devices there are.
"""

import asyncio
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from collectors.metrics import NUMBER
from collectors.model import Batch
from collectors.sinks.history import KEEP, HistorySink
from storage.compaction import Keep, compact
from storage.figures import FIVE_MINUTES, kept
from storage.history import octets, series, totals
from storage.merge import Source, merged
from storage.monthly import Month
from storage.rows import integers
from storage.segments import FIGURES, HOURS, Writer, file_schema, in_force, stored
from storage.shelves import DAILY, FIVE, SHELF_SIZE, write_shelf
from storage.staged import Staged

COUNTRY, STATE = 264_000, 30_000
_HOUR = (datetime.now(UTC) - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
_SEGMENT_S = 8
_FLUSHES = 3
_DISTRICT = 340
_TRAFFIC = ("in_bps", "out_bps")
_INSTANCES = ("", "GE0/0/1", "GE0/0/2")
_SCALARS = ("sysUpTime", "host_cpu_percent")
_OF_A_PORT = ("ifOperStatus", *_TRAFFIC, "in_error_rate", "out_error_rate")
_ROWS = [(name, 0) for name in _SCALARS] + [(name, port) for port in (1, 2) for name in _OF_A_PORT]
SAMPLES = len(_ROWS)
"""Of one poll."""
_BUSY = [place for place, (name, _) in enumerate(_ROWS) if name in _TRAFFIC]


@dataclass(frozen=True, slots=True)
class _Size:
    """`fleet`: devices whose segments are written; `devices`: those of the hour that is compacted."""

    fleet: int
    devices: int
    months: int


def run(quick: bool) -> dict[str, float]:
    """Figures of one run; `quick` for a check that it works."""
    size = _Size(400, 40, 1) if quick else _Size(COUNTRY, 8_000, 12)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "history"
        figures = asyncio.run(_flush(Path(name) / "segments", size))
        figures |= asyncio.run(_write(folder, size)) | _compact(folder, size)
        _fill_day(folder)
        figures |= _asked("district_day", lambda: _district_day(folder, size))
        _fill_year(folder, size)
        figures |= _asked("year_of_one_device", lambda: _year(folder, size))
        return figures | _disk(folder, figures)


def names(devices: int) -> tuple[str, ...]:
    return tuple(f"gp-{number:06d}-r" for number in range(devices))


def hour_of(devices: tuple[str, ...], random: np.random.Generator) -> Iterator[Batch]:
    """An hour's polls in batches of what is written at once; each device is asked every minute, give or take 10 ms."""
    level = random.normal(14, 1.5, (len(devices), len(_BUSY)))
    phase = random.permutation(len(devices)) * 59.9 / len(devices)
    for second in range(0, 3600, _SEGMENT_S):
        turn = (phase - second) % 60
        asked = np.flatnonzero(turn < _SEGMENT_S)
        level[asked] += random.normal(0, 0.15, (len(asked), len(_BUSY)))
        at = _HOUR.timestamp() + second + turn[asked] + random.random(len(asked)) / 50
        yield _batch(devices, asked, np.round(at, 3), np.exp(level[asked] + random.normal(0, 0.5, level[asked].shape)))


def _batch(
    devices: tuple[str, ...], asked: NDArray[np.intp], at: NDArray[np.float64], traffic: NDArray[np.float64]
) -> Batch:
    """`traffic`: bit/s of each port in and out, shape (asked, 4)."""
    count = len(asked)
    value = np.zeros((count, SAMPLES))
    value[:, 0] = np.round(at % 10_000_000, 2)
    value[:, 1] = np.round(traffic[:, 0] % 40)
    value[:, [place for place, (name, _) in enumerate(_ROWS) if name == "ifOperStatus"]] = 1
    value[:, _BUSY] = traffic
    return Batch(
        devices=devices,
        instances=_INSTANCES,
        poll_device=asked.astype(np.int32),
        poll_at=at,
        poll_took_ms=np.full(count, 40, np.float32),
        poll_reached=np.ones(count, np.bool_),
        poll_reason=np.full(count, -1, np.int8),
        burst_sent=np.zeros(count, np.int8),
        burst_answered=np.zeros(count, np.int8),
        sample_device=np.repeat(asked, SAMPLES).astype(np.int32),
        sample_metric=np.tile(np.array([NUMBER[name] for name, _ in _ROWS], np.int16), count),
        sample_instance=np.tile(np.array([port for _, port in _ROWS], np.int32), count),
        sample_at=np.repeat(at, SAMPLES),
        sample_value=value.ravel(),
        closed_at=float(at.max(initial=0)),
    )


async def _write(folder: Path, size: _Size) -> dict[str, float]:
    """An hour through the sink, flushed as often as in a run."""
    sink = HistorySink(_writer(folder, size.devices), flush_s=3600, keep=Keep())
    samples = 0
    for batch in hour_of(names(size.devices), np.random.default_rng(4)):
        await sink(batch)
        await sink.flush()
        samples += len(batch.sample_value)
    await sink.close()
    return {"devices": size.devices, "samples": samples}


async def _flush(folder: Path, size: _Size) -> dict[str, float]:
    """Segments as large as those of all devices, and how long the loop was kept from turning meanwhile."""
    sink = HistorySink(_writer(folder, size.fleet), flush_s=3600, keep=Keep())
    cpu, samples, longest = 0.0, 0, 0.0
    for batch in islice(hour_of(names(size.fleet), np.random.default_rng(4)), 1 + _FLUSHES):
        await sink(batch)
        started = time.process_time()
        turn = await _longest_turn(asyncio.create_task(sink.flush()))
        if samples:  # the first one knows the fleet's names not yet
            cpu, longest = cpu + time.process_time() - started, max(longest, turn)
        samples += len(batch.sample_value)
    await sink.close()
    counted = samples * _FLUSHES / (1 + _FLUSHES)
    return {
        "samples_of_a_segment": round(samples / (1 + _FLUSHES)),
        "cpu_us_per_sample_written": round(cpu / counted * 1e6, 3),
        "octets_per_sample_written": round(octets(folder) / samples, 2),
        "loop_held_ms": round(longest * 1000, 1),
    }


def _writer(folder: Path, devices: int) -> Writer:
    folder.mkdir()
    writer = Writer(folder)
    writer.numbers.of(pa.array(names(devices)))
    return writer


async def _longest_turn(flushing: asyncio.Task[None]) -> float:
    longest, last = 0.0, time.perf_counter()
    while not flushing.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    return longest


def _compact(folder: Path, size: _Size) -> dict[str, float]:
    """The whole hour at once: what a run does in fifteen goes."""
    now, resting = _HOUR + timedelta(hours=2), _resident_mb()
    started, peak, done = time.process_time(), resting, threading.Event()
    with ThreadPoolExecutor(1) as pool:
        compacting = pool.submit(compact, folder, now, KEEP)
        compacting.add_done_callback(lambda _: done.set())
        while not done.wait(0.01):
            peak = max(peak, _resident_mb())
        compacting.result()
    cpu = time.process_time() - started
    samples, polls = size.devices * 60 * SAMPLES, size.devices * 60
    (hour,), (polled,), (figures,) = (in_force(stored(folder, kind)) for kind in ("samples", "polls", HOURS))
    return {
        "cpu_us_per_sample_compacted": round(cpu / samples * 1e6, 3),
        "compaction_mb": round(peak - resting, 1),
        "octets_per_sample": round(hour.path.stat().st_size / samples, 2),
        "octets_per_poll": round(polled.path.stat().st_size / polls, 2),
        "samples_lost": samples - pq.read_metadata(hour.path).num_rows,
        "figures_made": pq.read_metadata(figures.path).num_rows,
    }


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def _fill_day(folder: Path) -> None:
    """The other hours of the day: the same values at other times."""
    (hour,) = in_force(stored(folder, "samples"))
    for other in set(range(24)) - {_HOUR.hour}:
        path = hour.path.with_name(f"{other:02d}-{hour.first:012d}-{hour.last:012d}.parquet")
        with Source(hour.path, "samples") as source, Staged(path, file_schema("samples")) as copy:
            for rows in merged([source]):
                at = pa.array(integers(rows, "at") + (other - _HOUR.hour) * 3_600_000).cast(
                    rows.schema.field("at").type
                )
                copy.add(rows.set_column(rows.schema.get_field_index("at"), "at", at))
            copy.finish()
            copy.publish()


def _district_day(folder: Path, size: _Size) -> int:
    devices = names(size.devices)[size.devices // 2 :][:_DISTRICT]
    day = _HOUR.replace(hour=0)
    minute = timedelta(minutes=1)
    found = totals(folder, devices, _TRAFFIC, start=day, end=day + timedelta(days=1), step=minute)
    return sum(len(one.at) for one in found.values())


def _fill_year(folder: Path, size: _Size) -> None:
    """5-minute figures of the months before, of the first shelf."""
    random = np.random.default_rng(5)
    month = Month.of(_HOUR)
    for _ in range(size.months):
        month = month.previous
        first, last = (int(moment.timestamp()) // 3600 for moment in (month.start, month.end))
        hours = dict.fromkeys(range(first, last), 1)
        write_shelf(folder, 0, month, _figures(month, min(size.devices, SHELF_SIZE), random), hours)


def _figures(month: Month, devices: int, random: np.random.Generator) -> Iterator[pa.RecordBatch]:
    steps = int((month.end - month.start) / FIVE_MINUTES)
    at = int(month.start.timestamp() * 1000) + 300_000 * np.arange(steps)
    series = pa.table({"metric": [*_TRAFFIC] * 2, "instance": ["GE0/0/1"] * 2 + ["GE0/0/2"] * 2}).sort_by("metric")
    for number in range(devices):
        level = random.normal(14, 1.5, (4, 1)) + np.sin(at / 86_400_000 * 2 * np.pi)
        mean = np.exp(level + random.normal(0, 0.4, level.shape)).ravel()
        spread = np.exp(np.abs(random.normal(0, 0.3, mean.shape)))
        columns = {
            "number": np.full(len(mean), number, np.int32),
            "at": pa.array(np.tile(at, 4)).cast(FIGURES.field("at").type),
            "device": pa.array([f"gp-{number:06d}-r"]).dictionary_encode().take(pa.array(np.zeros(len(mean), np.int8))),
            "metric": _repeated(series["metric"], steps),
            "instance": _repeated(series["instance"], steps),
            "low": mean / spread,
            "mean": mean,
            "high": mean * spread,
            "count": np.full(len(mean), 5, np.int32),
        }
        yield kept(pa.RecordBatch.from_pydict(columns), file_schema(HOURS))


def _repeated(texts: pa.ChunkedArray, times: int) -> pa.DictionaryArray:
    return texts.combine_chunks().dictionary_encode().take(pa.array(np.repeat(np.arange(len(texts)), times)))


def _year(folder: Path, size: _Size) -> int:
    end = _HOUR.replace(day=1, hour=0)
    start = end - timedelta(days=min(365, 31 * size.months))
    device = names(size.devices)[min(size.devices, SHELF_SIZE) // 2]
    return len(series(folder, device, "in_bps", "GE0/0/2", start=start, end=end, step=FIVE_MINUTES).at)


def _asked(name: str, ask: Callable[[], int]) -> dict[str, float]:
    """Milliseconds of the middle one of five, by the clock and by the processor, and the steps that came."""
    took = []
    for _ in range(5):
        started, cpu = time.perf_counter(), time.process_time()
        steps = ask()
        took.append((time.perf_counter() - started, time.process_time() - cpu))
    wall, used = (round(sorted(each)[2] * 1000, 1) for each in zip(*took, strict=True))
    return {f"{name}_ms": wall, f"{name}_cpu_ms": used, f"{name}_steps": steps}


def _disk(folder: Path, figures: Mapping[str, float]) -> dict[str, float]:
    """What lies on the disk after a year: 14 days of samples and polls, all the year's figures."""
    of_series = {level: _octets_a_month(folder, level) for level in (FIVE, DAILY)}
    day = 1440 * (figures["octets_per_sample"] * SAMPLES + figures["octets_per_poll"])
    year = 14 * day + 12 * 4 * sum(of_series.values())
    return {
        "octets_per_figure": round(of_series[FIVE] / (30.4 * 288), 2),
        "disk_gb_country_samples_14_days": round(COUNTRY * 14 * day / 1e9, 1),
        "disk_gb_country_figures_a_year": round(COUNTRY * 48 * of_series[FIVE] / 1e9, 1),
        "disk_gb_country_days_a_year": round(COUNTRY * 48 * of_series[DAILY] / 1e9, 1),
        "disk_gb_per_year_country": round(COUNTRY * year / 1e9, 1),
        "disk_gb_per_year_state": round(STATE * year / 1e9, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _octets_a_month(folder: Path, level: str) -> float:
    """Of one series."""
    files = list((folder / level).glob("000000/*.parquet"))
    devices = len(pq.read_table(files[0], columns=["number"])["number"].unique())
    return sum(path.stat().st_size for path in files) / len(files) / devices / 4
