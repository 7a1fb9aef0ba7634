"""What speaks for which cause: the evidence about one dark region. Pure; times are UTC epoch seconds."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from math import ceil, inf

from inventory.hours import INDIA, Hours
from inventory.model import Role
from readiness.rules.causes import Evidence
from readiness.rules.graph import Graph, View
from readiness.rules.notices import About, Board, Place
from readiness.rules.roots import Root, ports_down, ports_up
from readiness.rules.routine import DAYS, OFTEN, Routine
from readiness.rules.topology import Dark, Region, interval_s

LOSS_OF_SIGNAL, DYING_GASP = 1, 2
"""ont_last_down_cause of collectors.metrics."""
_FEW_SITES = 3  # fewer silent sites of a feeder may be chance
_MOST = 0.6
_EARLY_MIN, _LATE_MIN = 10, 60  # who closes shuts the PC down a little before, or after the last papers
_ROUGHLY = 0.3  # of the time on battery: a UPS tells whole minutes, and batteries end sooner than they tell


@dataclass(frozen=True, slots=True)
class Ups:
    """What a UPS said: the begin of its newest spell on battery, and the last readings of each kind.

    `empty_at` is when that battery would have been empty (upsEstimatedMinutesRemaining, UPS-MIB, RFC 1628).
    """

    node: int
    battery_since: float = inf
    battery_at: float = -inf
    mains_at: float = -inf
    empty_at: float = inf
    # The first reading on mains after that spell; after a restart the newest such reading before it.
    mains_since: float = -inf


@dataclass(frozen=True, slots=True)
class Words:
    """What devices said before they or their neighbours fell silent."""

    ups: tuple[Ups, ...] = ()
    down_cause: Mapping[int, int] = field(default_factory=dict)  # ONT -> ont_last_down_cause
    hours: Mapping[str, Hours] = field(default_factory=dict)  # of kendras that state theirs, by site
    board: Board = field(default_factory=Board)
    routine: Routine | None = None
    gasps: Mapping[int, float] = field(default_factory=dict)  # device -> when a trap said that it lost power
    shut: frozenset[int] = frozenset()  # links of which somebody shut a port


@dataclass(frozen=True, slots=True)
class Before:
    """What was judged before this moment and goes on, by the names of devices at a root.

    `roots` are all of them; `powerless` those long enough ago that mains returning one by one
    must not be taken for another cause; `settled` those long enough ago that nothing new is
    expected of them; `cut_off` devices behind a fibre that is surely cut, for as long.
    """

    roots: frozenset[str] = frozenset()
    powerless: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    cut_off: frozenset[str] = frozenset()


FEEDER_BACK = frozenset({"feeder_back", "feeder_back_end"})


def answer_s(together_s: float) -> float:
    """Two intervals and the time of a poll and burst, where `together_s` is three of them and as much."""
    return together_s * 2 / 3 + 5


@dataclass(frozen=True, slots=True)
class Windows:
    together_s: float  # starts within this belong to one event: polls are spread over the interval
    power_s: float  # a report of lost mains this long before a silence still explains it

    @property
    def answer_s(self) -> float:
        """Who isn't heard for so long though nothing is in the way any more is silent for a reason of its own."""
        return answer_s(self.together_s)


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
    entries: Sequence[Sequence[int]] = ()  # of each region: the links that lead into it
    heads: Sequence[Sequence[int]] = ()  # of each region: the devices at the root of what made it dark

    def ups_on(self, feeder: str) -> list[Ups]:
        """UPSs on an electricity feeder."""
        return self._by_feeder.get(feeder, [])

    def ups_at(self, sites: set[str]) -> list[Ups]:
        return [ups for ups in self.words.ups if self.graph.site_of(ups.node) in sites]

    def mains_back(self, head: int, start: float) -> float | None:
        """Since when most sites that fell silent with a box on its feeder are back, where that is no news any more."""
        graph, view, back, dark = self.graph, self.view, {}, set()
        for node in graph.boxes_on(head):
            site = int(graph.site[node])
            if site == graph.site[head] or abs(_fell_at(view, node, start) - start) > self.windows.power_s:
                continue
            if view.alive[node] and view.back[node] > max(start, view.began):
                back[site] = float(view.back[node])
            elif self.dark.mask[node]:
                dark.add(site)
        most = ceil(_MOST * (len(back) + len(dark)))
        if len(back) < max(most, 2):
            return None
        since = sorted(back.values())[most - 1]
        return since if self.view.now - since > self.windows.answer_s else None

    @cached_property
    def shut_off(self) -> frozenset[int]:
        """Regions all of whose ways somebody shut: their silence says nothing of mains."""
        ways: dict[int, set[int]] = {}
        for link in self.words.shut:
            for node, other in ((self.graph.a[link], self.graph.b[link]), (self.graph.b[link], self.graph.a[link])):
                if int(node) in self.region_of and not self.dark.mask[other]:
                    ways.setdefault(self.region_of[int(node)], set()).add(link)
        return frozenset(number for number, shut in ways.items() if shut >= set(self._lit_ways(number)))

    def fell_together(self, head: int, start: float, node: int, begin: float) -> bool:
        """Whether a box without a UPS that fell silent at `begin` may have lost the mains that `head` lost at `start`.

        They lose them at one moment: the one was not heard an interval after the other's first silence. When an ONT that
        is back fell silent is known by the reading of its OLT only.
        """
        graph, view, later = self.graph, self.view, interval_s(self.windows.together_s)
        bare = not graph.has_ups[graph.site[head]]
        if bare and view.last_ok[head] > begin + later:
            return False
        if self.dark.mask[node]:
            return bool(view.last_ok[node] <= start + later)
        return bool(graph.through[node] >= 0 or begin <= start + 2 * later)

    def may_share_mains(self, node: int, feeder: str) -> bool:
        """Whether what made a dark box dark hangs on `feeder` itself: a shadow of what failed elsewhere says nothing of it."""
        return any(self.graph.feeders[head] == feeder for head in self.heads[self.region_of[node]])

    def _lit_ways(self, region: int) -> list[int]:
        reached, graph = self.dark.reached, self.graph
        return [link for link in self.entries[region] if reached[graph.a[link]] or reached[graph.b[link]]]

    @cached_property
    def _by_feeder(self) -> dict[str, list[Ups]]:
        found: dict[str, list[Ups]] = {}
        for ups in self.words.ups:
            found.setdefault(self.graph.feeders[ups.node], []).append(ups)
        return found


