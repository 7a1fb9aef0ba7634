"""Decoding in columns: raw values of many polls at once, by parameters that lie in one table."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from collectors.decode import number
from collectors.metrics import NUMBER
from collectors.plan import Item, PollPlan
from collectors.profile import Read, Syntax
from collectors.rates import FROM_COUNTER
from collectors.snmp.backend import Value

Raw = Sequence[Value | None]
"""Values of one part of a plan in the order of its items; None where the device doesn't say."""

_ALL_BITS = 2**64 - 1
_NARROW = frozenset({Syntax.GAUGE, Syntax.COUNTER32, Syntax.TIMETICKS})
_TEXTS = frozenset({Syntax.TEXT, Syntax.NUMBER_IN_TEXT, Syntax.BITS})

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
        ("speed", np.int32),  # how many items further the same port's ifSpeed is; 0 without
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
        self._reads: list[Read] = []  # by row
        self._start: dict[PollPlan, int] = {}

    def start(self, plan: PollPlan) -> int:
        """The row of the plan's first item; adds the plan when it is new."""
        if plan not in self._start:
            self._start[plan] = self._add(plan.items)
        return self._start[plan]

    def decode(self, rows: NDArray[np.int64], raw: Sequence[Raw]) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """(raw unsigned integers, numbers) of the values in `raw`, one after another; NaN where there is no number.

        `rows`, shape (n,), tells the item of each value. The raw integer is what rates are taken
        from: it is exact, and 0 where the number is NaN.
        """
        flat = list(chain.from_iterable(raw))
        present = np.fromiter((type(value) is int for value in flat), np.bool_, len(flat))
        whole = np.fromiter((v & _ALL_BITS if type(v) is int else 0 for v in flat), np.uint64, len(flat))
        item = self._rows[rows]
        signed = whole.view(np.int64)
        numbers = np.where(item["signed"], signed.astype(np.float64), whole.astype(np.float64))
        numbers = numbers * item["scale"] + item["offset"]
        possible = np.where(item["signed"], (signed >= -(2**31)) & (signed < 2**32), whole <= item["most"])
        good = present & possible & (numbers >= item["low"]) & (numbers <= item["high"])
        numbers[~good] = np.nan
        for at in np.flatnonzero(item["alone"]):
            value = flat[at]
            found = None if value is None else number(self._reads[rows[at]], value)
            numbers[at] = np.nan if found is None else found
        return np.where(np.isnan(numbers), np.uint64(0), whole), numbers

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.void]:
        """Records of dtype ITEM at `rows`."""
        return self._rows[rows]

    def _add(self, items: tuple[Item, ...]) -> int:
        start = len(self._reads)
        while start + len(items) > len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        speeds: dict[str, int] = {}
        for place, item in enumerate(items):
            if item.read.metric == "ifSpeed":
                speeds.setdefault(item.instance, place)
        for place, item in enumerate(items):
            further = speeds.get(item.instance, place) - place
            self._rows[start + place] = _record(item, self._instances.number(item.instance), further)
        self._reads.extend(item.read for item in items)
        return start


def _record(item: Item, instance: int, speed: int) -> tuple[int | float | bool, ...]:
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
        read.syntax in _TEXTS or bool(read.values) or bool(read.absent),
        32 if read.syntax is Syntax.COUNTER32 else 64,
        rate.metric if rate else -1,
        rate.factor if rate else 0.0,
        rate.least_bits if rate else 1.0,
        speed,
    )


def ragged(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """starts[0], starts[0] + 1 ... lengths[0] of them, then those of starts[1] ...; shape (sum of lengths,)."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total)
