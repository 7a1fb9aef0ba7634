"""Scenarios: faults over time, in TOML (DESIGN section 8)."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any

from simulator import duration
from simulator.faults import Fault, Kind, Where


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    seed: int
    faults: tuple[Fault, ...]


class ScenarioError(ValueError):
    """What is wrong with a scenario: the message begins with file and key."""


Value = str | int | float | datetime | list["Value"] | dict[str, "Value"]
_Table = Mapping[str, Value]

_WITH: dict[Kind, tuple[str, ...]] = {
    Kind.POWER_CUT: ("battery_minutes",),
    Kind.FIBRE_CUT: ("cuts",),
    Kind.CONGESTION: ("percent", "delay_ms"),
    Kind.LOSS: ("percent",),
    Kind.FLAPPING: ("cuts", "down_s", "up_s"),
    Kind.ENDPOINT_OUTAGE: ("status", "slow_s", "refuse"),
    Kind.OPTICAL_DECAY: ("db_per_minute",),
    Kind.BATTERY_DECAY: ("battery_minutes", "cut_minutes", "every_minutes", "keeps"),
    Kind.CLOCK_STEP: ("seconds",),
}

_AT_MOST = {"percent": 100.0, "keeps": 1.0}
_LASTS = {Kind.REBOOT: timedelta(minutes=1)}
_KEYS = ("at", "lasts", "a_day", "kind", "where", "with")
_NOWHERE = Where()
_MOST_A_DAY = 10_000
_ABOVE_ZERO = {"down_s", "up_s", "db_per_minute", "cut_minutes", "every_minutes", "keeps", "status", "slow_s"}


def read_scenario(path: Path) -> Scenario:
    """Raises ScenarioError for text that isn't TOML, unknown or missing keys, and values of a wrong type."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    try:
        return _scenario(table)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None


def _scenario(table: _Table) -> Scenario:
    _only(table, "", ("name", "seed", "fault"))
    faults = table.get("fault", [])
    if not isinstance(faults, list) or not faults:
        raise ScenarioError("fault: at least one [[fault]] is needed")
    return Scenario(
        name=_text(table, "", "name"),
        seed=_whole(table, "", "seed"),
        faults=tuple(_fault(entry, f"fault[{place}]") for place, entry in enumerate(faults, start=1)),
    )


def _fault(entry: Value, key: str) -> Fault:
    if not isinstance(entry, dict):
        raise ScenarioError(f"{key}: a table belongs here")
    kind = _kind(entry, key)
    _only(entry, key, ("at", "lasts", "a_day", "kind", "with") if kind is Kind.COLLECTOR_BLIND else _KEYS)
    where = _NOWHERE if kind is Kind.COLLECTOR_BLIND else _where(_table(entry, key, "where"), f"{key}.where")
    fault = Fault(
        kind=kind,
        where=where,
        at=_at(entry, key),
        lasts=_duration(entry, key, "lasts") if "lasts" in entry else _LASTS.get(kind),
        a_day=_a_day(entry, key),
    )
    if fault.a_day and fault.lasts is None:
        raise ScenarioError(f"{key}.lasts: what comes again and again must also end")
    return _with(fault, _table(entry, key, "with", required=False), f"{key}.with")


def _with(fault: Fault, table: _Table, key: str) -> Fault:
    """The fault with what its kind needs, each value of the type that its default has."""
    _only(table, key, _WITH.get(fault.kind, ()))
    if fault.kind is Kind.ENDPOINT_OUTAGE and len(table) > 1:
        raise ScenarioError(f"{key}: one of status, slow_s, refuse")
    values: dict[str, Any] = {}
    for name in table:
        values[name] = _READ[type(getattr(fault, name))](table, key, name)
        if values[name] == 0 and name in _ABOVE_ZERO:
            raise ScenarioError(f"{_dotted(key, name)}: above 0 is needed")
    return replace(fault, **values)


def _kind(entry: _Table, key: str) -> Kind:
    text = _text(entry, key, "kind")
    if text not in list(Kind):
        raise ScenarioError(f"{key}.kind: there is no {text!r}; the kinds are {', '.join(Kind)}")
    return Kind(text)


def _where(table: _Table, key: str) -> Where:
    texts = ("site", "link", "device", "area", "feeder", "endpoint", "role")
    _only(table, key, (*texts, "random"))
    where = Where(
        random=_whole(table, key, "random"),
        **{name: _text(table, key, name) for name in texts if name in table},
    )
    chosen = [name for name in ("site", "link", "device", "feeder", "endpoint") if name in table]
    if "random" in table or ("area" in table and not chosen):
        chosen.append("random" if "random" in table else "area")
    if len(chosen) != 1:
        raise ScenarioError(f"{key}: exactly one of site, link, device, area, feeder, endpoint, random says where")
    return where


def _at(entry: _Table, key: str) -> timedelta | datetime:
    value = entry.get("at", "PT0S")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ScenarioError(f"{key}.at: a time needs its zone, as in 2026-11-21T10:00:00Z")
        return value
    return _duration({"at": value}, key, "at")


def _a_day(entry: _Table, key: str) -> float:
    """How often a day; 0 where the fault comes once."""
    if "a_day" not in entry:
        return 0.0
    found = _number(entry, key, "a_day")
    if not 0 < found <= _MOST_A_DAY:
        raise ScenarioError(f"{key}.a_day: a number above 0 and up to {_MOST_A_DAY} belongs here")
    return found


def _duration(table: _Table, key: str, name: str) -> timedelta:
    try:
        return duration.parse(_text(table, key, name))
    except ValueError as error:
        raise ScenarioError(f"{key}.{name}: {error}") from None


def _only(table: _Table, key: str, known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise ScenarioError(f"{_dotted(key, name)}: unknown key; known here: {', '.join(known) or 'none'}")


def _table(table: _Table, key: str, name: str, *, required: bool = True) -> _Table:
    value = table.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise ScenarioError(f"{_dotted(key, name)}: a table belongs here")
    return value


def _text(table: _Table, key: str, name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str):
        raise ScenarioError(f"{_dotted(key, name)}: text belongs here")
    return value


def _whole(table: _Table, key: str, name: str) -> int:
    """A count, 0 where it isn't given."""
    value = table.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ScenarioError(f"{_dotted(key, name)}: a whole number from 0 belongs here")
    return value


def _yes(table: _Table, key: str, name: str) -> bool:
    value = table.get(name)
    if not isinstance(value, bool):
        raise ScenarioError(f"{_dotted(key, name)}: true or false belongs here")
    return value


def _number(table: _Table, key: str, name: str) -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ScenarioError(f"{_dotted(key, name)}: a number belongs here")
    if not 0 <= value < inf:
        raise ScenarioError(f"{_dotted(key, name)}: a number from 0 belongs here")
    if value > _AT_MOST.get(name, inf):
        raise ScenarioError(f"{_dotted(key, name)}: above {_AT_MOST[name]:g}")
    return float(value)


_READ: dict[type, Callable[[_Table, str, str], float]] = {float: _number, int: _whole, bool: _yes}


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
