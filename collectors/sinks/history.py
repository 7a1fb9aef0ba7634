"""Batches into the Parquet history.

Of counters that have a rate (octets, errors) only the rate is kept: readers want the rate, it
needs no knowledge of wraps and reboots, and beside it the counter would double the size. Rates
are rounded to 13 significant bits (0.01 %), well below what the timing of two polls lets them
be; everything else is kept exactly.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import structlog
from numpy.typing import NDArray

from collectors.figures import Reading
from collectors.metrics import FIGURED, METRICS
from collectors.model import REASONS, Batch
from collectors.rates import FROM_COUNTER
from storage.compaction import Keep, compact
from storage.damage import MISHAPS, Damage
from storage.segments import Writer

_FLUSH_S = 8.0
_COMPACT_S = 300.0
_FULL = 4_000_000  # samples and polls waiting to be written: from here on a batch waits for its turn
_KEPT_BITS = 12  # of the 52 after a float's first one

_NAMES = pa.array([metric.name for metric in METRICS])
_REASONS = pa.array(["", *REASONS])
_IS_RATE, _IS_KEPT = np.zeros(len(METRICS), np.bool_), np.ones(len(METRICS), np.bool_)
_IS_RATE[[rate.metric for rate in FROM_COUNTER.values()]] = True
_IS_KEPT[list(FROM_COUNTER)] = False

KEEP = Keep(metrics=FIGURED)
"""What the settings' defaults keep."""

_UNWRITABLE = (ArithmeticError, LookupError, ValueError, pa.ArrowException)
"""What a batch raises whose columns don't fit together; the disk's own errors are others, and pass."""

_log = structlog.get_logger()


class Fleet(NamedTuple):
    """The devices of batches as the history knows them, by position; both of shape (devices,)."""

    names: pa.Array
    numbers: NDArray[np.int32]


class HistorySink:
    """A sink over the writer of a history folder; start it inside a running loop, and `close` it.

    What a batch brought is on disk within 10 s. While the disk refuses, batches wait in memory up
    to a bound; beyond it the oldest are dropped and counted.
    """

    def __init__(self, writer: Writer, flush_s: float = _FLUSH_S, keep: Keep = KEEP) -> None:
        self._writer = writer
        self._keep = keep
        self._fleets: dict[int, tuple[tuple[str, ...], Fleet]] = {}  # of the last flush, by identity of their devices
        self._flush_s = flush_s
        self._waiting: list[Batch] = []
        self._closing = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._tasks = [asyncio.create_task(self._keep_flushing()), asyncio.create_task(self._keep_compacting())]
        self.octets = 0  # written since the start
        self.dropped = 0  # samples that could not be written in time
        self._damage = Damage()
        self._failed = 0

    async def __call__(self, batch: Batch) -> None:
        for task in self._tasks:
            if task.done():
                task.result()  # a fault of ours ended it: be loud, batch after batch
        self._waiting.append(batch)
        if self._rows >= _FULL:
            await self._flush_or_drop()

    async def close(self) -> None:
        """As `flush`, for the last time."""
        self._closing.set()
        await asyncio.gather(*self._tasks)
        await self.flush()
        self._writer.close()

    def readings(self) -> tuple[Reading, ...]:
        return (
            Reading("history_written_bytes", "Octets written to the history", lambda: self.octets, counter=True),
            Reading("history_waiting_samples", "Samples that are not on disk yet", lambda: self.waiting),
            Reading(
                "history_dropped_samples",
                "Samples lost to a disk that refused, or in a batch that made no table",
                lambda: self.dropped,
                counter=True,
            ),
            Reading(
                "history_unreadable_files",
                "Files of the history put aside because they are damaged",
                lambda: len(self._damage.aside),
                counter=True,
            ),
            Reading(
                "history_compaction_failures",
                "Times that compaction of the history, or a part of it, was put off by the disk",
                lambda: self._damage.skipped + self._failed,
                counter=True,
            ),
        )

    @property
    def waiting(self) -> int:
        """Samples that are not on disk yet."""
        return sum(len(batch.sample_value) for batch in self._waiting)

    @property
    def _rows(self) -> int:
        """Polls count too: those of silent devices bring no sample, and would pile up without a bound."""
        return sum(len(batch.sample_value) + len(batch.poll_device) for batch in self._waiting)

    async def _keep_flushing(self) -> None:
        while not await _set_within(self._closing, self._flush_s):
            await self._flush_or_drop()

    async def _flush_or_drop(self) -> None:
        try:
            await self.flush()
        except OSError as error:
            while self._rows >= _FULL:
                self.dropped += len(self._waiting.pop(0).sample_value)
            _log.error("history not written", error=str(error), waiting=self.waiting, dropped=self.dropped)

    async def flush(self) -> None:
        """Write what waits; OSError when that fails, then what is not on disk still waits."""
        async with self._flushing:
            groups = deque(await asyncio.to_thread(self._grouped, self._waiting[:]))
            while groups:
                group = groups.popleft()
                try:
                    self.octets += await asyncio.to_thread(self._write, group)
                except _UNWRITABLE as error:
                    half = len(group) // 2
                    if half:
                        groups.extendleft((group[half:], group[:half]))
                        continue
                    self._refuse(group[0], error)
                self._forget(group)

    def _grouped(self, batches: Sequence[Batch]) -> list[list[Batch]]:
        # What looks, traps and check-ins bring lies between the polls: each kind is written at once all the same.
        groups = alike(batches)
        self._fleets = {id(group[0].devices): self._fleet_of(group[0].devices) for group in groups}
        return groups

    def _write(self, group: Sequence[Batch]) -> int:
        _, fleet = self._fleets[id(group[0].devices)]
        return self._writer.write({"samples": samples_table(group, fleet), "polls": polls_table(group, fleet)})

    def _forget(self, group: Sequence[Batch]) -> None:
        """As soon as it is on disk: the next group may be refused, and then only what is left is written again."""
        done = {id(batch) for batch in group}
        self._waiting = [batch for batch in self._waiting if id(batch) not in done]

    def _refuse(self, batch: Batch, error: Exception) -> None:
        self.dropped += len(batch.sample_value)
        _log.error("history cannot hold a batch: it is left out", error=repr(error), dropped=self.dropped)

    def _fleet_of(self, devices: tuple[str, ...]) -> tuple[tuple[str, ...], Fleet]:
        """The devices with what is made of them once: for a country that takes a tenth of a second."""
        known = self._fleets.get(id(devices))
        if known:
            return known
        names = pa.array(devices, pa.string())
        return devices, Fleet(names, self._writer.numbers.of(names))

    async def _keep_compacting(self) -> None:
        while True:
            try:
                await asyncio.to_thread(compact, self._writer.folder, datetime.now(UTC), self._keep, self._damage)
            except MISHAPS as error:
                self._failed += 1
                _log.error("history not compacted", error=str(error))
            if await _set_within(self._closing, _COMPACT_S):
                return


