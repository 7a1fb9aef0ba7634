"""Decoding in columns: raw values of many polls at once, by parameters that lie in one table."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.decode import number
from collectors.metrics import NUMBER
from collectors.plan import Item, PollPlan
from collectors.profile import Read, Syntax
from collectors.rates import FROM_COUNTER
from collectors.snmp.backend import Value
from collectors.volley.roomy import roomy

Raw = Sequence[Value | None]
"""Values of one part of a plan in the order of its items; None where the device doesn't say."""

_ALL_BITS = 2**64 - 1


class Values(NamedTuple):
    """n values as a device sent them: columns of shape (n,).

    `whole`: integers in two's complement, 0 where `present` says that there is none; `negative`
    tells -1 from 2^64 - 1. `others`: what is no integer, by position.
    """

    whole: NDArray[np.uint64]
    negative: NDArray[np.bool_]
    present: NDArray[np.bool_]
    others: Mapping[int, Value]

    def at(self, position: int) -> Value | None:
        """The value at `position`, None where the device doesn't say."""
        if not self.present[position]:
            return self.others.get(position)
        return int(self.whole[position].view(np.int64) if self.negative[position] else self.whole[position])


class ReadValues(NamedTuple):
    """n values that were read, columns of shape (n,).

    Whose poll's; when, on a clock that only runs forward; its row in the layout; its device's first slot; the value.
    """

    poll: NDArray[np.int64]
    clock: NDArray[np.float64]
    row: NDArray[np.int64]
    slot: NDArray[np.int64]
    values: Values

    def only(self, chosen: NDArray[np.bool_]) -> "ReadValues":
        """Those of `chosen`, shape (n,)."""
        values = self.values
        place = np.cumsum(chosen) - 1
        others = {int(place[at]): value for at, value in values.others.items() if chosen[at]}
        only = Values(values.whole[chosen], values.negative[chosen], values.present[chosen], others)
        return ReadValues(self.poll[chosen], self.clock[chosen], self.row[chosen], self.slot[chosen], only)


def nothing_read() -> ReadValues:
    """What silent polls bring."""
    none = np.zeros(0, np.int64)
    return ReadValues(none, np.zeros(0), none, none, values_of([]))


def read_together(parts: Sequence[ReadValues]) -> ReadValues:
    """All of the parts, of which there is at least one, in this order."""
    starts = np.cumsum([0, *(len(part.row) for part in parts)]).tolist()
    others = {
        start + at: value
        for start, part in zip(starts, parts, strict=False)
        for at, value in part.values.others.items()
    }
    return ReadValues(
        np.concatenate([part.poll for part in parts]),
        np.concatenate([part.clock for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.slot for part in parts]),
        Values(
            np.concatenate([part.values.whole for part in parts]),
            np.concatenate([part.values.negative for part in parts]),
            np.concatenate([part.values.present for part in parts]),
            others,
        ),
    )


def values_of(raw: Sequence[Raw]) -> Values:
    """The values in `raw`, one after another."""
    flat = list(chain.from_iterable(raw))
    present = np.fromiter((type(value) is int for value in flat), np.bool_, len(flat))
    whole = np.fromiter((v & _ALL_BITS if type(v) is int else 0 for v in flat), np.uint64, len(flat))
    negative = np.fromiter((type(v) is int and v < 0 for v in flat), np.bool_, len(flat))
    others = {at: value for at, value in enumerate(flat) if value is not None and not present[at]}
    return Values(whole, negative, present, others)


_NARROW = frozenset({Syntax.GAUGE, Syntax.COUNTER32, Syntax.TIMETICKS})
_TEXTS = frozenset({Syntax.TEXT, Syntax.NUMBER_IN_TEXT, Syntax.BITS, Syntax.SIGNED16})

ITEM = np.dtype(
    [
        ("metric", np.int16),
        ("instance", np.int32),
        ("scale", np.float64),
        ("offset", np.float64),
        ("low", np.float64),
        ("high", np.float64),
        ("signed", np.bool_),
        ("most", np.uint64),  # largest raw value of its syntax
        ("alone", np.bool_),  # text, bits, mapped values: decoded one by one
        ("bits", np.uint8),
        ("rate", np.int16),  # metric of its rate, -1 where it has none
        ("factor", np.float64),
        ("least_bits", np.float64),
        ("kept", np.int16),  # which of its plan's readings that are remembered; -1: it is not
        ("speed", np.int16),  # how many of those further the same port's ifSpeed is; 0 without
    ]
)


