"""One incident for what has one root: regions joined by trunk, by feeder and by what they hang on. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inventory.model import Role
from readiness.model import Cause, Responsible, SubjectKind
from readiness.rules import causes, facts
from readiness.rules.causes import Evidence, Verdict, Weights
from readiness.rules.columns import Mask
from readiness.rules.facts import DYING_GASP, FEEDER_BACK, Before, Scene, Windows, Words
from readiness.rules.graph import Graph, Nodes, View
from readiness.rules.links import PORT_DOWN, PORT_UP
from readiness.rules.roots import Root, apart, root_of
from readiness.rules.topology import Dark, Region, darkness, interval_s, outlived, regions

Subject = tuple[SubjectKind, str]
NOTHING = Before()
_MOST = 0.6
_ANSWER_S = 10.0  # a poll is dated by its first packet; its answer may be younger by retries


@dataclass(frozen=True, slots=True)
class Incident:
    """What failed, and all that is dark because of it.

    `direct` are the members that failed of the cause itself, the others are its shadow.
    `explained_by` is another incident of the same power cut.
    """

    subject: Subject
    start: float
    verdict: Verdict
    members: tuple[int, ...]
    direct: frozenset[int]
    ways: tuple[int, ...]
    segment: tuple[str, ...] = ()
    ring: str = ""
    powerless_on: str = ""  # the electricity feeder, where lost mains are the cause
    explained_by: Subject | None = None
    hidden: bool = False  # its ways lead through something that fell silent later


@dataclass(frozen=True, slots=True)
class Picture:
    """`incidents` leaves out end devices whose outage was judged long ago and goes on."""

    dark: Dark
    incidents: tuple[Incident, ...]
    spare_down: tuple[int, ...]  # links that are down while both ends still have another way
    unheard: tuple[int, ...] = ()  # ends of others that have to be heard first: they may have failed


def picture(
    graph: Graph, view: View, words: Words, windows: Windows, weights: Weights, *, before: Before = NOTHING
) -> Picture:
    dark = outlived(graph, view, darkness(graph, view), windows.together_s)
    news = [one for one in regions(graph, view, dark, windows.together_s) if not _is_old_news(graph, one, before)]
    rooted = [(region, root_of(graph, view, dark, region, windows.together_s)) for region in news]
    parts = [part for region, root in rooted for part in apart(graph, dark, region, root)]
    pieces, roots = [region for region, _ in parts], [root for _, root in parts]
    region_of = {node: number for number, region in enumerate(pieces) for node in region.members}
    behind = _behind(view, pieces, roots, region_of, windows.together_s)
    heads = [roots[behind.get(number, number)].heads for number in range(len(pieces))]
    entries = [region.entries for region in pieces]
    scene = Scene(graph, view, dark, region_of, words, windows, before, entries, heads)
    own = [number for number in range(len(pieces)) if number not in behind]
    trunks = _trunks(scene, pieces, roots, own, weights)
    taken = {number for numbers, _ in trunks for number in numbers}
    singles = [((n,), _single(scene, pieces[n], roots[n], weights)) for n in own if n not in taken]
    singles = [(numbers, one) for numbers, one in singles if not _is_hidden_cut(graph, roots[numbers[0]], one, before)]
    shadows = _shadows(behind)
    told = _as_shadows(view, pieces, roots, behind, windows.together_s)
    whole = [
        _with_shadow(graph, incident, [told[to] for n in numbers for to in shadows.get(n, ())])
        for numbers, incident in [*trunks, *singles]
    ]
    incidents = _by_feeder(scene, [_not_before(graph, view, dark, one) for one in whole])
    absorbed = {link for incident in incidents for link in incident.ways}
    return Picture(dark, incidents, *_spare_down(graph, view, dark, absorbed))


def _is_old_news(graph: Graph, region: Region, before: Before) -> bool:
    """One end device that was judged long ago, such as the PC of a closed kendra: at night there are thousands."""
    node = region.members[0]
    alone = len(region.members) == 1 and not graph.carries[node] and not region.borders
    return alone and graph.names[node] in before.settled


def _is_hidden_cut(graph: Graph, root: Root, incident: Incident, before: Before) -> bool:
    """What a sure cut explains already, and what fell silent later hides: of it nothing can be said anew but lost mains."""
    hidden = root.behind >= 0 and graph.names[root.heads[0]] in before.cut_off
    return hidden and incident.verdict.cause is not Cause.POWER


def _behind(
    view: View, pieces: Sequence[Region], roots: Sequence[Root], region_of: dict[int, int], together_s: float
) -> dict[int, int]:
    """Region -> the region at whose incident it belongs, for those that only lie behind others."""
    kept: dict[int, int] = {}
    again = {}
    for n, root in enumerate(roots):
        if root.behind < 0:
            continue
        to = region_of[root.behind]
        # Two islands may name each other: the later one lies behind the earlier one. What was asked
        # seldom (an ONT at its OLT) may have been lost well before it was read to be; so does what was
        # silent already seem to have been lost after a blindness.
        unheard = view.last_ok[root.behind] <= pieces[n].start
        if (unheard and roots[to].ways) or (pieces[to].start, to) < (pieces[n].start, n):
            kept[n] = to
        elif unheard or _fell_with_it_before(view, pieces[n], root.behind, together_s):
            again[n] = to
    for n, to in again.items():
        if _last(kept, to) != n:
            kept[n] = to
    return {n: _last(kept, to) for n, to in kept.items()}


def _fell_with_it_before(view: View, region: Region, behind: int, together_s: float) -> bool:
    """Whether it fell silent when what it lies behind did the time before, and wasn't asked while that was back.

    Who answered once only was back for less than two intervals: what hangs on it had no turn of its own for certain.
    """
    back = float(view.back[behind])
    fell = float((view.fell_before if view.fell[behind] > back else view.fell)[behind])
    answered_once = view.last_ok[behind] - back < interval_s(together_s) / 2
    return bool(abs(fell - region.start) <= together_s and region.start <= back and answered_once)


def _as_shadows(
    view: View, pieces: Sequence[Region], roots: Sequence[Root], behind: dict[int, int], together_s: float
) -> list[Region]:
    """The regions; those that were silent already when what explains them fell silent anew begin with it."""
    told = list(pieces)
    for n, to in behind.items():
        if _fell_with_it_before(view, pieces[n], roots[n].behind, together_s):
            told[n] = replace(pieces[n], start=pieces[to].start)
    return told


def _last(behind: dict[int, int], number: int) -> int:
    while number in behind:
        number = behind[number]
    return number


def _single(scene: Scene, region: Region, root: Root, weights: Weights) -> Incident:
    graph = scene.graph
    verdict = _by_operator(graph, root, causes.judge(facts.of_region(scene, region, root), weights))
    links = root.links
    head = graph.names[root.heads[0]]
    outlasts = scene.mains_back(root.heads[0], region.start) if FEEDER_BACK & set(verdict.kinds) else None
    powerless = verdict.cause is Cause.POWER or (head in scene.before.powerless and outlasts is None)
    if powerless:
        links = ()
    elif verdict.cause is Cause.FIBRE and not links and len(root.ways) == 1:
        links = root.ways
    subject = (SubjectKind.LINK, graph.link_names[links[0]]) if links else (SubjectKind.DEVICE, head)
    direct = frozenset() if links else _failed_themselves(graph, region, root, powerless=powerless)
    return Incident(
        subject, outlasts if outlasts and not links else _begin(scene.view, region, links), verdict, region.members, direct, root.ways,
        tuple(port for link in links for port in _bracket(scene, link)),
        next((ring for link in root.ways if (ring := graph.ring[link])), ""),
        graph.feeders[root.heads[0]] if powerless else "", hidden=root.behind >= 0,
    )  # fmt: skip


def _by_operator(graph: Graph, root: Root, verdict: Verdict) -> Verdict:
    """What stands in a kendra is its operator's to mend, unless mains or fibre are at fault."""
    own = {Cause.EQUIPMENT, Cause.ADMINISTRATIVE, Cause.UNDETERMINED}
    if graph.in_kendra[root.heads[0]] and verdict.cause in own:
        return replace(verdict, responsible=Responsible.KENDRA_OPERATOR)
    return verdict


