"""From the rows of a platform's commands to a reading. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from math import isfinite
from typing import Any, get_args, get_type_hints

from collectors.reading.model import Absent, Host, Interface, Neighbour, Ont, Reading, Sensor, SystemGroup
from collectors.ssh.parse import Row
from collectors.ssh.platform import KEYS, Command, Platform, Value, Values, places
from collectors.ssh.values import FORMS, UNITS
from collectors.text import text

_NOTHING = frozenset({"", "-", "--", "---", "n/a", "na", "none", "not advertised"})
"""What devices print where there is nothing to tell."""
Told = Mapping[str, str | int | float]
Rows = Mapping[str, Sequence[Row]]
"""Key of a command -> its rows."""


def reading_of(platform: Platform, address: str, rows: Rows, errors: Sequence[Absent] = ()) -> Reading:
    """What the commands told together; where two tell the same thing, the first is the one."""
    told = [(command, list(_counted(command, rows.get(command.key, ())))) for command in platform.commands]
    device = _first(told, "device", Reading)
    interfaces = _joined(told, "interfaces", Interface)
    return Reading(
        address=address,
        reached=True,
        role=platform.role or None,
        vendor=_text(device, "vendor") or platform.vendor or None,
        model=_text(device, "model"),
        os=_text(device, "os") or platform.os or None,
        os_version=_text(device, "os_version"),
        serial=_text(device, "serial"),
        system=_made(SystemGroup, _first(told, "system", SystemGroup)),
        host=_made(Host, _first(told, "host", Host)),
        interfaces=tuple(Interface(**_whole(one)) for one in interfaces) or None,
        onts=tuple(Ont(**_whole(one)) for one in _joined(told, "onts", Ont)) or None,
        neighbours=tuple(Neighbour(**_whole(one)) for one in _all(told, "neighbours", Neighbour)) or None,
        sensors=tuple(sensor for command, some in told for sensor in _sensors(command, some)) or None,
        errors=tuple(errors),
    )


_Told = Sequence[tuple[Command, Sequence[Mapping[str, str]]]]


def _counted(command: Command, rows: Iterable[Row]) -> Iterator[Mapping[str, str]]:
    """The command's rows that count, each field as one text."""
    for row in rows:
        plain = {name: _plain(value) for name, value in row.items()}
        if fits(plain, command.where):
            yield plain


def fits(row: Mapping[str, str], where: Mapping[str, str]) -> bool:
    """Whether each regular expression is found in its field."""
    return all(re.search(pattern, row.get(name, "")) for name, pattern in where.items())


def _plain(value: Any) -> str:
    """A field's text; of a list its first one."""
    if isinstance(value, str):
        return "" if value.strip().lower() in _NOTHING else value.strip()
    return next((found for one in value if isinstance(one, str) and (found := _plain(one))), "")


def _first(told: _Told, group: str, kind: type) -> Told:
    """Fields of the first row of each command."""
    found: dict[str, str | int | float] = {}
    for command, rows in told:
        for row in rows[:1]:
            found = _values(getattr(command, group), row, kind) | found
    return found


def _all(told: _Told, group: str, kind: type) -> Iterator[Told]:
    for command, rows in told:
        wanted: Values = getattr(command, group)
        if wanted:
            yield from filter(None, (_values(wanted, row, kind) for row in rows))


def _joined(told: _Told, group: str, kind: type) -> Iterable[Told]:
    """Rows that speak of the same thing, as one."""
    key, found = KEYS[group], dict[object, dict[str, str | int | float]]()
    for one in _all(told, group, kind):
        if key in one:
            found[one[key]] = {**one, **found.get(one[key], {})}
    return found.values()


def _sensors(command: Command, rows: Iterable[Mapping[str, str]]) -> Iterator[Sensor]:
    for row in rows:
        for wanted in command.sensors:
            kind, value = str(wanted["class"]), _number(_value(wanted["value"]), row)
            index, name = (_said(_value(wanted[each]), row) or "" for each in ("index", "name"))
            if value is not None:
                yield Sensor(kind=kind, index=index, name=name, value=value, unit=UNITS[kind])


def _values(wanted: Values, row: Mapping[str, str], kind: type) -> dict[str, str | int | float]:
    types = _types(kind)
    found = {name: _typed(types[name], _value(value), row) for name, value in wanted.items()}
    return {name: value for name, value in found.items() if value is not None}


def _typed(wanted: type, value: Value, row: Mapping[str, str]) -> str | int | float | None:
    if wanted is str:
        return _said(value, row)
    found = _number(value, row)
    return round(found) if found is not None and wanted is int else found


def _types(kind: type) -> Mapping[str, type]:
    """Of each field the type beside None."""
    hints = get_type_hints(kind)
    return {field.name: next(iter(get_args(hints[field.name])), hints[field.name]) for field in fields(kind)}


def _value(value: Value | str) -> Value:
    return Value(of=value) if isinstance(value, str) else value


def _said(value: Value, row: Mapping[str, str]) -> str | None:
    """Clean text, or None where there is none."""
    filled = places(value.of, row)
    if filled is not None and value.without:
        filled = re.sub(value.without, "", filled)
    if filled is not None and value.pattern:
        found = re.search(value.pattern, filled)
        filled = found[1] if found else None
    if filled is None or filled in value.absent:
        return None
    if value.values:
        filled = value.values.get(filled.strip().lower(), value.values.get("*"))
    return None if filled is None else text(filled.encode("utf-8", "replace")) or None


def _number(value: Value, row: Mapping[str, str]) -> float | None:
    said = _said(value, row)
    try:
        found = None if said is None else FORMS[value.form](said)
    except (OverflowError, ValueError):  # digits without end
        return None
    return None if found is None or not isfinite(found * value.scale) else found * value.scale


def _text(told: Told, name: str) -> str | None:
    return str(told[name]) if name in told else None


def _whole(told: Told) -> dict[str, Any]:
    return dict(told)


def _made(kind: type[Any], told: Told) -> Any:
    return kind(**told) if told else None
