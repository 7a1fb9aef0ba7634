"""From single silences to what is dark, and into how many pieces it falls. Pure."""

from dataclasses import dataclass

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


def darkness(graph: Graph, view: View) -> Dark:
    usable, passable = ~view.link_down, ~view.dead
    reached = reach(graph, passable, usable)
    cut_off, since = _cut_off(graph, view, reached)
    mask = view.dead | cut_off
    start = np.where(np.isfinite(view.start), view.start, since)
    return Dark(mask, np.where(mask, start, np.inf), reached)


def _cut_off(graph: Graph, view: View, reached: Mask) -> tuple[Mask, Times]:
    """Devices that nobody has heard of since the newest cut around their island, and when it came.

    An island is what hangs together without a way to the NOC. A cut older than a device's last
    sign of life proves that there is a way the inventory doesn't know.
    """
    outside = ~reached & ~view.dead & graph.normally_reached
    a_out, b_out = outside[graph.a], outside[graph.b]
    inside = a_out & b_out & ~view.link_down
    island = components(graph.a[inside], graph.b[inside], len(graph.devices))
    cut_at = np.full(len(graph.devices), -np.inf)
    for here, there, is_out in ((graph.a, graph.b, a_out), (graph.b, graph.a, b_out)):
        down, dead = is_out & view.link_down, is_out & view.dead[there]
        np.maximum.at(cut_at, island[here[down]], view.link_since[down])
        np.maximum.at(cut_at, island[here[dead]], view.start[there[dead]])
    since = cut_at[island]
    quiet = (view.suspect | ~view.alive) & graph.observable
    return outside & quiet & (view.last_ok < since), since


def regions(graph: Graph, dark: Dark, together_s: float) -> tuple[Region, ...]:
    """The dark devices in pieces that hang together and whose starts lie close together in time."""
    a_dark, b_dark = dark.mask[graph.a], dark.mask[graph.b]
    both = np.flatnonzero(a_dark & b_dark)
    label = components(graph.a[both], graph.b[both], len(graph.devices))
    cluster = _clusters(label, dark, together_s)
    same = both[cluster[graph.a[both]] == cluster[graph.b[both]]]
    label = components(graph.a[same], graph.b[same], len(graph.devices))
    nodes = np.flatnonzero(dark.mask)
    members = _grouped(label[nodes], nodes)
    start = np.full(len(graph.devices), np.inf)
    np.minimum.at(start, label[nodes], dark.start[nodes])
    entries: dict[int, list[int]] = {}
    for link in np.flatnonzero(a_dark != b_dark):
        node = graph.a[link] if a_dark[link] else graph.b[link]
        entries.setdefault(int(label[node]), []).append(int(link))
    borders: dict[int, list[int]] = {}
    for link in both[label[graph.a[both]] != label[graph.b[both]]]:
        for node in (graph.a[link], graph.b[link]):
            borders.setdefault(int(label[node]), []).append(int(link))
    return tuple(
        Region(inside, float(start[key]), tuple(entries.get(key, ())), tuple(borders.get(key, ())))
        for key, inside in members.items()
    )


def _clusters(label: Nodes, dark: Dark, together_s: float) -> Nodes:
    """Per device a number that changes with its connected part and with every pause between starts."""
    nodes = np.flatnonzero(dark.mask)
    order = nodes[np.lexsort((dark.start[nodes], label[nodes]))]
    apart = np.diff(label[order]) != 0
    apart |= np.diff(dark.start[order]) > together_s
    cluster = np.zeros(len(dark.mask), np.intp)
    cluster[order[1:]] = np.cumsum(apart)
    return cluster


def _grouped(keys: Nodes, nodes: Nodes) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for key, node in zip(keys.tolist(), nodes.tolist(), strict=True):
        found.setdefault(key, []).append(node)
    return {key: tuple(members) for key, members in found.items()}
