"""What of a batch lands in the history."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.beside import Cell, without_polls
from collectors.metrics import NUMBER
from collectors.model import Batch, Reason
from collectors.sinks.history import HistorySink, rounded
from collectors.sinks.neighbours import number_devices
from inventory.model import Inventory, Level
from storage.history import Series, octets, series
from storage.numbers import Numbers, numbers_of
from storage.segments import Writer
from tests.batches import batch
from tests.small import small_inventory

DEVICES = ("gp1", "gp2")
AT = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=UTC)


def read(folder: Path, device: str, metric: str, instance: str) -> Series:
    day = timedelta(days=1)
    return series(folder, device, metric, instance, start=AT - day, end=AT + day, step=timedelta(milliseconds=1))


async def test_states_and_gauges_exactly_rates_rounded_their_counters_not(tmp_path: Path) -> None:
    sink = HistorySink(Writer(tmp_path))
    samples = [
        ("gp1", "ifOperStatus", "GE0/0/1", 2.0),
        ("gp1", "ifHCInOctets", "GE0/0/1", 1e15 + 1),
        ("gp1", "in_bps", "GE0/0/1", 123_456_789.0),
        ("gp1", "ifInDiscards", "GE0/0/1", 123_456_789.0),
        ("gp2", "temperature", "", -12.3),
    ]
    await sink(batch(samples, devices=DEVICES, at=AT.timestamp()))
    await sink.close()
    assert read(tmp_path, "gp1", "ifOperStatus", "GE0/0/1").mean.tolist() == [2]
    assert read(tmp_path, "gp1", "ifInDiscards", "GE0/0/1").mean.tolist() == [123_456_789]
    assert read(tmp_path, "gp2", "temperature", "").mean.tolist() == [-12.3]
    assert read(tmp_path, "gp1", "in_bps", "GE0/0/1").mean[0] == pytest.approx(123_456_789, rel=2**-13)
    assert read(tmp_path, "gp1", "ifHCInOctets", "GE0/0/1").at.shape == (0,)
    assert read(tmp_path, "gp2", "temperature", "").at.tolist() == [round(AT.timestamp() * 1000)]


async def test_polls_say_how_they_ended(tmp_path: Path) -> None:
    sink = HistorySink(Writer(tmp_path))
    made = batch(
        [("gp1", "temperature", "", 1.0)],
        devices=DEVICES,
        at=AT.timestamp(),
        failed=[("gp2", Reason.TIMEOUT)],
        burst=(20, 1),
    )
    await sink(made)
    await sink.close()
    rows = duckdb.read_parquet(f"{tmp_path}/polls/*/*").order("device")
    found = rows.project("device, took_ms, reached, reason, burst_sent, burst_answered").fetchall()
    assert found == [("gp1", 12.5, True, "", 0, 0), ("gp2", 12.5, False, "timeout", 20, 1)]


async def test_batches_are_on_disk_soon_without_closing(tmp_path: Path) -> None:
    sink = HistorySink(Writer(tmp_path), flush_s=0.05)
    for number in range(3):
        await sink(batch([("gp1", "temperature", "", float(number))], devices=DEVICES, at=AT.timestamp() + number))
    async with asyncio.timeout(10):
        while sink.waiting:  # noqa: ASYNC110 - the sink sets no event
            await asyncio.sleep(0.02)
    assert read(tmp_path, "gp1", "temperature", "").mean.tolist() == [0, 1, 2]
    await sink.close()
    assert sink.octets == octets(tmp_path)


async def test_makers_that_share_devices_keep_their_own_instances(tmp_path: Path) -> None:
    at = AT.timestamp()

    def told(device: int, metric: str, instance: int, value: float, instances: tuple[str, ...]) -> Batch:
        return without_polls(DEVICES, instances, [Cell(device, at, NUMBER[metric], instance, value)], at)

    sink = HistorySink(Writer(tmp_path))
    await sink(told(0, "ifInDiscards", 2, 7.0, ("", "ether1", "ether2")))
    await sink(told(1, "notification", 1, 3.0, ("", "xe-0/0/9")))  # heard
    await sink(told(0, "ifInDiscards", 3, 8.0, ("", "ether1", "ether2", "ether3")))
    await sink(told(1, "temperature", 0, 21.0, ("",)))
    await sink.close()
    assert read(tmp_path, "gp1", "ifInDiscards", "ether2").mean.tolist() == [7]
    assert read(tmp_path, "gp1", "ifInDiscards", "ether3").mean.tolist() == [8]
    assert read(tmp_path, "gp2", "notification", "xe-0/0/9").mean.tolist() == [3]
    assert read(tmp_path, "gp2", "temperature", "").mean.tolist() == [21]


async def test_a_full_disk_keeps_the_newest_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.sinks.history._FULL", 8)  # four batches of a sample and a poll
    writer = Writer(tmp_path)
    write = writer.write

    def full(tables: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "write", full)
    sink = HistorySink(writer)
    for number in range(10):
        await sink(batch([("gp1", "temperature", "", float(number))], devices=DEVICES, at=AT.timestamp() + number))
    assert (sink.waiting, sink.dropped) == (3, 7)
    monkeypatch.setattr(writer, "write", write)
    await sink.close()
    assert read(tmp_path, "gp1", "temperature", "").mean.tolist() == [7, 8, 9]


async def test_what_was_written_before_the_disk_refused_is_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path)
    write, calls = writer.write, list[int]()

    def full_after_one(tables: Mapping[str, pa.Table]) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(tables)

    sink = HistorySink(writer)
    await sink(batch([("noc", "endpoint_up", "portal", 1.0)], devices=("noc",), at=AT.timestamp()))
    await sink(batch([("gp1", "temperature", "", 1.0)], devices=DEVICES, at=AT.timestamp()))
    monkeypatch.setattr(writer, "write", full_after_one)
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            await sink.flush()
        assert sink.waiting == 1
    monkeypatch.setattr(writer, "write", write)
    await sink.close()
    rows = duckdb.read_parquet(f"{tmp_path}/samples/*/*").order("device").project("device, value").fetchall()
    assert rows == [("gp1", 1.0), ("noc", 1.0)]
    assert sink.dropped == 0


async def test_a_batch_that_makes_no_table_is_left_out_alone(tmp_path: Path) -> None:
    sink = HistorySink(Writer(tmp_path), flush_s=0.01)
    for number in range(4):
        made = batch([("gp1", "temperature", "", float(number))], devices=DEVICES, at=AT.timestamp() + number)
        await sink(replace(made, sample_instance=np.full(1, -1, np.int32)) if number == 2 else made)
    await sink.flush()
    await sink(batch([("gp1", "temperature", "", 4.0)], devices=DEVICES, at=AT.timestamp() + 4))
    await sink.close()
    assert read(tmp_path, "gp1", "temperature", "").mean.tolist() == [0, 1, 3, 4]
    assert sink.dropped == 1


@given(st.lists(st.floats(min_value=1e-3, max_value=1e13), min_size=1, max_size=20))
def test_rounding_changes_at_most_a_hundredth_of_a_percent(values: list[float]) -> None:
    exact = np.array(values)
    assert np.all(np.abs(rounded(exact) - exact) <= exact * 2**-13)
    assert np.array_equal(rounded(rounded(exact)), rounded(exact))


def test_devices_of_a_district_are_numbered_one_after_another(tmp_path: Path) -> None:
    places = small_inventory()
    numbers = Numbers(tmp_path)
    number_devices(places, numbers)
    names = list(places.devices)
    assert sorted(numbers.of(pa.array(names)).tolist()) == list(range(len(names)))
    by_number = numbers_of(tmp_path, names)
    order = sorted(names, key=lambda name: int(numbers.of(pa.array([name]))[0]))
    districts = [_district(places, name) for name in order]
    assert len(list(groupby(districts))) == len(set(districts))
    assert by_number.tolist() == list(range(len(names)))
    assert not numbers.lacks(pa.array(names))
    assert Numbers(tmp_path).of(pa.array([order[-1], "new"])).tolist() == [len(names) - 1, len(names)]


def _district(places: Inventory, device: str) -> str | None:
    area: str | None = places.sites[places.devices[device].site].area
    while area and places.areas[area].level is not Level.DISTRICT:
        area = places.areas[area].parent
    return area
