"""Everything that a device's profile reads, at once: the shell under `probe`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from collectors.decode import number
from collectors.group import Group
from collectors.identify import identify
from collectors.instances import Walked, columns, facts, samples
from collectors.model import Failure, Reason
from collectors.profile import Profile, Read, TableRead
from collectors.reading import entity
from collectors.reading.interfaces import IF_TABLE, IF_X_TABLE, absent, interfaces, merged, more
from collectors.reading.kinds import HR_DEVICES, Samples, attached, host, onts, printer, sensors, ups
from collectors.reading.model import Absent, Interface, Reading, Sensor, SystemGroup
from collectors.reading.neighbours import CDP, LLDP, neighbours
from collectors.reading.samples import samples_of
from collectors.reading.sensors import columns as sensor_columns
from collectors.reading.sensors import holds, objects, sensors_of
from collectors.recognise import Recognised, System, ask_system, find_profile, gentle
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value
from collectors.snmp.remember import Remembering

Number = int | float
_ONE_ROW = Limits(rows=1, whole=False)
_WHERE_THERE: Mapping[str, tuple[str, ...]] = {
    "1.0.8802.1.1.2.1.4.1.1": LLDP,
    "1.3.6.1.4.1.9.9.23.1.2.1.1": CDP,
    "1.3.6.1.2.1.25.3.2.1": HR_DEVICES,
}
"""Tables of every kind of device, by their entry: the columns are walked where anything is below that."""


@dataclass(slots=True)
class Profiled:
    """What was read by profile and groups: samples, facts by table, more interfaces, and what was not there."""

    samples: dict[str, dict[str, Number]] = field(default_factory=dict)
    facts: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    absent: list[Absent] = field(default_factory=list)
    interfaces: list[Interface] = field(default_factory=list)

    def add(self, metric: str, instance: str, value: Number) -> None:
        """Keep the first value of a metric and instance."""
        self.samples.setdefault(metric, {}).setdefault(instance, value)

    def fill(self, other: "Profiled") -> None:
        """Take what `other` tells and this doesn't: a metric comes from one of them."""
        self.samples = {**other.samples, **self.samples}
        for table, told in other.facts.items():
            self.facts[table] = {**told, **self.facts.get(table, {})}


async def read_device(
    backend: SnmpBackend,
    target: Target,
    catalogue: Mapping[str, Profile],
    vendors: Mapping[int, str],
    *,
    groups: Sequence[Group] = (),
    profile: str = "",
) -> tuple[Reading, Samples] | Failure:
    """Recognise a device and read all that its profile and its groups name, without regard to read budgets."""
    backend = Remembering(backend)
    system = await ask_system(backend, target)
    if isinstance(system, Failure):
        return system
    found = await find_profile(backend, target, system, catalogue, profile=profile)
    recognised = Recognised(found, system, {})  # its ports are walked with the rest of their tables
    target = gentle(target, recognised.profile)
    fitting = tuple(group for group in groups if group.fits(recognised.system.object_id, recognised.profile.name))
    naming = [group for group in fitting if await _names(backend, target, group, recognised.system.object_id)]
    identified = await identify(backend, target, recognised, vendors, naming)
    wanted = [columns for guard, columns in _WHERE_THERE.items() if await _there(backend, target, guard)]
    walked, broken = await walk_columns(backend, target, (*IF_TABLE, *IF_X_TABLE, *chain.from_iterable(wanted)))
    profiled = await read_profile(backend, target, recognised)
    felt = await _read_groups(backend, target, recognised.profile.max_objects, fitting, profiled)
    supplies, ports = profiled.facts.get("supply", {}), merged(interfaces(walked), profiled.interfaces)
    reading = Reading(
        address=f"{target.address}:{target.port}",
        reached=True,
        profile=recognised.profile.name,
        role=recognised.profile.role or None,
        vendor=identified.vendor or None,
        model=identified.model or None,
        os=identified.os or None,
        os_version=identified.os_version or None,
        serial=identified.serial or None,
        system=_system(recognised.system),
        interfaces=ports or None,
        sensors=sensors(profiled.samples, felt) or None,
        ups=ups(profiled.samples),
        printer=printer(profiled.samples, supplies),
        host=host(profiled.samples),
        onts=onts(profiled.samples, profiled.facts.get("ont", {})) or None,
        neighbours=neighbours(walked) or None,
        peripherals=attached(walked) or None,
        errors=tuple(dict.fromkeys((*broken, *absent(walked), *profiled.absent))),
    )
    return reading, {**samples_of(reading), **profiled.samples}


async def _read_groups(
    backend: SnmpBackend, target: Target, together: int, groups: Iterable[Group], found: Profiled
) -> tuple[Sensor, ...]:
    """Add to `found` what the profile's own reads didn't give; the sensors of all `groups`."""
    felt: list[Sensor] = []
    for group in sorted(groups, key=lambda group: group.common):  # a vendor's own words before everybody's
        if await _there(backend, target, group.guard):
            felt += await _read_group(backend, target, group, together, found)
    for entry in entity.ENTRIES:
        felt += await _read_entity(backend, target, entry)
    return tuple(felt)


