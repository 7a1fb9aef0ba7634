"""Platforms: what to ask a kind of device over SSH and what its answers mean, as data (TOML in collectors/platforms/).

The keys of the files are the fields here; docs/ssh.md explains how to add a platform.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import ClassVar

from netmiko.ssh_dispatcher import CLASS_MAPPER
from pydantic import ConfigDict, TypeAdapter, ValidationError

from collectors.reading.model import Host, Interface, Neighbour, Ont, SystemGroup
from collectors.ssh.values import FORMS, UNITS

FOLDER = Path(__file__).parents[1] / "platforms"
TEMPLATES = FOLDER / "templates"
_FORBID = ConfigDict(extra="forbid")
_PLACE = re.compile(r"\{(\w+)(\??)\}")


class PlatformError(Exception):
    """A platform that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the reading: `of` with {field}s of a parsed row filled in, absent where one of them is empty;
    a {field?} may be.

    Without what the regular expression `without` finds; then the first group of `pattern`; then `values` (in lower case; "*" is anything else) where
    given, which is absent for what it doesn't name; then, for a number, its `form` and `scale`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    of: str
    without: str = ""
    pattern: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()  # texts that say nothing
    form: str = "number"  # number, rate, octets, duration: collectors/ssh/values.py
    scale: float = 1.0


Values = Mapping[str, Value | str]
"""Field of the reading -> where it comes from; a text stands for Value(of=text)."""


@dataclass(frozen=True, slots=True)
class Each:
    """Run a command once for each row of another one, with its fields filled in."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    rows: str  # the other command, by its first `run`
    where: Mapping[str, str] = field(default_factory=dict)  # field -> regular expression that is found in it
    most: int = 16


@dataclass(frozen=True, slots=True)
class Command:
    """`run` and how to understand what it prints: the first of several spellings that is understood.

    It is parsed by our `template` (a TextFSM file in collectors/platforms/templates), else by the
    one that ntc-templates has for the command `like`, which is the first `run` unless stated.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    run: tuple[str, ...]
    like: str = ""
    template: str = ""
    each: Each | None = None
    where: Mapping[str, str] = field(default_factory=dict)  # rows that count: field -> regular expression
    optional: bool = False  # many devices of the kind don't have it: no error where it isn't understood
    device: Values = field(default_factory=dict)  # vendor, model, os, os_version, serial: of the first row
    system: Values = field(default_factory=dict)  # of the first row
    host: Values = field(default_factory=dict)  # of the first row
    interfaces: Values = field(default_factory=dict)
    onts: Values = field(default_factory=dict)
    neighbours: Values = field(default_factory=dict)
    sensors: tuple[Values, ...] = ()

    @property
    def name(self) -> str:
        return self.run[0]

    @property
    def key(self) -> str:
        """One output may be parsed twice, by two templates."""
        return f"{self.name} {self.template}"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines from one that `begin` is found in up to one that `end` is found in, both included."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    begin: str
    end: str


@dataclass(frozen=True, slots=True)
class Config:
    """How to read the running configuration, and what of it is kept."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    command: str
    complete: str = ""  # a regular expression that a whole configuration has: its last line, mostly
    drop: tuple[str, ...] = ()  # lines that change by themselves
    blocks: tuple[Block, ...] = ()  # what is left out over several lines, such as certificates
    join: str = ""  # how a line goes on in the next one
    secrets: tuple[str, ...] = ()  # beside the general ones: collectors/config/mask.py


@dataclass(frozen=True, slots=True)
class Platform:
    """One kind of command line."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    name: str
    device_type: str  # netmiko's
    commands: tuple[Command, ...] = ()
    templates: str = ""  # platform in ntc-templates; empty: as device_type
    role: str = ""
    vendor: str = ""
    os: str = ""
    matches: tuple[str, ...] = ()  # devices of the inventory, by "profile manufacturer device_type role", in lower case
    config: Config | None = None

    @property
    def ntc(self) -> str:
        return self.templates or self.device_type