def of_region(scene: Scene, region: Region, root: Root) -> tuple[Evidence, ...]:
    said = announced(scene.graph, scene.words.board, root.heads, root.links, start=region.start)
    if root.links:
        return (*_beyond(scene, region, root), *power(scene, root.heads, region.start), *said)
    told = _gasp(scene, root.heads[0]) or _told(scene, root.heads[0], region.start)
    mains = power(scene, root.heads[:1], region.start)
    # One box may have lain behind something else first: when its own trouble began nobody saw.
    unseen = {"feeder_cut_later"}
    if any(item.kind == "trunk_back" for item in told):
        unseen.add("ups_here_on_mains")  # that was before its trunk was cut
    mains = tuple(item for item in mains if item.kind not in unseen)
    return (*_around(scene, region, root), *told, *mains, *said)


def announced(
    graph: Graph, board: Board, heads: Sequence[int], links: Sequence[int], *, start: float, end: float = inf
) -> tuple[Evidence, ...]:
    """What people announced or answered about an outage of these devices or links; [start, end) is when it was."""
    return board.evidence(places(graph, heads, links), start, end) if board.at else ()


def places(graph: Graph, heads: Sequence[int], links: Sequence[int]) -> Iterator[Place]:
    """All that a notice about an outage of these may be about; of a whole trunk what all of it shares."""
    trunks = {graph.trunk[link] for link in links}
    if len(links) > 1 and len(trunks) == 1 and "" not in trunks:
        yield About.LINK, trunks.pop()
        shared = [{(About.SITE, graph.site_of(node)), (About.FEEDER, graph.feeders[node])} for node in heads]
        yield from sorted(set.intersection(*shared)) if shared else ()
        return
    for node in heads:
        yield About.SITE, graph.site_of(node)
        yield About.FEEDER, graph.feeders[node]
    # Where links are told to be cut, the boxes at their far ends may have been switched off instead.
    for node in heads if links else heads[:1]:
        yield About.DEVICE, graph.names[node]
    for link in links or _only_way(graph, heads[:1]):
        yield About.LINK, graph.link_names[link]
        yield About.LINK, graph.trunk[link]


def _only_way(graph: Graph, heads: Sequence[int]) -> list[int]:
    """The fibre of an ONT that is told by itself: a notice about the one is about the other."""
    return [
        link for head in heads for link in graph.touching[head] if graph.other(link, head) == int(graph.through[head])
    ]


