"""Readiness of every (village, service), kept up to date by what changed: columns of octets. Pure.

Services that ask the same of a kendra share a column (`Column`), and what endpoints take from a service is
applied to the whole column as a table of 128 words, so a portal that fails for everybody costs nothing by
village. Kendras that see endpoints otherwise than everybody are kept apart (`_Apart`). 650,000 villages and
24 different needs take 16 MB; nothing is stored by (village, service).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inventory.model import Role, Service
from readiness.model import Layer, Readiness, Status
from readiness.rules import verdicts
from readiness.rules.reach import Degrees, Numbers, Reach, Travel
from readiness.rules.services import is_at_kendra
from readiness.rules.texts import Groups
from readiness.rules.verdicts import NOT_COMMISSIONED, READY, WORDS, Verdicts

_AT_ONCE = 50_000  # villages: some two million pairs with kendras within reach
_LACKS_PERIPHERAL = verdicts.verdict(Readiness.BLOCKED, Layer.KENDRA_HARDWARE)
_TOO_SLOW = verdicts.verdict(Readiness.DEGRADED, Layer.BACKHAUL)
_NO_NEED = np.inf
_OBSERVED = frozenset(map(str, Role))  # a peripheral is a device; a bit each, of 16


@dataclass(frozen=True, slots=True)
class Column:
    """What services that share a column ask of a kendra: peripherals by their bit, most latency and loss of its line."""

    peripherals: int
    latency_ms: float
    loss_percent: float


@dataclass(frozen=True, slots=True)
class Kendras:
    """What each kendra has, columns of shape (kendras,): the verdict on the way to its counter, and what it lacks there.

    `absent` has a bit for each peripheral that was observed absent; `latency_ms` and `loss_percent` are NaN
    where nothing was measured.
    """

    way: Verdicts
    absent: NDArray[np.uint16]
    latency_ms: NDArray[np.float32]
    loss_percent: NDArray[np.float32]

    @classmethod
    def unseen(cls, count: int) -> "Kendras":
        nothing = np.full(count, np.nan, np.float32)
        return cls(np.full(count, NOT_COMMISSIONED, np.uint8), np.zeros(count, np.uint16), nothing, nothing.copy())

    def put(self, at: Numbers, some: "Kendras") -> None:
        self.way[at], self.absent[at] = some.way, some.absent
        self.latency_ms[at], self.loss_percent[at] = some.latency_ms, some.loss_percent

    def at(self, which: Numbers) -> "Kendras":
        return Kendras(self.way[which], self.absent[which], self.latency_ms[which], self.loss_percent[which])

    def for_column(self, column: Column) -> Verdicts:
        """What a kendra gives of the services of that column, endpoints aside."""
        lacks = np.where(self.absent & column.peripherals, _LACKS_PERIPHERAL, READY)
        slow = (self.latency_ms > column.latency_ms) | (self.loss_percent > column.loss_percent)
        return verdicts.combined(self.way, np.maximum(lacks, np.where(slow, _TOO_SLOW, READY)))


@dataclass(frozen=True, slots=True)
class Villages:
    """Columns of shape (villages,): `by` is the kendra that serves the village, -1: none."""

    at: Degrees
    by: Numbers
    citizens: NDArray[np.int64]  # -1 where the population isn't known


@dataclass(frozen=True)
class Plan:
    """The services that are given at counters, by what they need; `column` and `endpoints` have an entry each."""

    services: tuple[Service, ...]
    peripherals: tuple[str, ...]  # of them those that can be observed absent
    columns: tuple[Column, ...]
    column: tuple[int, ...]
    offline: frozenset[int] = frozenset()
    """Services that the state doesn't give yet: nobody gets them anywhere, and nothing failed."""

    @classmethod
    def of(cls, services: Sequence[Service], not_online: Container[str] = ()) -> "Plan":
        at_kendra = tuple(service for service in services if is_at_kendra(service))
        asked_for = {name for service in at_kendra for name in service.peripherals}
        peripherals = tuple(sorted(asked_for & _OBSERVED))
        asked = [_column(service, peripherals) for service in at_kendra]
        columns = tuple(dict.fromkeys(asked))
        offline = frozenset(number for number, service in enumerate(at_kendra) if service.code in not_online)
        return cls(at_kendra, peripherals, columns, tuple(columns.index(each) for each in asked), offline)

    @cached_property
    def number(self) -> Mapping[str, int]:
        """Code of a service -> its number."""
        return {service.code: number for number, service in enumerate(self.services)}

    @cached_property
    def of_endpoints(self) -> Mapping[frozenset[str], tuple[int, ...]]:
        """Endpoints that are needed together -> the services online that need them."""
        found: dict[frozenset[str], list[int]] = {}
        for number in sorted(set(range(len(self.services))) - self.offline):
            found.setdefault(frozenset(self.services[number].endpoints), []).append(number)
        return {codes: tuple(some) for codes, some in found.items()}


