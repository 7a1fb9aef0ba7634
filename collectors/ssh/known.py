"""The SSH host keys that are known of one host, from a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).

Only the host's own lines are decoded: a line that broke off is nobody else's trouble, and a login costs no more than a
look at each line. Lines with a marker, such as @revoked, make no key known.
"""

import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko

_FIELDS = 3  # names, type of the key, key


@dataclass(frozen=True, slots=True)
class Known:
    """`damaged`: numbers of the host's lines that hold no key."""

    keys: tuple[paramiko.PKey, ...]
    damaged: tuple[int, ...]


def known_of(host: str, path: Path) -> Known:
    """What the file says of `host`, as paramiko names it: with a port other than 22 it is `[address]:port`.

    A file that is not there knows nobody. Raises OSError.
    """
    keys: dict[str, paramiko.PKey] = {}  # of each type the first, as paramiko takes it
    damaged = []
    for number, fields in _lines_of(host, path):
        with suppress(paramiko.UnknownKeyType):
            key = _key(fields)
            if key is None:
                damaged.append(number)
            else:
                keys.setdefault(key.get_name(), key)
    return Known(tuple(keys.values()), tuple(damaged))


def _lines_of(host: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            fields = re.split("[ \t]+", line.strip(), maxsplit=_FIELDS)[:_FIELDS]
            if any(_names(name, host) for name in fields[0].split(",")):
                yield number, fields


def _names(name: str, host: str) -> bool:
    """Whether a name of a line, which may be hashed, is the host's."""
    if not name.startswith("|1|"):
        return name == host
    try:
        return bool(paramiko.HostKeys.hash_host(host, name) == name)
    except (AssertionError, IndexError, ValueError):  # paramiko's words for a hash that broke off
        return False


def _key(fields: list[str]) -> paramiko.PKey | None:
    """None for what is no whole key. Raises UnknownKeyType for one that paramiko cannot use."""
    if len(fields) < _FIELDS:
        return None
    try:
        octets = binascii.a2b_base64(fields[2], strict_mode=True)
        key = paramiko.PKey.from_type_string(fields[1], octets)
    except (ValueError, OverflowError, paramiko.SSHException):
        return None
    return key if key.asbytes() == octets else None  # paramiko fills up with zeros what broke off
