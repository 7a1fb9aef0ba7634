"""Everything that a device's profile reads, at once: the shell under `probe`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collectors.decode import number
from collectors.identify import identify
from collectors.instances import Walked, columns, facts, samples
from collectors.model import Failure, Reason
from collectors.profile import Profile, Read, TableRead
from collectors.reading.interfaces import IF_TABLE, IF_X_TABLE, absent, interfaces
from collectors.reading.kinds import Samples, host, onts, printer, sensors, ups
from collectors.reading.model import Absent, Reading, SystemGroup
from collectors.reading.neighbours import LLDP, neighbours
from collectors.reading.samples import samples_of
from collectors.recognise import Recognised, System, gentle, recognise
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value

Number = int | float


@dataclass(slots=True)
class Profiled:
    """What the profile's reads gave: samples, facts by table, and what was not there."""

    samples: dict[str, dict[str, Number]] = field(default_factory=dict)
    facts: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    absent: list[Absent] = field(default_factory=list)

    def add(self, metric: str, instance: str, value: Number) -> None:
        """Keep the first value of a metric and instance."""
        self.samples.setdefault(metric, {}).setdefault(instance, value)


async def read_device(
    backend: SnmpBackend,
    target: Target,
    catalogue: Mapping[str, Profile],
    vendors: Mapping[int, str],
    *,
    profile: str = "",
) -> tuple[Reading, Samples] | Failure:
    """Recognise a device and read all that its profile names, without regard to read budgets."""
    recognised = await recognise(backend, target, catalogue, profile=profile)
    if isinstance(recognised, Failure):
        return recognised
    target = gentle(target, recognised.profile)
    identified = await identify(backend, target, recognised, vendors)
    walked, broken = await walk_columns(backend, target, (*IF_TABLE, *IF_X_TABLE, *LLDP))
    profiled = await read_profile(backend, target, replace(recognised, ports={}))  # they are walked already
    supplies, ports = profiled.facts.get("supply", {}), interfaces(walked)
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
        sensors=sensors(profiled.samples) or None,
        ups=ups(profiled.samples),
        printer=printer(profiled.samples, supplies),
        host=host(profiled.samples),
        onts=onts(profiled.samples, profiled.facts.get("ont", {})) or None,
        neighbours=neighbours(walked) or None,
        errors=(*broken, *absent(walked), *profiled.absent),
    )
    return reading, {**samples_of(reading), **profiled.samples}


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
    """The reads whose metric nothing gave, by their MIB name."""
    return [Absent(what=read.mib, reason="absent") for read in reads if read.metric not in told]


def _system(system: System) -> SystemGroup:
    return SystemGroup(
        name=system.name or None,
        description=system.description or None,
        object_id=system.object_id or None,
        uptime_s=system.uptime_s,
        location=system.location or None,
        contact=system.contact or None,
    )
