"""The status step: from what was known of a device and one poll to what is known now. Pure.

Silence is confirmed before it counts (rule 1 of DESIGN §5): the poll that ends a silence check
carries the result of the burst. A status changes at the moment it was first true, not when it
was confirmed. Times are UTC epoch seconds.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from math import inf

from readiness.model import Status
from readiness.rules.sight import Sight

_CLOCK_SLACK_S = 5.0  # a memory of something further than this in the future means that the clock was set back


ANSWERS = "answers"


class Outcome(IntEnum):
    """What a poll proves. The numbers are the form in columns."""

    NOTHING = 0  # our own machine could not ask
    ANSWER = 1
    WRONG = 2  # alive, but not the answer that was asked for
    SILENT = 3
    LOST = 4  # another device, which does answer, says that this one is gone


@dataclass(frozen=True, slots=True)
class Poll:
    at: float
    outcome: Outcome
    reason: str = ""  # of WRONG, what the other device says of LOST, by what an ANSWER was inferred
    burst_sent: int = 0
    burst_answered: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one device; -inf and inf stand for "never"."""

    status: Status
    since: float
    last: float = -inf  # newest poll that proved anything
    last_ok: float = -inf  # newest sign of life
    first_silent: float = inf  # begin of the silence that is under suspicion or confirmed
    silent: int = 0  # silent polls in a row
    clean: int = 0  # good polls in a row while degraded
    confirmed: bool = False  # silence was confirmed, and no sign of life came since


@dataclass(frozen=True, slots=True)
class Policy:
    sight_s: float
    clean_polls: int = 3  # good polls that end "degraded"
    # As many unanswered exchanges as a burst holds (two a poll), where no burst was sent.
    lone_silences: int = 10


@dataclass(frozen=True, slots=True)
class Change:
    before: Status
    after: Status
    at: float
    reason: str


Stepped = tuple[Memory, Change | None]


def step(memory: Memory, poll: Poll, now: float, sight: Sight, policy: Policy) -> Stepped:
    """Take one poll into account; polls that are older than what is known change nothing."""
    if poll.outcome is Outcome.NOTHING:
        return memory, None
    if memory.last > now + _CLOCK_SLACK_S:
        memory = replace(memory, last=-inf, first_silent=inf, silent=0)
    if poll.at <= memory.last:
        return memory, None
    seen = replace(memory, last=poll.at)
    if poll.outcome is Outcome.SILENT:
        return _silence(seen, poll, now, sight, policy)
    if poll.outcome is Outcome.LOST:
        return _to(replace(seen, first_silent=poll.at, confirmed=True), Status.DOWN, poll.at, poll.reason)
    return _life(seen, poll, policy)


def stale(memory: Memory, reason: str) -> Stepped:
    """Nobody looks any more: unknown from the last moment at which anything was proved."""
    forgotten = replace(memory, first_silent=inf, silent=0, clean=0)
    return _to(forgotten, Status.UNKNOWN, memory.last, reason)


def hidden(memory: Memory, at: float, reason: str) -> Stepped:
    """The device through which this one is seen went silent at `at`."""
    return _to(replace(memory, clean=0), Status.UNKNOWN, at, reason)


def _to(memory: Memory, after: Status, at: float, reason: str) -> Stepped:
    """`memory` in status `after`; the change never lies before the one it follows."""
    if memory.status is after:
        return memory, None
    at = max(at, memory.since)
    return replace(memory, status=after, since=at), Change(memory.status, after, at, reason)


def _alive(memory: Memory, at: float, clean: int) -> Memory:
    return replace(memory, last_ok=at, first_silent=inf, silent=0, clean=clean, confirmed=False)


def _life(memory: Memory, poll: Poll, policy: Policy) -> Stepped:
    if poll.outcome is Outcome.WRONG:
        return _to(_alive(memory, poll.at, 0), Status.DEGRADED, poll.at, poll.reason)
    clean = memory.clean + 1 if memory.status is Status.DEGRADED else 0
    after = _alive(memory, poll.at, clean)
    if 0 < clean < policy.clean_polls:
        return after, None
    reason = f"{clean} good polls in a row" if clean else poll.reason or ANSWERS
    return _to(replace(after, clean=0), Status.UP, poll.at, reason)


def _silence(memory: Memory, poll: Poll, now: float, sight: Sight, policy: Policy) -> Stepped:
    since = min(memory.first_silent, poll.at)
    silent = replace(memory, first_silent=since, silent=memory.silent + 1, clean=0)
    if poll.burst_answered:
        reason = f"loss: {poll.burst_answered} of {poll.burst_sent} probes answered"
        return _to(_alive(silent, poll.at, 0), Status.DEGRADED, since, reason)
    if silent.status is Status.DOWN:
        return _still_down(silent, now, sight, policy)
    if not (poll.burst_sent or silent.confirmed or silent.silent >= policy.lone_silences):
        return silent, None
    if not sight.covers(since, poll.at, now, policy.sight_s):
        if silent.confirmed and not sight.lost(now, policy.sight_s):
            return silent, None  # known to be dead before: wait until a reference answers after this silence began
        restarted = replace(silent, first_silent=inf, silent=0)
        return _to(restarted, Status.UNKNOWN, since, "silent, but the collector could not see its references either")
    begin = since if since >= sight.clear_since else poll.at
    return _to(replace(silent, first_silent=begin, confirmed=True), Status.DOWN, begin, _confirmed_by(silent, poll))


def _still_down(memory: Memory, now: float, sight: Sight, policy: Policy) -> Stepped:
    if not sight.lost(now, policy.sight_s):
        return memory, None
    blind = replace(memory, first_silent=inf, silent=0)
    return _to(blind, Status.UNKNOWN, sight.seen_at, "the collector sees none of its references")


def _confirmed_by(memory: Memory, poll: Poll) -> str:
    if poll.burst_sent:
        return f"silent, and none of {poll.burst_sent} probes answered"
    return "still silent" if memory.confirmed else f"silent at {memory.silent} polls in a row"
