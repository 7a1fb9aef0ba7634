"""The Parquet history: what was written is read back, once, whatever moment a writer is killed at."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.compaction import compact
from storage.damage import Damage, UnreadableError
from storage.history import Series, octets, series
from storage.numbers import Numbers
from storage.segments import SCHEMAS, FolderInUseError, FolderLayoutError, Writer, in_force, stored
from storage.types import to_millis

TEN = datetime(2026, 11, 21, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def samples(start: datetime, count: int, device: str = "gp1", metric: str = "in_bps", first: float = 0.0) -> pa.Table:
    at = [to_millis(start) + 60_000 * n for n in range(count)]
    rows = {"at": at, "device": [device] * count, "metric": [metric] * count, "instance": ["GE0/0/1"] * count}
    return pa.table({**rows, "value": [first + n for n in range(count)]}).cast(SCHEMAS["samples"])


def read(folder: Path, start: datetime = TEN, hours: int = 1, step: timedelta = MINUTE, device: str = "gp1") -> Series:
    return series(folder, device, "in_bps", "GE0/0/1", start=start, end=start + timedelta(hours=hours), step=step)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path)
    yield writer
    writer.close()


def test_values_come_back_by_step(tmp_path: Path, writer: Writer) -> None:
    writer.write({"samples": samples(TEN, 6)})
    writer.write({"samples": samples(TEN, 6, device="gp2", first=100)})
    found = read(tmp_path, step=timedelta(minutes=3))
    assert found.at.tolist() == [to_millis(TEN), to_millis(TEN) + 180_000]
    assert (found.low.tolist(), found.mean.tolist(), found.high.tolist()) == ([0, 3], [1, 4], [2, 5])
    assert found.count.tolist() == [3, 3]


def test_the_end_is_not_included_and_other_days_are_not_opened(tmp_path: Path, writer: Writer) -> None:
    writer.write({"samples": samples(TEN, 61)})
    (tmp_path / "samples" / "2026-11-20").mkdir()
    (tmp_path / "samples" / "2026-11-20" / "10-000000000099.parquet").write_bytes(b"no Parquet")
    assert read(tmp_path).count.sum() == 60
    assert read(tmp_path, start=TEN + timedelta(hours=1)).mean.tolist() == [60]


def test_nothing_stored_is_an_empty_series(tmp_path: Path) -> None:
    assert read(tmp_path).at.shape == (0,)


def test_rows_across_midnight_lie_in_both_days(tmp_path: Path, writer: Writer) -> None:
    start = datetime(2026, 11, 21, 23, 58, tzinfo=UTC)
    writer.write({"samples": samples(start, 4)})
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["2026-11-21", "2026-11-22"]
    assert read(tmp_path, start=start).mean.tolist() == [0, 1, 2, 3]


def test_compaction_keeps_every_row_once_and_late_rows_join(tmp_path: Path, writer: Writer) -> None:
    for n in range(6):
        writer.write({"samples": samples(TEN + n * MINUTE, 1, first=n)})
    later = TEN + timedelta(hours=1, minutes=3)
    assert compact(tmp_path, later - timedelta(minutes=2)) == 0  # the hour is hardly over
    assert compact(tmp_path, later) == 1
    assert read(tmp_path).mean.tolist() == [0, 1, 2, 3, 4, 5]
    assert compact(tmp_path, later) == 0
    writer.write({"samples": samples(TEN + 6 * MINUTE, 1, first=6)})
    assert read(tmp_path).mean.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert compact(tmp_path, later) == 1
    assert read(tmp_path).mean.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert read(tmp_path).count.tolist() == [1] * 7


def test_replaced_files_stay_for_readers_that_listed_them_then_go(tmp_path: Path, writer: Writer) -> None:
    for n in range(3):
        writer.write({"samples": samples(TEN + n * MINUTE, 1)})
    listed = stored(tmp_path, "samples")
    compact(tmp_path, TEN + timedelta(hours=2))
    assert all(segment.path.exists() for segment in listed)
    (newest,) = in_force(stored(tmp_path, "samples"))
    os.utime(newest.path, times=(0, 0))
    compact(tmp_path, TEN + timedelta(hours=2))
    assert [segment.path for segment in stored(tmp_path, "samples")] == [newest.path]
    assert octets(tmp_path) == newest.path.stat().st_size


def test_a_second_writer_is_refused_and_a_half_written_file_removed(tmp_path: Path) -> None:
    first = Writer(tmp_path)
    with pytest.raises(FolderInUseError):
        Writer(tmp_path)
    first.write({"samples": samples(TEN, 2)})
    first.close()
    half = tmp_path / "samples" / "2026-11-21" / ".tmp-10-000000000007.parquet"
    half.write_bytes(b"PAR1")
    second = Writer(tmp_path)
    second.write({"samples": samples(TEN + 2 * MINUTE, 1, first=2)})
    second.close()
    assert not half.exists()
    assert read(tmp_path).mean.tolist() == [0, 1, 2]


def test_a_full_disk_stores_nothing_and_the_same_rows_can_be_written_again(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    across_the_hour = samples(TEN + 58 * MINUTE, 4)

    def full(descriptor: int) -> None:
        if len(list(tmp_path.rglob(".tmp-*"))) > 1:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            writer.write({"samples": across_the_hour})
    assert read(tmp_path, hours=2).count.sum() == 0
    writer.write({"samples": across_the_hour})
    assert read(tmp_path, hours=2).count.tolist() == [1, 1, 1, 1]


def test_names_that_are_not_ours_are_left_alone(tmp_path: Path, writer: Writer) -> None:
    writer.write({"samples": samples(TEN, 1)})
    stranger = tmp_path / "samples" / "2026-11-21" / "mine-to-look-at.parquet"
    stranger.write_bytes(b"")
    compact(tmp_path, TEN + timedelta(days=1))
    assert stranger.exists()
    assert len(stored(tmp_path, "samples")) == 1


@given(spans=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), max_size=8))
def test_files_in_force_are_never_covered(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("history")
    day = folder / "samples" / "2026-11-21"
    day.mkdir(parents=True)
    for first, more in spans:
        (day / f"10-{first:012d}-{first + more:012d}.parquet").touch()
    everything, live = stored(folder, "samples"), in_force(stored(folder, "samples"))
    assert not any(one.covers(other) for one in live for other in live)
    assert all(any(one == other or one.covers(other) for one in live) for other in everything)


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_damaged_file_is_put_aside_and_the_rest_is_compacted(tmp_path: Path, writer: Writer, left: int) -> None:
    for hour in range(2):
        for n in range(3):
            writer.write({"samples": samples(TEN + hour * 60 * MINUTE + n * MINUTE, 1, first=n)})
    bad = stored(tmp_path, "samples")[1].path
    bad.write_bytes(bad.read_bytes()[:left])
    kept = bad.read_bytes()
    assert read(tmp_path).mean.tolist() == [0, 2]
    damage = Damage()
    assert compact(tmp_path, TEN + timedelta(hours=3), damage=damage) == 2
    assert (damage.aside, damage.skipped) == ([bad], 0)
    assert bad.with_name(f"{bad.name}.unreadable").read_bytes() == kept
    for newest in in_force(stored(tmp_path, "samples")):
        os.utime(newest.path, times=(0, 0))
    assert compact(tmp_path, TEN + timedelta(hours=3), damage=damage) == 0
    assert len(stored(tmp_path, "samples")) == 2
    assert read(tmp_path).mean.tolist() == [0, 2]
    assert read(tmp_path, TEN + timedelta(hours=1)).mean.tolist() == [0, 1, 2]


def test_a_file_of_other_columns_is_put_aside(tmp_path: Path, writer: Writer) -> None:
    for n in range(2):
        writer.write({"samples": samples(TEN + n * MINUTE, 1, first=n)})
    old = stored(tmp_path, "samples")[0].path
    pq.write_table(samples(TEN, 1), old)
    damage = Damage()
    compact(tmp_path, TEN + timedelta(hours=3), damage=damage)
    assert damage.aside == [old]
    assert read(tmp_path).mean.tolist() == [1]


def test_what_the_disk_refuses_to_give_waits_and_the_rest_is_compacted(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(2):
        for n in range(2):
            writer.write({"samples": samples(TEN + hour * 60 * MINUTE + n * MINUTE, 1, first=n)})
    refused, opened = stored(tmp_path, "samples")[1].path, pq.ParquetFile

    def refusing(path: Path, **options: object) -> pq.ParquetFile:
        if path == refused:
            raise OSError(5, "Input/output error")
        return opened(path, **options)

    damage = Damage()
    with monkeypatch.context() as patch:
        patch.setattr(pq, "ParquetFile", refusing)
        assert compact(tmp_path, TEN + timedelta(hours=3), damage=damage) == 1
    assert (damage.aside, damage.skipped) == ([], 1)
    assert compact(tmp_path, TEN + timedelta(hours=3), damage=damage) == 1
    assert read(tmp_path, hours=2).mean.tolist() == [0, 1, 0, 1]


def test_what_lies_between_segments_is_never_taken_for_one_of_them(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file is damaged, another refused once: the merged ones behind them stand for themselves afterwards too."""
    monkeypatch.setattr("storage.compaction._FAN", 4)
    for n in range(8):
        writer.write({"samples": samples(TEN + n * MINUTE, 1, first=n)})
    bad, refused = (stored(tmp_path, "samples")[n].path for n in (1, 2))
    bad.write_bytes(bad.read_bytes()[:-9])
    opened = pq.ParquetFile

    def refusing(path: Path, **options: object) -> pq.ParquetFile:
        if path == refused:
            raise OSError(5, "Input/output error")
        return opened(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(pq, "ParquetFile", refusing)
        compact(tmp_path, TEN + 20 * MINUTE)
    writer.write({"samples": samples(TEN + 8 * MINUTE, 1, first=8)})
    for now in (TEN + 20 * MINUTE, TEN + 62 * MINUTE):  # while the hour runs, and at its end
        compact(tmp_path, now)
        assert read(tmp_path).mean.tolist() == [0, 2, 3, 4, 5, 6, 7, 8]
    assert len(in_force(stored(tmp_path, "samples"))) == 1


def test_a_refused_file_takes_those_back_that_were_published_with_it(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    across_the_hour, rename = samples(TEN + 58 * MINUTE, 4), Path.rename

    def full(path: Path, target: Path) -> Path:
        if target.name.startswith("11-"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(OSError, match="No space"):
            writer.write({"samples": across_the_hour})
    assert not stored(tmp_path, "samples")
    writer.write({"samples": across_the_hour})
    assert read(tmp_path, hours=2).count.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "name", ["2026-11-21/24-000000000009", "2026-11-21/10-000000000009 ", "20261121/10-000000000009"]
)
def test_names_that_are_almost_ours_end_no_compaction(tmp_path: Path, writer: Writer, name: str) -> None:
    for n in range(2):
        writer.write({"samples": samples(TEN + n * MINUTE, 1, first=n)})
    stranger = tmp_path / "samples" / f"{name}.parquet"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_bytes(b"")
    month = tmp_path / "five" / "000000" / "2026-13-000001.parquet"
    month.parent.mkdir(parents=True)
    month.write_bytes(b"")
    assert compact(tmp_path, TEN + timedelta(hours=3)) == 1
    assert stranger.exists()
    assert read(tmp_path).mean.tolist() == [0, 1]


def test_a_copy_beside_the_devices_numbers_nobody_anew_and_a_missing_file_is_told(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path)
    for name in ("gp1", "gp2", "gp3"):
        numbers.of(pa.array([name]))
    first, second = (tmp_path / "devices" / f"{n:09d}.parquet" for n in range(2))
    first.with_name("000000000-copy.parquet").write_bytes(first.read_bytes())
    assert Numbers(tmp_path).of(pa.array(["gp3", "gp1"])).tolist() == [2, 0]
    whole = second.read_bytes()
    second.write_bytes(whole[:-9])
    with pytest.raises(UnreadableError, match="000000001"):
        Numbers(tmp_path)
    second.unlink()
    with pytest.raises(UnreadableError, match=r"000000002.*backup"):
        Numbers(tmp_path)


def test_a_file_that_cannot_be_removed_keeps_no_other_from_being_compacted(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        writer.write({"samples": samples(TEN + n * MINUTE, 1, first=n)})
    compact(tmp_path, TEN + timedelta(hours=2))
    (merged,) = in_force(stored(tmp_path, "samples"))
    os.utime(merged.path, times=(0, 0))
    for n in range(2):
        writer.write({"samples": samples(TEN + timedelta(hours=1, minutes=n), 1, first=n)})
    kept, unlink, damage = stored(tmp_path, "samples")[0].path, Path.unlink, Damage()

    def refusing(path: Path, missing_ok: bool = False) -> None:
        if path == kept:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refusing)
    assert compact(tmp_path, TEN + timedelta(hours=4), damage=damage) == 1
    assert damage.skipped == 1
    assert len(in_force(stored(tmp_path, "samples"))) == 2
    assert (
        len(stored(tmp_path, "samples")) == 5
    )  # the refused one, the two that were merged just now, and what they became


def test_a_folder_without_numbers_of_devices_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "samples" / "2026-11-21"
    old.mkdir(parents=True)
    pq.write_table(samples(TEN, 3), old / "10-000000000007.parquet")
    for _ in range(2):
        with pytest.raises(FolderLayoutError, match=rf"{tmp_path} holds samples.*move samples/"):
            Writer(tmp_path)


_KILLED = """
    import sys
    from datetime import datetime, timedelta, UTC
    from pathlib import Path
    from storage.compaction import compact
    from storage.segments import Writer
    from tests.test_history import TEN, MINUTE, samples
    writer, folder = Writer(Path(sys.argv[1])), Path(sys.argv[1])
    for n in range(10_000):
        writer.write({"samples": samples(TEN + n * timedelta(seconds=1), 1, first=n)})
        print(n, flush=True)
        if n % 5 == 4:
            compact(folder, TEN + timedelta(hours=9))
"""


@pytest.mark.parametrize("lines", [3, 5, 17])
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, lines: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_KILLED), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as process:
        assert process.stdout
        for _ in range(lines):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        acknowledged = lines + len(process.stdout.read().split())
    Writer(tmp_path).close()
    compact(tmp_path, TEN + timedelta(hours=9))
    found = read(tmp_path, hours=9, step=timedelta(milliseconds=1))
    assert len(found.at) in (acknowledged, acknowledged + 1)  # one more may be stored and not yet acknowledged
    assert found.count.tolist() == [1] * len(found.at)
    assert np.all(np.diff(found.mean) == 1)


def test_an_hour_too_large_for_memory_is_sorted_by_ranges_of_devices(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.merge.AT_ONCE", 20_000)
    rows, devices = 200_000, 50_000
    number = np.random.default_rng(4).permutation(rows)
    table = pa.table(
        {
            "at": pa.array(to_millis(TEN) + number // devices, pa.int64()),
            "device": pa.array([f"a-device-with-a-long-name-{n % devices:06d}" for n in number.tolist()]),
            "metric": pa.array(["in_bps"] * rows),
            "instance": pa.array(["GE0/0/1"] * rows),
            "value": pa.array(number.astype(np.float64)),
        }
    ).cast(SCHEMAS["samples"])
    writer.numbers.of(pa.array([f"a-device-with-a-long-name-{n:06d}" for n in range(devices)]))
    for start in range(0, rows, rows // 4):
        writer.write({"samples": table.slice(start, rows // 4)})
    assert compact(tmp_path, TEN + timedelta(hours=2)) == 1
    (newest,) = in_force(stored(tmp_path, "samples"))
    expected = table.sort_by([("device", "ascending"), ("at", "ascending")])
    assert pq.read_table(newest.path).select(expected.column_names).cast(expected.schema).equals(expected)
