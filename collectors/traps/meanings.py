"""What a notification means: the tables of collectors/traps/notifications/, read, checked and applied. Pure but for reading."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from collectors.snmp.backend import Value
from collectors.text import text

FOLDER = Path(__file__).parent / "notifications"
_LONGEST = 64  # characters of an instance


class Meaning(StrEnum):
    """The order is that of the metric `notification`, which is 1 + the position."""

    COLD_START = "cold_start"
    WARM_START = "warm_start"
    LINK_DOWN = "link_down"
    LINK_UP = "link_up"
    AUTHENTICATION_FAILURE = "authentication_failure"
    ON_BATTERY = "on_battery"
    ON_MAINS = "on_mains"
    BATTERY_LOW = "battery_low"
    BATTERY_CHARGED = "battery_charged"
    DYING_GASP = "dying_gasp"
    LOSS_OF_SIGNAL = "loss_of_signal"
    OTHER = "other"  # in no table: something happened there


MEANINGS: tuple[Meaning, ...] = tuple(Meaning)
Binds = Sequence[tuple[str, Value]]
_Oid = Annotated[str, Field(pattern=r"^\d+(\.\d+)+$")]


class NotificationError(Exception):
    """A table that cannot be used; the message names the file and the key."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Says(_Model):
    """A value that must be among those sent along: `oid` or something below it, `text` as people would write it."""

    oid: _Oid
    text: str


class Notification(_Model):
    """`instance`: objects of which the first that was sent along names the port or the ONT. `source` is where it is from."""

    oid: _Oid
    mib: str
    means: Meaning
    source: str
    tested: bool = False  # against a packet, a recording or a real agent
    when: tuple[Says, ...] = ()
    instance: tuple[_Oid, ...] = ()


class _File(_Model):
    notification: tuple[Notification, ...]


_FILE = TypeAdapter(_File)
Catalogue = Mapping[str, tuple[Notification, ...]]
"""By the identifier as `plain` writes it."""


def load_notifications(folder: Path = FOLDER) -> Catalogue:
    """Every table of the folder. Raises NotificationError."""
    found: dict[str, tuple[Notification, ...]] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            read = _FILE.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise NotificationError(f"{path.name}: {_complaint(error)}") from error
        for one in read.notification:
            found[plain(one.oid)] = (*found.get(plain(one.oid), ()), one)
    return found


def _complaint(error: OSError | ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())


def plain(oid: str) -> str:
    """`oid` without the 0 that stands before the last arc where a v1 trap was translated (RFC 3584 section 3)."""
    return re.sub(r"\.0(\.\d+)$", r"\1", oid)


def understood(catalogue: Catalogue, oid: str, binds: Binds) -> tuple[Meaning, str]:
    """(what the notification `oid` means with these values, the port or ONT that it is about; empty: none)."""
    for one in catalogue.get(plain(oid), ()):
        if all(_said(each, binds) for each in one.when):
            return one.means, _instance(one.instance, binds)
    return Meaning.OTHER, ""


def _said(wanted: Says, binds: Binds) -> bool:
    return any(_written(value) == wanted.text for value in _below(wanted.oid, binds))


def _instance(objects: Iterable[str], binds: Binds) -> str:
    names = (_written(value) for oid in objects for value in _below(oid, binds))
    return next((name[:_LONGEST] for name in names if name), "")


def _below(oid: str, binds: Binds) -> Iterable[Value]:
    return (value for name, value in binds if name == oid or name.startswith(f"{oid}."))


def _written(value: Value) -> str:
    return text(value) if isinstance(value, bytes) else str(value)