class Texts:
    """Texts and their numbers; grows, up to a bound that a hostile device cannot push further."""

    def __init__(self, most: int = 1_000_000) -> None:
        self._number: dict[str, int] = {"": 0}
        self._texts: tuple[str, ...] = ("",)
        self._most = most

    def number(self, text: str) -> int:
        """The number of `text`, -1 when the bound is reached."""
        if text not in self._number and len(self._number) >= self._most:
            return -1
        return self._number.setdefault(text, len(self._number))

    def known(self, text: str) -> int:
        """The number of `text`, -1 where it has none."""
        return self._number.get(text, -1)

    def __len__(self) -> int:
        return len(self._number)

    def all(self) -> tuple[str, ...]:
        """The texts by number; the same tuple as before when none was added."""
        if len(self._texts) != len(self._number):
            self._texts = tuple(self._number)
        return self._texts


class Layout:
    """The items of all plans as rows of one table; a plan's items follow one another."""

    def __init__(self, instances: Texts) -> None:
        self._instances = instances
        self._rows = np.zeros(1024, ITEM)
        self._reads: dict[int, Read] = {}  # by row
        self._end = 0
        self._start: dict[PollPlan, int] = {}
        self._free: dict[int, list[int]] = {}  # first rows by how many there are

    def forget(self, plans: Iterable[PollPlan]) -> None:
        """Nobody is read by these plans any more: their rows are for others."""
        for plan in plans:
            start = self._start.pop(plan, None)
            if start is not None:
                self._free.setdefault(len(plan.items), []).append(start)

    def start(self, plan: PollPlan) -> int:
        """The row of the plan's first item; adds the plan when it is new."""
        if plan not in self._start:
            self._start[plan] = self._add(plan.items)
        return self._start[plan]

    def kept(self, plan: PollPlan) -> int:
        """How many readings of the plan are remembered."""
        start = self.start(plan)
        return int((self._rows["kept"][start : start + len(plan.items)] >= 0).sum())

    def decode(self, rows: NDArray[np.int64], values: Values) -> NDArray[np.float64]:
        """The numbers of `values`, NaN where there is none; `rows`, shape (n,), tells the item of each."""
        item = self[rows]
        whole, signed = values.whole, values.whole.view(np.int64)
        numbers: NDArray[np.float64] = np.where(item["signed"], signed.astype(np.float64), whole.astype(np.float64))
        numbers = numbers * item["scale"] + item["offset"]
        narrow = (signed >= -(2**31)) & (signed < 2**32) & (values.negative == (signed < 0))
        possible = np.where(item["signed"], narrow, ~values.negative & (whole <= item["most"]))
        good = values.present & possible & (numbers >= item["low"]) & (numbers <= item["high"])
        numbers[~good] = np.nan
        for at in np.flatnonzero(item["alone"]):
            value = values.at(int(at))
            found = None if value is None else number(self._reads[rows[at]], value)
            numbers[at] = np.nan if found is None else found
        return numbers

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.void]:
        """Records of dtype ITEM at `rows`. (Indexing would copy them field by field, which takes 20 times as long.)"""
        return np.take(self._rows, rows)

    def _add(self, items: tuple[Item, ...]) -> int:
        start = self._room_for(len(items))
        kept = {place: at for at, place in enumerate(n for n, item in enumerate(items) if _is_kept(item))}
        speeds: dict[str, int] = {}
        for place in kept:
            if items[place].read.metric == "ifSpeed":
                speeds.setdefault(items[place].instance, place)
        for place, item in enumerate(items):
            at = kept.get(place, -1)
            speed = kept[speeds[item.instance]] - at if at >= 0 and item.instance in speeds else 0
            self._rows[start + place] = _record(item, self._instances.number(item.instance), at, speed)
            self._reads[start + place] = item.read
        return start

    def _room_for(self, count: int) -> int:
        """The first of so many rows."""
        if self._free.get(count):
            return self._free[count].pop()
        start = self._end
        self._end += count
        self._rows = roomy(self._rows, self._end)
        return start


def _is_kept(item: Item) -> bool:
    """Whether the next reading is compared with this one: a counter, the speed that bounds its rate, a port's status."""
    return NUMBER[item.read.metric] in FROM_COUNTER or item.read.metric in {"ifSpeed", "ifOperStatus"}


def _record(item: Item, instance: int, kept: int, speed: int) -> tuple[int | float | bool, ...]:
    read = item.read
    metric = NUMBER[read.metric]
    rate = FROM_COUNTER.get(metric)
    return (
        metric,
        instance,
        read.scale,
        read.offset,
        read.low,
        read.high,
        read.syntax is Syntax.INTEGER,
        2**32 - 1 if read.syntax in _NARROW else _ALL_BITS,
        read.syntax in _TEXTS or bool(read.values) or bool(read.absent) or read.log10,
        32 if read.syntax is Syntax.COUNTER32 else 64,
        rate.metric if rate else -1,
        rate.factor if rate else 0.0,
        rate.least_bits if rate else 1.0,
        kept,
        speed,
    )


def ragged(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """starts[0], starts[0] + 1 ... lengths[0] of them, then those of starts[1] ...; shape (sum of lengths,)."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total)
