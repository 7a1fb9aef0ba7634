"""The services of a village as one list: each once, with all its channels, and those that stand alike together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inventory.model import Names
from readiness.model import Readiness
from readiness.rules.services import KENDRA
from readiness.services import Instead, ServiceRow

_HAD = frozenset({Readiness.READY, Readiness.DEGRADED})
_BETTER = (Readiness.BLOCKED, Readiness.UNKNOWN, Readiness.DEGRADED, Readiness.READY)
"""For whoever needs a service: what may be had is better than what is not."""

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """Channels in which services stand alike; `row` is one of them."""

    channels: tuple[str, ...]
    row: ServiceRow

    @property
    def at_counter(self) -> bool:
        return self.channels == (KENDRA,)


@dataclass(frozen=True, slots=True)
class Alike:
    """Services that stand alike in every channel; the first way is the counter's, where kendras give them."""

    ways: tuple[Way, ...]
    names: tuple[Names, ...]

    @property
    def status(self) -> Readiness:
        """That of the counter; of services that no kendra gives that of the channel in which they stand best."""
        first = self.ways[0]
        if first.at_counter:
            return first.row.status
        return max((way.row.status for way in self.ways), key=_BETTER.index)

    @property
    def plain(self) -> bool:
        """Whether there is nothing to say of them: all of it works."""
        return all(way.row.status is Readiness.READY for way in self.ways)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest other kendra that gives what the own one doesn't, and how many of these services it gives."""

    instead: Instead
    services: int


@dataclass(frozen=True, slots=True)
class Offered:
    """Of the services that the state gives `at_counter`, `had` are had at the own kendra now and `unknown` may be."""

    alike: tuple[Alike, ...]
    at_counter: int
    had: int
    unknown: int
    nearest: Nearest | None

    @property
    def from_home(self) -> bool:
        """Whether any goes over the citizen's own line, which nobody observes."""
        return any(not way.at_counter for each in self.alike for way in each.ways)

    @property
    def trouble(self) -> tuple[Alike, ...]:
        return tuple(each for each in self.alike if not each.plain)

    @property
    def working(self) -> tuple[Alike, ...]:
        return tuple(each for each in self.alike if each.plain)


def offered(rows: Sequence[ServiceRow]) -> Offered:
    counter = [row for row in rows if row.channel == KENDRA and row.online]
    return Offered(
        tuple(_alike(rows)),
        len(counter),
        sum(row.status in _HAD for row in counter),
        sum(row.status is Readiness.UNKNOWN for row in counter),
        _nearest(counter),
    )


def _nearest(counter: Iterable[ServiceRow]) -> Nearest | None:
    found = [row.instead for row in counter if row.instead]
    if not found:
        return None
    first = min(found, key=lambda one: one.km)
    return Nearest(first, sum((one.site, one.km) == (first.site, first.km) for one in found))


def _alike(rows: Iterable[ServiceRow]) -> list[Alike]:
    """Gravest first, and of these the most."""
    by_service: dict[str, list[ServiceRow]] = {}
    for row in rows:
        by_service.setdefault(row.service, []).append(row)
    groups: dict[_Key, tuple[tuple[Way, ...], list[Names]]] = {}
    for channels in by_service.values():
        ways = _ways(channels)
        key = tuple((way.channels, _stands(way.row)) for way in ways)
        groups.setdefault(key, (ways, []))[1].append(channels[0].names)
    found = [Alike(ways, tuple(names)) for ways, names in groups.values()]
    return sorted(found, key=lambda one: (_BETTER.index(one.status), -len(one.names)))


def _ways(channels: Iterable[ServiceRow]) -> tuple[Way, ...]:
    """The counter first, then the other channels of one service, those that stand alike together."""
    alike: dict[_Key, list[ServiceRow]] = {}
    for row in channels:
        alike.setdefault((row.channel != KENDRA, _stands(row)), []).append(row)
    ways = (Way(tuple(row.channel for row in some), some[0]) for some in alike.values())
    return tuple(sorted(ways, key=lambda way: not way.at_counter))


def _stands(row: ServiceRow) -> _Key:
    """All that is said of it but its name."""
    where = (row.instead.site, row.instead.km) if row.instead else None
    return row.status, row.layer, row.endpoint, row.peripheral, row.responsible, row.online, where
