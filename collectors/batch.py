"""Finished polls become batches.

Values stay as the device sent them until a batch closes; then all are decoded and turned into
rates at once, in columns.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from collectors.columns import Layout, Raw, ReadValues, Texts, ragged, read_together, values_of
from collectors.instances import Sample
from collectors.memory import Memory, Readings
from collectors.metrics import NUMBER
from collectors.model import REASONS, Batch, Failure
from collectors.plan import Part, PollPlan
from collectors.silence import Burst

_MOST_NAMES = 32_768  # of the instances of a device: an OLT has 6,000 ONTs; one that invents names harms itself alone
_MOST_POLLS = 5_000  # in one batch: closing it holds the event loop for some 20 ms
_NO_BURST = Burst()
T = TypeVar("T")


class Place(NamedTuple):
    """Where a device's items lie: first row in the layout, first slot in the memory, how many slots."""

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


@dataclass(frozen=True, slots=True)
class ManyPolls:
    """Polls as columns of shape (n,) with the meaning of FinishedPoll's fields, which all ended alike.

    No device is twice among them; `read.poll` is a position in these columns.
    """

    device: NDArray[np.int32]
    at: NDArray[np.float64]
    took_ms: NDArray[np.float32]
    read: ReadValues
    reached: bool = True
    reason: int = -1  # position in REASONS


@dataclass(slots=True)
class _Chunk:
    """The polls of one batch to be. No device occurs twice, so each counter has one reading before it."""

    number: int
    polls: list[FinishedPoll] = field(default_factory=list)
    many: list[ManyPolls] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.polls) + sum(len(some.device) for some in self.many)


class _Samples(NamedTuple):
    """Samples as columns of shape (n,); `poll` is the position of the poll that brought them."""

    poll: NDArray[np.int64]
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
        self._named = np.zeros(len(devices), np.int32)  # how many texts of instances each brought, by its tables
        self.unnamed = 0  # samples left out: their instance is one too many
        self._layout = Layout(self._instances)
        self._memory = Memory()
        self._chunks = deque([_Chunk(0)])
        self._last = np.full(len(devices), -1, np.int32)  # number of the chunk that a device was last in
        self._given_back: list[Place] = []
        self._forgotten: set[PollPlan] = set()

    @property
    def waiting(self) -> int:
        """Polls that are in no batch yet."""
        return sum(chunk.size for chunk in self._chunks)

    def place(self, plan: PollPlan, before: Place | None) -> Place:
        """A place for a device that is polled by `plan` from now on; it gives back the one it had."""
        self._forgotten.discard(plan)
        if before is not None:
            self._given_back.append(before)
        length = self._layout.kept(plan)
        return Place(self._layout.start(plan), self._memory.take(length), length)

    def places(self, plan: PollPlan, count: int) -> tuple[int, NDArray[np.int64], int]:
        """Places for `count` devices that had none: the row, the first slot of each, how many slots each."""
        self._forgotten.discard(plan)
        length = self._layout.kept(plan)
        return self._layout.start(plan), self._memory.take_many(count, length), length

    def forget(self, plans: Iterable[PollPlan]) -> None:
        """No device is polled by these plans now, nor has a place for one."""
        self._forgotten.update(plans)

    def doubted(self, polls: int, read: ReadValues) -> NDArray[np.bool_]:
        """Of which of so many polls the values let one doubt that the ports have still their numbers; shape (polls,).

        `read.poll` is a position among them. What still waits for its batch was not compared with.
        """
        item = self._layout[read.row]
        kept = np.flatnonzero((item["kept"] >= 0) & read.values.present)
        item = np.take(item, kept)
        found = self._memory.doubts(read.slot[kept] + item["kept"], read.values.whole[kept], item, read.clock[kept])
        answer = np.zeros(polls, np.bool_)
        answer[read.poll[kept[found]]] = True
        return answer

    def doubts(self, poll: FinishedPoll) -> bool:
        """The same of a single poll."""
        return bool(self.doubted(1, _positions([poll]))[0])

    def add(self, poll: FinishedPoll) -> None:
        self._chunk_for(np.array([poll.device])).polls.append(poll)

    def add_many(self, polls: ManyPolls) -> None:
        self._chunk_for(polls.device).many.append(polls)

    def close(self, now: float) -> Batch | None:
        """The oldest polls as a batch, None when there are none."""
        chunk = self._chunks.popleft()
        batch = self._batch(chunk, now) if chunk.size else None
        if not self._chunks:
            self._chunks.append(_Chunk(chunk.number + 1))
            self._free()
        return batch

    def _chunk_for(self, devices: NDArray[np.integer[Any]]) -> _Chunk:
        """The chunk that polls of these devices go to, shape (n,)."""
        chunk = self._chunks[-1]
        if chunk.size >= _MOST_POLLS or (self._last[devices] == chunk.number).any():
            chunk = _Chunk(chunk.number + 1)
            self._chunks.append(chunk)
        self._last[devices] = chunk.number
        return chunk

    def _free(self) -> None:
        """Only now: polls that weren't in a batch pointed at these places."""
        for place in self._given_back:
            self._memory.free(place.slot, place.length)
        self._given_back.clear()
        self._layout.forget(self._forgotten)
        self._forgotten.clear()

    def _batch(self, chunk: _Chunk, now: float) -> Batch:
        slow, fast = chunk.polls, chunk.many
        device = _all(_column(slow, lambda poll: poll.device, np.int32), [some.device for some in fast])
        at = _all(_column(slow, lambda poll: poll.at, np.float64), [some.at for some in fast])
        took_ms = _all(_column(slow, lambda poll: poll.took_ms, np.float32), [some.took_ms for some in fast])
        reason = _all(_column(slow, _reason, np.int8), [np.full(len(some.at), some.reason, np.int8) for some in fast])
        reached = _column(slow, lambda poll: poll.reached, np.bool_)
        reached = _all(reached, [np.full(len(some.at), some.reached) for some in fast])
        samples = self._with_names(_joined([*self._from_gets(chunk, device), self._from_tables(slow)]))
        return Batch(
            devices=self._devices,
            instances=self._instances.all(),
            poll_device=device,
            poll_at=at,
            poll_took_ms=took_ms,
            poll_reached=reached,
            poll_reason=reason,
            burst_sent=_filled(_column(slow, _burst_sent, np.int8), len(device), fill=0),
            burst_answered=_filled(_column(slow, lambda poll: poll.burst.answered, np.int8), len(device), fill=0),
            sample_device=device[samples.poll],
            sample_metric=samples.metric,
            sample_instance=samples.instance,
            sample_at=at[samples.poll],
            sample_value=samples.value,
            closed_at=now,
        )

    def _from_gets(self, chunk: _Chunk, device: NDArray[np.int32]) -> tuple[_Samples, _Samples]:
        """What the GETs brought, and the rates taken from it."""
        read = _all_read(chunk)
        value = self._layout.decode(read.row, read.values)
        said = ~np.isnan(value)
        poll, slot, value, item = read.poll[said], read.slot[said], value[said], self._layout[read.row[said]]
        restarted = _column(chunk.polls, lambda finished: finished.restarted, np.bool_)
        restarted = _filled(restarted, len(device), fill=False)
        kept = np.flatnonzero(item["kept"] >= 0)
        rate = self._rates(
            Readings(
                slot=(slot + item["kept"])[kept],
                whole=read.values.whole[said][kept],
                value=value[kept],
                item=np.take(item, kept),
                clock=read.clock[said][kept],
                longest_s=self._longest_s[device[poll[kept]]],
                restarted=restarted[poll[kept]],
            ),
            poll[kept],
        )
        return _Samples(poll, item["metric"], item["instance"], value), rate

    def _rates(self, read: Readings, poll: NDArray[np.int64]) -> _Samples:
        rate = self._memory.rates(read)
        tells = np.flatnonzero(~np.isnan(rate))
        item = np.take(read.item, tells)
        return _Samples(poll[tells], item["rate"], item["instance"], rate[tells])

    def _from_tables(self, polls: list[FinishedPoll]) -> _Samples:
        cells = [
            (n, NUMBER[metric], self._instance(poll.device, instance), value)
            for n, poll in enumerate(polls)
            for metric, instance, value in poll.cells
        ]
        poll, metric, instance, value = zip(*cells, strict=True) if cells else ((), (), (), ())
        return _Samples(
            np.array(poll, np.int64),
            np.array(metric, np.int16),
            np.array(instance, np.int32),
            np.array(value, np.float64),
        )

    def _instance(self, device: int, text: str) -> int:
        """The number of an instance; -1 where it is new and one too many for its device, or for all together."""
        known = len(self._instances)
        number = self._instances.number(text) if self._named[device] < _MOST_NAMES else self._instances.known(text)
        self._named[device] += len(self._instances) - known
        return number

    def _with_names(self, samples: _Samples) -> _Samples:
        """Those whose instance has a number."""
        named = samples.instance >= 0
        if named.all():
            return samples
        self.unnamed += int((~named).sum())
        return _Samples(samples.poll[named], samples.metric[named], samples.instance[named], samples.value[named])


