"""Single points of failure: what alone, by failing, cuts something off from the network centre. Pure.

Articulation points and bridges of the graph by which the network centre is reached (Tarjan, "Depth-first search and
linear graph algorithms", 1972), with the centre as the root, and what lies behind each. Only boxes pass traffic on; a
PC or UPS hangs on the box that its one link leads to, and what has several links is taken to have several ways.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readiness.rules.columns import Mask
from readiness.rules.graph import Graph, Nodes

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CutOff:
    """How much of what was weighed is cut off when this alone fails; 0 where there is another way.

    Shapes (devices, k), (links, k) and (trunks, k), for weights of shape (devices, k). Told of boxes alone, each with
    itself; a trunk takes all the links on it.
    """

    devices: Weights
    links: Weights
    trunks: Weights


def cut_off_by(graph: Graph, weight: Weights, passable: Mask, usable: Mask) -> CutOff:
    """What each failure would cut off, over these devices and links alone; what is cut off already counts nowhere."""
    relays = (graph.carries | graph.at_noc) & passable
    load, links = _hung(graph, weight, relays, usable, passable)
    tree = _search(graph, relays, usable)
    behind = _behind(tree, load)
    reached = np.zeros(len(relays), np.bool_)
    reached[tree.order] = True
    devices = np.where(reached[:, None], load, 0.0)
    below = np.flatnonzero(tree.parent >= 0)
    only = below[tree.low[below] >= tree.parent[below]]
    bridge = below[tree.low[below] > tree.parent[below]]
    np.add.at(devices, tree.order[tree.parent[only]], behind[only])
    links[~(reached[graph.a] | reached[graph.b])] = 0.0
    links[tree.link[bridge]] = behind[bridge]
    return CutOff(devices, links, _on_trunks(graph, links))


def _on_trunks(graph: Graph, links: Weights) -> Weights:
    trunks = np.zeros((len(graph.trunk.texts), links.shape[1]))
    some = np.flatnonzero(graph.trunk.code >= 0)
    np.add.at(trunks, graph.trunk.code[some], links[some])
    return trunks


def _hung(graph: Graph, weight: Weights, relays: Mask, usable: Mask, passable: Mask) -> tuple[Weights, Weights]:
    """(each box's weight with what hangs on it alone, the weight of what hangs on each link)."""
    load, links = np.where(relays[:, None], weight, 0.0), np.zeros((len(graph.a), weight.shape[1]))
    works = usable & passable[graph.a] & passable[graph.b]
    near, beyond = np.concatenate([graph.a[works], graph.b[works]]), np.concatenate([graph.b[works], graph.a[works]])
    ways = np.bincount(near[relays[beyond]], minlength=len(relays))  # a link to a printer or UPS leads nowhere
    for end, far in ((graph.a, graph.b), (graph.b, graph.a)):
        hangs = np.flatnonzero(works & ~relays[end] & relays[far] & (ways[end] == 1))
        np.add.at(load, far[hangs], weight[end[hangs]])
        links[hangs] = weight[end[hangs]]
    return load, links


@dataclass(frozen=True, slots=True)
class Tree:
    """A depth-first search from the network centre, whose boxes are joined to a root that can't fail.

    Shapes (reached,), in the order of the search: the node, the place of the node before it (-1: the root), the link
    from there, the lowest place that it or what lies below it reaches by another link, and how many lie in its subtree.
    """

    order: Nodes
    parent: Nodes
    link: Nodes
    low: Nodes
    size: Nodes


def _search(graph: Graph, relays: Mask, usable: Mask) -> Tree:
    start, far, link = _ways(graph, relays, usable)
    root = len(relays)
    place, order, parent, via, low, size = {root: 0}, [root], [-1], [-1], [0], [1]
    path, turn = [0], [start[root]]  # places from the root down, and which way is next there
    while path:
        here = path[-1]
        if turn[-1] == start[order[here] + 1]:
            path.pop()
            turn.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[here])
                size[path[-1]] += size[here]
            continue
        to, by = far[turn[-1]], link[turn[-1]]
        turn[-1] += 1
        if to not in place:
            place[to] = len(order)
            path.append(len(order))
            turn.append(start[to])
            for column, value in ((order, to), (parent, here), (via, by), (low, place[to]), (size, 1)):
                column.append(value)
        elif by != via[here]:
            low[here] = min(low[here], place[to])
    # The root itself is nothing that exists: places begin behind it.
    columns = (np.array(column[1:], np.intp) for column in (order, parent, via, low, size))
    nodes, before, by_link, lowest, sizes = columns
    return Tree(nodes, before - 1, by_link, lowest - 1, sizes)


def _ways(graph: Graph, relays: Mask, usable: Mask) -> tuple[list[int], list[int], list[int]]:
    """(where each node's ways begin, their far ends, their links); the last node is the root, joined to the centre."""
    works = np.flatnonzero(usable & relays[graph.a] & relays[graph.b])
    centre = np.flatnonzero(graph.at_noc & relays)
    root = np.full(len(centre), len(relays))
    joined = len(graph.a) + np.arange(len(centre))
    near = np.concatenate([graph.a[works], graph.b[works], root, centre])
    far = np.concatenate([graph.b[works], graph.a[works], centre, root])
    link = np.concatenate([works, works, joined, joined])
    by_near = np.argsort(near, kind="stable")
    start = np.searchsorted(near[by_near], np.arange(len(relays) + 2))
    return start.tolist(), far[by_near].tolist(), link[by_near].tolist()


def _behind(tree: Tree, load: Weights) -> Weights:
    """What the subtree of each place weighs: a subtree is a run of places."""
    total = np.concatenate([np.zeros((1, load.shape[1])), np.cumsum(load[tree.order], axis=0)])
    here = np.arange(len(tree.order))
    found: Weights = total[here + tree.size] - total[here]
    return found


def whole(graph: Graph) -> Tree:
    """The search over all that the inventory joins, for `on_the_way`."""
    return _search(graph, graph.carries | graph.at_noc, np.ones(len(graph.a), np.bool_))


def on_the_way(graph: Graph, tree: Tree, weighed: Mask) -> Mask:
    """The devices on any way from the network centre to what is weighed: only these can cut it off, whatever else fails.

    `tree` is the graph's `whole`. Of boxes these are all of each block (a part that no failure of one box divides) behind
    whose first box something weighed lies, or hangs.
    """
    relays = graph.carries | graph.at_noc
    load = weighed & relays
    for end, far in ((graph.a, graph.b), (graph.b, graph.a)):
        load[far[weighed[end] & ~relays[end]]] = True
    behind = _behind(tree, load[:, None].astype(np.float64))[:, 0] > 0
    found = weighed & ~relays
    found[tree.order[behind[_tops(tree)]]] = True
    return found


def _tops(tree: Tree) -> Nodes:
    """Of each place the first place of the block by which it is reached."""
    tops = list(range(len(tree.order)))
    begins = (tree.low >= tree.parent).tolist()
    for place, parent in enumerate(tree.parent.tolist()):  # parents come first
        if not begins[place]:
            tops[place] = tops[parent]
    return np.array(tops, np.intp)
