"""Which profile fits a device, and what its ports are called."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from collectors.model import Failure, Reason
from collectors.plan import IF_NAME
from collectors.profile import Profile
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value
from collectors.text import text

FALLBACK = "generic"

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SYS_CONTACT = "1.3.6.1.2.1.1.4.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
SYS_LOCATION = "1.3.6.1.2.1.1.6.0"
_SYSTEM = (SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_CONTACT, SYS_NAME, SYS_LOCATION)

IF_DESCR = "1.3.6.1.2.1.2.2.1.2"
_ONE_ROW = Limits(rows=1, whole=False)
_TOGETHER = 24  # objects in one GET


@dataclass(frozen=True, slots=True)
class System:
    """The system group (SNMPv2-MIB); an empty text or None where the device doesn't say."""

    description: str = ""
    object_id: str = ""
    uptime_s: float | None = None
    contact: str = ""
    name: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    profile: Profile
    system: System
    ports: Mapping[int, str]  # ifIndex -> name, each name once


async def recognise(
    backend: SnmpBackend, target: Target, catalogue: Mapping[str, Profile], *, profile: str = ""
) -> Recognised | Failure:
    """Ask a device what it is. `profile` names the answer where the inventory knows it.

    KeyError for a `profile` that isn't in `catalogue`.
    """
    system = await ask_system(backend, target)
    if isinstance(system, Failure):
        return system
    return await recognise_by(backend, target, system, catalogue, profile=profile)


async def ask_system(backend: SnmpBackend, target: Target) -> System | Failure:
    """The system group in one GET."""
    answer = await backend.get(target, _SYSTEM)
    return answer if isinstance(answer, Failure) else read_system(answer)


async def recognise_by(
    backend: SnmpBackend, target: Target, system: System, catalogue: Mapping[str, Profile], *, profile: str = ""
) -> Recognised | Failure:
    """The rest of `recognise`, for a device that has told its system group. This walks tables."""
    found = await find_profile(backend, target, system, catalogue, profile=profile)
    ports = await read_ports(backend, gentle(target, found)) if found.ports else {}
    if not isinstance(ports, Failure):
        return Recognised(found, system, ports)
    if ports.reason is Reason.PROTOCOL:  # its names will not be had tomorrow either: what else it tells is read
        return Recognised(found, system, {})
    return _after_an_answer(ports)


async def find_profile(
    backend: SnmpBackend, target: Target, system: System, catalogue: Mapping[str, Profile], *, profile: str = ""
) -> Profile:
    """The profile of a device that told `system`; `profile` names it where the inventory knows it."""
    found = profile_of(catalogue, system.object_id, system.description, profile)
    if found is None:
        found = await _by_objects(backend, target, catalogue.values()) or catalogue[FALLBACK]
    elif not profile and yields(found, system.object_id):
        others = [one for one in catalogue.values() if one.match.priority > found.match.priority]
        found = next(iter(await _having(backend, target, others)), found)
    return found


def _after_an_answer(failure: Failure) -> Failure:
    """Silence after an answer isn't a device's silence."""
    return replace(failure, reason=Reason.DEADLINE) if failure.reason is Reason.TIMEOUT else failure


def gentle(target: Target, profile: Profile) -> Target:
    """`target` as devices of this kind may be asked."""
    return replace(target, max_repetitions=min(target.max_repetitions, profile.max_repetitions))


def read_system(values: Mapping[str, Value]) -> System:
    ticks = values.get(SYS_UP_TIME)
    return System(
        description=_text(values, SYS_DESCR),
        object_id=_object_id(values.get(SYS_OBJECT_ID)),
        uptime_s=ticks / 100 if isinstance(ticks, int) and 0 <= ticks < 2**32 else None,
        contact=_text(values, SYS_CONTACT),
        name=_text(values, SYS_NAME),
        location=_text(values, SYS_LOCATION),
    )


def profile_of(catalogue: Mapping[str, Profile], object_id: str, description: str, named: str = "") -> Profile | None:
    """The profile that the inventory names, else the one of a sysObjectID, else of a sysDescr; None where none fits.

    KeyError for a `named` one that isn't in `catalogue`.
    """
    found = catalogue[named] if named else None
    found = found or by_object_id(catalogue.values(), object_id, description)
    return found or by_description(catalogue.values(), description)