def _beyond(scene: Scene, region: Region, root: Root) -> tuple[Evidence, ...]:
    sites = {scene.graph.site[node] for node in region.members if scene.graph.carries[node]}
    # With one way in, the box at its end would explain the loss as well.
    kind = "several_beyond" if len(root.links) > 1 else "one_way"
    found = [Evidence(kind, f"{len(sites)} sites beyond it fell silent together")]
    down = ports_down(scene.graph, scene.view, scene.dark, region, scene.windows.together_s)
    if set(root.links) <= set(down):
        names = ", ".join(_lit_port(scene, link) for link in root.links)
        # The port of a single way goes down with the box behind it too.
        found.append(Evidence("ports_down" if len(root.links) > 1 else "port_down", f"port down: {names}"))
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
        found += _closing(scene, head, region.start)
        found += _daily(scene, head, region.start)
    found += _at_site(scene, region, root)
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


def _closing(scene: Scene, head: int, start: float) -> list[Evidence]:
    """Whether a kendra's PC fell silent when its kendra closes."""
    hours = scene.words.hours.get(scene.graph.site_of(head))
    if hours is None or scene.graph.role(head) is not Role.PC:
        return []
    closed = closing(hours, datetime.fromtimestamp(start, UTC))
    return [Evidence("closing_time", f"it fell silent when the kendra closes, at {closed}")] if closed else []


def _daily(scene: Scene, head: int, start: float) -> list[Evidence]:
    """Whether an end device has fallen silent at that hour on most days of a week."""
    days = scene.words.routine.days_of(head, start) if scene.words.routine else 0
    if days < OFTEN or scene.graph.role(head) is not Role.PC:
        return []
    return [Evidence("silent_daily", f"it fell silent at this hour on {days} of the last {DAYS} days too")]


def closing(hours: Hours, at: datetime) -> str:
    """The closing time, "17:00", around which a PC that fell silent at `at` was switched off; empty where there is none."""
    local = at.astimezone(INDIA)
    minute = local.hour * 60 + local.minute
    for _, closes in hours.week[local.weekday()]:
        if closes - _EARLY_MIN <= minute <= closes + _LATE_MIN:
            return f"{closes // 60:02}:{closes % 60:02}"
    return ""


def _at_site(scene: Scene, region: Region, root: Root) -> list[Evidence]:
    """What the other boxes of the same site say: mains are lost for all of them or for none.

    The silence of a box that was reached through the head alone says nothing: it is silent whatever the head died of.
    """
    head = root.heads[0]
    site, behind = scene.graph.site_of(head), set(region.members) - set(root.heads)
    boxes = [node for node in scene.graph.boxes_beside(head) if node != head]
    if any(scene.view.alive[node] and not scene.view.suspect[node] for node in boxes):
        return [Evidence("site_alive", f"another box of site {site} still answers")]
    if any(scene.view.dead[node] for node in boxes if node not in behind):
        return [Evidence("site_silent", f"all boxes of site {site} fell silent")]
    return []


def _gasp(scene: Scene, head: int) -> tuple[Evidence, ...]:
    name = scene.graph.names[head]
    cause = scene.words.down_cause.get(head, 0)
    if cause == DYING_GASP:
        return (Evidence("dying_gasp", f"{name} told its OLT that it lost power"),)
    if cause == LOSS_OF_SIGNAL and _trunk_is_back(scene, head):
        return (Evidence("trunk_back", f"others of its trunk that lost their light with {name} are back"),)
    if cause == LOSS_OF_SIGNAL:
        return (Evidence("loss_of_signal", f"the OLT lost the light of {name}"),)
    return ()


def _trunk_is_back(scene: Scene, head: int) -> bool:
    """Whether several ONTs that an OLT lost with this one work again: its last word is of an outage that is over."""
    graph, view = scene.graph, scene.view
    trunk = _fibre_of(graph, head)
    others = (graph.other(link, int(graph.through[head])) for link in (graph.links_on(trunk) if trunk else ()))
    back = [
        other for other in others
        if view.alive[other] and view.back[other] > max(view.fell[head], view.began)
        and abs(float(view.fell[other] - view.fell[head])) <= scene.windows.together_s
    ]  # fmt: skip
    return len(back) > 1


