"""Taking up the stored judgement: after a short pause states go on, after a long one nothing is known."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

import numpy as np

from readiness.decide import Decider, Verdict
from readiness.knowledge import Knowledge, Noticed
from readiness.model import SubjectKind
from readiness.rules.columns import DEGRADED, DOWN, UP, Columns
from readiness.rules.outages import Outage
from readiness.rules.watch import NOBODY_WATCHED
from readiness.states import Kept
from readiness.store import Stored, Writes

_AT_ONCE = 20_000  # transitions of one transaction: a country in one would take some hundred megabytes


def resume(decider: Decider, stored: Stored, now: float) -> Writes:
    """Take up the open outages; returns the end of those whose subject has left the inventory."""
    known = [outage for outage in stored.open_outages if _is_known(decider, outage)]
    left = [outage for outage in stored.open_outages if not _is_known(decider, outage)]
    decider.resume(known, stored.last_transition, stored.last_outage, now)
    return Writes(outages={o.id: replace(o, end=max(now, o.finding.start)) for o in left})


def _is_known(decider: Decider, outage: Outage) -> bool:
    kind, name = outage.finding.subject
    is_trunk = kind is SubjectKind.LINK and name in decider.graph.trunks
    return is_trunk or decider.rows.find(outage.finding.subject) is not None


def forgotten(decider: Decider, last_at: float, now: float) -> Iterator[Writes]:
    """Nobody watched since `last_at`: from then on nothing is known.

    Each lot can be stored by itself: who dies between two begins again with what is still known.
    """
    writes = Writes()
    for kept in decider.rows.of.values():
        unknown = kept.words[0]
        for at in np.flatnonzero(~kept.is_at(unknown)).tolist():
            outage = int(kept.outage[at]) or None
            decider.put(kept, at, Verdict(unknown, last_at, NOBODY_WATCHED, outage=outage), now, writes)
            if len(writes.transitions) >= _AT_ONCE:
                yield writes
                writes = Writes()
    yield writes


def remembered(decider: Decider, knowledge: Knowledge, stored: Stored, now: float) -> Writes:
    """Put the stored state back into memory; returns what the start itself changes."""
    last_at = stored.last_seen.timestamp() if stored.last_seen else -inf
    down = [outage.finding.subject for outage in stored.open_outages if _is_known(decider, outage)]
    for kind, columns in ((SubjectKind.DEVICE, knowledge.devices), (SubjectKind.LINK, knowledge.links)):
        with_outage = [decider.rows.find(subject) for subject in down if subject[0] is kind]
        _fill(columns, decider.rows.of[kind], [at for at in with_outage if at is not None], last_at)
    knowledge.recall_shown()
    writes = decider.decide(Noticed(picture=True), now)
    _tell_undecided(decider, now, writes)
    return writes


def _fill(columns: Columns, kept: Kept, with_outage: list[int], last_at: float) -> None:
    """What was alive was last seen at `last_at`; a silence that was confirmed needs no second proof."""
    columns.status[:] = kept.status
    columns.since[:] = kept.since / 1e6
    columns.last[:] = np.maximum(last_at, columns.since)
    columns.last_ok[:] = np.where(np.isin(kept.status, (UP, DEGRADED)), last_at, -inf)
    columns.first_silent[:] = np.where(kept.status == DOWN, columns.since, inf)
    # One that was down and then watched by nobody may have come back meanwhile: its silence wants its proof anew.
    columns.confirmed[with_outage] = columns.status[with_outage] == DOWN


def _tell_undecided(decider: Decider, now: float, writes: Writes) -> None:
    """Tell what no observation will ever touch: places without any device to decide about them."""
    for kind, positions, result in decider.map.places.undecided():
        kept = decider.rows.of[kind]
        for at in positions.tolist():
            if kept.transition[at]:
                decider.put(kept, at, Verdict(result.status, now, result.reason, result.layer), now, writes)
            else:
                kept.tell(at, result.reason, result.layer, int(kept.outage[at]) or None)