def _all_read(chunk: _Chunk) -> ReadValues:
    """What all polls of the chunk read, the single ones first."""
    parts, first = [_positions(chunk.polls)], len(chunk.polls)
    for some in chunk.many:
        parts.append(some.read._replace(poll=some.read.poll + first))
        first += len(some.device)
    return read_together(parts)


def _positions(polls: list[FinishedPoll]) -> ReadValues:
    """What the GETs of single polls brought."""
    parts = [(n, poll.place, part, raw) for n, poll in enumerate(polls) if poll.place for part, raw in poll.rows]
    lengths = _column(parts, lambda one: len(one[2].oids), np.int64)
    poll = np.repeat(_column(parts, lambda one: one[0], np.int64), lengths)
    row = ragged(_column(parts, lambda one: one[1].row + one[2].first, np.int64), lengths)
    slot = np.repeat(_column(parts, lambda one: one[1].slot, np.int64), lengths)
    clock = _column(polls, lambda finished: finished.clock, np.float64)[poll]
    return ReadValues(poll, clock, row, slot, values_of([raw for _, _, _, raw in parts]))


def _reason(poll: FinishedPoll) -> int:
    return REASONS.index(poll.failure.reason) if poll.failure else -1


def _burst_sent(poll: FinishedPoll) -> int:
    return 0 if poll.burst.blind else poll.burst.sent


def _column(rows: Sequence[T], value: Callable[[T], float], kind: DTypeLike) -> NDArray[Any]:
    return np.fromiter(map(value, rows), kind, len(rows))


def _all(single: NDArray[Any], rest: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([single, *rest])


def _filled(single: NDArray[Any], size: int, *, fill: float) -> NDArray[Any]:
    """The column of the single polls, and `fill` for those that came in columns."""
    return np.concatenate([single, np.full(size - len(single), fill, single.dtype)])


def _joined(samples: Sequence[_Samples]) -> _Samples:
    return _Samples(*(np.concatenate(columns) for columns in zip(*samples, strict=True)))