def _told(scene: Scene, head: int, start: float) -> tuple[Evidence, ...]:
    """A dying gasp sent as a trap: anybody can send one, so that it counts only beside a silence that began then."""
    if abs(scene.words.gasps.get(head, inf) - start) > scene.windows.together_s:
        return ()
    return (Evidence("dying_gasp", f"{scene.graph.names[head]} told by a trap that it lost power"),)


def power(scene: Scene, heads: tuple[int, ...], start: float) -> tuple[Evidence, ...]:
    """Evidence for and against lost mains; none where the heads hang on different feeders.

    A UPS elsewhere that fed from its battery while the one here had mains lost others than these.
    """
    feeders = {scene.graph.feeders[head] for head in heads}
    if len(feeders) != 1:
        return ()
    feeder = feeders.pop()
    if feeder and scene.mains_back(heads[0], start) is not None:
        # Whoever came back to a kendra without mains may have left.
        kind = "feeder_back" if scene.graph.carries[heads[0]] else "feeder_back_end"
        return (Evidence(kind, f"the others that fell silent with it on feeder {feeder} are back"),)
    sites = {scene.graph.site_of(head) for head in heads}
    near = scene.ups_on(feeder) if feeder else scene.ups_at(sites)
    # What it says after the silence may be of mains that are back.
    here = [ups.mains_at for ups in near if scene.graph.site_of(ups.node) in sites and ups.mains_at <= start]
    own_mains = max(here, default=-inf)
    near = [ups for ups in near if scene.graph.site_of(ups.node) in sites or ups.battery_since >= own_mains]
    found = [item for ups in near for item in _ups(scene, ups, sites, start)]
    if feeder:
        found += [*_feeder(scene, heads, start), *_cut_daily(scene, heads[0], feeder, start)]
    # That others have mains says little about one PC, which may just be switched off; and that there were mains is
    # one fact, however often it is told: somebody may have pulled the plug all the same.
    own = any(item.kind == "ups_here_on_mains" for item in found)
    if own or not any(scene.graph.carries[head] for head in heads):
        found = [item for item in found if item.kind != "feeder_alive"]
    if _box_is_back(scene, heads[0], start):
        found = [item for item in found if item.kind != "feeder_silent"]
    if own and len(heads) == 1:
        found = [replace(item, kind="feeder_silent_on_ups") if item.kind == "feeder_silent" else item for item in found]
    strongest = {item.kind: item for item in reversed(found)}  # ten UPSs on one feeder are one fact
    return tuple(strongest.values())


def _box_is_back(scene: Scene, head: int, start: float) -> bool:
    """Whether an end device fell silent with the box it hangs on, and that is back: whatever took both is over."""
    graph, view = scene.graph, scene.view
    boxes = [far for link in graph.touching[head] if graph.carries[far := graph.other(link, head)]]
    return not graph.carries[head] and any(
        view.alive[box] and view.back[box] > max(start, view.began)
        and abs(_fell_at(view, box, start) - start) <= scene.windows.together_s
        for box in boxes
    )  # fmt: skip


def _ups(scene: Scene, ups: Ups, sites: set[str], start: float) -> list[Evidence]:
    windows, name, site = scene.windows, scene.graph.names[ups.node], scene.graph.site_of(ups.node)
    here = site in sites
    over = ups.battery_at < ups.mains_since <= start
    if not over and ups.battery_at >= start - windows.power_s and ups.battery_since <= start + windows.together_s:
        if here and (found := _battery(scene, ups, start)):
            return [found]
        kind = "ups_here_on_battery" if here else "ups_on_feeder_on_battery"
        return [Evidence(kind, f"UPS {name} at {site} fed from its battery")]
    # It had mains well after that: a reading on battery alone may come late, as after a blindness.
    if not here and start + windows.together_s < ups.mains_at < ups.battery_since <= start + windows.power_s:
        return [Evidence("feeder_cut_later", f"UPS {name} at {site} lost mains only well after that")]
    if here and ups.mains_at >= start - windows.together_s:
        return [Evidence("ups_here_on_mains", f"UPS {name} had mains until the silence")]
    return []


def _battery(scene: Scene, ups: Ups, start: float) -> Evidence | None:
    """What the charge of the battery says, where the UPS told it and mains were lost well before the silence."""
    name, ran_s = scene.graph.names[ups.node], start - ups.battery_since
    if ups.empty_at == inf or ran_s <= scene.windows.together_s:
        return None
    left_s = ups.empty_at - start
    minutes, left = f"{ran_s / 60:.0f}", f"{left_s / 60:.0f}"
    if left_s <= max(scene.windows.together_s, _ROUGHLY * ran_s):
        return Evidence(
            "battery_run_down", f"UPS {name} had fed from its battery for {minutes} minutes, its whole charge"
        )
    return Evidence("battery_lasted", f"UPS {name} had fed from its battery for {minutes} minutes, with {left} left")