def _failed_themselves(graph: Graph, region: Region, root: Root, *, powerless: bool) -> frozenset[int]:
    if not powerless:
        return frozenset(root.heads[:1])
    feeders = {graph.feeders.code[head] for head in root.heads} - {-1}
    sites = {graph.site[head] for head in root.heads}
    return frozenset(
        node for node in region.members if graph.feeders.code[node] in feeders or graph.site[node] in sites
    )


def _begin(view: View, region: Region, links: Iterable[int]) -> float:
    """A cut begins with the first port that reported it, where that was before the first silence."""
    return min([region.start, *(float(view.link_since[link]) for link in links if view.link_down[link])])


def _bracket(scene: Scene, link: int) -> tuple[str, str]:
    """The ports between which the link is cut, the lit end first."""
    a, b = int(scene.graph.a[link]), int(scene.graph.b[link])
    near, far = (b, a) if scene.dark.mask[a] else (a, b)
    return scene.graph.port(link, near), scene.graph.port(link, far)


def _trunks(
    scene: Scene, pieces: Sequence[Region], roots: Sequence[Root], own: Sequence[int], weights: Weights
) -> list[tuple[tuple[int, ...], Incident]]:
    """Incidents of feeder fibres: most ONTs of a trunk lost together while their OLT answers."""
    lost: dict[str, list[int]] = {}
    for number in own:
        ways, head = roots[number].ways, roots[number].heads[0]
        trunk = scene.graph.trunk[ways[0]] if len(ways) == 1 else ""
        if trunk and scene.graph.role(head) is Role.ONT:
            lost.setdefault(trunk, []).append(number)
    found = []
    for trunk, numbers in lost.items():
        together = _newest_cluster(pieces, numbers, scene.windows.together_s)
        incident = _trunk(scene, trunk, [(pieces[n], roots[n]) for n in together], weights)
        if incident:
            found.append((tuple(together), incident))
    return found


