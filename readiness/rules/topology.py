"""From single silences to what is dark, and into how many pieces it falls. Pure."""

from dataclasses import dataclass, replace

import numpy as np

from readiness.rules.columns import Mask, Times
from readiness.rules.graph import Graph, Nodes, View, components, reach


@dataclass(frozen=True, slots=True)
class Region:
    """Dark devices that hang together and went dark together."""

    members: tuple[int, ...]
    start: float
    entries: tuple[int, ...]  # links to devices that are not dark
    borders: tuple[int, ...]  # links to dark devices of other regions


@dataclass(frozen=True, slots=True)
class Dark:
    """`mask` are the dark devices: confirmed down, or silent with every way to them cut."""

    mask: Mask
    start: Times  # per device, inf where it isn't dark
    reached: Mask  # joined to the NOC by what still works


def interval_s(together_s: float) -> float:
    """An interval and a poll, where `together_s` is three of them and as much."""
    return together_s / 3


def darkness(graph: Graph, view: View) -> Dark:
    usable, passable = ~view.link_down, ~view.dead
    reached = reach(graph, passable, usable)
    cut_off, since = _cut_off(graph, view, reached)
    mask = view.dead | cut_off
    start = np.where(np.isfinite(view.start), view.start, _since_it_fell(view, since))
    return Dark(mask, np.where(mask, start, np.inf), reached)


def outlived(graph: Graph, view: View, dark: Dark, together_s: float) -> Dark:
    """With the true begin of what was silent already when nobody saw anything, while all around it were heard well after.

    Around boxes are those that are dark now, around a device that carries nobody its box: what was dark together with
    others is silent anew with them. What fell silent together is looked at as one, and what fell before it is no matter.
    """
    kept = dark.mask & (view.fell_before > view.last_ok) & (view.fell_before < dark.start)
    start = dark.start.copy()
    for nodes in _fell_together(graph, view, np.flatnonzero(kept), together_s):
        fell = view.fell_before[nodes]
        boxes = [
            far for far in _boxes_around(graph, dark, nodes) if not kept[far] or view.fell_before[far] > fell.min()
        ]
        heard = min((float(view.last_ok[far]) for far in boxes), default=-np.inf)
        if heard > fell.max() + interval_s(together_s):
            start[nodes] = fell
    return replace(dark, start=start)


def _fell_together(graph: Graph, view: View, nodes: Nodes, together_s: float) -> list[Nodes]:
    """Those of `nodes` that hang together and fell silent together, the time before."""
    if not len(nodes):
        return []
    links = np.unique(graph.touching.of(nodes))
    links = links[_among(nodes, graph.a[links]) & _among(nodes, graph.b[links])]
    a, b = graph.a[links], graph.b[links]
    same = np.abs(view.fell_before[a] - view.fell_before[b]) <= together_s
    label = _joined(nodes, a[same], b[same])
    return [nodes[list(places)] for places in _grouped(label, np.arange(len(nodes))).values()]


def _boxes_around(graph: Graph, dark: Dark, nodes: Nodes) -> set[int]:
    inside = set(nodes.tolist())
    return {
        far for node in inside for link in graph.touching[node]
        if (far := graph.other(link, node)) not in inside
        and graph.carries[far] and (dark.mask[far] or not graph.carries[node])
    }  # fmt: skip


def _cut_off(graph: Graph, view: View, reached: Mask) -> tuple[Mask, Times]:
    """Devices that nobody has heard of since the newest cut around their island, and when it came.

    An island is what hangs together without a way to the NOC. A cut older than a device's last
    sign of life proves that there is a way the inventory doesn't know.
    """
    outside = np.flatnonzero(~reached & ~view.dead & graph.normally_reached)
    cut_off, since = np.zeros(len(reached), np.bool_), np.full(len(reached), -np.inf)
    if len(outside):
        since[outside] = _newest_cut(graph, view, outside)
        quiet = (view.suspect[outside] | ~view.alive[outside]) & graph.observable[outside]
        cut_off[outside] = quiet & (view.last_ok[outside] < since[outside])
    return cut_off, since


def _since_it_fell(view: View, since: Times) -> Times:
    """What was down before what tells of it fell silent, such as an ONT, and was not heard since, is dark since then."""
    fell = np.isfinite(view.fell) & (view.fell > view.last_ok)
    found: Times = np.where(fell, np.minimum(view.fell, since), since)
    return found


