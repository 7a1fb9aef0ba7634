"""Taking up the stored judgement: after a short pause states go on, after a long one nothing is known."""

from collections.abc import Iterable
from dataclasses import replace
from math import inf

from inventory.model import Inventory
from readiness.decide import Decider, Verdict, subjects_of
from readiness.knowledge import Knowledge, Noticed
from readiness.model import Readiness, Status, SubjectKind
from readiness.read import StateRow
from readiness.rules.columns import Columns
from readiness.rules.incidents import Subject
from readiness.rules.outages import Outage
from readiness.rules.status import Memory
from readiness.rules.watch import NOBODY_WATCHED
from readiness.store import Stored, Writes, moment

_UNSEEN = "not observed yet"


def rows(inventory: Inventory, stored: Stored, now: float) -> tuple[dict[Subject, StateRow], list[Subject]]:
    """The state of every subject of the inventory, and the stored subjects that left it."""
    subjects = subjects_of(inventory)
    found = {subject: stored.states.get(subject) or _new(subject, now) for subject in subjects}
    return found, [subject for subject in stored.states if subject not in found]


def _new(subject: Subject, now: float) -> StateRow:
    kind, name = subject
    status = Readiness.UNKNOWN if kind is SubjectKind.VILLAGE else Status.UNKNOWN
    return StateRow(kind, name, status, moment(now), _UNSEEN, None, None, 0)


def resume(decider: Decider, knowledge: Knowledge, stored: Stored, now: float, gap_s: float) -> Writes:
    """Put the stored state back into memory; returns what the start itself changes."""
    last_at = stored.last_seen.timestamp() if stored.last_seen else -inf
    known = [outage for outage in stored.open_outages if _is_known(decider, outage)]
    left = [outage for outage in stored.open_outages if not _is_known(decider, outage)]
    decider.resume(known, stored.last_transition, stored.last_outage, now)
    writes = Writes(outages={o.id: replace(o, end=max(now, o.finding.start)) for o in left})
    writes.states |= {subject: row for subject, row in decider.rows.items() if subject not in stored.states}
    if now - last_at > gap_s:
        _forget(decider, last_at, now, writes)
    graph = knowledge.graph
    down = {outage.finding.subject for outage in known}
    _fill(knowledge.devices, [(SubjectKind.DEVICE, device.name) for device in graph.devices], decider, down, last_at)
    _fill(knowledge.links, [(SubjectKind.LINK, link.name) for link in graph.links], decider, down, last_at)
    writes.add(decider.decide(Noticed(picture=True), now))
    writes.add(_without_device(decider, now))
    return writes


def _is_known(decider: Decider, outage: Outage) -> bool:
    subject = outage.finding.subject
    return subject in decider.rows or (subject[0] is SubjectKind.LINK and subject[1] in decider.graph.trunks)


def _forget(decider: Decider, last_at: float, now: float, writes: Writes) -> None:
    """Nobody watched since `last_at`: from then on nothing is known."""
    for subject, row in list(decider.rows.items()):
        unknown = Readiness.UNKNOWN if subject[0] is SubjectKind.VILLAGE else Status.UNKNOWN
        if row.status is not unknown:
            decider.put(subject, Verdict(unknown, last_at, NOBODY_WATCHED, outage=row.outage), now, writes)


def _fill(
    columns: Columns, subjects: Iterable[Subject], decider: Decider, with_outage: set[Subject], last_at: float
) -> None:
    """What was alive was last seen at `last_at`; a silence that was confirmed needs no second proof."""
    for position, subject in enumerate(subjects):
        row = decider.rows[subject]
        status = Status(row.status)
        down, alive = status is Status.DOWN, status in {Status.UP, Status.DEGRADED}
        since = row.since.timestamp()
        memory = Memory(
            status, since, last=max(last_at, since), last_ok=last_at if alive else -inf, first_silent=since if down else inf,
            confirmed=subject in with_outage,
        )  # fmt: skip
        columns.keep(position, memory)


def _without_device(decider: Decider, now: float) -> Writes:
    """Tell what no observation will ever touch: places without any device to decide about them."""
    writes = Writes()
    for place, result in decider.map.undecided():
        for subject in place.subjects:
            row = decider.rows[subject]
            if row.transition:
                decider.put(subject, Verdict(result.status, now, result.reason, result.layer), now, writes)
            else:
                decider.rows[subject] = writes.states[subject] = replace(row, reason=result.reason, layer=result.layer)
    return writes