def _newest_cluster(pieces: Sequence[Region], numbers: list[int], together_s: float) -> list[int]:
    """The largest run of regions whose starts lie close together."""
    ordered = sorted(numbers, key=lambda number: pieces[number].start)
    runs: list[list[int]] = [[ordered[0]]]
    for number in ordered[1:]:
        if pieces[number].start - pieces[runs[-1][-1]].start > together_s:
            runs.append([])
        runs[-1].append(number)
    return max(runs, key=len)


def _trunk(scene: Scene, trunk: str, lost: list[tuple[Region, Root]], weights: Weights) -> Incident | None:
    graph, links = scene.graph, scene.graph.links_on(trunk)
    ways = tuple(root.ways[0] for _, root in lost)
    heads = tuple(root.heads[0] for _, root in lost)
    olt = next(graph.other(link, head) for link, head in zip(ways, heads, strict=True))
    still = [link for link in links if scene.view.alive[graph.other(link, olt)]]
    gasps = sum(scene.words.down_cause.get(head) == DYING_GASP for head in heads)
    if len(lost) < 2 or len(lost) < _MOST * (len(lost) + len(still)) or gasps * 2 > len(lost):
        return None
    start = min(region.start for region, _ in lost)
    sentence = f"{len(lost)} of {len(lost) + len(still)} ONTs on {trunk} were lost together, the OLT answers"
    said = facts.announced(graph, scene.words.board, heads, ways, start=start)
    verdict = causes.judge([Evidence("trunk_lost", sentence), *facts.power(scene, heads, start), *said], weights)
    if verdict.cause is Cause.POWER:
        return None
    nearest = min(ways, key=lambda link: (float(graph.length_km[link]), link))
    members = tuple(node for region, _ in lost for node in region.members)
    return Incident(
        (SubjectKind.LINK, trunk), start, verdict, members, frozenset(), ways, _bracket(scene, nearest)
    )  # fmt: skip