def alike(batches: Sequence[Batch]) -> list[list[Batch]]:
    """Batches with the same devices and the same numbers of instances, each group in its order.

    Several makers share the devices of a fleet, each with instances of its own: of one maker they only become more.
    """
    groups: list[list[Batch]] = []
    for batch in batches:
        fitting = (group for group in groups if _goes_on(group[-1], batch))
        group = next(fitting, None)
        if group is None:
            groups.append([batch])
        else:
            group.append(batch)
    return groups


def _goes_on(before: Batch, batch: Batch) -> bool:
    known = before.instances
    return batch.devices is before.devices and (batch.instances is known or batch.instances[: len(known)] == known)


def samples_table(batches: Sequence[Batch], fleet: Fleet) -> pa.Table:
    """What the history keeps of the samples of `batches`, whose devices are those of `fleet`; they are `alike`."""
    kept = [_IS_KEPT[batch.sample_metric] for batch in batches]
    both = list(zip(batches, kept, strict=True))
    at = _millis(np.concatenate([batch.sample_at[keep] for batch, keep in both]))
    device = np.concatenate([batch.sample_device[keep] for batch, keep in both])
    metric = np.concatenate([batch.sample_metric[keep] for batch, keep in both])
    instance = np.concatenate([batch.sample_instance[keep] for batch, keep in both])
    value = np.concatenate([batch.sample_value[keep] for batch, keep in both])
    rates = _IS_RATE[metric]
    value[rates] = rounded(value[rates])
    return pa.table(
        {
            "at": pa.array(at, pa.timestamp("ms", "UTC")),
            "number": fleet.numbers[device],
            "device": pa.DictionaryArray.from_arrays(device, fleet.names),
            "metric": pa.DictionaryArray.from_arrays(metric, _NAMES),
            "instance": pa.DictionaryArray.from_arrays(instance, pa.array(batches[-1].instances)),
            "value": value,
        }
    )


def polls_table(batches: Sequence[Batch], fleet: Fleet) -> pa.Table:
    """The polls of `batches`, whose devices are those of `fleet`."""
    at = _millis(np.concatenate([batch.poll_at for batch in batches]))
    device = np.concatenate([batch.poll_device for batch in batches])
    reason = np.concatenate([batch.poll_reason for batch in batches])
    return pa.table(
        {
            "at": pa.array(at, pa.timestamp("ms", "UTC")),
            "number": fleet.numbers[device],
            "device": pa.DictionaryArray.from_arrays(device, fleet.names),
            "took_ms": np.concatenate([batch.poll_took_ms for batch in batches]),
            "reached": np.concatenate([batch.poll_reached for batch in batches]),
            "reason": pa.DictionaryArray.from_arrays(reason + 1, _REASONS),
            "burst_sent": np.concatenate([batch.burst_sent for batch in batches]),
            "burst_answered": np.concatenate([batch.burst_answered for batch in batches]),
        }
    )


def _millis(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.round(seconds * 1000).astype(np.int64)


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` to the nearest number of 13 significant bits: the rest is noise and doesn't compress."""
    cut = np.uint64(52 - _KEPT_BITS)
    half = np.uint64(1) << (cut - np.uint64(1))
    return (((values.view(np.uint64) + half) >> cut) << cut).view(np.float64)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for `event`; False when it wasn't set in time."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
