"""The profiles of collectors/profiles/, read and checked."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from collectors.group import Group, InterfaceCell
from collectors.instances import DECODERS, FORMS, ROW
from collectors.profile import Identity, Profile, Row, Source, TableRead

FOLDER = Path(__file__).parent / "profiles"
_GROUPS = "groups"
_VENDORS = "vendors.toml"
_PROFILE = TypeAdapter(Profile)
_GROUP = TypeAdapter(Group)
_SOME_ARCS = ["1"] * 128
T = TypeVar("T")


class ProfileError(Exception):
    """A profile that cannot be used; the message names the file and the key."""


def load_profiles(folder: Path = FOLDER) -> Mapping[str, Profile]:
    """Every profile of the folder by name, highest priority first. Raises ProfileError."""
    raw = {path.stem: _toml(path) for path in sorted(folder.glob("*.toml")) if path.name != _VENDORS}
    profiles = [_profile(folder / f"{name}.toml", name, _inherited(folder, raw, name)) for name in raw]
    return {profile.name: profile for profile in sorted(profiles, key=lambda profile: -profile.match.priority)}


def load_groups(folder: Path = FOLDER) -> tuple[Group, ...]:
    """Every group of the folder below, by name. Raises ProfileError."""
    return tuple(_group(path, _toml(path)) for path in sorted((folder / _GROUPS).glob("*.toml")))


def load_vendors(folder: Path = FOLDER) -> Mapping[int, str]:
    """Vendor by IANA private enterprise number."""
    return {int(number): str(name) for number, name in _toml(folder / _VENDORS).items()}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path.name}: {error}") from error


def _inherited(
    folder: Path, raw: Mapping[str, dict[str, Any]], name: str, above: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The keys of a profile with those it leaves out taken from its `base`, and from that one's."""
    own = dict(raw[name])
    base = own.pop("base", None)
    if base is None:
        return own
    if base not in raw or base in {name, *above}:
        raise ProfileError(f"{folder / name}.toml: base: {base!r} is no profile, or one that this one is the base of")
    shared = _inherited(folder, raw, base, (name, *above))
    return {key: value for key, value in shared.items() if key != "match"} | own


def _profile(path: Path, name: str, raw: dict[str, Any]) -> Profile:
    profile = _valid(_PROFILE, path, {"name": name} | raw)
    _refuse(path, (*_of_tables(profile.tables), *_of_identity(profile.identity), *_of_patterns(_patterns(profile))))
    return profile


def _group(path: Path, raw: dict[str, Any]) -> Group:
    group = _valid(_GROUP, path, {"name": path.stem} | raw)
    columns = [(table, column) for table in group.sensors for column in table.columns]
    patterns = (
        *(column.pattern for _, column in columns),
        *(column.rows for _, column in columns),
        *(word for _, column in columns for word in column.words),
    )
    rows = (table.row(column) for table, column in columns)
    patterns += tuple(source.pattern for source in _sources(group.identity))
    _refuse(path, (*_of_tables(group.tables), *_of_patterns(patterns), *_of_identity(group.identity)))
    _refuse(path, (why for row in rows for why in _of_row(row)))
    nameless = (one.entry for one in group.interfaces if InterfaceCell.NAME not in one.columns)
    _refuse(path, (f"interfaces: {entry} has no column for the name" for entry in nameless))
    return group


def _valid(adapter: TypeAdapter[T], path: Path, raw: dict[str, Any]) -> T:
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ProfileError(f"{path.name}: {found}") from error


def _refuse(path: Path, complaints: Iterable[str]) -> None:
    """What the types cannot say."""
    for complaint in complaints:
        raise ProfileError(f"{path.name}: {complaint}")


def _of_tables(tables: Iterable[TableRead]) -> Iterator[str]:
    for number, table in enumerate(tables):
        if table.index not in {ROW, *DECODERS}:
            yield f"tables.{number}.index: {table.index!r} is not one of {', '.join(sorted({ROW, *DECODERS}))}"
        for fact in table.facts:
            if fact.form not in FORMS:
                yield f"tables.{number}.facts: {fact.form!r} is not one of {', '.join(sorted(FORMS))}"
        yield from _of_row(table.row)


def _of_row(row: Row) -> Iterator[str]:
    """A template that no index fits."""
    parts = dict.fromkeys(row.bits, 1)
    try:
        row.at.format(*_SOME_ARCS, index="1", **parts)
        row.name.format(*_SOME_ARCS, index="1", label="", text="", **parts)
    except (LookupError, ValueError) as error:
        yield f"{row.name!r} and {row.at!r}: no template of a row: {error!r}"


def _of_identity(identity: Identity) -> Iterator[str]:
    for source in _sources(identity):
        if source.form not in FORMS:
            yield f"identity: {source.form!r} is not one of {', '.join(sorted(FORMS))}"


def _of_patterns(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"{pattern!r} is no regular expression: {error}"


def _patterns(profile: Profile) -> Iterator[str]:
    yield from (*profile.match.descriptions, *profile.match.also)
    yield from (source.pattern for source in _sources(profile.identity))
    for read in (*profile.scalars, *profile.ports, *(read for table in profile.tables for read in table.columns)):
        yield from (read.pattern, *read.words)


def _sources(identity: Identity) -> tuple[Source, ...]:
    return (*identity.vendor, *identity.model, *identity.os, *identity.os_version, *identity.serial)
