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
ECHOES = "answers echo requests"
MUTE = "answers echo requests, but its management is silent"
_POLL_S, _BURST_S = 4.0, 8.0  # a silent poll is over, and the probes after it have been sent (collectors.burst)
_SPARED_S = 1.0  # of that, where nobody may be heard: then most of the probes are proof all the same
_MUTE_POLLS = 2  # silent polls in a row of a device that answers echo requests meanwhile, where no burst was sent


class Outcome(IntEnum):
    """What a poll proves. The numbers are the form in columns."""

    NOTHING = 0  # our own machine could not ask
    ANSWER = 1
    WRONG = 2  # alive, but not the answer that was asked for
    SILENT = 3
    LOST = 4  # another device, which does answer, says that this one is gone
    PART = 5  # alive, but its answers stopped before all was told


ALIVE = (Outcome.ANSWER, Outcome.WRONG, Outcome.PART)


@dataclass(frozen=True, slots=True)
class Poll:
    at: float
    outcome: Outcome
    reason: str = ""  # of WRONG and PART, what the other device says of LOST, by what an ANSWER was inferred
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
    probed: float = inf  # end of a burst that found nothing while most were silent: it proves nothing by itself
    echoed: float = -inf  # newest echo request (ICMP) that was answered since polls are silent
    part: bool = False  # the answers to the last poll stopped before all was told


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
        memory = replace(memory, since=min(memory.since, poll.at), last=-inf, first_silent=inf, silent=0)
    if poll.at <= memory.last:
        return memory, None
    seen = replace(memory, last=poll.at)
    if poll.outcome is Outcome.SILENT:
        return _silence(seen, poll, now, sight, policy)
    if poll.outcome is Outcome.LOST:
        return _to(replace(seen, first_silent=poll.at, confirmed=True), Status.DOWN, poll.at, poll.reason)
    return _life(seen, poll, policy)


def echo(memory: Memory, at: float) -> Stepped:
    """A device that is asked by polls answered an echo request at `at`: it lives, whatever its management does.

    While it answers polls that says nothing new. One whose polls are silent is never down by their
    silence alone: from now on only a silence that begins after `at` counts.
    """
    heard = max(memory.echoed, memory.last_ok)
    if at <= heard or (memory.silent == 0 and memory.status is not Status.DOWN):
        return memory, None
    seen = replace(memory, echoed=at, last_ok=at)
    if memory.status is Status.DOWN:
        return (memory, None) if at <= memory.since else _to(_alive(seen, at, 0), Status.DEGRADED, at, MUTE)
    if memory.status is Status.DEGRADED:
        return replace(seen, first_silent=inf, silent=0), None
    return seen, None


def stale(memory: Memory, reason: str) -> Stepped:
    """Nobody looks any more: unknown from the last moment at which anything was proved."""
    forgotten = replace(memory, first_silent=inf, silent=0, clean=0, probed=inf)
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
    return replace(memory, last_ok=at, first_silent=inf, silent=0, clean=clean, confirmed=False, probed=inf)


def _life(memory: Memory, poll: Poll, policy: Policy) -> Stepped:
    cut = poll.outcome is Outcome.PART
    # Chance loses a part of a poll as it loses a poll: the first is a suspicion, and no good poll either.
    wrong = poll.outcome is Outcome.WRONG or (cut and (memory.part or memory.status is Status.DEGRADED))
    memory = replace(memory, echoed=-inf, part=cut)
    if wrong:
        return _to(_alive(memory, poll.at, 0), Status.DEGRADED, poll.at, poll.reason)
    clean = memory.clean + 1 if memory.status is Status.DEGRADED else 0
    after = _alive(memory, poll.at, clean)
    if 0 < clean < policy.clean_polls:
        return after, None
    reason = f"{clean} good polls in a row" if clean else (not cut and poll.reason) or ANSWERS
    return _to(replace(after, clean=0), Status.UP, poll.at, reason)