def _shadows(behind: dict[int, int]) -> dict[int, list[int]]:
    """Region -> the regions that lie behind it."""
    found: dict[int, list[int]] = {}
    for number, to in behind.items():
        found.setdefault(to, []).append(number)
    return found


def _with_shadow(graph: Graph, incident: Incident, shadow: Sequence[Region]) -> Incident:
    """The incident with what lies behind it; a cut began with the first silence there.

    What is on the feeder that lost its mains lost them as well, whatever hid it before.
    """
    behind = tuple(node for region in shadow for node in region.members)
    feeder = incident.powerless_on
    return replace(
        incident, members=incident.members + behind,
        direct=incident.direct | {node for node in behind if feeder and graph.feeders[node] == feeder},
        start=min([incident.start, *(region.start for region in shadow)]),
    )  # fmt: skip


def _not_before(graph: Graph, view: View, dark: Dark, incident: Incident) -> Incident:
    """A device's outage begins with its own silence, also where what lies behind it was silent before."""
    kind, name = incident.subject
    node = graph.index[name] if kind is SubjectKind.DEVICE else -1
    if node < 0:
        return incident
    own = float(dark.start[node]) if np.isfinite(view.start[node]) else float(view.last_ok[node])
    return replace(incident, start=max(incident.start, own))


def _by_feeder(scene: Scene, incidents: list[Incident]) -> tuple[Incident, ...]:
    """Power cuts of one feeder are one incident: one explains the others.

    That is a box if there is one: the one which did so before, else the earliest.
    """

    def rank(incident: Incident) -> tuple[bool, bool, float, Subject]:
        name = incident.subject[1]
        box = scene.graph.carries[scene.graph.index[name]] if name in scene.graph.index else False
        return not box, name not in scene.before.roots, incident.start, incident.subject

    first: dict[str, list[Incident]] = {}
    found = []
    for incident in sorted(incidents, key=rank):
        firsts = first.setdefault(incident.powerless_on, []) if incident.powerless_on else []
        near = [one for one in firsts if abs(one.start - incident.start) <= scene.windows.power_s]
        if incident.powerless_on and not near:
            firsts.append(incident)
        found.append(replace(incident, explained_by=near[0].subject) if near else incident)
    return tuple(found)


def _spare_down(graph: Graph, view: View, dark: Dark, absorbed: set[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Links that are down while nobody is cut off by them; and the ends of others that have to be heard first.

    A port goes down with the box behind it too.
    """
    down = view.link_down.nonzero()[0]
    down = down[dark.reached[graph.a[down]] & dark.reached[graph.b[down]]]
    down = down[_said_after(graph, view, down, 0) | _said_after(graph, view, down, 1)]
    down = down[[link not in absorbed for link in down.tolist()]] if absorbed else down
    a, b = (_has_to_tell(graph, view, down, end) for end in (0, 1))
    waited = np.concatenate([graph.a[down[a]], graph.b[down[b]]])
    return tuple(down[~(a | b)].tolist()), tuple(waited.tolist())


def _has_to_tell(graph: Graph, view: View, links: Nodes, end: int) -> Mask:
    """Whether an end that can be observed has given no sign of life since its link went down.

    Or none that its port is still down, where the other end read its own to be up since: that box may have started anew.
    """
    node, since, read_at = (graph.b if end else graph.a)[links], view.link_since[links], view.port_at[links, end]
    mute = graph.observable[node] & (view.last_ok[node] < since) & (read_at < since)
    other, down = view.port_at[links, 1 - end], np.isin(view.port[links, end], list(PORT_DOWN))
    found: Mask = mute | (down & (view.port[links, 1 - end] == PORT_UP) & (other > read_at) & (other >= since))
    return found


def _said_after(graph: Graph, view: View, links: Nodes, end: int) -> Mask:
    """Those of `links` whose port at `end` was read to be down well after the other end last came up."""
    other = (graph.a if end else graph.b)[links]
    newest = view.port_at[links, end] >= view.since[other] + _ANSWER_S
    said: Mask = np.isin(view.port[links, end], list(PORT_DOWN)) & newest
    return said
