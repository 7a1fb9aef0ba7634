"""From the picture of a moment to outages that last: what opens, what is told anew, what ends. Pure.

An outage is told anew as the picture completes, but never while it is coming apart: what hung on
a root that ended a moment ago is still explained by it until it had time to answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from readiness.model import Cause, Responsible, Status, SubjectKind
from readiness.rules.incidents import Incident, Subject


@dataclass(frozen=True, slots=True)
class Finding:
    """An outage as the picture of this moment shows it; times are UTC epoch seconds."""

    subject: Subject
    status: Status
    start: float
    cause: Cause
    confidence: float
    evidence: tuple[str, ...]
    responsible: Responsible
    explained_by: Subject | None = None
    segment: tuple[str, ...] = ()
    ring: str = ""


@dataclass(frozen=True, slots=True)
class Outage:
    id: int
    finding: Finding
    explained_by: int | None = None
    end: float | None = None
    villages: int = 0
    citizens: int | None = None  # None: population unknown

    @property
    def root(self) -> bool:
        return self.explained_by is None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Open outages by subject, and when roots ended lately, by id."""

    open: Mapping[Subject, Outage] = field(default_factory=dict)
    ended: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of subjects at this moment.

    `works` are those seen to work again, with the end of their outage; `moment` is when the
    newest of what brought this picture about happened, `settle_s` how long a picture may still
    be coming together or apart. `heard` is the newest observation of what has an open outage.
    """

    now: float
    moment: float
    settle_s: float
    works: Mapping[Subject, float]
    heard: Mapping[Subject, float]

    def may_still_answer(self, outage: Outage, root_ended: float) -> bool:
        """Whether it is too early to call `outage` its own cause: an ONT's OLT is asked minutes later."""
        unasked = self.heard.get(outage.finding.subject, inf) <= root_ended
        return unasked or self.is_fresh(root_ended)

    def is_fresh(self, ended: float) -> bool:
        return self.now - ended <= self.settle_s


def of_incident(incident: Incident, root: Subject) -> Finding:
    """The finding about what failed; `root` is the incident that explains it, itself where it is one."""
    verdict = incident.verdict
    return Finding(
        incident.subject, Status.DOWN, incident.start, verdict.cause, verdict.confidence, verdict.evidence,
        verdict.responsible, None if root == incident.subject else root, incident.segment, incident.ring,
    )  # fmt: skip


def shadow(subject: Subject, start: float, root: Incident, *, lost_power: bool) -> Finding:
    """The finding about a device that is dark because of `root`."""
    cause = Cause.POWER if lost_power else Cause.UPSTREAM
    return Finding(
        subject, Status.DOWN, start, cause, root.verdict.confidence, (f"explained by {root.subject[1]}",),
        root.verdict.responsible, root.subject,
    )  # fmt: skip


def reconcile(
    ledger: Ledger, findings: Mapping[Subject, Finding], seen: Seen, new_id: Callable[[], int]
) -> tuple[Ledger, tuple[Outage, ...]]:
    """The ledger after this picture, and the outages that are new, changed or ended, roots first."""
    turn = _Turn(dict(ledger.open), _ended_lately(ledger, seen), findings, seen, new_id)
    turn.end_what_works()
    turn.tell()
    turn.end_cuts()
    # A row may only point at one that is already stored.
    ordered = sorted(turn.changed.values(), key=lambda outage: (outage.explained_by is not None, outage.id))
    return Ledger(turn.open, turn.ended), tuple(ordered)


def _ended_lately(ledger: Ledger, seen: Seen) -> dict[int, float]:
    """The ended roots that may still explain something."""
    behind = [(outage, outage.explained_by) for outage in ledger.open.values()]
    waiting = {
        root for outage, root in behind
        if root is not None and root in ledger.ended and seen.may_still_answer(outage, ledger.ended[root])
    }  # fmt: skip
    return {number: at for number, at in ledger.ended.items() if number in waiting or seen.is_fresh(at)}


