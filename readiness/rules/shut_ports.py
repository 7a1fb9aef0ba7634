"""Outages behind ports that somebody shut: mostly neither fibre nor equipment failed. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from readiness.model import Cause, Responsible, SubjectKind
from readiness.rules import causes
from readiness.rules.causes import Evidence, Weights
from readiness.rules.columns import Mask
from readiness.rules.graph import Graph
from readiness.rules.incidents import Subject
from readiness.rules.outages import Finding, is_answered, with_evidence

Shut = Callable[[int], str]
"""The port of a link that its administrator shut, "" for none."""


def laid_over(
    findings: Mapping[Subject, Finding], graph: Graph, alive: Mask, shut: Shut, weights: Weights
) -> dict[Subject, Finding]:
    """The findings, judged anew where a link has a shut port or lit devices reach one by such alone."""
    return {
        subject: finding
        if finding.explained_by is not None
        else _laid(finding, _shut(graph, subject, alive, shut), weights)
        for subject, finding in findings.items()
    }


def _shut(graph: Graph, subject: Subject, alive: Mask, shut: Shut) -> tuple[str, ...]:
    kind, name = subject
    if kind is SubjectKind.LINK and (link := graph.link_index.get(name)) is not None:
        return tuple(filter(None, [shut(link)]))
    if kind is SubjectKind.DEVICE:
        node = graph.index[name]
        ports = [shut(link) for link in graph.touching[node] if alive[graph.other(link, node)]]
        return tuple(ports) if all(ports) else ()
    return ()


def _laid(finding: Finding, ports: tuple[str, ...], weights: Weights) -> Finding:
    """What else was seen stays weighed: a port may have been shut because of what failed."""
    if not ports or is_answered(finding):
        return finding
    found = with_evidence(finding, [Evidence("port_shut", f"port shut by its administrator: {port}") for port in ports])
    seen = dict.fromkeys(found.kinds)  # two shut ports are one fact
    verdict = causes.judge([Evidence(kind, "") for kind in seen], weights)
    # Whoever administers the box shut it, so it is the agency that can tell why.
    acts = Responsible.AGENCY if verdict.cause is Cause.ADMINISTRATIVE else verdict.responsible
    return replace(found, cause=verdict.cause, confidence=verdict.confidence, responsible=acts)
