"""Scenarios: faults over time, in TOML (DESIGN section 8)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from simulator import duration
from simulator.faults import SUPPORTED, Fault, Kind, Where


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    seed: int
    faults: tuple[Fault, ...]


class ScenarioError(Exception):
    """What is wrong with a scenario: the message begins with file and key."""


Value = str | int | float | datetime | list["Value"] | dict[str, "Value"]
_Table = Mapping[str, Value]

_WITH = {Kind.POWER_CUT: "battery_minutes", Kind.LOSS: "percent"}


def read_scenario(path: Path) -> Scenario:
    """Raises ScenarioError for text that isn't TOML, unknown or missing keys, and values of a wrong type."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    try:
        return _scenario(table)
    except ValueError as error:
        raise ScenarioError(f"{path}: {error}") from error


def _scenario(table: _Table) -> Scenario:
    _only(table, "", ("name", "seed", "fault"))
    faults = table.get("fault", [])
    if not isinstance(faults, list) or not faults:
        raise ValueError("fault: at least one [[fault]] is needed")
    return Scenario(
        name=_text(table, "", "name"),
        seed=int(_number(table, "", "seed", 0)),
        faults=tuple(_fault(entry, f"fault[{place}]") for place, entry in enumerate(faults, start=1)),
    )


def _fault(entry: Value, key: str) -> Fault:
    if not isinstance(entry, dict):
        raise ValueError(f"{key}: a table belongs here")
    _only(entry, key, ("at", "lasts", "kind", "where", "with"))
    kind = _kind(entry, key)
    extra = _table(entry, key, "with", required=False)
    _only(extra, f"{key}.with", (_WITH[kind],) if kind in _WITH else ())
    return Fault(
        kind=kind,
        where=_where(_table(entry, key, "where"), f"{key}.where"),
        at=_at(entry, key),
        lasts=_duration(entry, key, "lasts") if "lasts" in entry else None,
        **{name: _number(extra, f"{key}.with", name) for name in extra},
    )


def _kind(entry: _Table, key: str) -> Kind:
    text = _text(entry, key, "kind")
    if text not in list(Kind):
        raise ValueError(f"{key}.kind: there is no {text!r}; the kinds are {', '.join(Kind)}")
    if text not in SUPPORTED:
        raise ValueError(f"{key}.kind: {text} is not supported yet; these are: {', '.join(SUPPORTED)}")
    return Kind(text)


def _where(table: _Table, key: str) -> Where:
    texts = ("site", "link", "device", "area", "feeder", "role")
    _only(table, key, (*texts, "random"))
    where = Where(
        random=int(_number(table, key, "random", 0)),
        **{name: _text(table, key, name) for name in texts if name in table},
    )
    chosen = [name for name in ("site", "link", "device", "feeder") if name in table]
    if "random" in table or ("area" in table and not chosen):
        chosen.append("random" if "random" in table else "area")
    if len(chosen) != 1:
        raise ValueError(f"{key}: exactly one of site, link, device, area, feeder, random says where")
    return where


def _at(entry: _Table, key: str) -> timedelta | datetime:
    value = entry.get("at", "PT0S")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{key}.at: a time needs its zone, as in 2026-11-21T10:00:00Z")
        return value
    return _duration({"at": value}, key, "at")


def _duration(table: _Table, key: str, name: str) -> timedelta:
    try:
        return duration.parse(_text(table, key, name))
    except ValueError as error:
        raise ValueError(f"{key}.{name}: {error}") from None


def _only(table: _Table, key: str, known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise ValueError(f"{_dotted(key, name)}: unknown key; known here: {', '.join(known) or 'none'}")


def _table(table: _Table, key: str, name: str, *, required: bool = True) -> _Table:
    value = table.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{_dotted(key, name)}: a table belongs here")
    return value


def _text(table: _Table, key: str, name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{_dotted(key, name)}: text belongs here")
    return value


def _number(table: _Table, key: str, name: str, default: float | None = None) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{_dotted(key, name)}: a number belongs here")
    if value < 0:
        raise ValueError(f"{_dotted(key, name)}: below 0")
    return value


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