def _newest_cut(graph: Graph, view: View, outside: Nodes) -> Times:
    """Per device of `outside` when the newest cut around its island came."""
    links = np.unique(graph.touching.of(outside))
    a, b, down = graph.a[links], graph.b[links], view.link_down[links]
    a_out, b_out = _among(outside, a), _among(outside, b)
    inside = a_out & b_out & ~down
    island = _joined(outside, a[inside], b[inside])
    cut_at = np.full(len(outside), -np.inf)
    for here, there, is_out in ((a, b, a_out), (b, a, b_out)):
        cut, dead = is_out & down, is_out & view.dead[there]
        np.maximum.at(cut_at, island[np.searchsorted(outside, here[cut])], view.link_since[links[cut]])
        np.maximum.at(cut_at, island[np.searchsorted(outside, here[dead])], view.start[there[dead]])
    newest: Times = cut_at[island]
    return newest


def _among(nodes: Nodes, some: Nodes) -> Mask:
    """Which of `some` are among the nodes, which are in order."""
    place = np.minimum(np.searchsorted(nodes, some), len(nodes) - 1)
    found: Mask = nodes[place] == some
    return found


def _joined(nodes: Nodes, a: Nodes, b: Nodes) -> Nodes:
    """Per node the place among `nodes`, which are in order, of the first that the edges a-b join it to."""
    return components(np.searchsorted(nodes, a), np.searchsorted(nodes, b), len(nodes))


def regions(graph: Graph, view: View, dark: Dark, together_s: float) -> tuple[Region, ...]:
    """The dark devices in pieces that hang together and whose starts lie close together in time.

    What still answered well after its neighbour had fallen silent did not take it along.
    """
    nodes = np.flatnonzero(dark.mask)
    if not len(nodes):
        return ()
    links = np.unique(graph.touching.of(nodes))
    a, b = graph.a[links], graph.b[links]
    both = dark.mask[a] & dark.mask[b]
    cluster = _clusters(_joined(nodes, a[both], b[both]), dark.start[nodes], together_s)
    ends = np.stack([np.searchsorted(nodes, a[both]), np.searchsorted(nodes, b[both])])
    same = (cluster[ends[0]] == cluster[ends[1]]) & ~_outlived(graph, view, dark, links[both], together_s)
    label = components(ends[0, same], ends[1, same], len(nodes))
    start = np.full(len(nodes), np.inf)
    np.minimum.at(start, label, dark.start[nodes])
    outer = np.searchsorted(nodes, np.where(dark.mask[a], a, b)[~both])
    entries = _grouped(label[outer], links[~both])
    apart = (label[ends[0]] != label[ends[1]]).repeat(2)
    borders = _grouped(label[ends.T.ravel()][apart], links[both].repeat(2)[apart])
    return tuple(
        Region(inside, float(start[key]), entries.get(key, ()), borders.get(key, ()))
        for key, inside in _grouped(label, nodes).items()
    )


def _outlived(graph: Graph, view: View, dark: Dark, links: Nodes, together_s: float) -> Mask:
    """Links one end of which answered more than an interval after the other's first silence: a lost poll is none yet.

    Nor are several, which chance takes as well: it answered after that silence was confirmed.
    Boxes of one feeder may lose the same mains at different times, as their batteries last.
    """
    a, b, feeder = graph.a[links], graph.b[links], graph.feeders.code
    # What was dark before nobody saw anything was confirmed anew since.
    sure = np.where(dark.start > view.fell_before, view.confirmed, -np.inf)
    over = np.maximum(dark.start + interval_s(together_s), sure)
    apart = (view.last_ok[a] > over[b]) | (view.last_ok[b] > over[a])
    mains = graph.carries[a] & graph.carries[b] & (feeder[a] == feeder[b]) & (feeder[a] >= 0)
    found: Mask = apart & ~mains
    return found


def _clusters(label: Nodes, start: Times, together_s: float) -> Nodes:
    """Per dark device a number that changes with its connected part and with every pause between starts."""
    order = np.lexsort((start, label))
    apart = np.diff(label[order]) != 0
    apart |= np.diff(start[order]) > together_s
    cluster = np.zeros(len(label), np.intp)
    cluster[order[1:]] = np.cumsum(apart)
    return cluster


def _grouped(keys: Nodes, positions: Nodes) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for key, position in zip(keys.tolist(), positions.tolist(), strict=True):
        found.setdefault(key, []).append(position)
    return {key: tuple(members) for key, members in found.items()}
