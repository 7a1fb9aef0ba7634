"""Which device or link is at the root of a dark region. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from readiness.rules.graph import Graph, View
from readiness.rules.links import PORT_UP
from readiness.rules.topology import Dark, Region, interval_s


@dataclass(frozen=True, slots=True)
class Root:
    """What failed: the links where there are any, else the first of the heads.

    `heads` are the dark devices at the ways in, earliest first; `links` the cut stretches;
    `ways` the links that carried the region until it went dark; `behind` a dark device of
    another region through which this one was reached, -1 where it stands on its own.
    """

    heads: tuple[int, ...]
    links: tuple[int, ...] = ()
    ways: tuple[int, ...] = ()
    behind: int = -1


def ports_down(graph: Graph, view: View, dark: Dark, region: Region, together_s: float) -> tuple[int, ...]:
    """Ways into the region whose lit end says that its port is down, since the region went dark."""
    own = _own_ports(graph, dark, region)
    return tuple(link for link in own if view.link_down[link] and not _old(view, link, region, together_s))


def ports_up(graph: Graph, view: View, dark: Dark, region: Region) -> tuple[int, ...]:
    """Ways into the region whose lit end said after the region went dark that its port never went down."""
    return tuple(link for link in _own_ports(graph, dark, region) if _lit_port_up(graph, view, dark, region, link))


def _own_ports(graph: Graph, dark: Dark, region: Region) -> tuple[int, ...]:
    """Ways in with a port of their own: one that a whole trunk shares says nothing of one ONT."""
    return tuple(link for link in _outward(graph, dark, region) if not graph.trunk[link])


def _lit_port_up(graph: Graph, view: View, dark: Dark, region: Region, link: int) -> bool:
    end = 1 if dark.mask[graph.a[link]] else 0
    # What was not asked since then may be back: the repair may lie between. And the first polls that were missed may have
    # been lost by chance, or by blindness: what fell silent after them lost its way after the reading.
    node = _dark_end(graph, dark, link)
    silent = max(region.start, float(view.confirmed[node]) if view.dead[node] else region.start)
    said_up = view.port[link, end] == PORT_UP and silent < view.port_at[link, end] <= view.asked[node]
    return bool(said_up and view.link_since[link] <= region.start)  # a port that came up again is the repair


def _old(view: View, link: int, region: Region, together_s: float) -> bool:
    """Whether the link was down well before the region went dark, so that it carried nothing.

    What was dark before nobody saw anything begins anew afterwards: only what lived while the link was down had another way.
    """
    lived = float(view.last_ok[list(region.members)].max())
    dark_from = min(region.start, lived + together_s)
    return bool(view.link_down[link] and view.link_since[link] < dark_from - together_s)


def root_of(graph: Graph, view: View, dark: Dark, region: Region, together_s: float) -> Root:
    ways = tuple(link for link in _outward(graph, dark, region) if not _old(view, link, region, together_s))
    if not ways:
        return _without_way(graph, view, dark, region, together_s)
    heads = _in_order(graph, dark, {_dark_end(graph, dark, link) for link in ways})
    if _is_cut(graph, heads, ways, region) and not ports_up(graph, view, dark, region):
        return Root(heads, _in_time(view, ways), ways)
    return Root(heads, (), ways)


def _outward(graph: Graph, dark: Dark, region: Region) -> tuple[int, ...]:
    """Entries from where the NOC is reached: nothing comes in from what hangs behind the region itself."""
    lit = tuple(link for link in region.entries if dark.reached[graph.a[link]] or dark.reached[graph.b[link]])
    return lit or region.entries


def _without_way(graph: Graph, view: View, dark: Dark, region: Region, together_s: float) -> Root:
    """No lit neighbour: it lies behind another dark region, or is an island of its own.

    A neighbour that fell silent well before it did took no way from it that mattered: another one was left.
    """
    heads = _in_order(graph, dark, set(region.members))
    if not region.borders:
        return Root(heads[:1])
    inside = set(region.members)
    outer = [int(end) for link in region.borders for end in (graph.a[link], graph.b[link]) if int(end) not in inside]
    lived = float(view.last_ok[list(region.members)].max())
    took = {node for node in outer if dark.start[node] + interval_s(together_s) >= lived}
    return Root(heads, behind=_in_order(graph, dark, took or set(outer))[0])


def _dark_end(graph: Graph, dark: Dark, link: int) -> int:
    a = int(graph.a[link])
    return a if dark.mask[a] else int(graph.b[link])


def _in_order(graph: Graph, dark: Dark, nodes: set[int]) -> tuple[int, ...]:
    """Earliest first; of those at the same moment boxes first, then by position."""
    return tuple(sorted(nodes, key=lambda node: (not graph.carries[node], float(dark.start[node]), node)))


def _in_time(view: View, links: tuple[int, ...]) -> tuple[int, ...]:
    """Links that are seen to be down first, in the order in which they went."""
    return tuple(sorted(links, key=lambda link: (not view.link_down[link], float(view.link_since[link]), link)))


def _is_cut(graph: Graph, heads: tuple[int, ...], ways: tuple[int, ...], region: Region) -> bool:
    """Whether a cut explains the region better than the death of a box at its edge.

    A cut takes several sites at once. Where every way in ends at one box there must be only one
    way, because that box alone explains the loss of two.
    """
    sites = {graph.site[node] for node in region.members if graph.carries[node]}
    if len(sites) < 2 or not all(graph.cuttable[link] for link in ways):
        return False
    return len(ways) == 1 or len({graph.site[head] for head in heads}) > 1


def apart(graph: Graph, dark: Dark, region: Region, root: Root) -> Iterator[tuple[Region, Root]]:
    """The region by what failed in it: boxes at several sites that each have a lit way fell silent each by itself.

    Where no cut explains them, none of them explains the others; what lies between belongs to the nearest.
    """
    if root.links or root.behind >= 0 or len({graph.site[head] for head in root.heads}) < 2:
        yield region, root
        return
    nearest = _nearest(graph, root.heads, set(region.members))
    for head in root.heads:
        members = tuple(node for node in region.members if nearest.get(node, root.heads[0]) == head)
        mine = set(members)
        entries, borders, ways = (
            tuple(link for link in links if int(graph.a[link]) in mine or int(graph.b[link]) in mine)
            for links in (region.entries, region.borders, root.ways)
        )
        start = min(float(dark.start[node]) for node in members)
        yield Region(members, start, entries, borders), replace(root, heads=(head,), ways=ways)


def _nearest(graph: Graph, heads: tuple[int, ...], inside: set[int]) -> dict[int, int]:
    """Member -> the head that is fewest links away; of equals the first."""
    found = {head: head for head in heads}
    edge = list(heads)
    while edge:
        beyond = []
        for node in edge:
            for link in graph.touching[node]:
                far = graph.other(link, node)
                if far in inside and far not in found:
                    found[far] = found[node]
                    beyond.append(far)
        edge = beyond
    return found
