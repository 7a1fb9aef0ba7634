"""Status of a link from what its ends say. Pure; times are UTC epoch seconds."""

from dataclasses import dataclass

from readiness.model import Status

PORT_UP = 1
PORT_DOWN = frozenset({2, 6, 7})
"""ifOperStatus (IF-MIB): 2 down, 6 notPresent, 7 lowerLayerDown."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link: its device, and the last reading of its port (0: none)."""

    device: Status
    since: float  # begin of the device's status
    port: int
    read_at: float
    sole: bool  # the device has no other link: reaching it proves this one

    @property
    def alive(self) -> bool:
        return self.device in {Status.UP, Status.DEGRADED}


@dataclass(frozen=True, slots=True)
class Judged:
    status: Status
    reason: str


DOWN = Judged(Status.DOWN, "a port of it is down")
SHUT = Judged(Status.DOWN, "a port of it was shut by its administrator")
UP_BY_PORT = Judged(Status.UP, "its port is up")
UP_BY_LIFE = Judged(Status.UP, "what lies behind it answers")


def judge(a: End, b: End) -> Judged | None:
    """Status of the link; None: what there is was read before an end came back, so wait.

    Only a device that answers can say how its port is: the last words of a dead one are old.
    """
    for end, other in ((a, b), (b, a)):
        if end.alive and end.port in PORT_DOWN:
            if other.alive and end.read_at < other.since:
                return None
            return DOWN
    if any(end.alive and end.port == PORT_UP for end in (a, b)):
        return UP_BY_PORT
    if any(end.alive and end.sole for end in (a, b)):
        return UP_BY_LIFE
    return Judged(Status.UNKNOWN, "neither end says how its port is")


def judge_pon(ont: Status, lost_signal: bool) -> Judged:
    """Status of the fibre between OLT and ONT, from the ONT's state at the OLT."""
    if ont in {Status.UP, Status.DEGRADED}:
        return Judged(Status.UP, "the ONT is online")
    if ont is Status.DOWN and lost_signal:
        return Judged(Status.DOWN, "the OLT lost the ONT's signal")
    return Judged(Status.UNKNOWN, "the ONT is not online")
