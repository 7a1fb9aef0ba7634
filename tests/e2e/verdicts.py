"""What may never be true of a stored story, whatever happened to the product. Times are UTC epoch seconds."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from tests.e2e.trouble import Happened, longest_sight
from tests.e2e.witness import Lasted, Subject, Told

_BAD = ("down", "blocked")
_SLACK_S = 2.5  # a poll is dated by its first packet, and ends up to two timeouts later
_CERTAIN_S = 15.0  # so long under one session's eyes, and a trouble is stored even where the machine is loaded

Truth = Mapping[Subject, Sequence[tuple[float, float]]]


def truth(log: Path) -> Truth:
    """Subject -> the intervals in which it was truly down or degraded, by the simulator's own log."""
    found: dict[Subject, list[tuple[float, float]]] = defaultdict(list)
    for line in log.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        times = [datetime.fromisoformat(row[key]).timestamp() for key in ("from", "to")]
        found[row["subject_kind"], row["subject"]].append((times[0], times[1]))
    return found


def lost(seen: Mapping[int, Told], now: Sequence[Told]) -> list[str]:
    """Transitions that were visible once and are gone or different."""
    stored = {told.id: told for told in now}
    return [f"{told} became {stored.get(number)}" for number, told in seen.items() if stored.get(number) != told]


def broken_chains(told: Sequence[Told]) -> list[str]:
    """Steps that don't follow from the one before."""
    found = [f"id {after.id} follows {before.id}" for before, after in pairwise(told) if after.id != before.id + 1]
    for subject, steps in by_subject(told).items():
        if steps[0].before != "unknown":
            found.append(f"{subject} begins with {steps[0].before}")
        for before, after in pairwise(steps):
            same = (after.before, before.layer) == (after.after, after.layer)
            if after.before != before.after or after.at < before.at or same:
                found.append(f"{before} is followed by {after}")
        found += [f"stored before it happened: {step}" for step in steps if step.recorded_at < step.at]
    return found


def by_subject(told: Iterable[Told]) -> Mapping[Subject, Sequence[Told]]:
    found: dict[Subject, list[Told]] = defaultdict(list)
    for one in told:
        found[one.subject].append(one)
    return found


def invented(told: Sequence[Told], true: Truth) -> list[str]:
    """What was called down while nothing was wrong with it."""
    return [
        f"{one}; truly so: {[(round(a - one.at, 1), round(b - one.at, 1)) for a, b in true.get(one.subject, ())]}"
        for one in told
        if one.after in _BAD and one.before not in _BAD and not _within(one.at, true.get(one.subject, ()))
    ]


def _within(at: float, intervals: Iterable[tuple[float, float]]) -> bool:
    return any(begin - _SLACK_S <= at <= end + _SLACK_S for begin, end in intervals)


def outage_complaints(
    outages: Sequence[Lasted], happened: Sequence[Happened], sessions: Sequence[tuple[float, float]]
) -> list[str]:
    """Troubles with another number of root outages than one, and outages without a trouble."""
    found = []
    roots = [one for one in outages if one.root]
    used: set[int] = set()
    for one in happened:
        fitting = [root for root in roots if _is_of(root, one)]
        used |= {root.id for root in fitting}
        begin, end = longest_sight(one, sessions)
        hidden = not fitting and not any(_goes_on(root, one) for root in roots) and end - begin >= _CERTAIN_S
        late = [root for root in fitting if end - begin >= _CERTAIN_S and root.start > begin + _CERTAIN_S]
        if len(fitting) > 1 or hidden or late:
            found.append(f"{one.trouble} {one.begin:.1f} to {one.end:.1f}, seen {begin:.1f} to {end:.1f}: {fitting}")
    return found + [f"no trouble is behind {root}" for root in roots if root.id not in used]


def _is_of(root: Lasted, one: Happened) -> bool:
    same = root.subject[1] in one.place and one.begin - _SLACK_S <= root.start <= one.end + _SLACK_S
    return same and root.status in {one.trouble.status, "degraded"}  # the first sign of a cut may be a lost spare


def _goes_on(root: Lasted, one: Happened) -> bool:
    """Whether an outage from before never ended for us: nobody looked while all was well between."""
    return root.subject[1] in one.place and root.start < one.begin and (root.end is None or root.end >= one.begin)