def _column(service: Service, peripherals: Sequence[str]) -> Column:
    bits = sum(1 << n for n, name in enumerate(peripherals) if name in service.peripherals)
    latency, loss = service.latency_ms, service.loss_percent
    return Column(bits, _NO_NEED if latency is None else latency, _NO_NEED if loss is None else loss)


Sights = Mapping[str, Status]
"""Endpoint -> how it stands; one that is missing is unknown."""


@dataclass(frozen=True, slots=True)
class _Apart:
    """Villages of one (column, endpoints) whose verdict isn't the column's: a kendra near them sees endpoints otherwise."""

    villages: Numbers
    verdicts: Verdicts


Counts = NDArray[np.int64]
"""By verdict, in the last two dimensions (3, WORDS): villages, their known citizens, villages of unknown population."""


def counted(some: Verdicts, citizens: NDArray[np.int64]) -> Counts:
    """Of villages; shape (3, WORDS)."""
    villages, without = (np.bincount(each, minlength=WORDS) for each in (some, some[citizens < 0]))
    people = np.bincount(some, weights=np.maximum(citizens, 0), minlength=WORDS)
    return np.stack([villages, np.rint(people).astype(np.int64), without])


def _counted_by_column(cells: Verdicts, citizens: NDArray[np.int64]) -> Counts:
    """`cells` of shape (villages, columns); the counts have the shape (columns, 3, WORDS)."""
    columns = [counted(cells[:, column], citizens) for column in range(cells.shape[1])]
    return np.array(columns, np.int64).reshape(-1, 3, WORDS)


@dataclass(frozen=True, slots=True)
class Eyes:
    """How endpoints stand for everybody, and for kendras that see for themselves (by number)."""

    for_all: Sights
    own: Mapping[int, Sights] = field(default_factory=dict)


