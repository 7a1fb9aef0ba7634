"""What looks prove about an endpoint: the step of one pair of eyes, and whose eyes count. Pure.

A failure counts when looks in a row confirm it. Where nothing came back at all, the eyes must have seen
something else meanwhile: else their own way out may be what failed (rule 1 of DESIGN §5). What a kendra
sees outranks what the network centre sees (rule 10). Times are UTC epoch seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from math import inf

from readiness.model import Cause, Responsible, Status, SubjectKind
from readiness.rules.outages import Finding, explained_by

NOC = "noc"
KENDRAS = "kendras"
"""Eyes of a verdict: the network centre's, or those of most kendras that look."""

_LEAST_KENDRAS = 3  # below, what they see says more of them than of the endpoint


class Outcome(Enum):
    GOOD = auto()
    SLOW = auto()  # as it should be, but slow
    WRONG = auto()  # something came back, but not what should have
    SILENT = auto()  # nothing came back
    NOTHING = auto()  # nobody could look


@dataclass(frozen=True, slots=True)
class Glance:
    """One look, as far as it matters here."""

    at: float
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class View:
    """What one pair of eyes knows of one endpoint. `at` is the newest look, -inf before the first."""

    status: Status
    since: float
    reason: str
    at: float = -inf
    first_bad: float = inf  # begin of the failures that are under suspicion or confirmed
    bad: int = 0  # failed looks in a row
    silent: bool = False  # the newest of them brought nothing back
    slow: int = 0  # slow ones in a row
    clean: int = 0  # good ones in a row while degraded


@dataclass(frozen=True, slots=True)
class Policy:
    sight_s: float  # eyes that saw nothing for so long may be shut
    in_a_row: int = 3  # looks that confirm a failure, or slowness
    clean: int = 3  # good looks that end "degraded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an endpoint stands for everybody, and by whose eyes."""

    status: Status
    since: float
    reason: str
    eyes: str
    silent: bool = False  # nothing comes back from it at all


def step(view: View, glance: Glance, proved_at: float, policy: Policy) -> View:
    """Take one look into account; `proved_at` is when these eyes last saw anything but this endpoint."""
    if glance.at <= view.at:
        return view
    seen = replace(view, at=glance.at)
    match glance.outcome:
        case Outcome.NOTHING:
            shut = replace(seen, first_bad=inf, bad=0, slow=0, clean=0)
            return _to(shut, Status.UNKNOWN, glance.at, glance.reason)
        case Outcome.GOOD | Outcome.SLOW:
            return _good(seen, glance, policy)
    return _bad(seen, glance, view.at, proved_at, policy)


def forgotten(view: View) -> View:
    """The failures so far prove nothing: within the newest nobody at all was heard from here."""
    return view if view.status is Status.DOWN else replace(view, bad=0, first_bad=inf, silent=False)


def not_after(view: View, now: float) -> View:
    """The view by a clock that says `now`: its newest time is not later, and what was remembered with it as long ago."""
    ahead = max(view.at, view.since) - now
    if ahead <= 0:
        return view
    since, at, bad = (time - ahead if time > now else time for time in (view.since, view.at, view.first_bad))
    return replace(view, since=since, at=at, first_bad=bad)


def stale(view: View, reason: str) -> View:
    """Nobody looks any more: unknown since the newest look."""
    shut = replace(view, first_bad=inf, bad=0, slow=0, clean=0)
    return _to(shut, Status.UNKNOWN, max(view.at, view.since), reason)


def _to(view: View, status: Status, at: float, reason: str) -> View:
    """`view` in `status`; a change never lies before the one it follows."""
    since = view.since if status is view.status else max(at, view.since)
    return replace(view, status=status, since=since, reason=reason)


def _good(view: View, glance: Glance, policy: Policy) -> View:
    failed, begun = view.bad, view.first_bad
    slow = view.slow + 1 if glance.outcome is Outcome.SLOW else 0
    clean = view.clean + 1 if view.status is Status.DEGRADED and not slow and not failed else 0
    seen = replace(view, bad=0, first_bad=inf, slow=slow, clean=clean, silent=False)
    if failed and view.status in {Status.UP, Status.DEGRADED}:
        return _to(seen, Status.DEGRADED, begun, f"failed {failed} times and then answered")
    if slow >= policy.in_a_row:
        return _to(seen, Status.DEGRADED, glance.at, glance.reason)
    if view.status is Status.DEGRADED and clean < policy.clean:
        return seen
    return _to(replace(seen, clean=0), Status.UP, glance.at, glance.reason)


