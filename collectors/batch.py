"""Finished polls become batches.

Values stay as the device sent them until a batch closes; then all are decoded and turned into
rates at once, in columns.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from collectors.columns import Layout, Raw, Texts, ragged
from collectors.instances import Sample
from collectors.memory import Memory, Readings
from collectors.metrics import NUMBER
from collectors.model import REASONS, Batch, Failure
from collectors.plan import Part, PollPlan
from collectors.silence import Burst

_MOST_POLLS = 5_000  # in one batch: closing it holds the event loop for some 20 ms
_NO_BURST = Burst()
T = TypeVar("T")


class Place(NamedTuple):
    """Where a device's items lie: first row in the layout, first slot in the memory, how many."""

    row: int
    slot: int
    length: int


@dataclass(frozen=True, slots=True)
class FinishedPoll:
    """One poll of one device. `rows` are raw values by part of the plan that `place` is for, `cells` those of tables.

    `at` is UTC epoch seconds, `clock` the same moment on a clock that only runs forward.
    `restarted`: the device booted since its last poll, so nothing is compared with that one.
    """

    device: int
    at: float
    clock: float
    took_ms: float
    reached: bool
    failure: Failure | None = None
    burst: Burst = _NO_BURST
    place: Place | None = None
    rows: Sequence[tuple[Part, Raw]] = ()
    cells: Sequence[Sample] = ()
    restarted: bool = False


@dataclass(slots=True)
class _Chunk:
    """The polls of one batch to be. No device occurs twice, so each counter has one reading before it."""

    polls: list[FinishedPoll] = field(default_factory=list)
    devices: set[int] = field(default_factory=set)


class _Samples(NamedTuple):
    """Samples as columns of shape (n,); `poll` is the position of the poll that brought them."""

    poll: NDArray[np.int32]
    metric: NDArray[np.int16]
    instance: NDArray[np.int32]
    value: NDArray[np.float64]


class BatchBuilder:
    """Collects polls and closes batches over them.

    `longest_s`, shape (devices,): the longest time between two readings of a device that still
    makes a rate.
    """

    def __init__(self, devices: tuple[str, ...], longest_s: NDArray[np.float64]) -> None:
        self._devices = devices
        self._longest_s = longest_s
        self._instances = Texts()
        self._layout = Layout(self._instances)
        self._memory = Memory()
        self._chunks = deque([_Chunk()])

    @property
    def waiting(self) -> int:
        """Polls that are in no batch yet."""
        return sum(len(chunk.polls) for chunk in self._chunks)

    def place(self, plan: PollPlan, before: Place | None) -> Place:
        """A place for a device that is polled by `plan` from now on; it gives back the one it had."""
        if before is not None:
            self._memory.free(before.slot, before.length)
        length = len(plan.items)
        return Place(self._layout.start(plan), self._memory.take(length), length)

    def add(self, poll: FinishedPoll) -> None:
        chunk = self._chunks[-1]
        if poll.device in chunk.devices or len(chunk.polls) >= _MOST_POLLS:
            chunk = _Chunk()
            self._chunks.append(chunk)
        chunk.polls.append(poll)
        chunk.devices.add(poll.device)

    def close(self, now: float) -> Batch | None:
        """The oldest polls as a batch, None when there are none."""
        chunk = self._chunks.popleft()
        if not self._chunks:
            self._chunks.append(_Chunk())
        return self._batch(chunk.polls, now) if chunk.polls else None

    def _batch(self, polls: list[FinishedPoll], now: float) -> Batch:
        device = _column(polls, lambda poll: poll.device, np.int32)
        at = _column(polls, lambda poll: poll.at, np.float64)
        samples = _joined([*self._from_gets(polls, device), _from_tables(polls, self._instances)])
        return Batch(
            devices=self._devices,
            instances=self._instances.all(),
            poll_device=device,
            poll_at=at,
            poll_took_ms=_column(polls, lambda poll: poll.took_ms, np.float32),
            poll_reached=_column(polls, lambda poll: poll.reached, np.bool_),
            poll_reason=_column(polls, _reason, np.int8),
            burst_sent=_column(polls, lambda poll: 0 if poll.burst.blind else poll.burst.sent, np.int8),
            burst_answered=_column(polls, lambda poll: poll.burst.answered, np.int8),
            sample_device=device[samples.poll],
            sample_metric=samples.metric,
            sample_instance=samples.instance,
            sample_at=at[samples.poll],
            sample_value=samples.value,
            closed_at=now,
        )

    def _from_gets(self, polls: list[FinishedPoll], device: NDArray[np.int32]) -> tuple[_Samples, _Samples]:
        """What the GETs brought, and the rates taken from it."""
        poll, row, slot, raw = _positions(polls)
        whole, value = self._layout.decode(row, raw)
        said = ~np.isnan(value)
        poll, slot, whole, value, item = poll[said], slot[said], whole[said], value[said], self._layout[row[said]]
        clock = _column(polls, lambda finished: finished.clock, np.float64)
        restarted = _column(polls, lambda finished: finished.restarted, np.bool_)
        rate = self._memory.rates(
            Readings(slot, whole, value, item, clock[poll], self._longest_s[device[poll]], restarted[poll])
        )
        tells = ~np.isnan(rate)
        return (
            _Samples(poll, item["metric"], item["instance"], value),
            _Samples(poll[tells], item["rate"][tells], item["instance"][tells], rate[tells]),
        )


def _positions(
    polls: list[FinishedPoll],
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], list[Raw]]:
    """(poll, row in the layout, slot in the memory) of each value that a GET asked for, and the values."""
    parts = [(n, poll.place, part, raw) for n, poll in enumerate(polls) if poll.place for part, raw in poll.rows]
    lengths = _column(parts, lambda one: len(one[2].oids), np.int64)
    poll = np.repeat(_column(parts, lambda one: one[0], np.int32), lengths)
    row = ragged(_column(parts, lambda one: one[1].row + one[2].first, np.int64), lengths)
    slot = ragged(_column(parts, lambda one: one[1].slot + one[2].first, np.int64), lengths)
    return poll, row, slot, [raw for _, _, _, raw in parts]


def _from_tables(polls: list[FinishedPoll], instances: Texts) -> _Samples:
    cells = [
        (n, NUMBER[metric], number, value)
        for n, poll in enumerate(polls)
        for metric, instance, value in poll.cells
        if (number := instances.number(instance)) >= 0
    ]
    poll, metric, instance, value = zip(*cells, strict=True) if cells else ((), (), (), ())
    return _Samples(
        np.array(poll, np.int32), np.array(metric, np.int16), np.array(instance, np.int32), np.array(value, np.float64)
    )


def _reason(poll: FinishedPoll) -> int:
    return REASONS.index(poll.failure.reason) if poll.failure else -1


def _column(rows: Sequence[T], value: Callable[[T], float], kind: DTypeLike) -> NDArray[Any]:
    return np.fromiter(map(value, rows), kind, len(rows))


def _joined(samples: Sequence[_Samples]) -> _Samples:
    return _Samples(*(np.concatenate(columns) for columns in zip(*samples, strict=True)))