_PLATFORM = TypeAdapter(Platform)
GROUPS: Mapping[str, frozenset[str]] = {
    "device": frozenset({"vendor", "model", "os", "os_version", "serial"}),
    "system": frozenset(each.name for each in fields(SystemGroup)),
    "host": frozenset(each.name for each in fields(Host)) - {"disks"},
    "interfaces": frozenset(each.name for each in fields(Interface)),
    "onts": frozenset(each.name for each in fields(Ont)),
    "neighbours": frozenset(each.name for each in fields(Neighbour)),
}
"""What a command may give: the fields of the reading."""
KEYS = {"interfaces": "name", "onts": "index"}
"""What joins rows of several commands that speak of the same thing."""


@cache
def load_platforms(folder: Path = FOLDER) -> Mapping[str, Platform]:
    """Every platform of the folder by name. Raises PlatformError."""
    return {path.stem: _platform(path) for path in sorted(folder.glob("*.toml"))}


def _platform(path: Path) -> Platform:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        platform = _PLATFORM.validate_python({"name": path.stem} | raw)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlatformError(f"{path.name}: {error}") from error
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise PlatformError(f"{path.name}: {found}") from error
    for complaint in _complaints(platform, path.parent / TEMPLATES.name):
        raise PlatformError(f"{path.name}: {complaint}")
    return platform


def _complaints(platform: Platform, templates: Path) -> Iterator[str]:
    """What the types cannot say."""
    if platform.device_type not in CLASS_MAPPER:
        yield f"device_type: netmiko has no {platform.device_type!r}"
    yield from _about_config(platform)
    named: set[str] = set()
    for command in platform.commands:
        if command.template and not (templates / command.template).is_file():
            yield f"{command.name}: there is no template {command.template!r}"
        if command.each and command.each.rows not in named:
            yield f"{command.name}: each: no command {command.each.rows!r} before it"
        named.add(command.name)
        yield from (f"{command.name}: {complaint}" for complaint in _about_values(command))


def _about_config(platform: Platform) -> Iterator[str]:
    config = platform.config
    found = (config.complete, *config.drop, config.join, *config.secrets) if config else ()
    yield from _not_regular(
        pattern for block in (config.blocks if config else ()) for pattern in (block.begin, block.end)
    )
    yield from _not_regular((*platform.matches, *found))
    for pattern in config.secrets if config else ():
        if "(?P<secret>" not in pattern:
            yield f"config: secrets: {pattern!r} has no group (?P<secret>...)"


def _about_values(command: Command) -> Iterator[str]:
    for group, known in GROUPS.items():
        given: Values = getattr(command, group)
        yield from (f"{group}: no field {name!r}" for name in given if name not in known)
        if given and KEYS.get(group, "") not in {"", *given}:
            yield f"{group}: {KEYS[group]!r} is missing"
    for sensor in command.sensors:
        if set(sensor) != {"class", "index", "name", "value"} or str(sensor["class"]) not in UNITS:
            yield f"sensors: class (one of {', '.join(UNITS)}), index, name and value"
    for value in _all_values(command):
        if value.form not in FORMS:
            yield f"form: {value.form!r} is not one of {', '.join(FORMS)}"
    yield from _wrong_patterns(command)


def _all_values(command: Command) -> Iterator[Value]:
    groups: tuple[Values, ...] = (*(getattr(command, group) for group in GROUPS), *command.sensors)
    for group in groups:
        yield from (value for value in group.values() if isinstance(value, Value))


def _wrong_patterns(command: Command) -> Iterator[str]:
    each = command.each.where if command.each else {}
    yield from _not_regular((*command.where.values(), *each.values(), *_patterns(command)))


def _not_regular(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"{pattern!r} is no regular expression: {error}"


def _patterns(command: Command) -> Iterator[str]:
    for value in _all_values(command):
        yield from (value.pattern, value.without)


def places(of: str, row: Mapping[str, str]) -> str | None:
    """`of` with the fields of `row` filled in; None where one that it names is empty or missing."""
    if not all(row.get(name) or may_be_empty for name, may_be_empty in _PLACE.findall(of)):
        return None
    return _PLACE.sub(lambda found: row.get(found[1], ""), of)