def _bad(view: View, glance: Glance, before_at: float, proved_at: float, policy: Policy) -> View:
    """`before_at`: the look before. A silence counts where the eyes were open since then: by chance the first of its looks
    is lost just before they shut.
    """
    first = min(view.first_bad, glance.at)
    silent = glance.outcome is Outcome.SILENT
    seen = replace(view, bad=view.bad + 1, first_bad=first, slow=0, clean=0, silent=silent)
    if silent and proved_at < glance.at - policy.sight_s:
        shut = replace(seen, first_bad=inf, bad=0)
        return _to(shut, Status.UNKNOWN, first if view.status is not Status.DOWN else glance.at, _blind(glance.reason))
    unproved = proved_at <= first or proved_at < before_at
    if seen.bad < policy.in_a_row or (silent and unproved and view.status is not Status.DOWN):
        return seen
    return _to(seen, Status.DOWN, first, glance.reason)


def _blind(reason: str) -> str:
    return f"{reason}, but nothing else was seen from there either"


def overall(noc: View, kendras: Sequence[View]) -> Verdict:
    """The endpoint for everybody, from the network centre's view and the fresh ones of kendras."""
    seen = [view for view in kendras if view.status is not Status.UNKNOWN]
    without = sorted(view.since for view in seen if view.status is Status.DOWN)
    most = len(without) * 2 > len(seen)
    if len(seen) >= _LEAST_KENDRAS and most:
        sentence = f"{len(without)} of {len(seen)} kendras that look do not reach it"
        return Verdict(Status.DOWN, without[len(seen) // 2], sentence, KENDRAS)
    if seen and not most and noc.status in {Status.DOWN, Status.UNKNOWN} and len(seen) >= _LEAST_KENDRAS:
        sentence = f"{len(seen) - len(without)} of {len(seen)} kendras that look reach it"
        return Verdict(Status.UP, noc.since, sentence, KENDRAS)
    return Verdict(noc.status, noc.since, noc.reason, NOC, noc.silent)


def findings(verdicts: Mapping[str, Verdict]) -> dict[tuple[SubjectKind, str], Finding]:
    """The outages of endpoints that are down.

    Where nothing comes back from any of several that are looked at, it is one outage: the way to them
    all failed, and the earliest stands for it.
    """
    down = {code: verdict for code, verdict in verdicts.items() if verdict.status is Status.DOWN}
    looked_at = [verdict for verdict in verdicts.values() if verdict.status is not Status.UNKNOWN]
    way_lost = len(down) > 1 and len(down) == len(looked_at) and all(verdict.silent for verdict in down.values())
    if not way_lost:
        return {_subject(code): _finding(code, verdict) for code, verdict in down.items()}
    ordered = sorted(down, key=lambda code: (down[code].since, code))
    return {_subject(code): _way_lost(code, down[code], ordered) for code in ordered}


def _subject(code: str) -> tuple[SubjectKind, str]:
    return SubjectKind.ENDPOINT, code


def _finding(code: str, verdict: Verdict) -> Finding:
    """Whoever runs an endpoint knows why it failed; from here it is only seen that it did."""
    sure = 0.8 if verdict.silent else 0.95
    return Finding(
        _subject(code), Status.DOWN, verdict.since, Cause.UPSTREAM, sure, (verdict.reason,), Responsible.SERVICE_OWNER
    )


def _way_lost(code: str, verdict: Verdict, ordered: Sequence[str]) -> Finding:
    root = ordered[0]
    sentence = f"nothing comes back from any of {len(ordered)} endpoints" if code == root else explained_by(root)
    return Finding(
        _subject(code), Status.DOWN, verdict.since, Cause.UPSTREAM, 0.6, (verdict.reason, sentence), Responsible.AGENCY,
        None if code == root else _subject(root),
    )  # fmt: skip