class Matrix:
    """All villages and services; `set` begins, `change` and `see` follow what changes."""

    def __init__(self, plan: Plan, villages: Villages, kendras: Degrees, travel: Travel) -> None:
        self.plan, self.villages = plan, villages
        self.kendras = Kendras.unseen(len(kendras))
        self.reach, self._around = Reach(kendras, travel), Reach(villages.at, travel)
        served = np.flatnonzero(villages.by >= 0)
        self._served = Groups(villages.by[served], served, len(kendras))
        # The last row is that of no kendra.
        self._local = np.full((len(kendras) + 1, len(plan.columns)), NOT_COMMISSIONED, np.uint8)
        self._cells = np.full((len(villages.by), len(plan.columns)), NOT_COMMISSIONED, np.uint8)
        self._sums = _counted_by_column(self._cells, villages.citizens)
        self.eyes = Eyes({})
        self._apart: dict[tuple[int, frozenset[str]], _Apart] = {}

    @property
    def octets(self) -> int:
        """Memory of the columns that grow with villages and kendras."""
        found: int = self._cells.nbytes + self._local.nbytes
        return found

    def set(self, kendras: Kendras) -> None:
        """Take all kendras anew."""
        self.kendras.put(np.arange(len(self.kendras.way)), kendras)
        self._judge(np.arange(len(self.kendras.way)))
        self._renew(np.arange(len(self.villages.by)))

    def change(self, which: Numbers, some: Kendras) -> int:
        """Take what `which` kendras have now; returns how many villages were looked at."""
        self.kendras.put(which, some)
        near = self._around.within(self.reach.places[which]).place
        touched = np.unique(np.concatenate([self._served.of(which), near]))
        self._judge(which)
        self._renew(touched)
        return len(touched)

    def see(self, eyes: Eyes) -> None:
        """Take how endpoints stand now."""
        self.eyes = eyes
        self._set_apart()

    def counts(self) -> Counts:
        """Of each service, shape (services, 3, WORDS)."""
        found = np.zeros((len(self.plan.services), 3, WORDS), np.int64)
        everybody = np.full(len(self.villages.by), NOT_COMMISSIONED, np.uint8)
        found[sorted(self.plan.offline)] = counted(everybody, self.villages.citizens)
        for codes, services in self.plan.of_endpoints.items():
            table = self._table(codes)
            for number in services:
                np.add.at(found[number].T, table, self._sums_of(self.plan.column[number], codes).T)
                if apart := self._apart.get((self.plan.column[number], codes)):
                    found[number] += counted(apart.verdicts, self.villages.citizens[apart.villages])
        return found

    def counts_of(self, villages: Numbers) -> Counts:
        """The same of some villages."""
        return _counted_by_column(self.of(villages), self.villages.citizens[villages])

    def of(self, villages: Numbers) -> Verdicts:
        """The verdicts of these villages, shape (villages, services)."""
        found = np.full((len(villages), len(self.plan.services)), NOT_COMMISSIONED, np.uint8)
        for codes, services in self.plan.of_endpoints.items():
            table = self._table(codes)
            for number in services:
                column = self.plan.column[number]
                found[:, number] = table[self._cells[villages, column]]
                if apart := self._apart.get((column, codes)):
                    _, mine, theirs = np.intersect1d(villages, apart.villages, return_indices=True)
                    found[mine, number] = apart.verdicts[theirs]
        return found

    def at_kendras(self, service: int, which: Numbers) -> Verdicts:
        """What these kendras give of a service."""
        if service in self.plan.offline:
            return np.full(len(which), NOT_COMMISSIONED, np.uint8)
        codes = frozenset(self.plan.services[service].endpoints)
        own = self.eyes.own
        leaves = [_leaves(codes, own.get(kendra, self.eyes.for_all)) for kendra in which.tolist()]
        return verdicts.combined(self._local[which, self.plan.column[service]], np.array(leaves, np.uint8))

    def _table(self, codes: frozenset[str]) -> Verdicts:
        return verdicts.behind(_leaves(codes, self.eyes.for_all))

    def _sums_of(self, column: int, codes: frozenset[str]) -> Counts:
        """The column's sums without the villages that are kept apart; shape (3, WORDS)."""
        apart = self._apart.get((column, codes))
        whole: Counts = self._sums[column]
        if apart is None:
            return whole
        return whole - counted(self._cells[apart.villages, column], self.villages.citizens[apart.villages])

    def _judge(self, which: Numbers) -> None:
        some = self.kendras.at(which)
        for number, column in enumerate(self.plan.columns):
            self._local[which, number] = some.for_column(column)

    def _renew(self, villages: Numbers) -> None:
        for first in range(0, len(villages), _AT_ONCE):
            some = villages[first : first + _AT_ONCE]
            before, after = self._cells[some], self._around_of(some, self._local)
            changed = np.flatnonzero((before != after).any(axis=1))
            citizens = self.villages.citizens[some[changed]]
            self._sums += _counted_by_column(after[changed], citizens) - _counted_by_column(before[changed], citizens)
            self._cells[some[changed]] = after[changed]
        if self._apart:
            self._set_apart()

    def _around_of(self, villages: Numbers, at_counters: Verdicts) -> Verdicts:
        """What these villages have at their own kendra and within reach; `at_counters` of shape (kendras + 1, columns)."""
        own = at_counters[self.villages.by[villages]]
        needy = np.flatnonzero(~verdicts.works(own).all(axis=1))
        if not len(needy):
            return own
        pairs = self.reach.within(self.villages.at[villages[needy]])
        for column in range(own.shape[1]):
            there = at_counters[pairs.place, column]
            ready, working = np.zeros((2, len(needy)), np.bool_)
            ready[pairs.point[there == READY]] = True
            working[pairs.point[verdicts.works(there)]] = True
            own[needy, column] = verdicts.instead(own[needy, column], ready, working)
        return own

    def _set_apart(self) -> None:
        """Judge anew the villages near kendras that see endpoints otherwise than everybody."""
        self._apart.clear()
        for codes, services in self.plan.of_endpoints.items():
            usual = _leaves(codes, self.eyes.for_all)
            other = [one for one, sights in self.eyes.own.items() if _leaves(codes, sights) != usual]
            if not other:
                continue
            kendras = np.array(sorted(other), np.intp)
            near = self._around.within(self.reach.places[kendras]).place
            villages = np.unique(np.concatenate([self._served.of(kendras), near]))
            for column in sorted({self.plan.column[number] for number in services}):
                at_counters = self._at_counters(column, codes)
                apart = self._around_of(villages, at_counters[:, None])[:, 0]
                self._apart[column, codes] = _Apart(villages, apart)

    def _at_counters(self, column: int, codes: frozenset[str]) -> Verdicts:
        """What each kendra (and no kendra) gives of services of that column that need these endpoints."""
        leaves = np.full(len(self._local), _leaves(codes, self.eyes.for_all), np.uint8)
        for kendra, sights in self.eyes.own.items():
            leaves[kendra] = _leaves(codes, sights)
        return verdicts.combined(self._local[:, column], leaves)


def _leaves(codes: frozenset[str], sights: Sights) -> int:
    return verdicts.of_endpoints(sights.get(code, Status.UNKNOWN) for code in codes)