def _silence(memory: Memory, poll: Poll, now: float, sight: Sight, policy: Policy) -> Stepped:
    since = min(memory.first_silent, poll.at)
    silent = replace(memory, first_silent=since, silent=memory.silent + 1, clean=0)
    if poll.burst_answered:
        return _probed(silent, poll, now)
    if silent.echoed > since and (poll.burst_sent or silent.silent >= _MUTE_POLLS):
        return _to(replace(silent, first_silent=poll.at, silent=1, confirmed=False), Status.DEGRADED, since, MUTE)
    if silent.status is Status.DOWN:
        return _still_down(silent, now, sight, policy)
    # A management that is known to be mute answers no burst either.
    burst = poll.burst_sent > 0 and silent.echoed == -inf
    mute = _is_mute(sight, poll, burst=burst) and sight.covers(since, poll.at, now, policy.sight_s)
    blind = mute if silent.probed < inf and not burst else burst and (mute or _is_mass(sight, poll))
    if mute if silent.confirmed else blind:
        # Until a reference answers, and it doesn't. What was dead before may be back: of that this silence says nothing.
        return (memory if silent.confirmed else replace(silent, probed=poll.at + _BURST_S)), None
    burst = burst or sight.seen_at > silent.probed
    if not (burst or silent.confirmed or silent.silent >= policy.lone_silences):
        return silent, None
    return _confirmed(silent, poll, now, sight, policy)


def _probed(silent: Memory, poll: Poll, now: float) -> Stepped:
    """A probe was answered: what was in doubt was never gone, and what was down is back.

    That it was dead explains what of it was lost before; whether more is lost from now on the next polls tell.
    """
    alive = _alive(silent, poll.at, 0)
    if silent.status is Status.DOWN:
        return _to(alive, Status.UP, min(poll.at + _POLL_S, now), ANSWERS)
    reason = f"loss: {poll.burst_answered} of {poll.burst_sent} probes answered"
    return _to(alive, Status.DEGRADED, silent.first_silent, reason)


def _is_mute(sight: Sight, poll: Poll, *, burst: bool) -> bool:
    """Whether nobody may have been heard while this was asked.

    Of a burst its probes count, not the poll before it: where few devices are asked, those that died together leave a
    hole of seconds in every interval, which looks like blindness for as long as none of them is called down.
    """
    if sight.is_mute:
        return True
    probes = poll.at + _POLL_S, poll.at + _BURST_S
    return sight.muted_s(*probes) > _SPARED_S if burst else sight.was_mute(poll.at, poll.at + _BURST_S)


def _is_mass(sight: Sight, poll: Poll) -> bool:
    return sight.is_mass and sight.seen_at <= poll.at


def _confirmed(silent: Memory, poll: Poll, now: float, sight: Sight, policy: Policy) -> Stepped:
    """What a silence that has lasted long enough means, by what the collector itself could see."""
    since = silent.first_silent
    if not sight.covers(since, poll.at, now, policy.sight_s):
        if silent.confirmed and not sight.lost(now, policy.sight_s):
            return silent, None  # known to be dead before: wait until a reference answers after this silence began
        if sight.heard_at > poll.at and not sight.lost(now, policy.sight_s):
            # Others are heard: chance may have lost the reference's poll. Its next answer tells.
            return replace(silent, probed=poll.at), None
        restarted = replace(silent, first_silent=inf, silent=0, probed=inf)
        return _to(restarted, Status.UNKNOWN, since, "silent, but the collector could not see its references either")
    # While a burst was in doubt others were heard: that silence was seen, though no reference answered in it.
    begin = since if since >= sight.clear_since or silent.probed < inf else poll.at
    return _to(replace(silent, first_silent=begin, confirmed=True), Status.DOWN, begin, _confirmed_by(silent, poll))


def _still_down(memory: Memory, now: float, sight: Sight, policy: Policy) -> Stepped:
    if not sight.lost(now, policy.sight_s):
        return memory, None
    blind = replace(memory, first_silent=inf, silent=0, probed=inf)
    return _to(blind, Status.UNKNOWN, sight.seen_at, "the collector sees none of its references")


def _confirmed_by(memory: Memory, poll: Poll) -> str:
    if poll.burst_sent:
        return f"silent, and none of {poll.burst_sent} probes answered"
    return "still silent" if memory.confirmed else f"silent at {memory.silent} polls in a row"
