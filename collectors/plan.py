"""What one poll of a device asks: a profile applied to the ports that matter there. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

from collectors.profile import Profile, Read, Syntax, TableRead

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
_UPTIME_READ = Read("sysUpTime", SYS_UP_TIME, "SNMPv2-MIB::sysUpTime", Syntax.TIMETICKS, scale=0.01)
_MOST_PORTS = 8  # of a device whose links name none of its ports
_MOST_GETS = 8  # of a poll that is GETs alone

IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
NAMES = "names of ports"
_NAMES_S = 3600.0

Port = tuple[int, str]
"""ifIndex and name."""


@dataclass(frozen=True, slots=True)
class Item:
    """One object asked by GET. `index` is the ifIndex as text; it and `instance` are empty for a scalar."""

    oid: str
    read: Read
    instance: str = ""
    index: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Objects asked together, not more often than every `every_s` seconds.

    `first` is the place of items[0] among all items of the plan; `oids` are those of the items.
    """

    every_s: float
    first: int
    items: tuple[Item, ...]
    oids: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its read budget is kept under."""
        return f"part {self.every_s}"


@dataclass(frozen=True, eq=False)
class PollPlan:
    """Shared by all devices of one shape: the same profile and the same ports. sysUpTime comes first."""

    profile: str
    parts: tuple[Part, ...]
    tables: tuple[TableRead, ...]
    max_objects: int  # in one GET
    max_repetitions: int  # of one GETBULK; 0: none
    names: tuple[str, ...] = ()  # ifName of its ports: they may be renumbered without a reboot

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for part in self.parts for item in part.items)

    @cached_property
    def reads(self) -> tuple[tuple[str, float], ...]:
        """Everything that has a read budget, by name, with the budget in seconds: parts, then columns of tables."""
        columns = ((read.oid, read.every_s) for table in self.tables for read in table.columns)
        names = ((NAMES, _NAMES_S),) if self.names else ()
        return (*((part.name, part.every_s) for part in self.parts), *columns, *names)


def ports_of_interest(ports: Mapping[int, str], linked: Collection[str]) -> tuple[Port, ...]:
    """The ports that links name, with the links' spelling; the first few where links name none.

    Spelling may differ in case and spaces ("gpon 0/1/3", "GPON 0/1/3"): people type inventories.
    """
    wanted = {_plain(name): name for name in linked}
    named = [(index, wanted[_plain(name)]) for index, name in sorted(ports.items()) if _plain(name) in wanted]
    return tuple(named or sorted(ports.items())[:_MOST_PORTS])


def make_plan(profile: Profile, ports: tuple[Port, ...]) -> PollPlan:
    """What to ask a device of this profile with these ports at every poll."""
    scalars = [Item(read.oid, read) for read in profile.scalars if read.oid != SYS_UP_TIME]
    columns = [Item(f"{read.oid}.{index}", read, name, str(index)) for index, name in ports for read in profile.ports]
    items = [Item(SYS_UP_TIME, _UPTIME_READ), *scalars, *columns]
    return PollPlan(
        profile.name,
        _parts(items),
        profile.tables,
        profile.max_objects,
        profile.max_repetitions,
        tuple(f"{IF_NAME}.{index}" for index, _ in ports),
    )


def narrow(plan: PollPlan, absent: AbstractSet[str]) -> PollPlan:
    """The plan without objects that the device doesn't have.

    Where two objects give the same metric of the same instance (a 64-bit counter and its 32-bit
    fallback), the first that the device has stays, and a scalar stays rather than a table's column. The
    same plan comes back when nothing changes.
    """
    kept: dict[tuple[str, str], Item] = {}
    for item in plan.items:
        if item.oid not in absent or item.oid == SYS_UP_TIME:
            kept.setdefault((item.read.metric, item.instance), item)
    given = {metric for metric, instance in kept if not instance}
    tables = tuple(_without(table, given) for table in plan.tables)
    if len(kept) == len(plan.items) and tables == plan.tables:
        return plan
    return replace(plan, parts=_parts(kept.values()), tables=tuple(table for table in tables if table.columns))


def _without(table: TableRead, metrics: AbstractSet[str]) -> TableRead:
    """The table without what scalars give."""
    return replace(table, columns=tuple(read for read in table.columns if read.metric not in metrics))


def _parts(items: Iterable[Item]) -> tuple[Part, ...]:
    parts: list[Part] = []
    first = 0
    for every_s, group in groupby(sorted(items, key=_budget), key=_budget):
        members = tuple(group)
        parts.append(Part(every_s, first, members, tuple(item.oid for item in members)))
        first += len(members)
    return tuple(parts)


class Get(NamedTuple):
    """What one GET asks for: sysUpTime, some of a plan's items, then names of its ports.

    `items` are the places of its first objects among the items of the plan; -1 for an up-time that is only looked at.
    """

    oids: tuple[str, ...]
    items: tuple[int, ...]


def gets(plan: PollPlan, wanted: AbstractSet[str]) -> tuple[Get, ...]:
    """The GETs that read what of `plan.reads` is `wanted`, one after another; none where a table is wanted too.

    Each begins with sysUpTime, so that a reboot between two of them is seen. The names of ports are all in one.
    """
    if wanted == {NAMES}:
        return (Get((SYS_UP_TIME, *plan.names), (-1,)),) if len(plan.names) < plan.max_objects else ()
    parts = [part for part in plan.parts if part.name in wanted]
    names = plan.names if NAMES in wanted else ()
    places = [part.first + n for part in parts for n in range(len(part.oids))]
    known = {part.name for part in parts} | {NAMES}
    room = plan.max_objects - 1
    if not wanted <= known or not places or plan.items[places[0]].oid != SYS_UP_TIME:
        return ()
    if room < bool(places[1:] or names):
        return ()
    made = [_get(plan, 0, places[1 : plan.max_objects])]
    made += [_get(plan, -1, places[at : at + room]) for at in range(plan.max_objects, len(places), max(room, 1))]
    return _with_names(made, names, plan.max_objects)


def _get(plan: PollPlan, first: int, places: Sequence[int]) -> Get:
    return Get((SYS_UP_TIME, *(plan.items[place].oid for place in places)), (first, *places))


def _with_names(made: Sequence[Get], names: tuple[str, ...], most: int) -> tuple[Get, ...]:
    *before, last = made
    if len(last.oids) + len(names) <= most:
        made = (*before, last._replace(oids=(*last.oids, *names)))
    elif len(names) < most:
        made = (*made, Get((SYS_UP_TIME, *names), (-1,)))
    else:
        return ()
    return tuple(made) if len(made) <= _MOST_GETS else ()


class Shape(NamedTuple):
    """What makes a plan: a profile, the ports that matter, what of it the device doesn't have."""

    profile: str
    ports: tuple[Port, ...]
    absent: frozenset[str]


