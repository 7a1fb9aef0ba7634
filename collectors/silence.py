"""When silence is worth a burst of probes: rule 1 of DESIGN §5, as a decision without I/O."""

from dataclasses import dataclass
from enum import Enum, auto

from collectors.model import Failure, Reason

_SILENT_POLLS = 2  # this many in a row are checked by a burst
ALONE_EVERY = 10  # of the polls of a device that is known to be silent, one in so many may see an ICMP error


class Outcome(Enum):
    ANSWERED = auto()
    SILENT = auto()
    BLIND = auto()  # our own machine could not ask: says nothing of the device


@dataclass(frozen=True, slots=True)
class Silence:
    """Silent polls in a row, and whether a burst has confirmed that nothing answers."""

    polls: int = 0
    confirmed: bool = False


HEARD = Silence()
"""The device answered last."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Probes sent and answered; `blind` when our own machine could not send one of them."""

    sent: int = 0
    answered: int = 0
    blind: bool = False


def outcome(failure: Failure | None) -> Outcome:
    """What a poll that ended so says of the device."""
    if failure is None:
        return Outcome.ANSWERED
    if failure.reason in (Reason.NO_ROUTE, Reason.SECRET):
        return Outcome.BLIND
    return Outcome.SILENT if failure.reason is Reason.TIMEOUT else Outcome.ANSWERED


def after_poll(before: Silence, seen: Outcome) -> tuple[Silence, bool]:
    """The silence after a poll, and whether a burst has to check it now."""
    if seen is Outcome.ANSWERED:
        return HEARD, False
    if seen is Outcome.BLIND:
        return before, False
    polls = before.polls + 1
    return Silence(polls, before.confirmed), polls >= _SILENT_POLLS and not before.confirmed


def after_burst(before: Silence, burst: Burst) -> Silence:
    """A burst without an answer confirms the silence; a blind one settles nothing, so the next poll bursts again."""
    if burst.answered:
        return HEARD
    return Silence(before.polls, confirmed=not burst.blind)
