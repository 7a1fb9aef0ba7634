"""When a device may be taken to have the ports of another one, its sibling, without a walk over its tables. Pure.

A device has the ports of a sibling where all of this holds:

1. Its sysObjectID is the sibling's, and it leads, or sysDescr does, to the same profile by the rules for every device.
2. Links name the same ports of both, at least one, and the sibling has each of them once. Then no other port of the
   device is polled, however many it has. Where links name none this tells nothing, for any port might count.
   Or the profile reads no ports.
3. Asked for ifName at the sibling's ifIndexes, the device tells just these ports.

What the device has of the profile's objects is never taken from the sibling. It is asked for all of them, as at the
first poll after a recognition by itself, and only its own answer narrows the plan. So hardware that shares its
sysObjectID with another gets a plan of its own, and what doesn't answer as asked is recognised by itself.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple

from collectors.budget import GENTLE_S
from collectors.plan import SYS_UP_TIME, Plans, PollPlan, Port, ports_of_interest
from collectors.profile import Profile
from collectors.text import text

_MOST_OBJECTS = 62  # bits of a signed integer that say which of them are there


class Question(NamedTuple):
    """What a device is asked that may have the ports of a sibling.

    `plan` is what would be polled if nothing were absent. `gets` are asked one after another: the first
    begins with sysUpTime and the names of the ports, then come `oids`, in this order, in all of them.
    """

    plan: PollPlan
    ports: tuple[Port, ...]
    oids: tuple[str, ...]
    gets: tuple[tuple[str, ...], ...]

    def first_of(self, get: int) -> int:
        """The position in `oids` of the first of these that GET asks."""
        return sum(map(len, self.gets[:get])) - (self.before if get else 0)

    @property
    def before(self) -> int:
        """How many objects stand before `oids` in the first GET."""
        return 1 + len(self.ports)


def foreseeable(profile: Profile, ports: tuple[Port, ...], linked: AbstractSet[str]) -> bool:
    """Whether `ports`, which a device of this profile has, are those to look for at its siblings: rule 2."""
    if not profile.ports:
        return not ports
    return bool(linked) and sorted(name for _, name in ports) == sorted(linked)


def question(plan: PollPlan, ports: tuple[Port, ...]) -> Question | None:
    """What tells whether a device has `ports`, and what of `plan`, made for them; None where that is too much."""
    asked = (oid for part in plan.parts if part.every_s <= GENTLE_S for oid in part.oids)
    oids = tuple(oid for oid in asked if oid != SYS_UP_TIME)
    whole = (SYS_UP_TIME, *plan.names, *oids)
    if len(oids) > _MOST_OBJECTS or 1 + len(plan.names) > plan.max_objects:
        return None
    gets = tuple(whole[at : at + plan.max_objects] for at in range(0, len(whole), plan.max_objects))
    return Question(plan, ports, oids, gets)


@lru_cache(maxsize=4096)
def has_ports(ports: tuple[Port, ...], names: tuple[bytes | None, ...], linked: frozenset[str]) -> bool:
    """Whether a device that calls these `ports` so has them: rule 3. `linked` are the ports that links name."""
    told = {index: text(name) for (index, _), name in zip(ports, names, strict=True) if name is not None}
    return len(told) == len(ports) and ports_of_interest(told, linked) == ports


def narrowed(plans: Plans, asked: Question, there: int) -> PollPlan:
    """The plan of a device that has these of `asked.oids`: bit k its object k."""
    absent = frozenset(oid for at, oid in enumerate(asked.oids) if not there >> at & 1)
    return plans.narrow(asked.plan, absent)


def names_of(texts: Sequence[bytes | None], asked: Question) -> tuple[bytes | None, ...]:
    """The names of ports among the `texts` of the first GET's answer."""
    return tuple(texts[1 : asked.before])
