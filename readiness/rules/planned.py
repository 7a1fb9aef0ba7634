"""Announced work laid over outages: what begins in its time is planned, and what lasts longer is not any more. Pure.

Work changes no observation. Times are UTC epoch seconds.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import inf

from readiness.model import Cause, Responsible, SubjectKind
from readiness.rules.causes import Evidence
from readiness.rules.graph import Graph
from readiness.rules.incidents import Subject
from readiness.rules.outages import Finding, is_answered, with_evidence


class Scene(StrEnum):
    """What work is announced for."""

    DEVICE = "device"
    SITE = "site"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Work:
    """`start` is not before the moment at which it was announced; `end` is when it was to end, or was called off."""

    id: int
    kind: Scene
    subject: str
    start: float
    end: float
    by: str
    reason: str


Areas = Callable[[str], Iterable[str]]
"""Name of a site -> keys of the areas that hold it, at every level."""


def _nowhere(_: str) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Plans:
    """Work, found by where it was announced for: nothing is kept for each device that it may take out of service."""

    graph: Graph
    works: Sequence[Work] = ()
    areas: Areas = _nowhere

    @cached_property
    def _by_place(self) -> Mapping[tuple[Scene, str], Sequence[int]]:
        found: dict[tuple[Scene, str], list[int]] = {}
        for number, work in enumerate(self.works):
            found.setdefault((work.kind, work.subject), []).append(number)
        return found

    @cached_property
    def _turns(self) -> Sequence[float]:
        """When work begins or ends, in order."""
        return sorted({at for work in self.works for at in (work.start, work.end)})

    def on(self, subject: Subject) -> list[Work]:
        """The work that may take this subject out of service: a link lies between two devices, a trunk is many links."""
        places = {place for node in self._nodes(subject) for place in self._places(node)}
        numbers = {number for place in places for number in self._by_place.get(place, ())}
        return [self.works[number] for number in sorted(numbers)]

    def _places(self, node: int) -> Iterator[tuple[Scene, str]]:
        site = self.graph.site_of(node)
        yield Scene.DEVICE, self.graph.names[node]
        yield Scene.SITE, site
        yield from ((Scene.AREA, area) for area in self.areas(site))

    def _nodes(self, subject: Subject) -> list[int]:
        kind, name = subject
        if kind is SubjectKind.DEVICE:
            return [self.graph.index[name]]
        if kind is not SubjectKind.LINK:
            return []
        at = self.graph.link_index.get(name)
        links = self.graph.links_on(name) if at is None else [at]
        return [*self.graph.a[links].tolist(), *self.graph.b[links].tolist()]

    def next_turn(self, now: float) -> float:
        """When the next work begins or ends; inf where none does."""
        next_at = bisect_right(self._turns, now)
        return self._turns[next_at] if next_at < len(self._turns) else inf

    def laid_over(self, findings: Mapping[Subject, Finding], now: float) -> dict[Subject, Finding]:
        """The findings with what was announced, roots and what they explain alike."""
        if not self.works:
            return dict(findings)
        over = {subject: self._covering(one) for subject, one in findings.items() if one.explained_by is None}
        found = {}
        for subject, finding in findings.items():
            works = over.get(finding.explained_by or subject, [])
            found[subject] = _laid(finding, works, now) if works else finding
        return found

    def _covering(self, finding: Finding) -> list[Work]:
        if is_answered(finding):
            return []
        return list(_chain(self.on(finding.subject), finding.start))


def _chain(works: Sequence[Work], start: float) -> Iterator[Work]:
    """The work in whose time `start` lies, and what was announced to follow without a gap."""
    end = start
    for work in sorted(works, key=lambda one: (one.start, one.end)):
        if work.start <= end < work.end:
            end = work.end
            yield work


def _laid(finding: Finding, works: Sequence[Work], now: float) -> Finding:
    end = works[-1].end
    if now >= end:
        late = Evidence("work_over", f"work announced by {works[-1].by} was to be over by then")
        return replace(with_evidence(finding, [late]), start=max(finding.start, end))
    announced = [Evidence("work_announced", f"work announced by {work.by}: {work.reason}") for work in works]
    found = with_evidence(finding, announced)
    return replace(found, cause=Cause.PLANNED, confidence=1.0, responsible=Responsible.NONE)
