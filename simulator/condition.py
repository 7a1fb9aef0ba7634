"""What faults do, and what is wrong when they are in force together: values that the world is set to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.portals import Trouble


class End(NamedTuple):
    """A device's end of a link."""

    link: str
    device: str


class Fade(NamedTuple):
    """Light that has been growing weaker since a time (UTC epoch seconds)."""

    since: float
    db_per_s: float

    def db(self, now: float) -> float:
        return max(now - self.since, 0.0) * self.db_per_s


class Jam(NamedTuple):
    """A full link: what of the exchanges over it is lost (a share), and how much later the others come."""

    loss: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What one fault does at one stage. Sites in `mains` have lost it; `battery_minutes` is their UPS's life."""

    cut: frozenset[str] = frozenset()  # links
    trunks: frozenset[str] = frozenset()  # fibres of which all links are in `cut`
    shut: frozenset[End] = frozenset()  # ends whose port is administratively down
    unsteady: frozenset[str] = frozenset()  # links and trunks that come and go, between two goes
    dim: frozenset[str] = frozenset()  # links with too little light, that still work
    fades: Mapping[str, Fade] = field(default_factory=dict)  # link -> how its light falls
    jams: Mapping[str, Jam] = field(default_factory=dict)  # link -> how full it is
    failed: frozenset[str] = frozenset()  # devices
    off: frozenset[str] = frozenset()  # devices
    planned: bool = False  # somebody's work, announced
    mains: frozenset[str] = frozenset()  # sites
    battery_minutes: float = 30.0
    recharge_s: float = 4 * 3600.0
    worn: frozenset[str] = frozenset()  # UPSs
    lossy: frozenset[str] = frozenset()  # devices
    loss: float = 0.0  # share of exchanges that get no answer
    clocks: Mapping[str, float] = field(default_factory=dict)  # device -> seconds that its clock is ahead
    portals: Mapping[str, Trouble] = field(default_factory=dict)  # endpoint -> what it does
    blind: bool = False  # nothing reaches whoever asks


@dataclass(frozen=True, slots=True)
class Condition:
    """What is wrong at one time, as far as faults reach: the ground truth."""

    cut: frozenset[str] = frozenset()
    trunks: frozenset[str] = frozenset()
    shut: frozenset[End] = frozenset()
    unsteady: frozenset[str] = frozenset()
    dim: frozenset[str] = frozenset()
    fades: Mapping[str, Fade] = field(default_factory=dict)
    jams: Mapping[str, Jam] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    planned: frozenset[str] = frozenset()  # links, trunks and devices that are out of service on purpose
    mains: frozenset[str] = frozenset()
    worn: frozenset[str] = frozenset()
    lossy: Mapping[str, float] = field(default_factory=dict)
    clocks: Mapping[str, float] = field(default_factory=dict)
    portals: Mapping[str, Trouble] = field(default_factory=dict)
    blind: bool = False
    # What follows from the above:
    broken: frozenset[str] = frozenset()  # links that carry nothing, for whatever reason
    dark: frozenset[str] = frozenset()  # sites without mains whose battery is empty or absent
    dead: frozenset[str] = frozenset()  # devices that don't run
    lost: frozenset[str] = frozenset()  # devices, running or not, that the NOC doesn't reach
    slowed: Mapping[str, Jam] = field(default_factory=dict)  # devices behind a full link


def together(effects: Iterable[Effect]) -> Condition:
    """What the effects say; nothing yet of what follows from it."""
    effects = list(effects)
    return Condition(
        cut=union(effect.cut for effect in effects),
        trunks=union(effect.trunks for effect in effects),
        shut=frozenset(end for effect in effects for end in effect.shut),
        unsteady=union(effect.unsteady for effect in effects),
        dim=union(effect.dim for effect in effects),
        fades={link: fade for effect in effects for link, fade in effect.fades.items()},
        jams={link: jam for effect in effects for link, jam in effect.jams.items()},
        failed=union(effect.failed for effect in effects),
        off=union(effect.off for effect in effects),
        planned=union(effect.cut | effect.trunks | effect.off for effect in effects if effect.planned),
        mains=union(effect.mains for effect in effects),
        worn=union(effect.worn for effect in effects),
        lossy={name: effect.loss for effect in effects for name in effect.lossy},
        clocks={name: ahead for effect in effects for name, ahead in effect.clocks.items()},
        portals={code: trouble for effect in effects for code, trouble in effect.portals.items()},
        blind=any(effect.blind for effect in effects),
    )


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)