async def _names(backend: SnmpBackend, target: Target, group: Group, object_id: str) -> bool:
    """Whether a group that fits can tell what the device is: several makers' groups are for one profile."""
    return group.common or group.knows(object_id) or await _there(backend, target, group.guard)


async def _there(backend: SnmpBackend, target: Target, guard: str | None) -> bool:
    """Whether the device has the instance `guard`, or anything below it."""
    if guard is None:
        return True
    answer = await (backend.get(target, [guard]) if guard.endswith(".0") else backend.walk(target, guard, _ONE_ROW))
    return not isinstance(answer, Failure) and bool(answer)


async def _read_group(
    backend: SnmpBackend, target: Target, group: Group, together: int, found: Profiled
) -> list[Sensor]:
    told = Profiled()
    oids = dict.fromkeys((*(read.oid for read in group.scalars), *objects(group.sensors)))
    got = await get_all(backend, target, tuple(oids), together)
    for read in group.scalars:
        value = number(read, got[read.oid]) if read.oid in got else None
        if value is not None:
            told.add(read.metric, "", value)
    for table in group.tables:
        await _read_table(backend, target, table, told)
    for others in group.interfaces:
        walked, _ = await walk_columns(backend, target, (others.oid(near) for near in others.columns.values()))
        found.interfaces += more(others, walked)
    found.fill(told)
    felt: list[Sensor] = []
    for sensed in (table for table in group.sensors if holds(table, got)):
        walked, _ = await walk_columns(backend, target, sensor_columns(sensed))
        felt += sensors_of(sensed, got, walked)
    return felt


async def _read_entity(backend: SnmpBackend, target: Target, entry: str) -> list[Sensor]:
    values, *rest = entity.columns(entry)
    if not await _there(backend, target, values):
        return []
    walked, _ = await walk_columns(backend, target, (values, *rest, entity.NAME, entity.DESCR))
    return list(entity.entity_sensors(entry, walked))


async def read_profile(backend: SnmpBackend, target: Target, recognised: Recognised) -> Profiled:
    """The profile's scalars, ports and tables."""
    profile, found = recognised.profile, Profiled()
    wanted = [(read, "", read.oid) for read in profile.scalars]
    wanted += [
        (read, name, f"{read.oid}.{index}") for index, name in recognised.ports.items() for read in profile.ports
    ]
    values = await get_all(backend, target, [oid for _, _, oid in wanted], profile.max_objects)
    for read, instance, oid in wanted:
        value = number(read, values[oid]) if oid in values else None
        if value is not None:
            found.add(read.metric, instance, value)
    found.absent += _missing(profile.scalars, found.samples)
    for table in profile.tables:
        await _read_table(backend, target, table, found)
    return found


async def get_all(backend: SnmpBackend, target: Target, oids: Sequence[str], together: int) -> dict[str, Value]:
    """Values of `oids`, at most `together` in one GET; those of a GET that failed are missing."""
    values: dict[str, Value] = {}
    for start in range(0, len(oids), together):
        answer = await backend.get(target, oids[start : start + together])
        values.update({} if isinstance(answer, Failure) else answer)
    return values


async def walk_columns(
    backend: SnmpBackend, target: Target, wanted: Iterable[str]
) -> tuple[Walked, tuple[Absent, ...]]:
    """Each column whole, and those that broke off; a device that falls silent isn't asked for the rest."""
    walked: dict[str, Mapping[str, Value]] = {}
    broken: list[Absent] = []
    for column in wanted:
        rows = await backend.walk(target, column, Limits())
        if not isinstance(rows, Failure):
            walked[column] = rows
            continue
        broken.append(Absent(what=column, reason=rows.reason))
        if rows.reason is Reason.TIMEOUT:
            break
    return walked, tuple(broken)


async def _read_table(backend: SnmpBackend, target: Target, table: TableRead, found: Profiled) -> None:
    wanted = dict.fromkeys((*columns(table), *(fact.oid for fact in table.facts)))
    walked, broken = await walk_columns(backend, target, wanted)
    found.absent += broken
    for metric, instance, value in samples(table, walked):
        found.add(metric, instance, value)
    found.facts[table.name] = facts(table, walked)
    found.absent += _missing(table.columns, found.samples)


def _missing(reads: Iterable[Read], told: Mapping[str, Mapping[str, Number]]) -> list[Absent]:
    """The metrics that nothing gave, by the MIB name of their first read."""
    first: dict[str, Read] = {}
    for read in reads:
        first.setdefault(read.metric, read)
    return [Absent(what=read.mib, reason="absent") for metric, read in first.items() if metric not in told]


def _system(system: System) -> SystemGroup:
    return SystemGroup(
        name=system.name or None,
        description=system.description or None,
        object_id=system.object_id or None,
        uptime_s=system.uptime_s,
        location=system.location or None,
        contact=system.contact or None,
    )