@dataclass
class _Turn:
    """One turn of the ledger, in three steps."""

    open: dict[Subject, Outage]
    ended: dict[int, float]
    findings: Mapping[Subject, Finding]
    seen: Seen
    new_id: Callable[[], int]
    changed: dict[int, Outage] = field(default_factory=dict)
    returning: set[int] = field(default_factory=set)  # roots of devices that work again
    told: set[int] = field(default_factory=set)  # open outages that the picture shows
    heirs: dict[int, int] = field(default_factory=dict)  # former root -> the one that explains its devices now

    def end_what_works(self) -> None:
        for subject, outage in list(self.open.items()):
            finding = self.findings.get(subject)
            end = self.seen.works.get(subject) if finding is None else _end_for(outage.finding, finding, self.seen)
            if end is None:
                continue
            if outage.explained_by is not None:
                self.returning.add(outage.explained_by)
            self._close(outage, end)

    def tell(self) -> None:
        self.told = {self.open[subject].id for subject in self.findings if subject in self.open}
        returning = self._returning_cuts()
        for finding in sorted(self.findings.values(), key=lambda one: one.explained_by is not None):
            before = self.open.get(finding.subject)
            if finding.subject in returning or finding.explained_by in returning:
                continue
            after = self._first(finding) if before is None else self._again(before, finding)
            if after != before:
                self.open[finding.subject] = self.changed[after.id] = after

    def end_cuts(self) -> None:
        """End the cuts that the picture shows no more, unless what was behind them merely cannot be seen."""
        behind = {outage.explained_by for outage in self.open.values()}
        for subject, outage in list(self.open.items()):
            if (
                subject in self.findings
                or subject[0] is not SubjectKind.LINK
                or outage.finding.status is not Status.DOWN
            ):
                continue
            if outage.id in self.returning or outage.id not in behind | self.heirs.keys():
                self._close(outage, self.seen.moment)
            elif outage.id in self.heirs:  # the first guess at what turned out to be another root
                self._close(replace(outage, explained_by=self.heirs[outage.id]), self.seen.moment)

    def _first(self, finding: Finding) -> Outage:
        start = finding.start
        if finding.status is Status.DEGRADED and any(map(self.seen.is_fresh, self.ended.values())):
            start = max(start, self.seen.moment)  # until now this link was part of a cut that counted as such
        return Outage(self.new_id(), replace(finding, start=start), self._root(finding))

    def _again(self, before: Outage, finding: Finding) -> Outage:
        if self._is_kept(before):
            return before
        root = self._root(finding)
        if before.explained_by is not None and root != before.explained_by:
            self.heirs[before.explained_by] = before.id if root is None else root
        return replace(before, finding=_revised(before, finding, root, self.seen), explained_by=root)

    def _root(self, finding: Finding) -> int | None:
        """Id of the outage at the very root: one that hangs on another is never given."""
        if finding.explained_by is None:
            return None
        outage = self.open[finding.explained_by]
        return outage.explained_by or outage.id

    def _is_kept(self, before: Outage | None) -> bool:
        """Whether its root ended a moment ago, so that it is given time to answer."""
        root = before.explained_by if before else None
        if before is None or root is None:
            return False
        if root in self.ended:
            return self.seen.may_still_answer(before, self.ended[root])
        return root in self.returning and root not in self.told

    def _returning_cuts(self) -> set[Subject]:
        """Cuts that only seem new, because what ended before has not wholly come back."""
        behind: dict[Subject, list[bool]] = {}
        for subject, finding in self.findings.items():
            if finding.explained_by is not None and finding.explained_by[0] is SubjectKind.LINK:
                behind.setdefault(finding.explained_by, []).append(self._is_kept(self.open.get(subject)))
        return {cut for cut, kept in behind.items() if cut not in self.open and all(kept)}

    def _close(self, outage: Outage, end: float) -> None:
        self.changed[outage.id] = replace(outage, end=max(end, outage.finding.start))
        self.open.pop(outage.finding.subject, None)
        self.ended[outage.id] = self.seen.now


def _end_for(before: Finding, finding: Finding, seen: Seen) -> float | None:
    """When a subject's outage ended because the picture shows another kind of it; None while it goes on."""
    if before.status is finding.status:
        return None
    if before.status is Status.DOWN:  # nobody is cut off any more, but the ring still lacks this link
        return seen.moment
    return finding.start if finding.start - before.start > seen.settle_s else None


def _revised(before: Outage, finding: Finding, root: int | None, seen: Seen) -> Finding:
    """The finding to keep: a cause once known is not forgotten because its evidence fades."""
    old = before.finding
    start = old.start if finding.status is Status.DEGRADED else min(old.start, finding.start)
    if root is not None and root == before.explained_by and finding.cause is old.cause:
        return replace(old, start=start)
    settling = seen.now - start <= seen.settle_s
    weaker = finding.confidence < old.confidence or finding.cause is Cause.UNDETERMINED
    if settling or (root is None) != before.root or not weaker or old.cause is Cause.UNDETERMINED:
        return replace(finding, start=start, segment=finding.segment or old.segment, ring=finding.ring or old.ring)
    return replace(old, start=start, status=finding.status)
