"""Devices that want to be asked otherwise, remembered for a while."""

import time
from dataclasses import dataclass, field
from typing import TypeVar

from collectors.snmp.backend import Target

_FOR_S = 3600.0  # then it is tried anew: packets that were lost may have looked like it
_MOST = 1 << 16  # devices of which one thing is known

Key = tuple[str, int]
"""A device's address and port."""
T = TypeVar("T")


def note(known: dict[Key, T], key: Key, value: T) -> None:
    """The oldest of too many goes."""
    known[key] = value
    if len(known) > _MOST:
        del known[next(iter(known))]


@dataclass(slots=True)
class Devices:
    """A set of devices, by address and port, that forgets each after a while, and the oldest of too many."""

    _until: dict[Key, float] = field(default_factory=dict)  # of the monotonic clock

    def add(self, target: Target) -> None:
        """From now on; one that is there already isn't kept longer."""
        if target not in self:
            key = (target.address, target.port)
            self._until.pop(key, None)
            note(self._until, key, time.monotonic() + _FOR_S)

    def __contains__(self, target: Target) -> bool:
        return self._until.get((target.address, target.port), 0.0) > time.monotonic()
