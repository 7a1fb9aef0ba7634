"""The profiles of collectors/profiles/, read and checked."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from collectors.instances import DECODERS, FORMS
from collectors.profile import Profile

FOLDER = Path(__file__).parent / "profiles"
_VENDORS = "vendors.toml"
_PROFILE = TypeAdapter(Profile)


class ProfileError(Exception):
    """A profile that cannot be used; the message names the file and the key."""


def load_profiles(folder: Path = FOLDER) -> Mapping[str, Profile]:
    """Every profile of the folder by name, highest priority first. Raises ProfileError."""
    raw = {path.stem: _toml(path) for path in sorted(folder.glob("*.toml")) if path.name != _VENDORS}
    profiles = [_profile(folder / f"{name}.toml", name, _inherited(folder, raw, name)) for name in raw]
    return {profile.name: profile for profile in sorted(profiles, key=lambda profile: -profile.match.priority)}


def load_vendors(folder: Path = FOLDER) -> Mapping[int, str]:
    """Vendor by IANA private enterprise number."""
    return {int(number): str(name) for number, name in _toml(folder / _VENDORS).items()}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path.name}: {error}") from error


def _inherited(folder: Path, raw: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """The keys of a profile with those it leaves out taken from its `base`, which has none itself."""
    own = dict(raw[name])
    base = own.pop("base", None)
    if base is None:
        return own
    if base not in raw or "base" in raw[base]:
        raise ProfileError(f"{folder / name}.toml: base: {base!r} is no profile without a base")
    shared = {key: value for key, value in raw[base].items() if key != "match"}
    return shared | own


def _profile(path: Path, name: str, raw: dict[str, Any]) -> Profile:
    try:
        profile = _PROFILE.validate_python({"name": name} | raw)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ProfileError(f"{path.name}: {found}") from error
    for complaint in _complaints(profile):
        raise ProfileError(f"{path.name}: {complaint}")
    return profile


def _complaints(profile: Profile) -> Iterator[str]:
    """What the types cannot say."""
    for number, table in enumerate(profile.tables):
        if table.index not in DECODERS:
            yield f"tables.{number}.index: {table.index!r} is not one of {', '.join(sorted(DECODERS))}"
        for fact in table.facts:
            if fact.form not in FORMS:
                yield f"tables.{number}.facts: {fact.form!r} is not one of {', '.join(sorted(FORMS))}"
    for pattern in _patterns(profile):
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"{pattern!r} is no regular expression: {error}"


def _patterns(profile: Profile) -> Iterator[str]:
    yield from profile.match.descriptions
    identity = profile.identity
    for sources in (identity.vendor, identity.model, identity.os, identity.os_version, identity.serial):
        yield from (source.pattern for source in sources)
