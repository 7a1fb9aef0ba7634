"""The outages that a picture shows: one for each thing that failed and each device that is dark. Pure."""

from collections.abc import Mapping
from math import inf

from readiness.model import Cause, Status, SubjectKind
from readiness.rules import causes
from readiness.rules.causes import Evidence, Weights
from readiness.rules.columns import Mask
from readiness.rules.facts import announced, answer_s
from readiness.rules.graph import Graph, View
from readiness.rules.incidents import Incident, Picture, Subject
from readiness.rules.links import PORT_DOWN
from readiness.rules.notices import Board
from readiness.rules.outages import Finding, Outage, explained_by, of_incident, shadow

NO_NOTICES = Board()


def confirmed(graph: Graph, picture: Picture, dead: Mask) -> tuple[Incident, ...]:
    """The incidents to believe: a box counts as failed only when its own silence was confirmed."""
    return tuple(
        incident for incident in picture.incidents
        if incident.subject[0] is not SubjectKind.DEVICE or dead[graph.index[incident.subject[1]]]
    )  # fmt: skip


def is_outdated(graph: Graph, view: View, incident: Incident, settle_s: float) -> bool:
    """Whether something is called failed by a silence that is older than the return of a neighbour.

    What they were silent of together may be over: only the box's next poll tells whether it failed by itself.
    """
    if incident.subject[0] is SubjectKind.LINK:
        inside = set(incident.members)
        return any(_is_outdated_way(graph, view, link, inside) for link in incident.ways)
    head = graph.index[incident.subject[1]]
    if _may_lie_behind(graph, view, head, settle_s):
        return True
    beside = [graph.other(link, head) for link in graph.touching[head]]
    back = [float(view.back[far]) for far in beside if not _told_by(graph, view, head, far)]
    return float(view.asked[head]) <= max(back, default=-inf)


def _may_lie_behind(graph: Graph, view: View, head: int, settle_s: float) -> bool:
    """Whether a device may be silent for the boxes around it alone: none is heard, or not for long since all are back.

    One more silent poll proves nothing, which chance takes; a burst after their return does.
    """
    if graph.through[head] >= 0:  # nothing of what an OLT tells is lost
        return False
    at_end = not graph.carries[head]
    far = [graph.other(link, head) for link in graph.touching[head]]
    boxes = [node for node in far if graph.carries[node] and graph.observable[node] and not view.dead[node]]
    heard = [node for node in boxes if view.alive[node]]
    if not heard:
        return at_end and bool(boxes)
    back = float(view.returned[heard].min())
    return bool(view.confirmed[head] <= back and view.now - back <= (settle_s if at_end else answer_s(settle_s)))


def _told_by(graph: Graph, view: View, node: int, far: int) -> bool:
    """Whether the newest answer of `far` told of `node`: what brought an OLT back is no older than its return."""
    return int(graph.through[node]) == far and bool(view.asked[node] >= view.last_ok[far])


def _is_outdated_way(graph: Graph, view: View, link: int, inside: set[int]) -> bool:
    """Whether the lit end of a cut came back after its dark end was asked, and has not said since that its port is down."""
    end = 1 if int(graph.a[link]) in inside else 0
    lit, head = (int(graph.b[link]), int(graph.a[link])) if end else (int(graph.a[link]), int(graph.b[link]))
    if _told_by(graph, view, head, lit):
        return False
    back = float(view.back[lit])
    says_down = int(view.port[link, end]) in PORT_DOWN and float(view.port_at[link, end]) > back
    return float(view.asked[head]) <= back and not says_down


def _is_root(incident: Incident, open_now: Mapping[Subject, Outage]) -> bool:
    """Whether its outage goes on as what failed. A shadow is none before it was asked without what it lay behind."""
    before = open_now.get(incident.subject)
    return before is not None and before.root


def _is_told(graph: Graph, view: View, incident: Incident, open_now: Mapping[Subject, Outage]) -> bool:
    """Whether all of it was told before something that fell later hid its ways: what failed of it was to be seen then."""
    if not incident.hidden or incident.verdict.cause is Cause.POWER:
        return False
    dead = (graph.names[node] for node in incident.members if view.dead[node])
    return all((SubjectKind.DEVICE, name) in open_now for name in dead)


def of_picture(
    graph: Graph,
    view: View,
    picture: Picture,
    open_now: Mapping[Subject, Outage],
    weights: Weights,
    *,
    settle_s: float,
    board: Board = NO_NOTICES,
) -> dict[Subject, Finding]:
    """`settle_s`: how long what hangs on something may take to answer after that is back."""
    found: dict[Subject, Finding] = {}
    # A cut is told when the first silence behind it is confirmed.
    believed = [
        one for one in confirmed(graph, picture, view.dead)
        if view.dead[list(one.members)].any()
        and (_is_root(one, open_now) or not (_is_told(graph, view, one, open_now) or is_outdated(graph, view, one, settle_s)))
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
        finding = _spare(graph, view, link, weights, board)
        found.setdefault(finding.subject, finding)
    return found


def _absorbed(finding: Finding, root: Incident) -> Finding:
    """A lost redundancy that turned out to be the first sign of something larger."""
    return Finding(
        finding.subject, finding.status, finding.start, Cause.UPSTREAM, root.verdict.confidence,
        (explained_by(root.subject[1]),), root.verdict.responsible, root.subject, finding.segment, finding.ring,
    )  # fmt: skip


def _spare(graph: Graph, view: View, link: int, weights: Weights, board: Board) -> Finding:
    """A link that is down while everybody still has a way: its ring is one-armed."""
    a_says = int(view.port[link, 0]) in PORT_DOWN
    near, far = (graph.a[link], graph.b[link]) if a_says else (graph.b[link], graph.a[link])
    segment = (graph.port(link, int(near)), graph.port(link, int(far)))
    evidence = [Evidence("ends_alive", f"port down: {segment[0]}; the boxes at both ends answer")]
    if not graph.cuttable[link]:
        kind = "patch_alone" if graph.is_fibre[link] else "inside_site"
        evidence.append(Evidence(kind, "the link lies inside one site"))
    evidence += announced(graph, board, (), (link,), start=float(view.link_since[link]))
    verdict = causes.judge(evidence, weights)
    return Finding(
        (SubjectKind.LINK, graph.link_names[link]), Status.DEGRADED, float(view.link_since[link]), verdict.cause,
        verdict.confidence, verdict.evidence, verdict.responsible, None, segment, graph.ring[link], verdict.kinds,
        verdict.weights,
    )  # fmt: skip
