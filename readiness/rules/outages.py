"""From the picture of a moment to outages that last: what opens, what is told anew, what ends. Pure.

An outage is told anew as the picture completes, but never while it is coming apart: what hung on
a root that ended a moment ago is still explained by it until it had time to answer.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from math import inf

from readiness.model import Cause, Responsible, Status, SubjectKind
from readiness.rules.causes import Evidence
from readiness.rules.facts import FEEDER_BACK, answer_s
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
    kinds: tuple[str, ...] = ()  # of each sentence in `evidence`, see causes.Verdict; none where that is a root's
    weights: str = ""


def with_evidence(finding: Finding, first: Sequence[Evidence]) -> Finding:
    """The finding with more evidence before its own; a shadow's sentences are of no kind."""
    sentences, kinds = tuple(one.sentence for one in first), tuple(one.kind for one in first)
    own = bool(finding.kinds) or not finding.evidence
    return replace(
        finding, evidence=(*sentences, *finding.evidence), kinds=(*kinds, *finding.kinds) if own else finding.kinds
    )


def is_answered(finding: Finding) -> bool:
    """Whether somebody who was there said what it was: that outranks whatever else speaks for a cause."""
    return any(kind.startswith("answer_") for kind in finding.kinds)


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
    ends: AbstractSet[Subject] = frozenset()  # of them, devices that carry nobody else
    power_s: float = inf  # within this one cut of mains makes itself felt, as batteries last

    def may_still_answer(self, outage: Outage, root_ended: float) -> bool:
        """Whether it is too early to call `outage` its own cause: an ONT's OLT is asked minutes later."""
        unasked = self.heard.get(outage.finding.subject, inf) <= root_ended
        at_end = outage.finding.subject in self.ends
        return unasked or self.now - root_ended <= (self.settle_s if at_end else answer_s(self.settle_s))

    def is_fresh(self, ended: float) -> bool:
        return self.now - ended <= self.settle_s


def of_incident(incident: Incident, root: Subject) -> Finding:
    """The finding about what failed; `root` is the incident that explains it, itself where it is one."""
    verdict = incident.verdict
    return Finding(
        incident.subject, Status.DOWN, incident.start, verdict.cause, verdict.confidence, verdict.evidence,
        verdict.responsible, None if root == incident.subject else root, incident.segment, incident.ring,
        verdict.kinds, verdict.weights,
    )  # fmt: skip


def explained_by(root: str) -> str:
    """The sentence that names what explains an outage."""
    return f"explained by {root}"


def names_root(sentence: str) -> bool:
    """Whether that is what `explained_by` says: not for those who may not read of the root."""
    return sentence.startswith(explained_by(""))


def shadow(subject: Subject, start: float, root: Incident, *, lost_power: bool) -> Finding:
    """The finding about a device that is dark because of `root`."""
    cause = Cause.POWER if lost_power else Cause.UPSTREAM
    return Finding(
        subject, Status.DOWN, start, cause, root.verdict.confidence, (explained_by(root.subject[1]),),
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
    # Where the clock was set back meanwhile it was before now all the same.
    ended = {number: min(at, seen.now) for number, at in ledger.ended.items()}
    return {number: at for number, at in ended.items() if number in waiting or seen.is_fresh(at)}


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
    overrun: set[Subject] = field(default_factory=set)  # announced work is over, and they aren't back
    told: set[int] = field(default_factory=set)  # open outages that the picture shows
    heirs: dict[int, int] = field(default_factory=dict)  # former root -> the one that explains its devices now

    def end_what_works(self) -> None:
        for subject, outage in list(self.open.items()):
            finding = self.findings.get(subject)
            end = self._works_since(outage) if finding is None else _end_for(outage.finding, finding, self.seen)
            if end is None:
                continue
            if finding is not None and outage.finding.cause is Cause.PLANNED:
                self.overrun.add(subject)
            if outage.explained_by is not None:
                self.returning.add(outage.explained_by)
            self._close(outage, end)

    def _works_since(self, outage: Outage) -> float | None:
        """The end of an outage that the picture shows no more, by what is known of its subject alone.

        A link that was up before it was called cut, and of which nobody has read a port since, says nothing by that.
        """
        end = self.seen.works.get(outage.finding.subject)
        is_cut = outage.finding.subject[0] is SubjectKind.LINK and outage.finding.status is Status.DOWN
        return None if end is None or (is_cut and end <= outage.finding.start) else end

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
            elif outage.id in self.heirs:  # the first guess at what turned out to be another root, or hidden by it now
                root = outage.explained_by if self._was_seen(outage) else self.heirs[outage.id]
                self._close(replace(outage, explained_by=root), self.seen.moment)

    def _was_seen(self, cut: Outage) -> bool:
        """Whether a cut was sure for so long that it was no guess; mains that return tell otherwise even then.

        Not so mains that were lost well after it.
        """
        heir = next((one for one in self.open.values() if one.id == self.heirs[cut.id]), None)
        begun = cut.finding.start + self.seen.power_s
        powerless = heir is not None and heir.finding.cause is Cause.POWER and heir.finding.start <= begun
        return (
            cut.finding.cause is Cause.FIBRE
            and self.seen.now - cut.finding.start > self.seen.settle_s
            and not powerless
        )

    def _first(self, finding: Finding) -> Outage:
        start = finding.start
        back = finding.subject not in self.overrun
        if back and finding.status is Status.DEGRADED and any(map(self.seen.is_fresh, self.ended.values())):
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
    if before.cause is Cause.PLANNED and finding.cause is not Cause.PLANNED and finding.start > before.start:
        return finding.start  # what lasts longer than the announced work is an outage of its own
    if before.cause is Cause.POWER and FEEDER_BACK & set(finding.kinds) and finding.start > before.start:
        return finding.start  # so is what stays dark when its feeder has mains again
    if before.status is finding.status:
        return None
    if before.status is Status.DOWN:  # nobody is cut off any more, but the ring still lacks this link
        return seen.moment
    return finding.start if finding.start - before.start > seen.settle_s else None


def _revised(before: Outage, finding: Finding, root: int | None, seen: Seen) -> Finding:
    """The finding to keep: a cause once known is not forgotten because its evidence fades."""
    old = before.finding
    if FEEDER_BACK & set(old.kinds) and not FEEDER_BACK & set(finding.kinds) and root is None:
        return replace(old, status=finding.status)  # the cut of mains that it outlasted is told already
    start = old.start if finding.status is Status.DEGRADED else min(old.start, finding.start)
    if root is not None and root == before.explained_by and finding.cause is old.cause:
        return replace(old, start=start)
    settling = seen.now - start <= seen.settle_s
    weaker = finding.confidence < old.confidence or finding.cause is Cause.UNDETERMINED
    if (
        not settling
        and root == before.explained_by
        and finding.cause is old.cause
        and set(finding.kinds) < set(old.kinds)
    ):
        return replace(old, start=start, status=finding.status)  # only less is seen: at a repair ports come up first
    # A shadow's cause is that of its root: with another root goes another cause.
    if settling or root != before.explained_by or not weaker or old.cause is Cause.UNDETERMINED:
        return replace(finding, start=start, segment=finding.segment or old.segment, ring=finding.ring or old.ring)
    return replace(old, start=start, status=finding.status)
