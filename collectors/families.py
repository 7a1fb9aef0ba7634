"""Which devices not known yet are probably siblings, and what to ask them: decisions without I/O.

A family is what has the same profile, sysObjectID, linked ports and credential. A few of it, its pioneers, are
recognised by themselves; the others wait for the ports of these. Rules for a single device: collectors/siblings.py.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.plan import Port
from collectors.profile import Profile
from collectors.recognise import profile_of, yields
from collectors.siblings import Question, foreseeable, question
from collectors.watch import Fleet

NONE = -1
_PIONEERS = 3  # of a family at once
_PATIENCE = 3  # pioneers that taught nothing, before those who wait go by themselves
_MOST_PORTS = 4  # that are tried of a family, one after another
_MOST_FAMILIES = 1 << 16

Devices = NDArray[np.int32]


class Move(NamedTuple):
    """Devices of one family, and what they are asked now: a number of `Families.questions`; NONE: by themselves."""

    question: int
    devices: Devices


@dataclass(slots=True)
class _Family:
    profile: Profile
    linked: frozenset[str]
    ports: list[tuple[Port, ...]] = field(default_factory=list)  # that its pioneers had
    waiting: deque[int] = field(default_factory=deque)  # devices
    pioneers: int = 0
    in_vain: int = 0


class Families:
    """The families among the strangers of `fleet`."""

    def __init__(self, fleet: Fleet, catalogue: Mapping[str, Profile]) -> None:
        self._fleet, self._catalogue = fleet, catalogue
        self._profile_of = lru_cache(maxsize=4096)(self._found)
        self._linked = fleet.facts.ports.joined().dictionary_encode().indices.to_numpy()
        self._families: list[_Family] = []
        self._number: dict[tuple[str, str, int, int], int] = {}
        self._question_number: dict[tuple[str, tuple[Port, ...]], int] = {}
        self._pioneers: dict[int, int] = {}  # device -> family
        self._family = np.full(len(fleet.names), NONE, np.int32)
        self._tried = np.zeros(len(fleet.names), np.int8)
        self.questions: list[Question] = []
        self.parked = 0  # devices that wait for a pioneer

    def linked(self, device: int) -> frozenset[str]:
        """The ports of the device that links name."""
        return self._families[int(self._family[device])].linked

    def met(self, devices: Devices, told: Iterator[tuple[str, str]]) -> Iterator[Move]:
        """These told their sysObjectID and sysDescr: what is next."""
        # They failed, and their next turn has come already.
        left = [self._pioneers.pop(device) for device in self._pioneers.keys() & set(devices.tolist())]
        for number in left:
            self._families[number].pioneers -= 1
        pairs = zip(devices.tolist(), told, strict=True)
        family = np.fromiter((self._of(device, *said) for device, said in pairs), np.int32, len(devices))
        self._family[devices], self._tried[devices] = family, 0
        for number in np.unique(family).tolist():
            members = devices[family == number]
            yield from self._join(number, members) if number != NONE else [Move(NONE, members)]
        for number in left:  # whose pioneer may be of another family now
            yield from self._next(number)

    def others(self, devices: Devices) -> Iterator[Move]:
        """These don't have the ports that they were asked for last."""
        self._tried[devices] += 1
        for device in devices.tolist():
            number, tried = int(self._family[device]), int(self._tried[device])
            family = self._families[number]
            if tried < len(family.ports):
                yield Move(self._question(family, tried), np.array([device], np.int32))
            else:
                yield self._pioneer(number, device)

    def learned(self) -> Iterator[Move]:
        """What pioneers whose recognition is over have taught."""
        devices = np.fromiter(self._pioneers, np.int32, len(self._pioneers))
        for device in devices[self._fleet.settled[devices] | ~self._fleet.busy[devices]].tolist():
            number = self._pioneers.pop(device)
            family = self._families[number]
            family.pioneers -= 1
            if not self._learn(family, device):
                family.in_vain += 1
            yield from self._next(number)

    def _of(self, device: int, object_id: str, description: str) -> int:
        facts = self._fleet.facts
        named = self._fleet[device].profile
        role = str(facts.role[device].as_py() or "")
        profile = self._profile_of(object_id, description, named if named in self._catalogue else "", role)
        if profile is None or len(self._families) >= _MOST_FAMILIES:
            return NONE
        key = profile.name, object_id, int(self._linked[device]), int(facts.access[device])
        if key not in self._number:
            self._number[key] = len(self._families)
            self._families.append(_Family(profile, facts.ports.of(device)))
        return self._number[key]

    def _found(self, object_id: str, description: str, named: str, role: str) -> Profile | None:
        """None for those whom an object of theirs must tell apart: they are recognised by themselves.

        Whom the inventory calls what they seem to be is believed: a state's PCs all have net-snmp's sysObjectID.
        """
        found = profile_of(self._catalogue, object_id, description, named)
        doubtful = found is not None and not named and found.role != role and yields(found, object_id)
        return None if doubtful else found

    def _join(self, number: int, devices: Devices) -> Iterator[Move]:
        family = self._families[number]
        if family.ports:
            yield Move(self._question(family, 0), devices)
        elif family.profile.ports and not family.linked:
            yield Move(NONE, devices)  # nobody can teach them anything
        else:
            family.waiting.extend(devices.tolist())
            self.parked += len(devices)
            yield from self._next(number)

    def _next(self, number: int) -> Iterator[Move]:
        """What those who wait in a family do now."""
        family = self._families[number]
        if family.waiting and (family.ports or family.in_vain >= _PATIENCE):
            devices = self._leave(family, len(family.waiting))
            yield Move(self._question(family, 0) if family.ports else NONE, devices)
            family.in_vain = 0
        for device in self._leave(family, _PIONEERS - family.pioneers).tolist():
            yield self._pioneer(number, device)

    def _leave(self, family: _Family, count: int) -> Devices:
        """The first of those who wait; no more than there are."""
        count = max(0, min(count, len(family.waiting)))
        self.parked -= count
        return np.array([family.waiting.popleft() for _ in range(count)], np.int32)

    def _pioneer(self, number: int, device: int) -> Move:
        self._pioneers[device] = number
        self._families[number].pioneers += 1
        return Move(NONE, np.array([device], np.int32))

    def _learn(self, family: _Family, device: int) -> bool:
        """Whether the ports of a device that was recognised by itself are those to look for at its siblings."""
        plans, number = self._fleet.plans, int(self._fleet.plan[device])
        shape = plans.shape(number) if number >= 0 and self._fleet.settled[device] else None
        if shape is None or shape.profile != family.profile.name:
            return False
        if not foreseeable(family.profile, shape.ports, family.linked):
            return False
        if shape.ports not in family.ports and len(family.ports) < _MOST_PORTS:
            family.ports.append(shape.ports)
        return True

    def _question(self, family: _Family, which: int) -> int:
        """The number of the question for the ports that stand there; NONE where they are too many to ask so.

        Made when somebody is to be asked: most families of a district's routers have one member.
        """
        ports = family.ports[which]
        key = family.profile.name, ports
        if key not in self._question_number:
            made = question(self._fleet.plans.make(family.profile, ports), ports)
            self._question_number[key] = len(self.questions) if made else NONE
            self.questions.extend([made] if made else [])
        return self._question_number[key]
