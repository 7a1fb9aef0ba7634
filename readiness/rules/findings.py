"""The outages that a picture shows: one for each thing that failed and each device that is dark. Pure."""

from collections.abc import Mapping
from math import inf

from readiness.model import Cause, Status, SubjectKind
from readiness.rules import causes
from readiness.rules.causes import Evidence, Weights
from readiness.rules.columns import Mask
from readiness.rules.graph import Graph, View
from readiness.rules.incidents import Incident, Picture, Subject
from readiness.rules.links import PORT_DOWN
from readiness.rules.outages import Finding, Outage, of_incident, shadow


def confirmed(graph: Graph, picture: Picture, dead: Mask) -> tuple[Incident, ...]:
    """The incidents to believe: a box counts as failed only when its own silence was confirmed."""
    return tuple(
        incident for incident in picture.incidents
        if incident.subject[0] is not SubjectKind.DEVICE or dead[graph.index[incident.subject[1]]]
    )  # fmt: skip


def is_outdated(graph: Graph, view: View, incident: Incident) -> bool:
    """Whether a box is called failed by a silence that is older than the return of a neighbour.

    What they were silent of together may be over: only the box's next poll tells whether it failed by itself.
    """
    if incident.subject[0] is not SubjectKind.DEVICE:
        return False
    head = graph.index[incident.subject[1]]
    back = [float(view.back[graph.other(link, head)]) for link in graph.touching[head]]
    return float(view.asked[head]) <= max(back, default=-inf)


def of_picture(
    graph: Graph, view: View, picture: Picture, open_now: Mapping[Subject, Outage], weights: Weights
) -> dict[Subject, Finding]:
    found: dict[Subject, Finding] = {}
    # A cut is told when the first silence behind it is confirmed.
    believed = [
        one for one in confirmed(graph, picture, view.dead)
        if view.dead[list(one.members)].any() and not (one.subject not in open_now and is_outdated(graph, view, one))
    ]  # fmt: skip
    incidents = {incident.subject: incident for incident in believed}
    for incident in incidents.values():
        # What explained it may have been dropped as unconfirmed: then it stands for itself.
        root = incidents.get(incident.explained_by or incident.subject, incident)
        for node in incident.members:
            subject = (SubjectKind.DEVICE, graph.names[node])
            if view.dead[node]:
                start = float(picture.dark.start[node])
                found[subject] = shadow(subject, start, root, lost_power=node in incident.direct)
        for link in incident.ways:
            subject = (SubjectKind.LINK, graph.link_names[link])
            open_one = open_now.get(subject)
            if open_one is not None and open_one.finding.status is Status.DEGRADED and view.link_down[link]:
                found[subject] = _absorbed(open_one.finding, root)
        found[incident.subject] = of_incident(incident, root.subject)
    for link in picture.spare_down:
        finding = _spare(graph, view, link, weights)
        found.setdefault(finding.subject, finding)
    return found


def _absorbed(finding: Finding, root: Incident) -> Finding:
    """A lost redundancy that turned out to be the first sign of something larger."""
    return Finding(
        finding.subject, finding.status, finding.start, Cause.UPSTREAM, root.verdict.confidence,
        (f"explained by {root.subject[1]}",), root.verdict.responsible, root.subject, finding.segment, finding.ring,
    )  # fmt: skip


def _spare(graph: Graph, view: View, link: int, weights: Weights) -> Finding:
    """A link that is down while everybody still has a way: its ring is one-armed."""
    a_says = int(view.port[link, 0]) in PORT_DOWN
    near, far = (graph.a[link], graph.b[link]) if a_says else (graph.b[link], graph.a[link])
    segment = (graph.port(link, int(near)), graph.port(link, int(far)))
    evidence = [Evidence("ends_alive", f"port down: {segment[0]}; the boxes at both ends answer")]
    if not graph.cuttable[link]:
        evidence.append(Evidence("inside_site", "the link lies inside one site"))
    verdict = causes.judge(evidence, weights)
    return Finding(
        (SubjectKind.LINK, graph.link_names[link]), Status.DEGRADED, float(view.link_since[link]), verdict.cause,
        verdict.confidence, verdict.evidence, verdict.responsible, None, segment, graph.ring[link],
    )  # fmt: skip
