"""Which kendra gives which service, as the store tells: the matrix of readiness over a whole inventory.

What is stored is read once, and followed by the transitions since; only kendras that stand otherwise are judged anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import RLock
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Engine

from inventory import rollout
from inventory.columnar import column, keys
from inventory.hours import INDIA
from inventory.model import Inventory, Level, Names, SiteKind
from inventory.texts import positions, texts
from readiness import present, read
from readiness.counters import Counters, Line, counters, lines, sights
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.rules import verdicts
from readiness.rules.matrix import Eyes, Kendras, Matrix, Plan, Villages
from readiness.rules.reach import Degrees, Numbers, Travel
from readiness.rules.services import Counter
from readiness.rules.verdicts import READY, Verdicts, meaning, verdict
from readiness.rules.village import Result
from readiness.services import At, Instead
from storage.settings import Settings

_AT_ONCE = 5_000
_MOST_CHANGES = 50_000  # more than these are read anew faster
_UNKNOWN = verdict(Readiness.UNKNOWN, None)
_HIDDEN = Names("")

T = TypeVar("T")

MaySee = Callable[[str], bool]
"""Whether a site of that name lies in what the reader may see."""
Lines = Callable[[datetime], Mapping[str, Line]]
"""Kendra -> what was measured of its line lately."""


@dataclass(frozen=True, slots=True)
class Offered:
    """How many villages and citizens get a service, by what they get; see verdicts.meaning.

    `citizens` are those of the villages whose population is on record; `without` counts the others.
    """

    service: str
    names: Names
    villages: NDArray[np.int64]  # shape (WORDS,)
    citizens: NDArray[np.int64]
    without: NDArray[np.int64]


class Offer:
    """One inventory's matrix; `refresh` before asking. Threads may share it."""

    def __init__(self, inventory: Inventory, travel: Travel, measured: Lines | None = None) -> None:
        self._inventory, self._lines, self._travel = inventory, measured, travel
        self._kendras = keys(inventory.sites).filter(
            pc.equal(texts(column(inventory.sites, "kind")), str(SiteKind.KENDRA))
        )
        village = np.flatnonzero(pc.equal(texts(column(inventory.areas, "level")), str(Level.VILLAGE)))
        self._keys = keys(inventory.areas).take(pa.array(village))
        served_by = pc.fill_null(texts(column(inventory.areas, "served_by")), "").take(pa.array(village))
        people = column(inventory.areas, "population").cast(pa.int64()).take(pa.array(village))
        self._villages = Villages(
            _degrees(inventory.areas, village), positions(served_by, self._kendras).astype(np.intp),
            np.asarray(pc.fill_null(people, -1)),
        )  # fmt: skip
        site = positions(self._kendras, keys(inventory.sites))
        self._at = _degrees(inventory.sites, site)
        self._serves = np.zeros(len(self._kendras), np.bool_)
        self._serves[self._villages.by[self._villages.by >= 0]] = True
        self._ways = np.full(len(self._kendras), _UNKNOWN, np.uint8)
        self._last = -1
        self._offline: frozenset[str] | None = None
        self._matrix: Matrix
        self._lock = RLock()

    def refresh(self, engine: Engine, now: datetime, blind_since: datetime | None = None) -> None:
        """Take up what the store tells; from `blind_since` on nobody watched, and nothing is known."""
        with self._lock:
            offline = rollout.not_online(self._inventory, now.astimezone(INDIA).date())
            if offline != self._offline:
                plan = Plan.of(list(self._inventory.services.values()), offline)
                self._matrix, self._offline = Matrix(plan, self._villages, self._at, self._travel), offline
            if blind_since is not None:
                self._last = -1
                self._take(np.full_like(self._ways, _UNKNOWN), Counters(), Eyes({}))
                return
            self._follow(engine)
            measured = self._lines(now) if self._lines else {}
            found = counters(engine, self._matrix.plan.peripherals, measured)
            self._take(self._ways, found, sights(engine, {name: n for n, name in enumerate(self._kendras.to_pylist())}))

    def at(self, village: str, may_see: MaySee) -> At:
        """How the village stands for every service given at counters, but for the endpoints."""
        with self._lock:
            number = int(positions(pa.array([village], pa.string()), self._keys)[0])
            kendra = int(self._villages.by[number])
            own = meaning(int(self._matrix.kendras.way[kendra]) if kendra >= 0 else verdicts.NOT_COMMISSIONED)
            instead = self._instead(number, may_see)
            return At(Result(own.status, "", own.layer), self._counter(kendra), instead)

    def nearest(self, service: str, lon: float, lat: float, most: int, may_see: MaySee) -> tuple[Instead, ...]:
        """The nearest kendras where that service is had now, also beyond the travel limit where none lies within.

        KeyError for a service that isn't given at counters.
        """
        with self._lock:
            number = self._matrix.plan.number[service]

            def gives(which: Numbers) -> NDArray[np.bool_]:
                found = verdicts.works(self._matrix.at_kendras(number, which))
                seen = [may_see(name) for name in self._kendras.take(pa.array(which[found])).to_pylist()]
                found[np.flatnonzero(found)[~np.array(seen, np.bool_)]] = False
                return found

            pairs = self._matrix.reach.around(lon, lat, gives, most)
            there = self._matrix.at_kendras(number, pairs.place)
            return tuple(
                self._told(kendra, km, octet, may_see)
                for kendra, km, octet in zip(pairs.place.tolist(), pairs.km.tolist(), there.tolist(), strict=True)
            )

    def place(self, village: str) -> tuple[float, float] | None:
        """Longitude and latitude of a village; None where nobody has located it."""
        lon, lat = self._villages.at[int(positions(pa.array([village], pa.string()), self._keys)[0])].tolist()
        return None if np.isnan(lon) else (lon, lat)

    def counts(self, villages: pa.StringArray | None = None) -> list[Offered]:
        """For each service how many of these villages (None: of all) get it, and how."""
        with self._lock:
            plan = self._matrix.plan
            if villages is None:
                found = self._matrix.counts()
            else:
                some = positions(villages, self._keys).astype(np.intp)
                found = self._matrix.counts_of(some[some >= 0])
            return [
                Offered(service.code, service.names, *found[number]) for number, service in enumerate(plan.services)
            ]

    def of(self, villages: Sequence[str]) -> tuple[list[tuple[str, Names]], Verdicts]:
        """Code and name of each service, and what these villages get of it, shape (villages, services)."""
        with self._lock:
            names = [(service.code, service.names) for service in self._matrix.plan.services]
            return names, self._matrix.of(positions(pa.array(villages, pa.string()), self._keys).astype(np.intp))

    def _follow(self, engine: Engine) -> None:
        last = read.latest_transition_id(engine)
        if self._last < 0 or not self._last <= last <= self._last + _MOST_CHANGES:
            for kind in (SubjectKind.SITE, SubjectKind.VILLAGE):
                for some in present.words(engine, kind):
                    self._put(kind, some.subjects, some.statuses, some.layers)
        else:
            seen, after = -1, self._last
            while after != seen:
                seen = after
                changes, after = present.changes(engine, seen, _AT_ONCE)
                for kind in (SubjectKind.SITE, SubjectKind.VILLAGE):
                    mine = [change for change in changes if change.kind == kind]
                    self._put(kind, *([getattr(one, name) for one in mine] for name in ("subject", "status", "layer")))
            last = max(last, after)
        self._last = last

    def _put(self, kind: SubjectKind, subjects: Sequence[str], statuses: Sequence[str], layers: Sequence[str]) -> None:
        """A kendra stands as its villages do; one that serves none as its site."""
        if not len(self._kendras):
            return
        names = pa.array(subjects, pa.string())
        told = np.fromiter(map(_verdict_of, statuses, layers), np.uint8, len(statuses))
        if kind is SubjectKind.VILLAGE:
            number = positions(names, self._keys)
            kendra = np.where(number >= 0, self._villages.by[number], -1)
        else:
            kendra = positions(names, self._kendras)
            kendra = np.where((kendra >= 0) & ~self._serves[kendra], kendra, -1)
        self._ways[kendra[kendra >= 0]] = told[kendra >= 0]

    def _take(self, ways: Verdicts, found: Counters, eyes: Eyes) -> None:
        now = self._columns(ways, found)
        before = self._matrix.kendras
        same = (now.way == before.way) & (now.absent == before.absent)
        for one, other in ((now.latency_ms, before.latency_ms), (now.loss_percent, before.loss_percent)):
            same &= (one == other) | (np.isnan(one) & np.isnan(other))
        changed = np.flatnonzero(~same)
        if 2 * len(changed) > len(same):
            self._matrix.set(now)
        elif len(changed):
            self._matrix.change(changed, now.at(changed))
        if eyes != self._matrix.eyes:
            self._matrix.see(eyes)

    def _columns(self, ways: Verdicts, found: Counters) -> Kendras:
        columns = Kendras.unseen(len(self._kendras))
        columns.way[:] = ways
        bit = {name: 1 << n for n, name in enumerate(self._matrix.plan.peripherals)}
        for kendra, names in self._located(found.absent):
            columns.absent[kendra] = sum(bit[name] for name in names)
        for kendra, _ in self._located(found.only_printer):
            # What the printer alone made of it: services without a printer are as ready as ever.
            if columns.way[kendra] == verdict(Readiness.DEGRADED, Layer.KENDRA_HARDWARE):
                columns.way[kendra] = READY
        for kendra, line in self._located(found.lines):
            columns.latency_ms[kendra], columns.loss_percent[kendra] = line.latency_ms, line.loss_percent
        return columns

    def _located(self, by_name: Mapping[str, T]) -> list[tuple[int, T]]:
        """By number of the kendra; what stands under the name of any other site is left out."""
        number = positions(pa.array(list(by_name), pa.string()), self._kendras).tolist()
        return [(kendra, each) for kendra, each in zip(number, by_name.values(), strict=True) if kendra >= 0]

    def _counter(self, kendra: int) -> Counter:
        if kendra < 0:
            return Counter()
        state, names = self._matrix.kendras, self._matrix.plan.peripherals
        absent = frozenset(name for n, name in enumerate(names) if int(state.absent[kendra]) >> n & 1)
        latency, loss = (float(some[kendra]) for some in (state.latency_ms, state.loss_percent))
        return Counter(absent, None if np.isnan(latency) else latency, None if np.isnan(loss) else loss)

    def _instead(self, village: int, may_see: MaySee) -> Mapping[str, Instead]:
        """For each service that the own kendra can't give the nearest one that is ready, else the nearest that works."""
        octets = self._matrix.of(np.array([village]))[0].tolist()
        wanted = [number for number, octet in enumerate(octets) if meaning(octet).elsewhere]
        if not wanted:
            return {}
        pairs = self._matrix.reach.within(self._villages.at[[village]])
        order = np.lexsort((pairs.place, pairs.km))
        kendras, km = pairs.place[order], pairs.km[order]
        found = {}
        for number in wanted:
            there = self._matrix.at_kendras(number, kendras)
            ready = meaning(octets[number]).status is Readiness.READY
            first = int(np.flatnonzero(there == READY if ready else verdicts.works(there))[0])
            code = self._matrix.plan.services[number].code
            found[code] = self._told(int(kendras[first]), float(km[first]), int(there[first]), may_see)
        return found

    def _told(self, kendra: int, km: float, octet: int, may_see: MaySee) -> Instead:
        name: str = self._kendras[kendra].as_py()
        status = meaning(octet).status
        if not may_see(name):
            return Instead("", _HIDDEN, round(km, 1), "", status)
        site = self._inventory.sites[name]
        return Instead(name, site.names, round(km, 1), site.hours, status)


def offer_of(inventory: Inventory, settings: Settings) -> Offer:
    """Lines are looked up only where somebody measures them."""
    measured = partial(lines, settings.storage.history, inventory) if settings.icmp.interval_s else None
    return Offer(inventory, Travel(settings.readiness.travel_km, settings.readiness.road_factor), measured)


def _verdict_of(status: str, layer: str) -> int:
    """Of a village, or of a kendra's site."""
    if status == Status.UP or layer == Layer.ENDPOINT:
        return READY  # where the endpoints are what fails first, all below them works
    word = Readiness.BLOCKED if status == Status.DOWN else Readiness(status)
    found = Layer(layer) if layer else None
    return verdict(word, found)


def _degrees(records: Mapping[str, object], rows: NDArray[np.integer]) -> Degrees:
    found = [column(records, name).cast(pa.float64()).take(pa.array(rows)) for name in ("lon", "lat")]
    degrees = np.stack([np.asarray(pc.fill_null(each, np.nan)) for each in found], axis=1)
    degrees[np.isnan(degrees).any(axis=1)] = np.nan
    return degrees