def by_object_id(profiles: Iterable[Profile], object_id: str, description: str = "") -> Profile | None:
    """The profile with the longest prefix of `object_id` whose `also`, if it has any, is in `description`."""
    fitting = [
        (prefix.count("."), profile.match.priority, profile)
        for profile in profiles
        for prefix in profile.match.object_ids
        if _below(prefix, object_id) and _also(profile, description)
    ]
    return max(fitting, key=lambda one: one[:2])[2] if fitting else None


def _below(prefix: str, object_id: str) -> bool:
    return f"{object_id}.".startswith(f"{prefix}.")


def _also(profile: Profile, description: str) -> bool:
    also = profile.match.also
    return not also or any(re.search(pattern, description, re.IGNORECASE) for pattern in also)


def by_description(profiles: Iterable[Profile], description: str) -> Profile | None:
    """The first of `profiles` (highest priority first) with a pattern that occurs in `description`."""
    for profile in profiles:
        if any(re.search(pattern, description, re.IGNORECASE) for pattern in profile.match.descriptions):
            return profile
    return None


def yields(profile: Profile, object_id: str) -> bool:
    """Whether an object of another kind outweighs that `object_id`, or else sysDescr, told this profile."""
    match = profile.match
    strong = (prefix for prefix in match.object_ids if prefix not in match.weak)
    return bool(match.weak) and not any(_below(prefix, object_id) for prefix in strong)


async def _by_objects(backend: SnmpBackend, target: Target, profiles: Collection[Profile]) -> Profile | None:
    """The first profile of which the device has an object or a row."""
    having = await _having(backend, target, profiles)
    for profile in profiles:
        if profile in having:
            return profile
        for column in profile.match.columns:
            rows = await backend.walk(target, column, _ONE_ROW)
            if not isinstance(rows, Failure) and rows:
                return profile
    return None


async def _having(backend: SnmpBackend, target: Target, profiles: Collection[Profile]) -> list[Profile]:
    """Those of `profiles` of which the device has one of the objects."""
    asked = [oid for profile in profiles for oid in profile.match.objects]
    there = set[str]()
    for start in range(0, len(asked), _TOGETHER):
        answer = await backend.get(target, asked[start : start + _TOGETHER])
        there |= set() if isinstance(answer, Failure) else answer.keys()
    return [profile for profile in profiles if there & frozenset(profile.match.objects)]


async def read_ports(backend: SnmpBackend, target: Target) -> Mapping[int, str] | Failure:
    """ifIndex -> ifName, else ifDescr, else the index."""
    names = await backend.walk(target, IF_NAME, Limits())
    if isinstance(names, Failure):
        return names
    if names and all(isinstance(name, bytes) and name.strip(b"\0 ") for name in names.values()):
        return port_names(names, names)
    described = await backend.walk(target, IF_DESCR, Limits())
    if isinstance(described, Failure):
        return described
    return port_names(names, described)


def port_names(names: Mapping[str, Value], descriptions: Mapping[str, Value]) -> dict[int, str]:
    """The rows of ifTable by name, each name once: ports of the same name carry their ifIndex, "eth (7)"."""
    indices = sorted({int(index) for index in descriptions or names if index.isdigit()})
    plain = {index: _port_name(names, descriptions, str(index)) for index in indices}
    used = set[str]()
    return {index: _once(name, index, used) for index, name in plain.items()}


def _once(name: str, index: int, used: set[str]) -> str:
    unique = name if name not in used else f"{name} ({index})"
    used.add(unique)
    return unique


def _port_name(names: Mapping[str, Value], descriptions: Mapping[str, Value], index: str) -> str:
    return next(_filled((names.get(index), descriptions.get(index))), index)


def _filled(values: Iterable[Value | None]) -> Iterator[str]:
    for value in values:
        found = text(value) if isinstance(value, bytes) else ""
        if found:
            yield found


def _text(values: Mapping[str, Value], oid: str) -> str:
    return next(_filled((values.get(oid),)), "")


def _object_id(value: Value | None) -> str:
    """Some agents send sysObjectID as text."""
    found = text(value) if isinstance(value, bytes) else value
    return plain_object_id(found) if isinstance(found, str) else ""


def plain_object_id(told: str) -> str:
    return told.lstrip(".")
