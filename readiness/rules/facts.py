"""What speaks for which cause: the evidence about one dark region. Pure; times are UTC epoch seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from inventory.model import Role
from readiness.rules.causes import Evidence
from readiness.rules.graph import Graph, View
from readiness.rules.roots import Root, ports_down, ports_up
from readiness.rules.topology import Dark, Region

LOSS_OF_SIGNAL, DYING_GASP = 1, 2
"""ont_last_down_cause of collectors.metrics."""
_FEW_SITES = 3  # fewer silent sites of a feeder may be chance
_MOST = 0.6


@dataclass(frozen=True, slots=True)
class Ups:
    """What a UPS said: the begin of its newest spell on battery, and the last readings of each kind."""

    node: int
    battery_since: float = inf
    battery_at: float = -inf
    mains_at: float = -inf


@dataclass(frozen=True, slots=True)
class Words:
    """What devices said before they or their neighbours fell silent."""

    ups: tuple[Ups, ...] = ()
    down_cause: Mapping[int, int] = field(default_factory=dict)  # ONT -> ont_last_down_cause


@dataclass(frozen=True, slots=True)
class Before:
    """What was judged before this moment and goes on, by the names of devices at a root.

    `roots` are all of them; `powerless` those long enough ago that mains returning one by one
    must not be taken for another cause; `settled` those long enough ago that nothing new is
    expected of them.
    """

    roots: frozenset[str] = frozenset()
    powerless: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Windows:
    together_s: float  # starts within this belong to one event: polls are spread over the interval
    power_s: float  # a report of lost mains this long before a silence still explains it


@dataclass(frozen=True)
class Scene:
    """Everything that evidence is read from at one moment."""

    graph: Graph
    view: View
    dark: Dark
    region_of: Mapping[int, int]  # dark node -> its region
    words: Words
    windows: Windows
    before: Before

    def ups_on(self, feeder: str) -> list[Ups]:
        """UPSs on an electricity feeder."""
        return self._by_feeder.get(feeder, [])

    def ups_at(self, sites: set[str]) -> list[Ups]:
        return [ups for ups in self.words.ups if self.graph.site_of(ups.node) in sites]

    @cached_property
    def _by_feeder(self) -> dict[str, list[Ups]]:
        found: dict[str, list[Ups]] = {}
        for ups in self.words.ups:
            found.setdefault(self.graph.feeders[ups.node], []).append(ups)
        return found


def of_region(scene: Scene, region: Region, root: Root) -> tuple[Evidence, ...]:
    if root.links:
        return (*_beyond(scene, region, root), *power(scene, root.heads, region.start))
    return (*_around(scene, region, root), *_gasp(scene, root.heads[0]), *power(scene, root.heads[:1], region.start))


def _beyond(scene: Scene, region: Region, root: Root) -> tuple[Evidence, ...]:
    sites = {scene.graph.site[node] for node in region.members if scene.graph.carries[node]}
    # With one way in, the box at its end would explain the loss as well.
    kind = "several_beyond" if len(root.links) > 1 else "one_way"
    found = [Evidence(kind, f"{len(sites)} sites beyond it fell silent together")]
    down = ports_down(scene.graph, scene.view, scene.dark, region, scene.windows.together_s)
    if set(root.links) <= set(down):
        names = ", ".join(_lit_port(scene, link) for link in root.links)
        found.append(Evidence("ports_down", f"port down: {names}"))
    return tuple(found)


def _lit_port(scene: Scene, link: int) -> str:
    a, b = int(scene.graph.a[link]), int(scene.graph.b[link])
    return scene.graph.port(link, b if scene.dark.mask[a] else a)


def _around(scene: Scene, region: Region, root: Root) -> list[Evidence]:
    """What the neighbours of a box say of it."""
    graph, head = scene.graph, root.heads[0]
    found = []
    name = graph.names[head]
    if not graph.carries[head]:
        found.append(Evidence("end_device", f"{name} is silent while the box it hangs on answers"))
    found += _at_site(scene, head)
    up = ports_up(graph, scene.view, scene.dark, region)
    down = ports_down(scene.graph, scene.view, scene.dark, region, scene.windows.together_s)
    if up:
        found.append(Evidence("port_up", f"port still up: {_lit_port(scene, up[0])}"))
    elif len(down) > 1 and set(down) == set(root.ways):
        found.append(Evidence("both_sides_down", f"all {len(down)} neighbours lost {name}"))
    elif down and graph.carries[head]:
        found.append(Evidence("port_down", f"port down: {_lit_port(scene, down[0])}"))
    if graph.carries[head] and down and not all(graph.cuttable[link] for link in down):
        found.append(Evidence("inside_site", "a way to it lies inside one site"))
    return found


def _at_site(scene: Scene, head: int) -> list[Evidence]:
    """What the other boxes of the same site say: mains are lost for all of them or for none."""
    site = scene.graph.site_of(head)
    boxes = [node for node in scene.graph.boxes_beside(head) if node != head]
    if any(scene.view.alive[node] and not scene.view.suspect[node] for node in boxes):
        return [Evidence("site_alive", f"another box of site {site} still answers")]
    if any(scene.view.dead[node] for node in boxes):
        return [Evidence("site_silent", f"all boxes of site {site} fell silent")]
    return []


def _gasp(scene: Scene, head: int) -> tuple[Evidence, ...]:
    name = scene.graph.names[head]
    cause = scene.words.down_cause.get(head, 0)
    if cause == DYING_GASP:
        return (Evidence("dying_gasp", f"{name} told its OLT that it lost power"),)
    if cause == LOSS_OF_SIGNAL:
        return (Evidence("loss_of_signal", f"the OLT lost the light of {name}"),)
    return ()


def power(scene: Scene, heads: tuple[int, ...], start: float) -> tuple[Evidence, ...]:
    """Evidence for and against lost mains; none where the heads hang on different feeders."""
    feeders = {scene.graph.feeders[head] for head in heads}
    if len(feeders) != 1:
        return ()
    feeder = feeders.pop()
    sites = {scene.graph.site_of(head) for head in heads}
    near = scene.ups_on(feeder) if feeder else scene.ups_at(sites)
    found = [item for ups in near for item in _ups(scene, ups, sites, start)]
    if feeder:
        found += _feeder(scene, heads[0], start)
    if not any(scene.graph.carries[head] for head in heads):
        # That others have mains says little about one PC, which may just be switched off.
        found = [item for item in found if item.kind != "feeder_alive"]
    strongest = {item.kind: item for item in reversed(found)}  # ten UPSs on one feeder are one fact
    return tuple(strongest.values())


def _ups(scene: Scene, ups: Ups, sites: set[str], start: float) -> list[Evidence]:
    windows, name, site = scene.windows, scene.graph.names[ups.node], scene.graph.site_of(ups.node)
    here = site in sites
    if ups.battery_at >= start - windows.power_s and ups.battery_since <= start + windows.together_s:
        kind = "ups_here_on_battery" if here else "ups_on_feeder_on_battery"
        return [Evidence(kind, f"UPS {name} at {site} fed from its battery")]
    if here and ups.mains_at >= start - windows.together_s:
        return [Evidence("ups_here_on_mains", f"UPS {name} had mains until the silence")]
    return []


def _feeder(scene: Scene, head: int, start: float) -> list[Evidence]:
    graph, view, dark = scene.graph, scene.view, scene.dark
    feeder = graph.feeders[head]
    silent: set[int] = set()
    causes: set[object] = set()
    alive = 0
    for node in graph.boxes_on(head):
        if dark.mask[node] and abs(dark.start[node] - start) <= scene.windows.power_s:
            silent.add(int(graph.site[node]))
            causes.add(_fibre_of(graph, node) or scene.region_of[node])
        elif view.alive[node] and not view.suspect[node] and view.last_ok[node] > start:
            alive += 1
    if len(silent) >= _FEW_SITES and len(causes) > 1 and len(silent) >= _MOST * (len(silent) + alive):
        return [Evidence("feeder_silent", f"{len(silent)} sites on feeder {feeder} fell silent within minutes")]
    if alive:
        return [Evidence("feeder_alive", f"boxes on feeder {feeder} that still answer: {alive}")]
    return []


def _fibre_of(graph: Graph, node: int) -> str:
    """The trunk that an ONT hangs on: sites on one trunk are related."""
    if graph.role(node) is not Role.ONT:
        return ""
    return next((trunk for link in graph.touching[node] if (trunk := graph.trunk[link])), "")
