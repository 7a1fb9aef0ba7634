"""Vendor, model, software and serial of a device, from the sources that its profile names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.model import Failure
from collectors.profile import Profile, Source
from collectors.recognise import Recognised
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value
from collectors.text import text

_ENTERPRISES = "1.3.6.1.4.1."
_FIRST_ROWS = Limits(rows=64, whole=False)  # the first rows of a table of parts are often empty


@dataclass(frozen=True, slots=True)
class Identified:
    """Empty where nothing tells."""

    vendor: str = ""
    model: str = ""
    os: str = ""
    os_version: str = ""
    serial: str = ""


async def identify(
    backend: SnmpBackend, target: Target, recognised: Recognised, vendors: Mapping[int, str]
) -> Identified:
    """Ask for what the profile's sources need, each only where the ones before it told nothing."""
    identity = recognised.profile.identity
    asked = await _objects(backend, target, recognised.profile)

    async def told(sources: tuple[Source, ...]) -> str:
        for source in sources:
            found = await _told(backend, target, source, asked, recognised.system.description)
            if found:
                return found
        return ""

    return Identified(
        vendor=await told(identity.vendor) or vendor_of(recognised.system.object_id, vendors),
        model=await told(identity.model),
        os=await told(identity.os),
        os_version=await told(identity.os_version),
        serial=await told(identity.serial),
    )


def vendor_of(object_id: str, vendors: Mapping[int, str]) -> str:
    """The owner of the enterprise number in a sysObjectID, or nothing."""
    number = object_id.removeprefix(_ENTERPRISES).partition(".")[0]
    return vendors.get(int(number), "") if object_id.startswith(_ENTERPRISES) and number.isdigit() else ""


async def _objects(backend: SnmpBackend, target: Target, profile: Profile) -> Mapping[str, Value]:
    """Every `oid` of the profile's identity in one GET; nothing where that fails."""
    identity = profile.identity
    sources = (*identity.vendor, *identity.model, *identity.os, *identity.os_version, *identity.serial)
    oids = tuple(dict.fromkeys(source.oid for source in sources if source.oid))
    answer = await backend.get(target, oids) if oids else {}
    return {} if isinstance(answer, Failure) else answer


async def _told(
    backend: SnmpBackend, target: Target, source: Source, asked: Mapping[str, Value], description: str
) -> str:
    if source.text:
        return source.text
    if source.column:
        return await _first_filled(backend, target, source.column, source.pattern)
    value = description if source.oid is None else _text(asked.get(source.oid))
    return _matched(source.pattern, value)


async def _first_filled(backend: SnmpBackend, target: Target, column: str, pattern: str) -> str:
    rows = await backend.walk(target, column, _FIRST_ROWS)
    if isinstance(rows, Failure):
        return ""
    return next(filter(None, (_matched(pattern, _text(value)) for value in rows.values())), "")


def _matched(pattern: str, value: str) -> str:
    found = re.search(pattern, value) if pattern else None
    if found:
        return found[1].strip()
    return "" if pattern else value


def _text(value: Value | None) -> str:
    return text(value) if isinstance(value, bytes) else ""