def _feeder(scene: Scene, heads: Sequence[int], start: float) -> list[Evidence]:
    """What the boxes without a UPS on the head's feeder say: they all lose their mains with it.

    One that fell silent then and came back since counts as well: mains return to all, and polls find out one by one.
    A lost poll, or an outage of another hour, is none of it.
    """
    graph, view, dark = scene.graph, scene.view, scene.dark
    head, feeder = heads[0], graph.feeders[heads[0]]
    fibre_to: dict[int, object] = {}  # site that was silent -> what one cut could have taken it with
    alive, later = 0, interval_s(scene.windows.together_s)
    for node in graph.boxes_on(head):
        if scene.region_of.get(node) in scene.shut_off:
            continue
        if dark.mask[node]:
            if _lost_then(scene, head, node, float(dark.start[node]), start) and scene.may_share_mains(node, feeder):
                fibre_to[int(graph.site[node])] = _fibre_of(graph, node) or scene.region_of[node]
        elif view.alive[node] and view.back[node] > max(start, view.began) and _fell_near(scene, node, start):
            if _lost_then(scene, head, node, _fell_at(view, node, start), start):
                fibre_to[int(graph.site[node])] = _fibre_of(graph, node) or _ring_of(graph, node) or node
        elif view.alive[node] and view.last_ok[node] > start + (later if view.suspect[node] else 0.0):
            alive += 1  # also while one poll of it is missed: in seconds of blindness all are
    silent = len(fibre_to)
    many = silent >= _FEW_SITES and silent >= _MOST * (silent + alive)
    if many and (_unrelated(fibre_to, int(graph.site[head])) or (not alive and _is_whole(scene, heads, start))):
        return [Evidence("feeder_silent", f"{silent} sites on feeder {feeder} fell silent within minutes")]
    if alive:
        return [Evidence("feeder_alive", f"boxes on feeder {feeder} that still answer: {alive}")]
    return []


def _lost_then(scene: Scene, head: int, node: int, begin: float, start: float) -> bool:
    return abs(begin - start) <= scene.windows.power_s and scene.fell_together(head, start, node, begin)


def _fell_near(scene: Scene, node: int, start: float) -> bool:
    return abs(_fell_at(scene.view, node, start) - start) <= scene.windows.power_s


def _fell_at(view: View, node: int, start: float) -> float:
    """When it fell silent around `start`: what was silent already when nobody saw anything fell anew after that."""
    fell, before = float(view.fell[node]), float(view.fell_before[node])
    return before if abs(before - start) < abs(fell - start) else fell


def _cut_daily(scene: Scene, head: int, feeder: str, start: float) -> list[Evidence]:
    """Whether a feeder loses its mains at that hour day by day; of one PC it says too little."""
    days = scene.words.routine.days_of_feeder(feeder, start) if scene.words.routine else 0
    if days < OFTEN or not scene.graph.carries[head]:
        return []
    return [
        Evidence("feeder_cut_daily", f"feeder {feeder} lost mains at this hour on {days} of the last {DAYS} days too")
    ]


def _unrelated(fibre_to: Mapping[int, object], here: int) -> bool:
    """Whether no one cut explains those silences, nor one cut all but that of the site `here`: that is chance."""
    sites = Counter(fibre_to.values())
    apart = len(fibre_to) - max(sites.values())
    return apart > 1 or (apart == 1 and sites[fibre_to.get(here)] > 1)


def _is_whole(scene: Scene, heads: Sequence[int], start: float) -> bool:
    """Whether what lies between two ways in is a whole feeder: cuts seldom fall on both of its borders."""
    had_mains = any(ups.mains_at > start for ups in scene.ups_on(scene.graph.feeders[heads[0]]))
    return len(set(heads)) > 1 and not had_mains


def _ring_of(graph: Graph, node: int) -> str:
    return next((ring for link in graph.touching[node] if (ring := graph.ring[link])), "")


def _fibre_of(graph: Graph, node: int) -> str:
    """The trunk that an ONT hangs on: sites on one trunk are related."""
    if graph.role(node) is not Role.ONT:
        return ""
    return next((trunk for link in graph.touching[node] if (trunk := graph.trunk[link])), "")
