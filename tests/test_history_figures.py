"""Figures outlive their samples: what is read doesn't depend on where it lies meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from storage.compaction import Keep, compact
from storage.damage import Damage
from storage.history import Series, series, totals
from storage.ledger import read_ledger
from storage.segments import SCHEMAS, Writer, stored
from storage.shelves import DAILY, FIVE, gather, write_shelf
from storage.types import to_millis

START = datetime(2026, 9, 29, 0, tzinfo=UTC)
HOUR, DAY, STEP = timedelta(hours=1), timedelta(days=1), timedelta(minutes=5)
KEEP = Keep(metrics=("in_bps", "optical_rx_dbm"))
DEVICES = [f"gp{n}" for n in range(600)]  # three shelves


def values(device: int, start: datetime, minutes: int) -> np.ndarray:
    minute = to_millis(start) // 60_000 + np.arange(minutes)
    return (minute * 7 + device) % 251 + 1.0


def samples(start: datetime, minutes: int, devices: tuple[int, ...], metric: str = "in_bps") -> pa.Table:
    parts = [
        pa.table(
            {
                "at": pa.array(to_millis(start) + 60_000 * np.arange(minutes)),
                "device": [DEVICES[device]] * minutes,
                "metric": [metric] * minutes,
                "instance": ["GE0/0/1"] * minutes,
                "value": values(device, start, minutes),
            }
        ).cast(SCHEMAS["samples"])
        for device in devices
    ]
    return pa.concat_tables(parts)


def read(folder: Path, device: int, start: datetime, end: datetime, step: timedelta = STEP) -> Series:
    return series(folder, DEVICES[device], "in_bps", "GE0/0/1", start=start, end=end, step=step)


def expect(found: Series, device: int, start: datetime, minutes: int, step: timedelta = STEP) -> None:
    width = step // timedelta(minutes=1)
    each = values(device, start, minutes).reshape(-1, width)
    assert found.at.tolist() == [to_millis(start) + 60_000 * width * n for n in range(len(each))]
    assert found.low == pytest.approx(each.min(1), rel=2**-8)
    assert found.mean == pytest.approx(each.mean(1), rel=2**-10)
    assert found.high == pytest.approx(each.max(1), rel=2**-8)
    assert found.count.tolist() == [width] * len(each)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path)
    writer.numbers.of(pa.array(DEVICES))
    yield writer
    writer.close()


def write_hours(writer: Writer, hours: int, devices: tuple[int, ...] = (0, 300, 599)) -> None:
    for n in range(hours):
        for part in range(2):
            start = START + n * HOUR + part * HOUR / 2
            writer.write({"samples": samples(start, 30, devices)})


def test_the_same_is_read_from_samples_hours_and_months(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 50)
    expect(read(tmp_path, 300, START, START + 50 * HOUR), 300, START, 50 * 60)
    compact(tmp_path, START + 23 * HOUR, KEEP)
    assert not (tmp_path / FIVE).exists()
    expect(read(tmp_path, 300, START, START + 50 * HOUR), 300, START, 50 * 60)
    compact(tmp_path, START + 51 * HOUR, KEEP)  # 48 hours of September, two of October
    assert len(list((tmp_path / FIVE).glob("*/2026-09-*"))) == 3
    assert [one.day.month for one in stored(tmp_path, "figures")] == [10, 10]
    for device in (0, 300, 599):
        expect(read(tmp_path, device, START, START + 50 * HOUR), device, START, 50 * 60)
    expect(read(tmp_path, 0, START, START + 2 * DAY, step=DAY), 0, START, 2 * 1440, step=DAY)
    assert read(tmp_path, 1, START, START + DAY).at.shape == (0,)


def test_figures_stay_when_samples_go_and_days_when_figures_go(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 49)
    keep = replace(KEEP, raw=DAY, figures=DAY)  # of two days and one month rows stay
    compact(tmp_path, START + 3 * DAY, keep)
    assert len({one.start for one in stored(tmp_path, "samples")}) == 49  # too old, but kept until there were figures
    compact(tmp_path, START + 3 * DAY, keep)
    assert {one.start for one in stored(tmp_path, "samples")} == {START + n * HOUR for n in range(24, 49)}
    expect(read(tmp_path, 599, START, START + 2 * DAY), 599, START, 2 * 1440)
    minutes = read(tmp_path, 599, START + DAY - HOUR, START + DAY + HOUR, step=timedelta(minutes=1))
    assert len(minutes.at) == 12 + 60  # where no sample is left, what there is
    compact(tmp_path, START + 60 * DAY, keep)  # the hour of October is gathered
    compact(tmp_path, START + 60 * DAY, keep)
    assert [path.name for path in (tmp_path / FIVE).glob("000000/*")] == ["2026-10-000001.parquet"]
    expect(read(tmp_path, 599, START, START + 2 * DAY, step=DAY), 599, START, 2 * 1440, step=DAY)


def test_a_clock_that_is_ahead_removes_nothing(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 26)
    ahead = START + 4000 * DAY
    writer.write({"samples": samples(ahead, 30, (0,))})  # what is polled meanwhile has its time
    for _ in range(3):
        compact(tmp_path, ahead + DAY, KEEP)
    assert len({one.start for one in stored(tmp_path, "samples")}) == 27
    assert len(list((tmp_path / FIVE).glob("*/2026-09-*"))) == 3
    expect(read(tmp_path, 300, START, START + 26 * HOUR), 300, START, 26 * 60)
    expect(read(tmp_path, 300, START, START + DAY, step=DAY), 300, START, 1440, step=DAY)


def test_late_samples_renew_figures_that_were_gathered(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 24, devices=(0, 300))
    compact(tmp_path, START + 25 * HOUR, KEEP)
    writer.write({"samples": samples(START + 3 * HOUR, 60, (599,))})
    writer.write({"samples": samples(START + 3 * HOUR + timedelta(seconds=30), 1, (0,)).slice(0, 1)})
    compact(tmp_path, START + 26 * HOUR, KEEP)
    late = read(tmp_path, 0, START, START + DAY)
    assert late.count.tolist() == [5] * 36 + [6] + [5] * 251
    assert read(tmp_path, 0, START, START + DAY, step=DAY).count.tolist() == [1441]
    expect(read(tmp_path, 599, START, START + DAY), 599, START + 3 * HOUR, 60)
    gather(tmp_path, START + 40 * DAY, Damage())
    assert not stored(tmp_path, "figures")
    assert read(tmp_path, 0, START, START + DAY).count.tolist() == late.count.tolist()
    expect(read(tmp_path, 300, START, START + DAY), 300, START, 1440)


def test_late_samples_before_gathering_are_gathered_once_and_stay(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 23, devices=(0,))
    compact(tmp_path, START + 24 * HOUR, KEEP)
    writer.write({"samples": samples(START + 3 * HOUR, 60, (300,))})
    compact(tmp_path, START + 24 * HOUR, KEEP)  # the hour has two files of figures, the newer stands for the older
    for later in (40 * DAY, 41 * DAY):
        gather(tmp_path, START + later, Damage())
        assert not stored(tmp_path, "figures")
        expect(read(tmp_path, 300, START, START + DAY), 300, START + 3 * HOUR, 60)


def test_samples_that_come_after_theirs_went_change_nothing(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 24)
    writer.write({"samples": samples(START + DAY, 1, (0,))})
    writer.write({"samples": samples(START + 2 * DAY, 1, (0,))})
    later, keep = START + 20 * DAY, replace(KEEP, raw=DAY)
    for _ in range(2):
        compact(tmp_path, later, keep)
    writer.write({"samples": samples(START + timedelta(seconds=30), 1, (0,))})
    for _ in range(2):
        compact(tmp_path, later, keep)
    assert {one.day.day for one in stored(tmp_path, "samples")} == {30, 1}
    expect(read(tmp_path, 0, START, START + DAY), 0, START, 1440)


def test_metrics_without_figures_are_read_from_samples(tmp_path: Path, writer: Writer) -> None:
    writer.write({"samples": samples(START, 60, (0,), metric="temperature")})
    compact(tmp_path, START + 3 * HOUR, KEEP)
    found = series(tmp_path, DEVICES[0], "temperature", "GE0/0/1", start=START, end=START + HOUR, step=STEP)
    assert found.count.tolist() == [5] * 12


def test_a_total_adds_means_of_devices_and_ports(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 26)
    for now in (START, START + 28 * HOUR):  # of samples, then of figures
        compact(tmp_path, now, KEEP)
        found = totals(
            tmp_path, ["gp0", "gp599", "gp7", "stranger"], ["in_bps"], start=START, end=START + 26 * HOUR, step=STEP
        )["in_bps"]
        each = sum(values(device, START, 26 * 60).reshape(-1, 5).mean(1) for device in (0, 599))
        assert found.value == pytest.approx(each, rel=2**-10)
        assert found.at.tolist() == [to_millis(START) + 300_000 * n for n in range(26 * 12)]


@pytest.mark.parametrize("content", [b"", b'{"metrics": 1'])
def test_a_damaged_ledger_is_made_anew(tmp_path: Path, writer: Writer, content: bytes) -> None:
    write_hours(writer, 30)
    compact(tmp_path, START + 31 * HOUR, KEEP)
    before = read_ledger(tmp_path)
    (tmp_path / "made.json").write_bytes(content)
    compact(tmp_path, START + 32 * HOUR, KEEP)
    assert read_ledger(tmp_path) == before
    expect(read(tmp_path, 300, START, START + 30 * HOUR), 300, START, 30 * 60)


@pytest.mark.parametrize("stop", ["first shelf", "hours"])
def test_gathering_that_was_cut_short_is_done_again(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    """As if killed behind the first shelf, or before the hours' own files went."""
    monkeypatch.setattr("storage.shelves._GATHER", 100)
    write_hours(writer, 26)
    compact(tmp_path, START + 27 * HOUR, KEEP)

    def cut(folder: Path, shelf: int, *rest: Any) -> None:
        if shelf > 0:
            raise OSError(28, "killed")
        write_shelf(folder, shelf, *rest)

    unlink = Path.unlink

    def kept(path: Path, *, missing_ok: bool = False) -> None:
        if path.parts[-3] == "figures":
            raise OSError(28, "killed")
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        if stop == "first shelf":
            patch.setattr("storage.shelves.write_shelf", cut)
        else:
            patch.setattr(Path, "unlink", kept)
        with pytest.raises(OSError, match="killed"):
            gather(tmp_path, START + 40 * DAY, Damage())
    expect(read(tmp_path, 0, START, START + 26 * HOUR), 0, START, 26 * 60)
    expect(read(tmp_path, 599, START, START + 26 * HOUR), 599, START, 26 * 60)
    gather(tmp_path, START + 40 * DAY, Damage())
    assert not stored(tmp_path, "figures")
    for device in (0, 300, 599):
        expect(read(tmp_path, device, START, START + 26 * HOUR), device, START, 26 * 60)