class Plans:
    """Every plan that a device has by number, so that devices of one shape share one.

    What makes a plan is known as long as anybody holds it.
    """

    def __init__(self) -> None:
        self._plans: list[PollPlan] = []
        self._numbers: dict[PollPlan, int] = {}
        self._shapes = WeakKeyDictionary[PollPlan, Shape]()
        self._wide = WeakValueDictionary[Shape, PollPlan]()  # before anybody knows what is absent
        self._narrow = WeakValueDictionary[Shape, PollPlan]()

    def __getitem__(self, number: int) -> PollPlan:
        return self._plans[number]

    def number(self, plan: PollPlan) -> int:
        if plan not in self._numbers:
            self._numbers[plan] = len(self._plans)
            self._plans.append(plan)
        return self._numbers[plan]

    def __len__(self) -> int:
        return len(self._plans)

    def keep(self, used: Iterable[int]) -> tuple[PollPlan, ...]:
        """Keep the plans `used`, numbered anew from 0 on in this order; the others, which have no number now, come back."""
        kept = [self._plans[number] for number in used]
        numbers = {plan: number for number, plan in enumerate(kept)}
        gone = tuple(plan for plan in self._plans if plan not in numbers)
        self._plans, self._numbers = kept, numbers
        return gone

    def shapes(self) -> tuple[Shape, ...]:
        """By number."""
        return tuple(self._shapes[plan] for plan in self._plans)

    def shape(self, number: int) -> Shape:
        """What made that plan."""
        return self._shapes[self._plans[number]]

    def make(self, profile: Profile, ports: tuple[Port, ...]) -> PollPlan:
        shape = Shape(profile.name, ports, frozenset())
        made = self._wide.get(shape)
        if made is None:
            self._wide[shape] = made = make_plan(profile, ports)
            self._shapes[made] = shape
        return made

    def narrow(self, plan: PollPlan, absent: frozenset[str]) -> PollPlan:
        """`plan`, as `make` gave it, without what is absent or told twice."""
        shape = self._shapes[plan]._replace(absent=absent)
        made = self._narrow.get(shape)
        if made is None:
            self._narrow[shape] = made = narrow(plan, absent)
            self._shapes.setdefault(made, shape)
        return made


def _budget(item: Item) -> float:
    return item.read.every_s


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
