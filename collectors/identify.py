"""Vendor, model, software and serial of a device, from the sources that its profile names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collectors.group import Group
from collectors.instances import FORMS
from collectors.model import Failure
from collectors.profile import Identity, Source
from collectors.recognise import Recognised
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value

_ENTERPRISES = "1.3.6.1.4.1."
_FIRST_ROWS = Limits(rows=64, whole=False)  # the first rows of a table of parts are often empty
_MANY_ROWS = Limits(rows=512, whole=False)  # where a pattern looks for one among them: a machine's processes
_PLACEHOLDERS = frozenset(
    {"", "unknown", "none", "n/a", "na", "null", "not set", "not available", "-", "--", "default"}
)


@dataclass(frozen=True, slots=True)
class Identified:
    """Empty where nothing tells."""

    vendor: str = ""
    model: str = ""
    os: str = ""
    os_version: str = ""
    serial: str = ""


async def identify(
    backend: SnmpBackend, target: Target, recognised: Recognised, vendors: Mapping[int, str], groups: Sequence[Group]
) -> Identified:
    """Ask for what the sources need, each only where the ones before it told nothing. `groups` fit the device."""
    own = tuple(group.identity for group in groups if not group.common)
    common = tuple(group.identity for group in groups if group.common)
    identities = (*own, recognised.profile.identity, *common)
    asked = await _objects(backend, target, identities, recognised.profile.max_objects)

    async def told(name: str) -> str:
        sources: Iterable[Source] = (source for identity in identities for source in getattr(identity, name))
        for source in sources:
            found = await _told(backend, target, source, asked, recognised.system.description)
            if found.casefold() not in _PLACEHOLDERS:
                return found
        return ""

    return Identified(
        vendor=_spelt(await told("vendor"), vendors) or vendor_of(recognised.system.object_id, vendors),
        model=_by_object_id(identities, recognised.system.object_id) or await told("model"),
        os=await told("os"),
        os_version=await told("os_version"),
        serial=await told("serial"),
    )


def _spelt(vendor: str, vendors: Mapping[int, str]) -> str:
    """A vendor that calls itself EATON as everybody else writes it."""
    return next((known for known in vendors.values() if known.casefold() == vendor.casefold()), vendor)


def _by_object_id(identities: Iterable[Identity], object_id: str) -> str:
    """The model of the longest prefix of `object_id` among all `models`."""
    fitting = [
        (prefix.count("."), model)
        for identity in identities
        for prefix, model in identity.models.items()
        if f"{object_id}.".startswith(f"{prefix}.")
    ]
    return max(fitting)[1] if fitting else ""


def vendor_of(object_id: str, vendors: Mapping[int, str]) -> str:
    """The owner of the enterprise number in a sysObjectID, or nothing."""
    number = object_id.removeprefix(_ENTERPRISES).partition(".")[0]
    return vendors.get(int(number), "") if object_id.startswith(_ENTERPRISES) and number.isdigit() else ""


async def _objects(
    backend: SnmpBackend, target: Target, identities: Iterable[Identity], together: int
) -> Mapping[str, Value]:
    """Every `oid` of the identities; those of a GET that fails are missing."""
    sources = (source for i in identities for source in (*i.vendor, *i.model, *i.os, *i.os_version, *i.serial))
    oids = tuple(dict.fromkeys(oid for source in sources for oid in (source.oid, source.then) if oid))
    values: dict[str, Value] = {}
    for start in range(0, len(oids), together):
        answer = await backend.get(target, oids[start : start + together])
        values.update({} if isinstance(answer, Failure) else answer)
    return values


async def _told(
    backend: SnmpBackend, target: Target, source: Source, asked: Mapping[str, Value], description: str
) -> str:
    if source.text and not (source.oid or source.column or source.pattern):
        return source.text
    found = await _said(backend, target, source, asked, description)
    if source.text:
        return source.text if found else ""
    more = _text(asked.get(source.then), source.form) if source.then and found else ""
    return f"{source.values.get(found, '') if source.values else found} {more}".strip()


async def _said(
    backend: SnmpBackend, target: Target, source: Source, asked: Mapping[str, Value], description: str
) -> str:
    """What the source's object, or column, or sysDescr says."""
    value = None if source.oid is None else _text(asked.get(source.oid), source.form)
    if source.column is None:
        return _matched(source, description if value is None else value)
    if value is None:
        return await _first_filled(backend, target, source.column, source)
    row = await backend.get(target, [f"{source.column}.{value}"]) if value.isdigit() else {}
    told = {} if isinstance(row, Failure) else row
    return next((_matched(source, _text(one, source.form)) for one in told.values()), "")


async def _first_filled(backend: SnmpBackend, target: Target, column: str, source: Source) -> str:
    rows = await backend.walk(target, column, _MANY_ROWS if source.pattern else _FIRST_ROWS)
    if isinstance(rows, Failure):
        return ""
    return next(filter(None, (_matched(source, _text(value, source.form)) for value in rows.values())), "")


def _matched(source: Source, value: str) -> str:
    """What of `value` the source means; a group that didn't take part is an empty text."""
    found = re.search(source.pattern, value) if source.pattern else None
    if found:
        return source.join.format(*(group or "" for group in found.groups() or (found[0],))).strip()
    return "" if source.pattern else value.strip()


def _text(value: Value | None, form: str) -> str:
    """A text; a whole number as its digits."""
    if isinstance(value, int):
        return str(value)
    return FORMS[form](value) if isinstance(value, bytes) else ""