def damaged(path: Path) -> Path:
    """Without its end; the path that it is put aside as."""
    path.write_bytes(path.read_bytes()[:-9])
    return path.with_name(f"{path.name}.unreadable")


def test_one_unreadable_hour_of_figures_is_made_again_from_samples(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 23, devices=(0, 300))
    compact(tmp_path, START + 24 * HOUR, KEEP)
    bad = damaged(stored(tmp_path, "figures")[7].path)
    assert len(read(tmp_path, 300, START, START + 23 * HOUR).at) == 22 * 12
    damage = Damage()
    for _ in range(2):
        compact(tmp_path, START + 40 * DAY, KEEP, damage)
        assert (damage.skipped, damage.aside) == (0, [bad.with_suffix("")])
        assert bad.exists()
    assert not stored(tmp_path, "figures")
    expect(read(tmp_path, 300, START, START + 23 * HOUR), 300, START, 23 * 60)
    assert read(tmp_path, 300, START, START + DAY, step=DAY).count.tolist() == [23 * 60]


def test_an_unreadable_month_keeps_its_days_and_is_begun_anew(tmp_path: Path, writer: Writer) -> None:
    write_hours(writer, 48, devices=(0, 300))
    compact(tmp_path, START + 25 * HOUR, KEEP)
    (month,) = (tmp_path / FIVE / "000001").iterdir()
    bad, damage = damaged(month), Damage()
    for later in (49 * HOUR, 40 * DAY):  # gathered with the next hours, and once more with a late one
        compact(tmp_path, START + later, KEEP, damage)
        assert bad.exists()
        assert damage.aside == [month]
        for device in (0, 300):
            found = read(tmp_path, device, START, START + 100 * DAY, step=DAY)
            expect(found, device, START, 2 * 1440, step=DAY)
        writer.write({"samples": samples(START + 30 * HOUR, 60, (599,))})
    expect(read(tmp_path, 0, START, START + 48 * HOUR), 0, START, 48 * 60)
    expect(read(tmp_path, 300, START + DAY, START + 48 * HOUR), 300, START + DAY, 1440)
    assert [path.name for path in (tmp_path / DAILY / "000001").iterdir()] == ["2026-09-000003.parquet"]
